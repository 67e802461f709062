"""MobileNet v2 (Sandler et al., 2018): depthwise convolutions between narrow layers. Rests on nn and `vision.ops`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import autogradkit as ak
from autogradkit import nn
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional
from autogradkit.vision.models._api import Path, filled, register_model
from autogradkit.vision.models.published import published
from autogradkit.vision.ops.misc import Conv2dNormActivation

MobileNet_V2_Weights = published("MobileNet_V2_Weights", __name__)

Layer = Callable[..., nn.Module]


def _make_divisible(v: float, divisor: int, min_value: int | None = None) -> int:
    """The multiple of `divisor` that is nearest to `v` and not more than a tenth below it."""
    nearest = max(min_value or divisor, int(v + divisor / 2) // divisor * divisor)
    return nearest + divisor if nearest < 0.9 * v else nearest


class InvertedResidual(nn.Module):
    """A 1×1 convolution to many channels, a depthwise one, a 1×1 back to few; past it, where the sizes allow, the input."""

    def __init__(self, inp: int, oup: int, stride: int, expand_ratio: int, norm_layer: Layer | None = None) -> None:
        super().__init__()
        if stride not in (1, 2):
            raise ValueError(f"stride should be 1 or 2 instead of {stride}")
        self.stride = stride
        norm_layer = norm_layer or nn.BatchNorm2d
        hidden = round(inp * expand_ratio)
        self.use_res_connect = stride == 1 and inp == oup
        common: dict[str, Any] = {"norm_layer": norm_layer, "activation_layer": nn.ReLU6}
        widen = [] if expand_ratio == 1 else [Conv2dNormActivation(inp, hidden, kernel_size=1, **common)]
        self.conv = nn.Sequential(
            *widen,
            Conv2dNormActivation(hidden, hidden, stride=stride, groups=hidden, **common),
            nn.Conv2d(hidden, oup, 1, 1, 0, bias=False),
            norm_layer(oup),
        )
        self.out_channels = oup
        self._is_cn = stride > 1

    def forward(self, x: Tensor) -> Tensor:
        """The convolutions' result, with the input added where both are alike in size."""
        return x + self.conv(x) if self.use_res_connect else self.conv(x)


class MobileNetV2(nn.Module):
    """Inverted residual blocks: (N, 3, H, W) → (N, num_classes), of pictures of any size.

    A row of `inverted_residual_setting` says by how much blocks widen, their channels, how many they are, and the first's
    stride. Channels are multiplied by `width_mult` and made multiples of `round_nearest`.
    """

    def __init__(
        self,
        num_classes: int = 1000,
        width_mult: float = 1.0,
        inverted_residual_setting: list[list[int]] | None = None,
        round_nearest: int = 8,
        block: Layer | None = None,
        norm_layer: Layer | None = None,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        block = block or InvertedResidual
        norm_layer = norm_layer or nn.BatchNorm2d
        setting = inverted_residual_setting
        if setting is None:
            setting = [
                [1, 16, 1, 1], [6, 24, 2, 2], [6, 32, 3, 2], [6, 64, 4, 2], [6, 96, 3, 1], [6, 160, 3, 2], [6, 320, 1, 1],
            ]  # fmt: skip
        if len(setting) == 0 or len(setting[0]) != 4:
            raise ValueError(
                f"inverted_residual_setting should be non-empty or a 4-element list, got {inverted_residual_setting}"
            )
        common: dict[str, Any] = {"norm_layer": norm_layer, "activation_layer": nn.ReLU6}
        channels = _make_divisible(32 * width_mult, round_nearest)
        self.last_channel = _make_divisible(1280 * max(1.0, width_mult), round_nearest)
        features: list[nn.Module] = [Conv2dNormActivation(3, channels, stride=2, **common)]
        for expand_ratio, width, count, stride in setting:
            width = _make_divisible(width * width_mult, round_nearest)
            for number in range(count):
                features.append(
                    block(channels, width, 1 if number else stride, expand_ratio=expand_ratio, norm_layer=norm_layer)
                )
                channels = width
        features.append(Conv2dNormActivation(channels, self.last_channel, kernel_size=1, **common))
        self.features = nn.Sequential(*features)
        self.classifier = nn.Sequential(nn.Dropout(p=dropout), nn.Linear(self.last_channel, num_classes))
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
        return self.classifier(ak.flatten(functional.adaptive_avg_pool2d(self.features(x), (1, 1)), 1))


@register_model(MobileNet_V2_Weights)
def mobilenet_v2(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> MobileNetV2:
    """MobileNet v2; `weights` is a published name, or a file with a state dict. 3,504,872 parameters."""
    return filled(MobileNetV2, weights, **kwargs)
