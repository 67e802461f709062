"""What depends on the order of elements: sort, msort, argsort, topk, kthvalue, median, nanmedian.

Rests on declare, places and extremes; the gradient of each goes to the elements that were picked.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import function, op
from autogradkit._ops.declare.kinds import Array, Dim, SymInt
from autogradkit._ops.declare.refusals import (
    by_kernel,
    check_both,
    not_implemented,
    refuses,
    unless_empty,
)
from autogradkit._ops.declare.writing import require_same_dtype
from autogradkit._ops.reduction import return_types
from autogradkit._ops.reduction.choosing import kth, top
from autogradkit._ops.reduction.extremes import pick, require_size, shared, to_picked, warn_before_dim_goes, without_dim
from autogradkit._ops.reduction.places import chosen_places, middle_places, stable_order
from autogradkit._ops.selection.gather import positions_along
from autogradkit.core.dtype import int64
from autogradkit.core.shapes import wrap_dim
from autogradkit.core.strides import dense_strides_like, element_strides
from autogradkit.core.tensor import Tensor

Pair = tuple[Array, Array]
_INT64 = np.dtype(np.int64)


def _lined_up(self: Array) -> Array:
    """The array with at least one dimension."""
    return self if self.ndim else self.reshape(1)


# -- in order ----------------------------------------------------------------------------------------------------------


def _refuse_complex(self: Any, *_options: Any) -> None:
    if self._array.dtype.kind == "c":
        raise RuntimeError(" Sort does not support complex dtypes on CPU")


def _sorted_meta(self: Array, *_options: Any, **_more: Any) -> list[Any]:
    strides = dense_strides_like(self.shape, element_strides(self))
    return [(self.shape, self.dtype, strides), (self.shape, _INT64, strides)]


def _sort(self: Array, dim: int, descending: bool, out: Pair) -> None:
    source = _lined_up(self)
    positions = stable_order(source, dim, descending)
    np.copyto(out[0], source[positions_along(positions, dim)].reshape(self.shape))
    np.copyto(out[1], positions.reshape(self.shape))


def _unsort(g: Any, self_sym_sizes: Any, dim: int, indices: Any) -> Any:
    return to_picked(g, self_sym_sizes, dim, indices, True)


sort = function("sort")


@sort.overload(
    node="SortBackward1",
    gradient_version=2,
    rule="∂self = ∂ put back in the order of self",
    meta=_sorted_meta,
    dtypes=_refuse_complex,
    outputs="values indices",
    differentiable_outputs=1,
    returns=return_types.sort,
    samples=lambda t: [(t(2, 3), True, 1)],
    vjp={"self": _unsort},
)
def _(self: Array, *, stable: bool | None, dim: Dim = -1, descending: bool = False, out: Pair) -> None:
    """The elements in order along `dim`, and where they stood, as (values, indices). NaN counts as the largest.

    >>> import autogradkit as torch
    >>> torch.sort(torch.tensor([2, 3, 1])).values
    tensor([1, 2, 3])
    """
    _sort(self, dim, descending, out)


@sort.overload(
    node="SortBackward0",
    meta=_sorted_meta,
    dtypes=_refuse_complex,
    outputs="values indices",
    differentiable_outputs=1,
    returns=return_types.sort,
    samples=lambda t: [(t(2, 3), 1), (t(4), 0, True)],
    gradient_version=2,
    vjp={"self": _unsort},
    rule="∂self = ∂ put back in the order of self",
)
def sort_values(self: Array, dim: Dim = -1, descending: bool = False, *, out: Pair) -> None:
    _sort(self, dim, descending, out)


argsort = function("argsort")


@argsort.overload(composition=True, out=True, differentiable_outputs=0, out_dtype=require_same_dtype)
def _(self: Tensor, *, stable: bool, dim: Dim = -1, descending: bool = False) -> Any:
    """The positions that put the elements in order along `dim`.

    >>> import autogradkit as torch
    >>> torch.argsort(torch.tensor([2, 3, 1]))
    tensor([2, 0, 1])
    """
    return sort_values(self.detach(), dim, descending)[1]


@argsort.overload(composition=True)
def _(self: Tensor, dim: Dim = -1, descending: bool = False) -> Any:
    return sort_values(self.detach(), dim, descending)[1]


@op(composition=True, out=True, out_dtype=require_same_dtype)
def msort(self: Tensor) -> Any:
    """The elements in order along the first dimension.

    >>> import autogradkit as torch
    >>> torch.msort(torch.tensor([[2, 5], [1, 7]]))
    tensor([[1, 5],
            [2, 7]])
    """
    return sort_values(self, 0)[0]


def _topk_meta(self: Array, k: int, dim: int, largest: bool, sorted: bool) -> list[Any]:
    if not 0 <= k <= _lined_up(self).shape[dim]:
        raise RuntimeError("selected index k out of range")
    shape = (*self.shape[:dim], k, *self.shape[dim + 1 :]) if self.ndim else ()
    return [(shape, self.dtype), (shape, _INT64)]


@op(
    apart="resized",
    meta=_topk_meta,
    dtypes=check_both(
        refuses("c", " topk does not support complex dtypes on CPU", RuntimeError),
        refuses("b", "topk does not support bool dtypes on CPU", RuntimeError),
    ),
    outputs="values indices",
    differentiable_outputs=1,
    returns=return_types.topk,
    samples=lambda t: [(t(2, 4), 2), (t(4, 2), 3, 0, False)],
    gradient_version=2,
    vjp={"self": _unsort},
    rule="∂self = ∂ at the indices, 0 elsewhere",
)
def topk(self: Array, k: SymInt, dim: Dim = -1, largest: bool = True, sorted: bool = True, *, out: Pair) -> None:
    """The `k` largest (or smallest) elements along `dim`, and where they stand, as (values, indices).

    >>> import autogradkit as torch
    >>> torch.topk(torch.tensor([2, 3, 1]), 2).values
    tensor([3, 2])
    """
    _write(largest_of(_lined_up(self), dim, k if self.ndim else 1, largest, sorted), out)


def largest_of(source: Array, dim: int, k: int, largest: bool = True, sorted: bool = True) -> Pair:
    """The `k` largest (or smallest) elements along `dim`, and where they stand; of equal ones PyTorch's choice."""
    return chosen_places(source, dim, slice(0, k), lambda ranks: top(ranks, k, sorted), largest, not sorted)


