"""Elements picked, written or added by a position along a dimension: gather, scatter and their kin.

Rests on declare and index_select, whose checks of positions it shares. `t[index]` itself stands in indexing.py.
"""

from __future__ import annotations

import functools
from operator import setitem
from typing import Any

import numpy as np

from autogradkit._ops.declare import UNIMPLEMENTED, function, k, op
from autogradkit._ops.declare.kinds import Array, Dim, Scalar
from autogradkit._ops.declare.overlaps import require_disjoint
from autogradkit._ops.declare.refusals import undifferentiated
from autogradkit._ops.declare.writing import require_same_dtype
from autogradkit._ops.making.scalars import scalar_array
from autogradkit._ops.selection.index_select import is_index, lined_up, require_within
from autogradkit._ops.views.sizes import expand, view_sizes
from autogradkit.core.dtype import SCALAR_TYPE_NAMES, from_numpy_dtype, is_half
from autogradkit.core.halves import widened
from autogradkit.core.remembering import remember_small
from autogradkit.core.shapes import broadcast_shapes, require_dims, wrap_dim
from autogradkit.core.steps import NOTHING, Step
from autogradkit.core.strides import contiguous_strides
from autogradkit.core.tensor import Tensor, wrap
from autogradkit.core.warning import warn_once

FEW = 512  # elements, of which the indexing by a kept grid is quicker


def scalar_name(array: Array) -> str:
    return SCALAR_TYPE_NAMES[from_numpy_dtype(array.dtype)]


def _require_gatherable(self: Array, index: Array, name: str) -> None:
    if index.size and not is_index(index):
        raise RuntimeError(f"{name}(): Expected dtype int32/int64 for index")
    if max(self.ndim, 1) != max(index.ndim, 1):
        what = "input" if name == "gather" else "self"
        raise RuntimeError(f"Index tensor must have the same number of dimensions as {what} tensor")


def _gather_meta(self: Array, dim: int, index: Array, *, sparse_grad: bool) -> Any:
    if index.size:
        _require_gatherable(self, index, "gather")
        shape = self.shape
        for other, size in enumerate(index.shape):
            if other != dim and shape and size > shape[other]:
                raise RuntimeError(
                    f"Size does not match at dimension {other} expected index {list(index.shape)} to be no larger than self "
                    f"{list(shape)} apart from dimension {dim}"
                )
    return index.shape, self.dtype


def _spread_back(g: Any, shape: tuple[int, ...], dim: int, index: Any) -> Any:
    if 0 in index.shape:
        return k.new_zeros(g, shape)
    if shape:
        return k.scatter_add(k.new_zeros(g, shape), dim, index, g)
    return k.expand(k.sum_all(g), shape)  # every place of a scalar is its only one


@op(
    apart="resized",
    apart_from="self",
    meta=_gather_meta,
    samples=lambda t: [(t(3, 2), 0, wrap(np.array([[2, 0], [2, 1]]))), (t(2, 3), 1, wrap(np.array([[1], [0]])))],
    gradient_version=1,
    vjp={"self": lambda g, self, dim, index, sparse_grad: _spread_back(g, self.shape, dim, index)},
    rule="∂self = ∂ added at the index along dim, 0 elsewhere",
)
def gather(self: Array, dim: Dim, index: Array, *, sparse_grad: bool = False, out: Array) -> None:
    """For every element of `index`, the element of `self` that it names along dimension `dim`.

    >>> import autogradkit as torch
    >>> torch.gather(torch.tensor([[1, 2], [3, 4]]), 1, torch.tensor([[0], [1]]))
    tensor([[1],
            [4]])
    """
    if not index.size:
        return
    source, places = lined_up(self), lined_up(index)
    if places.dtype != np.int64:
        places = places.astype(np.int64)
    # As unsigned numbers the negative ones are too large as well.
    if np.maximum.reduce(places.view(np.uint64), axis=None) >= source.shape[dim]:
        require_within("", index, dim, source.shape[dim])
    if index.size > FEW and source.flags.c_contiguous and out.flags.c_contiguous:
        flat = _flat_positions(places, dim, source.shape)
        # No place is outside, so that nothing wraps: the other modes are slower
        source.reshape(-1).take(flat, out=out.reshape(flat.shape), mode="wrap")
    else:
        out[...] = source[positions_along(places, dim)].reshape(out.shape)


@remember_small
def grid_of(shape: tuple[int, ...]) -> tuple[Array, ...]:
    """The coordinates of every element, dimension by dimension."""
    return tuple(np.ogrid[tuple([slice(size) for size in shape])])


def positions_along(places: Array, dim: int) -> tuple[Array, ...]:
    """An index array for each dimension: what is named along `dim` stands, in the others, where its name does."""
    grid = list(grid_of(places.shape))
    grid[dim] = places
    return tuple(grid)


