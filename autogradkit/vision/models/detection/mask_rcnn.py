"""Mask R-CNN (He et al., 2017): Faster R-CNN that gives each detection a mask, too."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from autogradkit import nn
from autogradkit.core.frames import entry
from autogradkit.vision.models._api import Path, register_model
from autogradkit.vision.models.detection._utils import classes_or_cocos
from autogradkit.vision.models.detection.faster_rcnn import (
    FasterRCNN,
    draw_convolutions,
    kind_or_none,
    on_resnet50,
    read_into,
    second_version,
)
from autogradkit.vision.models.published import published
from autogradkit.vision.models.resnet import ResNet50_Weights
from autogradkit.vision.ops.misc import Conv2dNormActivation
from autogradkit.vision.ops.poolers import MultiScaleRoIAlign

__all__ = [
    "MaskRCNN",
    "MaskRCNN_ResNet50_FPN_V2_Weights",
    "MaskRCNN_ResNet50_FPN_Weights",
    "maskrcnn_resnet50_fpn",
    "maskrcnn_resnet50_fpn_v2",
]

MaskRCNN_ResNet50_FPN_Weights = published("MaskRCNN_ResNet50_FPN_Weights", __name__)
MaskRCNN_ResNet50_FPN_V2_Weights = published("MaskRCNN_ResNet50_FPN_V2_Weights", __name__)


class MaskRCNN(FasterRCNN):
    """A `FasterRCNN`, whose arguments it takes, with pool, head and predictor of masks."""

    @entry
    def __init__(
        self,
        backbone: Any,
        num_classes: int | None = None,
        min_size: Any = 800,
        max_size: int = 1333,
        *,
        mask_roi_pool: MultiScaleRoIAlign | None = None,
        mask_head: nn.Module | None = None,
        mask_predictor: nn.Module | None = None,
        **kwargs: Any,
    ) -> None:
        kind_or_none(mask_roi_pool, MultiScaleRoIAlign, "mask_roi_pool")
        if num_classes is not None and mask_predictor is not None:
            raise ValueError("num_classes should be None when mask_predictor is specified")
        pool = mask_roi_pool or MultiScaleRoIAlign(["0", "1", "2", "3"], output_size=14, sampling_ratio=2)
        head = mask_head or MaskRCNNHeads(backbone.out_channels, (256, 256, 256, 256), 1)
        predictor = mask_predictor or MaskRCNNPredictor(256, 256, num_classes or 0)
        super().__init__(backbone, num_classes, min_size, max_size, **kwargs)
        self.roi_heads.mask_roi_pool = pool
        self.roi_heads.mask_head = head
        self.roi_heads.mask_predictor = predictor


class MaskRCNNHeads(nn.Sequential):
    """Dilated convolutions of a region's maps."""

    _version = 2

    def __init__(
        self, in_channels: int, layers: Any, dilation: int, norm_layer: Callable[..., nn.Module] | None = None
    ) -> None:
        blocks, width = [], in_channels
        for channels in layers:
            blocks.append(
                Conv2dNormActivation(width, channels, 3, padding=dilation, dilation=dilation, norm_layer=norm_layer)
            )
            width = channels
        super().__init__(*blocks)
        draw_convolutions(self)

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, local_metadata: Any, *rest: Any) -> None:
        if local_metadata.get("version", 0) < 2:  # when the convolutions had names
            for number in range(len(self)):
                for part in ("weight", "bias"):
                    older = f"{prefix}mask_fcn{number + 1}.{part}"
                    if older in state_dict:
                        state_dict[f"{prefix}{number}.0.{part}"] = state_dict.pop(older)
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)


class MaskRCNNPredictor(nn.Sequential):
    """Maps at twice the size, with the logits of each class."""

    def __init__(self, in_channels: int, dim_reduced: int, num_classes: int) -> None:
        super().__init__(
            OrderedDict(
                conv5_mask=nn.ConvTranspose2d(in_channels, dim_reduced, 2, 2, 0),
                relu=nn.ReLU(inplace=True),
                mask_fcn_logits=nn.Conv2d(dim_reduced, num_classes, 1, 1, 0),
            )
        )
        for name, parameter in self.named_parameters():
            if "weight" in name:
                nn.init.kaiming_normal_(parameter, mode="fan_out", nonlinearity="relu")


@register_model(MaskRCNN_ResNet50_FPN_Weights, ResNet50_Weights)
def maskrcnn_resnet50_fpn(
    *,
    weights: Path | None = None,
    progress: bool = True,
    num_classes: int | None = None,
    weights_backbone: Any = ResNet50_Weights.IMAGENET1K_V1,
    trainable_backbone_layers: int | None = None,
    **kwargs: Any,
) -> MaskRCNN:
    """Mask R-CNN on ResNet-50; `weights` is a published name, or a file with a state dict."""
    body = on_resnet50(weights, weights_backbone, trainable_backbone_layers)
    model = MaskRCNN(body, classes_or_cocos(num_classes), **kwargs)
    return read_into(model, weights, MaskRCNN_ResNet50_FPN_Weights.COCO_V1)


@register_model(MaskRCNN_ResNet50_FPN_V2_Weights, ResNet50_Weights)
def maskrcnn_resnet50_fpn_v2(
    *,
    weights: Path | None = None,
    progress: bool = True,
    num_classes: int | None = None,
    weights_backbone: Any = None,
    trainable_backbone_layers: int | None = None,
    **kwargs: Any,
) -> MaskRCNN:
    """Mask R-CNN on ResNet-50 with larger heads; `weights` is a published name, or a file with a state dict."""
    body, heads = second_version(weights, weights_backbone, trainable_backbone_layers)
    mask_head = MaskRCNNHeads(body.out_channels, [256, 256, 256, 256], 1, norm_layer=nn.BatchNorm2d)
    classes = classes_or_cocos(num_classes)
    return read_into(MaskRCNN(body, classes, mask_head=mask_head, **heads, **kwargs), weights)
