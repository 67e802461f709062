"""What the learner's code calls things while it runs: tensors that were there before the trace, layers, Python modules.

Rests on core and source. What is made during the trace gets its name afterwards, from the parsed source (`resolve`).
"""

from __future__ import annotations

import bisect
import dis
import sys
import weakref
from collections.abc import Sequence
from types import BuiltinFunctionType, CodeType, FrameType, FunctionType, ModuleType, NoneType
from typing import Any

from autogradkit.core.parameter import Parameter
from autogradkit.core.tensor import Tensor
from autogradkit.tracing.events import Layer
from autogradkit.tracing.frames import learner_frame, once_per_code
from autogradkit.tracing.namespace import holds
from autogradkit.tracing.turns import loop_variables

# What most names of a namespace stand for; no tensor is reached from it.
_HOLD_NOTHING = frozenset((ModuleType, FunctionType, BuiltinFunctionType, type, NoneType, bool, int, float, str))
_MOST_READ = 64  # variables that an expression reads before its operation runs
_MOST_MEMBERS = 200  # of a list or a dict in which a tensor is looked for


class Naming:
    """Names found in the frames of the learner's code and in the modules that run."""

    def __init__(self) -> None:
        self.scope: list[str] = []  # the modules that are running, outermost first
        self.layers: list[Layer] = []  # the same, as the learner reaches them
        self.python_modules: dict[int, frozenset[str]] = {}  # id(code) -> names that stand for modules where it runs
        self._layers: dict[int, str] = {}  # id(module) -> its name in the outermost module that ran
        self._reached: dict[int, str] = {}  # id(module) -> how the learner reaches it
        self._parameters: dict[int, tuple[weakref.ref[Any], str]] = {}

    def enter(self, module: Any) -> None:
        """A module's `__call__` began."""
        if not self.scope:
            kind = type(module).__name__
            self._layers = {id(each): name.rpartition(".")[2] or kind for name, each in module.named_modules()}
            owner = self.name_of(module)  # of its own weight: `l1.weight`, `l2.weight`
            self._reached = {id(each): (owner or kind) + _written(name) for name, each in module.named_modules()}
            self._parameters = {
                id(each): (weakref.ref(each), name if owner is None else owner + _written(name))
                for name, each in module.named_parameters()
            }
        kind = type(module).__name__
        layer = Layer(self._reached.get(id(module), kind), kind + _features(module))
        self.layers.append(layer)
        self.scope.append(self._layers.get(id(module), kind))

    def leave(self, depth: int) -> None:
        """The modules that began when `depth` of them were running returned."""
        del self.scope[depth:], self.layers[depth:]

    def note_python_modules(self, frame: FrameType | None) -> None:
        """Remember which names stand for Python modules where this code, which the caller keeps, runs: no operands."""
        if frame is not None and id(frame.f_code) not in self.python_modules:
            spaces = (frame.f_globals, frame.f_locals)
            names = (name for space in spaces for name, value in list(space.items()) if holds(value, ModuleType))
            self.python_modules[id(frame.f_code)] = frozenset(names)

    def name_of(self, tensor: Any) -> str | None:
        """The name under which a tensor made before the trace, or a module, is known where the learner's code runs.

        The cell's own name for it comes before a parameter's name inside a function that the cell calls.
        """
        parameter = self._parameters.get(id(tensor))
        if parameter is not None and parameter[0]() is tensor:
            return parameter[1]
        found = None
        frame = learner_frame(sys._getframe(1))
        while frame is not None:
            found = _name_among(frame.f_locals, tensor, loop_variables(frame.f_code)) or found
            if frame.f_code.co_name.startswith(("<module>", "<cell line")):
                break
            frame = learner_frame(frame.f_back)
        return found


def _features(module: Any) -> str:
    """`(2→3)` of a module that says how many features go in and come out."""
    for kind in ("features", "channels"):
        ends = getattr(module, f"in_{kind}", None), getattr(module, f"out_{kind}", None)
        if all(isinstance(each, int) for each in ends):
            return f"({ends[0]}→{ends[1]})"
    return ""


