"""The event stream: what a trace consists of, and the contract between the engine's side and every picture.

Plain, frozen, serialisable values; no tensor, no array, no clock. The recorder writes them in order; `Trace`, the
renderers and the widgets read them. Tensors, storages, nodes and values are numbered within the trace, from 0, in
order of first appearance, so that the same cell gives the same trace. Of an op it keeps what the op tells of itself
(`core.facts`), so that a saved trace needs no op to be drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, make_dataclass
from typing import Any, TypeVar, cast

from autogradkit.core.facts import OpFacts

Number = int | float | bool | complex
_new = object.__new__

T = TypeVar("T")


def quickly_made(kind: type[T]) -> Callable[..., T]:
    """What makes values of a frozen class with slots, called as the class is, in a third of the time: `object.__setattr__`,
    which a frozen one calls for each field, takes most of it. They are made as a class with the same slots that is not frozen.

    >>> made = quickly_made(Argument)
    >>> made(None, 3, None) == Argument(None, 3, None)
    True
    """
    listed = [(each.name, each.type, field(default=each.default)) for each in fields(cast("Any", kind))]

    def freeze(made: Any) -> None:
        made.__class__ = kind

    return make_dataclass(kind.__name__, listed, slots=True, namespace={"__post_init__": freeze})


def moves(name: str) -> bool:
    """Whether an op of this name gives its tensor other memory, or another part of it, and writes nothing.

    >>> moves("set_data_"), moves("set_"), moves("mul_")
    (True, True, False)
    """
    return name.removesuffix("_") in ("set_data", "set", "resize")


def gives_shape(name: str) -> bool:
    """Whether the first tensor that an op of this name takes gives its result a shape alone.

    >>> gives_shape("randn_like"), gives_shape("new_zeros"), gives_shape("bernoulli")
    (True, True, False)
    """
    return name.endswith("_like") or name.startswith("new_")


def spelled(name: str, kind: str) -> str:
    """An op's name with an in-place variant's underscore."""
    return name + "_" if kind == "inplace" else name


@dataclass(frozen=True, slots=True)
class Position:
    """Where in the learner's code something happened. Lines count from 1, columns from 0."""

    file: str  # "cell" for the traced cell, "cell [3]" for another one, else the file's name
    line: int
    column: int
    end_line: int
    end_column: int
    code: str  # the source of the statement's line, stripped
    function: str  # "<module>" or the function's qualified name
    turn: tuple[int, ...] = ()  # which time round each loop that it ran in was, outermost first, from 1


@dataclass(frozen=True)
class Numbers:
    """A bounded copy of a tensor's data. Most of a trace are never looked at: what takes time is found out `later`."""

    shape: tuple[int, ...]
    dtype: str  # "float32"
    data: tuple[Number, ...] | None  # every element, row-major; None where only the summary was kept
    printed: str  # as PyTorch prints the data, without "tensor(...)"
    low: float | None  # over the finite elements; None where there are none
    high: float | None
    mean: float | None
    nans: int
    infs: int
    omitted: int  # elements not in `data`

    @classmethod
    def later(cls, find: tuple[Any, ...], **known: Any) -> Numbers:
        """Numbers of which some fields are `known`; what `find` begins with, called with a field's name and with what stands
        behind it there, gives that field, or several, when it is asked for; and, as `_later`, what to begin with from then on."""
        numbers = _new(cls)
        known["_later"] = find
        numbers.__dict__.update(known)
        return numbers

    @property
    def is_finite(self) -> bool:
        """Whether no element is NaN or infinite: told of numbers that nobody looked at in a tenth of the time."""
        own = vars(self)
        if "infs" in own:
            return not (own["infs"] or own["nans"])
        find, *parts = own["_later"]
        return find("is_finite", *parts)["is_finite"]

    def __getattr__(self, name: str) -> Any:
        own = vars(self)
        if "_later" not in own or name not in self.__dataclass_fields__:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        find, *parts = own["_later"]
        own.update(find(name, *parts))
        return own[name]


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor as it was at one moment: each op result and each in-place edit makes a new one."""

    id: int
    tensor: int  # the same object keeps its number
    name: str | None  # the learner's name for it: "W", "self.fc1.weight", "h"; None for an unnamed intermediate
    numbers: Numbers
    stride: tuple[int, ...]
    offset: int
    storage: int
    version: int
    requires_grad: bool
    is_leaf: bool
    is_parameter: bool
    base: int | None  # tensor number of the base, for a view
    retains_grad: bool = False
    turn: tuple[int, ...] = ()  # of the loops in which it got its name, outermost first, from 1
    since: int = 0  # how many events came before it was first seen
    grad_of: int | None = None  # number of the tensor whose `.grad` it was then, or whose gradient
    given: bool = False  # it is no `.grad`, but a gradient that a hook or a function's backward was given, and kept
    # How many values it keeps, of a sparse tensor; its numbers are all elements, zeros among them.
    kept: int | None = None


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of an op: a value by its id, or the text of what was not a tensor."""

    name: str | None  # None for what was given by its place
    value: int | None
    text: str | None
    place: int | None = None  # among the arguments given by their place, where that is known


