"""Geometry of tensors: which strides a shape has, which strides a result gets, which memory is shared.

Pure arithmetic on tuples of ints, strides always in elements, and memory laid out so. Rests on core.memory; the tensor, the
views and the kernels that allocate their results use it. The rules are PyTorch's, because a learner sees them: through
`stride()`, through `view` refusing, and through the memory that two tensors share.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autogradkit.core.address import address_of
from autogradkit.core.memory import empty

Ints = tuple[int, ...]
Array = np.ndarray[Any, Any]


# -- layouts ----------------------------------------------------------------------------------------------------------


def contiguous_strides(shape: Sequence[int]) -> Ints:
    """Row-major strides without gaps. A dimension of size 0 counts as one of size 1.

    >>> contiguous_strides((2, 3)), contiguous_strides((2, 0, 3))
    ((3, 1), (3, 3, 1))
    """
    strides: list[int] = []
    step = 1
    for size in reversed(shape):
        strides.append(step)
        step *= size or 1
    return tuple(reversed(strides))


def channels_last_strides(shape: Sequence[int]) -> Ints:
    """Strides of N×C×H×W, or N×C×D×H×W, with the channels innermost.

    >>> channels_last_strides((2, 3, 4, 5))
    (60, 1, 15, 3)
    """
    strides = [1] * len(shape)
    step = shape[1]
    for dim in (*range(len(shape) - 1, 1, -1), 0):
        strides[dim] = step
        step *= shape[dim]
    return tuple(strides)


def is_contiguous(shape: Sequence[int], strides: Sequence[int]) -> bool:
    """Whether the elements lie in row-major order without gaps. Strides of size-1 dimensions do not matter.

    >>> is_contiguous((2, 1, 3), (3, 99, 1)), is_contiguous((3, 2), (1, 3))
    (True, False)
    """
    step = 1
    dense = True
    for size, stride in zip(reversed(shape), reversed(strides), strict=True):
        if size == 0:
            return True
        if size != 1:
            dense = dense and stride == step
            step *= size
    return dense


def is_channels_last(shape: Sequence[int], strides: Sequence[int], ndim: int = 4) -> bool:
    """Whether a layout of that many dimensions is dense with the channels (dimension 1) innermost."""
    if len(shape) != ndim:
        return False
    step = 1
    for dim in (1, *range(ndim - 1, 1, -1), 0):
        if shape[dim] != 1:
            if strides[dim] != step:
                return False
            step *= shape[dim]
    return True


def suggests_channels_last(shape: Sequence[int], strides: Sequence[int]) -> bool:
    """Whether the order of four or five strides, gaps allowed, is that of channels-last; the doubtful cases are not.

    This is what decides the layout of results that have no operand of their own shape, such as those of `cat`.
    """
    if len(shape) not in (4, 5) or strides[1] == 0:
        return False
    least = 0
    for dim in (1, *range(len(shape) - 1, 1, -1), 0):
        size, stride = shape[dim], strides[dim]
        if size == 0 or stride < least:
            return False
        if dim == 0 and least == strides[1]:
            return False
        least = stride * size if size > 1 else stride
    return True


def is_non_overlapping_and_dense(shape: Sequence[int], strides: Sequence[int]) -> bool:
    """Whether some order of the dimensions makes it contiguous: no gap, no element twice.

    >>> is_non_overlapping_and_dense((3, 2), (1, 3)), is_non_overlapping_and_dense((3, 2), (0, 1))
    (True, False)
    """
    step = 1
    for stride, size in sorted((stride, size) for size, stride in zip(shape, strides, strict=True) if size != 1):
        if size == 0:
            return True
        if stride != step:
            return 0 in shape
        step *= size
    return True


def element_strides(array: Array) -> Ints:
    """The strides of `array` in elements.

    NumPy zeroes the strides of an array without elements; such an array counts as contiguous.
    """
    itemsize = array.itemsize
    if array.size:
        return tuple([stride // itemsize for stride in array.strides])
    if any(array.strides):
        return tuple([max(stride, 0) // itemsize for stride in array.strides])
    return contiguous_strides(array.shape)


def byte_strides(shape: Sequence[int], strides: Sequence[int], itemsize: int) -> Ints:
    """Element strides as an array keeps them.

    Zeros alone would be NumPy's own for an array without elements (see `element_strides`): they are kept as negative ones,
    which no tensor has.

    >>> byte_strides((2, 3), (0, 1), 4), byte_strides((0, 3), (0, 0), 4)
    ((0, 4), (-4, -4))
    """
    if 0 in shape and not any(strides):
        return (-itemsize,) * len(shape)
    return tuple([stride * itemsize for stride in strides])


def move_dim(array: Array, source: int, target: int) -> Array:
    """The array with one dimension somewhere else, the others in their order: NumPy's `moveaxis`, at a quarter of the time.

    >>> move_dim(np.empty((2, 3, 4)), 0, -1).shape
    (3, 4, 2)
    """
    order = [*range(array.ndim)]
    order.insert(target % array.ndim, order.pop(source))
    return array.transpose(order)


def empty_array(shape: tuple[int, ...], numpy_dtype: np.dtype[Any]) -> Array:
    """Uninitialised contiguous memory; empty arrays get PyTorch's strides, which NumPy would zero."""
    array = empty(shape, numpy_dtype)
    if array.size:
        return array
    strides = tuple(s * array.itemsize for s in contiguous_strides(shape))
    return np.ndarray(shape, numpy_dtype, array, 0, strides)