def _name_among(variables: dict[str, Any], wanted: Any, passing: frozenset[str]) -> str | None:
    """The variable that holds this very object, else how it is reached from one: `w.grad`, `xs[0]`, `p['w']`.

    Variables of loops are `passing`: `for x in xs` holds another tensor in each turn, and `xs[0]` says which.
    """
    reached = held = None
    for name, value in list(variables.items()):
        if name.startswith("_"):
            continue
        if value is wanted and name not in passing:
            return name
        if value is wanted:
            held = name
        elif reached is None and type(value) not in _HOLD_NOTHING:
            reached = _reached(name, value, wanted)
    return reached or held


def _reached(name: str, value: Any, wanted: Any) -> str | None:
    if holds(value, Tensor):
        return f"{name}.grad" if value._grad is wanted else None
    if type(value) in (list, tuple) and len(value) <= _MOST_MEMBERS:
        return next((f"{name}[{place}]" for place, each in enumerate(value) if each is wanted), None)
    if type(value) is dict and len(value) <= _MOST_MEMBERS and "__name__" not in value:
        keys = (key for key, each in list(value.items()) if each is wanted and isinstance(key, str | int))
        return next((f"{name}[{key!r}]" for key in keys), None)
    if isinstance(wanted, Parameter) and hasattr(type(value), "named_parameters"):
        path = _path_in(value, wanted, set())
        return None if path is None else name + _written(path)
    if hasattr(type(value), "named_modules") and hasattr(type(wanted), "named_modules"):
        owner: Any = value
        return next((name + _written(path) for path, each in owner.named_modules() if each is wanted), None)
    return None


def _path_in(module: Any, wanted: Parameter, seen: set[int]) -> str | None:
    """What `named_parameters()` calls a parameter, in a fraction of its time: this is asked of each module at hand."""
    seen.add(id(module))
    own = (
        module.__dict__ if type(module).__getattribute__ is object.__getattribute__ else {}
    )  # else it is the learner's code
    for name, each in own.get("_parameters", {}).items():
        if each is wanted:
            return name
    for name, each in own.get("_modules", {}).items():
        if each is not None and id(each) not in seen:
            path = _path_in(each, wanted, seen)
            if path is not None:
                return f"{name}.{path}"
    return None


def _written(name: str) -> str:
    """A parameter's or a module's name as it is written behind its owner's: `.fc1.weight`, `[0].weight` in a Sequential."""
    return "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in name.split(".") if part)


def names_of(values: Sequence[Any], frame: FrameType | None) -> tuple[frozenset[str], ...]:
    """For each of these very objects the names that stand for it, of those that the code has read just before: in a cell with
    thousands of variables one cannot ask them all at each operation."""
    if frame is None or not values:
        return (frozenset(),) * len(values)
    found: dict[int, list[str]] = {id(value): [] for value in values}
    variables, others = frame.f_locals, frame.f_globals
    offsets, names = _names_read(frame.f_code)
    end = bisect.bisect_right(offsets, frame.f_lasti)
    for name in {*names[max(0, end - _MOST_READ) : end]}:
        each = variables[name] if name in variables else others.get(name, found)
        if id(each) in found:
            found[id(each)].append(name)
    return tuple([frozenset(found[id(value)]) for value in values])


@once_per_code
def _names_read(code: CodeType) -> tuple[list[int], list[str]]:
    """The offsets of the instructions that read variables, in order, and the variables."""
    offsets: list[int] = []
    names: list[str] = []
    for each in dis.get_instructions(code):
        if each.opname.startswith(("LOAD_NAME", "LOAD_GLOBAL", "LOAD_FAST", "LOAD_DEREF", "LOAD_CLASSDEREF")):
            read = each.argval if isinstance(each.argval, tuple) else (each.argval,)  # two in one, from Python 3.13 on
            names += read
            offsets += [each.offset] * len(read)
    return offsets, names
