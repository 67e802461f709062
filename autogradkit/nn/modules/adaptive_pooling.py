"""Poolings to a given size, whose windows fit themselves. Each calls its namesake in `nn.functional`."""

from __future__ import annotations

from typing import Any

from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional
from autogradkit.nn.modules.module import Module, Samples

__all__ = [
    "AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d", "AdaptiveMaxPool1d", "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d",
]  # fmt: skip


class _AdaptiveAvgPoolNd(Module):
    _shown = ("output_size",)


class _AdaptiveMaxPoolNd(Module):
    _shown = ("output_size",)


class AdaptiveAvgPool1d(_AdaptiveAvgPoolNd):
    """The means of `output_size` windows of sequences (N, C, L) or (C, L), which fit themselves.

    >>> import autogradkit as torch
    >>> torch.nn.AdaptiveAvgPool1d(2)(torch.ones(1, 5)).shape
    torch.Size([1, 2])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.AdaptiveAvgPool1d(3), m.randn(2, 3, 5)),
            (m.nn.AdaptiveAvgPool1d(1), m.randn(3, 4)),
        ]

    def __init__(self, output_size: Any) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        """The means."""
        return functional.adaptive_avg_pool1d(input, self.output_size)


class AdaptiveMaxPool1d(_AdaptiveMaxPoolNd):
    """The maxima of `output_size` windows of sequences (N, C, L) or (C, L), which fit themselves.

    >>> import autogradkit as torch
    >>> torch.nn.AdaptiveMaxPool1d(2)(torch.ones(1, 5)).shape
    torch.Size([1, 2])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.AdaptiveMaxPool1d(3), m.randn(2, 3, 5)),
            (m.nn.AdaptiveMaxPool1d(1, return_indices=True), m.randn(3, 4)),
        ]

    def __init__(self, output_size: Any, return_indices: bool = False) -> None:
        super().__init__()
        self.output_size = output_size
        self.return_indices = return_indices

    def forward(self, input: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """The maxima, and with `return_indices` their positions."""
        return functional.adaptive_max_pool1d(input, self.output_size, self.return_indices)


class AdaptiveAvgPool2d(_AdaptiveAvgPoolNd):
    """The means of `output_size` windows of images (N, C, H, W) or (C, H, W), which fit themselves.

    >>> import autogradkit as torch
    >>> torch.nn.AdaptiveAvgPool2d(2)(torch.ones(1, 5, 5)).shape
    torch.Size([1, 2, 2])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.AdaptiveAvgPool2d((3, None)), m.randn(2, 3, 5, 5)),
            (m.nn.AdaptiveAvgPool2d(1), m.randn(3, 4, 4)),
        ]

    def __init__(self, output_size: Any) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        """The means."""
        return functional.adaptive_avg_pool2d(input, self.output_size)


class AdaptiveMaxPool2d(_AdaptiveMaxPoolNd):
    """The maxima of `output_size` windows of images (N, C, H, W) or (C, H, W), which fit themselves.

    >>> import autogradkit as torch
    >>> torch.nn.AdaptiveMaxPool2d(2)(torch.ones(1, 5, 5)).shape
    torch.Size([1, 2, 2])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.AdaptiveMaxPool2d((3, None)), m.randn(2, 3, 5, 5)),
            (m.nn.AdaptiveMaxPool2d(1, return_indices=True), m.randn(3, 4, 4)),
        ]

    def __init__(self, output_size: Any, return_indices: bool = False) -> None:
        super().__init__()
        self.output_size = output_size
        self.return_indices = return_indices

    def forward(self, input: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """The maxima, and with `return_indices` their positions."""
        return functional.adaptive_max_pool2d(input, self.output_size, self.return_indices)


class AdaptiveAvgPool3d(_AdaptiveAvgPoolNd):
    """The means of `output_size` windows of volumes (N, C, D, H, W) or (C, D, H, W), which fit themselves.

    >>> import autogradkit as torch
    >>> torch.nn.AdaptiveAvgPool3d(2)(torch.ones(1, 5, 5, 5)).shape
    torch.Size([1, 2, 2, 2])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.AdaptiveAvgPool3d((3, None, 2)), m.randn(2, 3, 5, 5, 5)),
            (m.nn.AdaptiveAvgPool3d(1), m.randn(3, 4, 4, 4)),
        ]

    def __init__(self, output_size: Any) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        """The means."""
        return functional.adaptive_avg_pool3d(input, self.output_size)


class AdaptiveMaxPool3d(_AdaptiveMaxPoolNd):
    """The maxima of `output_size` windows of volumes (N, C, D, H, W) or (C, D, H, W), which fit themselves.

    >>> import autogradkit as torch
    >>> torch.nn.AdaptiveMaxPool3d(2)(torch.ones(1, 5, 5, 5)).shape
    torch.Size([1, 2, 2, 2])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.AdaptiveMaxPool3d((3, None, 2)), m.randn(2, 3, 5, 5, 5)),
            (m.nn.AdaptiveMaxPool3d(1, return_indices=True), m.randn(3, 4, 4, 4)),
        ]

    def __init__(self, output_size: Any, return_indices: bool = False) -> None:
        super().__init__()
        self.output_size = output_size
        self.return_indices = return_indices

    def forward(self, input: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """The maxima, and with `return_indices` their positions."""
        return functional.adaptive_max_pool3d(input, self.output_size, self.return_indices)