def _flat_positions(places: Array, dim: int, shape: tuple[int, ...]) -> Array:
    """The same positions, counted through a whole of that shape in row-major order."""
    steps = contiguous_strides(shape)
    grids = grid_of(places.shape)
    others = [grids[other] * steps[other] for other in range(len(shape)) if other != dim]
    step = steps[dim]
    flat = places.astype(np.int64, copy=False) if step == 1 else places * np.int64(step)
    return flat + functools.reduce(np.add, others) if others else flat


def require_scatterable(self: Any, dim: int, index: Any, src: Any, reduce: str | None = None) -> None:
    """What follows from dtypes and sizes, and is refused before memory is looked at."""
    dim = wrap_dim(dim, self._array.ndim)
    given = isinstance(src, Tensor)
    self, index, src = self._array, index._array, src._array if given else None
    if index.size and not is_index(index):
        raise RuntimeError("scatter(): Expected dtype int32/int64 for index")
    if given and src.dtype != self.dtype:
        raise RuntimeError("scatter(): Expected self.dtype to be equal to src.dtype")
    if not index.size:
        return
    _require_gatherable(self, index, "scatter")
    sizes, own = index.shape or (1,), self.shape or (1,)
    too_large = any(size > own[other] and other != dim for other, size in enumerate(sizes))
    if given and not too_large:
        for other, size in enumerate(sizes):  # of each of which PyTorch asks src before it counts that one's dimensions
            if size > (src.shape[wrap_dim(other, src.ndim)] if src.ndim else 1):
                too_large = True
                break
    if given and max(src.ndim, 1) != len(sizes):
        raise RuntimeError("Index tensor must have the same number of dimensions as src tensor")
    if too_large:
        larger = f" and to be no larger size than src {list(src.shape)}" if given else ""
        raise RuntimeError(
            f"Expected index {list(index.shape)} to be no larger than self {list(self.shape)} apart from dimension "
            f"{dim}{larger}"
        )


def _scatter(self: Array, dim: int, index: Array, src: Any, reduce: str | None, out: Array) -> Step:
    """The step that writes into `out`, which holds what `self` does, where `index` points."""
    given = isinstance(src, np.ndarray)
    if reduce not in (None, "add", "multiply"):
        raise RuntimeError("reduce argument must be either add or multiply.")
    target = lined_up(out)
    require_within("", index, dim, target.shape[dim])
    if not index.size:
        return NOTHING
    places = lined_up(index)
    values = lined_up(src)[tuple([slice(size) for size in places.shape])] if given else src
    if reduce == "add" and is_half(out.dtype):
        return setitem, target, ..., summed_at(target, positions_along(places, dim), values)
    if target.flags.c_contiguous:
        flat = _flat_positions(places, dim, target.shape).reshape(-1)
        return *_writes(reduce, target.reshape(-1), flat), values.reshape(-1) if given else values
    return *_writes(reduce, target, positions_along(places, dim)), values


def summed_at(target: Array, positions: Any, values: Any) -> Array:
    """What stands in `target`, of half precision, with `values` added there: as in PyTorch summed in float32, rounded once."""
    total = widened(target)
    np.add.at(total, positions, widened(values) if isinstance(values, np.ndarray) else values)
    return total.astype(target.dtype)


def _writes(reduce: str | None, target: Array, positions: Any) -> Step:
    """The step, up to the values, that writes there, or adds to or multiplies what is there."""
    if reduce is None:
        return setitem, target, positions
    return (np.add if reduce == "add" else np.multiply).at, target, positions


def _as_element(value: Any, array: Array) -> Any:
    return scalar_array(value, from_numpy_dtype(array.dtype)).item()


def _scatter_samples(t: Any) -> list[tuple[Any, ...]]:
    return [(t(3, 2), 0, wrap(np.array([[2, 0], [1, 2]])), t(2, 2))]


scatter = function("scatter", in_place=True)


@scatter.overload(
    edits="contiguous",
    deferred=True,
    refuse=require_scatterable,
    overlaps=require_disjoint,
    apart="resized",
    apart_from="index src",
    samples=_scatter_samples,
    vjp={
        "self": lambda g, dim, index: k.scatter_value(g, dim, index, 0.0),
        "src": lambda g, dim, index: k.gather(g, dim, index),
    },
    rule="∂self = ∂, 0 at the index\n∂src = ∂ at the index",
)
def scatter_src(self: Array, dim: Dim, index: Array, src: Array, *, out: Array) -> Step:
    """A copy of `input` with elements of `src` (or the number `value`) written where `index` names them along `dim`.

    >>> import autogradkit as torch
    >>> torch.zeros(1, 3).scatter(1, torch.tensor([[2]]), 5.0)
    tensor([[0., 0., 5.]])
    """
    return _scatter(self, dim, index, src, None, out)


