"""Faster R-CNN (Ren et al., 2015) on feature pyramids: boxes are proposed, then each is looked at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath
from typing import Any

from autogradkit import nn
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.serialization import load
from autogradkit.vision.models._api import Path, register_model
from autogradkit.vision.models.detection._utils import classes_or_cocos, overwrite_eps, require
from autogradkit.vision.models.detection.anchor_utils import AnchorGenerator
from autogradkit.vision.models.detection.backbone_utils import (
    mobilenet_extractor,
    resnet_fpn_extractor,
    trainable_layers,
)
from autogradkit.vision.models.detection.generalized_rcnn import GeneralizedRCNN
from autogradkit.vision.models.detection.roi_heads import RoIHeads
from autogradkit.vision.models.detection.rpn import RegionProposalNetwork, RPNHead
from autogradkit.vision.models.detection.transform import GeneralizedRCNNTransform
from autogradkit.vision.models.mobilenetv3 import MobileNet_V3_Large_Weights, mobilenet_v3_large
from autogradkit.vision.models.published import published
from autogradkit.vision.models.resnet import ResNet50_Weights, resnet50
from autogradkit.vision.ops.misc import Conv2dNormActivation, FrozenBatchNorm2d
from autogradkit.vision.ops.poolers import MultiScaleRoIAlign

__all__ = [
    "FasterRCNN",
    "FasterRCNN_MobileNet_V3_Large_320_FPN_Weights",
    "FasterRCNN_MobileNet_V3_Large_FPN_Weights",
    "FasterRCNN_ResNet50_FPN_V2_Weights",
    "FasterRCNN_ResNet50_FPN_Weights",
    "fasterrcnn_mobilenet_v3_large_320_fpn",
    "fasterrcnn_mobilenet_v3_large_fpn",
    "fasterrcnn_resnet50_fpn",
    "fasterrcnn_resnet50_fpn_v2",
]

FasterRCNN_ResNet50_FPN_Weights = published("FasterRCNN_ResNet50_FPN_Weights", __name__)
FasterRCNN_ResNet50_FPN_V2_Weights = published("FasterRCNN_ResNet50_FPN_V2_Weights", __name__)
FasterRCNN_MobileNet_V3_Large_FPN_Weights = published("FasterRCNN_MobileNet_V3_Large_FPN_Weights", __name__)
FasterRCNN_MobileNet_V3_Large_320_FPN_Weights = published("FasterRCNN_MobileNet_V3_Large_320_FPN_Weights", __name__)

IMAGENET_MEAN, IMAGENET_STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def _default_anchorgen() -> AnchorGenerator:
    sizes = ((32,), (64,), (128,), (256,), (512,))
    return AnchorGenerator(sizes, ((0.5, 1.0, 2.0),) * len(sizes))


def kind_or_none(value: Any, kind: type, name: str) -> None:
    """Refuse what is neither of a class nor None."""
    if not isinstance(value, kind | None):
        raise TypeError(f"{name} should be of type {kind.__name__} or None instead of {type(value)}")


def refuse_backbone(backbone: Any) -> None:
    """Refuse a backbone that does not say how many channels it makes."""
    if not hasattr(backbone, "out_channels"):
        raise ValueError(
            "backbone should contain an attribute out_channels specifying the number of output channels (assumed to be the "
            "same for all the levels)"
        )


class FasterRCNN(GeneralizedRCNN):
    """A backbone with `out_channels`, anchors, and heads for `num_classes` with the background; every part can be given."""

    @entry
    def __init__(
        self,
        backbone: Any,
        num_classes: int | None = None,
        min_size: Any = 800,
        max_size: int = 1333,
        image_mean: list[float] | None = None,
        image_std: list[float] | None = None,
        rpn_anchor_generator: AnchorGenerator | None = None,
        rpn_head: nn.Module | None = None,
        rpn_pre_nms_top_n_train: int = 2000,
        rpn_pre_nms_top_n_test: int = 1000,
        rpn_post_nms_top_n_train: int = 2000,
        rpn_post_nms_top_n_test: int = 1000,
        rpn_nms_thresh: float = 0.7,
        rpn_fg_iou_thresh: float = 0.7,
        rpn_bg_iou_thresh: float = 0.3,
        rpn_batch_size_per_image: int = 256,
        rpn_positive_fraction: float = 0.5,
        rpn_score_thresh: float = 0.0,
        box_roi_pool: MultiScaleRoIAlign | None = None,
        box_head: nn.Module | None = None,
        box_predictor: nn.Module | None = None,
        box_score_thresh: float = 0.05,
        box_nms_thresh: float = 0.5,
        box_detections_per_img: int = 100,
        box_fg_iou_thresh: float = 0.5,
        box_bg_iou_thresh: float = 0.5,
        box_batch_size_per_image: int = 512,
        box_positive_fraction: float = 0.25,
        bbox_reg_weights: Any = None,
        **kwargs: Any,
    ) -> None:
        refuse_backbone(backbone)
        kind_or_none(rpn_anchor_generator, AnchorGenerator, "rpn_anchor_generator")
        kind_or_none(box_roi_pool, MultiScaleRoIAlign, "box_roi_pool")
        if num_classes is not None and box_predictor is not None:
            raise ValueError("num_classes should be None when box_predictor is specified")
        if num_classes is None and box_predictor is None:
            raise ValueError("num_classes should not be None when box_predictor is not specified")
        channels = backbone.out_channels
        anchors = rpn_anchor_generator or _default_anchorgen()
        rpn = RegionProposalNetwork(
            anchors,
            rpn_head or RPNHead(channels, anchors.num_anchors_per_location()[0]),
            rpn_fg_iou_thresh,
            rpn_bg_iou_thresh,
            rpn_batch_size_per_image,
            rpn_positive_fraction,
            {"training": rpn_pre_nms_top_n_train, "testing": rpn_pre_nms_top_n_test},
            {"training": rpn_post_nms_top_n_train, "testing": rpn_post_nms_top_n_test},
            rpn_nms_thresh,
            score_thresh=rpn_score_thresh,
        )
        pool = box_roi_pool or MultiScaleRoIAlign(["0", "1", "2", "3"], output_size=7, sampling_ratio=2)
        roi_heads = RoIHeads(
            pool,
            box_head or TwoMLPHead(channels * pool.output_size[0] ** 2, 1024),
            box_predictor or FastRCNNPredictor(1024, num_classes or 0),
            box_fg_iou_thresh,
            box_bg_iou_thresh,
            box_batch_size_per_image,
            box_positive_fraction,
            bbox_reg_weights,
            box_score_thresh,
            box_nms_thresh,
            box_detections_per_img,
        )
        mean, std = image_mean or IMAGENET_MEAN, image_std or IMAGENET_STD
        super().__init__(backbone, rpn, roi_heads, GeneralizedRCNNTransform(min_size, max_size, mean, std, **kwargs))


class TwoMLPHead(nn.Module):
    """Two linear layers of a region's values."""

    def __init__(self, in_channels: int, representation_size: int) -> None:
        super().__init__()
        self.fc6 = nn.Linear(in_channels, representation_size)
        self.fc7 = nn.Linear(representation_size, representation_size)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) → (N, representation_size)."""
        return self.fc7(self.fc6(x.flatten(start_dim=1)).relu()).relu()


class FastRCNNConvFCHead(nn.Sequential):
    """Convolutions and linear layers of a region's values, of size (C, H, W)."""

    def __init__(
        self,
        input_size: tuple[int, int, int],
        conv_layers: list[int],
        fc_layers: list[int],
        norm_layer: Callable[..., nn.Module] | None = None,
    ) -> None:
        width, down, across = input_size
        blocks: list[nn.Module] = []
        for channels in conv_layers:
            blocks.append(Conv2dNormActivation(width, channels, norm_layer=norm_layer))
            width = channels
        blocks.append(nn.Flatten())
        width *= down * across
        for channels in fc_layers:
            blocks += [nn.Linear(width, channels), nn.ReLU(inplace=True)]
            width = channels
        super().__init__(*blocks)
        draw_convolutions(self)