def empty_strided(shape: Sequence[int], strides: Sequence[int], numpy_dtype: np.dtype[Any]) -> Array:
    """Uninitialised memory with exactly these sizes and element strides.

    >>> empty_strided((2, 3), (1, 2), np.dtype("float32")).strides
    (4, 8)
    """
    extent = 1
    for size, stride in zip(shape, strides, strict=True):
        extent += (size - 1) * stride
    buffer = np.empty(0 if 0 in shape else extent, numpy_dtype)
    return np.ndarray(shape, numpy_dtype, buffer, 0, byte_strides(shape, strides, numpy_dtype.itemsize))


# -- the layout of results --------------------------------------------------------------------------------------------


def output_strides(operands: Sequence[tuple[Ints, Ints]], out_shape: Ints) -> Ints:
    """Strides of the result of a pointwise op on `operands`, given as (shape, strides) in the op's argument order.

    The result follows the operands' order of dimensions, the first operand that has an opinion deciding.

    >>> output_strides([((3, 2), (1, 3))], (3, 2))
    (1, 3)
    >>> output_strides([((3, 2), (1, 3)), ((2,), (1,))], (3, 2))
    (1, 3)
    """
    if all(shape == out_shape for shape, _ in operands):
        if all(is_contiguous(*operand) for operand in operands):
            return contiguous_strides(out_shape)
        if all(is_channels_last(*operand) for operand in operands):
            return channels_last_strides(out_shape)
        first = operands[0][1]
        if all(strides == first and is_non_overlapping_and_dense(shape, strides) for shape, strides in operands):
            return first
    if len(out_shape) < 2:
        return contiguous_strides(out_shape)
    return _dense_in_order(
        iteration_order([_broadcast(*operand, out_shape) for operand in operands], out_shape), out_shape
    )


def dense_strides_like(shape: Ints, strides: Ints) -> Ints:
    """Strides of a dense copy that keeps the order of dimensions: those of `clone` and of the `*_like` functions.

    >>> dense_strides_like((3, 2), (1, 3)), dense_strides_like((3, 2), (1, 6))
    ((1, 3), (1, 3))
    """
    if is_non_overlapping_and_dense(shape, strides):
        return strides
    result = [0] * len(shape)
    step = 1
    for dim in iteration_order([strides], shape):
        result[dim] = step
        step *= max(shape[dim], 1)
    return tuple(result)


def cat_strides(operands: Sequence[tuple[Ints, Ints]], out_shape: Ints) -> Ints:
    """Strides of a concatenation: channels-last where every part suggests it, else contiguous."""
    if operands and all(suggests_channels_last(*operand) for operand in operands):
        return channels_last_strides(out_shape)
    return contiguous_strides(out_shape)


def _broadcast(shape: Ints, strides: Ints, out_shape: Ints) -> Ints:
    """The strides with which an operand runs over `out_shape`: 0 where it is repeated."""
    missing = len(out_shape) - len(shape)
    repeated = (
        0 if size == 1 and out != 1 else stride
        for size, stride, out in zip(shape, strides, out_shape[missing:], strict=True)
    )
    return (0,) * missing + tuple(repeated)


def iteration_order(operands: Sequence[Ints], shape: Ints) -> list[int]:
    """The dimensions from the one that runs fastest to the slowest.

    An insertion sort that leaves undecided pairs as they are; where a comparison is undecided it looks further down,
    so that the outcome is PyTorch's also where the operands disagree.
    """
    order = list(range(len(shape) - 1, -1, -1))
    for start in range(1, len(order)):
        place = start
        for earlier in range(start - 1, -1, -1):
            verdict = _runs_slower(operands, shape, order[earlier], order[place])
            if verdict > 0:
                order[earlier], order[place] = order[place], order[earlier]
                place = earlier
            elif verdict < 0:
                break
    return order


