"""What the learner's call was, seen from the op that ran in it: its name, its arguments as they were written, why it
has no node.

Rests on core and modes. The recorder asks it about each op.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import replace
from types import CodeType, FrameType
from typing import Any

from autogradkit._ops.declare import PUBLISHED
from autogradkit.core import frames
from autogradkit.core.facts import Declaration, OpFacts, Remembering
from autogradkit.core.tensor import Tensor
from autogradkit.engine.backward import grad
from autogradkit.engine.inference import is_inference_mode_enabled
from autogradkit.engine.modes import is_grad_enabled
from autogradkit.tracing.events import Argument, Layer, gives_shape

_FUNCTIONAL = "autogradkit.nn.functional."
_DISTRIBUTIONS = "autogradkit.distributions."
_OF_FUNCTIONS = (
    _FUNCTIONAL,
    "autogradkit._ops.",
    "autogradkit.functional",
    "autogradkit.linalg",
    "autogradkit.nn.utils.",
    _DISTRIBUTIONS,
)
MOST_ROWS = 64  # lists in one that are looked into
_NAMESPACES = ("fft_", "linalg_", "special_")


def as_written(entry: FrameType, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments of an op, with the number of `x[0] = 5.` in place of the tensor that it was made into."""
    if entry.f_code is not _SETITEM or isinstance(entry.f_locals["value"], Tensor):
        return args
    return tuple(entry.f_locals["value"] if each is entry.f_locals["source"] else each for each in args)


def facts_of(declaration: Declaration, inputs: tuple[Argument, ...]) -> OpFacts:
    """What a declaration tells of a call with these arguments: of `conv{stride}d`, two strides make "conv2d"."""
    facts = declaration.facts
    if "{" not in facts.label:
        return facts

    def count(found: re.Match[str]) -> str:
        at = facts.parameters.index(found[1])
        text = next((each.text for each in inputs if found[1] == each.name or at == each.place), None)
        return "n" if text is None else str(len(re.findall(r"\d+", text)))  # of a graph that was freed nothing is known

    return replace(facts, label=re.sub(r"\{(\w+)\}", count, facts.label))


def called_as(entry: FrameType, name_of_op: str, facts: OpFacts, kind: str) -> str:
    """The function or method that the learner called, where it has another name than the op that ran in it."""
    name = _public_name(entry)
    told = kind not in ("op", "view") or name.startswith("_") or facts.sign
    return "" if told or name in (name_of_op, facts.label) else name


def call_in(entry: FrameType, number: int) -> Layer | None:
    """The function that the learner called, in which several ops run, the `number`th of all calls; None of anything else
    that he calls. A text that it was given first, as `einsum` is, is its kind. A distribution is a function of its
    parameters."""
    variables, (code, module) = entry.f_locals, _code_of(entry)
    if entry.f_code is _SHORTENED:
        given = [*variables["args"]]
    else:
        names = [each for each in code.co_varnames[: code.co_argcount + 1] if each not in ("cls", "self")]
        given = [variables.get(each) for each in names]
    name = "@" if code.co_name in _PRODUCTS else _in_namespace(code.co_name)
    if is_constructor(entry) and module.startswith(_DISTRIBUTIONS):
        name = type(given[0]).__name__
    if module.startswith(_FUNCTIONAL):
        name = name.removeprefix("_")  # `max_pool1d` without indices is `_max_pool1d`, as in PyTorch
    if name.startswith("_") or not module.startswith(_OF_FUNCTIONS):
        return None
    first = next((each[0] if isinstance(each, tuple) and each else each for each in given), None)
    return Layer(name, short(first) if isinstance(first, str) else "", number)


def _code_of(entry: FrameType) -> tuple[CodeType, str]:
    """The code of the function that the learner called, and its module."""
    if entry.f_code is not _SHORTENED:
        return entry.f_code, entry.f_globals["__name__"]
    function = inspect.unwrap(entry.f_locals["function"])  # around which it stands
    return function.__code__, function.__globals__["__name__"]


