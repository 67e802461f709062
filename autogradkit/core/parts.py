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
    first = arrays[0]
    if first.size <= PART or not all(not each.ndim or each.shape == first.shape for each in arrays):
        return (arrays,)
    if all(each.flags.c_contiguous for each in arrays):
        return _flat_parts([each.reshape(-1) if each.ndim else each for each in arrays], first.size)
    if all(each.flags.f_contiguous for each in arrays):
        return _flat_parts([each.T.reshape(-1) if each.ndim else each for each in arrays], first.size)
    return (arrays,)


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
