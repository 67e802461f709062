"""ConvNeXt (Liu et al., 2022): residual blocks made as those of transformers are, of convolutions alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import autogradkit as ak
from autogradkit import nn
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional as F
from autogradkit.vision.models._api import Path, filled, register_model
from autogradkit.vision.models.published import published
from autogradkit.vision.ops.misc import Conv2dNormActivation, Permute
from autogradkit.vision.ops.stochastic_depth import StochasticDepth

ConvNeXt_Tiny_Weights = published("ConvNeXt_Tiny_Weights", __name__)
ConvNeXt_Small_Weights = published("ConvNeXt_Small_Weights", __name__)
ConvNeXt_Base_Weights = published("ConvNeXt_Base_Weights", __name__)
ConvNeXt_Large_Weights = published("ConvNeXt_Large_Weights", __name__)

Layer = Callable[..., nn.Module]


class LayerNorm2d(nn.LayerNorm):
    """A layer norm of the channels of (N, C, H, W)."""

    def forward(self, x: Tensor) -> Tensor:
        """The normalised maps."""
        x = F.layer_norm(x.permute(0, 2, 3, 1), self.normalized_shape, self.weight, self.bias, self.eps)
        return x.permute(0, 3, 1, 2)


class CNBlock(nn.Module):
    """A 7×7 depthwise convolution and an MLP of each pixel, scaled, beside a connection that leads past them."""

    def __init__(
        self, dim: int, layer_scale: float, stochastic_depth_prob: float, norm_layer: Layer | None = None
    ) -> None:
        super().__init__()
        norm = norm_layer or partial(nn.LayerNorm, eps=1e-6)
        self.block = nn.Sequential(
            nn.Conv2d(dim, dim, kernel_size=7, padding=3, groups=dim, bias=True),
            Permute([0, 2, 3, 1]),
            norm(dim),
            nn.Linear(in_features=dim, out_features=4 * dim, bias=True),
            nn.GELU(),
            nn.Linear(in_features=4 * dim, out_features=dim, bias=True),
            Permute([0, 3, 1, 2]),
        )
        self.layer_scale = nn.Parameter(ak.ones(dim, 1, 1) * layer_scale)
        self.stochastic_depth = StochasticDepth(stochastic_depth_prob, "row")

    def forward(self, input: Tensor) -> Tensor:
        """The sum of both ways."""
        result = self.stochastic_depth(self.layer_scale * self.block(input))
        result += input
        return result


class CNBlockConfig:
    """One stage: its channels, those of the next one (None at the end), and how many blocks it has."""

    def __init__(self, input_channels: int, out_channels: int | None, num_layers: int) -> None:
        self.input_channels = input_channels
        self.out_channels = out_channels
        self.num_layers = num_layers

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(input_channels={self.input_channels}, out_channels={self.out_channels}, "
            f"num_layers={self.num_layers})"
        )


class ConvNeXt(nn.Module):
    """Stages of blocks, each at half the size of the one before: (N, 3, H, W) → (N, num_classes)."""

    @entry
    def __init__(
        self,
        block_setting: list[CNBlockConfig],
        stochastic_depth_prob: float = 0.0,
        layer_scale: float = 1e-6,
        num_classes: int = 1000,
        block: Layer | None = None,
        norm_layer: Layer | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        if not block_setting:
            raise ValueError("The block_setting should not be empty")
        if not isinstance(block_setting, Sequence) or not all(
            isinstance(each, CNBlockConfig) for each in block_setting
        ):
            raise TypeError("The block_setting should be List[CNBlockConfig]")
        norm = norm_layer or partial(LayerNorm2d, eps=1e-6)
        layers: list[nn.Module] = [
            Conv2dNormActivation(
                3, block_setting[0].input_channels, 4, 4, padding=0, norm_layer=norm, activation_layer=None, bias=True
            )
        ]
        last, number = sum(stage.num_layers for stage in block_setting) - 1.0, 0
        for stage in block_setting:
            blocks = []
            for _ in range(stage.num_layers):
                blocks.append(
                    (block or CNBlock)(stage.input_channels, layer_scale, stochastic_depth_prob * number / last)
                )
                number += 1
            layers.append(nn.Sequential(*blocks))
            if stage.out_channels is not None:
                channels = stage.input_channels
                down = norm(channels), nn.Conv2d(channels, stage.out_channels, kernel_size=2, stride=2)
                layers.append(nn.Sequential(*down))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        channels = block_setting[-1].out_channels or block_setting[-1].input_channels
        self.classifier = nn.Sequential(norm(channels), nn.Flatten(1), nn.Linear(channels, num_classes))
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        """The logits of a batch of pictures."""
        return self.classifier(self.avgpool(self.features(x)))


def _convnext(width: int, third: int, drop: float, weights: Path | None, kwargs: dict[str, Any]) -> ConvNeXt:
    """Stages of 3, 3, `third` and 3 blocks, the first with `width` channels, each with twice those of the one before."""
    widths = [width, 2 * width, 4 * width, 8 * width, None]
    setting = [CNBlockConfig(widths[at] or 0, widths[at + 1], count) for at, count in enumerate((3, 3, third, 3))]
    kwargs.setdefault("stochastic_depth_prob", drop)
    return filled(ConvNeXt, weights, block_setting=setting, **kwargs)


@register_model(ConvNeXt_Tiny_Weights)
def convnext_tiny(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> ConvNeXt:
    """ConvNeXt, tiny; `weights` is a published name, or a file with a state dict. 28,589,128 parameters."""
    return _convnext(96, 9, 0.1, weights, kwargs)


@register_model(ConvNeXt_Small_Weights)
def convnext_small(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> ConvNeXt:
    """ConvNeXt, small; `weights` is a published name, or a file with a state dict. 50,223,688 parameters."""
    return _convnext(96, 27, 0.4, weights, kwargs)


@register_model(ConvNeXt_Base_Weights)
def convnext_base(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> ConvNeXt:
    """ConvNeXt, base; `weights` is a published name, or a file with a state dict. 88,591,464 parameters."""
    return _convnext(128, 27, 0.5, weights, kwargs)


@register_model(ConvNeXt_Large_Weights)
def convnext_large(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> ConvNeXt:
    """ConvNeXt, large; `weights` is a published name, or a file with a state dict. 197,767,336 parameters."""
    return _convnext(192, 27, 0.5, weights, kwargs)