@scatter.overload(
    node=UNIMPLEMENTED,
    in_place_node=UNIMPLEMENTED,
    edits="contiguous",
    deferred=True,
    refuse=require_scatterable,
    overlaps=require_disjoint,
    apart="resized",
    apart_from="index src",
    vjp=dict.fromkeys(("self", "src"), undifferentiated("scatter")),
    edit_vjp=dict.fromkeys(("self", "src"), undifferentiated("scatter_")),
    rule="∂self and ∂src are not implemented in PyTorch",
)
def _(self: Array, dim: Dim, index: Array, src: Array, *, reduce: str, out: Array) -> Step:
    warn_once(
        "The reduce argument of torch.scatter with Tensor src is deprecated and will be removed in a future PyTorch release. "
        "Use torch.scatter_reduce instead for more reduction options."
    )
    return _scatter(self, dim, index, src, reduce, out)


@scatter.overload(
    node="ScatterBackward1",
    edits="contiguous",
    deferred=True,
    refuse=require_scatterable,
    overlaps=require_disjoint,
    apart="resized",
    apart_from="index",
    samples=lambda t: [(t(3, 2), 0, wrap(np.array([[2, 0], [1, 2]])), 1.5)],
    vjp={"self": lambda g, dim, index: k.scatter_value(g, dim, index, 0.0)},
    rule="∂self = ∂, 0 at the index",
)
def scatter_value(self: Array, dim: Dim, index: Array, value: Scalar, *, out: Array) -> Step:
    return _scatter(self, dim, index, _as_element(value, self), None, out)


@scatter.overload(
    node=UNIMPLEMENTED,
    in_place_node=UNIMPLEMENTED,
    edits="contiguous",
    deferred=True,
    refuse=require_scatterable,
    overlaps=require_disjoint,
    apart="resized",
    apart_from="index",
    vjp={"self": undifferentiated("scatter")},
    edit_vjp={"self": undifferentiated("scatter_")},
    rule="∂self is not implemented in PyTorch",
)
def _(self: Array, dim: Dim, index: Array, value: Scalar, *, reduce: str, out: Array) -> Step:
    return _scatter(self, dim, index, _as_element(value, self), reduce, out)


@op(
    in_place=True,
    edits="contiguous",
    deferred=True,
    refuse=require_scatterable,
    overlaps=require_disjoint,
    apart="resized",
    apart_from="index src",
    samples=lambda t: [(t(3, 2), 0, wrap(np.array([[2, 0], [2, 1]])), t(2, 2))],
    vjp={"self": lambda g: g, "src": lambda g, dim, index: k.gather(g, dim, index)},
    rule="∂self = ∂\n∂src = ∂ at the index",
)
def scatter_add(self: Array, dim: Dim, index: Array, src: Array, *, out: Array) -> Step:
    """A copy of `self` with the elements of `src` added where `index` names them along `dim`.

    >>> import autogradkit as torch
    >>> torch.zeros(3).scatter_add(0, torch.tensor([0, 0, 2]), torch.tensor([1.0, 2.0, 3.0]))
    tensor([3., 0., 3.])
    """
    return _scatter(self, dim, index, src, "add", out)


@op(out_dtype=require_same_dtype, composition=True, out=True, apart="resized")
def take_along_dim(self: Tensor, indices: Tensor, dim: int | None = None) -> Any:
    """The elements that `indices` names along `dim`, both broadcast in the other dimensions.

    >>> import autogradkit as torch
    >>> torch.take_along_dim(torch.tensor([[3, 1]]), torch.tensor([[1, 0]]), 1)
    tensor([[1, 3]])
    """
    tensor: Any = self
    places: Any = indices
    if tensor.is_meta is not places.is_meta:
        raise RuntimeError(
            f"Expected tensor to have {tensor.device} Device, but got tensor with {places.device} Device (while checking "
            "arguments for torch.take_along_dim():)"
        )
    if dim is None:
        return gather(view_sizes(tensor, (-1,)), 0, view_sizes(places, (-1,)))
    if tensor._array.ndim != places._array.ndim:
        raise RuntimeError(
            "torch.take_along_dim(): input and indices should have the same number of dimensions, but got "
            f"{tensor._array.ndim} dimensions for input, and {places._array.ndim} dimensions for indices"
        )
    if places._array.dtype != np.int64:
        raise RuntimeError(
            f"torch.take_along_dim(): dtype of indices should be Long but got {scalar_name(places._array)}"
        )
    dim = wrap_dim(dim, tensor._array.ndim)
    require_dims(tensor._array.ndim)
    own, named = list(tensor._array.shape), list(places._array.shape)
    own[dim] = named[dim] = 1
    shape = broadcast_shapes(tuple(own), tuple(named))
    whole = (*shape[:dim], tensor._array.shape[dim], *shape[dim + 1 :])
    names = (*shape[:dim], places._array.shape[dim], *shape[dim + 1 :])
    if not whole[dim] and places._array.size:
        raise RuntimeError("ZeroDivisionError")
    return gather(expand(tensor, whole), dim, expand(wrap(places._array % np.int64(whole[dim] or 1)), names))
