"""MobileNet v3 (Howard et al., 2019): version 2 with squeeze and excitation and cheaper activations. Rests on `vision.ops`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import autogradkit as ak
from autogradkit import nn
from autogradkit.core.tensor import Tensor
from autogradkit.vision.models._api import Path, filled, register_model
from autogradkit.vision.models.mobilenetv2 import _make_divisible
from autogradkit.vision.models.published import published
from autogradkit.vision.ops.misc import Conv2dNormActivation, SqueezeExcitation

MobileNet_V3_Large_Weights = published("MobileNet_V3_Large_Weights", __name__)
MobileNet_V3_Small_Weights = published("MobileNet_V3_Small_Weights", __name__)

Layer = Callable[..., nn.Module]
_HARD_EXCITATION = partial(SqueezeExcitation, scale_activation=nn.Hardsigmoid)


class InvertedResidualConfig:
    """One block: channels in, widened and out, whether they are squeezed, the activation ("RE" or "HS"), stride, dilation."""

    def __init__(
        self,
        input_channels: int,
        kernel: int,
        expanded_channels: int,
        out_channels: int,
        use_se: bool,
        activation: str,
        stride: int,
        dilation: int,
        width_mult: float,
    ) -> None:
        self.input_channels = self.adjust_channels(input_channels, width_mult)
        self.kernel = kernel
        self.expanded_channels = self.adjust_channels(expanded_channels, width_mult)
        self.out_channels = self.adjust_channels(out_channels, width_mult)
        self.use_se = use_se
        self.use_hs = activation == "HS"
        self.stride = stride
        self.dilation = dilation

    @staticmethod
    def adjust_channels(channels: int, width_mult: float) -> int:
        """So many times the channels, as a multiple of eight."""
        return _make_divisible(channels * width_mult, 8)


class InvertedResidual(nn.Module):
    """A 1×1 convolution to more channels, a depthwise one, squeeze and excitation, a 1×1 to the channels that go out."""

    def __init__(
        self,
        cnf: InvertedResidualConfig,
        norm_layer: Layer,
        se_layer: Layer = _HARD_EXCITATION,
    ) -> None:
        super().__init__()
        if not 1 <= cnf.stride <= 2:
            raise ValueError("illegal stride value")
        self.use_res_connect = cnf.stride == 1 and cnf.input_channels == cnf.out_channels
        activation = nn.Hardswish if cnf.use_hs else nn.ReLU
        conv = partial(Conv2dNormActivation, norm_layer=norm_layer, activation_layer=activation)
        width = cnf.expanded_channels
        layers: list[nn.Module] = []
        if width != cnf.input_channels:
            layers.append(conv(cnf.input_channels, width, kernel_size=1))
        stride = 1 if cnf.dilation > 1 else cnf.stride
        layers.append(conv(width, width, kernel_size=cnf.kernel, stride=stride, dilation=cnf.dilation, groups=width))
        if cnf.use_se:
            layers.append(se_layer(width, _make_divisible(width // 4, 8)))
        layers.append(conv(width, cnf.out_channels, kernel_size=1, activation_layer=None))
        self.block = nn.Sequential(*layers)
        self.out_channels = cnf.out_channels
        self._is_cn = cnf.stride > 1

    def forward(self, input: Tensor) -> Tensor:
        """The layers' result, with the input added where both are alike in size."""
        result = self.block(input)
        if self.use_res_connect:
            result += input
        return result


