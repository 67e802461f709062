"""What the learner's code calls things while it runs: tensors that were there before the trace, layers, Python modules.

Rests on core and visits. What is made during the trace gets its name afterwards, from the parsed source (`resolve`).
"""

from __future__ import annotations

import bisect
import dis
import itertools
import operator
from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from types import BuiltinFunctionType, CodeType, FrameType, FunctionType, ModuleType, NoneType
from typing import Any

from autogradkit.core.parameter import Parameter
from autogradkit.core.tensor import Tensor
from autogradkit.tracing.events import Layer
from autogradkit.tracing.frames import once_per_code, variables_of
from autogradkit.tracing.identity import ByIdentity
from autogradkit.tracing.labels import SUBSCRIPTS
from autogradkit.tracing.namespace import (
    attributes_of,
    buffers_of,
    class_name,
    has,
    holds,
    modules_of,
    parameters_of,
)
from autogradkit.tracing.turns import bound_in, loop_variables
from autogradkit.tracing.visits import Visit

# What most names of a namespace stand for, by identity, as a learner's class may have no hash; no tensor is reached from it.
_HOLD_NOTHING = frozenset(
    map(id, (ModuleType, FunctionType, BuiltinFunctionType, type, NoneType, bool, int, float, str))
)
_HOLD_NO_MODULE = _HOLD_NOTHING | {id(Tensor), id(Parameter)}
_OF_CELL, _OF_MODULE, _MORE = (dis.opmap[each] for each in ("LOAD_NAME", "LOAD_GLOBAL", "EXTENDED_ARG"))
_MOST_READ = 64  # variables that an expression reads before its operation runs
_MOST_MEMBERS = 200  # of a list or a dict in which a tensor is looked for
_DEEPEST = 3  # objects in one another in which a module is looked for
_DEEPEST_LEFT = 5  # the same for a tensor that a cell has left: `net.layers[0].neurons[1].w`
_MOST_SEEN = 2_000  # of these


