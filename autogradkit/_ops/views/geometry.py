"""What views do to memory: other sizes, strides and a first element on the same bytes; what was worked out once is remembered.

Rests on core/storage and core/strides. The kernels of views call these: sizes.py, dimensions.py and parts.py.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autogradkit.core.address import address_of
from autogradkit.core.errors import NoArrayError
from autogradkit.core.storage import Array, offset_of, root_of, strided
from autogradkit.core.strides import element_strides, is_non_overlapping_and_dense

_MOST = 4096  # views that a kernel remembers; endlessly many shapes begin anew


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


def remembered(kernel: Callable[..., Array]) -> Callable[..., Array]:
    """A kernel that works out a view once for each geometry of dense memory and each setting: `view=` of a declaration.

    The kernel's other arguments are integers, or tuples of them. Its refusals are not remembered, nor views of nothing.
    """
    found: dict[tuple[Any, ...], tuple[tuple[int, ...], int, tuple[int, ...], bool]] = {}

    @functools.wraps(kernel)
    def show(self: Array, *settings: Any, **named: Any) -> Array:
        if self.__class__ is not np.ndarray:
            return kernel(self, *settings, **named)
        key = (self.shape, self.strides, self.itemsize, settings, *named.values())
        known = found.get(key)
        if known is not None:
            shape, offset, strides, is_contiguous = known
            # NumPy lays a view on contiguous memory alone. What is dense in another order is all of what it is a view of,
            # if that has as many elements.
            owner: Any = self if is_contiguous else self.base
            if is_contiguous or (
                owner.__class__ is np.ndarray
                and owner.size == self.size
                and owner.itemsize == self.itemsize
                and owner.flags.forc
            ):
                return np.ndarray(shape, self.dtype, owner, offset, strides)
            return kernel(self, *settings, **named)
        view = kernel(self, *settings, **named)
        is_contiguous = self.flags.c_contiguous
        if view.size and (is_contiguous or is_non_overlapping_and_dense(self.shape, element_strides(self))):
            if len(found) > _MOST:
                found.clear()
            found[key] = view.shape, address_of(view) - address_of(self), view.strides, is_contiguous
        return view

    return show
