"""Large arrays a part at a time, so that what is computed between operands and result stays in the cache.

Rests on NumPy. Kernels that take several steps over their operands go through here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

PART = 1 << 16  # elements: half a megabyte of doubles; with fewer the calls cost more than the memory
# Elements side by side: of shorter runs each is on a page of memory of its own, which is up to seven times as slow.
_RUN = 1 << 12


def in_parts(*arrays: Array) -> Iterable[Any]:
    """Flat parts of all arrays alike, or the arrays as they are where they are small, of several shapes, or lie differently.

    An array without dimensions goes with each part.

    >>> [part.sum() for (part,) in in_parts(np.ones((3, 30_000), np.int64))]
    [np.int64(65536), np.int64(24464)]
    """
    return _alike(arrays) or (arrays,)


def in_pieces(*arrays: Array) -> Iterable[Any]:
    """`in_parts`, but large arrays that broadcast against the first go a few slices at a time where they cannot be flat.

    The slices are of the dimension that is first in the memory of the first array; an array that broadcasts there goes with each.

    >>> [(piece.shape, row.shape) for piece, row in in_pieces(np.ones((3, 30_000)), np.ones(30_000))]
    [((2, 30000), (30000,)), ((1, 30000), (30000,))]
    """
    if alike := _alike(arrays):
        return alike
    first = arrays[0]
    if first.ndim < 2 or not all(_broadcasts(each.shape, first.shape) for each in arrays):
        return (arrays,)
    return _slices(arrays)


def _alike(arrays: tuple[Array, ...]) -> Iterable[Any] | None:
    """The arrays if they are small, their parts if they can be flat."""
    first = arrays[0]
    if first.size <= PART:
        return (arrays,)
    if all(not each.ndim or each.shape == first.shape for each in arrays):
        if all(each.flags.c_contiguous for each in arrays):
            return _flat_parts([each.reshape(-1) if each.ndim else each for each in arrays], first.size)
        if all(each.flags.f_contiguous for each in arrays):
            return _flat_parts([each.T.reshape(-1) if each.ndim else each for each in arrays], first.size)
    return None


def _broadcasts(shape: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    return len(shape) <= len(wanted) and all(
        size in (1, into) for size, into in zip(reversed(shape), reversed(wanted), strict=False)
    )


def _slices(arrays: tuple[Array, ...]) -> Iterator[Any]:
    first = arrays[0]
    axis = max(range(first.ndim), key=lambda each: abs(first.strides[each]) * (first.shape[each] > 1))
    size, behind = first.shape[axis], first.ndim - axis  # counted from the end, where arrays of fewer dimensions stand
    step = max(1, PART * size // first.size)
    for start in range(0, size, step):
        part = (..., slice(start, start + step), *(slice(None),) * (behind - 1))
        yield tuple([each[part] if each.ndim >= behind and each.shape[-behind] == size else each for each in arrays])


def _flat_parts(flat: list[Array], size: int) -> Iterator[Any]:
    for start in range(0, size, PART):
        yield tuple([each[start : start + PART] if each.ndim else each for each in flat])


def in_slabs(dim: int, *arrays: Array) -> Iterable[Any]:
    """Parts of all arrays alike, which are of one shape, each with the whole of dimension `dim`, counted from the front.

    >>> [part.shape for (part,) in in_slabs(1, np.ones((3, 30_000)))]
    [(2, 30000), (1, 30000)]
    """
    first = arrays[0]
    if first.size <= PART or first.ndim < 2:
        return (arrays,)
    return _slabs(0 if dim else 1, arrays)


def _slabs(other: int, arrays: tuple[Array, ...]) -> Iterator[Any]:
    sizes = arrays[0].shape
    step = max(1, PART * sizes[other] // arrays[0].size)
    if other:
        step = max(step, _RUN // math.prod(sizes[other + 1 :]))
    for start in range(0, sizes[other], step):
        part = (slice(None),) * other + (slice(start, start + step),)
        yield tuple([each[part] for each in arrays])
