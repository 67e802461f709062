"""Whole places of one dimension picked, added, written or filled: index_select, index_add, index_copy, index_fill.

Rests on declare and indexing. Element by element it is gather.py that goes, by masks masks.py.
"""

from __future__ import annotations

from operator import setitem
from typing import Any

import numpy as np

from autogradkit._ops.declare import function, k, op
from autogradkit._ops.declare.kinds import Array, Dim, Scalar
from autogradkit._ops.declare.overlaps import expanded_with_warning, require_disjoint
from autogradkit._ops.declare.writing import saying
from autogradkit._ops.making.scalars import scalar_array
from autogradkit._ops.selection.indexing import add_rows
from autogradkit.core.dtype import SCALAR_TYPE_NAMES, from_numpy_dtype
from autogradkit.core.shapes import wrap_dim
from autogradkit.core.steps import NOTHING, Step
from autogradkit.core.storage import offset_of, require_extent
from autogradkit.core.strides import element_strides, move_dim
from autogradkit.core.tensor import Tensor, wrap


def _name(array: Array) -> str:
    return SCALAR_TYPE_NAMES[from_numpy_dtype(array.dtype)]


def is_index(array: Array) -> bool:
    return array.dtype == np.int64 or array.dtype == np.int32


def _places(*positions: int) -> Any:
    return wrap(np.array(positions))


def lined_up(array: Array) -> Array:
    """The array with at least one dimension."""
    return array if array.ndim else array.reshape(1)


def require_within(
    name: str,
    index: Array,
    dim: int,
    size: int,
    error: type[Exception] = RuntimeError,
    *,
    negative: bool = False,
) -> None:
    """Raise where some index reaches outside of dimension `dim`; the text begins with `name`."""
    low = -size if negative else 0
    bad = index[(index < low) | (index >= size)]
    if bad.size:
        raise error(f"{name}index {int(bad.flat[0])} is out of bounds for dimension {dim} with size {size}")


def _select_meta(self: Array, dim: int, index: Array) -> Any:
    if index.ndim > 1:
        raise IndexError("index_select(): Index is supposed to be a vector")
    if not is_index(index):
        raise RuntimeError("index_select(): Expected dtype int32 or int64 for index")
    if not self.ndim and index.size != 1:
        raise RuntimeError(f"index_select(): Index to scalar can have only 1 value, got {index.size} value(s)")
    size = lined_up(self).shape[dim]
    if index.size and not 0 <= index.min() <= index.max() < size:
        if self.ndim > 1 and not size:
            raise RuntimeError("index_select(): self indexing axis dim should be positive")
        if dim != 1 and (self.size or self.ndim < 2):  # PyTorch has a kernel of its own for the second dimension
            raise IndexError("index out of range in self")
        wrong = int(index[(index < 0) | (index >= size)].flat[0])
        raise RuntimeError(f"INDICES element is out of DATA bounds, id={wrong} axis_dim={size}")
    return ((*self.shape[:dim], index.size, *self.shape[dim + 1 :]) if self.ndim else ()), self.dtype


