"""Convolutions: `Conv1d`, `Conv2d`, `Conv3d`, and what they have in common with transposed ones (`conv_transpose.py`)."""

from __future__ import annotations

import math
from typing import Any

from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional, init
from autogradkit.nn.geometry import per_dimension
from autogradkit.nn.modules.members import unfilled
from autogradkit.nn.modules.module import Module, Samples

__all__ = ["Conv1d", "Conv2d", "Conv3d"]

Size = int | tuple[int, ...]


class _ConvNd(Module):
    """What all convolutions have: weight and bias, and how the kernel moves."""

    @entry
    def __init__(
        self,
        dims: int,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size,
        padding: Size | str,
        dilation: Size,
        transposed: bool,
        output_padding: Size,
        groups: int,
        bias: bool,
        padding_mode: str,
        device: Any,
        dtype: Dtype | None,
    ) -> None:
        super().__init__()
        if groups <= 0:
            raise ValueError("groups must be a positive integer")
        if in_channels % groups:
            raise ValueError("in_channels must be divisible by groups")
        if out_channels % groups:
            raise ValueError("out_channels must be divisible by groups")
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = per_dimension(kernel_size, dims)
        self.stride = per_dimension(stride, dims)
        self.padding = padding if isinstance(padding, str) else per_dimension(padding, dims)
        self.dilation = per_dimension(dilation, dims)
        self.transposed = transposed
        self.output_padding = per_dimension(output_padding, dims)
        self.groups = groups
        self.padding_mode = padding_mode
        self._check_padding()
        first, second = (in_channels, out_channels) if transposed else (out_channels, in_channels)
        self.weight = unfilled((first, second // groups, *self.kernel_size), device, dtype)
        if bias:
            self.bias = unfilled(out_channels, device, dtype)
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    @entry
    def _check_padding(self) -> None:
        if isinstance(self.padding, str):
            if self.padding not in ("same", "valid"):
                raise ValueError(f"Invalid padding string '{self.padding}', should be one of {{'same', 'valid'}}")
            if self.padding == "same" and any(step != 1 for step in self.stride):
                raise ValueError("padding='same' is not supported for strided convolutions")
        if self.padding_mode not in ("zeros", "reflect", "replicate", "circular"):
            raise ValueError(
                "padding_mode must be one of {'zeros', 'reflect', 'replicate', 'circular'}, but got "
                f"padding_mode='{self.padding_mode}'"
            )

    def reset_parameters(self) -> None:
        """Draw the initial values anew."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in = math.prod(self.weight.shape[1:])
            if fan_in:
                bound = 1 / math.sqrt(fan_in)
                init.uniform_(self.bias, -bound, bound)

    def _surrounded(self, input: Tensor) -> tuple[Tensor, Any]:
        """(the input, padded by another mode than with zeros; the padding that is left to the convolution)."""
        if self.padding_mode == "zeros":
            return input, self.padding
        return functional.pad(input, tuple(self._reversed_padding_repeated_twice), self.padding_mode), 0

    @property
    def _reversed_padding_repeated_twice(self) -> list[int] | tuple[int, ...]:
        """What `functional.pad` takes for the padding, by the name that classes of users' find it under."""
        if not isinstance(self.padding, str):
            return tuple([size for size in reversed(self.padding) for _ in range(2)])
        around: list[int] = []
        for at in reversed(range(len(self.kernel_size))):  # before and after the last dimension come first
            total = self.dilation[at] * (self.kernel_size[at] - 1) if self.padding == "same" else 0
            around += [total // 2, total - total // 2]
        return around

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_reversed_padding_repeated_twice": self._reversed_padding_repeated_twice}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__({name: each for name, each in state.items() if name != "_reversed_padding_repeated_twice"})

    def extra_repr(self) -> str:
        parts = [
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}",
            f"padding={self.padding}" if self.padding != (0,) * len(self.padding) else "",
            f"dilation={self.dilation}" if self.dilation != (1,) * len(self.dilation) else "",
            f"output_padding={self.output_padding}" if self.output_padding != (0,) * len(self.output_padding) else "",
            f"groups={self.groups}" if self.groups != 1 else "",
            "bias=False" if self.bias is None else "",
            f"padding_mode={self.padding_mode}" if self.padding_mode != "zeros" else "",
        ]
        return ", ".join(part for part in parts if part)


class Conv1d(_ConvNd):
    """1-D convolution: (N, in_channels, L) → (N, out_channels, L'), or one sequence without N; see `Conv2d`.

    >>> import autogradkit as torch
    >>> torch.nn.Conv1d(1, 6, 3, padding=1)(torch.ones(8, 1, 4)).shape
    torch.Size([8, 6, 4])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.Conv1d(2, 4, 3, stride=2, padding=1), m.randn(2, 2, 5)),
            (m.nn.Conv1d(4, 4, 2, padding="same", dilation=2, groups=2, bias=False), m.randn(4, 4)),
            (m.nn.Conv1d(2, 4, 3, padding=1, padding_mode="reflect"), m.randn(1, 2, 4)),
        ]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size | str = 0,
        dilation: Size = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Dtype | None = None,
    ) -> None:
        how = stride, padding, dilation, False, 0, groups, bias, padding_mode, device, dtype
        super().__init__(1, in_channels, out_channels, kernel_size, *how)

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        x, padding = self._surrounded(input)
        return functional.conv1d(x, weight, bias, self.stride, padding, self.dilation, self.groups)

    def forward(self, input: Tensor) -> Tensor:
        """The convolution of `input` with the weight, plus the bias."""
        return self._conv_forward(input, self.weight, self.bias)


class Conv2d(_ConvNd):
    """2-D convolution: (N, in_channels, H, W) → (N, out_channels, H', W'), or one image without N.

    H' = (H + 2·padding − dilation·(kernel_size − 1) − 1) // stride + 1. `padding` may be "same" or "valid",
    `padding_mode` "reflect", "replicate" or "circular" as in `functional.pad`. Weight
    (out_channels, in_channels/groups, kh, kw) and bias start uniform in ±1/√(in_channels/groups · kh · kw).
    Raises ValueError for arguments that do not fit together.

    >>> import autogradkit as torch
    >>> torch.nn.Conv2d(1, 6, 5, padding=2)(torch.ones(8, 1, 28, 28)).shape
    torch.Size([8, 6, 28, 28])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.Conv2d(2, 4, (3, 2), stride=2, padding=1), m.randn(2, 2, 7, 6)),
            (m.nn.Conv2d(4, 4, 3, padding="same", dilation=2, groups=2, bias=False), m.randn(4, 5, 5)),
            (m.nn.Conv2d(2, 4, (3, 2), padding="same", padding_mode="reflect"), m.randn(1, 2, 5, 5)),
            (m.nn.Conv2d(2, 4, 3, stride=2, padding=(1, 2), padding_mode="circular"), m.randn(1, 2, 5, 6)),
        ]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size | str = 0,
        dilation: Size = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Dtype | None = None,
    ) -> None:
        how = stride, padding, dilation, False, 0, groups, bias, padding_mode, device, dtype
        super().__init__(2, in_channels, out_channels, kernel_size, *how)

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        x, padding = self._surrounded(input)
        return functional.conv2d(x, weight, bias, self.stride, padding, self.dilation, self.groups)

    def forward(self, input: Tensor) -> Tensor:
        """The convolution of `input` with the weight, plus the bias."""
        return self._conv_forward(input, self.weight, self.bias)


