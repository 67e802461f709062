"""RegNet (Radosavovic et al., 2020): residual networks whose widths grow along a line. Rests on nn and `vision.ops`."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from itertools import groupby
from typing import Any

import autogradkit as ak
from autogradkit import nn
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.vision.models._api import Path, filled, register_model
from autogradkit.vision.models.mobilenetv2 import _make_divisible
from autogradkit.vision.models.published import published
from autogradkit.vision.ops.misc import Conv2dNormActivation, SqueezeExcitation

RegNet_Y_400MF_Weights = published("RegNet_Y_400MF_Weights", __name__)
RegNet_Y_800MF_Weights = published("RegNet_Y_800MF_Weights", __name__)
RegNet_Y_1_6GF_Weights = published("RegNet_Y_1_6GF_Weights", __name__)
RegNet_Y_3_2GF_Weights = published("RegNet_Y_3_2GF_Weights", __name__)
RegNet_Y_8GF_Weights = published("RegNet_Y_8GF_Weights", __name__)
RegNet_Y_16GF_Weights = published("RegNet_Y_16GF_Weights", __name__)
RegNet_Y_32GF_Weights = published("RegNet_Y_32GF_Weights", __name__)
RegNet_Y_128GF_Weights = published("RegNet_Y_128GF_Weights", __name__)
RegNet_X_400MF_Weights = published("RegNet_X_400MF_Weights", __name__)
RegNet_X_800MF_Weights = published("RegNet_X_800MF_Weights", __name__)
RegNet_X_1_6GF_Weights = published("RegNet_X_1_6GF_Weights", __name__)
RegNet_X_3_2GF_Weights = published("RegNet_X_3_2GF_Weights", __name__)
RegNet_X_8GF_Weights = published("RegNet_X_8GF_Weights", __name__)
RegNet_X_16GF_Weights = published("RegNet_X_16GF_Weights", __name__)
RegNet_X_32GF_Weights = published("RegNet_X_32GF_Weights", __name__)

Layer = Callable[..., nn.Module]


class SimpleStemIN(Conv2dNormActivation):
    """The first layer: a 3×3 convolution to half the size, its norm and its activation."""

    def __init__(self, width_in: int, width_out: int, norm_layer: Layer, activation_layer: Layer) -> None:
        super().__init__(width_in, width_out, stride=2, norm_layer=norm_layer, activation_layer=activation_layer)


class BottleneckTransform(nn.Sequential):
    """A 1×1 convolution, a 3×3 one in groups, squeeze and excitation where `se_ratio` is given, a 1×1 convolution."""

    def __init__(
        self,
        width_in: int,
        width_out: int,
        stride: int,
        norm_layer: Layer,
        activation_layer: Layer,
        group_width: int,
        bottleneck_multiplier: float,
        se_ratio: float | None,
    ) -> None:
        conv = partial(Conv2dNormActivation, norm_layer=norm_layer, activation_layer=activation_layer)
        width = round(width_out * bottleneck_multiplier)
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        layers["a"] = conv(width_in, width, kernel_size=1)
        layers["b"] = conv(width, width, kernel_size=3, stride=stride, groups=width // group_width)
        if se_ratio:
            layers["se"] = SqueezeExcitation(width, round(se_ratio * width_in), activation=activation_layer)
        layers["c"] = conv(width, width_out, kernel_size=1, activation_layer=None)
        super().__init__(layers)


class ResBottleneckBlock(nn.Module):
    """The bottleneck and its input past it, which a 1×1 convolution brings to the same size where it has another."""

    def __init__(
        self,
        width_in: int,
        width_out: int,
        stride: int,
        norm_layer: Layer,
        activation_layer: Layer,
        group_width: int = 1,
        bottleneck_multiplier: float = 1.0,
        se_ratio: float | None = None,
    ) -> None:
        super().__init__()
        self.proj = None
        if width_in != width_out or stride != 1:
            self.proj = Conv2dNormActivation(
                width_in, width_out, kernel_size=1, stride=stride, norm_layer=norm_layer, activation_layer=None
            )
        self.f = BottleneckTransform(
            width_in, width_out, stride, norm_layer, activation_layer, group_width, bottleneck_multiplier, se_ratio
        )
        self.activation = activation_layer(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """The activation of the sum."""
        past = x if self.proj is None else self.proj(x)
        return self.activation(past + self.f(x))


class AnyStage(nn.Sequential):
    """Blocks of one width, `block1-0`, `block1-1`, ..., of which the first changes the size."""

    def __init__(
        self,
        width_in: int,
        width_out: int,
        stride: int,
        depth: int,
        block_constructor: Layer,
        norm_layer: Layer,
        activation_layer: Layer,
        group_width: int,
        bottleneck_multiplier: float,
        se_ratio: float | None = None,
        stage_index: int = 0,
    ) -> None:
        super().__init__()
        common = norm_layer, activation_layer, group_width, bottleneck_multiplier, se_ratio
        for number in range(depth):
            size = (width_out, width_out, 1) if number else (width_in, width_out, stride)
            self.add_module(f"block{stage_index}-{number}", block_constructor(*size, *common))


class BlockParams:
    """What the stages are made by, a list of each fact with an item for each stage."""

    def __init__(
        self,
        depths: list[int],
        widths: list[int],
        group_widths: list[int],
        bottleneck_multipliers: list[float],
        strides: list[int],
        se_ratio: float | None = None,
    ) -> None:
        self.depths = depths
        self.widths = widths
        self.group_widths = group_widths
        self.bottleneck_multipliers = bottleneck_multipliers
        self.strides = strides
        self.se_ratio = se_ratio

    @classmethod
    @entry
    def from_init_params(
        cls,
        depth: int,
        w_0: int,
        w_a: float,
        w_m: float,
        group_width: int,
        bottleneck_multiplier: float = 1.0,
        se_ratio: float | None = None,
    ) -> BlockParams:
        """The stages of `depth` blocks: block j is to have w_0 + w_a·j channels (section 3.3 of the paper).

        That is rounded to w_0 times a power of `w_m`, then to a multiple of eight; blocks that came to one width are a stage.

        >>> stages = BlockParams.from_init_params(depth=16, w_0=48, w_a=27.89, w_m=2.09, group_width=8)
        >>> stages.widths, stages.depths
        ([48, 104, 208, 440], [1, 3, 6, 6])
        """
        if w_a < 0 or w_0 <= 0 or w_m <= 1 or w_0 % 8 != 0:
            raise ValueError("Invalid RegNet settings")
        wanted = ak.arange(depth) * w_a + w_0
        powers = ak.round(ak.log(wanted / w_0) / math.log(w_m))
        rounded = (ak.round(w_0 * ak.pow(w_m, powers) / 8) * 8).int().tolist()
        stages = [(width, len(list(blocks))) for width, blocks in groupby(rounded)]
        inner = [int(width * bottleneck_multiplier) for width, _ in stages]
        groups = [min(group_width, width) for width in inner]
        inner = [_make_divisible(width, group) for width, group in zip(inner, groups, strict=True)]
        return cls(
            depths=[depth for _, depth in stages],
            widths=[int(width / bottleneck_multiplier) for width in inner],
            group_widths=groups,
            bottleneck_multipliers=[bottleneck_multiplier] * len(stages),
            strides=[2] * len(stages),
            se_ratio=se_ratio,
        )


class RegNet(nn.Module):
    """Stages of bottleneck blocks, each at half the size of the one before: (N, 3, H, W) → (N, num_classes)."""

    def __init__(
        self,
        block_params: BlockParams,
        num_classes: int = 1000,
        stem_width: int = 32,
        stem_type: Layer | None = None,
        block_type: Layer | None = None,
        norm_layer: Layer | None = None,
        activation: Layer | None = None,
    ) -> None:
        super().__init__()
        norm_layer, activation = norm_layer or nn.BatchNorm2d, activation or nn.ReLU
        self.stem = (stem_type or SimpleStemIN)(3, stem_width, norm_layer, activation)
        width, stages = stem_width, OrderedDict()
        facts = zip(
            block_params.widths,
            block_params.strides,
            block_params.depths,
            block_params.group_widths,
            block_params.bottleneck_multipliers,
            strict=True,
        )
        for number, (outputs, stride, depth, group_width, multiplier) in enumerate(facts, 1):
            stages[f"block{number}"] = AnyStage(
                width, outputs, stride, depth, block_type or ResBottleneckBlock, norm_layer, activation, group_width,
                multiplier, block_params.se_ratio, number,
            )  # fmt: skip
            width = outputs
        self.trunk_output = nn.Sequential(stages)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(width, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                fan_out = module.kernel_size[0] * module.kernel_size[1] * module.out_channels
                nn.init.normal_(module.weight, mean=0.0, std=math.sqrt(2.0 / fan_out))
            elif isinstance(module, nn.BatchNorm2d):
                nn.init.ones_(module.weight)
                nn.init.zeros_(module.bias)
            elif isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, mean=0.0, std=0.01)
                nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        """The logits of a batch of pictures."""
        return self.fc(self.avgpool(self.trunk_output(self.stem(x))).flatten(start_dim=1))


def _regnet(settings: dict[str, Any], weights: Path | None, kwargs: dict[str, Any]) -> RegNet:
    return filled(RegNet, weights, block_params=BlockParams.from_init_params(**settings), **kwargs)


@register_model(RegNet_Y_400MF_Weights)
def regnet_y_400mf(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> RegNet:
    """RegNetY-400MF; `weights` is a published name, or a file with a state dict."""
    settings = {"depth": 16, "w_0": 48, "w_a": 27.89, "w_m": 2.09, "group_width": 8, "se_ratio": 0.25}
    return _regnet(settings, weights, kwargs)


@register_model(RegNet_Y_800MF_Weights)
def regnet_y_800mf(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> RegNet:
    """RegNetY-800MF; `weights` is a published name, or a file with a state dict."""
    settings = {"depth": 14, "w_0": 56, "w_a": 38.84, "w_m": 2.4, "group_width": 16, "se_ratio": 0.25}
    return _regnet(settings, weights, kwargs)


@register_model(RegNet_Y_1_6GF_Weights)
def regnet_y_1_6gf(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> RegNet:
    """RegNetY-1.6GF; `weights` is a published name, or a file with a state dict."""
    settings = {"depth": 27, "w_0": 48, "w_a": 20.71, "w_m": 2.65, "group_width": 24, "se_ratio": 0.25}
    return _regnet(settings, weights, kwargs)


@register_model(RegNet_Y_3_2GF_Weights)
def regnet_y_3_2gf(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> RegNet:
    """RegNetY-3.2GF; `weights` is a published name, or a file with a state dict."""
    settings = {"depth": 21, "w_0": 80, "w_a": 42.63, "w_m": 2.66, "group_width": 24, "se_ratio": 0.25}
    return _regnet(settings, weights, kwargs)


@register_model(RegNet_Y_8GF_Weights)
def regnet_y_8gf(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> RegNet:
    """RegNetY-8GF; `weights` is a published name, or a file with a state dict."""
    settings = {"depth": 17, "w_0": 192, "w_a": 76.82, "w_m": 2.19, "group_width": 56, "se_ratio": 0.25}
    return _regnet(settings, weights, kwargs)


@register_model(RegNet_Y_16GF_Weights)
def regnet_y_16gf(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> RegNet:
    """RegNetY-16GF; `weights` is a published name, or a file with a state dict."""
    settings = {"depth": 18, "w_0": 200, "w_a": 106.23, "w_m": 2.48, "group_width": 112, "se_ratio": 0.25}
    return _regnet(settings, weights, kwargs)


@register_model(RegNet_Y_32GF_Weights)
def regnet_y_32gf(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> RegNet:
    """RegNetY-32GF; `weights` is a published name, or a file with a state dict."""
    settings = {"depth": 20, "w_0": 232, "w_a": 115.89, "w_m": 2.53, "group_width": 232, "se_ratio": 0.25}
    return _regnet(settings, weights, kwargs)


@register_model(RegNet_Y_128GF_Weights)
def regnet_y_128gf(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> RegNet:
    """RegNetY-128GF; `weights` is a published name, or a file with a state dict."""
    settings = {"depth": 27, "w_0": 456, "w_a": 160.83, "w_m": 2.52, "group_width": 264, "se_ratio": 0.25}
    return _regnet(settings, weights, kwargs)


@register_model(RegNet_X_400MF_Weights)
def regnet_x_400mf(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> RegNet:
    """RegNetX-400MF; `weights` is a published name, or a file with a state dict."""
    settings = {"depth": 22, "w_0": 24, "w_a": 24.48, "w_m": 2.54, "group_width": 16}
    return _regnet(settings, weights, kwargs)


@register_model(RegNet_X_800MF_Weights)
def regnet_x_800mf(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> RegNet:
    """RegNetX-800MF; `weights` is a published name, or a file with a state dict."""
    settings = {"depth": 16, "w_0": 56, "w_a": 35.73, "w_m": 2.28, "group_width": 16}
    return _regnet(settings, weights, kwargs)


@register_model(RegNet_X_1_6GF_Weights)
def regnet_x_1_6gf(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> RegNet:
    """RegNetX-1.6GF; `weights` is a published name, or a file with a state dict."""
    settings = {"depth": 18, "w_0": 80, "w_a": 34.01, "w_m": 2.25, "group_width": 24}
    return _regnet(settings, weights, kwargs)


@register_model(RegNet_X_3_2GF_Weights)
def regnet_x_3_2gf(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> RegNet:
    """RegNetX-3.2GF; `weights` is a published name, or a file with a state dict."""
    settings = {"depth": 25, "w_0": 88, "w_a": 26.31, "w_m": 2.25, "group_width": 48}
    return _regnet(settings, weights, kwargs)


@register_model(RegNet_X_8GF_Weights)
def regnet_x_8gf(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> RegNet:
    """RegNetX-8GF; `weights` is a published name, or a file with a state dict."""
    settings = {"depth": 23, "w_0": 80, "w_a": 49.56, "w_m": 2.88, "group_width": 120}
    return _regnet(settings, weights, kwargs)


@register_model(RegNet_X_16GF_Weights)
def regnet_x_16gf(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> RegNet:
    """RegNetX-16GF; `weights` is a published name, or a file with a state dict."""
    settings = {"depth": 22, "w_0": 216, "w_a": 55.59, "w_m": 2.1, "group_width": 128}
    return _regnet(settings, weights, kwargs)


@register_model(RegNet_X_32GF_Weights)
def regnet_x_32gf(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> RegNet:
    """RegNetX-32GF; `weights` is a published name, or a file with a state dict."""
    settings = {"depth": 23, "w_0": 320, "w_a": 69.86, "w_m": 2.0, "group_width": 168}
    return _regnet(settings, weights, kwargs)
