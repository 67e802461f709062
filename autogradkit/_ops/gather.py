"""Elements picked, written or added by position: gather, scatter, index_select, index_add, take and their kin.

Rests on op and indexing. `t[index]` itself stands in indexing.py, what goes by masks in masks.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import k
from autogradkit._ops.in_place import accepts_out
from autogradkit._ops.indexing import add_rows
from autogradkit._ops.making.scalars import scalar_array
from autogradkit._ops.op import Array, composite, op
from autogradkit._ops.shape import expand, reshape
from autogradkit.core.dtype import SCALAR_TYPE_NAMES, from_numpy_dtype
from autogradkit.core.strides import broadcast_shapes, dense_strides_like, element_strides, empty_strided, wrap_dim
from autogradkit.core.tensor import Tensor, empty_array, wrap


def _name(array: Array) -> str:
    return SCALAR_TYPE_NAMES[from_numpy_dtype(array.dtype)]


def _is_index(array: Array) -> bool:
    return array.dtype == np.int64 or array.dtype == np.int32


def _places(*positions: int) -> Any:
    return wrap(np.array(positions))


def _copy(array: Array) -> Array:
    copy = empty_array(array.shape, array.dtype)
    copy[...] = array
    return copy


# -- whole places of one dimension -------------------------------------------------------------------------------------


@op(samples=lambda t: [(t(3, 2), 0, _places(2, 0, 2)), (t(2, 3), -1, _places(1))])
def index_select(self: Array, dim: int, index: Array) -> Array:
    """The places of dimension `dim` that the vector `index` lists, as a copy.

    >>> import autogradkit as torch
    >>> torch.index_select(torch.tensor([[1, 2], [3, 4]]), 1, torch.tensor([1, 1]))
    tensor([[2, 2],
            [4, 4]])
    """
    dim = wrap_dim(dim, self.ndim)
    if index.ndim > 1:
        raise IndexError("index_select(): Index is supposed to be a vector")
    if not _is_index(index):
        raise RuntimeError("index_select(): Expected dtype int32 or int64 for index")
    if not self.ndim and index.size != 1:
        raise RuntimeError(f"index_select(): Index to scalar can have only 1 value, got {index.size} value(s)")
    source = self if self.ndim else self.reshape(1)
    if index.size and not 0 <= index.min() <= index.max() < source.shape[dim]:
        raise IndexError("index out of range in self")
    found = source.take(index.reshape(-1), dim)
    return _copy(found if self.ndim else found.reshape(()))


index_select.vjp(self=lambda g, self_sym_sizes, dim, index: k.index_add(k.new_zeros(g, self_sym_sizes), dim, index, g))


def _require_within(name: str, index: Array, dim: int, size: int, *, negative: bool = False) -> None:
    low = -size if negative else 0
    bad = index[(index < low) | (index >= size)]
    if bad.size:
        raise (IndexError if negative else RuntimeError)(
            f"index {int(bad.flat[0])} is out of bounds for dimension {dim} with size {size}"
        )


@op(in_place=True, samples=lambda t: [(t(3, 2), 0, _places(2, 0, 2), t(3, 2)), (t(2, 3), 1, _places(1), t(2, 1))])
def index_add(self: Array, dim: int, index: Array, source: Array, *, alpha: float = 1) -> Array:
    """A copy of `self` with `alpha` times each place of `source` added to the place of dimension `dim` that `index` lists.

    >>> import autogradkit as torch
    >>> torch.zeros(3).index_add(0, torch.tensor([0, 0, 2]), torch.tensor([1.0, 2.0, 3.0]))
    tensor([3., 0., 3.])
    """
    dim = wrap_dim(dim, self.ndim)
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
    result = _copy(self)
    places = result if result.ndim else result.reshape(1)
    _require_within("index_add", index, dim, places.shape[dim])
    values = (source if source.ndim else source.reshape(1)) if alpha == 1 else source.reshape(source.shape or 1) * alpha
    total = np.zeros((places.shape[dim], places.size // max(places.shape[dim], 1)), self.dtype)
    if total.size:
        add_rows(total, index.reshape(-1), np.moveaxis(values, dim, 0).reshape(count, -1))
        rest = places.shape[:dim] + places.shape[dim + 1 :]
        places += np.moveaxis(total.reshape(places.shape[dim], *rest), 0, dim)
    return result


def _index_add_source(g: Any, source: Any, dim: int, index: Any, alpha: float) -> Any:
    picked = k.reshape(k.index_select(g, dim, index), source.shape)
    return picked if alpha == 1 else picked * alpha


index_add.vjp(self=lambda g: g, source=_index_add_source)


@op(in_place=True, samples=lambda t: [(t(3, 2), 0, _places(2, 0), t(2, 2))])
def index_copy(self: Array, dim: int, index: Array, source: Array) -> Array:
    """A copy of `self` with the places of dimension `dim` that `index` lists replaced by those of `source`.

    >>> import autogradkit as torch
    >>> torch.zeros(3).index_copy(0, torch.tensor([2, 0]), torch.tensor([1.0, 2.0]))
    tensor([2., 0., 1.])
    """
    dim = wrap_dim(dim, self.ndim)
    count = source.shape[dim] if source.ndim else 1
    if index.size != count:
        raise IndexError(
            f"index_copy_(): Number of indices ({index.size}) should be equal to source.size(dim) ({count})"
        )
    result = _copy(self)
    places = result if self.ndim else result.reshape(1)
    _require_within("index_copy", index, dim, places.shape[dim])
    places[(*(slice(None),) * dim, index)] = source
    return result


index_copy.vjp(
    self=lambda g, dim, index: k.index_fill(g, dim, index, 0.0),
    source=lambda g, source, dim, index: k.reshape(k.index_select(g, dim, index), source.shape),
)


@op(in_place=True, samples=lambda t: [(t(3, 2), 0, _places(2, 0), 1.5)])
def index_fill(self: Array, dim: int, index: Array, value: float) -> Array:
    """A copy of `self` with `value` in the places of dimension `dim` that `index` lists.

    >>> import autogradkit as torch
    >>> torch.zeros(3).index_fill(0, torch.tensor([0, 2]), 5)
    tensor([5., 0., 5.])
    """
    dim = wrap_dim(dim, self.ndim)
    result = empty_strided(self.shape, dense_strides_like(self.shape, element_strides(self)), self.dtype)
    result[...] = self
    places = result if self.ndim else result.reshape(1)
    if isinstance(value, Tensor) and value.requires_grad:
        raise NotImplementedError("index_fill() with a value that requires grad is not available; use where() for it")
    _require_within("index_fill", index, dim, places.shape[dim], negative=True)
    places[(*(slice(None),) * dim, index)] = value
    return result


index_fill.vjp(self=lambda g, dim, index: k.index_fill(g, dim, index, 0.0))


# -- element by element along one dimension ----------------------------------------------------------------------------


def _require_gatherable(self: Array, dim: int, index: Array, name: str) -> int:
    dim = wrap_dim(dim, self.ndim)
    if index.size and not _is_index(index):
        raise RuntimeError(f"{name}(): Expected dtype int32/int64 for index")
    if max(self.ndim, 1) != max(index.ndim, 1):
        what = "input" if name == "gather" else "self"
        raise RuntimeError(f"Index tensor must have the same number of dimensions as {what} tensor")
    return dim


def _window(array: Array, shape: tuple[int, ...], dim: int) -> Array:
    """The corner of `array` that an index tensor of `shape` speaks of: everything along `dim`."""
    return array[tuple(slice(None) if d == dim else slice(size) for d, size in enumerate(shape))]


@op(samples=lambda t: [(t(3, 2), 0, wrap(np.array([[2, 0], [2, 1]]))), (t(2, 3), 1, wrap(np.array([[1], [0]])))])
def gather(self: Array, dim: int, index: Array, *, sparse_grad: bool = False) -> Array:
    """For every element of `index`, the element of `self` that it names along dimension `dim`.

    >>> import autogradkit as torch
    >>> torch.gather(torch.tensor([[1, 2], [3, 4]]), 1, torch.tensor([[0], [1]]))
    tensor([[1],
            [4]])
    """
    if not index.size:
        wrap_dim(dim, self.ndim)
        return empty_array(index.shape, self.dtype)
    dim = _require_gatherable(self, dim, index, "gather")
    for other, size in enumerate(index.shape):
        if other != dim and self.ndim and size > self.shape[other]:
            raise RuntimeError(
                f"Size does not match at dimension {other} expected index {list(index.shape)} to be no larger than self "
                f"{list(self.shape)} apart from dimension {dim}"
            )
    source = self if self.ndim else self.reshape(1)
    _require_within("gather", index, dim, source.shape[dim])
    places = index if index.ndim else index.reshape(1)
    found = np.take_along_axis(_window(source, places.shape, dim), places.astype(np.int64, copy=False), dim)
    return _copy(found.reshape(index.shape))


gather.vjp(self=lambda g, self, dim, index, sparse_grad: _spread_back(g, self.shape, dim, index))


def _spread_back(g: Any, shape: tuple[int, ...], dim: int, index: Any) -> Any:
    if 0 in index.shape:
        return k.new_zeros(g, shape)
    if shape:
        return k.scatter_add(k.new_zeros(g, shape), dim, index, g)
    return k.expand(k.sum_all(g), shape)  # every place of a scalar is its only one


def _scatter(self: Array, dim: int, index: Array, src: Any, add: bool) -> Array:
    name = "scatter"
    dim = _require_gatherable(self, dim, index, name)
    if isinstance(src, np.ndarray):
        if src.dtype != self.dtype:
            raise RuntimeError(f"{name}(): Expected self.dtype to be equal to src.dtype")
        if max(src.ndim, 1) != max(index.ndim, 1):
            raise RuntimeError("Index tensor must have the same number of dimensions as src tensor")
    for other, size in enumerate(index.shape):
        too_large = other != dim and self.ndim and size > self.shape[other]
        if too_large or (isinstance(src, np.ndarray) and src.ndim and size > src.shape[other]):
            larger = f" and to be no larger size than src {list(src.shape)}" if isinstance(src, np.ndarray) else ""
            raise RuntimeError(
                f"Expected index {list(index.shape)} to be no larger than self {list(self.shape)} apart from dimension "
                f"{dim}{larger}"
            )
    result = _copy(self)
    target = result if self.ndim else result.reshape(1)
    _require_within(name, index, dim, target.shape[dim])
    if not index.size:
        return result
    places = index if index.ndim else index.reshape(1)
    values = src
    if isinstance(src, np.ndarray):
        values = (src if src.ndim else src.reshape(1))[tuple(slice(size) for size in places.shape)]
    grid = list(np.ogrid[tuple(slice(size) for size in places.shape)])
    grid[dim] = places
    if add:
        flat = np.ravel_multi_index(np.broadcast_arrays(*grid), target.shape).reshape(-1)
        np.add.at(target.reshape(-1), flat, np.broadcast_to(values, places.shape).reshape(-1))
    else:
        target[tuple(grid)] = values
    return result


@op(name="scatter_src", public="scatter", node="ScatterBackward0", in_place=True, method=False, function=False)
def scatter_src(self: Array, dim: int, index: Array, src: Array) -> Array:
    """A copy of `self` with the elements of `src` written where `index` names them."""
    return _scatter(self, dim, index, src, False)


@op(name="scatter_value", public="scatter", node="ScatterBackward1", in_place=True, method=False, function=False)
def scatter_value(self: Array, dim: int, index: Array, value: float) -> Array:
    """A copy of `self` with `value` written where `index` names it."""
    return _scatter(self, dim, index, scalar_array(value, from_numpy_dtype(self.dtype)).item(), False)


scatter_src.vjp(
    self=lambda g, dim, index: k.scatter_value(g, dim, index, 0.0),
    src=lambda g, dim, index: k.gather(g, dim, index),
)
scatter_value.vjp(self=lambda g, dim, index: k.scatter_value(g, dim, index, 0.0))


def _scattered(src: Any, kwargs: dict[str, Any]) -> tuple[Any, Any]:
    src = kwargs.get("value", kwargs.get("src", src))
    if kwargs.get("reduce") is not None:
        raise NotImplementedError("scatter() with reduce= is not supported; scatter_add() adds")
    return (scatter_src if isinstance(src, Tensor) else scatter_value), src


@composite()
@accepts_out
def scatter(input: Tensor, dim: int, index: Tensor, src: Any = None, **kwargs: Any) -> Tensor:
    """A copy of `input` with elements of `src` (or the number `value`) written where `index` names them along `dim`.

    >>> import autogradkit as torch
    >>> torch.zeros(1, 3).scatter(1, torch.tensor([[2]]), 5.0)
    tensor([[0., 0., 5.]])
    """
    declared, source = _scattered(src, kwargs)
    return declared(input, dim, index, source)


@composite(function=False)
def scatter_(self: Tensor, dim: int, index: Tensor, src: Any = None, **kwargs: Any) -> Tensor:
    """Write elements of `src` (or the number `value`) where `index` names them along `dim`, in place.

    >>> import autogradkit as torch
    >>> torch.zeros(2, 3).scatter_(1, torch.tensor([[2], [0]]), 1.0)
    tensor([[0., 0., 1.],
            [1., 0., 0.]])
    """
    declared, source = _scattered(src, kwargs)
    return declared.in_place(self, dim, index, source)


@op(
    in_place=True,
    samples=lambda t: [(t(3, 2), 0, wrap(np.array([[2, 0], [2, 1]])), t(2, 2))],
)
def scatter_add(self: Array, dim: int, index: Array, src: Array) -> Array:
    """A copy of `self` with the elements of `src` added where `index` names them along `dim`.

    >>> import autogradkit as torch
    >>> torch.zeros(3).scatter_add(0, torch.tensor([0, 0, 2]), torch.tensor([1.0, 2.0, 3.0]))
    tensor([3., 0., 3.])
    """
    return _scatter(self, dim, index, src, True)


scatter_add.vjp(self=lambda g: g, src=lambda g, dim, index: k.gather(g, dim, index))


@composite()
@accepts_out
def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """The elements that `indices` names along `dim`, both broadcast in the other dimensions.

    >>> import autogradkit as torch
    >>> torch.take_along_dim(torch.tensor([[3, 1]]), torch.tensor([[1, 0]]), 1)
    tensor([[1, 3]])
    """
    if dim is None:
        return gather(reshape(input, (-1,)), 0, _counted(reshape(indices, (-1,)), input._array.size))
    dim = wrap_dim(dim, input._array.ndim)
    sizes, places = list(input._array.shape), list(indices._array.shape)
    sizes[dim] = places[dim] = 1
    shape = broadcast_shapes(tuple(sizes), tuple(places))
    whole = (*shape[:dim], input._array.shape[dim], *shape[dim + 1 :])
    names = (*shape[:dim], indices._array.shape[dim], *shape[dim + 1 :])
    return gather(expand(input, whole), dim, expand(_counted(indices, whole[dim]), names))


def _counted(indices: Tensor, size: int) -> Tensor:
    """The indices counted from the front."""
    return wrap(np.where(indices._array < 0, indices._array + size, indices._array))


@op(samples=lambda t: [(t(2, 3), wrap(np.array([[5, 0], [5, 2]])))])
def take(self: Array, index: Array) -> Array:
    """The elements at these positions of the row-major order, in the shape of `index`.

    >>> import autogradkit as torch
    >>> torch.take(torch.tensor([[1, 2], [3, 4]]), torch.tensor([0, 3]))
    tensor([1, 4])
    """
    if index.dtype != np.int64:
        raise RuntimeError(f"take(): Expected a long tensor for index, but got {_name(index)}")
    bad = index[(index < -self.size) | (index >= self.size)]
    if bad.size:
        raise IndexError(f"out of range: tried to access index {int(bad.flat[0])} on a tensor of {self.size} elements.")
    return _copy(self.reshape(-1)[index])


def _take_backward(g: Any, self: Any, index: Any) -> Any:
    flat = k.reshape(k.new_zeros(g, self.shape), (-1,))
    return k.reshape(k.index_put(flat, (index,), g, True), self.shape)


take.vjp(self=_take_backward)