def draw_convolutions(module: nn.Module) -> None:
    """Draw the parameters of all convolutions for ReLUs after them."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


class FastRCNNPredictor(nn.Module):
    """For each region the logits of its classes, and four numbers for each class that move the box."""

    def __init__(self, in_channels: int, num_classes: int) -> None:
        super().__init__()
        self.cls_score = nn.Linear(in_channels, num_classes)
        self.bbox_pred = nn.Linear(in_channels, num_classes * 4)

    @entry
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(N, C) → (N, num_classes), (N, num_classes · 4)."""
        require(
            x.dim() != 4 or list(x.shape[2:]) == [1, 1],
            f"x has the wrong shape, expecting the last two dimensions to be [1,1] instead of {list(x.shape[2:])}",
        )
        x = x.flatten(start_dim=1)
        return self.cls_score(x), self.bbox_pred(x)


# -- builders ----------------------------------------------------------------------------------------------------------


def on_resnet50(weights: Any, backbone: Any, asked: int | None) -> Any:
    """The ResNet-50 of the first versions, with a pyramid; its norms are frozen where they were learnt before."""
    trained = weights is not None or backbone is not None
    layers = trainable_layers(trained, asked, 5, 3)
    norm = FrozenBatchNorm2d if trained else nn.BatchNorm2d
    return resnet_fpn_extractor(resnet50(weights=backbone, norm_layer=norm), layers)


