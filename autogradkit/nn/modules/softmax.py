"""Exponentials along a dimension: `Softmax`, `Softmin`, `LogSoftmax`, `Softmax2d`."""

from __future__ import annotations

from typing import Any

from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional
from autogradkit.nn.modules.module import Module, Samples

__all__ = ["LogSoftmax", "Softmax", "Softmax2d", "Softmin"]


class Softmax(Module):
    """eˣ / Σ eˣ along `dim`.

    >>> import autogradkit as torch
    >>> torch.nn.Softmax(dim=0)(torch.zeros(2))
    tensor([0.5000, 0.5000])
    """

    _shown = ("dim",)

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.Softmax(dim=1), m.randn(2, 3)), (m.nn.Softmax(0), m.randn(2, 3, 2))]

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """The softmax along `dim`."""
        return functional.softmax(input, self.dim, _stacklevel=5)


class Softmin(Module):
    """e⁻ˣ / Σ e⁻ˣ along `dim`.

    >>> import autogradkit as torch
    >>> torch.nn.Softmin(dim=0)(torch.zeros(2))
    tensor([0.5000, 0.5000])
    """

    _shown = ("dim",)

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.Softmin(dim=1), m.randn(2, 3)), (m.nn.Softmin(0), m.randn(2, 3, 2))]

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """The softmin along `dim`."""
        return functional.softmin(input, self.dim, _stacklevel=5)


class LogSoftmax(Module):
    """log(softmax(x)) along `dim`.

    >>> import autogradkit as torch
    >>> torch.nn.LogSoftmax(dim=0)(torch.zeros(2))
    tensor([-0.6931, -0.6931])
    """

    _shown = ("dim",)

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.LogSoftmax(dim=1), m.randn(2, 3)), (m.nn.LogSoftmax(-2), m.randn(2, 3, 2))]

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """The logarithm of the softmax along `dim`."""
        return functional.log_softmax(input, self.dim, _stacklevel=5)


class Softmax2d(Module):
    """eˣ / Σ eˣ over the channels of images (N, C, H, W) or (C, H, W). Raises ValueError for other tensors.

    >>> import autogradkit as torch
    >>> torch.nn.Softmax2d()(torch.zeros(2, 1, 1))[0]
    tensor([[0.5000]])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.Softmax2d(), m.randn(2, 3, 2, 2)), (m.nn.Softmax2d(), m.randn(3, 2, 2))]

    def forward(self, input: Tensor) -> Tensor:
        """The softmax over the channels."""
        if input.dim() not in (3, 4):
            raise ValueError(f"Softmax2d: expected input to be 3D or 4D, got {input.dim()}D instead")
        return functional.softmax(input, -3, _stacklevel=5)
