"""Layers that pool by a factor that is no whole number, with windows placed at random: fractional max pooling.

Rests on `nn.functional`, which draws the places unless `_random_samples` has them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from autogradkit.core.constructors import OwnConstructor
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional
from autogradkit.nn.geometry import per_dimension
from autogradkit.nn.modules.module import Module, Samples

__all__ = ["FractionalMaxPool2d", "FractionalMaxPool3d"]


class _FractionalMaxPool(OwnConstructor, Module):
    _dims: int
    _random_samples: Tensor | None

    def __init__(
        self,
        kernel_size: Any,
        output_size: Any = None,
        output_ratio: Any = None,
        return_indices: bool = False,
        _random_samples: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = per_dimension(kernel_size, self._dims)
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)
        self.output_size = None if output_size is None else per_dimension(output_size, self._dims)
        self.output_ratio = None if output_ratio is None else per_dimension(output_ratio, self._dims)
        if output_size is None and output_ratio is None:
            raise ValueError(f"{self._get_name()} requires specifying either an output size, or a pooling ratio")
        if output_size is not None and output_ratio is not None:
            raise ValueError("only one of output_size and output_ratio may be specified")
        ratio = self.output_ratio
        if ratio is not None and not all(0 < ratio[at] < 1 for at in range(self._dims)):
            raise ValueError(f"output_ratio must be between 0 and 1 (got {output_ratio})")


class FractionalMaxPool2d(_FractionalMaxPool):
    """The maxima of `output_size` windows of images (N, C, H, W) or (C, H, W), placed anew at random in each call.

    >>> import autogradkit as torch
    >>> torch.nn.FractionalMaxPool2d(2, output_ratio=0.7)(torch.ones(1, 5, 5)).shape
    torch.Size([1, 3, 3])
    """

    _dims = 2

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.FractionalMaxPool2d((2, 3), (4, 3)), m.randn(2, 3, 7, 8)),
            (m.nn.FractionalMaxPool2d(2, output_ratio=(0.6, 0.4), return_indices=True), m.randn(3, 7, 7)),
        ]

    def forward(self, input: Tensor) -> Any:
        """The maxima, and with `return_indices` their positions."""
        how = self.kernel_size, self.output_size, self.output_ratio, self.return_indices, self._random_samples
        return functional.fractional_max_pool2d(input, *how)


class FractionalMaxPool3d(_FractionalMaxPool):
    """The maxima of `output_size` windows of volumes (N, C, D, H, W) or (C, D, H, W), placed anew at random in each call.

    >>> import autogradkit as torch
    >>> torch.nn.FractionalMaxPool3d(2, output_ratio=0.7)(torch.ones(1, 5, 5, 5)).shape
    torch.Size([1, 3, 3, 3])
    """

    _dims = 3

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.FractionalMaxPool3d((2, 3, 1), (4, 3, 5)), m.randn(2, 3, 7, 8, 6)),
            (m.nn.FractionalMaxPool3d(2, output_ratio=(0.6, 0.4, 0.5), return_indices=True), m.randn(3, 7, 7, 7)),
        ]

    def __init__(
        self,
        kernel_size: Any,
        output_size: Any = None,
        output_ratio: Any = None,
        return_indices: bool = False,
        _random_samples: Tensor | None = None,
    ) -> None:
        sizes = kernel_size if isinstance(kernel_size, Iterable) else (kernel_size,)
        if any(size <= 0 for size in sizes):
            raise ValueError(f"kernel_size must be greater than 0, but got {kernel_size}")
        super().__init__(kernel_size, output_size, output_ratio, return_indices, _random_samples)

    def forward(self, input: Tensor) -> Any:
        """The maxima, and with `return_indices` their positions."""
        how = self.kernel_size, self.output_size, self.output_ratio, self.return_indices, self._random_samples
        return functional.fractional_max_pool3d(input, *how)
