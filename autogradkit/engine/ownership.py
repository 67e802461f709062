"""Who owns a gradient's memory: a `.grad` has some of its own, taken over from the gradient where nobody else sees that.

Rests on core. Whether somebody else holds an array is asked of Python's reference counts, as PyTorch asks its own
(`use_count`): every other holder, be it a tensor, a view, a hook's argument or another buffer of the run, counts.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from autogradkit.core import errors
from autogradkit.core.quiet import is_taken, quietly, run_in_spare, run_quietly
from autogradkit.core.recording import GRAD_LISTENERS
from autogradkit.core.shapes import broadcast_shapes
from autogradkit.core.sparse import SPARSE
from autogradkit.core.storage import Array, root_of
from autogradkit.core.strides import (
    contiguous_strides,
    element_strides,
    empty_strided,
    has_internal_overlap,
    is_contiguous,
    is_non_overlapping_and_dense,
)
from autogradkit.core.tensor import PENDING, Tensor, counter_of, layout_of, wrap
from autogradkit.core.zeros import Zeros
from autogradkit.engine.inference import as_made
from autogradkit.engine.required import OPS
from autogradkit.engine.sparse import add_to_retained_sparse, add_to_sparse, is_dense

# Held while a `.grad` is read and written: several threads may come to one leaf. Reentrant, as a finalizer may run backward.
GRADS = threading.RLock()


def add_to_grad(call: int, tensor: Tensor, gradient: Array, version: int | None = None) -> None:
    """`tensor.grad` takes a contribution in this call of backward: in place if there is a `.grad` already, else as a copy.

    PyTorch's copy has been written once, unless it is a copy here only: `version` then is what PyTorch's would have.
    """
    with GRADS:
        grad = tensor._grad
        if GRAD_LISTENERS and grad is not None:
            for listener in GRAD_LISTENERS:
                listener.will_accumulate(tensor)
        if SPARSE and not is_dense(tensor, gradient):
            add_to_sparse(tensor, gradient, version is not None)
        elif grad is None:
            own, dense = tensor._array, True
            # Where they are not, it has changed since its graph was made
            alike = gradient.shape == own.shape and gradient.dtype == own.dtype
            usual = alike and (tensor._layout or layout_of(tensor))
            if usual and (version is None or gradient.strides == own.strides):
                array = gradient.copy()
            elif version is not None:
                array = _copy(gradient, element_strides(gradient))
            else:
                strides = element_strides(own)
                dense = is_non_overlapping_and_dense(own.shape, strides)
                if dense and not alike:
                    array = OPS.copy_(wrap(empty_strided(own.shape, strides, gradient.dtype)), wrap(gradient))._array
                else:
                    array = _copy(gradient, strides if dense else contiguous_strides(gradient.shape))
            fresh = wrap(array)
            set_version(fresh, version if version is not None else int(dense))
            tensor._grad = as_made(fresh)
        elif grad._array.shape != gradient.shape or grad._array.dtype != gradient.dtype or grad.__class__ in PENDING:
            OPS.add_(grad, wrap(gradient))  # which refuses, or not, as PyTorch's does
        else:
            if not grad._array.flags.forc:
                _require_once(grad._array)
            array, counter = grad._array, counter_of(grad)
            try:  # on one line, and counted first: no interrupt comes before a call, and the log is told below
                counter.value += 1; run_quietly(np.add, array, gradient, array, casting="unsafe")  # noqa: E702  # fmt: skip
            except RuntimeError as error:
                if not is_taken(error):
                    raise
                run_in_spare(np.add, array, gradient, array, casting="unsafe")
        for listener in GRAD_LISTENERS:
            listener.accumulated(call, tensor, getattr(gradient, "_array", gradient))


def add_told(tensor: Tensor, gradient: Tensor, alone: bool) -> None:
    """`tensor.grad` takes a contribution by ops, of which somebody hears: detached where nobody else holds it, else copied."""
    grad = tensor._grad
    if grad is not None:
        OPS.add_(grad, gradient)
    elif alone and obeys(tensor, gradient._array):
        tensor._grad = OPS.detach(gradient)
    else:
        tensor._grad = first_grad(tensor, gradient)


def retain_told(tensor: Tensor, gradient: Tensor) -> None:
    """The retained `.grad` of a result takes a contribution by ops, of which somebody hears: always in a new tensor."""
    tensor._grad = OPS.clone(gradient) if tensor._grad is None else OPS.add(tensor._grad, gradient)


def tell_taken(call: int, taken: list[Tensor]) -> None:
    """Tell listeners of the leaves that took a gradient over, and that they were told."""
    for listener in GRAD_LISTENERS:
        listener.grads_taken(call, taken)
    taken.clear()


def _require_once(array: Array) -> None:
    if has_internal_overlap(array.shape, array.strides):
        raise RuntimeError(errors.WRITTEN_TWICE)


def first_grad(tensor: Tensor, gradient: Tensor) -> Tensor:
    """A copy of a gradient in the graph, in a leaf's own strides where these are dense, else contiguous."""
    array = tensor._array
    if not is_dense(tensor, gradient._array):
        return OPS.clone(gradient)
    strides = element_strides(array)
    if tensor._node is not None or not is_non_overlapping_and_dense(array.shape, strides):
        return OPS.contiguous_clone(gradient)
    return OPS.copy_(as_made(wrap(empty_strided(array.shape, strides, gradient._array.dtype))), gradient)