def _runs_slower(operands: Sequence[Ints], shape: Ints, dim: int, other: int) -> int:
    """1 where `dim` should come after `other`, -1 where before, 0 where no operand can tell."""
    for strides in operands:
        stride, other_stride = strides[dim], strides[other]
        if stride == 0 or other_stride == 0:
            continue
        if stride != other_stride:
            return 1 if stride > other_stride else -1
        if shape[dim] > shape[other]:
            return 1
    return 0


def _dense_in_order(order: list[int], shape: Ints) -> Ints:
    if order == list(range(len(shape) - 1, -1, -1)):
        return contiguous_strides(shape)
    strides = [0] * len(shape)
    step = 1
    for dim in order:
        strides[dim] = step
        step *= shape[dim]
    return tuple(strides)


# -- views ------------------------------------------------------------------------------------------------------------


def view_strides(shape: Ints, strides: Ints, new_shape: Ints) -> Ints | None:
    """Strides with which the same memory shows `new_shape`, or None where no strides do.

    >>> view_strides((2, 3), (3, 1), (3, 2)), view_strides((3, 2), (1, 3), (6,))
    ((2, 1), None)
    """
    if not shape:
        return (1,) * len(new_shape)
    if 0 in shape:
        return strides if shape == new_shape else contiguous_strides(new_shape)
    result = [0] * len(new_shape)
    new_dim = len(new_shape) - 1
    step, run, covered = strides[-1], 1, 1
    for dim in range(len(shape) - 1, -1, -1):
        run *= shape[dim]
        # A run of dimensions that lie in memory as one ends where the next dimension does not continue it.
        if dim and (shape[dim - 1] == 1 or strides[dim - 1] == run * step):
            continue
        while new_dim >= 0 and (covered < run or new_shape[new_dim] == 1):
            result[new_dim] = covered * step
            covered *= new_shape[new_dim]
            new_dim -= 1
        if covered != run:
            return None
        if dim:
            step, run, covered = strides[dim - 1], 1, 1
    return tuple(result) if new_dim < 0 else None


def expand_strides(shape: Ints, strides: Ints, new_shape: Ints) -> Ints:
    """Strides with which the same memory shows the larger `new_shape`, every repeated dimension having stride 0.

    `new_shape` holds no -1 and `shape` fits it.

    >>> expand_strides((3, 1), (1, 1), (2, 3, 4))
    (0, 1, 0)
    """
    if not shape:
        return (0,) * len(new_shape)
    missing = len(new_shape) - len(shape)
    result = [
        stride if size == new else 0 for size, stride, new in zip(shape, strides, new_shape[missing:], strict=True)
    ]
    for dim in range(missing - 1, -1, -1):
        inner = new_shape[dim + 1] * result[0]
        result.insert(0, inner if new_shape[dim] == 1 else 0)
    return tuple(result)


# -- memory in common -------------------------------------------------------------------------------------------------


def has_internal_overlap(shape: Sequence[int], strides: Sequence[int]) -> bool:
    """Whether elements are certain to share memory with each other, as those of an expanded tensor do."""
    if 0 not in strides or 0 in shape:
        return False
    return any(stride == 0 and size > 1 for size, stride in zip(shape, strides, strict=True))


def may_overlap_itself(shape: Sequence[int], strides: Sequence[int]) -> bool:
    """Whether two elements may lie in one place, as those of overlapping windows do."""
    reach = 0
    for stride, size in sorted(zip(strides, shape, strict=True)):
        if size > 1:
            if stride <= reach:
                return True
            reach += (size - 1) * stride
    return False


def partial_overlap(a: Array, b: Array) -> bool:
    """Whether two dense arrays are certain to share some elements without being the same elements in the same order."""
    if a is b or not np.may_share_memory(a, b):
        return False
    strides_a, strides_b = element_strides(a), element_strides(b)
    if not (is_non_overlapping_and_dense(a.shape, strides_a) and is_non_overlapping_and_dense(b.shape, strides_b)):
        return False
    begin_a, begin_b = address_of(a), address_of(b)
    if begin_a == begin_b and a.nbytes == b.nbytes:
        return strides_a != strides_b
    return begin_a < begin_b + b.nbytes and begin_b < begin_a + a.nbytes