@op(
    out_dtype=saying("index_select(): self and result must have the same scalar type"),
    apart="given",
    meta=_select_meta,
    samples=lambda t: [(t(3, 2), 0, _places(2, 0, 2)), (t(2, 3), -1, _places(1))],
    gradient_version=1,
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
    source, places = lined_up(self), index.reshape(-1)
    if out.flags.c_contiguous:
        shape = (*source.shape[:dim], places.size, *source.shape[dim + 1 :])
        # No place is outside, so that nothing wraps: with "raise" NumPy goes by a copy of `out`
        source.take(places, dim, out.reshape(shape), "wrap")
    else:
        np.copyto(out, source.take(places, dim).reshape(out.shape))


def _index_add_source(g: Any, source: Any, dim: int, index: Any, alpha: float) -> Any:
    picked = k.reshape(k.index_select(g, dim, index), source.shape)
    return picked if alpha == 1 else k.product(picked, alpha)


def require_addable(name: str, self: Any, dim: int, index: Any, source: Any) -> None:
    """What follows from dtypes and sizes, and is refused before memory is looked at."""
    dim = wrap_dim(dim, self._array.ndim)
    self, index, source = self._array, index._array, source._array
    if index.ndim > 1:
        raise IndexError(
            f"{name}(): Index is supposed to be a vector, but got dim: {index.ndim} with type: {_name(index)} and "
            f"size: {list(index.shape)}"
        )
    if not is_index(index):
        raise RuntimeError(f"{name}(): Expected dtype int32/int64 for index but got: {_name(index)}")
    if self.dtype != source.dtype:
        raise RuntimeError(
            f"{name}(): self ({_name(self)}) and source ({_name(source)}) must have the same scalar type"
        )
    if dim and dim >= source.ndim:
        raise RuntimeError(f"{name}(): Indexing dim {dim} is out of bounds of the source tensor with dim {source.ndim}")
    if index.size != (source.shape[dim] if source.ndim else 1):
        if not source.ndim:
            raise IndexError("Dimension specified as 0 but tensor has no dimensions")
        raise RuntimeError(
            f"{name}(): Number of indices ({index.size}) should be equal to source.size(dim): ({source.shape[dim]}), for "
            f"dim: {dim}"
        )
    others = [self.shape, source.shape]
    if self.ndim and source.ndim:
        others = [shape[:dim] + shape[dim + 1 :] for shape in others]
    if others[0] != others[1]:
        raise RuntimeError(
            "source tensor shape must match self tensor shape, excluding the specified dimension. Got self.shape = "
            f"{list(self.shape)} source.shape = {list(source.shape)}"
        )


def _require_addable(self: Any, dim: int, index: Any, source: Any, alpha: Any) -> None:
    require_addable("index_add_", self, dim, index, source)


@op(
    in_place=True,
    edits="contiguous",
    deferred=True,
    refuse=_require_addable,
    overlaps=require_disjoint,
    apart="resized",
    apart_from="index source",
    samples=lambda t: [(t(3, 2), 0, _places(2, 0, 2), t(3, 2)), (t(2, 3), 1, _places(1), t(2, 1))],
    vjp={"self": lambda g: g, "source": _index_add_source},
    rule="∂self = ∂\n∂source = ∂ at the index · alpha",
)
def index_add(self: Array, dim: Dim, index: Array, source: Array, *, alpha: Scalar = 1, out: Array) -> Step:
    """A copy of `self` with `alpha` times each place of `source` added to the place of dimension `dim` that `index` lists.

    >>> import autogradkit as torch
    >>> torch.zeros(3).index_add(0, torch.tensor([0, 0, 2]), torch.tensor([1.0, 2.0, 3.0]))
    tensor([3., 0., 3.])
    """
    count = index.size
    places = lined_up(out)
    ends = dim in (0, places.ndim - 1) and places.ndim > 1
    if ends and alpha == 1 and index.dtype == np.int64:  # PyTorch has `scatter_add` do it
        require_within("", index, dim, places.shape[dim])
    elif ((index < 0) | (index >= places.shape[dim])).any():
        raise IndexError("index out of range in self")
    values = lined_up(source)
    if alpha != 1:
        values = values * scalar_array(alpha, from_numpy_dtype(self.dtype))
    if not places.size or not values.size:
        return NOTHING
    moved = move_dim(places, dim, 0)
    rows = moved.copy("C")
    add_rows(rows.reshape(len(rows), -1), index.reshape(-1), move_dim(values, dim, 0).reshape(count, -1))
    return setitem, moved, ..., rows


def _require_copyable(self: Array, dim: int, index: Array, source: Array) -> None:
    if index.ndim > 1:
        raise IndexError(f"index_copy_(): Index should have dimension 1 or 0 (got {index.ndim})")
    if not source.ndim and index.size != 1:
        raise IndexError(f"index_copy_(): When source is scalar, index should have one element (got {index.size})")
    if self.ndim and source.ndim and self.ndim != source.ndim:
        raise IndexError(
            "index_copy_(): When source and destination are not scalars, their dimensionality must match. Source "
            f"dimensionality ({source.ndim}), destination dimensionality ({self.ndim})"
        )
    if index.dtype != np.int64:
        raise RuntimeError(f"index_copy_(): Expected a long tensor for index, but got {_name(index)}")
    if self.dtype != source.dtype:
        raise RuntimeError(
            f"index_copy_(): self and source expected to have the same dtype, but got (self) {_name(self)} and (source) "
            f"{_name(source)}"
        )
    slices = [shape[:dim] + shape[dim + 1 :] for shape in (self.shape, source.shape)]
    if slices[0] != slices[1]:
        raise RuntimeError(
            "index_copy_(): Source/destination tensor must have same slice shapes. Destination slice shape: "
            f"{_spelled(slices[0])} at dimension {dim} and source slice shape: {_spelled(slices[1])} at dimension 0."
        )
    if source.ndim and index.size != source.shape[dim]:
        raise IndexError(
            f"index_copy_(): Number of indices ({index.size}) should be equal to source.size(dim) ({source.shape[dim]})"
        )


def _spelled(shape: tuple[int, ...]) -> str:
    return " ".join(map(str, shape))


def _dim_exists(self: Any, dim: int, *_rest: Any) -> None:
    wrap_dim(dim, self._array.ndim)


@op(
    in_place=True,
    edits="contiguous",
    deferred=True,
    refuse=_dim_exists,
    overlaps=require_disjoint,
    apart="resized",
    apart_from="index source",
    samples=lambda t: [(t(3, 2), 0, _places(2, 0), t(2, 2))],
    vjp={
        "self": lambda g, dim, index: k.index_fill_number(g, dim, index, 0.0),
        "source": lambda g, source, dim, index: k.reshape(k.index_select(g, dim, index), source.shape),
    },
    rule="∂self = ∂, 0 at the index\n∂source = ∂ at the index",
)
def index_copy(self: Array, dim: Dim, index: Array, source: Array, *, out: Array) -> Step:
    """A copy of `self` with the places of dimension `dim` that `index` lists replaced by those of `source`.

    >>> import autogradkit as torch
    >>> torch.zeros(3).index_copy(0, torch.tensor([2, 0]), torch.tensor([1.0, 2.0]))
    tensor([2., 0., 1.])
    """
    _require_copyable(self, dim, index, source)
    places = lined_up(out)
    require_within("index_copy_(): ", index, dim, places.shape[dim], IndexError)
    return setitem, places, (*(slice(None),) * dim, np.atleast_1d(index)), source


index_fill = function("index_fill", in_place=True)


_EXPANDED = expanded_with_warning("index_fill_", "tensor[mask] = scalar", apart=True)


def _require_fillable(self: Any, dim: int, index: Any, value: Any) -> None:
    if isinstance(value, Tensor) and value._array.ndim:
        raise RuntimeError(
            f"index_fill_ only supports a 0-dimensional value tensor, but got tensor with {value._array.ndim} dimension(s)."
        )
    _require_places(index._array)


def _require_places(index: Array) -> None:
    if index.dtype != np.int64:
        raise IndexError("index_fill_(): Expected dtype int64 for index.")


def _require_room(self: Array, dim: int, count: int) -> None:
    """PyTorch fills a view with `count` places in that dimension, which is too much for an empty one's storage."""
    if not self.shape[dim] and count:
        places = (*self.shape[:dim], count, *self.shape[dim + 1 :])
        strides = element_strides(self)
        require_extent(self, places, (*strides[:dim], 0, *strides[dim + 1 :]), offset_of(self))


def _fill_index(out: Array, dim: int, index: Array, value: Any) -> Step:
    _require_places(index)  # a formula comes here with those of another op
    if isinstance(value, complex) and out.dtype.kind != "c":
        raise RuntimeError("index_fill_(): Converting complex Scalar to non-complex type is not supported")
    if index.ndim > 1:
        raise RuntimeError("Index has to be a vector/scalar")
    value = scalar_array(value, from_numpy_dtype(out.dtype))
    places = lined_up(out)
    _require_room(places, dim, index.size)
    if not places.size:
        return NOTHING
    require_within("", index, dim, places.shape[dim], IndexError, negative=True)
    return setitem, places, (*(slice(None),) * dim, index), value


@index_fill.overload(
    node="IndexFillBackward1",
    refuses_complex=True,
    out=False,
    edits=True,
    deferred=True,
    refuse=_require_fillable,
    overlaps=lambda target, others: _EXPANDED(target, others[:1]),  # the number is read before
    samples=lambda t: [(t(3, 2), 0, _places(2, 0), t())],
    vjp={
        "self": lambda g, dim, index: k.index_fill_number(g, dim, index, 0.0),
        "value": lambda g, dim, index: k.sum_all(k.index_select(g, dim, k.distinct(index))),
    },
    rule="∂self = ∂, 0 at the index\n∂value = ∂ at the index, summed",
)
def _(self: Array, dim: Dim, index: Array, value: Array, *, out: Array) -> Step:
    """A copy of `self` with `value` in the places of dimension `dim` that `index` lists.

    >>> import autogradkit as torch
    >>> torch.zeros(3).index_fill(0, torch.tensor([0, 2]), 5)
    tensor([5., 0., 5.])
    """
    return _fill_index(out, dim, index, value.item())


@index_fill.overload(
    out=False,
    edits=True,
    deferred=True,
    refuse=_require_fillable,
    overlaps=_EXPANDED,
    samples=lambda t: [(t(3, 2), 0, _places(2, 0), 1.5)],
    vjp={"self": lambda g, dim, index: k.index_fill_number(g, dim, index, 0.0)},
    rule="∂self = ∂, 0 at the index",
)
def index_fill_number(self: Array, dim: Dim, index: Array, value: Scalar, *, out: Array) -> Step:
    return _fill_index(out, dim, index, value)
