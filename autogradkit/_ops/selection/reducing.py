"""Elements reduced into those of another tensor by positions: scatter_reduce and index_reduce.

Rests on gather and index_select, whose checks and positions these share. Both gradients are one: only what names the places
differs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op
from autogradkit._ops.declare.kinds import Array, Dim
from autogradkit._ops.declare.overlaps import require_disjoint
from autogradkit._ops.declare.writing import require_same_dtype
from autogradkit._ops.selection.gather import grid_of, require_scatterable, summed_at
from autogradkit._ops.selection.index_select import lined_up, require_addable, require_within
from autogradkit.core.dtype import SCALAR_TYPE_NAMES, from_numpy_dtype, is_half
from autogradkit.core.strides import move_dim
from autogradkit.core.tensor import wrap
from autogradkit.core.warning import warn_once

_UFUNCS = {"sum": np.add, "mean": np.add, "prod": np.multiply, "amax": np.maximum, "amin": np.minimum}
_OLD_NAMES = {"max": "amax", "min": "amin"}  # which only the forward pass of `scatter_reduce` takes


def _neutral(kind: np.dtype[Any], reduce: str) -> Any:
    """What leaves every number as it is."""
    if reduce in ("sum", "mean", "prod"):
        return int(reduce == "prod")
    if kind.kind == "b":
        return reduce == "amin"
    if kind.kind in "iu":
        return np.iinfo(kind).min if reduce == "amax" else np.iinfo(kind).max
    return -np.inf if reduce == "amax" else np.inf


def _reduce_into(out: Array, places: Any, values: Any, reduce: str, include_self: bool) -> None:
    """Reduce `values` into the places of `out`, with what stands there or without it."""
    if not include_self:
        out[places] = _neutral(out.dtype, reduce)
    if reduce in ("sum", "mean") and is_half(out.dtype):
        np.copyto(out, summed_at(out, places, values))
    else:
        _UFUNCS[reduce].at(out, places, values)
    if reduce == "mean":
        counts = np.full(out.shape, int(include_self))
        np.add.at(counts, places, 1)
        counts = np.maximum(counts, 1).astype(out.dtype)
        if out.dtype.kind in "iu":
            np.floor_divide(out, counts, out=out)
        else:
            np.true_divide(out, counts, out=out)


def _require_kind(self: Array, kinds: str, label: str) -> None:
    if self.dtype.kind in kinds:
        raise NotImplementedError(
            f"\"{label}\" not implemented for '{SCALAR_TYPE_NAMES[from_numpy_dtype(self.dtype)]}'"
        )


# -- gradients ---------------------------------------------------------------------------------------------------------


# How a gradient meets the places: what stands there, added to them, reduced into them, cleared.
_Places = tuple[Callable[..., Any], Callable[..., Any], Callable[..., Any], Callable[..., Any]]


def _backward(
    g: Any, self: Any, src: Any, result: Any, reduce: str, include_self: bool, at: _Places, needs: Any
) -> Any:
    picked, added, _reduced, cleared = at
    if reduce == "sum":
        to_self, to_src = g, picked(g)
    elif reduce == "prod":
        to_self, to_src = _of_products(g, self, src, result, at)
    elif reduce == "mean":
        counts = added(k.zeros_like(g) + int(include_self), k.zeros_like(src) + 1)
        counts = k.where(counts == 0, 1.0, counts)
        to_self, to_src = g / counts, picked(g) / picked(counts)
    else:
        own, given = _ones_where(self == result, self), _ones_where(src == picked(result), src)
        share = g / added(own, given)
        to_self, to_src = own * share, given * picked(share)
    if not include_self:
        to_self = cleared(to_self)
    return tuple([each if needed else None for each, needed in zip((to_self, to_src), needs, strict=True)])


def _ones_where(condition: Any, like: Any) -> Any:
    return k.where(condition, 1.0, k.zeros_like(like))


def _of_products(g: Any, self: Any, src: Any, result: Any, at: _Places) -> tuple[Any, Any]:
    """The product of all others; where a single factor is 0, found by leaving that one out."""
    picked, added, reduced, _cleared = at
    own = k.where(self == 0, 1.0, self)
    to_self = g * reduced(own, src) / own
    zero = src == 0
    zeros = picked(added(k.zeros_like(self), _ones_where(zero, src)))
    alone = zero & (zeros == 1)
    without = reduced(self, k.where(alone, 1.0, src))
    others = picked(g * result) / k.where(zero, 1.0, src)
    return to_self, k.where(alone, picked(g * without), others)


def _scatter_backward(
    g: Any, self: Any, src: Any, result: Any, dim: int, index: Any, reduce: str, include_self: bool, needs: Any
) -> Any:
    if reduce in _OLD_NAMES:
        raise RuntimeError(f"Expected 'reduce' to be one of 'sum', 'prod', 'mean', 'amax', 'amin' but got {reduce}.")
    at = (
        lambda x: k.gather(x, dim, index),
        lambda x, y: k.scatter_add(x, dim, index, y),
        lambda x, y: k.scatter_reduce(x, dim, index, y, reduce, include_self=include_self),
        lambda x: k.scatter_value(x, dim, index, 0.0),
    )
    return _backward(g, self, src, result, reduce, include_self, at, needs)


def _index_backward(
    g: Any, self: Any, source: Any, result: Any, dim: int, index: Any, reduce: str, include_self: bool, needs: Any
) -> Any:
    at = (
        lambda x: k.index_select(x, dim, index),
        lambda x, y: k.index_add(x, dim, index, y),
        lambda x, y: k.index_reduce(x, dim, index, y, reduce, include_self=include_self),
        lambda x: k.index_fill_number(x, dim, index, 0.0),
    )
    return _backward(g, self, source, result, reduce, include_self, at, needs)


_RULE = "∂self = ∂ · ∂result/∂self at every place\n{0} = ∂ at the index · ∂result/{0}"


# -- the ops -----------------------------------------------------------------------------------------------------------


def _refuse_scatter(self: Any, dim: int, index: Any, src: Any, reduce: str, include_self: bool) -> None:
    require_scatterable(self, dim, index, src)
    if reduce not in _UFUNCS and reduce not in _OLD_NAMES:
        raise RuntimeError(f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}")


@op(
    in_place=True,
    edits="contiguous",
    refuse=_refuse_scatter,
    overlaps=require_disjoint,
    apart="resized",
    apart_from="index src",
    real_gradient=True,
    samples=lambda t: [
        (t(3, 2, low=0.5), 0, wrap(np.array([[2, 0], [2, 1]])), t(2, 2, low=0.5), reduce, include_self)
        for reduce in _UFUNCS
        for include_self in (True, False)
    ],
    group=("self src", _scatter_backward),
    rule=_RULE.format("∂src"),
)
def scatter_reduce(
    self: Array, dim: Dim, index: Array, src: Array, reduce: str, *, include_self: bool = True, out: Array
) -> None:
    """The elements of `src` reduced into those of `self` that `index` names along `dim`: "sum", "prod", "mean", "amax", "amin".

    >>> import autogradkit as torch
    >>> torch.ones(3).scatter_reduce(0, torch.tensor([0, 0, 2]), torch.tensor([2.0, 3.0, 4.0]), "prod")
    tensor([6., 1., 4.])
    """
    reduce = _OLD_NAMES.get(reduce, reduce)
    if not index.size:
        _require_kind(self, "b" if reduce == "mean" else "", "div_floor_cpu")
        return
    target, places = lined_up(out), lined_up(index)
    if not include_self:  # what stands at the places is overwritten first
        require_within("", index, dim, target.shape[dim])
    _require_kind(
        self, {"mean": "b", "amax": "c", "amin": "c"}.get(reduce, ""), f"scatter_gather_tensor_cpu_reduce_{reduce}"
    )
    require_within("", index, dim, target.shape[dim])
    grid: list[Any] = list(grid_of(places.shape))
    grid[dim] = places
    values = lined_up(src)[tuple([slice(size) for size in places.shape])]
    _reduce_into(target, tuple(grid), values, reduce, include_self)


def _refuse_index(self: Any, dim: int, index: Any, source: Any, reduce: str, include_self: bool) -> None:
    if reduce == "sum" or reduce not in _UFUNCS:
        raise RuntimeError(f"index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got {reduce}.")
    require_addable("index_reduce_", self, dim, index, source)


@op(
    in_place=True,
    edits="contiguous",
    refuse=_refuse_index,
    refuse_out=lambda out, self, *_: require_same_dtype(self._array.dtype, out._array.dtype),  # before it warns
    overlaps=require_disjoint,
    apart="resized",
    apart_from="index source",
    real_gradient=True,
    samples=lambda t: [
        (t(3, 2, low=0.5), 0, wrap(np.array([2, 0, 2])), t(3, 2, low=0.5), reduce, include_self)
        for reduce in ("prod", "mean", "amax", "amin")
        for include_self in (True, False)
    ],
    group=("self source", _index_backward),
    rule=_RULE.format("∂source"),
)
def index_reduce(
    self: Array, dim: Dim, index: Array, source: Array, reduce: str, *, include_self: bool = True, out: Array
) -> None:
    """Each place of `source` reduced into the place of dimension `dim` that `index` lists: "prod", "mean", "amax" or "amin".

    >>> import autogradkit as torch
    >>> torch.ones(3).index_reduce(0, torch.tensor([0, 0, 2]), torch.tensor([2.0, 3.0, 4.0]), "amax")
    tensor([3., 1., 4.])
    """
    warn_once("index_reduce() is in beta and the API may change at any time.")
    places = lined_up(out)
    if not include_self:
        _require_kind(self, "bc", "index_reduce_func_exclude_input_init")
        require_within("", index, dim, places.shape[dim], IndexError, negative=True)
    if out.ndim < 2:
        _require_kind(self, "bc", "index_func_")
    if ((index < 0) | (index >= places.shape[dim])).any():
        raise IndexError("index out of range in self")
    if not index.size:
        return
    if reduce == "mean":
        _require_kind(self, "b", "div_floor_cpu")
    elif reduce != "prod":
        _require_kind(self, "c", "maximum_cpu" if reduce == "amax" else "minimum_cpu")
    moved = move_dim(places, dim, 0)
    _reduce_into(moved, index.reshape(-1), move_dim(lined_up(source), dim, 0), reduce, include_self)
