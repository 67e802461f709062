"""Copies with another tensor in place of a view: select_scatter, slice_scatter, diagonal_scatter, as_strided_scatter.

Rests on declare and views. As in PyTorch the copy has the strides and the offset of the tensor, and the rest of its storage.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op
from autogradkit._ops.declare.kinds import Array, Sizes, SymInt
from autogradkit._ops.declare.memory import like, real_part
from autogradkit._ops.declare.overlaps import require_writable
from autogradkit._ops.making.restriding import as_strided, positions_in
from autogradkit._ops.selection.gather import grid_of
from autogradkit._ops.views.parts import diagonal, select, slice_
from autogradkit.core.storage import Bytes, offset_of, strided
from autogradkit.core.strides import element_strides, has_internal_overlap, iteration_order, may_overlap_itself
from autogradkit.engine.history import requires_grad


def _twin(self: Array) -> Array:
    if has_internal_overlap(self.shape, self.strides):
        twin = like(self)
        twin[...] = self
        return twin
    whole = strided(self, (Bytes(self).nbytes() // self.itemsize,), (1,), 0).copy()
    return strided(whole, self.shape, element_strides(self), offset_of(self))


def _embedded(twin: Array, place: Array, src: Array) -> Array:
    """The copy, of which `place` is a view, with `src` there."""
    if place.shape != src.shape:
        raise RuntimeError(
            f"expected src to have a size equal to the slice of self. src size = {list(src.shape)}, slice size = "
            f"{list(place.shape)}"
        )
    require_writable(place, ())
    src = real_part(src) if src.dtype.kind == "c" and place.dtype.kind not in "cb" else src
    if may_overlap_itself(place.shape, element_strides(place)):
        _write_in_turn(place, src)
    else:
        np.copyto(place, src, casting="unsafe")
    return twin


def _write_in_turn(place: Array, src: Array) -> None:
    """Write where elements share their place, of which the last stays, in the order of PyTorch's loop."""
    steps = element_strides(place)
    dims = iteration_order([steps, element_strides(src)], place.shape)[::-1]
    offsets: Any = sum(step * each for step, each in zip(steps, grid_of(place.shape), strict=True))
    memory = strided(place, (int(offsets.max()) + 1,), (1,), offset_of(place))
    memory[offsets.transpose(dims).reshape(-1)] = src.transpose(dims).reshape(-1).astype(place.dtype)


@op(
    out=False,
    real_gradient=True,
    samples=lambda t: [(t(2, 3), t(3), 0, 1), (t(2, 3), t(2), -1, -2)],
    vjp={
        "self": lambda g, dim, index: k.select_scatter(g, k.zeros_like(k.select(g, dim, index)), dim, index),
        "src": lambda g, dim, index: k.select(g, dim, index),
    },
    rule="∂self = ∂, 0 at the selected index\n∂src = ∂ at the selected index",
)
def select_scatter(self: Array, src: Array, dim: int, index: SymInt) -> Array:
    """A copy with `src` in place `index` of dimension `dim`.

    >>> import autogradkit as torch
    >>> torch.select_scatter(torch.zeros(2, 2), torch.ones(2), 0, 1)
    tensor([[0., 0.],
            [1., 1.]])
    """
    twin = _twin(self)
    return _embedded(twin, select.kernel(twin, dim, index), src)


def _without_slice(g: Any, dim: int, start: int | None, end: int | None, step: int) -> Any:
    return k.slice_scatter(g, k.zeros_like(k.slice(g, dim, start, end, step)), dim, start, end, step)


@op(
    real_gradient=True,
    bare_out=True,
    samples=lambda t: [(t(4, 3), t(2, 3), 0, 1, 3), (t(2, 7), t(2, 3), -1, 1, 6, 2)],
    vjp={
        "self": _without_slice,
        "src": lambda g, dim, start, end, step: k.slice(g, dim, start, end, step),
    },
    rule="∂self = ∂, 0 in the slice\n∂src = ∂ in the slice",
)
def slice_scatter(
    self: Array, src: Array, dim: int = 0, start: SymInt | None = None, end: SymInt | None = None, step: SymInt = 1
) -> Array:
    """A copy with `src` in every `step`-th place of dimension `dim` from `start` to before `end`.

    >>> import autogradkit as torch
    >>> torch.slice_scatter(torch.zeros(4), torch.ones(2), 0, 1, 3)
    tensor([0., 1., 1., 0.])
    """
    twin = _twin(self)
    return _embedded(twin, slice_.kernel(twin, dim, start, end, step), src)


def _without_diagonal(g: Any, offset: int, dim1: int, dim2: int) -> Any:
    return k.diagonal_scatter(g, k.zeros_like(k.diagonal(g, offset, dim1, dim2)), offset, dim1, dim2)


@op(
    out=False,
    refuses_complex=True,
    samples=lambda t: [(t(3, 3), t(3)), (t(2, 3, 4), t(3, 2), 1, 0, 2)],
    vjp={
        "self": _without_diagonal,
        "src": lambda g, offset, dim1, dim2: k.diagonal(g, offset, dim1, dim2),
    },
    rule="∂self = ∂, 0 on the diagonal\n∂src = ∂ on the diagonal",
)
def diagonal_scatter(self: Array, src: Array, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Array:
    """A copy with `src` on the diagonal of dimensions `dim1` and `dim2`.

    >>> import autogradkit as torch
    >>> torch.diagonal_scatter(torch.zeros(2, 2), torch.ones(2))
    tensor([[1., 0.],
            [0., 1.]])
    """
    twin = _twin(self)
    return _embedded(twin, diagonal.kernel(twin, offset, dim1, dim2), src)


def _without_places(g: Any, size: Any, stride: Any, storage_offset: Any, self_geometry: Any) -> Any:
    places = positions_in(self_geometry, size, stride, storage_offset)
    return k.where(k.constant(covered(places, self_geometry), g), 0.0, g)


def covered(places: Array, geometry: Any) -> Array:
    """Which elements of a tensor are among these positions of its row-major order."""
    return np.isin(np.arange(int(np.prod(geometry[0]))), places).reshape(geometry[0])


def _require_contiguous(self: Any, *_rest: Any) -> None:
    if requires_grad(self) and not self.is_contiguous():
        raise RuntimeError(
            "!self.requires_grad() || self.is_contiguous() INTERNAL ASSERT FAILED at "
            '"/__w/pytorch/pytorch/aten/src/ATen/native/TensorShape.cpp":4754, please report a bug to PyTorch. '
            "as_strided_scatter is currently only supported for contiguous inputs"
        )


@op(
    out=False,
    refuse=_require_contiguous,
    refuses_complex=True,
    samples=lambda t: [(t(2, 3), t(2, 2), (2, 2), (1, 2), 1), (t(6), t(2), (2,), (3,))],
    vjp={
        "self": _without_places,
        "src": lambda g, size, stride, storage_offset, self_geometry: k.pick_flat(
            g, positions_in(self_geometry, size, stride, storage_offset)
        ),
    },
    rule="∂self = ∂, 0 in the view\n∂src = ∂ in the view",
)
def as_strided_scatter(
    self: Array, src: Array, size: Sizes, stride: Sizes, storage_offset: SymInt | None = None
) -> Array:
    """A copy with `src` where a view with these sizes, strides and this offset would be.

    >>> import autogradkit as torch
    >>> torch.as_strided_scatter(torch.zeros(5), torch.ones(2), (2,), (2,), 1)
    tensor([0., 1., 0., 1., 0.])
    """
    twin = _twin(self)
    return _embedded(twin, as_strided.kernel(twin, size, stride, storage_offset), src)
