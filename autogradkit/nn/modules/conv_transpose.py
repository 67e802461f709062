"""Transposed convolutions: `ConvTranspose1d`, `ConvTranspose2d`, `ConvTranspose3d`.

Rests on conv.py, whose convolutions they turn round.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional
from autogradkit.nn.modules.conv import Size, _ConvNd
from autogradkit.nn.modules.module import Samples

__all__ = ["ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"]


class _ConvTransposeNd(_ConvNd):
    """What transposed convolutions have besides: how much is added at one side, so that a size can be met."""

    @entry
    def __init__(self, dims: int, *given: Any) -> None:
        padding_mode = given[-3]
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {type(self).__name__}')
        super().__init__(dims, *given)

    @entry
    def _added_for(self, input: Tensor, output_size: Sequence[int] | None) -> tuple[int, ...]:
        """The output padding with which the result has this size."""
        if output_size is None:
            return self.output_padding
        dims = len(self.kernel_size)
        before = 2 if input.dim() == dims + 2 else 1
        wanted = output_size
        if len(wanted) == before + dims:
            wanted = wanted[before:]
        if len(wanted) != dims:
            raise ValueError(
                f"ConvTranspose{dims}D: for {input.dim()}D input, output_size must have {dims} or {before + dims} elements "
                f"(got {len(wanted)})"
            )
        whole: Any = input.size()
        sizes = whole[before:]
        geometry = zip(sizes, self.stride, self.padding, self.dilation, self.kernel_size, strict=True)
        least: list[int] = [(n - 1) * s - 2 * int(p) + d * (k - 1) + 1 for n, s, p, d, k in geometry]
        most = [size + step - 1 for size, step in zip(least, self.stride, strict=True)]
        if any(not low <= size <= high for size, low, high in zip(wanted, least, most, strict=True)):
            raise ValueError(
                f"requested an output size of {wanted}, but valid sizes range from {least} to {most} (for an input of "
                f"{whole[2:]})"
            )
        return tuple([size - low for size, low in zip(wanted, least, strict=True)])


class ConvTranspose1d(_ConvTransposeNd):
    """The 1-D convolution turned round: (N, in_channels, L) → (N, out_channels, L'), or one sequence without N.

    Each size is (n − 1)·stride − 2·padding + dilation·(kernel_size − 1) + output_padding + 1; `forward` takes the size that
    is wanted, too. Weight (in_channels, out_channels/groups, …). Raises ValueError for arguments that do not fit together.

    >>> import autogradkit as torch
    >>> torch.nn.ConvTranspose1d(3, 2, 2, stride=2)(torch.ones(1, 3, 4)).shape
    torch.Size([1, 2, 8])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.ConvTranspose1d(2, 4, 3, stride=2, padding=1, output_padding=1), m.randn(2, 2, 3)),
            (m.nn.ConvTranspose1d(4, 2, 2, groups=2, bias=False, dilation=2), m.randn(4, 3)),
        ]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size = 0,
        output_padding: Size = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Size = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Dtype | None = None,
    ) -> None:
        how = stride, padding, dilation, True, output_padding, groups, bias, padding_mode, device, dtype
        super().__init__(1, in_channels, out_channels, kernel_size, *how)

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """The transposed convolution of `input` with the weight, plus the bias."""
        added = self._added_for(input, output_size)
        how = self.stride, self.padding, added, self.groups, self.dilation
        return functional.conv_transpose1d(input, self.weight, self.bias, *how)


class ConvTranspose2d(_ConvTransposeNd):
    """The 2-D convolution turned round: (N, in_channels, H, W) → (N, out_channels, H', W'), or one image without N.

    Each size is (n − 1)·stride − 2·padding + dilation·(kernel_size − 1) + output_padding + 1; `forward` takes the size that
    is wanted, too. Weight (in_channels, out_channels/groups, …). Raises ValueError for arguments that do not fit together.

    >>> import autogradkit as torch
    >>> torch.nn.ConvTranspose2d(3, 2, 2, stride=2)(torch.ones(1, 3, 4, 4)).shape
    torch.Size([1, 2, 8, 8])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.ConvTranspose2d(2, 4, 3, stride=2, padding=1, output_padding=1), m.randn(2, 2, 3, 3)),
            (m.nn.ConvTranspose2d(4, 2, 2, groups=2, bias=False, dilation=2), m.randn(4, 3, 3)),
        ]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size = 0,
        output_padding: Size = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Size = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Dtype | None = None,
    ) -> None:
        how = stride, padding, dilation, True, output_padding, groups, bias, padding_mode, device, dtype
        super().__init__(2, in_channels, out_channels, kernel_size, *how)

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """The transposed convolution of `input` with the weight, plus the bias."""
        added = self._added_for(input, output_size)
        how = self.stride, self.padding, added, self.groups, self.dilation
        return functional.conv_transpose2d(input, self.weight, self.bias, *how)


class ConvTranspose3d(_ConvTransposeNd):
    """The 3-D convolution turned round: (N, in_channels, D, H, W) → (N, out_channels, D', H', W'), or one volume without N.

    Each size is (n − 1)·stride − 2·padding + dilation·(kernel_size − 1) + output_padding + 1; `forward` takes the size that
    is wanted, too. Weight (in_channels, out_channels/groups, …). Raises ValueError for arguments that do not fit together.

    >>> import autogradkit as torch
    >>> torch.nn.ConvTranspose3d(3, 2, 2, stride=2)(torch.ones(1, 3, 4, 4, 4)).shape
    torch.Size([1, 2, 8, 8, 8])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.ConvTranspose3d(2, 4, 3, stride=2, padding=1, output_padding=1), m.randn(2, 2, 3, 3, 3)),
            (m.nn.ConvTranspose3d(4, 2, 2, groups=2, bias=False, dilation=2), m.randn(4, 3, 3, 3)),
        ]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size = 0,
        output_padding: Size = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Size = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Dtype | None = None,
    ) -> None:
        how = stride, padding, dilation, True, output_padding, groups, bias, padding_mode, device, dtype
        super().__init__(3, in_channels, out_channels, kernel_size, *how)

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """The transposed convolution of `input` with the weight, plus the bias."""
        added = self._added_for(input, output_size)
        how = self.stride, self.padding, added, self.groups, self.dilation
        return functional.conv_transpose3d(input, self.weight, self.bias, *how)
