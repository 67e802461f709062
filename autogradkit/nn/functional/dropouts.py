"""Dropouts: what is left out at random in training.

Rests on the declared ops of `_ops/network/dropout.py`.
"""

from __future__ import annotations

from autogradkit._ops.network.dropout import dropout as dropout_
from autogradkit._ops.network.dropout import noise_of
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor

__all__ = ["dropout"]

_dropout = dropout_.owner.made("function")


@entry
def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """In training, zeroes each element with probability `p` and scales the rest by 1/(1 − p); else the input itself.

    Raises ValueError for a probability outside [0, 1].

    >>> import autogradkit as torch
    >>> torch.nn.functional.dropout(torch.ones(3), p=1.0)
    tensor([0., 0., 0.])
    """
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if not inplace:
        return _dropout(input, p, training)
    noise = noise_of(input, p, training)
    return input if noise is None else input.mul_(noise)
