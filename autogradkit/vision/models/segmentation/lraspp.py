"""Lite R-ASPP (Howard et al., 2019): a small head on two layers of MobileNet v3."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from autogradkit import nn
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional as F
from autogradkit.vision.models._api import Path, register_model
from autogradkit.vision.models._utils import IntermediateLayerGetter, strided_stages
from autogradkit.vision.models.mobilenetv3 import MobileNet_V3_Large_Weights, mobilenet_v3_large
from autogradkit.vision.models.published import published
from autogradkit.vision.models.segmentation._utils import read_into

__all__ = ["LRASPP", "LRASPP_MobileNet_V3_Large_Weights", "lraspp_mobilenet_v3_large"]

LRASPP_MobileNet_V3_Large_Weights = published("LRASPP_MobileNet_V3_Large_Weights", __name__)


class LRASPP(nn.Module):
    """Pictures (N, 3, H, W) → {"out": (N, num_classes, H, W)}, from a backbone that gives maps "low" and "high"."""

    def __init__(
        self, backbone: nn.Module, low_channels: int, high_channels: int, num_classes: int, inter_channels: int = 128
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.classifier = LRASPPHead(low_channels, high_channels, num_classes, inter_channels)

    def forward(self, input: Tensor) -> dict[str, Tensor]:
        """For each pixel the logits of its classes."""
        out = self.classifier(self.backbone(input))
        out = F.interpolate(out, size=input.shape[-2:], mode="bilinear", align_corners=False)
        return OrderedDict(out=out)


class LRASPPHead(nn.Module):
    """The high layer, each channel scaled by what the picture has in the mean, beside the low layer, as classes."""

    def __init__(self, low_channels: int, high_channels: int, num_classes: int, inter_channels: int) -> None:
        super().__init__()
        self.cbr = nn.Sequential(
            nn.Conv2d(high_channels, inter_channels, 1, bias=False),
            nn.BatchNorm2d(inter_channels),
            nn.ReLU(inplace=True),
        )
        self.scale = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(high_channels, inter_channels, 1, bias=False), nn.Sigmoid()
        )
        self.low_classifier = nn.Conv2d(low_channels, num_classes, 1)
        self.high_classifier = nn.Conv2d(inter_channels, num_classes, 1)

    def forward(self, input: dict[str, Tensor]) -> Tensor:
        """The logits at the size of the low layer."""
        low, high = input["low"], input["high"]
        x = self.cbr(high) * self.scale(high)
        x = F.interpolate(x, size=low.shape[-2:], mode="bilinear", align_corners=False)
        return self.low_classifier(low) + self.high_classifier(x)


@register_model(LRASPP_MobileNet_V3_Large_Weights, MobileNet_V3_Large_Weights)
def lraspp_mobilenet_v3_large(
    *,
    weights: Path | None = None,
    progress: bool = True,
    num_classes: int | None = None,
    weights_backbone: Any = MobileNet_V3_Large_Weights.IMAGENET1K_V1,
    aux_loss: bool | None = None,
) -> LRASPP:
    """Lite R-ASPP on MobileNet v3; `weights` is a published name, or a file with a state dict."""
    if aux_loss:
        raise NotImplementedError("This model does not use auxiliary loss")
    features = mobilenet_v3_large(weights=weights_backbone, dilated=True).features
    stages = strided_stages(features)
    low, high = (features[stages[at]].out_channels for at in (-4, -1))
    body = IntermediateLayerGetter(features, return_layers={str(stages[-4]): "low", str(stages[-1]): "high"})
    return read_into(LRASPP(body, low, high, 21 if num_classes is None else num_classes), weights)
