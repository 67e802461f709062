"""DeepLab v3 (Chen et al., 2017): maps are looked at with several dilations at once, on ResNets or on MobileNet v3."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import autogradkit as ak
from autogradkit import nn
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional as F
from autogradkit.vision.models._api import Path, register_model
from autogradkit.vision.models._utils import IntermediateLayerGetter, strided_stages
from autogradkit.vision.models.mobilenetv3 import MobileNet_V3_Large_Weights, mobilenet_v3_large
from autogradkit.vision.models.published import published
from autogradkit.vision.models.resnet import ResNet50_Weights, ResNet101_Weights, resnet50, resnet101
from autogradkit.vision.models.segmentation._utils import (
    FCNHead,
    SimpleSegmentationModel,
    on_resnet,
    read_into,
    settled,
)

__all__ = [
    "DeepLabV3",
    "DeepLabV3_MobileNet_V3_Large_Weights",
    "DeepLabV3_ResNet50_Weights",
    "DeepLabV3_ResNet101_Weights",
    "deeplabv3_mobilenet_v3_large",
    "deeplabv3_resnet50",
    "deeplabv3_resnet101",
]

DeepLabV3_ResNet50_Weights = published("DeepLabV3_ResNet50_Weights", __name__)
DeepLabV3_ResNet101_Weights = published("DeepLabV3_ResNet101_Weights", __name__)
DeepLabV3_MobileNet_V3_Large_Weights = published("DeepLabV3_MobileNet_V3_Large_Weights", __name__)


class DeepLabV3(SimpleSegmentationModel):
    """A backbone and a `DeepLabHead`."""


class ASPPConv(nn.Sequential):
    """A dilated 3×3 convolution."""

    def __init__(self, in_channels: int, out_channels: int, dilation: int) -> None:
        conv = nn.Conv2d(in_channels, out_channels, 3, padding=dilation, dilation=dilation, bias=False)
        super().__init__(conv, nn.BatchNorm2d(out_channels), nn.ReLU())


class ASPPPooling(nn.Sequential):
    """What the whole picture has in the mean, at each pixel."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        conv = nn.Conv2d(in_channels, out_channels, 1, bias=False)
        super().__init__(nn.AdaptiveAvgPool2d(1), conv, nn.BatchNorm2d(out_channels), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        """The means at the picture's size."""
        return F.interpolate(super().forward(x), size=x.shape[-2:], mode="bilinear", align_corners=False)


class ASPP(nn.Module):
    """A 1×1 convolution, dilated ones and the mean, joined: atrous spatial pyramid pooling."""

    def __init__(self, in_channels: int, atrous_rates: Sequence[int], out_channels: int = 256) -> None:
        super().__init__()
        conv = nn.Conv2d(in_channels, out_channels, 1, bias=False)
        parts: list[nn.Module] = [nn.Sequential(conv, nn.BatchNorm2d(out_channels), nn.ReLU())]
        parts += [ASPPConv(in_channels, out_channels, rate) for rate in atrous_rates]
        self.convs = nn.ModuleList([*parts, ASPPPooling(in_channels, out_channels)])
        self.project = nn.Sequential(
            nn.Conv2d(len(self.convs) * out_channels, out_channels, 1, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(),
            nn.Dropout(0.5),
        )

    def forward(self, x: Tensor) -> Tensor:
        """The maps, joined."""
        return self.project(ak.cat([conv(x) for conv in self.convs], dim=1))


class DeepLabHead(nn.Sequential):
    """An `ASPP`, a 3×3 convolution, and a 1×1 to the classes."""

    def __init__(self, in_channels: int, num_classes: int, atrous_rates: Sequence[int] = (12, 24, 36)) -> None:
        super().__init__(
            ASPP(in_channels, atrous_rates),
            nn.Conv2d(256, 256, 3, padding=1, bias=False),
            nn.BatchNorm2d(256),
            nn.ReLU(),
            nn.Conv2d(256, num_classes, 1),
        )


def _deeplab(
    build: Any, weights: Path | None, num_classes: int | None, aux_loss: bool | None, backbone: Any
) -> DeepLabV3:
    num_classes, aux = settled(weights, num_classes, aux_loss)
    body = build(weights=backbone, replace_stride_with_dilation=[False, True, True])
    return read_into(on_resnet(DeepLabV3, DeepLabHead, body, num_classes, aux), weights)


@register_model(DeepLabV3_ResNet50_Weights, ResNet50_Weights)
def deeplabv3_resnet50(
    *,
    weights: Path | None = None,
    progress: bool = True,
    num_classes: int | None = None,
    aux_loss: bool | None = None,
    weights_backbone: Any = ResNet50_Weights.IMAGENET1K_V1,
) -> DeepLabV3:
    """DeepLab v3 on ResNet-50; `weights` is a published name, or a file with a state dict."""
    return _deeplab(resnet50, weights, num_classes, aux_loss, weights_backbone)


@register_model(DeepLabV3_ResNet101_Weights, ResNet101_Weights)
def deeplabv3_resnet101(
    *,
    weights: Path | None = None,
    progress: bool = True,
    num_classes: int | None = None,
    aux_loss: bool | None = None,
    weights_backbone: Any = ResNet101_Weights.IMAGENET1K_V1,
) -> DeepLabV3:
    """DeepLab v3 on ResNet-101; `weights` is a published name, or a file with a state dict."""
    return _deeplab(resnet101, weights, num_classes, aux_loss, weights_backbone)


@register_model(DeepLabV3_MobileNet_V3_Large_Weights, MobileNet_V3_Large_Weights)
def deeplabv3_mobilenet_v3_large(
    *,
    weights: Path | None = None,
    progress: bool = True,
    num_classes: int | None = None,
    aux_loss: bool | None = None,
    weights_backbone: Any = MobileNet_V3_Large_Weights.IMAGENET1K_V1,
) -> DeepLabV3:
    """DeepLab v3 on MobileNet v3; `weights` is a published name, or a file with a state dict."""
    num_classes, aux = settled(weights, num_classes, aux_loss)
    features = mobilenet_v3_large(weights=weights_backbone, dilated=True).features
    stages = strided_stages(features)
    layers = {str(stages[-1]): "out"} | ({str(stages[-4]): "aux"} if aux else {})
    out, beside = (features[stages[at]].out_channels for at in (-1, -4))
    body = IntermediateLayerGetter(features, return_layers=layers)
    aux_classifier = FCNHead(beside, num_classes) if aux else None
    return read_into(DeepLabV3(body, DeepLabHead(out, num_classes), aux_classifier), weights)