def handed_out(gradient: Any, version: int, others: Iterable[Any]) -> Any:
    """What `grad()` gives of a gradient beside `others`: one tensor for one gradient, one count of edits for one memory."""
    if gradient.__class__ is not np.ndarray:
        return wrap(np.array(gradient)) if gradient.__class__ is Zeros else gradient
    memory = memory_of(gradient)
    for other in others:
        if other is not None and memory_of(other._array) == memory:
            if other._array is gradient:
                return other
            view = wrap(gradient)
            view._counter = counter_of(other)
            return view
    found = wrap(gradient)
    set_version(found, version)
    return found


def set_version(tensor: Tensor, version: int) -> None:
    """Have a tensor that nobody saw yet begin at `version`."""
    if version:
        counter_of(tensor).value = version


def add_to_retained(call: int, tensor: Tensor, gradient: Array) -> None:
    """The retained `.grad` of a result takes a contribution: always in a new, contiguous tensor."""
    with GRADS:
        grad = tensor._grad
        if GRAD_LISTENERS and grad is not None:
            for listener in GRAD_LISTENERS:
                listener.will_accumulate(tensor)
        if SPARSE and not is_dense(tensor, gradient):
            add_to_retained_sparse(tensor, gradient)
        else:
            if grad is not None and grad._array.shape != gradient.shape:  # the tensor has had other sizes since
                broadcast_shapes(grad._array.shape, gradient.shape)
            total = gradient if grad is None else quietly(np.add, grad._array, gradient)
            tensor._grad = as_made(wrap(_copy(total, contiguous_strides(total.shape))))
        for listener in GRAD_LISTENERS:
            listener.accumulated(call, tensor, getattr(gradient, "_array", gradient))


def _copy(gradient: Array, strides: tuple[int, ...]) -> Array:
    copy = empty_strided(gradient.shape, strides, gradient.dtype)
    np.copyto(copy, gradient)
    return copy


def _references_in_a_loop() -> int:
    for gradient in [np.zeros(1)]:
        return sys.getrefcount(gradient)
    raise AssertionError


def _references_to_base(view: Array) -> int:
    return sys.getrefcount(view.base)


# Pythons differ in how many references are counted where there is but one holder: a loop's list and its variable, and
# the only view of an array.
REFERENCES_IN_A_LOOP = _references_in_a_loop()
_REFERENCES_OF_A_LONE_VIEW = _references_to_base(np.zeros((2, 3)).reshape(6))


def _references_in_a_buffer(buffer: list[Any], number: int) -> int:
    return sys.getrefcount(buffer[number])


_REFERENCES_IN_A_BUFFER = _references_in_a_buffer([np.zeros(1)], 0)


def is_held_once(buffer: list[Any], number: int, sent: Sequence[Any]) -> bool:
    """Whether only `buffer`, besides `sent`, holds the array at `number`."""
    holders = _references_in_a_buffer(buffer, number)
    if holders > _REFERENCES_IN_A_BUFFER:
        holders -= sum([each is buffer[number] for each in sent])
    return holders <= _REFERENCES_IN_A_BUFFER


def is_held_alone(buffer: list[Any], number: int, sent: Sequence[Any]) -> bool:
    """Whether, besides, nobody else sees the array's memory, so that it may be added to in place."""
    return is_held_once(buffer, number, sent) and owns_memory(buffer[number])


def memory_of(gradient: Any) -> int:
    """Which memory an array shows, as a number; 0 of what is none. What shows the same counts its edits together."""
    return id(root_of(gradient)) if gradient.__class__ is np.ndarray else 0


def owns_memory(gradient: Array) -> bool:
    """Whether who alone holds `gradient` alone sees its memory: it owns that, or is the only view of all of an array."""
    flags = gradient.flags
    if flags.owndata or not flags.writeable:
        return flags.writeable
    base: Any = gradient.base
    if base.__class__ is not np.ndarray or not base.flags.owndata or base.size != gradient.size:
        return False
    del base
    return _references_to_base(gradient) <= _REFERENCES_OF_A_LONE_VIEW


def obeys(tensor: Tensor, gradient: Array) -> bool:
    """Whether a gradient has the strides that `tensor.grad` should have."""
    array, shape = tensor._array, gradient.shape
    if SPARSE and not is_dense(tensor, gradient):
        return gradient.__class__ is not np.ndarray  # a sparse gradient has none
    strides = gradient.strides
    if strides == array.strides and array.shape == shape and array.flags.c_contiguous and 0 not in strides:
        return True
    if array.flags.c_contiguous and not gradient.flags.c_contiguous and array.shape == shape:
        return False
    own, wanted = element_strides(gradient), element_strides(array)
    if not is_non_overlapping_and_dense(array.shape, wanted):
        return is_contiguous(shape, own)
    if len(shape) > len(wanted):  # what PyTorch finds behind the strides of a tensor without dimensions
        wanted = (*(wanted or (1,)), *[0] * len(shape))
    # The stride of a dimension of size 1 is free, unless it is that of a dimension that was expanded.
    return all(one == other if size != 1 else one != 0 for size, one, other in zip(shape, own, wanted, strict=False))


def takes_over(tensor: Tensor, gradient: Array) -> bool:
    """Whether a gradient that nobody else holds can be `tensor.grad` as it is."""
    array = tensor._array
    if SPARSE and not is_dense(tensor, gradient):
        return False
    if gradient.strides == array.strides and array.flags.c_contiguous:
        return owns_memory(gradient)
    return obeys(tensor, gradient) and owns_memory(gradient)
