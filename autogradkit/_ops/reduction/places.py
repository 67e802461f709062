"""Where the elements stand that an order puts into some of its places: `topk`, `kthvalue` and `median` want few of them.

The order is stable, and NaN is its largest. Few places of many elements are found by NumPy's partition, which is up to twenty
times as quick as sorting but leaves equal elements anyhow; so rows in which those matter are sorted after all.
Rests on NumPy and gather.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autogradkit._ops.declare.kinds import Array
from autogradkit._ops.selection.gather import positions_along
from autogradkit.core.remembering import remember_small
from autogradkit.core.strides import move_dim

_FEW = 5_000  # elements up to which sorting them is as quick
_BACKWARDS = slice(None, None, -1)


def _ordered_by_numpy(values: Array) -> Array:
    """The values as NumPy puts them in order with NaN at the end, whatever its sign."""
    return values.astype(np.float32) if values.dtype.kind == "V" else values


def _is_nan(values: Array) -> Any:
    return np.isnan(values) if values.dtype.kind in "fV" else np.False_


def stable_order(self: Array, dim: int, descending: bool) -> Array:
    """The positions that put `self` in order along `dim`, equal elements as they stood, NaN as the largest."""
    self = _ordered_by_numpy(self)
    if not descending:
        return self.argsort(dim, "stable")
    last = dim == -1 or dim == self.ndim - 1
    turned: Any = (..., _BACKWARDS) if last else (slice(None),) * (dim % self.ndim) + (_BACKWARDS,)
    backwards = self[turned].argsort(dim, "stable")[turned]
    return self.shape[dim] - 1 - backwards


# -- places whose elements PyTorch finds by partitioning --------------------------------------------------------------

_MOST = 100_000  # elements in rows that are taken apart one by one: beyond that equal elements are picked as they stand


def _ranks(row: Array, order: Array) -> list[int]:
    """For each element of a row the number of different ones before it in the order; NaN is one."""
    found = row[order]
    steps = found[1:] != found[:-1]
    if row.dtype.kind in "fV":
        steps &= ~(np.isnan(found[1:]) & np.isnan(found[:-1]))
    ranks = np.empty(row.size, np.int64)
    ranks[order] = np.concatenate([[0], np.cumsum(steps)])
    return ranks.tolist()


def _keys(rows: Array, descending: bool) -> Array | None:
    """Numbers in the stable order of each row, all different: by the element, then by its place. None where none have room."""
    size = rows.shape[-1]
    least, most = int(rows.min()), int(rows.max())
    if (most - least + 1) * size >= 2**63:
        return None
    kind = np.int32 if max((most - least + 1) * size, abs(least), abs(most)) < 2**31 else np.int64
    keys = most - rows.astype(kind) if descending else rows.astype(kind) - least
    keys *= size
    keys += np.arange(size, dtype=kind)
    return keys


def _between(rows: Array, start: int, stop: int, descending: bool) -> tuple[Array, bool]:
    """The positions at these places of the stable order of each row, and True; or of elements equal to one beyond them any."""
    size = rows.shape[-1]
    if rows.size <= _FEW or not start < stop:
        return stable_order(rows, -1, descending)[..., start:stop].copy(), True  # quicker to go on with than a view
    if rows.dtype.kind in "iu" and (keys := _keys(rows, descending)) is not None:
        keys.partition(stop - 1, -1)  # at one place after the other, for which NumPy is ten times as quick as for two
        if start:
            keys[:, :stop].partition(start - 1, -1)
        return np.sort(keys[:, start:stop], -1).astype(np.int64) % size, True
    first, last = (size - stop, size - start - 1) if descending else (start, stop - 1)
    bounds = {first, last} - {0, size - 1} or {0}  # which partition all that is wanted from the rest
    found = np.argpartition(_ordered_by_numpy(rows), sorted(bounds), -1)[..., first : last + 1]
    found = np.sort(found, -1)
    order = stable_order(rows[positions_along(found, 1)], 1, descending)
    return found[positions_along(order, 1)], False


def chosen_places(
    source: Array,
    dim: int,
    wanted: slice,
    choose: Callable[[list[int]], int | Sequence[int]],
    descending: bool = False,
    always: bool = False,
) -> tuple[Array, Array]:
    """The elements at the places `wanted` of the order along `dim`, and their positions.

    In rows where equal elements leave a choice, or in all if `always`, they are what `choose` makes of the ranks.
    """
    last = dim % source.ndim == source.ndim - 1
    rows = source if last else move_dim(source, dim, -1)
    *others, size = rows.shape
    rows = rows.reshape(math.prod(others), size)
    start, stop = max(wanted.start - 1, 0), min(wanted.stop + 1, size)  # with their neighbours
    near, stable = _between(rows, start, stop, descending)
    among = slice(wanted.start - start, wanted.stop - start)
    seen = _picked(rows, near)
    chosen, elements = near[:, among], seen[:, among]
    same = seen[:, 1:] == seen[:, :-1]
    nan = _is_nan(seen)
    if np.count_nonzero(nan):
        same |= nan[:, 1:] & nan[:, :-1]
    if always or np.count_nonzero(same):
        tied = np.flatnonzero(same.any(-1) | always)
        few = tied.size * size <= _MOST
        if few or not stable:
            tied_rows = rows[tied]
            orders = stable_order(tied_rows, -1, descending)
            chosen[tied] = orders[:, wanted]
            if few:
                for place, row, order in zip(tied, tied_rows, orders, strict=True):
                    chosen[place] = choose(_ranks(row, order))
        elements = _picked(rows, chosen)  # 0 and -0 are equal
    shape = (*others, chosen.shape[-1])
    elements, chosen = elements.reshape(shape), chosen.reshape(shape)
    return (elements, chosen) if last else (move_dim(elements, -1, dim), move_dim(chosen, -1, dim))


def _picked(rows: Array, places: Array) -> Array:
    """The elements at these places of each row."""
    if not rows.flags.c_contiguous:
        return rows[positions_along(places, 1)]
    return rows.reshape(-1).take(places + _starts(*rows.shape))


@remember_small
def _starts(count: int, size: int) -> Array:
    """Where each row begins among the elements of all, as a column."""
    return np.arange(count)[:, None] * size


# -- the middle one ----------------------------------------------------------------------------------------------------


def middle_places(source: Array, dim: int, without_nan: bool) -> Array:
    """The position of the lower median along `dim`, which stays with one place; of the first NaN, unless `without_nan`."""
    nan = _is_nan(source)
    if nan.any():
        return _sorted_beside_nan(source, dim, nan, without_nan)
    if source.size <= _FEW:
        place = (source.shape[dim] - 1) // 2
        return stable_order(source, dim, False)[(slice(None),) * dim + (slice(place, place + 1),)]
    last = dim % source.ndim == source.ndim - 1
    rows = source if last else move_dim(source, dim, -1)
    *others, size = rows.shape
    found = _partitioned_middle(_ordered_by_numpy(rows.reshape(math.prod(others), size)))
    return move_dim(found.reshape(*others, 1), -1, dim)


def _sorted_beside_nan(source: Array, dim: int, nan: Array, without_nan: bool) -> Array:
    size = source.shape[dim]
    missing = nan.sum(dim, keepdims=True)
    if without_nan:
        places = np.maximum(size - missing - 1, 0) // 2
    else:  # the first NaN stands behind all numbers
        places = np.where(missing > 0, size - missing, (size - 1) // 2)
    return np.take_along_axis(stable_order(source, dim, False), places, dim)


def _partitioned_middle(rows: Array) -> Array:
    place = (rows.shape[-1] - 1) // 2
    median = np.partition(rows, place, -1)[:, place, np.newaxis]
    equal = rows == median
    counts = np.count_nonzero(equal, -1)
    if counts.max() == 1:
        return equal.argmax(-1)
    before = np.count_nonzero(rows < median, -1)
    return np.nonzero(equal)[1][np.cumsum(counts) - counts + place - before]
