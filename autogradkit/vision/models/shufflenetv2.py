"""ShuffleNet v2 (Ma et al., 2018): half of the channels pass each block, then both halves are shuffled. Rests on nn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import autogradkit as ak
from autogradkit import nn
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.vision.models._api import Path, filled, register_model
from autogradkit.vision.models.published import published

ShuffleNet_V2_X0_5_Weights = published("ShuffleNet_V2_X0_5_Weights", __name__)
ShuffleNet_V2_X1_0_Weights = published("ShuffleNet_V2_X1_0_Weights", __name__)
ShuffleNet_V2_X1_5_Weights = published("ShuffleNet_V2_X1_5_Weights", __name__)
ShuffleNet_V2_X2_0_Weights = published("ShuffleNet_V2_X2_0_Weights", __name__)


def _point(in_channels: int, out_channels: int) -> list[nn.Module]:
    conv = nn.Conv2d(in_channels, out_channels, kernel_size=1, stride=1, padding=0, bias=False)
    return [conv, nn.BatchNorm2d(out_channels), nn.ReLU(inplace=True)]


def _depthwise(channels: int, stride: int) -> list[nn.Module]:
    conv = nn.Conv2d(channels, channels, 3, stride, 1, bias=False, groups=channels)
    return [conv, nn.BatchNorm2d(channels)]


class InvertedResidual(nn.Module):
    """Half of the channels through three convolutions; with a stride, the other half through two."""

    @entry
    def __init__(self, inp: int, oup: int, stride: int) -> None:
        super().__init__()
        if not 1 <= stride <= 3:
            raise ValueError("illegal stride value")
        self.stride = stride
        half = oup // 2
        if stride == 1 and inp != half << 1:
            raise ValueError(
                f"Invalid combination of stride {stride}, inp {inp} and oup {oup} values. "
                "If stride == 1 then inp should be equal to oup // 2 << 1."
            )
        past = [*_depthwise(inp, stride), *_point(inp, half)] if stride > 1 else []
        self.branch1 = nn.Sequential(*past)
        first = _point(inp if stride > 1 else half, half)
        self.branch2 = nn.Sequential(*first, *_depthwise(half, stride), *_point(half, half))

    def forward(self, x: Tensor) -> Tensor:
        """Both halves, shuffled."""
        if self.stride == 1:
            kept, rest = x.chunk(2, dim=1)
            made = ak.cat((kept, self.branch2(rest)), dim=1)
        else:
            made = ak.cat((self.branch1(x), self.branch2(x)), dim=1)
        return _shuffled(made, 2)


def _shuffled(x: Tensor, groups: int) -> Tensor:
    """The channels dealt out: the first of each group, then the second of each. In torchvision's steps, which a trace names."""
    sizes: Any = x.size()
    batch, channels, height, width = sizes
    parted = x.view(batch, groups, channels // groups, height, width)
    return ak.transpose(parted, 1, 2).contiguous().view(batch, channels, height, width)


class ShuffleNetV2(nn.Module):
    """Three stages of blocks: (N, 3, H, W) → (N, num_classes), of pictures of any size."""

    @entry
    def __init__(
        self,
        stages_repeats: list[int],
        stages_out_channels: list[int],
        num_classes: int = 1000,
        inverted_residual: Callable[..., nn.Module] = InvertedResidual,
    ) -> None:
        super().__init__()
        if len(stages_repeats) != 3:
            raise ValueError("expected stages_repeats as list of 3 positive ints")
        if len(stages_out_channels) != 5:
            raise ValueError("expected stages_out_channels as list of 5 positive ints")
        first, *widths, last = stages_out_channels
        self.conv1 = nn.Sequential(
            nn.Conv2d(3, first, 3, 2, 1, bias=False), nn.BatchNorm2d(first), nn.ReLU(inplace=True)
        )
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        channels = first
        for number, (count, width) in enumerate(zip(stages_repeats, widths, strict=True), 2):
            blocks = [inverted_residual(channels, width, 2)]
            blocks += [inverted_residual(width, width, 1) for _ in range(count - 1)]
            setattr(self, f"stage{number}", nn.Sequential(*blocks))
            channels = width
        self.conv5 = nn.Sequential(*_point(channels, last))
        self.fc = nn.Linear(last, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """The logits of a batch of pictures."""
        for layer in (self.conv1, self.maxpool, self.stage2, self.stage3, self.stage4, self.conv5):
            x = layer(x)
        return self.fc(x.mean([2, 3]))


def _shufflenet(widths: list[int], weights: Path | None, kwargs: dict[str, Any]) -> ShuffleNetV2:
    return filled(ShuffleNetV2, weights, stages_repeats=[4, 8, 4], stages_out_channels=widths, **kwargs)


@register_model(ShuffleNet_V2_X0_5_Weights)
def shufflenet_v2_x0_5(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> ShuffleNetV2:
    """ShuffleNet v2 of half the channels; `weights` is a published name, or a file with a state dict."""
    return _shufflenet([24, 48, 96, 192, 1024], weights, kwargs)


@register_model(ShuffleNet_V2_X1_0_Weights)
def shufflenet_v2_x1_0(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> ShuffleNetV2:
    """ShuffleNet v2; `weights` is a published name, or a file with a state dict. 2,278,604 parameters."""
    return _shufflenet([24, 116, 232, 464, 1024], weights, kwargs)


@register_model(ShuffleNet_V2_X1_5_Weights)
def shufflenet_v2_x1_5(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> ShuffleNetV2:
    """ShuffleNet v2 of half as many channels more; `weights` is a published name, or a file with a state dict."""
    return _shufflenet([24, 176, 352, 704, 1024], weights, kwargs)


@register_model(ShuffleNet_V2_X2_0_Weights)
def shufflenet_v2_x2_0(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> ShuffleNetV2:
    """ShuffleNet v2 of twice the channels; `weights` is a published name, or a file with a state dict."""
    return _shufflenet([24, 244, 488, 976, 2048], weights, kwargs)
