"""EfficientNet (Tan and Le, 2019) and EfficientNetV2 (2021). Rests on nn and `vision.ops`."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import autogradkit as ak
from autogradkit import nn
from autogradkit.core.tensor import Tensor
from autogradkit.vision.models._api import Path, filled, register_model
from autogradkit.vision.models.mobilenetv2 import _make_divisible
from autogradkit.vision.models.published import published
from autogradkit.vision.ops.misc import Conv2dNormActivation, SqueezeExcitation
from autogradkit.vision.ops.stochastic_depth import StochasticDepth

EfficientNet_B0_Weights = published("EfficientNet_B0_Weights", __name__)
EfficientNet_B1_Weights = published("EfficientNet_B1_Weights", __name__)
EfficientNet_B2_Weights = published("EfficientNet_B2_Weights", __name__)
EfficientNet_B3_Weights = published("EfficientNet_B3_Weights", __name__)
EfficientNet_B4_Weights = published("EfficientNet_B4_Weights", __name__)
EfficientNet_B5_Weights = published("EfficientNet_B5_Weights", __name__)
EfficientNet_B6_Weights = published("EfficientNet_B6_Weights", __name__)
EfficientNet_B7_Weights = published("EfficientNet_B7_Weights", __name__)
EfficientNet_V2_S_Weights = published("EfficientNet_V2_S_Weights", __name__)
EfficientNet_V2_M_Weights = published("EfficientNet_V2_M_Weights", __name__)
EfficientNet_V2_L_Weights = published("EfficientNet_V2_L_Weights", __name__)

Layer = Callable[..., nn.Module]


@dataclass
class _MBConvConfig:
    """One stage of the network: so many blocks, of which the first has the stride."""

    expand_ratio: float
    kernel: int
    stride: int
    input_channels: int
    out_channels: int
    num_layers: int
    block: Layer

    @staticmethod
    def adjust_channels(channels: int, width_mult: float, min_value: int | None = None) -> int:
        """So many times the channels, as a multiple of eight."""
        return _make_divisible(channels * width_mult, 8, min_value)


class MBConvConfig(_MBConvConfig):
    """A stage of `MBConv` blocks, with its channels and its depth multiplied."""

    def __init__(
        self,
        expand_ratio: float,
        kernel: int,
        stride: int,
        input_channels: int,
        out_channels: int,
        num_layers: int,
        width_mult: float = 1.0,
        depth_mult: float = 1.0,
        block: Layer | None = None,
    ) -> None:
        input_channels, out_channels = (
            self.adjust_channels(each, width_mult) for each in (input_channels, out_channels)
        )
        depth = self.adjust_depth(num_layers, depth_mult)
        super().__init__(expand_ratio, kernel, stride, input_channels, out_channels, depth, block or MBConv)

    @staticmethod
    def adjust_depth(num_layers: int, depth_mult: float) -> int:
        """So many times the blocks, rounded up."""
        return math.ceil(num_layers * depth_mult)


class FusedMBConvConfig(_MBConvConfig):
    """A stage of `FusedMBConv` blocks."""

    def __init__(
        self,
        expand_ratio: float,
        kernel: int,
        stride: int,
        input_channels: int,
        out_channels: int,
        num_layers: int,
        block: Layer | None = None,
    ) -> None:
        super().__init__(expand_ratio, kernel, stride, input_channels, out_channels, num_layers, block or FusedMBConv)


class _Block(nn.Module):
    """A block's layers and, where the sizes allow, its input past them; training leaves the layers out at random."""

    def __init__(self, layers: list[nn.Module], cnf: _MBConvConfig, stochastic_depth_prob: float) -> None:
        super().__init__()
        self.use_res_connect = cnf.stride == 1 and cnf.input_channels == cnf.out_channels
        self.block = nn.Sequential(*layers)
        self.stochastic_depth = StochasticDepth(stochastic_depth_prob, "row")
        self.out_channels = cnf.out_channels

    def forward(self, input: Tensor) -> Tensor:
        """The layers' result, with the input added where both are alike in size."""
        result = self.block(input)
        if self.use_res_connect:
            result = self.stochastic_depth(result)
            result += input
        return result


def _check_stride(cnf: _MBConvConfig) -> None:
    if not 1 <= cnf.stride <= 2:
        raise ValueError("illegal stride value")


