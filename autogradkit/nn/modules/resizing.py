"""Images of another size, their pixels in another order, windows unfolded and folded."""

from __future__ import annotations

from typing import Any

from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional
from autogradkit.nn.modules.module import Module, Samples

__all__ = [
    "ChannelShuffle", "Fold", "PixelShuffle", "PixelUnshuffle", "Unfold", "Upsample", "UpsamplingBilinear2d",
    "UpsamplingNearest2d",
]  # fmt: skip


class Upsample(Module):
    """The input at another `size`, or `scale_factor` times as large; see `functional.interpolate`.

    >>> import autogradkit as torch
    >>> torch.nn.Upsample(scale_factor=2)(torch.tensor([[[1.0, 2.0]]]))
    tensor([[[1., 1., 2., 2.]]])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.Upsample(scale_factor=2), m.randn(1, 2, 3)),
            (m.nn.Upsample((5, 3), mode="bilinear", align_corners=True), m.randn(1, 2, 3, 4)),
            (m.nn.Upsample(scale_factor=(1.5, 2), mode="bicubic"), m.randn(1, 2, 3, 4)),
        ]

    def __init__(
        self,
        size: Any = None,
        scale_factor: Any = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ) -> None:
        super().__init__()
        self.name = type(self).__name__
        self.size = size
        if isinstance(scale_factor, tuple):
            self.scale_factor: Any = tuple([float(factor) for factor in scale_factor])
        else:
            self.scale_factor = float(scale_factor) if scale_factor else None
        self.mode = mode
        self.align_corners = align_corners
        self.recompute_scale_factor = recompute_scale_factor

    def forward(self, input: Tensor) -> Tensor:
        """The input resampled."""
        how = self.size, self.scale_factor, self.mode, self.align_corners, self.recompute_scale_factor
        return functional.interpolate(input, *how)

    def extra_repr(self) -> str:
        size = f"size={self.size!r}" if self.scale_factor is None else f"scale_factor={self.scale_factor!r}"
        return f"{size}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    """`Upsample` of images by "nearest".

    >>> import autogradkit as torch
    >>> torch.nn.UpsamplingNearest2d(scale_factor=2)(torch.ones(1, 1, 2, 2)).shape
    torch.Size([1, 1, 4, 4])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.UpsamplingNearest2d(scale_factor=2), m.randn(1, 2, 3, 2)),
            (m.nn.UpsamplingNearest2d((5, 4)), m.randn(1, 2, 3, 2)),
        ]

    def __init__(self, size: Any = None, scale_factor: Any = None) -> None:
        super().__init__(size, scale_factor, mode="nearest")


class UpsamplingBilinear2d(Upsample):
    """`Upsample` of images by "bilinear" with aligned corners.

    >>> import autogradkit as torch
    >>> torch.nn.UpsamplingBilinear2d(scale_factor=2)(torch.ones(1, 1, 2, 2)).shape
    torch.Size([1, 1, 4, 4])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.UpsamplingBilinear2d(scale_factor=2), m.randn(1, 2, 3, 2)),
            (m.nn.UpsamplingBilinear2d((5, 4)), m.randn(1, 2, 3, 2)),
        ]

    def __init__(self, size: Any = None, scale_factor: Any = None) -> None:
        super().__init__(size, scale_factor, mode="bilinear", align_corners=True)


class PixelShuffle(Module):
    """Channels become pixels: (*, C·r², H, W) → (*, C, H·r, W·r).

    >>> import autogradkit as torch
    >>> torch.nn.PixelShuffle(2)(torch.ones(4, 1, 1)).shape
    torch.Size([1, 2, 2])
    """

    _shown = ("upscale_factor",)

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.PixelShuffle(2), m.randn(2, 8, 3, 2))]

    def __init__(self, upscale_factor: Any) -> None:
        super().__init__()
        self.upscale_factor = upscale_factor

    def forward(self, input: Tensor) -> Tensor:
        """What `functional.pixel_shuffle` gives."""
        return functional.pixel_shuffle(input, self.upscale_factor)


class PixelUnshuffle(Module):
    """Pixels become channels: (*, C, H·r, W·r) → (*, C·r², H, W).

    >>> import autogradkit as torch
    >>> torch.nn.PixelUnshuffle(2)(torch.ones(1, 2, 2)).shape
    torch.Size([4, 1, 1])
    """

    _shown = ("downscale_factor",)

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.PixelUnshuffle(2), m.randn(2, 3, 4, 2))]

    def __init__(self, downscale_factor: Any) -> None:
        super().__init__()
        self.downscale_factor = downscale_factor

    def forward(self, input: Tensor) -> Tensor:
        """What `functional.pixel_unshuffle` gives."""
        return functional.pixel_unshuffle(input, self.downscale_factor)


class ChannelShuffle(Module):
    """The channels of `groups` groups in turn.

    >>> import autogradkit as torch
    >>> torch.nn.ChannelShuffle(2)(torch.arange(4.0).reshape(1, 4, 1)).flatten()
    tensor([0., 2., 1., 3.])
    """

    _shown = ("groups",)

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.ChannelShuffle(2), m.randn(2, 4, 3, 2))]

    def __init__(self, groups: Any) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, input: Tensor) -> Tensor:
        """What `functional.channel_shuffle` gives."""
        return functional.channel_shuffle(input, self.groups)


class Unfold(Module):
    """Each window of images as a column; see `functional.unfold`.

    >>> import autogradkit as torch
    >>> torch.nn.Unfold(2)(torch.ones(1, 3, 4, 4)).shape
    torch.Size([1, 12, 9])
    """

    _shown = (
        "kernel_size",
        "dilation",
        "padding",
        "stride",
    )

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.Unfold(2), m.randn(2, 3, 4, 3)), (m.nn.Unfold((2, 3), padding=1, stride=2), m.randn(3, 4, 5))]

    def __init__(self, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input: Tensor) -> Tensor:
        """What `functional.unfold` gives."""
        return functional.unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)


class Fold(Module):
    """Columns back at the places of their windows, added up where these meet; see `functional.fold`.

    >>> import autogradkit as torch
    >>> torch.nn.Fold((3, 3), 2)(torch.ones(1, 4, 4)).shape
    torch.Size([1, 1, 3, 3])
    """

    _shown = (
        "output_size",
        "kernel_size",
        "dilation",
        "padding",
        "stride",
    )

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.Fold((3, 3), 2), m.randn(2, 8, 4))]

    def __init__(
        self, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
    ) -> None:
        super().__init__()
        self.output_size = output_size
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input: Tensor) -> Tensor:
        """What `functional.fold` gives."""
        return functional.fold(input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)
