"""Views: tensors that look at another tensor's memory, and what is remembered of that.

Rests on tensor and storage. A view shares its base's version counter; its `View` record names the base (never another
view) and the version at which its `grad_fn` was made, so that the engine can renew it after an in-place edit.
"""

from __future__ import annotations

from typing import Any

from autogradkit.core.pending import NOT_AS_REAL, PendingArray, bits_of, same_memory, settle
from autogradkit.core.sparse import around
from autogradkit.core.storage import Array, VersionCounter, offset_of
from autogradkit.core.strides import element_strides
from autogradkit.core.tensor import PENDING, Tensor, counter_of, wrap

# How a view came to be, which decides whether it may be edited in place.
PLAIN, MULTI_OUTPUT, NO_GRAD, INFERENCE, CUSTOM = "plain", "multi_output", "no_grad", "inference", "custom"


class View:
    """What a view remembers: its base, how it was made, and the version its `grad_fn` belongs to."""

    __slots__ = ("base", "creation", "version")

    base: Tensor
    creation: str
    version: int


# A function that made a view of another tensor: an op without further arguments, or sizes, strides and offset in the storage.
ViewStep = str | tuple[tuple[int, ...], tuple[int, ...], int]


class ChainedView(View):
    """Of a view that conjugates or changes signs, or of a view on one: what made it of its base, step by step.

    Sizes, strides and offset, by which every other view is renewed, do not say that.
    """

    __slots__ = ("steps",)

    steps: tuple[ViewStep, ...]


_new = object.__new__


def view_of(tensor: Tensor, array: Array, creation: str) -> Tensor:
    """A view on `tensor` that looks through `array` (which shares its memory)."""
    view = wrap(array)
    counter = tensor._counter
    if counter is None:
        counter = VersionCounter()
        counter.value = 0
        tensor._counter = counter
    view._counter = counter
    record = view._view = _new(View)
    record.version = counter.value
    origin = tensor._view
    if origin is None:
        record.base = tensor
        record.creation = creation
    else:
        record.base = origin.base
        record.creation = origin.creation if creation == PLAIN and origin.creation != PLAIN else creation
    if PENDING:
        _inherit(view, tensor, array)
    return view


def _inherit(view: Tensor, tensor: Tensor, array: Any) -> None:
    """What is pending of a tensor is pending of a view on it, and what a `PendingArray` says besides."""
    adds = array.__class__ is PendingArray
    origin, record = tensor._view, view._view
    conj, neg = bits_of(tensor)
    memory: Array = array.memory if adds else array
    if conj and memory.dtype != tensor._memory.dtype and memory.ndim > tensor._memory.ndim:
        raise RuntimeError(NOT_AS_REAL)
    assert record is not None
    if adds or origin.__class__ is ChainedView:
        chained = _new(ChainedView)
        chained.base, chained.creation, chained.version = record.base, record.creation, record.version
        before = (
            origin.steps
            if isinstance(origin, ChainedView)
            else ()
            if origin is None
            else _steps_to(tensor, origin.base)
        )
        chained.steps = (*before, *_last_steps(tensor._memory, array, conj))
        view._view = chained
    if adds:
        settle(view, memory, conj != array.conj, neg != array.neg)
    elif conj or neg:
        settle(view, memory, conj and memory.dtype.kind == "c", neg)


def _steps_to(tensor: Tensor, base: Tensor) -> tuple[ViewStep, ...]:
    """How a view that turns nothing comes of its base."""
    memory = tensor._memory
    last = _geometry(memory)
    if memory.dtype == base._memory.dtype:
        return (last,)
    return ("view_as_complex" if memory.dtype.kind == "c" else "view_as_real", last)


def _last_steps(memory: Array, array: Any, conj: bool) -> tuple[ViewStep, ...]:
    if array.__class__ is PendingArray:
        return ("_conj" if array.conj else "_neg_view",)
    if array.dtype == memory.dtype:
        return (_geometry(array),)
    if memory.dtype.kind != "c":
        return ("view_as_complex",)
    if array.ndim > memory.ndim:
        return ("view_as_real",)
    return (*["_conj"] * conj, "view_as_real", _geometry(array))  # the real part, of which nothing is conjugated


def _geometry(array: Array) -> ViewStep:
    return array.shape, element_strides(array), offset_of(array)


def steps_in(steps: tuple[ViewStep, ...], base: Array, start: int = 0) -> tuple[ViewStep, ...]:
    """The steps from what is laid out as a base, but begins at element `start` of its storage."""
    found: list[ViewStep] = []
    itemsize, before = base.itemsize, (offset_of(base) - start) * base.itemsize
    for step in steps:
        if isinstance(step, str):
            itemsize = (
                itemsize // 2 if step == "view_as_real" else itemsize * 2 if step == "view_as_complex" else itemsize
            )
            found.append(step)
        else:
            found.append((*step[:2], step[2] - before // itemsize))
    return tuple(found)


def alias(tensor: Tensor, array: Array | None = None) -> Tensor:
    """A leaf on the same memory (through `array`) with the same version counter: what `detach()` and `view(dtype)` return."""
    if PENDING and tensor.__class__ in PENDING:
        if array is not None:
            whose = "conjugate view tensors" if bits_of(tensor)[0] else "tensors with negative bit set"
            raise RuntimeError(f"torch.Tensor.view is not supported for {whose} when converting to a different dtype.")
        other = same_memory(tensor)
    else:
        other = around(tensor._array if array is None else array)
    other._counter = counter_of(tensor)
    return other
