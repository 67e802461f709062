"""Convolutions whose `in_channels` is that of their first input; see `lazy.py`."""

from __future__ import annotations

from typing import Any

from autogradkit.core.constructors import OwnConstructor
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.nn.modules import conv, conv_transpose
from autogradkit.nn.modules.lazy import LazyModuleMixin
from autogradkit.nn.modules.module import Samples

__all__ = [
    "LazyConv1d", "LazyConv2d", "LazyConv3d", "LazyConvTranspose1d", "LazyConvTranspose2d", "LazyConvTranspose3d",
]  # fmt: skip


class _LazyConv(LazyModuleMixin):
    """What lazy convolutions share: `in_channels` comes from the input."""

    def reset_parameters(self) -> None:
        """Draw the initial values anew, once there are sizes."""
        if not self.has_uninitialized_params() and self.in_channels != 0:
            super().reset_parameters()  # type: ignore[misc]

    @entry
    def initialize_parameters(self, input: Any, *args: Any, **kwargs: Any) -> None:
        """Take `in_channels` from the input."""
        if not self.has_uninitialized_params():
            return
        channels = self.in_channels = self._get_in_channels(input)
        if channels % self.groups:
            raise ValueError("in_channels must be divisible by groups")
        first, second = (channels, self.out_channels) if self.transposed else (self.out_channels, channels)
        self.weight.materialize((first, second // self.groups, *self.kernel_size))
        if self.bias is not None:
            self.bias.materialize((self.out_channels,))
        self.reset_parameters()

    def _get_in_channels(self, input: Tensor) -> int:
        dims = len(self.kernel_size)
        if input.dim() not in (dims + 1, dims + 2):
            raise RuntimeError(
                f"Expected {dims + 1}D (unbatched) or {dims + 2}D (batched) input to {type(self).__name__}, but got input of "
                f"size: {input.shape}"
            )
        return input.shape[1] if input.dim() == dims + 2 else input.shape[0]


class _LazyForward(OwnConstructor, _LazyConv):
    def __init__(
        self,
        out_channels: int,
        kernel_size: conv.Size,
        stride: conv.Size = 1,
        padding: conv.Size = 0,
        dilation: conv.Size = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Dtype | None = None,
    ) -> None:
        super().__init__(
            0, 0, kernel_size, stride, padding, dilation, groups, False, padding_mode, device=device, dtype=dtype
        )
        self._make_lazy("weight", True, device, dtype)
        self.out_channels = out_channels
        self._make_lazy("bias", bias, device, dtype)


class _LazyTransposed(OwnConstructor, _LazyConv):
    def __init__(
        self,
        out_channels: int,
        kernel_size: conv.Size,
        stride: conv.Size = 1,
        padding: conv.Size = 0,
        output_padding: conv.Size = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: conv.Size = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Dtype | None = None,
    ) -> None:
        how = kernel_size, stride, padding, output_padding, groups, False, dilation, padding_mode
        super().__init__(0, 0, *how, device=device, dtype=dtype)
        self._make_lazy("weight", True, device, dtype)
        self.out_channels = out_channels
        self._make_lazy("bias", bias, device, dtype)


class LazyConv1d(_LazyForward, conv.Conv1d):
    """A `Conv1d` whose `in_channels` is that of its first input.

    >>> import autogradkit as torch
    >>> torch.nn.LazyConv1d(6, 2)(torch.ones(8, 1, 3)).shape
    torch.Size([8, 6, 2])
    """

    cls_to_become = conv.Conv1d

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.LazyConv1d(4, 2, padding=1), m.randn(2, 3, 5)),
            (m.nn.LazyConv1d(4, 2, groups=2, bias=False), m.randn(2, 5)),
        ]


class LazyConv2d(_LazyForward, conv.Conv2d):
    """A `Conv2d` whose `in_channels` is that of its first input.

    >>> import autogradkit as torch
    >>> torch.nn.LazyConv2d(6, 2)(torch.ones(8, 1, 3, 3)).shape
    torch.Size([8, 6, 2, 2])
    """

    cls_to_become = conv.Conv2d

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.LazyConv2d(4, 2, padding=1), m.randn(2, 3, 5, 4)),
            (m.nn.LazyConv2d(4, 2, groups=2, bias=False), m.randn(2, 5, 4)),
        ]


class LazyConv3d(_LazyForward, conv.Conv3d):
    """A `Conv3d` whose `in_channels` is that of its first input.

    >>> import autogradkit as torch
    >>> torch.nn.LazyConv3d(6, 2)(torch.ones(8, 1, 3, 3, 3)).shape
    torch.Size([8, 6, 2, 2, 2])
    """

    cls_to_become = conv.Conv3d

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.LazyConv3d(4, 2, padding=1), m.randn(2, 3, 3, 3, 4)),
            (m.nn.LazyConv3d(4, 2, groups=2, bias=False), m.randn(2, 3, 3, 4)),
        ]


class LazyConvTranspose1d(_LazyTransposed, conv_transpose.ConvTranspose1d):
    """A `ConvTranspose1d` whose `in_channels` is that of its first input.

    >>> import autogradkit as torch
    >>> torch.nn.LazyConvTranspose1d(2, 2)(torch.ones(1, 3, 3)).shape
    torch.Size([1, 2, 4])
    """

    cls_to_become = conv_transpose.ConvTranspose1d

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.LazyConvTranspose1d(4, 2, padding=1), m.randn(2, 3, 5)),
            (m.nn.LazyConvTranspose1d(4, 2, groups=2, bias=False), m.randn(2, 5)),
        ]


class LazyConvTranspose2d(_LazyTransposed, conv_transpose.ConvTranspose2d):
    """A `ConvTranspose2d` whose `in_channels` is that of its first input.

    >>> import autogradkit as torch
    >>> torch.nn.LazyConvTranspose2d(2, 2)(torch.ones(1, 3, 3, 3)).shape
    torch.Size([1, 2, 4, 4])
    """

    cls_to_become = conv_transpose.ConvTranspose2d

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.LazyConvTranspose2d(4, 2, padding=1), m.randn(2, 3, 5, 4)),
            (m.nn.LazyConvTranspose2d(4, 2, groups=2, bias=False), m.randn(2, 5, 4)),
        ]


class LazyConvTranspose3d(_LazyTransposed, conv_transpose.ConvTranspose3d):
    """A `ConvTranspose3d` whose `in_channels` is that of its first input.

    >>> import autogradkit as torch
    >>> torch.nn.LazyConvTranspose3d(2, 2)(torch.ones(1, 3, 3, 3, 3)).shape
    torch.Size([1, 2, 4, 4, 4])
    """

    cls_to_become = conv_transpose.ConvTranspose3d

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.LazyConvTranspose3d(4, 2, padding=1), m.randn(2, 3, 3, 3, 4)),
            (m.nn.LazyConvTranspose3d(4, 2, groups=2, bias=False), m.randn(2, 3, 3, 4)),
        ]
