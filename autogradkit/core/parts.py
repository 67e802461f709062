"""Large arrays a part at a time, so that what is computed between operands and result stays in the cache.

Rests on NumPy. Kernels that take several steps over their operands go through here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

PART = 1 << 16  # elements: half a megabyte of doubles; with fewer the calls cost more than the memory


def in_parts(*arrays: Array) -> Iterator[Any]:
    """Flat parts of all arrays alike, or the arrays as they are where they are small, of several shapes, or not contiguous.

    An array without dimensions goes with each part.

    >>> [part.sum() for (part,) in in_parts(np.ones((3, 30_000), np.int64))]
    [np.int64(65536), np.int64(24464)]
    """
    first = arrays[0]
    if first.size <= PART or not all(
        not each.ndim or (each.shape == first.shape and each.flags.c_contiguous) for each in arrays
    ):
        yield arrays
        return
    flat = [each.reshape(-1) if each.ndim else each for each in arrays]
    for start in range(0, first.size, PART):
        yield tuple([each[start : start + PART] if each.ndim else each for each in flat])


def in_slabs(dim: int, *arrays: Array) -> Iterator[Any]:
    """Parts of all arrays alike, which are of one shape, each with the whole of dimension `dim`, counted from the front.

    >>> [part.shape for (part,) in in_slabs(1, np.ones((3, 30_000)))]
    [(2, 30000), (1, 30000)]
    """
    first = arrays[0]
    if first.size <= PART or first.ndim < 2:
        yield arrays
        return
    other = 0 if dim else 1
    step = max(1, PART * first.shape[other] // first.size)
    for start in range(0, first.shape[other], step):
        part = (slice(None),) * other + (slice(start, start + step),)
        yield tuple([each[part] for each in arrays])
