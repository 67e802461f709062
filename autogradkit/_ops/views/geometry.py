"""What views do to memory: other sizes, strides and a first element on the same bytes.

Rests on core/storage and core/strides. The kernels of views call these: sizes.py, dimensions.py and parts.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autogradkit.core.address import address_of
from autogradkit.core.errors import NoArrayError
from autogradkit.core.storage import Array, offset_of, root_of, strided


def restrided(array: Array, shape: Sequence[int], strides: Sequence[int], start: int = 0) -> Array:
    """The same memory with other sizes and element strides, from the element `start` places after the first."""
    itemsize = array.itemsize
    if 0 in shape:
        return strided(array, tuple(shape), tuple(strides), offset_of(array) + start)
    owner, offset = array, start * itemsize
    if not array.flags.c_contiguous:
        owner = root_of(array)
        if not owner.flags.forc or owner.dtype.hasobject:
            return strided(array, tuple(shape), tuple(strides), offset_of(array) + start)
        offset += address_of(array) - address_of(owner)
    return showing(owner, offset, shape, [stride * itemsize for stride in strides], array.dtype)


def showing(
    owner: Array, offset: int, shape: Sequence[int], strides: Sequence[int], kind: np.dtype[Any] | None = None
) -> Array:
    """The memory of an array without gaps, from some byte on, with other sizes and strides in bytes."""
    try:
        return np.ndarray(shape, owner.dtype if kind is None else kind, owner, offset, strides)
    except TypeError:
        raise NoArrayError("there is no memory to look at") from None
