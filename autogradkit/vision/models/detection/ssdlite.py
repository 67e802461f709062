"""SSDlite (Howard et al., 2018 and 2019): SSD of depthwise convolutions, on MobileNet v3."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any

from autogradkit import nn
from autogradkit.core.tensor import Tensor
from autogradkit.vision.models._api import Path, register_model
from autogradkit.vision.models._utils import strided_stages
from autogradkit.vision.models.detection._utils import classes_or_cocos, retrieve_out_channels
from autogradkit.vision.models.detection.anchor_utils import DefaultBoxGenerator
from autogradkit.vision.models.detection.backbone_utils import trainable_layers
from autogradkit.vision.models.detection.faster_rcnn import read_into
from autogradkit.vision.models.detection.single_stage import Outputs
from autogradkit.vision.models.detection.ssd import SSD, SSDScoringHead, warn_of_size
from autogradkit.vision.models.mobilenetv3 import MobileNet_V3_Large_Weights, mobilenet_v3_large
from autogradkit.vision.models.published import published
from autogradkit.vision.ops.misc import Conv2dNormActivation

__all__ = ["SSDLite320_MobileNet_V3_Large_Weights", "ssdlite320_mobilenet_v3_large"]

SSDLite320_MobileNet_V3_Large_Weights = published("SSDLite320_MobileNet_V3_Large_Weights", __name__)
Norm = Callable[..., nn.Module]


def _draw(module: nn.Module) -> None:
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.normal_(layer.weight, mean=0.0, std=0.03)
            if layer.bias is not None:
                nn.init.constant_(layer.bias, 0.0)


def _blocks(in_channels: list[int], num_anchors: list[int], numbers: int, norm_layer: Norm) -> nn.ModuleList:
    """A depthwise convolution and a 1×1 for each map."""
    blocks = nn.ModuleList()
    for channels, anchors in zip(in_channels, num_anchors, strict=True):
        depthwise = Conv2dNormActivation(
            channels, channels, 3, groups=channels, norm_layer=norm_layer, activation_layer=nn.ReLU6
        )
        blocks.append(nn.Sequential(depthwise, nn.Conv2d(channels, numbers * anchors, 1)))
    _draw(blocks)
    return blocks


class SSDLiteClassificationHead(SSDScoringHead):
    """The logits of each box's classes."""

    def __init__(self, in_channels: list[int], num_anchors: list[int], num_classes: int, norm_layer: Norm) -> None:
        super().__init__(_blocks(in_channels, num_anchors, num_classes, norm_layer), num_classes)


class SSDLiteRegressionHead(SSDScoringHead):
    """Four numbers for each box that move it."""

    def __init__(self, in_channels: list[int], num_anchors: list[int], norm_layer: Norm) -> None:
        super().__init__(_blocks(in_channels, num_anchors, 4, norm_layer), 4)


class SSDLiteHead(nn.Module):
    """Both heads."""

    def __init__(self, in_channels: list[int], num_anchors: list[int], num_classes: int, norm_layer: Norm) -> None:
        super().__init__()
        self.classification_head = SSDLiteClassificationHead(in_channels, num_anchors, num_classes, norm_layer)
        self.regression_head = SSDLiteRegressionHead(in_channels, num_anchors, norm_layer)

    def forward(self, x: list[Tensor]) -> Outputs:
        """Moves and logits of all boxes."""
        return {"bbox_regression": self.regression_head(x), "cls_logits": self.classification_head(x)}


def _extra_block(in_channels: int, out_channels: int, norm_layer: Norm) -> nn.Sequential:
    """A 1×1 convolution to half the channels, a depthwise one at half the size, a 1×1 to the channels that go out."""
    half = out_channels // 2
    conv = partial(Conv2dNormActivation, norm_layer=norm_layer, activation_layer=nn.ReLU6)
    return nn.Sequential(
        conv(in_channels, half, kernel_size=1),
        conv(half, half, kernel_size=3, stride=2, groups=half),
        conv(half, out_channels, kernel_size=1),
    )


class SSDLiteFeatureExtractorMobileNet(nn.Module):
    """A MobileNet cut within the block `c4_pos`, and blocks after it, as maps of six sizes."""

    def __init__(
        self, backbone: Any, c4_pos: int, norm_layer: Norm, width_mult: float = 1.0, min_depth: int = 16
    ) -> None:
        super().__init__()
        cut = backbone[c4_pos]
        if cut.use_res_connect:
            raise ValueError("backbone[c4_pos].use_res_connect should be False")
        self.features = nn.Sequential(
            nn.Sequential(*backbone[:c4_pos], cut.block[0]), nn.Sequential(cut.block[1:], *backbone[c4_pos + 1 :])
        )
        widths = [max(min_depth, int(width * width_mult)) for width in (512, 256, 256, 128)]
        before = [backbone[-1].out_channels, *widths]
        extra = nn.ModuleList(_extra_block(*both, norm_layer) for both in zip(before, widths, strict=False))
        _draw(extra)
        self.extra = extra

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """The maps."""
        maps = []
        for block in (*self.features, *self.extra):
            x = block(x)
            maps.append(x)
        return OrderedDict((str(number), each) for number, each in enumerate(maps))


def _extractor(features: Any, layers: int, norm_layer: Norm) -> SSDLiteFeatureExtractorMobileNet:
    """The maps of a MobileNet of which so many stages, counted from the last, are learnt."""
    stages = strided_stages(features)
    count = len(stages)
    for block in features[: len(features) if layers == 0 else stages[count - layers]]:
        for parameter in block.parameters():
            parameter.requires_grad_(False)
    return SSDLiteFeatureExtractorMobileNet(features, stages[-2], norm_layer)


@register_model(SSDLite320_MobileNet_V3_Large_Weights, MobileNet_V3_Large_Weights)
def ssdlite320_mobilenet_v3_large(
    *,
    weights: Path | None = None,
    progress: bool = True,
    num_classes: int | None = None,
    weights_backbone: Any = MobileNet_V3_Large_Weights.IMAGENET1K_V1,
    trainable_backbone_layers: int | None = None,
    norm_layer: Norm | None = None,
    **kwargs: Any,
) -> SSD:
    """SSDlite on MobileNet v3 for pictures of 320×320; `weights` is a published name, or a file with a state dict."""
    warn_of_size(kwargs)
    layers = trainable_layers(weights is not None or weights_backbone is not None, trainable_backbone_layers, 6, 6)
    norm = norm_layer or partial(nn.BatchNorm2d, eps=0.001, momentum=0.03)
    network = mobilenet_v3_large(
        weights=weights_backbone, norm_layer=norm, reduced_tail=weights_backbone is None, **kwargs
    )
    if weights_backbone is None:
        _draw(network)
    body = _extractor(network.features, layers, norm)
    boxes = DefaultBoxGenerator([[2, 3] for _ in range(6)], min_ratio=0.2, max_ratio=0.95)
    classes = classes_or_cocos(num_classes)
    channels = retrieve_out_channels(body, (320, 320))
    head = SSDLiteHead(channels, boxes.num_anchors_per_location(), classes, norm)
    usual: dict[str, Any] = {
        "score_thresh": 0.001,
        "nms_thresh": 0.55,
        "detections_per_img": 300,
        "topk_candidates": 300,
    }
    usual |= {"image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    return read_into(SSD(body, boxes, (320, 320), classes, head=head, **usual | kwargs), weights)
