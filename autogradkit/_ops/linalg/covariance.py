"""Covariances and correlations of variables: cov and corrcoef.

Neither is a node of its own, as in PyTorch. Rests on products.
"""

from __future__ import annotations

from typing import Any

from autogradkit._ops.declare import k, op
from autogradkit._ops.linalg.products import mm
from autogradkit._ops.making.data import tensor as tensor_of
from autogradkit._ops.pointwise.complex_numbers import complex_of_parts
from autogradkit.core.dtype import SCALAR_TYPE_NAMES, bool_
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn


def _require_weights(name: str, weights: Any, observations: int, fits: bool, kind: str) -> None:
    prefix = f"cov(): expected {name} to have"
    if weights.dim() > 1:
        raise RuntimeError(f"{prefix} one or fewer dimensions but got {name} with {weights.dim()} dimensions")
    if not fits:
        raise RuntimeError(f"{prefix} {kind} dtype but got {name} with {SCALAR_TYPE_NAMES[weights.dtype]} dtype")
    if weights.numel() != observations:
        raise RuntimeError(
            f"{prefix} the same numel as there are observations in the input but got {weights.numel()} != {observations}"
        )
    if weights.numel() and not weights.min().item() >= 0:
        raise RuntimeError(f"cov(): {name} cannot be negative")


@op(composition=True)
def cov(self: Tensor, *, correction: int = 1, fweights: Tensor | None = None, aweights: Tensor | None = None) -> Any:
    """The covariances of variables, each a row of observations.

    `fweights` says how often each observation was made, `aweights` how much it weighs.

    >>> import autogradkit as torch
    >>> torch.cov(torch.tensor([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    x: Any = self
    if x.dim() > 2:
        raise RuntimeError(
            f"cov(): expected input to have two or fewer dimensions but got an input with {x.dim()} dimensions"
        )
    if x.dtype is bool_:
        raise RuntimeError("cov(): bool dtype is not supported for input")
    if x.dim() < 2:
        x = x.view(1, -1)
    observations = x.shape[1]
    weights: Any = None
    if fweights is not None:
        whole = not (fweights.is_floating_point() or fweights.is_complex() or fweights.dtype is bool_)
        _require_weights("fweights", fweights, observations, whole, "integral")
        weights = fweights
    if aweights is not None:
        _require_weights("aweights", aweights, observations, aweights.is_floating_point(), "floating point")
        weights = aweights if weights is None else weights * aweights
    total: Any = tensor_of(observations) if weights is None else weights.sum()
    if weights is not None and total.item() == 0:
        raise RuntimeError("cov(): weights sum to zero, can't be normalized")
    mean = (x if weights is None else x * weights).sum(1) / total
    if weights is not None and aweights is not None and correction:
        divisor = total - correction * (weights * aweights).sum() / total
    else:
        divisor = total - correction
    if divisor.item() <= 0:
        warn("cov(): degrees of freedom is <= 0. Correction should be strictly less than the number of observations.")
        divisor.zero_()
    x = x - mean.unsqueeze(1)
    weighted = x if weights is None else x * weights
    return mm(x, k.conj(weighted.t())).true_divide(divisor).squeeze()


@op(composition=True)
def corrcoef(self: Tensor) -> Any:
    """The correlation coefficients of variables, each a row of observations.

    >>> import autogradkit as torch
    >>> torch.corrcoef(torch.tensor([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    if self.ndim > 2:
        raise RuntimeError(
            f"corrcoef(): expected input to have two or fewer dimensions but got an input with {self.ndim} dimensions"
        )
    found: Any = cov(self)
    if not found.dim():
        return found / found
    variances = found.diag()
    deviations = (variances.real if found.is_complex() else variances).sqrt()
    found = found / deviations.view(-1, 1)
    found = found / deviations.view(1, -1)
    if found.is_complex():
        return complex_of_parts(found.real.clip(-1, 1), found.imag.clip(-1, 1))
    return found.clip(-1, 1)
