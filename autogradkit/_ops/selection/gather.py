"""Elements picked, written or added by position: gather, scatter, index_select, index_add, take and their kin.

Rests on declare and indexing. `t[index]` itself stands in indexing.py, what goes by masks in masks.py.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from autogradkit._ops.declare import function, k, op
from autogradkit._ops.declare.kinds import Array, Dim, Scalar
from autogradkit._ops.declare.writing import require_same_dtype, saying
from autogradkit._ops.making.scalars import scalar_array
from autogradkit._ops.selection.indexing import add_rows
from autogradkit._ops.views.sizes import expand, reshape
from autogradkit.core.dtype import SCALAR_TYPE_NAMES, from_numpy_dtype
from autogradkit.core.strides import broadcast_shapes, wrap_dim
from autogradkit.core.tensor import Tensor, wrap


def _name(array: Array) -> str:
    return SCALAR_TYPE_NAMES[from_numpy_dtype(array.dtype)]


def _is_index(array: Array) -> bool:
    return array.dtype == np.int64 or array.dtype == np.int32


def _places(*positions: int) -> Any:
    return wrap(np.array(positions))


def _lined_up(array: Array) -> Array:
    """The array with at least one dimension."""
    return array if array.ndim else array.reshape(1)


def _require_within(name: str, index: Array, dim: int, size: int, *, negative: bool = False) -> None:
    low = -size if negative else 0
    bad = index[(index < low) | (index >= size)]
    if bad.size:
        raise (IndexError if negative else RuntimeError)(
            f"index {int(bad.flat[0])} is out of bounds for dimension {dim} with size {size}"
        )


# -- whole places of one dimension -------------------------------------------------------------------------------------


def _select_meta(self: Array, dim: int, index: Array) -> Any:
    if index.ndim > 1:
        raise IndexError("index_select(): Index is supposed to be a vector")
    if not _is_index(index):
        raise RuntimeError("index_select(): Expected dtype int32 or int64 for index")
    if not self.ndim and index.size != 1:
        raise RuntimeError(f"index_select(): Index to scalar can have only 1 value, got {index.size} value(s)")
    if index.size and not 0 <= index.min() <= index.max() < _lined_up(self).shape[dim]:
        raise IndexError("index out of range in self")
    return ((*self.shape[:dim], index.size, *self.shape[dim + 1 :]) if self.ndim else ()), self.dtype


@op(
    out_dtype=saying("index_select(): self and result must have the same scalar type"),
    apart="given",
    meta=_select_meta,
    samples=lambda t: [(t(3, 2), 0, _places(2, 0, 2)), (t(2, 3), -1, _places(1))],
    vjp={"self": lambda g, self_sym_sizes, dim, index: k.index_add(k.new_zeros(g, self_sym_sizes), dim, index, g)},
    rule="∂self = ∂ added at the index along dim, 0 elsewhere",
)
def index_select(self: Array, dim: Dim, index: Array, *, out: Array) -> None:
    """The places of dimension `dim` that the vector `index` lists, as a copy.

    >>> import autogradkit as torch
    >>> torch.index_select(torch.tensor([[1, 2], [3, 4]]), 1, torch.tensor([1, 1]))
    tensor([[2, 2],
            [4, 4]])
    """
    np.copyto(out, _lined_up(self).take(index.reshape(-1), dim).reshape(out.shape))


def _index_add_source(g: Any, source: Any, dim: int, index: Any, alpha: float) -> Any:
    picked = k.reshape(k.index_select(g, dim, index), source.shape)
    return picked if alpha == 1 else picked * alpha


@op(
    in_place=True,
    edits="contiguous",
    samples=lambda t: [(t(3, 2), 0, _places(2, 0, 2), t(3, 2)), (t(2, 3), 1, _places(1), t(2, 1))],
    vjp={"self": lambda g: g, "source": _index_add_source},
    rule="∂self = ∂\n∂source = ∂ at the index · alpha",
)
def index_add(self: Array, dim: Dim, index: Array, source: Array, *, alpha: Scalar = 1, out: Array) -> None:
    """A copy of `self` with `alpha` times each place of `source` added to the place of dimension `dim` that `index` lists.

    >>> import autogradkit as torch
    >>> torch.zeros(3).index_add(0, torch.tensor([0, 0, 2]), torch.tensor([1.0, 2.0, 3.0]))
    tensor([3., 0., 3.])
    """
    count = source.shape[dim] if source.ndim else 1
    if self.dtype != source.dtype:
        raise RuntimeError(
            f"index_add_(): self ({_name(self)}) and source ({_name(source)}) must have the same scalar type"
        )
    if index.size != count:
        raise RuntimeError(
            f"index_add_(): Number of indices ({index.size}) should be equal to source.size(dim): ({count}), for dim: {dim}"
        )
    others = [shape[:dim] + shape[dim + 1 :] for shape in (self.shape, source.shape)]
    if others[0] != others[1]:
        raise RuntimeError(
            "source tensor shape must match self tensor shape, excluding the specified dimension. Got self.shape = "
            f"{list(self.shape)} source.shape = {list(source.shape)}"
        )
    places = _lined_up(out)
    _require_within("index_add", index, dim, places.shape[dim])
    values = _lined_up(source) if alpha == 1 else _lined_up(source) * alpha
    total = np.zeros((places.shape[dim], places.size // max(places.shape[dim], 1)), self.dtype)
    if total.size:
        add_rows(total, index.reshape(-1), np.moveaxis(values, dim, 0).reshape(count, -1))
        rest = places.shape[:dim] + places.shape[dim + 1 :]
        places += np.moveaxis(total.reshape(places.shape[dim], *rest), 0, dim)


@op(
    in_place=True,
    edits="contiguous",
    samples=lambda t: [(t(3, 2), 0, _places(2, 0), t(2, 2))],
    vjp={
        "self": lambda g, dim, index: k.index_fill_number(g, dim, index, 0.0),
        "source": lambda g, source, dim, index: k.reshape(k.index_select(g, dim, index), source.shape),
    },
    rule="∂self = ∂, 0 at the index\n∂source = ∂ at the index",
)
def index_copy(self: Array, dim: Dim, index: Array, source: Array, *, out: Array) -> None:
    """A copy of `self` with the places of dimension `dim` that `index` lists replaced by those of `source`.

    >>> import autogradkit as torch
    >>> torch.zeros(3).index_copy(0, torch.tensor([2, 0]), torch.tensor([1.0, 2.0]))
    tensor([2., 0., 1.])
    """
    count = source.shape[dim] if source.ndim else 1
    if index.size != count:
        raise IndexError(
            f"index_copy_(): Number of indices ({index.size}) should be equal to source.size(dim) ({count})"
        )
    places = _lined_up(out)
    _require_within("index_copy", index, dim, places.shape[dim])
    places[(*(slice(None),) * dim, index)] = source


index_fill = function("index_fill", in_place=True)


@index_fill.overload(
    composition=True, edit=lambda self, dim, index, value: _fill_by_tensor(self, dim, index, value, True)
)
def _(self: Tensor, dim: int, index: Tensor, value: Tensor) -> Any:
    """A copy of `self` with `value` in the places of dimension `dim` that `index` lists.

    >>> import autogradkit as torch
    >>> torch.zeros(3).index_fill(0, torch.tensor([0, 2]), 5)
    tensor([5., 0., 5.])
    """
    return _fill_by_tensor(self, dim, index, value, False)


def _fill_by_tensor(self: Any, dim: int, index: Any, value: Any, in_place: bool) -> Any:
    if value.requires_grad:
        raise NotImplementedError("index_fill() with a value that requires grad is not available; use where() for it")
    if value._array.ndim:
        raise RuntimeError(
            f"index_fill_ only supports a 0-dimensional value tensor, but got tensor with {value._array.ndim} dimension(s)."
        )
    run = index_fill_number.in_place_call if in_place else index_fill_number
    return run(self, dim, index, value.item())


@index_fill.overload(
    out=False,
    edits=True,
    samples=lambda t: [(t(3, 2), 0, _places(2, 0), 1.5)],
    vjp={"self": lambda g, dim, index: k.index_fill_number(g, dim, index, 0.0)},
    rule="∂self = ∂, 0 at the index",
)
def index_fill_number(self: Array, dim: Dim, index: Array, value: Scalar, *, out: Array) -> None:
    places = _lined_up(out)
    _require_within("index_fill", index, dim, places.shape[dim], negative=True)
    places[(*(slice(None),) * dim, index)] = value


# -- element by element along one dimension ----------------------------------------------------------------------------


def _require_gatherable(self: Array, index: Array, name: str) -> None:
    if index.size and not _is_index(index):
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
    meta=_gather_meta,
    samples=lambda t: [(t(3, 2), 0, wrap(np.array([[2, 0], [2, 1]]))), (t(2, 3), 1, wrap(np.array([[1], [0]])))],
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
    source, places = _lined_up(self), _lined_up(index)
    if places.dtype != np.int64:
        places = places.astype(np.int64)
    # As unsigned numbers the negative ones are too large as well.
    if np.maximum.reduce(places.view(np.uint64), axis=None) >= source.shape[dim]:
        _require_within("gather", index, dim, source.shape[dim])
    grid = list(_grid(places.shape))
    grid[dim] = places
    out[...] = source[tuple(grid)].reshape(out.shape)


@functools.lru_cache(maxsize=256)
def _grid(shape: tuple[int, ...]) -> tuple[Array, ...]:
    """The coordinates of every element, dimension by dimension."""
    return tuple(np.ogrid[tuple([slice(size) for size in shape])])


def _scatter(self: Array, dim: int, index: Array, src: Any, reduce: str | None, out: Array) -> None:
    """Write into `out`, which holds what `self` does, where `index` points; all checks come first."""
    name = "scatter"
    _require_gatherable(self, index, name)
    given = isinstance(src, np.ndarray)
    if given:
        if src.dtype != self.dtype:
            raise RuntimeError(f"{name}(): Expected self.dtype to be equal to src.dtype")
        if max(src.ndim, 1) != max(index.ndim, 1):
            raise RuntimeError("Index tensor must have the same number of dimensions as src tensor")
    for other, size in enumerate(index.shape):
        too_large = other != dim and self.ndim and size > self.shape[other]
        if too_large or (given and src.ndim and size > src.shape[other]):
            larger = f" and to be no larger size than src {list(src.shape)}" if given else ""
            raise RuntimeError(
                f"Expected index {list(index.shape)} to be no larger than self {list(self.shape)} apart from dimension "
                f"{dim}{larger}"
            )
    if reduce not in (None, "add", "multiply"):
        raise RuntimeError("reduce argument must be either add or multiply.")
    target = _lined_up(out)
    _require_within(name, index, dim, target.shape[dim])
    if not index.size:
        return
    places = _lined_up(index)
    values = _lined_up(src)[tuple([slice(size) for size in places.shape])] if given else src
    grid = list(_grid(places.shape))
    grid[dim] = places
    if reduce is None:
        target[tuple(grid)] = values
    elif reduce == "add" and target.flags.c_contiguous:
        flat = np.ravel_multi_index(np.broadcast_arrays(*grid), target.shape).reshape(-1)
        np.add.at(target.reshape(-1), flat, np.broadcast_to(values, places.shape).reshape(-1))
    else:
        (np.add if reduce == "add" else np.multiply).at(target, tuple(grid), values)


def _as_element(value: Any, array: Array) -> Any:
    return scalar_array(value, from_numpy_dtype(array.dtype)).item()


def _scatter_samples(t: Any) -> list[tuple[Any, ...]]:
    return [(t(3, 2), 0, wrap(np.array([[2, 0], [1, 2]])), t(2, 2))]


scatter = function("scatter", in_place=True)


@scatter.overload(
    edits=True,
    samples=_scatter_samples,
    vjp={
        "self": lambda g, dim, index: k.scatter_value(g, dim, index, 0.0),
        "src": lambda g, dim, index: k.gather(g, dim, index),
    },
    rule="∂self = ∂, 0 at the index\n∂src = ∂ at the index",
)
def scatter_src(self: Array, dim: Dim, index: Array, src: Array, *, out: Array) -> None:
    """A copy of `input` with elements of `src` (or the number `value`) written where `index` names them along `dim`.

    >>> import autogradkit as torch
    >>> torch.zeros(1, 3).scatter(1, torch.tensor([[2]]), 5.0)
    tensor([[0., 0., 5.]])
    """
    _scatter(self, dim, index, src, None, out)


@scatter.overload(edits=True)
def _(self: Array, dim: Dim, index: Array, src: Array, *, reduce: str, out: Array) -> None:
    _scatter(self, dim, index, src, reduce, out)


@scatter.overload(
    node="ScatterBackward1",
    edits=True,
    samples=lambda t: [(t(3, 2), 0, wrap(np.array([[2, 0], [1, 2]])), 1.5)],
    vjp={"self": lambda g, dim, index: k.scatter_value(g, dim, index, 0.0)},
    rule="∂self = ∂, 0 at the index",
)
def scatter_value(self: Array, dim: Dim, index: Array, value: Scalar, *, out: Array) -> None:
    _scatter(self, dim, index, _as_element(value, self), None, out)


@scatter.overload(edits=True)
def _(self: Array, dim: Dim, index: Array, value: Scalar, *, reduce: str, out: Array) -> None:
    _scatter(self, dim, index, _as_element(value, self), reduce, out)


@op(
    in_place=True,
    edits=True,
    samples=lambda t: [(t(3, 2), 0, wrap(np.array([[2, 0], [2, 1]])), t(2, 2))],
    vjp={"self": lambda g: g, "src": lambda g, dim, index: k.gather(g, dim, index)},
    rule="∂self = ∂\n∂src = ∂ at the index",
)
def scatter_add(self: Array, dim: Dim, index: Array, src: Array, *, out: Array) -> None:
    """A copy of `self` with the elements of `src` added where `index` names them along `dim`.

    >>> import autogradkit as torch
    >>> torch.zeros(3).scatter_add(0, torch.tensor([0, 0, 2]), torch.tensor([1.0, 2.0, 3.0]))
    tensor([3., 0., 3.])
    """
    _scatter(self, dim, index, src, "add", out)


@op(out_dtype=require_same_dtype, composition=True, out=True)
def take_along_dim(self: Tensor, indices: Tensor, dim: int | None = None) -> Any:
    """The elements that `indices` names along `dim`, both broadcast in the other dimensions.

    >>> import autogradkit as torch
    >>> torch.take_along_dim(torch.tensor([[3, 1]]), torch.tensor([[1, 0]]), 1)
    tensor([[1, 3]])
    """
    tensor: Any = self
    places: Any = indices
    if dim is None:
        return gather(reshape(tensor, (-1,)), 0, _counted(reshape(places, (-1,)), tensor._array.size))
    dim = wrap_dim(dim, tensor._array.ndim)
    own, named = list(tensor._array.shape), list(places._array.shape)
    own[dim] = named[dim] = 1
    shape = broadcast_shapes(tuple(own), tuple(named))
    whole = (*shape[:dim], tensor._array.shape[dim], *shape[dim + 1 :])
    names = (*shape[:dim], places._array.shape[dim], *shape[dim + 1 :])
    return gather(expand(tensor, whole), dim, expand(_counted(places, whole[dim]), names))


def _counted(indices: Tensor, size: int) -> Tensor:
    """The indices counted from the front."""
    return wrap(np.where(indices._array < 0, indices._array + size, indices._array))


def _take_meta(self: Array, index: Array) -> Any:
    if index.dtype != np.int64:
        raise RuntimeError(f"take(): Expected a long tensor for index, but got {_name(index)}")
    bad = index[(index < -self.size) | (index >= self.size)]
    if bad.size:
        raise IndexError(f"out of range: tried to access index {int(bad.flat[0])} on a tensor of {self.size} elements.")
    return index.shape, self.dtype


def _take_backward(g: Any, self: Any, index: Any) -> Any:
    flat = k.reshape(k.new_zeros(g, self.shape), (-1,))
    return k.reshape(k.index_put(flat, (index,), g, True), self.shape)


@op(
    out_dtype=saying(
        "take(): self and out expected to have the same dtype, but got self.dtype = {result} and out.dtype = {out}"
    ),
    apart="given",
    meta=_take_meta,
    samples=lambda t: [(t(2, 3), wrap(np.array([[5, 0], [5, 2]])))],
    vjp={"self": _take_backward},
    rule="∂self = ∂ added at the index, 0 elsewhere",
)
def take(self: Array, index: Array, *, out: Array) -> None:
    """The elements at these positions of the row-major order, in the shape of `index`.

    >>> import autogradkit as torch
    >>> torch.take(torch.tensor([[1, 2], [3, 4]]), torch.tensor([0, 3]))
    tensor([1, 4])
    """
    np.copyto(out, self.reshape(-1)[index])