class MBConv(_Block):
    """A 1×1 convolution to more channels, a depthwise one, squeeze and excitation, a 1×1 to the channels that go out."""

    def __init__(
        self,
        cnf: MBConvConfig,
        stochastic_depth_prob: float,
        norm_layer: Layer,
        se_layer: Layer = SqueezeExcitation,
    ) -> None:
        _check_stride(cnf)
        conv = partial(Conv2dNormActivation, norm_layer=norm_layer, activation_layer=nn.SiLU)
        width = cnf.adjust_channels(cnf.input_channels, cnf.expand_ratio)
        layers: list[nn.Module] = []
        if width != cnf.input_channels:
            layers.append(conv(cnf.input_channels, width, kernel_size=1))
        layers.append(conv(width, width, kernel_size=cnf.kernel, stride=cnf.stride, groups=width))
        squeezed = max(1, cnf.input_channels // 4)
        layers.append(se_layer(width, squeezed, activation=partial(nn.SiLU, inplace=True)))
        layers.append(conv(width, cnf.out_channels, kernel_size=1, activation_layer=None))
        super().__init__(layers, cnf, stochastic_depth_prob)


class FusedMBConv(_Block):
    """One full convolution in place of `MBConv`'s first two, and no squeeze and excitation: quicker in early stages."""

    def __init__(self, cnf: FusedMBConvConfig, stochastic_depth_prob: float, norm_layer: Layer) -> None:
        _check_stride(cnf)
        conv = partial(Conv2dNormActivation, norm_layer=norm_layer, activation_layer=nn.SiLU)
        width = cnf.adjust_channels(cnf.input_channels, cnf.expand_ratio)
        if width != cnf.input_channels:
            layers: list[nn.Module] = [
                conv(cnf.input_channels, width, kernel_size=cnf.kernel, stride=cnf.stride),
                conv(width, cnf.out_channels, kernel_size=1, activation_layer=None),
            ]
        else:
            layers = [conv(cnf.input_channels, cnf.out_channels, kernel_size=cnf.kernel, stride=cnf.stride)]
        super().__init__(layers, cnf, stochastic_depth_prob)


class EfficientNet(nn.Module):
    """Stages of blocks, and a linear layer on the means of their channels: (N, 3, H, W) → (N, num_classes).

    The chance that a block is left out in training grows with its depth, up to `stochastic_depth_prob`.
    """

    def __init__(
        self,
        inverted_residual_setting: Sequence[_MBConvConfig],
        dropout: float,
        stochastic_depth_prob: float = 0.2,
        num_classes: int = 1000,
        norm_layer: Layer | None = None,
        last_channel: int | None = None,
    ) -> None:
        super().__init__()
        stages = inverted_residual_setting
        if not stages:
            raise ValueError("The inverted_residual_setting should not be empty")
        if not isinstance(stages, Sequence) or not all(isinstance(each, _MBConvConfig) for each in stages):
            raise TypeError("The inverted_residual_setting should be List[MBConvConfig]")
        norm_layer = norm_layer or nn.BatchNorm2d
        conv = partial(Conv2dNormActivation, norm_layer=norm_layer, activation_layer=nn.SiLU)
        layers: list[nn.Module] = [conv(3, stages[0].input_channels, kernel_size=3, stride=2)]
        total, depth = sum(each.num_layers for each in stages), 0
        for stage in stages:
            blocks: list[nn.Module] = []
            for _ in range(stage.num_layers):
                config = copy.copy(stage)
                if blocks:
                    config.input_channels, config.stride = config.out_channels, 1
                blocks.append(config.block(config, stochastic_depth_prob * float(depth) / total, norm_layer))
                depth += 1
            layers.append(nn.Sequential(*blocks))
        width = stages[-1].out_channels
        last = last_channel if last_channel is not None else 4 * width
        layers.append(conv(width, last, kernel_size=1))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(nn.Dropout(p=dropout, inplace=True), nn.Linear(last, num_classes))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
            elif isinstance(module, nn.BatchNorm2d | nn.GroupNorm):
                nn.init.ones_(module.weight)
                nn.init.zeros_(module.bias)
            elif isinstance(module, nn.Linear):
                bound = 1.0 / math.sqrt(module.out_features)
                nn.init.uniform_(module.weight, -bound, bound)
                nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        """The logits of a batch of pictures."""
        return self.classifier(ak.flatten(self.avgpool(self.features(x)), 1))


# Of a stage: the widening, the kernel, the stride, the channels in and out, the blocks; fused ones are marked.
_V1 = ((1, 3, 1, 32, 16, 1), (6, 3, 2, 16, 24, 2), (6, 5, 2, 24, 40, 2), (6, 3, 2, 40, 80, 3),
       (6, 5, 1, 80, 112, 3), (6, 5, 2, 112, 192, 4), (6, 3, 1, 192, 320, 1))  # fmt: skip
_V2 = {
    "s": (((1, 3, 1, 24, 24, 2), (4, 3, 2, 24, 48, 4), (4, 3, 2, 48, 64, 4)),
          ((4, 3, 2, 64, 128, 6), (6, 3, 1, 128, 160, 9), (6, 3, 2, 160, 256, 15))),
    "m": (((1, 3, 1, 24, 24, 3), (4, 3, 2, 24, 48, 5), (4, 3, 2, 48, 80, 5)),
          ((4, 3, 2, 80, 160, 7), (6, 3, 1, 160, 176, 14), (6, 3, 2, 176, 304, 18), (6, 3, 1, 304, 512, 5))),
    "l": (((1, 3, 1, 32, 32, 4), (4, 3, 2, 32, 64, 7), (4, 3, 2, 64, 96, 7)),
          ((4, 3, 2, 96, 192, 10), (6, 3, 1, 192, 224, 19), (6, 3, 2, 224, 384, 25), (6, 3, 1, 384, 640, 7))),
}  # fmt: skip


def _first(width: float, depth: float, dropout: float, weights: Path | None, kwargs: dict[str, Any]) -> EfficientNet:
    """A network of the first paper, so much wider and deeper than the smallest."""
    stages = [MBConvConfig(*stage, width_mult=width, depth_mult=depth) for stage in _V1]
    return filled(EfficientNet, weights, inverted_residual_setting=stages, **{"dropout": dropout, **kwargs})


def _second(size: str, dropout: float, weights: Path | None, kwargs: dict[str, Any]) -> EfficientNet:
    """A network of the second paper."""
    fused, plain = _V2[size]
    stages = [*(FusedMBConvConfig(*stage) for stage in fused), *(MBConvConfig(*stage) for stage in plain)]
    norm = partial(nn.BatchNorm2d, eps=1e-03)
    return filled(
        EfficientNet,
        weights,
        inverted_residual_setting=stages,
        last_channel=1280,
        norm_layer=norm,
        **{"dropout": dropout, **kwargs},
    )


_SLOW_NORM = partial(nn.BatchNorm2d, eps=0.001, momentum=0.01)


@register_model(EfficientNet_B0_Weights)
def efficientnet_b0(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> EfficientNet:
    """EfficientNet-B0; `weights` is a published name, or a file with a state dict."""
    return _first(1.0, 1.0, 0.2, weights, kwargs)


@register_model(EfficientNet_B1_Weights)
def efficientnet_b1(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> EfficientNet:
    """EfficientNet-B1; `weights` is a published name, or a file with a state dict."""
    return _first(1.0, 1.1, 0.2, weights, kwargs)


@register_model(EfficientNet_B2_Weights)
def efficientnet_b2(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> EfficientNet:
    """EfficientNet-B2; `weights` is a published name, or a file with a state dict."""
    return _first(1.1, 1.2, 0.3, weights, kwargs)


@register_model(EfficientNet_B3_Weights)
def efficientnet_b3(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> EfficientNet:
    """EfficientNet-B3; `weights` is a published name, or a file with a state dict."""
    return _first(1.2, 1.4, 0.3, weights, kwargs)


@register_model(EfficientNet_B4_Weights)
def efficientnet_b4(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> EfficientNet:
    """EfficientNet-B4; `weights` is a published name, or a file with a state dict."""
    return _first(1.4, 1.8, 0.4, weights, kwargs)


@register_model(EfficientNet_B5_Weights)
def efficientnet_b5(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> EfficientNet:
    """EfficientNet-B5; `weights` is a published name, or a file with a state dict."""
    return _first(1.6, 2.2, 0.4, weights, {"norm_layer": _SLOW_NORM, **kwargs})


@register_model(EfficientNet_B6_Weights)
def efficientnet_b6(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> EfficientNet:
    """EfficientNet-B6; `weights` is a published name, or a file with a state dict."""
    return _first(1.8, 2.6, 0.5, weights, {"norm_layer": _SLOW_NORM, **kwargs})


@register_model(EfficientNet_B7_Weights)
def efficientnet_b7(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> EfficientNet:
    """EfficientNet-B7; `weights` is a published name, or a file with a state dict."""
    return _first(2.0, 3.1, 0.5, weights, {"norm_layer": _SLOW_NORM, **kwargs})


@register_model(EfficientNet_V2_S_Weights)
def efficientnet_v2_s(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> EfficientNet:
    """EfficientNetV2-S; `weights` is a published name, or a file with a state dict."""
    return _second("s", 0.2, weights, kwargs)


@register_model(EfficientNet_V2_M_Weights)
def efficientnet_v2_m(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> EfficientNet:
    """EfficientNetV2-M; `weights` is a published name, or a file with a state dict."""
    return _second("m", 0.3, weights, kwargs)


@register_model(EfficientNet_V2_L_Weights)
def efficientnet_v2_l(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> EfficientNet:
    """EfficientNetV2-L; `weights` is a published name, or a file with a state dict."""
    return _second("l", 0.4, weights, kwargs)