def is_constructor(entry: FrameType) -> bool:
    """Whether the learner made an object, whose name is not that of what ran meanwhile."""
    return _code_of(entry)[0].co_name == "__init__"


def is_autograd_grad(entry: FrameType) -> bool:
    """Whether the learner called `autograd.grad` himself, and not a function that does."""
    return _code_of(entry)[0] is _GRAD


def _public_name(entry: FrameType) -> str:
    """The function or method that a frame of ours runs, as the learner calls it; empty where it has no name for him."""
    name = entry.f_code.co_name
    public = hasattr(Tensor, name) or name in PUBLISHED or entry.f_globals["__name__"].startswith(_FUNCTIONAL)
    return _in_namespace(name) if public or name.startswith(_NAMESPACES) else ""


def _in_namespace(name: str) -> str:
    """`linalg_det` as `linalg.det`."""
    return name.replace("_", ".", 1) if name.startswith(_NAMESPACES) else name


def why_not(declaration: Declaration, kind: str, args: tuple[Any, ...]) -> str:
    """Why the results of a call have no node."""
    tensors = [each for value in args for each in flat(value) if isinstance(each, Tensor)]
    if kind in ("create", "random") and len(tensors) <= gives_shape(declaration.name):
        return "create"
    if kind == "detach":
        return "detach"
    if not any(each.requires_grad for each in tensors):
        return "inputs"
    if not is_grad_enabled() or isinstance(declaration, Remembering):  # a step is no part of any graph
        return "inference" if is_inference_mode_enabled() else "no_grad"
    return "detach" if kind == "create" else "dtype"  # `tensor(w)` copies the numbers alone


def in_order(entry: FrameType, args: tuple[Any, ...]) -> bool:
    """Whether the first argument that the learner gave is the op's first: `F.embedding(i, W)` runs `embedding(W, i)`.

    Of `x == p` Python asks a parameter first, since its class is one of tensors: `p == x` runs as well.
    """
    code = entry.f_code
    if code.co_name in _COMPARISONS and len(args) == 2:
        first, second = map(type, args)
        if first is not second and issubclass(first, second):
            return False
    names = [name for name in code.co_varnames[: code.co_argcount] if name != "cls"]  # functions are methods of a class
    return not names or not args or entry.f_locals.get(names[0]) is args[0]


_OBJECT = re.compile(r"<(?:\w+\.)*(\w+) object( at 0x[0-9A-Fa-f]+)")
_ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]+")
_GRAD = inspect.unwrap(grad).__code__
_SHORTENED = frames.entry(in_order).__code__
_PRODUCTS = {"__matmul__", "__rmatmul__"}
_COMPARISONS = {"__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__"}
_SETITEM = Tensor.__setitem__.__code__


def flat(value: Any) -> list[Any]:
    """The members of a list of tensors, also where they are in lists in it; of anything else that alone."""
    if isinstance(value, (list, tuple)):
        for each in value:
            if isinstance(each, Tensor):
                return list(value)
        if value and len(value) <= MOST_ROWS and all(isinstance(each, (list, tuple)) for each in value):
            members = [member for each in value for member in flat(each)]
            if any(isinstance(each, Tensor) for each in members):
                return members
    return [value]


def short(value: Any) -> str:
    """What was no tensor, as text of at most 40 characters; the name of its class where the learner's `__repr__` fails.

    Where an object lies is left out, as it lies elsewhere each time the cell runs.

    >>> short(3), short("a" * 100), short(object()), short(lambda x: x)
    ('3', "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…", '<object>', '<function <lambda>>')
    """
    try:
        text = repr(value)
    except Exception:  # recording makes no call fail that would not fail without it
        text = f"<{type(value).__name__}>"
    if " at 0x" in text and not isinstance(value, str):
        text = _ADDRESS.sub("", _OBJECT.sub(r"<\1\2", text))
    return text if len(text) <= 40 else text[:39] + "…"