# -- in the middle -----------------------------------------------------------------------------------------------------


def _kth_meta(self: Array, k: int, dim: int, keepdim: bool) -> list[Any]:
    require_size("kthvalue", self, dim)
    if not 1 <= k <= _lined_up(self).shape[dim]:
        raise RuntimeError(f"kthvalue(): selected number k out of range for dimension {dim}")
    shape = without_dim(self.shape, dim, keepdim)
    return [(shape, self.dtype), (shape, _INT64)]


_not_ordered = not_implemented("kthvalue_cpu", "bc")


@by_kernel
def _require_ordered(self: Any, *_: Any, **__: Any) -> None:
    if self.ndim:  # else it is found without a kernel
        _not_ordered(self)


@op(
    apart="given",
    meta=_kth_meta,
    warns_of_resizing=lambda out, self, k, dim, keepdim: warn_before_dim_goes(
        out, self, dim, keepdim or not self.ndim, False
    ),
    dtypes=_require_ordered,
    real_gradient=True,
    outputs="values indices",
    differentiable_outputs=1,
    returns=return_types.kthvalue,
    samples=lambda t: [(t(2, 4), 2, 1)],
    gradient_version=2,
    vjp={"self": lambda g, self_sym_sizes, dim, indices, keepdim: to_picked(g, self_sym_sizes, dim, indices, keepdim)},
    rule="∂self = ∂ at the index, 0 elsewhere",
)
def kthvalue(self: Array, k: SymInt, dim: Dim = -1, keepdim: bool = False, *, out: Pair) -> None:
    """The `k`-th smallest element along `dim`, and where it stands, as (values, indices).

    >>> import autogradkit as torch
    >>> torch.kthvalue(torch.tensor([5, 9, 7]), 2).values
    tensor(7)
    """
    _write(chosen_places(_lined_up(self), dim, slice(k - 1, k), lambda ranks: kth(ranks, k - 1)), out)


