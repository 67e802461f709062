"""`Conv2d`."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from autogradkit._ops.making.filled import empty
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.frames import entry
from autogradkit.core.parameter import Parameter
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional, init
from autogradkit.nn.modules.module import Module, Samples

__all__ = ["Conv2d"]

Size2 = int | tuple[int, int]


def _pair(value: Any) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, Iterable) else (value, value)  # what does not fit, the op refuses


class Conv2d(Module):
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
        kernel_size: Size2,
        stride: Size2 = 1,
        padding: Size2 | str = 0,
        dilation: Size2 = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Dtype | None = None,
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
        self.kernel_size = _pair(kernel_size)
        self.stride = _pair(stride)
        self.padding = padding if isinstance(padding, str) else _pair(padding)
        self.dilation = _pair(dilation)
        self.groups = groups
        self.padding_mode = padding_mode
        self._check_padding()
        shape = (out_channels, in_channels // groups, *self.kernel_size)
        self.weight = Parameter(empty.owner(shape, device=device, dtype=dtype))
        if bias:
            self.bias = Parameter(empty.owner(out_channels, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    @entry
    def _check_padding(self) -> None:
        if isinstance(self.padding, str):
            if self.padding not in ("same", "valid"):
                raise ValueError(f"Invalid padding string '{self.padding}', should be one of {{'same', 'valid'}}")
            if self.padding == "same" and self.stride != (1, 1):
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

    def forward(self, input: Tensor) -> Tensor:
        """The convolution of `input` with the weight, plus the bias."""
        padding = self.padding
        if self.padding_mode != "zeros":
            input = functional.pad(input, self._around(), self.padding_mode)
            padding = 0
        return functional.conv2d(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)

    def _around(self) -> tuple[int, int, int, int]:
        """What is padded before and after the width, then the height."""
        if self.padding == "valid":
            return 0, 0, 0, 0
        if isinstance(self.padding, str):
            high, wide = (d * (n - 1) for d, n in zip(self.dilation, self.kernel_size, strict=True))
            return wide // 2, wide - wide // 2, high // 2, high - high // 2
        high, wide = self.padding
        return wide, wide, high, high

    def extra_repr(self) -> str:
        parts = [
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}",
            f"padding={self.padding}" if self.padding != (0, 0) else "",
            f"dilation={self.dilation}" if self.dilation != (1, 1) else "",
            f"groups={self.groups}" if self.groups != 1 else "",
            "bias=False" if self.bias is None else "",
            f"padding_mode={self.padding_mode}" if self.padding_mode != "zeros" else "",
        ]
        return ", ".join(part for part in parts if part)
