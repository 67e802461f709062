"""RetinaNet (Lin et al., 2017): all anchors at once, learnt with a loss that looks at the hard ones."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import autogradkit as ak
from autogradkit import nn
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.vision.models._api import Path, register_model
from autogradkit.vision.models.detection._utils import BoxCoder, Matcher, box_loss, classes_or_cocos
from autogradkit.vision.models.detection.anchor_utils import AnchorGenerator
from autogradkit.vision.models.detection.backbone_utils import resnet_fpn_extractor, trainable_layers
from autogradkit.vision.models.detection.faster_rcnn import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    kind_or_none,
    read_into,
    refuse_backbone,
)
from autogradkit.vision.models.detection.rpn import by_anchor
from autogradkit.vision.models.detection.single_stage import DenseDetector, Outputs
from autogradkit.vision.models.detection.transform import GeneralizedRCNNTransform
from autogradkit.vision.models.published import published
from autogradkit.vision.models.resnet import ResNet50_Weights, resnet50
from autogradkit.vision.ops.feature_pyramid_network import LastLevelP6P7
from autogradkit.vision.ops.losses import sigmoid_focal_loss
from autogradkit.vision.ops.misc import Conv2dNormActivation, FrozenBatchNorm2d

__all__ = [
    "RetinaNet",
    "RetinaNet_ResNet50_FPN_V2_Weights",
    "RetinaNet_ResNet50_FPN_Weights",
    "retinanet_resnet50_fpn",
    "retinanet_resnet50_fpn_v2",
]

RetinaNet_ResNet50_FPN_Weights = published("RetinaNet_ResNet50_FPN_Weights", __name__)
RetinaNet_ResNet50_FPN_V2_Weights = published("RetinaNet_ResNet50_FPN_V2_Weights", __name__)
Norm = Callable[..., nn.Module]
Target = dict[str, Tensor]


def _default_anchorgen() -> AnchorGenerator:
    sizes = tuple((x, int(x * 2 ** (1.0 / 3)), int(x * 2 ** (2.0 / 3))) for x in (32, 64, 128, 256, 512))
    return AnchorGenerator(sizes, ((0.5, 1.0, 2.0),) * len(sizes))


class _Head(nn.Module):
    """Four convolutions; files of the first version have them and their ReLUs in one sequence."""

    _version = 2

    def __init__(self, in_channels: int, norm_layer: Norm | None) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            *(Conv2dNormActivation(in_channels, in_channels, norm_layer=norm_layer) for _ in range(4))
        )

    def _draw_convolutions(self) -> None:
        for layer in self.conv.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.normal_(layer.weight, std=0.01)
                if layer.bias is not None:
                    nn.init.constant_(layer.bias, 0)

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, local_metadata: Any, *rest: Any) -> None:
        if local_metadata.get("version", 0) < 2:
            for number in range(4):
                for part in ("weight", "bias"):
                    older = f"{prefix}conv.{2 * number}.{part}"
                    if older in state_dict:
                        state_dict[f"{prefix}conv.{number}.0.{part}"] = state_dict.pop(older)
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)


class RetinaNetClassificationHead(_Head):
    """For each anchor the logits of its classes, which begin at a small probability."""

    def __init__(
        self,
        in_channels: int,
        num_anchors: int,
        num_classes: int,
        prior_probability: float = 0.01,
        norm_layer: Norm | None = None,
    ) -> None:
        super().__init__(in_channels, norm_layer)
        self._draw_convolutions()
        self.cls_logits = nn.Conv2d(in_channels, num_anchors * num_classes, kernel_size=3, stride=1, padding=1)
        nn.init.normal_(self.cls_logits.weight, std=0.01)
        nn.init.constant_(self.cls_logits.bias, -math.log((1 - prior_probability) / prior_probability))
        self.num_classes = num_classes
        self.num_anchors = num_anchors

    def compute_loss(self, targets: list[Target], head_outputs: Outputs, matched_idxs: list[Tensor]) -> Tensor:
        """The focal loss of all anchors but those that are undecided, for each that has a box."""
        losses = []
        for target, logits, matched in zip(targets, head_outputs["cls_logits"], matched_idxs, strict=True):
            found = matched >= 0
            wanted = ak.zeros_like(logits)
            wanted[found, target["labels"][matched[found]]] = 1.0
            decided = matched != Matcher.BETWEEN_THRESHOLDS
            loss = sigmoid_focal_loss(logits[decided], wanted[decided], reduction="sum")
            losses.append(loss / max(1, int(found.sum())))
        return ak.stack(losses).sum() / len(targets)

    def forward(self, x: list[Tensor]) -> Tensor:
        """Maps → (N, anchors, num_classes)."""
        return by_anchor([self.cls_logits(self.conv(features)) for features in x], self.num_classes)


class RetinaNetRegressionHead(_Head):
    """For each anchor four numbers that move it."""

    def __init__(self, in_channels: int, num_anchors: int, norm_layer: Norm | None = None) -> None:
        super().__init__(in_channels, norm_layer)
        self.bbox_reg = nn.Conv2d(in_channels, num_anchors * 4, kernel_size=3, stride=1, padding=1)
        nn.init.normal_(self.bbox_reg.weight, std=0.01)
        nn.init.zeros_(self.bbox_reg.bias)
        self._draw_convolutions()
        self.box_coder = BoxCoder(weights=(1.0, 1.0, 1.0, 1.0))
        self._loss_type = "l1"

    def compute_loss(
        self, targets: list[Target], head_outputs: Outputs, anchors: list[Tensor], matched_idxs: list[Tensor]
    ) -> Tensor:
        """How far the boxes of anchors that have one are from it."""
        losses = []
        given = zip(targets, head_outputs["bbox_regression"], anchors, matched_idxs, strict=True)
        for target, codes, each, matched in given:
            found = ak.where(matched >= 0)[0]
            boxes = target["boxes"][matched[found]]
            loss = box_loss(self._loss_type, self.box_coder, each[found], boxes, codes[found])
            losses.append(loss / max(1, found.numel()))
        return ak.stack(losses).sum() / max(1, len(targets))

    def forward(self, x: list[Tensor]) -> Tensor:
        """Maps → (N, anchors, 4)."""
        return by_anchor([self.bbox_reg(self.conv(features)) for features in x], 4)


class RetinaNetHead(nn.Module):
    """Both heads."""

    def __init__(self, in_channels: int, num_anchors: int, num_classes: int, norm_layer: Norm | None = None) -> None:
        super().__init__()
        self.classification_head = RetinaNetClassificationHead(
            in_channels, num_anchors, num_classes, norm_layer=norm_layer
        )
        self.regression_head = RetinaNetRegressionHead(in_channels, num_anchors, norm_layer=norm_layer)

    def compute_loss(
        self, targets: list[Target], head_outputs: Outputs, anchors: list[Tensor], matched_idxs: list[Tensor]
    ) -> Outputs:
        """The losses of both."""
        return {
            "classification": self.classification_head.compute_loss(targets, head_outputs, matched_idxs),
            "bbox_regression": self.regression_head.compute_loss(targets, head_outputs, anchors, matched_idxs),
        }

    def forward(self, x: list[Tensor]) -> Outputs:
        """Logits and moves of all anchors."""
        return {"cls_logits": self.classification_head(x), "bbox_regression": self.regression_head(x)}


class RetinaNet(DenseDetector):
    """A backbone with `out_channels`, anchors and a head for `num_classes`."""

    @entry
    def __init__(
        self,
        backbone: Any,
        num_classes: int,
        min_size: Any = 800,
        max_size: int = 1333,
        image_mean: list[float] | None = None,
        image_std: list[float] | None = None,
        anchor_generator: AnchorGenerator | None = None,
        head: nn.Module | None = None,
        proposal_matcher: Matcher | None = None,
        score_thresh: float = 0.05,
        nms_thresh: float = 0.5,
        detections_per_img: int = 300,
        fg_iou_thresh: float = 0.5,
        bg_iou_thresh: float = 0.4,
        topk_candidates: int = 1000,
        **kwargs: Any,
    ) -> None:
        refuse_backbone(backbone)
        kind_or_none(anchor_generator, AnchorGenerator, "anchor_generator")
        anchors = anchor_generator or _default_anchorgen()
        head = head or RetinaNetHead(backbone.out_channels, anchors.num_anchors_per_location()[0], num_classes)
        mean, std = image_mean or IMAGENET_MEAN, image_std or IMAGENET_STD
        super().__init__(backbone, anchors, head, GeneralizedRCNNTransform(min_size, max_size, mean, std, **kwargs))
        self.proposal_matcher = proposal_matcher or Matcher(
            fg_iou_thresh, bg_iou_thresh, allow_low_quality_matches=True
        )
        self.box_coder = BoxCoder(weights=(1.0, 1.0, 1.0, 1.0))
        self.score_thresh = score_thresh
        self.nms_thresh = nms_thresh
        self.detections_per_img = detections_per_img
        self.topk_candidates = topk_candidates

    def losses(self, targets: list[Target], outputs: Outputs, anchors: list[Tensor], counts: list[int]) -> Outputs:
        """The losses of the head."""
        return self.head.compute_loss(targets, outputs, anchors, self._matched(targets, anchors))

    def scores(self, outputs: Outputs) -> Tensor:
        """The probability of each class."""
        return outputs["cls_logits"].sigmoid()

    def decoded(self, codes: Tensor, anchors: Tensor) -> Tensor:
        """The boxes of codes."""
        return self.box_coder.decode_single(codes, anchors)


@register_model(RetinaNet_ResNet50_FPN_Weights, ResNet50_Weights)
def retinanet_resnet50_fpn(
    *,
    weights: Path | None = None,
    progress: bool = True,
    num_classes: int | None = None,
    weights_backbone: Any = ResNet50_Weights.IMAGENET1K_V1,
    trainable_backbone_layers: int | None = None,
    **kwargs: Any,
) -> RetinaNet:
    """RetinaNet on ResNet-50; `weights` is a published name, or a file with a state dict."""
    body = on_three_layers(weights, weights_backbone, trainable_backbone_layers)
    model = RetinaNet(body, classes_or_cocos(num_classes), **kwargs)
    return read_into(model, weights, RetinaNet_ResNet50_FPN_Weights.COCO_V1)


def on_three_layers(weights: Any, backbone: Any, asked: int | None) -> Any:
    """A ResNet-50 with a pyramid of its last three layers and two more; its norms are frozen where they were learnt before."""
    trained = weights is not None or backbone is not None
    layers = trainable_layers(trained, asked, 5, 3)
    norm = FrozenBatchNorm2d if trained else nn.BatchNorm2d
    body = resnet50(weights=backbone, norm_layer=norm)
    return resnet_fpn_extractor(body, layers, returned_layers=[2, 3, 4], extra_blocks=LastLevelP6P7(256, 256))


@register_model(RetinaNet_ResNet50_FPN_V2_Weights, ResNet50_Weights)
def retinanet_resnet50_fpn_v2(
    *,
    weights: Path | None = None,
    progress: bool = True,
    num_classes: int | None = None,
    weights_backbone: Any = None,
    trainable_backbone_layers: int | None = None,
    **kwargs: Any,
) -> RetinaNet:
    """RetinaNet on ResNet-50 with norms in its heads; `weights` is a published name, or a file with a state dict."""
    layers = trainable_layers(weights is not None or weights_backbone is not None, trainable_backbone_layers, 5, 3)
    body = resnet50(weights=weights_backbone)
    body = resnet_fpn_extractor(body, layers, returned_layers=[2, 3, 4], extra_blocks=LastLevelP6P7(2048, 256))
    anchors = _default_anchorgen()
    classes = classes_or_cocos(num_classes)
    norm = partial(nn.GroupNorm, 32)
    head = RetinaNetHead(body.out_channels, anchors.num_anchors_per_location()[0], classes, norm_layer=norm)
    head.regression_head._loss_type = "giou"
    return read_into(RetinaNet(body, classes, anchor_generator=anchors, head=head, **kwargs), weights)