def _write(found: Pair, out: Pair) -> None:
    for made, into in zip(found, out, strict=True):
        into[...] = made.reshape(into.shape)


def _median_meta(self: Array, dim: int, keepdim: bool) -> list[Any]:
    require_size("median", self, dim)
    shape = without_dim(self.shape, dim, keepdim)
    return [(shape, self.dtype), (shape, _INT64)]


def _require_medians_dtypes(out: Any, self: Any, dim: int, keepdim: bool) -> None:
    wrap_dim(dim, self._array.ndim)
    values, indices = out
    if indices.dtype is not int64:
        raise RuntimeError(
            f"Expected tensor for argument #1 'indices' to have scalar type Long; but got {indices.dtype.tensor_type} instead "
            "(while checking arguments for median)"
        )
    if values.dtype is not self.dtype:
        raise RuntimeError(
            "Expected tensor for 'values' to have the same type as tensor for argument #2 'self'; but type "
            f"{values.dtype.tensor_type} does not equal {self.dtype.tensor_type} (while checking arguments for median)"
        )


def _median(self: Array, dim: int, out: Pair, without_nan: bool) -> None:
    pick(self, middle_places(_lined_up(self), dim, without_nan), dim, out)


def _declare_median(name: str, without_nan: bool, summary: str, shown: str) -> None:
    made = function(name)

    @made.overload(
        gradient_version=1,
        reduces=True,
        dtypes=unless_empty(not_implemented("median_cpu", "bc")),
        real_gradient=True,
        out=False,
        samples=lambda t: [(t(2, 3),), (t(),)],
        vjp={"self": lambda g, self, result: shared(g, self, result)},
        rule="∂self = ∂ at the median, shared among ties, 0 elsewhere",
    )
    def of_all(self: Array, *, out: Array) -> None:
        if self.size:
            _median(self.reshape(-1), 0, (out, np.empty((), _INT64)), without_nan)
        else:
            nothing = np.asarray(np.nan)  # NaN as C++ casts it to small integers: through int32
            out[()] = nothing.astype(np.int32) if self.dtype.kind in "iu" and self.dtype.itemsize < 4 else nothing

    @made.overload(
        node=f"{name.title()}Backward1",
        gradient_version=2,
        rule="∂self = ∂ at the index, 0 elsewhere",
        apart="resized",
        meta=_median_meta,
        dtypes=not_implemented("median_out", "bc"),
        refuse_out=_require_medians_dtypes,
        real_gradient=True,
        outputs="values indices",
        differentiable_outputs=1,
        returns=getattr(return_types, name),
        samples=lambda t: [(t(2, 4), 1), (t(3, 2), 0, True)],
        vjp={
            "self": lambda g, self_sym_sizes, dim, indices, keepdim: to_picked(g, self_sym_sizes, dim, indices, keepdim)
        },
    )
    def along(self: Array, dim: Dim, keepdim: bool = False, *, out: Pair) -> None:
        _median(self, dim, out, without_nan)

    of_all.kernel.__doc__ = f"""{summary}

    >>> import autogradkit as torch
    >>> torch.{name}(torch.tensor([4.0, float("nan"), 3.0, 2.0]))
    tensor({shown})
    """


_declare_median(
    "median",
    False,
    "The median of all elements, the lower of two; given `dim`, (values, indices). NaN if there is one.",
    "nan",
)
_declare_median(
    "nanmedian",
    True,
    "The median of all elements that are not NaN, the lower of two; given `dim`, (values, indices).",
    "3.",
)