def second_version(weights: Any, backbone: Any, asked: int | None) -> tuple[Any, dict[str, Any]]:
    """The ResNet-50 of the second versions, with a pyramid, and the heads that come with it."""
    layers = trainable_layers(weights is not None or backbone is not None, asked, 5, 3)
    body = resnet_fpn_extractor(resnet50(weights=backbone), layers, norm_layer=nn.BatchNorm2d)
    anchors = _default_anchorgen()
    return body, {
        "rpn_anchor_generator": anchors,
        "rpn_head": RPNHead(body.out_channels, anchors.num_anchors_per_location()[0], conv_depth=2),
        "box_head": FastRCNNConvFCHead((body.out_channels, 7, 7), [256] * 4, [1024], norm_layer=nn.BatchNorm2d),
    }


def read_into(model: Any, weights: Path | None, without_eps: Any = None) -> Any:
    """The model, with the parameters in a file if there is one; those published as `without_eps` want frozen norms so."""
    if weights is not None:
        model.load_state_dict(load(weights))
        if without_eps is not None and PurePath(weights).name == PurePath(without_eps.url).name:
            overwrite_eps(model, 0.0)
    return model


@register_model(FasterRCNN_ResNet50_FPN_Weights, ResNet50_Weights)
def fasterrcnn_resnet50_fpn(
    *,
    weights: Path | None = None,
    progress: bool = True,
    num_classes: int | None = None,
    weights_backbone: Any = ResNet50_Weights.IMAGENET1K_V1,
    trainable_backbone_layers: int | None = None,
    **kwargs: Any,
) -> FasterRCNN:
    """Faster R-CNN on ResNet-50; `weights` is a published name, or a file with a state dict."""
    body = on_resnet50(weights, weights_backbone, trainable_backbone_layers)
    model = FasterRCNN(body, classes_or_cocos(num_classes), **kwargs)
    return read_into(model, weights, FasterRCNN_ResNet50_FPN_Weights.COCO_V1)


@register_model(FasterRCNN_ResNet50_FPN_V2_Weights, ResNet50_Weights)
def fasterrcnn_resnet50_fpn_v2(
    *,
    weights: Path | None = None,
    progress: bool = True,
    num_classes: int | None = None,
    weights_backbone: Any = None,
    trainable_backbone_layers: int | None = None,
    **kwargs: Any,
) -> FasterRCNN:
    """Faster R-CNN on ResNet-50 with larger heads; `weights` is a published name, or a file with a state dict."""
    body, heads = second_version(weights, weights_backbone, trainable_backbone_layers)
    return read_into(FasterRCNN(body, classes_or_cocos(num_classes), **heads, **kwargs), weights)


def _on_mobilenet(
    weights: Any, num_classes: int | None, backbone: Any, asked: int | None, kwargs: dict[str, Any]
) -> FasterRCNN:
    trained = weights is not None or backbone is not None
    layers = trainable_layers(trained, asked, 6, 3)
    norm = FrozenBatchNorm2d if trained else nn.BatchNorm2d
    body = mobilenet_extractor(mobilenet_v3_large(weights=backbone, norm_layer=norm), True, layers)
    anchors = AnchorGenerator(((32, 64, 128, 256, 512),) * 3, ((0.5, 1.0, 2.0),) * 3)
    classes = classes_or_cocos(num_classes)
    return read_into(FasterRCNN(body, classes, rpn_anchor_generator=anchors, **kwargs), weights)


@register_model(FasterRCNN_MobileNet_V3_Large_320_FPN_Weights, MobileNet_V3_Large_Weights)
def fasterrcnn_mobilenet_v3_large_320_fpn(
    *,
    weights: Path | None = None,
    progress: bool = True,
    num_classes: int | None = None,
    weights_backbone: Any = MobileNet_V3_Large_Weights.IMAGENET1K_V1,
    trainable_backbone_layers: int | None = None,
    **kwargs: Any,
) -> FasterRCNN:
    """Faster R-CNN on MobileNet v3 for small pictures; `weights` is a published name, or a file with a state dict."""
    usual = {"min_size": 320, "max_size": 640, "rpn_pre_nms_top_n_test": 150, "rpn_post_nms_top_n_test": 150}
    kwargs = {**usual, "rpn_score_thresh": 0.05, **kwargs}
    return _on_mobilenet(weights, num_classes, weights_backbone, trainable_backbone_layers, kwargs)


@register_model(FasterRCNN_MobileNet_V3_Large_FPN_Weights, MobileNet_V3_Large_Weights)
def fasterrcnn_mobilenet_v3_large_fpn(
    *,
    weights: Path | None = None,
    progress: bool = True,
    num_classes: int | None = None,
    weights_backbone: Any = MobileNet_V3_Large_Weights.IMAGENET1K_V1,
    trainable_backbone_layers: int | None = None,
    **kwargs: Any,
) -> FasterRCNN:
    """Faster R-CNN on MobileNet v3; `weights` is a published name, or a file with a state dict."""
    kwargs = {"rpn_score_thresh": 0.05, **kwargs}
    return _on_mobilenet(weights, num_classes, weights_backbone, trainable_backbone_layers, kwargs)
