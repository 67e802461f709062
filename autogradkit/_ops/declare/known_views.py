"""Kernels of views that know again what they worked out: `view=KnownViews` of a declaration.

To work out sizes, strides and first element in Python takes longer than NumPy takes to make the view. Straight lines look a
view up by the layout of what it is of (core/tensor.py), which most tensors have; everything else dense is known by its geometry.
Rests on core; the views in _ops/views are declared with it, lanes.py writes the lookup.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autogradkit.core.address import address_of
from autogradkit.core.storage import Array
from autogradkit.core.strides import element_strides, is_non_overlapping_and_dense
from autogradkit.core.tensor import Layout, layout_of, wrap

_MOST = 4096  # views that a kernel remembers; endlessly many shapes begin anew


class KnownViews:
    """A kernel that works out a view once for each layout, or geometry of dense memory, and each setting.

    The kernel's other arguments are integers, or tuples of them. Its refusals are not remembered, nor views of nothing.
    """

    def __init__(self, kernel: Callable[..., Array]) -> None:
        self.kernel = kernel
        # By (layout, settings ...): sizes, strides in bytes, offset in bytes, and the view's layout. Where that is one, it is
        # what NumPy's `reshape` lays out, and strides are None.
        self.by_layout: dict[tuple[Any, ...], tuple[tuple[int, ...], tuple[int, ...] | None, int, Layout | None]] = {}
        self._by_geometry: dict[tuple[Any, ...], tuple[tuple[int, ...], int, tuple[int, ...], bool]] = {}

    def __call__(self, array: Array, *settings: Any, **named: Any) -> Array:
        """The view, by the geometry of the array."""
        if array.__class__ is not np.ndarray:
            return self.kernel(array, *settings, **named)
        found = self._by_geometry
        key = (array.shape, array.strides, array.itemsize, settings, *named.values())
        known = found.get(key)
        if known is not None:
            shape, offset, strides, is_contiguous = known
            # NumPy lays a view on contiguous memory alone. What is dense in another order is all of what it is a view of,
            # if that has as many elements.
            owner: Any = array if is_contiguous else array.base
            if is_contiguous or (
                owner.__class__ is np.ndarray
                and owner.size == array.size
                and owner.itemsize == array.itemsize
                and owner.flags.forc
            ):
                return np.ndarray(shape, array.dtype, owner, offset, strides)
            return self.kernel(array, *settings, **named)
        view = self.kernel(array, *settings, **named)
        is_contiguous = array.flags.c_contiguous
        if view.size and (is_contiguous or is_non_overlapping_and_dense(array.shape, element_strides(array))):
            if len(found) > _MOST:
                found.clear()
            found[key] = view.shape, address_of(view) - address_of(array), view.strides, is_contiguous
        return view

    def note(self, key: tuple[Any, ...], array: Array, view: Array) -> None:
        """Remember the view that was made of an array of a layout; `key` begins with that."""
        if not view.size:
            return
        if len(self.by_layout) > _MOST:
            self.by_layout.clear()
        shape, offset, layout = view.shape, address_of(view) - address_of(array), layout_of(wrap(view))
        if layout and not offset and view.size == array.size and array.reshape(shape).strides == view.strides:
            self.by_layout[key] = shape, None, 0, layout
        else:
            self.by_layout[key] = shape, view.strides, offset, None