@dataclass(frozen=True, slots=True)
class Layer:
    """A module that was running."""

    name: str  # how the learner reaches it: "model.conv1", "net[0]"
    kind: str  # its class, with the features that go in and come out where it has such: "Conv2d(1→6)"
    call: int  # of all its calls, which one it ran in


@dataclass(frozen=True, slots=True)
class Saved:
    """What a node keeps for backward under one name: a tensor, or a setting of the call such as an exponent."""

    name: str  # "self", "result"; "saved_tensors[0]" of a custom Function
    value: int | None  # value id of the tensor
    text: str | None  # of a number or setting
    nbytes: int
    version: int | None  # of the tensor when it was saved; None for a setting
    version_at_end: int | None  # of the tensor when the trace ended; None where it was freed, or nobody held the node


@dataclass(frozen=True, slots=True)
class State:
    """What an optimizer remembers of a parameter from step to step, such as a momentum."""

    name: str  # in the optimizer's state: "momentum_buffer"
    symbol: str  # in the lines of its step (`OpFacts.update`): "buf"
    before: Numbers | None  # None where the step began it
    after: Numbers


@dataclass(frozen=True, slots=True)
class Op:
    """An op ran forward."""

    step: int
    name: str  # "mul", "add_"
    facts: OpFacts
    kind: str  # "op" | "view" | "inplace" | "create" | "random" | "detach"
    node: int | None  # number of the graph node made, None where nothing was recorded
    node_name: str | None  # "MulBackward0"
    inputs: tuple[Argument, ...]
    outputs: tuple[int, ...]  # value ids
    saved: tuple[Saved, ...]
    position: Position | None
    scope: tuple[str, ...]  # modules it ran in, outermost first: ("LeNet", "conv1")
    why_not: str | None  # why no node was made: "no_grad", "inference", "inputs", "dtype", "create", "detach"
    layers: tuple[Layer, ...] = ()  # the modules of `scope`
    state: tuple[State, ...] = ()  # of the optimizer whose step it is
    # The learner's own call where that is another, "reshape" of a view, and all that ran in it is this.
    called: str = ""
    # The learner's own call where several ran in it, of which this is one: "einsum", of the kind that its text says.
    part_of: Layer | None = None
    # The learner's own functions that it ran in, outermost first, each with its arguments as they were written: "x, dim=1".
    functions: tuple[Layer, ...] = ()

    @property
    def label(self) -> str:
        """What a picture calls it: "mul", "add_", "conv2d"."""
        return spelled(self.facts.label, self.kind)


@dataclass(frozen=True, slots=True)
class BackwardBegin:
    """`backward()` or `autograd.grad()` was called."""

    step: int
    call: int  # from 0 within the trace
    accumulate: bool  # True for backward()
    roots: tuple[int, ...]  # value ids
    retain_graph: bool
    create_graph: bool
    position: Position | None


@dataclass(frozen=True, slots=True)
class NodeRan:
    """A graph node ran backward."""

    step: int
    call: int
    node: int
    node_name: str
    received: tuple[Numbers | None, ...]  # gradient with respect to each output
    sent: tuple[Numbers | None, ...]  # gradient with respect to each input edge
    edges: tuple[int | None, ...]  # the node each input edge leads to; leaves' AccumulateGrad nodes are numbered too


@dataclass(frozen=True, slots=True)
class Accumulated:
    """A `.grad` took a contribution (always by addition)."""

    step: int
    call: int
    tensor: int
    node: int | None  # number of its AccumulateGrad node
    name: str | None
    before: Numbers | None
    contribution: Numbers
    after: Numbers
    position: Position | None  # of the backward call


@dataclass(frozen=True, slots=True)
class GradAssigned:
    """`.grad` was set: to None (`zero_grad`), to zeros, or to another tensor."""

    step: int
    tensor: int
    name: str | None
    how: str  # "none" | "zeros" | "assigned"
    before: Numbers | None
    after: Numbers | None
    position: Position | None


@dataclass(frozen=True, slots=True)
class GradReturned:
    """`autograd.grad()` returned a gradient with respect to a tensor."""

    step: int
    call: int
    input: int  # value id of the tensor
    value: int  # value id of its gradient
    position: Position | None


@dataclass(frozen=True, slots=True)
class BackwardEnd:
    """The backward call returned, or failed."""

    step: int
    call: int
    failed: bool


@dataclass(frozen=True, slots=True)
class Failure:
    """The cell raised; the trace ends here."""

    step: int
    error: str  # "RuntimeError"
    message: str
    notes: tuple[str, ...]  # what autogradkit added (PEP 678)
    op: str | None  # the op that raised, where one did, as a picture calls it
    inputs: tuple[Argument, ...]
    position: Position | None
    scope: tuple[str, ...] = ()  # modules in which the op ran, outermost first, as of an `Op`
    layers: tuple[Layer, ...] = ()  # the modules of `scope`


Event = Op | BackwardBegin | NodeRan | Accumulated | GradAssigned | GradReturned | BackwardEnd | Failure