class Naming:
    """Names found in the modules that run and in the frames of the learner's code, from where the running `visit` came."""

    def __init__(self, visit: Callable[[], Visit]) -> None:
        self._visit = visit
        self.scope: list[str] = []  # the modules that are running, outermost first
        self.layers: list[Layer] = []  # the same, as the learner reaches them
        self.python_modules: dict[int, frozenset[str]] = {}  # id(code) -> names that stand for modules where it runs
        self._layers: dict[int, str] = {}  # id(module) -> its name in the outermost module that ran
        self._reached: dict[int, str] = {}  # id(module) -> how the learner reaches it
        self._held: ByIdentity[str] = ByIdentity()  # parameters and buffers of the outermost module that ran
        self._led_to: ByIdentity[str] = ByIdentity()  # parameters of modules that led to another one
        self._met: dict[int, str] = {}  # id of a `.grad`, when it was met -> the variable whose it was
        self._led_in = 0  # the visit in which they did: no name means anything else while it lasts
        # Of outermost modules without a variable: the how manieth of its class
        self._unnamed: ByIdentity[int] = ByIdentity()
        self._unnamed_count: Counter[str] = Counter()
        self._calls = 0  # of modules

    def enter(self, module: Any) -> None:
        """A module's `__call__` began."""
        kind = class_name(module)
        if not self.scope:
            within = modules_of(module)
            self._layers = {id(each): name.rpartition(".")[2] or kind for name, each in within}
            owner = self._owner(module, kind)  # of its own weight: `l1.weight`, `l2.weight`
            self._reached = {id(each): (owner or kind) + _attribute_path(name) for name, each in within}
            self._held = ByIdentity([*_parameter_names(module, owner), *_reached_by(buffers_of(module), owner)])
        layer = Layer(self._reached.get(id(module), kind), kind + _features(module), self._calls)
        self._calls += 1
        self.layers.append(layer)
        self.scope.append(self._layers.get(id(module), kind))

    def _owner(self, module: Any, kind: str) -> str | None:
        """The name of an outermost module; of one without, if another one of its class had none, a number: `Net₂`."""
        name = self.name_of(module)
        if name is not None:
            return name
        place = self._unnamed.get(module)
        if place is None:
            self._unnamed_count[kind] += 1
            place = self._unnamed[module] = self._unnamed_count[kind]
        return None if place == 1 else f"{kind}{str(place).translate(SUBSCRIPTS)}"

    def leave(self, depth: int) -> None:
        """The modules that began when `depth` of them were running returned."""
        del self.scope[depth:], self.layers[depth:]

    def note_python_modules(self, frame: FrameType | None) -> None:
        """Remember which names stand for Python modules where this code, which the caller keeps, runs: no operands."""
        if frame is not None and id(frame.f_code) not in self.python_modules:
            code, variables, others = frame.f_code, variables_of(frame), frame.f_globals
            names = {*code.co_names, *code.co_varnames, *code.co_freevars}  # of all variables those that it can read
            found = (name for name in names if holds(variables.get(name, others.get(name)), ModuleType))
            self.python_modules[id(code)] = frozenset(found)

    def name_of(self, tensor: Any, way: str | None = None) -> str | None:
        """The name under which a tensor made before the trace, or a module, is known where the learner's code runs: of the
        variable that holds it, else how it is reached from one, which may be known: `way`.

        The cell's own name for it comes before a parameter's name inside a function that the cell calls, and of its names one
        that it binds to nothing else: after `out = a`, that is `a`. Variables of loops are `passing`: `for x in xs` holds
        another tensor in each turn, and `xs[0]` says which.
        """
        held = self._held.get(tensor)
        if held is not None:
            return held
        visit = self._visit()
        if self._led_in != visit.number:
            self._led_in = visit.number
            self._led_to.clear()
        way = self._led_to.get(tensor) or way
        looked_through: list[Mapping[str, Any]] = []
        for frame in reversed(visit.frames):
            variables = variables_of(frame)
            holding = _holding(variables, tensor)
            if holding:
                passing, bound = loop_variables(frame.f_code), bound_in(frame.f_code)
                held = [name for name in holding if name not in passing]
                if held:
                    return next((name for name in held if name not in bound), held[0])
            if way is not None:
                return way
            found = self._reached_from(variables, tensor)
            if found is not None or holding:
                return found or holding[-1]
            looked_through.append(variables)
        if has(tensor, "named_modules"):
            deep = (_deep_among(_leading(each, tensor), tensor) for each in reversed(looked_through))
            return next(filter(None, deep), None)
        return way

    def _reached_from(self, variables: Mapping[str, Any], wanted: Any) -> str | None:
        """How this very object is reached from a variable: `w.grad`, `xs[0]`, `p['w']`. The module that leads to a parameter
        leads to its others, too, which `zero_grad` asks for next; and who looked for one `.grad` has met all others."""
        met = self._met.get(id(wanted))
        if met is not None and (found := _path_to(met, variables.get(met), wanted)) is not None:
            return found
        leading = _leading(variables, wanted)
        if holds(wanted, Tensor):
            tensors = ((name, value) for name, value in leading if holds(value, Tensor) and value._grad is not None)
            self._met.update((id(value._grad), name) for name, value in tensors)
        for name, value in leading:
            found = None if value is wanted else _path_to(name, value, wanted)
            if found is not None:
                if isinstance(wanted, Parameter) and has(value, "named_parameters"):
                    self._led_to.update(_parameter_names(value, name))
                return found
        return None


