"""FCOS (Tian et al., 2019): each place of each map says how far the edges of its box are, and how central it is."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import autogradkit as ak
from autogradkit import nn
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional as F
from autogradkit.vision.models._api import Path, register_model
from autogradkit.vision.models.detection._utils import BoxLinearCoder, classes_or_cocos
from autogradkit.vision.models.detection.anchor_utils import AnchorGenerator
from autogradkit.vision.models.detection.faster_rcnn import IMAGENET_MEAN, IMAGENET_STD, read_into, refuse_backbone
from autogradkit.vision.models.detection.retinanet import on_three_layers
from autogradkit.vision.models.detection.rpn import by_anchor
from autogradkit.vision.models.detection.single_stage import DenseDetector, Outputs
from autogradkit.vision.models.detection.transform import GeneralizedRCNNTransform
from autogradkit.vision.models.published import published
from autogradkit.vision.models.resnet import ResNet50_Weights
from autogradkit.vision.ops.losses import generalized_box_iou_loss, sigmoid_focal_loss

__all__ = ["FCOS", "FCOS_ResNet50_FPN_Weights", "fcos_resnet50_fpn"]

FCOS_ResNet50_FPN_Weights = published("FCOS_ResNet50_FPN_Weights", __name__)
Norm = Callable[..., nn.Module]
Target = dict[str, Tensor]


def _convolutions(channels: int, count: int, norm_layer: Norm | None) -> nn.Sequential:
    norm = norm_layer or partial(nn.GroupNorm, 32)
    layers: list[nn.Module] = []
    for _ in range(count):
        layers += [nn.Conv2d(channels, channels, kernel_size=3, stride=1, padding=1), norm(channels), nn.ReLU()]
    return nn.Sequential(*layers)


def _draw(*layers: Any) -> None:
    for layer in layers:
        if isinstance(layer, nn.Conv2d):
            nn.init.normal_(layer.weight, std=0.01)
            nn.init.constant_(layer.bias, 0)


class FCOSClassificationHead(nn.Module):
    """For each place the logits of its classes, which begin at a small probability."""

    def __init__(
        self,
        in_channels: int,
        num_anchors: int,
        num_classes: int,
        num_convs: int = 4,
        prior_probability: float = 0.01,
        norm_layer: Norm | None = None,
    ) -> None:
        super().__init__()
        self.num_classes = num_classes
        self.num_anchors = num_anchors
        self.conv = _convolutions(in_channels, num_convs, norm_layer)
        _draw(*self.conv)
        self.cls_logits = nn.Conv2d(in_channels, num_anchors * num_classes, kernel_size=3, stride=1, padding=1)
        nn.init.normal_(self.cls_logits.weight, std=0.01)
        nn.init.constant_(self.cls_logits.bias, -math.log((1 - prior_probability) / prior_probability))

    def forward(self, x: list[Tensor]) -> Tensor:
        """Maps → (N, places, num_classes)."""
        return by_anchor([self.cls_logits(self.conv(features)) for features in x], self.num_classes)


class FCOSRegressionHead(nn.Module):
    """For each place the distances of its box's edges, and the logit of how central it is."""

    def __init__(self, in_channels: int, num_anchors: int, num_convs: int = 4, norm_layer: Norm | None = None) -> None:
        super().__init__()
        self.conv = _convolutions(in_channels, num_convs, norm_layer)
        self.bbox_reg = nn.Conv2d(in_channels, num_anchors * 4, kernel_size=3, stride=1, padding=1)
        self.bbox_ctrness = nn.Conv2d(in_channels, num_anchors * 1, kernel_size=3, stride=1, padding=1)
        _draw(self.bbox_reg, self.bbox_ctrness, *self.conv)

    def forward(self, x: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Maps → (N, places, 4), (N, places, 1)."""
        made = [self.conv(features) for features in x]
        distances = by_anchor([self.bbox_reg(each).relu() for each in made], 4)
        return distances, by_anchor([self.bbox_ctrness(each) for each in made], 1)


class FCOSHead(nn.Module):
    """Both heads."""

    def __init__(self, in_channels: int, num_anchors: int, num_classes: int, num_convs: int = 4) -> None:
        super().__init__()
        self.box_coder = BoxLinearCoder(normalize_by_size=True)
        self.classification_head = FCOSClassificationHead(in_channels, num_anchors, num_classes, num_convs)
        self.regression_head = FCOSRegressionHead(in_channels, num_anchors, num_convs)

    def compute_loss(
        self, targets: list[Target], head_outputs: Outputs, anchors: list[Tensor], matched_idxs: list[Tensor]
    ) -> Outputs:
        """The losses of classes, boxes and how central places are, for each place that has a box."""
        labels, boxes = [], []
        for target, matched in zip(targets, matched_idxs, strict=True):
            if len(target["labels"]):
                label, box = target["labels"][matched.clamp(min=0)], target["boxes"][matched.clamp(min=0)]
            else:
                label, box = (
                    target[key].new_zeros((len(matched), *target[key].shape[1:])) for key in ("labels", "boxes")
                )
            label[matched < 0] = -1
            labels.append(label)
            boxes.append(box)
        classes, true, about = ak.stack(labels), ak.stack(boxes), ak.stack(anchors)
        found = classes >= 0
        logits = head_outputs["cls_logits"]
        wanted = ak.zeros_like(logits)
        wanted[found, classes[found]] = 1.0
        guessed = self.box_coder.decode(head_outputs["bbox_regression"], about)
        centrality = head_outputs["bbox_ctrness"].squeeze(dim=2)
        sums = {
            "classification": sigmoid_focal_loss(logits, wanted, reduction="sum"),
            "bbox_regression": generalized_box_iou_loss(guessed[found], true[found], reduction="sum"),
            "bbox_ctrness": F.binary_cross_entropy_with_logits(
                centrality[found], self._centrality(self.box_coder.encode(about, true))[found], reduction="sum"
            ),
        }
        return {name: loss / max(1, int(found.sum())) for name, loss in sums.items()}

    def _centrality(self, distances: Tensor) -> Tensor:
        """1 in the middle of a box, 0 at its edges."""
        left, top, right, bottom = distances.unbind(-1)
        across = left.minimum(right) / left.maximum(right)
        return (across * (top.minimum(bottom) / top.maximum(bottom))).sqrt()

    def forward(self, x: list[Tensor]) -> Outputs:
        """What both heads say of all places."""
        logits = self.classification_head(x)
        distances, centrality = self.regression_head(x)
        return {"cls_logits": logits, "bbox_regression": distances, "bbox_ctrness": centrality}


class FCOS(DenseDetector):
    """A backbone with `out_channels` and a head for `num_classes`; an anchor at each place is the unit of its distances."""

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
        center_sampling_radius: float = 1.5,
        score_thresh: float = 0.2,
        nms_thresh: float = 0.6,
        detections_per_img: int = 100,
        topk_candidates: int = 1000,
        **kwargs: Any,
    ) -> None:
        refuse_backbone(backbone)
        if not isinstance(anchor_generator, AnchorGenerator | None):
            raise TypeError(
                f"anchor_generator should be of type AnchorGenerator or None, instead  got {type(anchor_generator)}"
            )
        anchors = anchor_generator or AnchorGenerator(((8,), (16,), (32,), (64,), (128,)), ((1.0,),) * 5)
        count = anchors.num_anchors_per_location()[0]
        if count != 1:
            raise ValueError(f"anchor_generator.num_anchors_per_location()[0] should be 1 instead of {count}")
        mean, std = image_mean or IMAGENET_MEAN, image_std or IMAGENET_STD
        transform = GeneralizedRCNNTransform(min_size, max_size, mean, std, **kwargs)
        super().__init__(backbone, anchors, head or FCOSHead(backbone.out_channels, count, num_classes), transform)
        self.box_coder = BoxLinearCoder(normalize_by_size=True)
        self.center_sampling_radius = center_sampling_radius
        self.score_thresh = score_thresh
        self.nms_thresh = nms_thresh
        self.detections_per_img = detections_per_img
        self.topk_candidates = topk_candidates

    def losses(self, targets: list[Target], outputs: Outputs, anchors: list[Tensor], counts: list[int]) -> Outputs:
        """The losses of the head."""
        matched = [
            self._best(each, target["boxes"], counts)
            if target["boxes"].numel()
            else ak.full((len(each),), -1, dtype=ak.int64)
            for each, target in zip(anchors, targets, strict=True)
        ]
        return self.head.compute_loss(targets, outputs, anchors, matched)

    def _best(self, anchors: Tensor, boxes: Tensor, counts: list[int]) -> Tensor:
        """For each place the smallest box that it lies in, near the middle, and that has the size of its map; else −1."""
        middles = (boxes[:, :2] + boxes[:, 2:]) / 2
        places = (anchors[:, :2] + anchors[:, 2:]) / 2
        sizes = anchors[:, 2] - anchors[:, 0]
        near = (places[:, None] - middles[None]).abs().max(dim=2).values < self.center_sampling_radius * sizes[:, None]
        distances = ak.cat([places[:, None] - boxes[None, :, :2], boxes[None, :, 2:] - places[:, None]], dim=2)
        least, most = sizes * 4, sizes * 8
        least[: counts[0]] = 0
        most[-counts[-1] :] = float("inf")
        farthest = distances.max(dim=2).values
        fits = near & (distances.min(dim=2).values > 0) & (farthest > least[:, None]) & (farthest < most[:, None])
        areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
        worth, matched = (fits.float() * (1e8 - areas[None])).max(dim=1)
        matched[worth < 1e-5] = -1
        return matched

    def scores(self, outputs: Outputs) -> Tensor:
        """The probability of each class, in the geometric mean with how central the place is."""
        return (outputs["cls_logits"].sigmoid() * outputs["bbox_ctrness"].sigmoid()).sqrt()

    def decoded(self, codes: Tensor, anchors: Tensor) -> Tensor:
        """The boxes of codes."""
        return self.box_coder.decode(codes, anchors)


@register_model(FCOS_ResNet50_FPN_Weights, ResNet50_Weights)
def fcos_resnet50_fpn(
    *,
    weights: Path | None = None,
    progress: bool = True,
    num_classes: int | None = None,
    weights_backbone: Any = ResNet50_Weights.IMAGENET1K_V1,
    trainable_backbone_layers: int | None = None,
    **kwargs: Any,
) -> FCOS:
    """FCOS on ResNet-50; `weights` is a published name, or a file with a state dict."""
    body = on_three_layers(weights, weights_backbone, trainable_backbone_layers)
    return read_into(FCOS(body, classes_or_cocos(num_classes), **kwargs), weights)