class Conv3d(_ConvNd):
    """3-D convolution: (N, in_channels, D, H, W) → (N, out_channels, D', H', W'), or one volume without N; see `Conv2d`.

    >>> import autogradkit as torch
    >>> torch.nn.Conv3d(1, 6, 3, padding=1)(torch.ones(8, 1, 4, 4, 4)).shape
    torch.Size([8, 6, 4, 4, 4])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.Conv3d(2, 4, 3, stride=2, padding=1), m.randn(2, 2, 5, 5, 5)),
            (m.nn.Conv3d(4, 4, 2, padding="same", dilation=2, groups=2, bias=False), m.randn(4, 4, 4, 4)),
            (m.nn.Conv3d(1, 2, 2, padding=1, padding_mode="replicate"), m.randn(1, 1, 3, 3, 3)),
        ]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size | str = 0,
        dilation: Size = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Dtype | None = None,
    ) -> None:
        how = stride, padding, dilation, False, 0, groups, bias, padding_mode, device, dtype
        super().__init__(3, in_channels, out_channels, kernel_size, *how)

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        x, padding = self._surrounded(input)
        return functional.conv3d(x, weight, bias, self.stride, padding, self.dilation, self.groups)

    def forward(self, input: Tensor) -> Tensor:
        """The convolution of `input` with the weight, plus the bias."""
        return self._conv_forward(input, self.weight, self.bias)