def left_in(variables: Mapping[str, Any], passing: Container[str]) -> Iterator[tuple[str, Any]]:
    """The tensors that a cell has left, each with how it is reached: those of its variables, then those that lie in lists,
    dicts and the attributes of objects, or in such that lie in one another, `layer[0].w`, and the buffers of modules; at last
    those of variables that are `passing`, as the `w` of `for w in ws` is, where `ws[2]` says which."""
    told = [(name, value) for name, value in list(variables.items()) if _is_told(name)]
    tensors = [(name, value) for name, value in told if holds(value, Tensor)]
    yield from ((name, value) for name, value in tensors if name not in passing)
    waiting = [(name, value) for name, value in told if name != "Out"]  # where IPython keeps what it has shown
    seen: set[int] = set()
    for _ in range(_DEEPEST_LEFT):
        inside: list[tuple[str, Any]] = []
        for path, value in waiting:
            if id(type(value)) in _HOLD_NO_MODULE or id(value) in seen or len(seen) > _MOST_SEEN:
                continue
            seen.add(id(value))
            if has(value, "named_modules"):  # its parameters are named where they are used
                inside += ((name, buffer) for buffer, name in _reached_by(buffers_of(value), path))
            else:
                inside += _members(path, value)
        yield from ((path, value) for path, value in inside if holds(value, Tensor))
        waiting = inside
    yield from ((name, value) for name, value in tensors if name in passing)


def _parameter_names(module: Any, owner: str | None) -> Iterator[tuple[Any, str]]:
    """The parameters of a module, each with how it is reached from it, and it from its `owner`."""
    return _reached_by(parameters_of(module), owner)


def _reached_by(named: list[tuple[str, Any]], owner: str | None) -> Iterator[tuple[Any, str]]:
    return ((each, name if owner is None else owner + _attribute_path(name)) for name, each in named)


def _features(module: Any) -> str:
    """`(2→3)` of a module that says how many features go in and come out."""
    own = attributes_of(module)
    for kind in ("features", "channels"):
        ends = own.get(f"in_{kind}"), own.get(f"out_{kind}")
        if all(isinstance(each, int) for each in ends):
            return f"({ends[0]}→{ends[1]})"
    return ""


def _is_told(name: object) -> bool:
    """Whether a key of a namespace is a name of the learner's; `globals()` may hold any key."""
    return type(name) is str and not name.startswith("_")


def _holding(variables: Mapping[str, Any], tensor: Any) -> list[str]:
    """The variables that stand for this very object. It is asked of each tensor that a cell uses first, and there may be as many
    variables: `itertools` goes through them in a twentieth of the time, in which no other thread runs."""
    found = list(itertools.compress(variables, map(operator.is_, variables.values(), itertools.repeat(tensor))))
    return [name for name in found if _is_told(name)]


def _leading(variables: Mapping[str, Any], wanted: Any) -> list[tuple[str, Any]]:
    """Of the variables those that something may be reached from: a module from no tensor, of which there may be thousands.

    Each call of a layer asks, so what is passed by costs no more than its turn: no pair is kept of it, for thousands of
    pairs wake the garbage collector.
    """
    passed = _HOLD_NOTHING if holds(wanted, Tensor) else _HOLD_NO_MODULE
    found = dict(variables)  # which the learner's threads do not change meanwhile
    return [(name, value) for name, value in found.items() if id(type(value)) not in passed and _is_told(name)]


def _path_to(name: str, value: Any, wanted: Any) -> str | None:
    if holds(value, Tensor):
        return f"{name}.grad" if value._grad is wanted else None
    if (type(value) is list or type(value) is tuple) and len(value) <= _MOST_MEMBERS:
        return next((f"{name}[{place}]" for place, each in enumerate(value) if each is wanted), None)
    if type(value) is dict and len(value) <= _MOST_MEMBERS and "__name__" not in value:
        keys = (key for key, each in list(value.items()) if each is wanted and isinstance(key, str | int))
        return next((f"{name}[{key!r}]" for key in keys), None)
    if isinstance(wanted, Parameter) and has(value, "named_parameters"):
        path = _path_in(value, wanted, set())
        return None if path is None else name + _attribute_path(path)
    if has(value, "named_modules") and has(wanted, "named_modules"):
        return next((name + _attribute_path(path) for path, each in modules_of(value) if each is wanted), None)
    return None


