"""Poolings by windows of a given size. Each calls its namesake in `nn.functional`."""

from __future__ import annotations

from typing import Any

from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional
from autogradkit.nn.geometry import per_dimension
from autogradkit.nn.modules.module import Module, Samples

__all__ = [
    "AvgPool1d", "AvgPool2d", "AvgPool3d", "LPPool1d", "LPPool2d", "LPPool3d", "MaxPool1d", "MaxPool2d", "MaxPool3d",
    "MaxUnpool1d", "MaxUnpool2d", "MaxUnpool3d",
]  # fmt: skip


class _MaxPoolNd(Module):
    _shown = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
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


class MaxPool1d(_MaxPoolNd):
    """The largest value of each window of sequences (N, C, L) or (C, L).

    >>> import autogradkit as torch
    >>> torch.nn.MaxPool1d(2)(torch.arange(4.0).reshape(1, 4))
    tensor([[1., 3.]])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.MaxPool1d(2), m.randn(2, 3, 4)),
            (m.nn.MaxPool1d(3, 1, 1, 2, return_indices=True, ceil_mode=True), m.randn(3, 7)),
        ]

    def forward(self, input: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """The maxima, and with `return_indices` their positions."""
        how = self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices
        return functional.max_pool1d(input, *how)


class MaxPool2d(_MaxPoolNd):
    """The largest value of each window of images (N, C, H, W) or (C, H, W).

    >>> import autogradkit as torch
    >>> torch.nn.MaxPool2d(2)(torch.arange(16.0).reshape(1, 4, 4))
    tensor([[[ 5.,  7.],
             [13., 15.]]])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.MaxPool2d(2), m.randn(2, 3, 4, 4)),
            (m.nn.MaxPool2d((3, 2), 1, 1, 2, return_indices=True, ceil_mode=True), m.randn(3, 7, 7)),
        ]

    def forward(self, input: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """The maxima, and with `return_indices` their positions."""
        how = self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices
        return functional.max_pool2d(input, *how)


class MaxPool3d(_MaxPoolNd):
    """The largest value of each window of volumes (N, C, D, H, W) or (C, D, H, W).

    >>> import autogradkit as torch
    >>> torch.nn.MaxPool3d(2)(torch.arange(8.0).reshape(1, 2, 2, 2))
    tensor([[[[7.]]]])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.MaxPool3d(2), m.randn(2, 3, 4, 4, 4)),
            (m.nn.MaxPool3d((3, 2, 2), 1, 1, 2, return_indices=True, ceil_mode=True), m.randn(3, 7, 7, 7)),
        ]

    def forward(self, input: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """The maxima, and with `return_indices` their positions."""
        how = self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices
        return functional.max_pool3d(input, *how)


class _AvgPoolNd(Module):
    """A mean of windows: the name that scripts ask `isinstance` by."""


class AvgPool1d(_AvgPoolNd):
    """The mean of each window of sequences (N, C, L) or (C, L).

    >>> import autogradkit as torch
    >>> torch.nn.AvgPool1d(2)(torch.ones(1, 4)).shape
    torch.Size([1, 2])
    """

    _shown = ("kernel_size", "stride", "padding")

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.AvgPool1d(2), m.randn(2, 3, 5)),
            (m.nn.AvgPool1d(3, 2, 1, ceil_mode=True, count_include_pad=False), m.randn(3, 6)),
        ]

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        self.kernel_size = per_dimension(kernel_size, 1)
        self.stride = per_dimension(kernel_size if stride is None else stride, 1)
        self.padding = per_dimension(padding, 1)
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        """The means."""
        how = self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad
        return functional.avg_pool1d(input, *how)


class AvgPool2d(_AvgPoolNd):
    """The mean of each window of images (N, C, H, W) or (C, H, W).

    >>> import autogradkit as torch
    >>> torch.nn.AvgPool2d(2)(torch.ones(1, 4, 4)).shape
    torch.Size([1, 2, 2])
    """

    _shown = ("kernel_size", "stride", "padding")

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.AvgPool2d(2), m.randn(2, 3, 5, 5)),
            (m.nn.AvgPool2d(3, 2, 1, ceil_mode=True, count_include_pad=False), m.randn(3, 6, 6)),
        ]

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input: Tensor) -> Tensor:
        """The means."""
        how = self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad
        return functional.avg_pool2d(input, *how, self.divisor_override)


class AvgPool3d(_AvgPoolNd):
    """The mean of each window of volumes (N, C, D, H, W) or (C, D, H, W).

    >>> import autogradkit as torch
    >>> torch.nn.AvgPool3d(2)(torch.ones(1, 4, 4, 4)).shape
    torch.Size([1, 2, 2, 2])
    """

    _shown = ("kernel_size", "stride", "padding")

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.AvgPool3d(2), m.randn(2, 3, 5, 5, 5)),
            (m.nn.AvgPool3d(3, 2, 1, ceil_mode=True, count_include_pad=False), m.randn(3, 6, 6, 6)),
        ]

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input: Tensor) -> Tensor:
        """The means."""
        how = self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad
        return functional.avg_pool3d(input, *how, self.divisor_override)


class _LPPoolNd(Module):
    _shown = ("norm_type", "kernel_size", "stride", "ceil_mode")

    def __init__(self, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> None:
        super().__init__()
        self.norm_type = norm_type
        self.kernel_size = kernel_size
        self.stride = stride
        self.ceil_mode = ceil_mode


class LPPool1d(_LPPoolNd):
    """The `norm_type`-norm of each window of sequences (N, C, L) or (C, L).

    >>> import autogradkit as torch
    >>> torch.nn.LPPool1d(2, 2)(torch.ones(1, 4)).shape
    torch.Size([1, 2])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.LPPool1d(2, 3, stride=2), m.rand(2, 3, 5)), (m.nn.LPPool1d(1, 2), m.rand(3, 4))]

    def forward(self, input: Tensor) -> Tensor:
        """The norms."""
        return functional.lp_pool1d(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)


