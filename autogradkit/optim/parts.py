"""Large arrays part by part: what fits into a processor's caches goes through all operations before the next part is read.

Rests on NumPy; `kernels` and `program` go by it. An operation on an array that is larger than the caches reads all of it from
memory, and a step is a dozen operations.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

_PART = 128 << 10  # bytes of each array: a handful of such stay in the second cache
WORTH_PARTS = 4 * _PART


def in_parts(arrays: Sequence[Array | None]) -> Iterator[Sequence[Array | None]]:
    """`arrays` of one shape and dtype, whole; or, where they are large and lie alike, flat and some elements of each at a time.

    None stays None; the first array is none.

    >>> [[part.shape for part in parts] for parts in in_parts([np.zeros((2, 3)), np.ones((2, 3))])]
    [[(2, 3), (2, 3)]]
    >>> [len(parts[0]) for parts in in_parts([np.zeros((300, 300))])]
    [16384, 16384, 16384, 16384, 16384, 8080]
    """
    first: Any = arrays[0]
    there = [each for each in arrays if each is not None]
    if first.nbytes < WORTH_PARTS:
        yield arrays
    elif all(each.flags.c_contiguous for each in there):
        yield from _of_flat([each if each is None else each.reshape(-1) for each in arrays], first)
    elif all(each.flags.f_contiguous for each in there):
        yield from _of_flat([each if each is None else each.T.reshape(-1) for each in arrays], first)
    else:
        yield arrays


def _of_flat(arrays: Sequence[Array | None], first: Array) -> Iterator[Sequence[Array | None]]:
    size = _PART // first.itemsize
    for start in range(0, first.size, size):
        yield [each if each is None else each[start : start + size] for each in arrays]


def cut(work: Array, part: Array) -> Array:
    """Of an array to work in as much as the last, smaller part needs."""
    return work if work.shape == part.shape else work[: len(part)]