def _deep_among(leading: list[tuple[str, Any]], wanted: Any) -> str | None:
    """How a module is reached through attributes of objects, and lists and dicts in one another: `trainer.nets[0]`."""
    seen: set[int] = set()
    waiting = leading
    for _ in range(_DEEPEST):
        inside: list[tuple[str, Any]] = []
        for path, value in waiting:
            if id(type(value)) in _HOLD_NOTHING or id(value) in seen or len(seen) > _MOST_SEEN:
                continue
            seen.add(id(value))
            found = _path_to(path, value, wanted)
            if found is not None:
                return found
            inside += _members(path, value)
        waiting = inside
    return next((path for path, value in waiting if value is wanted), None)


def _members(path: str, value: Any) -> list[tuple[str, Any]]:
    """What lies in a list or a dict, or in the attributes of an object, each with how it is written.

    Of a namespace nothing, whose names are not the learner's way to say it (`globals()['y']`), and nothing of what has traits:
    from IPython's `exit` the shell is reached, and from that whatever a cell has shown.
    """
    if holds(value, Tensor) or has(value, "named_modules") or has(value, "trait_values"):
        return []
    if type(value) is list or type(value) is tuple:
        return [(f"{path}[{place}]", each) for place, each in enumerate(value[:_MOST_MEMBERS])]
    if type(value) is dict:
        if "__name__" in value:
            return []
        pairs = itertools.islice(list(value.items()), _MOST_MEMBERS)
        return [(f"{path}[{key!r}]", each) for key, each in pairs if type(key) is str or type(key) is int]
    if holds(value, tuple) and type(getattr(type(value), "_fields", None)) is tuple:
        return [
            (f"{path}.{name}", each) for name, each in zip(type(value)._fields, tuple.__iter__(value), strict=False)
        ]
    pairs = itertools.islice(list(attributes_of(value).items()), _MOST_MEMBERS)
    return [(f"{path}.{name}", each) for name, each in pairs if type(name) is str and name.isidentifier()]


def _path_in(module: Any, wanted: Parameter, seen: set[int]) -> str | None:
    """What `named_parameters()` calls a parameter, in a fraction of its time: this is asked of each module at hand."""
    seen.add(id(module))
    own = attributes_of(module)
    for name, each in own.get("_parameters", {}).items():
        if each is wanted:
            return name
    for name, each in own.get("_modules", {}).items():
        if each is not None and id(each) not in seen:
            path = _path_in(each, wanted, seen)
            if path is not None:
                return f"{name}.{path}"
    return None


def _attribute_path(name: str) -> str:
    """A parameter's or a module's name as it is written behind its owner's: `.fc1.weight`, `[0].weight` in a Sequential."""
    return "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in name.split(".") if part)


def names_of(values: Sequence[Any], frame: FrameType | None) -> tuple[frozenset[str], ...]:
    """For each of these very objects the names that stand for it, of those that the code has read just before: in a cell with
    thousands of variables one cannot ask them all at each operation."""
    if frame is None or not values:
        return (frozenset(),) * len(values)
    found: dict[int, list[str]] = {id(value): [] for value in values}
    variables, others = variables_of(frame), frame.f_globals
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
    if not (code.co_varnames or code.co_cellvars or code.co_freevars):
        # A cell, which may have thousands of lines: `dis` takes ten times as long to tell all of an instruction.
        above = 0  # the higher part of what the next instruction is given
        for place, (instruction, given) in enumerate(zip(code.co_code[::2], code.co_code[1::2], strict=True)):
            if instruction == _MORE:
                above = (above | given) << 8
                continue
            if instruction in (_OF_CELL, _OF_MODULE):
                names.append(code.co_names[(above | given) >> (instruction == _OF_MODULE)])
                offsets.append(2 * place)
            above = 0
        return offsets, names
    for each in dis.get_instructions(code):
        if each.opname.startswith(("LOAD_NAME", "LOAD_GLOBAL", "LOAD_FAST", "LOAD_DEREF", "LOAD_CLASSDEREF")):
            read = each.argval if isinstance(each.argval, tuple) else (each.argval,)  # two in one, from Python 3.13 on
            names += read
            offsets += [each.offset] * len(read)
    return offsets, names
