"""Exponentials along a dimension: softmax, softmin, log_softmax, gumbel_softmax.

Rests on the declared ops of `_ops/network/softmax.py`.
"""

from __future__ import annotations

import warnings
from typing import Any

from autogradkit._ops.making.filled import empty_like, zeros_like
from autogradkit._ops.making.options import contiguous_format
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn

__all__ = ["gumbel_softmax", "log_softmax", "softmax", "softmin"]


@entry
def _softmax_dim(name: str, ndim: int, stacklevel: int) -> int:
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.",
        UserWarning,
        stacklevel=stacklevel + 1,
    )
    return 0 if ndim in (0, 1, 3) else 1


def softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Dtype | None = None) -> Tensor:
    """eˣ / Σ eˣ along `dim`.

    >>> import autogradkit as torch
    >>> torch.nn.functional.softmax(torch.zeros(2), dim=0)
    tensor([0.5000, 0.5000])
    """
    chosen = _softmax_dim("softmax", input.dim(), _stacklevel) if dim is None else dim
    return input.softmax(chosen, dtype=dtype)


def log_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Dtype | None = None) -> Tensor:
    """log(softmax(x)) along `dim`, computed without overflow.

    >>> import autogradkit as torch
    >>> torch.nn.functional.log_softmax(torch.zeros(2), dim=0)
    tensor([-0.6931, -0.6931])
    """
    chosen = _softmax_dim("log_softmax", input.dim(), _stacklevel) if dim is None else dim
    return input.log_softmax(chosen, dtype=dtype)


def softmin(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Dtype | None = None) -> Tensor:
    """e⁻ˣ / Σ e⁻ˣ along `dim`.

    >>> import autogradkit as torch
    >>> torch.nn.functional.softmin(torch.zeros(2), dim=0)
    tensor([0.5000, 0.5000])
    """
    chosen = _softmax_dim("softmin", input.dim(), _stacklevel) if dim is None else dim
    return (-input).softmax(chosen, dtype=dtype)


@entry
def gumbel_softmax(logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """Samples of the Gumbel-softmax distribution: the softmax of logits and noise, over the temperature `tau`.

    `hard` gives a one at the largest and zeros elsewhere, with the gradient of the soft samples.

    >>> import autogradkit as torch
    >>> torch.nn.functional.gumbel_softmax(torch.zeros(2, 3), hard=True).sum()
    tensor(2.)
    """
    if eps != 1e-10:
        warn("`eps` parameter is deprecated and has no effect.")
    drawn: Any = empty_like.owner(logits, memory_format=contiguous_format)
    noise = -drawn.exponential_().log()
    soft = ((logits + noise) / tau).softmax(dim)
    if not hard:
        return soft
    index = soft.max(dim, keepdim=True)[1]
    ones: Any = zeros_like.owner(logits, memory_format=contiguous_format)
    return ones.scatter_(dim, index, 1.0) - soft.detach() + soft
