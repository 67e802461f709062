"""What is left out at random in training: the dropouts."""

from __future__ import annotations

from typing import Any

from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional
from autogradkit.nn.modules.module import Module, Samples

__all__ = ["AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout"]


class _DropoutNd(Module):
    _shown = ("p", "inplace")

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if p < 0 or p > 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace


class Dropout(_DropoutNd):
    """In training, zeroes each element with probability `p` and scales the rest by 1/(1 − p); else the identity.

    Raises ValueError for a probability outside [0, 1].

    >>> import autogradkit as torch
    >>> torch.nn.Dropout(0.5).eval()(torch.ones(3))
    tensor([1., 1., 1.])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.Dropout(), m.randn(4, 5)), (m.nn.Dropout(0.2, inplace=True), m.randn(4, 5))]

    def forward(self, input: Tensor) -> Tensor:
        """The input, partly dropped in training."""
        return functional.dropout(input, self.p, self.training, self.inplace)


class Dropout1d(_DropoutNd):
    """In training, zeroes each channel of (N, C, L) or (C, L) with probability `p` and scales the rest by 1/(1 − p).

    >>> import autogradkit as torch
    >>> torch.nn.Dropout1d(0.5).eval()(torch.ones(1, 1, 1)).sum()
    tensor(1.)
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.Dropout1d(), m.randn(4, 5, 3)), (m.nn.Dropout1d(0.2, inplace=True), m.randn(4, 5, 3))]

    def forward(self, input: Tensor) -> Tensor:
        """The input, partly dropped in training."""
        return functional.dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(_DropoutNd):
    """In training, zeroes each channel of (N, C, H, W) with probability `p` and scales the rest by 1/(1 − p).

    >>> import autogradkit as torch
    >>> torch.nn.Dropout2d(0.5).eval()(torch.ones(1, 1, 1, 1)).sum()
    tensor(1.)
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.Dropout2d(), m.randn(4, 5, 3, 2)), (m.nn.Dropout2d(0.2, inplace=True), m.randn(4, 5, 3, 2))]

    def forward(self, input: Tensor) -> Tensor:
        """The input, partly dropped in training."""
        return functional.dropout2d(input, self.p, self.training, self.inplace)


class Dropout3d(_DropoutNd):
    """In training, zeroes each channel of (N, C, D, H, W) or (C, D, H, W) with probability `p` and scales the rest by 1/(1 − p).

    >>> import autogradkit as torch
    >>> torch.nn.Dropout3d(0.5).eval()(torch.ones(1, 1, 1, 1, 1)).sum()
    tensor(1.)
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.Dropout3d(), m.randn(4, 5, 2, 2, 2)), (m.nn.Dropout3d(0.2, inplace=True), m.randn(4, 5, 2, 2, 2))]

    def forward(self, input: Tensor) -> Tensor:
        """The input, partly dropped in training."""
        return functional.dropout3d(input, self.p, self.training, self.inplace)


class AlphaDropout(_DropoutNd):
    """Dropout after selu: what is dropped takes the value that selu comes to, and mean and variance stay.

    >>> import autogradkit as torch
    >>> torch.nn.AlphaDropout(0.5).eval()(torch.ones(1, 3))
    tensor([[1., 1., 1.]])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.AlphaDropout(), m.randn(4, 5)), (m.nn.AlphaDropout(0.2), m.randn(3, 4, 2))]

    def forward(self, input: Tensor) -> Tensor:
        """The input, partly dropped in training."""
        return functional.alpha_dropout(input, self.p, self.training)


class FeatureAlphaDropout(_DropoutNd):
    """As `AlphaDropout`, by channels (dimension 1).

    >>> import autogradkit as torch
    >>> torch.nn.FeatureAlphaDropout(0.5).eval()(torch.ones(1, 3))
    tensor([[1., 1., 1.]])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.FeatureAlphaDropout(), m.randn(4, 5)), (m.nn.FeatureAlphaDropout(0.2), m.randn(3, 4, 2))]

    def forward(self, input: Tensor) -> Tensor:
        """The input, partly dropped in training."""
        return functional.feature_alpha_dropout(input, self.p, self.training)