class MobileNetV3(nn.Module):
    """Inverted residual blocks, as they are told, and two linear layers: (N, 3, H, W) → (N, num_classes), of any size.

    Further arguments are left to the builders, which make the blocks of them.
    """

    def __init__(
        self,
        inverted_residual_setting: Sequence[InvertedResidualConfig],
        last_channel: int,
        num_classes: int = 1000,
        block: Layer | None = None,
        norm_layer: Layer | None = None,
        dropout: float = 0.2,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        setting = inverted_residual_setting
        if not setting:
            raise ValueError("The inverted_residual_setting should not be empty")
        if not isinstance(setting, Sequence) or not all(isinstance(each, InvertedResidualConfig) for each in setting):
            raise TypeError("The inverted_residual_setting should be List[InvertedResidualConfig]")
        block = block or InvertedResidual
        norm_layer = norm_layer or partial(nn.BatchNorm2d, eps=0.001, momentum=0.01)
        conv = partial(Conv2dNormActivation, norm_layer=norm_layer, activation_layer=nn.Hardswish)
        width = setting[-1].out_channels
        self.features = nn.Sequential(
            conv(3, setting[0].input_channels, kernel_size=3, stride=2),
            *(block(each, norm_layer) for each in setting),
            conv(width, 6 * width, kernel_size=1),
        )
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(
            nn.Linear(6 * width, last_channel),
            nn.Hardswish(inplace=True),
            nn.Dropout(p=dropout, inplace=True),
            nn.Linear(last_channel, num_classes),
        )
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
            elif isinstance(module, nn.BatchNorm2d | nn.GroupNorm):
                nn.init.ones_(module.weight)
                nn.init.zeros_(module.bias)
            elif isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, 0, 0.01)
                nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        """The logits of a batch of pictures."""
        return self.classifier(ak.flatten(self.avgpool(self.features(x)), 1))


_Block = tuple[int, int, int, int, bool, str, int, int]


def _large(tail: int, dilation: int) -> list[_Block]:
    """Table 1 of the paper, the channels of its end divided by `tail`."""
    last = 160 // tail
    return [
        (16, 3, 16, 16, False, "RE", 1, 1), (16, 3, 64, 24, False, "RE", 2, 1), (24, 3, 72, 24, False, "RE", 1, 1),
        (24, 5, 72, 40, True, "RE", 2, 1), (40, 5, 120, 40, True, "RE", 1, 1), (40, 5, 120, 40, True, "RE", 1, 1),
        (40, 3, 240, 80, False, "HS", 2, 1), (80, 3, 200, 80, False, "HS", 1, 1), (80, 3, 184, 80, False, "HS", 1, 1),
        (80, 3, 184, 80, False, "HS", 1, 1), (80, 3, 480, 112, True, "HS", 1, 1), (112, 3, 672, 112, True, "HS", 1, 1),
        (112, 5, 672, last, True, "HS", 2, dilation), *[(last, 5, 960 // tail, last, True, "HS", 1, dilation)] * 2,
    ]  # fmt: skip


def _small(tail: int, dilation: int) -> list[_Block]:
    """Table 2 of the paper, the channels of its end divided by `tail`."""
    last = 96 // tail
    return [
        (16, 3, 16, 16, True, "RE", 2, 1), (16, 3, 72, 24, False, "RE", 2, 1), (24, 3, 88, 24, False, "RE", 1, 1),
        (24, 5, 96, 40, True, "HS", 2, 1), (40, 5, 240, 40, True, "HS", 1, 1), (40, 5, 240, 40, True, "HS", 1, 1),
        (40, 5, 120, 48, True, "HS", 1, 1), (48, 5, 144, 48, True, "HS", 1, 1),
        (48, 5, 288, last, True, "HS", 2, dilation), *[(last, 5, 576 // tail, last, True, "HS", 1, dilation)] * 2,
    ]  # fmt: skip


def _mobilenet_v3(
    blocks: Callable[[int, int], list[_Block]], last: int, weights: Path | None, kwargs: dict[str, Any]
) -> MobileNetV3:
    """The builder's `width_mult`, `reduced_tail` and `dilated` say how the paper's blocks are changed."""
    width_mult, tail = kwargs.get("width_mult", 1.0), 2 if kwargs.get("reduced_tail", False) else 1
    setting = [
        InvertedResidualConfig(*block, width_mult) for block in blocks(tail, 2 if kwargs.get("dilated", False) else 1)
    ]
    last_channel = InvertedResidualConfig.adjust_channels(last // tail, width_mult)
    return filled(MobileNetV3, weights, inverted_residual_setting=setting, last_channel=last_channel, **kwargs)


@register_model(MobileNet_V3_Large_Weights)
def mobilenet_v3_large(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> MobileNetV3:
    """MobileNet v3, large; `weights` is a published name, or a file with a state dict. 5,483,032 parameters."""
    return _mobilenet_v3(_large, 1280, weights, kwargs)


@register_model(MobileNet_V3_Small_Weights)
def mobilenet_v3_small(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> MobileNetV3:
    """MobileNet v3, small; `weights` is a published name, or a file with a state dict. 2,542,856 parameters."""
    return _mobilenet_v3(_small, 1024, weights, kwargs)
