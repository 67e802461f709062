"""What is left out at random in training: the dropouts."""

from __future__ import annotations

from typing import Any

from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional
from autogradkit.nn.modules.module import Module, Samples

__all__ = ["Dropout"]


class Dropout(Module):
    """In training, zeroes each element with probability `p` and scales the rest by 1/(1 − p); else the identity.

    Raises ValueError for a probability outside [0, 1].

    >>> import autogradkit as torch
    >>> torch.nn.Dropout(0.5).eval()(torch.ones(3))
    tensor([1., 1., 1.])
    """

    _shown = ("p", "inplace")

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.Dropout(), m.randn(4, 5)), (m.nn.Dropout(0.2, inplace=True), m.randn(4, 5))]

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if p < 0 or p > 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """The input, partly dropped in training."""
        return functional.dropout(input, self.p, self.training, self.inplace)