class LPPool2d(_LPPoolNd):
    """The `norm_type`-norm of each window of images (N, C, H, W) or (C, H, W).

    >>> import autogradkit as torch
    >>> torch.nn.LPPool2d(2, 2)(torch.ones(1, 4, 4)).shape
    torch.Size([1, 2, 2])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.LPPool2d(2, 3, stride=2), m.rand(2, 3, 5, 5)), (m.nn.LPPool2d(1, 2), m.rand(3, 4, 4))]

    def forward(self, input: Tensor) -> Tensor:
        """The norms."""
        return functional.lp_pool2d(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)


class LPPool3d(_LPPoolNd):
    """The `norm_type`-norm of each window of volumes (N, C, D, H, W) or (C, D, H, W).

    >>> import autogradkit as torch
    >>> torch.nn.LPPool3d(2, 2)(torch.ones(1, 4, 4, 4)).shape
    torch.Size([1, 2, 2, 2])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.LPPool3d(2, 3, stride=2), m.rand(2, 3, 5, 5, 5)), (m.nn.LPPool3d(1, 2), m.rand(3, 4, 4, 4))]

    def forward(self, input: Tensor) -> Tensor:
        """The norms."""
        return functional.lp_pool3d(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)


class _MaxUnpoolNd(Module):
    """What a max pooling took, put back: the name that scripts ask `isinstance` by."""


class MaxUnpool1d(_MaxUnpoolNd):
    """Each maximum of a pooling back at its place, zeros elsewhere; `forward` takes the size that is wanted, too.

    >>> import autogradkit as torch
    >>> torch.nn.MaxUnpool1d(2)(torch.ones(1, 2), torch.arange(2).reshape(1, 2)).shape
    torch.Size([1, 4])
    """

    _shown = ("kernel_size", "stride", "padding")

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.MaxUnpool1d(2), m.randn(1, 4), m.arange(8).reshape(1, 8)[:, ::2])]

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0) -> None:
        super().__init__()
        self.kernel_size = per_dimension(kernel_size, 1)
        self.stride = per_dimension(kernel_size if stride is None else stride, 1)
        self.padding = per_dimension(padding, 1)

    def forward(self, input: Tensor, indices: Tensor, output_size: Any = None) -> Tensor:
        """The maxima at their places."""
        return functional.max_unpool1d(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool2d(_MaxUnpoolNd):
    """Each maximum of a pooling back at its place, zeros elsewhere; `forward` takes the size that is wanted, too.

    >>> import autogradkit as torch
    >>> torch.nn.MaxUnpool2d(2)(torch.ones(1, 2, 2), torch.arange(4).reshape(1, 2, 2)).shape
    torch.Size([1, 4, 4])
    """

    _shown = ("kernel_size", "stride", "padding")

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.MaxUnpool2d(2), m.randn(1, 1, 2), m.tensor([[[1, 3]]]))]

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0) -> None:
        super().__init__()
        self.kernel_size = per_dimension(kernel_size, 2)
        self.stride = per_dimension(kernel_size if stride is None else stride, 2)
        self.padding = per_dimension(padding, 2)

    def forward(self, input: Tensor, indices: Tensor, output_size: Any = None) -> Tensor:
        """The maxima at their places."""
        return functional.max_unpool2d(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool3d(_MaxUnpoolNd):
    """Each maximum of a pooling back at its place, zeros elsewhere; `forward` takes the size that is wanted, too.

    >>> import autogradkit as torch
    >>> torch.nn.MaxUnpool3d(2)(torch.ones(1, 2, 2, 2), torch.arange(8).reshape(1, 2, 2, 2)).shape
    torch.Size([1, 4, 4, 4])
    """

    _shown = ("kernel_size", "stride", "padding")

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.MaxUnpool3d(2), m.randn(1, 1, 1, 2), m.tensor([[[[1, 3]]]]))]

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0) -> None:
        super().__init__()
        self.kernel_size = per_dimension(kernel_size, 3)
        self.stride = per_dimension(kernel_size if stride is None else stride, 3)
        self.padding = per_dimension(padding, 3)

    def forward(self, input: Tensor, indices: Tensor, output_size: Any = None) -> Tensor:
        """The maxima at their places."""
        return functional.max_unpool3d(input, indices, self.kernel_size, self.stride, self.padding, output_size)
