"""What stands at a fraction of the order: quantile and nanquantile.

Compositions, as in PyTorch: the elements are sorted, gathered on either side of the rank, and blended. Rests on declare and
order.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import function
from autogradkit._ops.declare.kinds import Dim
from autogradkit._ops.declare.writing import saying
from autogradkit._ops.reduction.order import sort_values
from autogradkit.core.integers import require_int64
from autogradkit.core.shapes import wrap_dim
from autogradkit.core.tensor import Tensor, wrap

_MODES = ("linear", "lower", "higher", "midpoint", "nearest")


def _quantile(tensor: Any, q: Any, dim: int | None, keepdim: bool, interpolation: str, without_nan: bool) -> Any:
    if interpolation not in _MODES:
        raise RuntimeError(
            "quantile() interpolation must be one of linear, lower, higher, midpoint or nearest, but got "
            + interpolation
        )
    if dim is not None:
        require_int64(dim)
    _require_fitting(tensor, q)
    at = wrap_dim(dim or 0, tensor.ndim)
    if dim is not None and tensor.ndim:
        shape = [*tensor.shape[:at], *((1,) if keepdim else ()), *tensor.shape[at + 1 :]]
    else:
        shape = [1] * tensor.ndim if keepdim else []
    if not ((q._array >= 0) & (q._array <= 1)).all():
        raise RuntimeError("quantile() q values must be in the range [0, 1]")
    if dim is None:
        tensor = tensor.flatten()
    elif at < tensor.ndim - 1:
        tensor = tensor.unsqueeze(-1).transpose(at, -1)
    ordered = sort_values(tensor)[0]
    size = ordered.shape[-1] if ordered.ndim else 1
    ordered = ordered.view([*shape, size])
    ranks = _ranks(ordered, q.expand([1]) if not q.ndim else q, size, without_nan)
    if interpolation in ("lower", "higher", "nearest"):
        ranks = {"lower": ranks.floor, "higher": ranks.ceil, "nearest": ranks.round}[interpolation]()
    below = ranks.long()
    values = ordered.gather(-1, below)
    if interpolation in ("linear", "midpoint"):
        weights = ranks - below if interpolation == "linear" else wrap(np.full(ranks.shape, 0.5, ranks._array.dtype))
        values.lerp_(ordered.gather(-1, ranks.ceil().long()), weights)
    if not q.ndim:
        return values.squeeze_(-1)
    return values.unsqueeze_(0).transpose_(0, -1).squeeze_(-1)


def _require_fitting(tensor: Any, q: Any) -> None:
    if not tensor._array.size:
        raise RuntimeError("quantile() input tensor must be non-empty")
    if q.ndim > 1:
        raise RuntimeError("quantile() q must be a scalar or 1D tensor")
    if tensor._array.dtype not in (np.float32, np.float64):
        raise RuntimeError("quantile() input tensor must be either float or double dtype")
    if q.dtype != tensor.dtype:
        raise RuntimeError("quantile() q tensor must be same dtype as the input tensor")


def _ranks(ordered: Any, q: Any, size: int, without_nan: bool) -> Any:
    """Where in the order the quantiles stand; with a NaN among the elements at the last, which is one."""
    missing = ordered.detach().isnan()
    if without_nan:
        ranks = q * (missing.logical_not().sum(-1, True) - 1)
        return ranks.masked_fill(ranks < 0, 0)
    missing = missing.any(-1, True)
    return (q * (size - 1)).expand((*missing.shape[:-1], q.shape[0])).masked_fill(missing, size - 1)


def _declare(name: str, without_nan: bool, summary: str, shown: str) -> None:
    made = function(name)
    same = saying("quantile() out tensor must be same dtype as the input tensor")

    def refuse_out(out: Tensor, self: Tensor, q: Tensor, dim: Any, keepdim: bool, interpolation: str) -> None:
        """As in PyTorch before it looks at the numbers of `q`, and after all that it asks of both without `out`."""
        if interpolation in _MODES:
            _require_fitting(self, q)
            same(self._array.dtype, out._array.dtype)

    @made.overload(composition=True, out=True, written_by="copy_", out_dtype=same, refuse_out=refuse_out)
    def of_tensor(
        self: Tensor, q: Tensor, dim: Dim | None = None, keepdim: bool = False, *, interpolation: str = "linear"
    ) -> Any:
        return _quantile(self, q, dim, keepdim, interpolation, without_nan)

    @made.overload(composition=True, out=True, written_by="copy_", out_dtype=same)
    def _(
        self: Tensor, q: float, dim: Dim | None = None, keepdim: bool = False, *, interpolation: str = "linear"
    ) -> Any:
        if not 0 <= q <= 1:
            raise RuntimeError(f"quantile() q must be in the range [0, 1] but got {q:g}")
        return _quantile(self, wrap(np.asarray(q, self._array.dtype)), dim, keepdim, interpolation, without_nan)

    of_tensor.kernel.__doc__ = f"""{summary}, all of them or along `dim`. What lies between two elements is blended
    (`interpolation` "linear"), their mean ("midpoint") or one of them ("lower", "higher", "nearest").

    >>> import autogradkit as torch
    >>> torch.{name}(torch.tensor([4.0, 1.0, float("nan"), 2.0]), 0.5)
    tensor({shown})
    """


_declare("quantile", False, "The elements that stand at the fractions `q` of the order", "nan")
_declare(
    "nanquantile", True, "The elements that stand at the fractions `q` of the order of those that are not NaN", "2."
)
