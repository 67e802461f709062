"""Sums and means that leave NaN out: nansum and nanmean.

Rests on declare and sums. The median and the quantiles without NaN stand beside those with it, in order.py and quantiles.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op
from autogradkit._ops.declare.kinds import Array, Dims, DType
from autogradkit._ops.declare.refusals import refuses, scalar_type
from autogradkit._ops.declare.writing import require_castable, require_same_dtype, saying
from autogradkit._ops.reduction.sums import add_up, spread, sum_dims, summand, summed_dtype
from autogradkit.core.dtype import FLOATING, from_numpy_dtype
from autogradkit.core.tensor import Tensor

_SAME = saying("nansum: provided dtype must match dtype of result. Got {out} and {result}.")


def _no_kernel(kind: Any) -> NotImplementedError:
    return NotImplementedError(f"\"nansum_cpu\" not implemented for '{scalar_type(kind)}'")


_require_real = refuses("c", "nansum on CPU does not support complex inputs", RuntimeError)


def _require_sums_out(out: Any, self: Any, dim: Any, keepdim: bool, dtype: Any) -> None:
    _require_real(self)
    if min(self.dtype.category, (dtype or self.dtype).category) < FLOATING:  # PyTorch has `sum` do it
        require_same_dtype(summed_dtype(self._array.dtype, dtype or out.dtype), out._array.dtype)
        return
    if dtype is not None:
        _SAME(dtype.numpy, out._array.dtype)
    if out.dtype.category != FLOATING and self._array.size:
        raise _no_kernel(out.dtype)


@op(
    reduces=True,
    out_decides=True,
    result_dtype=summed_dtype,
    refuse_out=_require_sums_out,
    out_dtype=_SAME,
    dtypes=_require_real,
    samples=lambda t: [(t(2, 3),), (t(2, 3), (1,)), (t(2, 3), (0, 1), True)],
    vjp={"self": lambda g, self, dim, keepdim: spread(g, self.shape, dim, keepdim) * k.logical_not(k.isnan(self))},
    rule="∂self = ∂ where self is a number, 0 where it is NaN",
)
def nansum(
    self: Array, dim: Dims | None = None, keepdim: bool = False, *, dtype: DType | None = None, out: Array
) -> None:
    """The sum (along dimensions) of the elements that are not NaN.

    >>> import autogradkit as torch
    >>> torch.nansum(torch.tensor([1.0, float("nan"), 2.0]))
    tensor(3.)
    """
    if out.dtype.kind == "c" and self.dtype.kind in "fV" and self.size:  # of whole numbers PyTorch has `sum` do it
        raise _no_kernel(from_numpy_dtype(out.dtype))
    if self.dtype.kind in "fV" and (missing := np.isnan(self)).any():
        self = np.where(missing, self.dtype.type(0), self)
    if out.dtype.kind in "biu":  # a dtype that is asked for: each number loses its fraction before it is added
        self = self.astype(out.dtype)
    add_up(summand(self, out.dtype), dim, out, keepdim)


def _require_means_out(out: Any, self: Any, dim: Any, keepdim: bool, dtype: Any) -> None:
    if self._array.dtype.kind not in "fVc":
        raise RuntimeError(
            "nanmean(): integral types and 'Bool' are not supported for nanmean, even for empty tensors."
        )
    _require_mean(dtype)
    _require_sums_out(out, self, dim, keepdim, dtype)
    require_castable(self._array.dtype, out._array.dtype)  # to divide in place


def _require_mean(dtype: Any) -> None:
    if dtype is not None and not (dtype.is_floating_point or dtype.is_complex):
        raise RuntimeError(
            "nanmean(): could not infer output dtype. Optional dtype must be either a floating point or complex dtype. Got: "
            f"{scalar_type(dtype)}"
        )


@op(
    composition=True,
    out=True,
    out_decides=True,
    refuse_out=_require_means_out,
    out_dtype=_SAME,
    written=lambda *_: 1,
)
def nanmean(self: Tensor, dim: Dims | None = None, keepdim: bool = False, *, dtype: DType | None = None) -> Any:
    """The mean (along dimensions) of the elements that are not NaN.

    >>> import autogradkit as torch
    >>> torch.nanmean(torch.tensor([1.0, float("nan"), 2.0]))
    tensor(1.5000)
    """
    tensor: Any = self
    if tensor._array.dtype.kind not in "fVc":
        raise RuntimeError(
            f"nanmean(): expected input to have floating point or complex dtype but got {scalar_type(tensor.dtype)}"
        )
    _require_mean(dtype)
    total = nansum(tensor, dim, keepdim, dtype=dtype)
    return total.div(sum_dims(tensor.detach().isnan().logical_not(), dim, keepdim))
