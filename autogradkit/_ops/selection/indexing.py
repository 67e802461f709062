"""`t[index]` and `t[index] = value`, and the two ops behind index tensors: `index` and `index_put`.

Rests on core/indexing, which says what an index means; here the plan is carried out: the view steps by the ops of views,
the index tensors by `index` and `index_put`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from operator import setitem
from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op
from autogradkit._ops.declare.kinds import Array, OptionalArrays
from autogradkit._ops.declare.overlaps import expanded_with_warning
from autogradkit._ops.making.copies import copy_
from autogradkit._ops.making.scalars import assigned_value, scalar_array
from autogradkit._ops.views.dimensions import unsqueeze
from autogradkit._ops.views.parts import select, slice_
from autogradkit._ops.views.sizes import alias, expand, view_sizes
from autogradkit.core.dtype import SCALAR_TYPE_NAMES, from_numpy_dtype
from autogradkit.core.frames import shorten
from autogradkit.core.indexing import bounds_of, parse
from autogradkit.core.locations import locate
from autogradkit.core.steps import NOTHING, Step
from autogradkit.core.strides import element_strides, empty_strided
from autogradkit.core.tensor import Tensor, wrap

STEPS = {"select": select, "slice": slice_, "unsqueeze": unsqueeze}


def _samples(t: Callable[..., Tensor]) -> list[tuple[Any, ...]]:
    rows, columns = wrap(np.array([2, 0])), wrap(np.array([1, 1]))
    return [
        (t(3, 4), [rows]),
        (t(3, 4), [rows, columns]),
        (t(3, 2, 4), [columns, None, rows]),
        (t(2, 3), [None, wrap(np.array([True, False, True]))]),
    ]


# -- gathering and writing by index tensors ----------------------------------------------------------------------------


def _leading(self: Array, indices: OptionalArrays) -> Array | None:
    """The result for what is usual, vectors of places along the first dimensions or a mask over them, found directly."""
    first = indices[0]
    if first is None or not self.flags.c_contiguous or not first.flags.c_contiguous or not self.size or not first.size:
        return None
    if 1 in self.shape:  # whose strides decide those of the result
        return None
    if len(indices) == 1 and first.dtype == np.bool_ and first.shape == self.shape[: first.ndim] and first.ndim:
        found = self[first]
        return found if found.size else None
    if first.ndim == 1 and _are_places(indices):
        try:
            return self.take(first, 0) if len(indices) == 1 else self[tuple(indices)]
        except IndexError:
            return None  # the general way says which index it was
    return None


def _are_places(indices: OptionalArrays) -> bool:
    """Whether they are integers, alike in shape, for each of the first dimensions."""
    first = indices[0]
    if first is None or first.dtype != np.int64:
        return False
    return not [each for each in indices[1:] if each is None or each.dtype != np.int64 or each.shape != first.shape]


def _rows_of(places: Sequence[Any], sizes: Sequence[int]) -> Array:
    """The row of each place where the dimensions that are indexed, of these sizes, are taken as one."""
    rows = places[0].astype(np.int64, copy=False) % sizes[0]
    for each, size in zip(places[1:], sizes[1:], strict=True):
        rows = rows * size + each % size
    return rows


def _added_anywhere(g: Any, indices: OptionalArrays, sizes: tuple[int, ...]) -> Any:
    """Zeros to which `g` is added where `indices` point."""
    return k.index_put(k.new_zeros(g, sizes), indices, g, True)


def _added_to_rows(g: Array, indices: OptionalArrays, sizes: tuple[int, ...]) -> Array:
    if not g.size or not _are_places(indices):
        return _added_anywhere(g, indices, sizes)
    total = np.zeros(sizes, g.dtype)
    indexed = sizes[: len(indices)]
    rows = _rows_of(indices, indexed).reshape(-1)
    add_rows(total.reshape(math.prod(indexed), -1), rows, g.reshape(rows.size, -1))
    return total


_added = k.on_arrays(_added_to_rows)(_added_anywhere)


@op(
    variants="",
    samples=_samples,
    gradient_version=1,
    vjp={"self": lambda g, indices, self_sym_sizes: _added(g, indices, self_sym_sizes)},
    rule="∂self = ∂ added at the indices, 0 elsewhere",
)
def index(self: Array, indices: OptionalArrays) -> Array:
    """What `self` holds where `indices` point, in memory of its own."""
    found = _leading(self, indices) if indices else None
    if found is not None:
        return found
    place = locate(indices, self.shape, element_strides(self))
    if 0 in place.shape:
        return empty_strided(place.shape, place.strides, self.dtype)
    found = self[place.numpy_index]
    if element_strides(found) == place.strides:
        return found
    result = empty_strided(place.shape, place.strides, self.dtype)
    result[...] = found
    return result


def _spread(values: Array, shape: tuple[int, ...]) -> Array:
    try:
        return np.broadcast_to(values, shape)
    except ValueError:
        raise RuntimeError(
            f"shape mismatch: value tensor of shape {list(values.shape)} cannot be broadcast to indexing result of shape "
            f"{list(shape)}"
        ) from None


def _require_dtype(target: Array, values: Array) -> None:
    if target.dtype != values.dtype:
        ours, theirs = (SCALAR_TYPE_NAMES[wrap(each).dtype] for each in (target, values))
        raise RuntimeError(
            f"Index put requires the source and destination dtypes match, got {ours} for the destination and {theirs} for "
            "the source."
        )


def _is_mask(indices: OptionalArrays, target: Array) -> bool:
    """Whether that is one mask of all elements, apart from them."""
    mask = indices[0]
    return (
        len(indices) == 1
        and mask is not None
        and mask.dtype == np.bool_
        and mask.shape == target.shape
        and mask.ndim > 0
        and not np.may_share_memory(mask, target)
    )


def _index_put_step(target: Array, indices: OptionalArrays, values: Array, accumulate: bool = False) -> Step:
    """The step that writes, or adds, `values` where `indices` point; all checks come first."""
    if not indices:
        _spread(values, target.shape)
        if not target.size:
            return NOTHING
        raise RuntimeError("index_put_ takes one index at least, but got none: `copy_` writes a whole tensor")
    if len(indices) > target.ndim:  # before their dtypes are looked at
        raise IndexError(f"too many indices for tensor of dimension {target.ndim} (got {len(indices)})")
    if not accumulate and not values.ndim and _is_mask(indices, target):
        return setitem, target, indices[0], scalar_array(values.item(), from_numpy_dtype(target.dtype))
    if (step := _put_leading(target, indices, values, accumulate)) is not None:
        return step
    masks = [index for index in indices if index is not None]
    fills = not accumulate and values.size == 1 and len(masks) == 1 and masks[0].dtype in (np.bool_, np.uint8)
    if fills and masks[0].dtype == np.uint8:
        locate([None if each is None else each.astype(np.bool_) for each in indices], target.shape, target.strides)
        raise RuntimeError("masked_fill_ only supports boolean masks, but got mask with dtype unsigned char")
    strides = element_strides(target)
    try:
        place = locate(indices, target.shape, strides)
    except IndexError:
        _spread(values, locate(indices, target.shape, strides, bounded=False).shape)  # sizes are compared first
        if not fills:
            _require_dtype(target, values)
        raise
    spread = _spread(values, place.shape)
    if fills:  # PyTorch takes this for masked_fill_, which converts its value
        spread = np.broadcast_to(scalar_array(values.item(), from_numpy_dtype(target.dtype)), place.shape)
    else:
        _require_dtype(target, values)
    if 0 in place.shape:
        return NOTHING
    if accumulate:
        return _add_at(target, place.numpy_index, spread)
    return setitem, target, place.numpy_index, spread


def _put_leading(target: Array, indices: OptionalArrays, values: Array, accumulate: bool) -> Step | None:
    """The step of the usual case, which needs no plan: places along the first dimensions, and values that fit."""
    places: Any = tuple(indices)
    if values.dtype != target.dtype or not target.size or not _are_places(places) or not places[0].size:
        return None
    if (values.ndim or accumulate) and values.shape != places[0].shape + target.shape[len(places) :]:
        return None
    for each, size in zip(places, target.shape, strict=False):
        if np.maximum.reduce(each, axis=None) >= size or np.minimum.reduce(each, axis=None) < -size:
            return None  # the general way says which index it was
    return _add_at(target, places, values) if accumulate else (setitem, target, places, values)


def _add_at(target: Array, index: tuple[Any, ...], values: Array) -> Step:
    """The step that adds `values` where `index` points, as often as it points there: rows of the indexed dimensions at once."""
    dims = [dim for dim, each in enumerate(index) if not isinstance(each, slice)]
    order = [*dims, *[dim for dim in range(target.ndim) if dim not in dims]]
    sizes = [target.shape[dim] for dim in dims]
    rows = _rows_of([index[dim] for dim in dims], sizes)
    # The rows first in `values` too: they stand where the first index stood if the indices are adjacent.
    if dims[0] and dims[-1] - dims[0] == len(dims) - 1:
        values = np.moveaxis(values, range(dims[0], dims[0] + rows.ndim), range(rows.ndim))
    moved = values.reshape(rows.size, -1)
    total = np.zeros((math.prod(sizes), moved.shape[1]), target.dtype)
    add_rows(total, rows.reshape(-1), moved)
    total = total.reshape([target.shape[dim] for dim in order])
    return np.add, target, total if order == sorted(order) else total.transpose(np.argsort(order)), target


_EACH_TURN = 16  # rows that a turn adds on the average, for turns to be quicker than going by elements


def add_rows(total: Array, rows: Array, values: Array) -> None:
    """`total[rows[i]] += values[i]` for every i in order, repeated rows adding up."""
    width = total.shape[1]
    if width == 1:
        np.add.at(total[:, 0], rows, values[:, 0])
        return
    counts = np.bincount(rows)
    if counts.max() == 1:
        total[rows] += values
    elif counts.max() <= len(rows) // _EACH_TURN:  # in turns: the first of each row, then the second of each
        order = np.argsort(rows, kind="stable")
        starts = np.cumsum(counts) - counts
        turn = np.arange(len(rows)) - starts[rows[order]]
        for now in range(counts.max()):
            chosen = order[turn == now]
            total[rows[chosen]] += values[chosen]
    else:
        places = rows[:, None] * width + np.arange(width)
        np.add.at(total.reshape(-1), places.reshape(-1), values.reshape(-1))


_EXPANDED = expanded_with_warning("index_put_", "tensor[indices] = tensor", apart=True)
_EXPANDED_BY_MASK = expanded_with_warning("masked_fill_", "tensor[mask] = scalar", apart=False)


def _overlaps(target: Array, others: Sequence[Any]) -> None:
    """One value at a mask is written as masked_fill_ does it, which may read the mask that it writes."""
    *indices, value = others
    if len(indices) == 1 and value.size == 1 and indices[0].dtype in (np.bool_, np.uint8):
        _EXPANDED(target, [])
        _EXPANDED_BY_MASK(target, [])
    else:
        _EXPANDED(target, [value, *indices])


def _zeroed_anywhere(g: Any, indices: OptionalArrays) -> Any:
    """`g` without what is where `indices` point."""
    # A zero for each place, since a mask of bytes takes several values but not one.
    return k.index_put(g, indices, k.new_zeros(g, k.index(g, indices).shape))


def _zeroed_along_first(g: Array, indices: OptionalArrays) -> Array:
    first = indices[0]
    if len(indices) > 1 or first is None or first.dtype not in (np.int64, np.bool_) or not g.flags.c_contiguous:
        return _zeroed_anywhere(g, indices)
    left = g.copy()
    left[first] = 0
    return left


_zeroed = k.on_arrays(_zeroed_along_first)(_zeroed_anywhere)


@op(
    in_place=True,
    edits=True,
    deferred=True,
    out=False,
    overlaps=_overlaps,
    samples=lambda t: [(s[0], s[1], t(2, 4)) for s in _samples(t)[:1]],
    refuses_complex=True,
    vjp={
        "self": lambda g, indices, accumulate: g if accumulate else _zeroed(g, indices),
        "values": lambda g, indices: k.index(g, indices),
    },
    rule="∂self = ∂, 0 at the indices (all of ∂ if accumulate)\n∂values = ∂ at the indices",
)
def index_put(self: Array, indices: OptionalArrays, values: Array, accumulate: bool = False, *, out: Array) -> Step:
    """A copy of `self` with `values` written, or added, where the tuple `indices` of index tensors points.

    >>> import autogradkit as torch
    >>> torch.zeros(3).index_put((torch.tensor([0, 2]),), torch.tensor([1.0, 2.0]))
    tensor([1., 0., 2.])
    """
    return _index_put_step(out, indices, values, accumulate)


# -- the operators -----------------------------------------------------------------------------------------------------


def _getitem(self: Tensor, index_: Any) -> Tensor:
    """`self[index]`: a view for integers, slices, None and Ellipsis, a copy where there are index tensors."""
    try:
        if index_.__class__ is int:
            shape = self._memory.shape
            if shape and -shape[0] <= index_ < shape[0]:
                return select.straight(self, 0, index_)
        elif index_.__class__ is slice and self._memory.ndim:
            return slice_.straight(self, 0, *bounds_of(index_))
        plan = parse(index_, self._memory.shape)
        result = self
        for name, *rest in plan.steps:
            result = STEPS[name].straight(result, *rest)
        if plan.indices:
            return index.straight(result, plan.indices)
        return alias(self) if result is self else result
    except BaseException as error:
        shorten(error)
        raise


def _setitem(self: Tensor, index_: Any, value: Any) -> None:
    """`self[index] = value`, in place, broadcasting and converting `value`."""
    try:
        source = assigned_value(value, self)
        if index_ is False:
            return
        if index_ is True:
            index_ = None
        elif isinstance(index_, slice) and self._array.ndim:
            index_ = (index_,)  # a slice of everything is the tensor itself here
        plan = parse(index_, self._array.shape)
        target = self
        for name, *rest in plan.steps:
            target = STEPS[name].straight(target, *rest)
        if plan.indices:
            stripped = _without_leading_ones(source._array.shape)
            source = source if stripped == source._array.shape else view_sizes(source, stripped)
            index_put.in_place_call(target, plan.indices, source)
        elif source._array.shape == target._array.shape:
            copy_.in_place_call(target, source)
        elif not source._array.ndim:
            target.fill_(source)
        else:
            copy_.in_place_call(
                target, expand(view_sizes(source, _without_leading_ones(source._array.shape)), target._array.shape)
            )
    except BaseException as error:
        shorten(error)
        raise


def _without_leading_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    first = next((dim for dim, size in enumerate(shape) if size != 1), len(shape))
    return shape[first:]


def _delitem(self: Tensor, index: Any) -> None:
    raise TypeError("Tensor does not support deleting items")


for _function in (_getitem, _setitem, _delitem):
    _function.__name__ = f"__{_function.__name__[1:]}__"
Tensor.__getitem__ = _getitem
Tensor.__setitem__ = _setitem
Tensor.__delitem__ = _delitem
