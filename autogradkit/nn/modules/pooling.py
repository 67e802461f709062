"""Poolings. Each calls its namesake in `nn.functional`."""

from __future__ import annotations

from typing import Any

from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional
from autogradkit.nn.modules.module import Module, Samples

__all__ = ["MaxPool2d"]

Size2 = int | tuple[int, int]


class MaxPool2d(Module):
    """The largest value of each window of images (N, C, H, W) or (C, H, W).

    >>> import autogradkit as torch
    >>> torch.nn.MaxPool2d(2)(torch.arange(16.0).reshape(1, 4, 4))
    tensor([[[ 5.,  7.],
             [13., 15.]]])
    """

    _shown = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.MaxPool2d(2), m.randn(2, 3, 5, 4)),
            (m.nn.MaxPool2d((3, 2), 1, 1, 2, return_indices=True, ceil_mode=True), m.randn(3, 7, 6)),
        ]

    def __init__(
        self,
        kernel_size: Size2,
        stride: Size2 | None = None,
        padding: Size2 = 0,
        dilation: Size2 = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def forward(self, input: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """The maxima, and with `return_indices` their positions."""
        return functional.max_pool2d(
            input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices
        )
