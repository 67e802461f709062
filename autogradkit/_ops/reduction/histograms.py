"""Counts in bins: histc, histogram, histogramdd.

Rests on declare and searching. `bincount` and `unique` stand in counting.py.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autogradkit._ops.declare import UNIMPLEMENTED, function, op
from autogradkit._ops.declare.kinds import Array, Arrays, Floats, Ints, Scalar, Tensors
from autogradkit._ops.declare.refusals import undifferentiated
from autogradkit._ops.declare.writing import C_NAMES
from autogradkit._ops.making.ranges import fill_evenly
from autogradkit._ops.making.scalars import scalar_array
from autogradkit._ops.reduction import return_types
from autogradkit._ops.selection.searching import places_among
from autogradkit.core.dtype import SCALAR_TYPE_NAMES, from_numpy_dtype
from autogradkit.core.tensor import Tensor


def _require_bins(bins: int, dim: int = 0) -> None:
    if bins <= 0:
        raise RuntimeError(f"torch.histogram(): bins must be > 0, but got {bins} for dimension {dim}")


def _counted(bins: Sequence[Array], places: Sequence[Array], weight: Array | None, kind: np.dtype[Any]) -> Array:
    """How many elements have each combination of places; those that are nowhere have a place of −1."""
    if not bins:
        return np.zeros((), kind)
    shape = [len(edges) - 1 for edges in bins]
    held = np.logical_and.reduce([each >= 0 for each in places])
    flat = np.ravel_multi_index([each[held] for each in places], shape)
    weights = None if weight is None else weight.reshape(-1)[held]
    return np.bincount(flat, weights, math.prod(shape)).reshape(shape).astype(kind)


def _histc_meta(self: Array, bins: int, min: float, max: float) -> Any:
    _require_bins(bins)
    return (bins,), self.dtype


def _require_same(out: Any, self: Any, *_options: Any) -> None:
    """What `out=` names has the dtype of the elements, the edges first."""
    outs = out if isinstance(out, (list, tuple)) else (out,)
    for name, where, each in tuple(zip(("hist", "bin_edges"), ("", " for dimension 0"), outs, strict=False))[::-1]:
        if each.dtype is not self.dtype:
            given, wanted = C_NAMES[self.dtype.name], C_NAMES[each.dtype.name]
            raise RuntimeError(
                f"torch.histogram: input tensor and {name} tensor should have the same dtype, but got input {given} and {name} "
                f"{wanted}{where}"
            )


@op(meta=_histc_meta, refuse_out=_require_same)
def histc(self: Array, bins: int = 100, min: Scalar = 0, max: Scalar = 0, *, out: Array) -> None:
    """How many elements lie in each of `bins` equal parts of the range from `min` to `max`, or of that of the elements.

    >>> import autogradkit as torch
    >>> torch.histc(torch.tensor([1.0, 2.0, 1.0]), bins=4, min=0, max=3)
    tensor([0., 2., 1., 0.])
    """
    low, high = _range(self, min, max)
    if low > high:
        raise RuntimeError("torch.histc: max must be larger than min")
    if self.dtype.kind == "b":
        raise NotImplementedError("\"linspace_cpu\" not implemented for 'Bool'")
    for each in (low, high):
        scalar_array(each, from_numpy_dtype(self.dtype))  # which may refuse it
    if self.dtype.kind in "iuc":
        raise NotImplementedError(f"\"histogram_cpu\" not implemented for '{_name(self)}'")
    kind = self.dtype.type
    held = self[(self >= kind(low)) & (self <= kind(high))]
    width = kind(kind(high) - kind(low))
    if np.isinf(width):  # elements that far apart come into no part, in PyTorch
        out.fill(0)
        return
    if width:
        places = ((held - kind(low)) * kind(bins) / width).astype(np.int64)
    else:  # bounds that are one number in this dtype: the middle part where they were equal before, else the first
        places = np.full(held.size, bins // 2 if float(min) == float(max) else 0)
    np.copyto(out, np.bincount(np.minimum(places, bins - 1), minlength=bins), casting="unsafe")


def _range(self: Array, low: Any, high: Any) -> tuple[float, float]:
    for each in (low, high):
        if isinstance(each, complex):
            raise RuntimeError("value cannot be converted to type double without overflow")
    low, high = float(low), float(high)
    if low == high and self.size:
        if self.dtype.kind == "c":
            raise NotImplementedError(f"\"aminmax_cpu\" not implemented for '{_name(self)}'")
        low, high = float(self.min()), float(self.max())
    if low == high:
        low, high = low - 1, high + 1
    if not (math.isfinite(low) and math.isfinite(high)):
        raise RuntimeError(f"torch.histc: range of [{low:g}, {high:g}] is not finite")
    return low, high


def _edges(rows: Array, dim: int, bins: int, range: Sequence[float] | None) -> Array:
    """Edges at equal distances along one dimension of the rows: over its `range`, or from its smallest element to its largest."""
    dims, column = rows.shape[-1], rows[..., dim]
    low, high = 0.0, 1.0
    if range is not None:
        if len(range) != 2 * dims:
            raise RuntimeError(
                f"torch.histogramdd: for a {dims}-dimensional histogram range should have {2 * dims} elements, but got "
                f"{len(range)}"
            )
        low, high = range[2 * dim], range[2 * dim + 1]
    elif column.size:
        if rows.dtype.name not in ("float32", "float64"):
            raise NotImplementedError(f"\"histogramdd\" not implemented for '{_name(rows)}'")
        low, high = float(column.min()), float(column.max())
    if not (math.isfinite(low) and math.isfinite(high)):
        raise RuntimeError(f"torch.histogramdd: dimension {dim}'s range [{low:g}, {high:g}] is not finite")
    if low > high:
        raise RuntimeError(
            f"torch.histogramdd: min should not exceed max, but got min {low:g} max {high:g} for dimension {dim}"
        )
    if low == high:
        low, high = low - 0.5, high + 0.5
    if rows.dtype.kind == "b":
        raise NotImplementedError("\"linspace_cpu\" not implemented for 'Bool'")
    edges = np.empty(bins + 1, rows.dtype)
    fill_evenly(edges, low, high)
    return edges


def _name(array: Array) -> str:
    return SCALAR_TYPE_NAMES[from_numpy_dtype(array.dtype)]


def _histogram(rows: Array, bins: Sequence[Array], weight: Array | None, density: bool) -> Array:
    """Counts (or sums of weights) of rows in a grid with these edges, as they are or as a density."""
    if rows.dtype.kind in "biuc":
        raise NotImplementedError(f"\"histogram_cpu\" not implemented for '{_name(rows)}'")
    points = rows.reshape(math.prod(rows.shape[:-1]), rows.shape[-1])
    places = []
    for dim, given in enumerate(bins):
        column, edges = points[:, dim].astype(np.float64), given.astype(np.float64)
        place = np.minimum(places_among(edges, column, "right") - 1, len(edges) - 2)
        places.append(np.where((column >= edges[0]) & (column <= edges[-1]), place, -1))
    found = _counted(bins, places, weight, rows.dtype)
    if density:
        found /= found.sum()
        for dim, edges in enumerate(bins):
            found /= np.diff(edges).reshape(-1, *(1,) * (len(bins) - dim - 1))
    return found


def _require_rows(rows: Array, bins: Sequence[Any], weight: Array | None) -> None:
    """What PyTorch checks of the elements (…, dimensions), of the edges or their numbers, and of the weights."""
    own = C_NAMES[from_numpy_dtype(rows.dtype).name]
    for dim, edges in enumerate(bins):
        if isinstance(edges, int):
            _require_bins(edges, dim)
            continue
        if edges.dtype != rows.dtype:
            raise RuntimeError(
                "torch.histogramdd: input tensor and bins tensors should have the same dtype, but got input with dtype "
                f"{own} and bins for dimension {dim} with dtype {C_NAMES[from_numpy_dtype(edges.dtype).name]}"
            )
        if edges.ndim != 1:
            raise RuntimeError(
                f"torch.histogramdd: bins tensor should have one dimension, but got {edges.ndim} dimensions in the bins "
                f"tensor for dimension {dim}"
            )
        if not edges.size:
            raise RuntimeError(
                "torch.histogramdd: bins tensor should have at least 1 element, but got 0 elements in the bins tensor for "
                f"dimension {dim}"
            )
    if weight is not None:
        if weight.dtype != rows.dtype:
            raise RuntimeError(
                "torch.histogramdd: if weight tensor is provided, input tensor and weight tensor should have the same dtype, "
                f"but got input({own}), and weight({C_NAMES[from_numpy_dtype(weight.dtype).name]})"
            )
        if weight.shape != rows.shape[:-1]:
            raise RuntimeError(
                "torch.histogramdd: if weight tensor is provided it should have the same shape as the input tensor excluding "
                f"its innermost dimension, but got input with shape {list(rows.shape)} and weight with shape "
                f"{list(weight.shape)}"
            )
    for dim, edges in enumerate(bins):
        if not isinstance(edges, int):
            _require_bins(edges.size - 1, dim)


histogram = function("histogram")


def _require_rows_first(out: Any, self: Any, bins: Any, weight: Any, density: bool) -> None:
    _require_rows(*_rows_of(self._array, bins._array, None if weight is None else weight._array))
    _require_same(out, self)


def _rows_of(self: Array, bins: Any, weight: Array | None) -> tuple[Array, list[Any], Array | None]:
    """Elements as rows of one number, their edges, their weights."""
    return self.reshape(-1, 1), [bins], None if weight is None else weight.reshape(-1)


@histogram.overload(
    node=UNIMPLEMENTED,
    outputs="hist bin_edges",
    returns=return_types.histogram,
    refuse_out=_require_rows_first,
    vjp=dict.fromkeys(("self", "bins", "weight"), undifferentiated("histogram")),
    rule="∂self, ∂bins and ∂weight are not implemented in PyTorch",
)
def _(self: Array, bins: Array, *, weight: Array | None = None, density: bool = False) -> Any:
    """How many elements (or what sum of `weight`) lie between neighbours of the edges `bins`, as (hist, bin_edges).

    >>> import autogradkit as torch
    >>> torch.histogram(torch.tensor([1.0, 2.0, 1.0]), 4, range=(0.0, 3.0)).hist
    tensor([0., 2., 1., 0.])
    """
    rows, edges, weight = _rows_of(self, bins, weight)
    _require_rows(rows, edges, weight)
    return _histogram(rows, edges, weight, density), bins.copy()


@histogram.overload(
    node=UNIMPLEMENTED,
    outputs="hist bin_edges",
    returns=return_types.histogram,
    refuse_out=_require_same,
    vjp=dict.fromkeys(("self", "weight"), undifferentiated("histogram")),
    rule="∂self and ∂weight are not implemented in PyTorch",
)
def _(
    self: Array,
    bins: int = 100,
    *,
    range: Floats | None = None,
    weight: Array | None = None,
    density: bool = False,
) -> Any:
    _require_bins(bins)
    edges = _edges(self.reshape(-1, 1), 0, bins, range)
    rows, _, weight = _rows_of(self, edges, weight)
    _require_rows(rows, [edges], weight)
    return _histogram(rows, [edges], weight, density), edges


@op(
    name="histogram_counts",
    node=UNIMPLEMENTED,
    variants="",
    out=False,
    vjp=dict.fromkeys(("self", "weight"), undifferentiated("_histogramdd_from_bin_tensors")),
    rule="∂self and ∂weight are not implemented in PyTorch",
)
def counts_in_grid(self: Array, bins: Arrays, *, weight: Array | None = None, density: bool = False) -> Array:
    """How many rows lie in each box of the grid that has these edges."""
    return _histogram(self, bins, weight, density)


@op(
    name="histogram_counts_by_numbers",
    node=UNIMPLEMENTED,
    variants="",
    out=False,
    vjp=dict.fromkeys(("self", "weight"), undifferentiated("_histogramdd_from_bin_cts")),
    rule="∂self and ∂weight are not implemented in PyTorch",
)
def counts_by_numbers(
    self: Array, bins: Ints, range: Floats | None = None, weight: Array | None = None, density: bool = False
) -> Array:
    """How many rows lie in each box of a grid with so many bins in each dimension."""
    return _histogram(self, [_edges(self, dim, count, range) for dim, count in enumerate(bins)], weight, density)


@op(
    name="histogram_edges",
    node=UNIMPLEMENTED,
    variants="",
    out=False,
    vjp={"self": undifferentiated("_histogramdd_bin_edges")},
    rule="∂self is not implemented in PyTorch",
)
def edges_along(self: Array, dim: int, bins: int, range: Floats | None = None) -> Array:
    """The edges of so many bins at equal distances for the columns of rows."""
    return _edges(self, dim, bins, range)


histogramdd = function("histogramdd", variants="function")


def _in_grid(self: Any, bins: Sequence[Any], range: Any, weight: Any, density: bool) -> Any:
    rows = self._array
    if rows.ndim < 2:
        raise RuntimeError("torch.histogramdd: input tensor should have at least 2 dimensions")
    dims = rows.shape[-1]
    edges = list(bins)
    if not any(isinstance(each, Tensor) for each in bins):
        edges = [edges_along(self, dim, count, range) for dim, count in enumerate(bins[:dims])]
        if len(bins) != dims:
            raise RuntimeError("histogramdd: The size of bins must be equal to the innermost dimension of the input.")
    elif len(bins) != dims:
        raise RuntimeError(
            f"torch.histogramdd: expected {dims} sequences of bin edges for a {dims}-dimensional histogram but got {len(bins)}"
        )
    _require_rows(rows, [each._array for each in edges], None if weight is None else weight._array)
    if edges and edges[0] is bins[0]:
        found = counts_in_grid(self, edges, weight=weight, density=density)
    else:
        found = counts_by_numbers(self, bins, range, weight, density)
    return return_types.histogramdd((found, tuple(edges)))


@histogramdd.overload(composition=True)
def _(self: Tensor, bins: int, range: Floats | None = None, weight: Tensor | None = None, density: bool = False) -> Any:
    """How many of the rows lie in each box of a grid of so many `bins` a dimension, or with these edges.

    >>> import autogradkit as torch
    >>> torch.histogramdd(torch.tensor([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), (2, 2)).hist
    tensor([[0., 1.],
            [1., 1.]])
    """
    if not self.ndim:
        raise IndexError("Dimension specified as -1 but tensor has no dimensions")
    return _in_grid(self, (bins,) * self.shape[-1], range, weight, density)


@histogramdd.overload(composition=True)
def _(
    self: Tensor, bins: Ints, range: Floats | None = None, weight: Tensor | None = None, density: bool = False
) -> Any:
    return _in_grid(self, bins, range, weight, density)


@histogramdd.overload(composition=True)
def _(
    self: Tensor, bins: Tensors, range: Floats | None = None, weight: Tensor | None = None, density: bool = False
) -> Any:
    return _in_grid(self, bins, range, weight, density)
