"""SSD (Liu et al., 2016): default boxes of many sizes on maps of many sizes, of VGG-16 and of layers after it."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from typing import Any

import autogradkit as ak
from autogradkit import nn
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional as F
from autogradkit.vision.models._api import Path, register_model
from autogradkit.vision.models.detection._utils import (
    BoxCoder,
    SSDMatcher,
    classes_or_cocos,
    require,
    retrieve_out_channels,
)
from autogradkit.vision.models.detection.anchor_utils import DefaultBoxGenerator
from autogradkit.vision.models.detection.backbone_utils import trainable_layers
from autogradkit.vision.models.detection.faster_rcnn import IMAGENET_MEAN, IMAGENET_STD, read_into
from autogradkit.vision.models.detection.rpn import by_anchor
from autogradkit.vision.models.detection.single_stage import Outputs, SingleStage
from autogradkit.vision.models.detection.transform import GeneralizedRCNNTransform
from autogradkit.vision.models.published import published
from autogradkit.vision.models.vgg import VGG16_Weights, vgg16
from autogradkit.vision.ops.boxes import clip_boxes_to_image

__all__ = ["SSD300_VGG16_Weights", "ssd300_vgg16"]

SSD300_VGG16_Weights = published("SSD300_VGG16_Weights", __name__)
Target = dict[str, Tensor]


def _draw(module: nn.Module) -> None:
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.xavier_uniform_(layer.weight)
            if layer.bias is not None:
                nn.init.constant_(layer.bias, 0.0)


class SSDScoringHead(nn.Module):
    """A block for each map, which gives so many numbers for each box."""

    def __init__(self, module_list: nn.ModuleList, num_columns: int) -> None:
        super().__init__()
        self.module_list = module_list
        self.num_columns = num_columns

    def forward(self, x: list[Tensor]) -> Tensor:
        """Maps → (N, boxes, numbers)."""
        made = [block(features) for block, features in zip(self.module_list, x, strict=True)]
        return by_anchor(made, self.num_columns)


def _columns(in_channels: list[int], num_anchors: list[int], numbers: int) -> SSDScoringHead:
    blocks = nn.ModuleList(
        nn.Conv2d(channels, numbers * anchors, kernel_size=3, padding=1)
        for channels, anchors in zip(in_channels, num_anchors, strict=False)
    )
    _draw(blocks)
    return SSDScoringHead(blocks, numbers)


class SSDClassificationHead(SSDScoringHead):
    """The logits of each box's classes."""

    def __init__(self, in_channels: list[int], num_anchors: list[int], num_classes: int) -> None:
        super().__init__(_columns(in_channels, num_anchors, num_classes).module_list, num_classes)


class SSDRegressionHead(SSDScoringHead):
    """Four numbers for each box that move it."""

    def __init__(self, in_channels: list[int], num_anchors: list[int]) -> None:
        super().__init__(_columns(in_channels, num_anchors, 4).module_list, 4)


class SSDHead(nn.Module):
    """Both heads."""

    def __init__(self, in_channels: list[int], num_anchors: list[int], num_classes: int) -> None:
        super().__init__()
        self.classification_head: nn.Module = SSDClassificationHead(in_channels, num_anchors, num_classes)
        self.regression_head: nn.Module = SSDRegressionHead(in_channels, num_anchors)

    def forward(self, x: list[Tensor]) -> Outputs:
        """Moves and logits of all boxes."""
        return {"bbox_regression": self.regression_head(x), "cls_logits": self.classification_head(x)}


class SSD(SingleStage):
    """A backbone, default boxes and a head, for pictures of one `size` (width, height) and `num_classes` with the background."""

    @entry
    def __init__(
        self,
        backbone: Any,
        anchor_generator: DefaultBoxGenerator,
        size: tuple[int, int],
        num_classes: int,
        image_mean: list[float] | None = None,
        image_std: list[float] | None = None,
        head: nn.Module | None = None,
        score_thresh: float = 0.01,
        nms_thresh: float = 0.45,
        detections_per_img: int = 200,
        iou_thresh: float = 0.5,
        topk_candidates: int = 400,
        positive_fraction: float = 0.25,
        **kwargs: Any,
    ) -> None:
        if head is None:
            channels = getattr(backbone, "out_channels", None) or retrieve_out_channels(backbone, size)
            maps = len(anchor_generator.aspect_ratios)
            if len(channels) != maps:
                raise ValueError(
                    f"The length of the output channels from the backbone ({len(channels)}) do not match the length of the "
                    f"anchor generator aspect ratios ({maps})"
                )
            head = SSDHead(channels, anchor_generator.num_anchors_per_location(), num_classes)
        transform = GeneralizedRCNNTransform(
            min(size),
            max(size),
            image_mean or IMAGENET_MEAN,
            image_std or IMAGENET_STD,
            size_divisible=1,
            fixed_size=size,
            **kwargs,
        )
        super().__init__(backbone, anchor_generator, head, transform)
        self.box_coder = BoxCoder(weights=(10.0, 10.0, 5.0, 5.0))
        self.proposal_matcher = SSDMatcher(iou_thresh)
        self.score_thresh = score_thresh
        self.nms_thresh = nms_thresh
        self.detections_per_img = detections_per_img
        self.topk_candidates = topk_candidates
        self.neg_to_pos_ratio = (1.0 - positive_fraction) / positive_fraction

    def losses(self, targets: list[Target], outputs: Outputs, anchors: list[Tensor], counts: list[int]) -> Outputs:
        """How wrong the boxes are, and the classes, of boxes without an object but the worst; for each that has one."""
        logits = outputs["cls_logits"]
        count, box_losses, wanted = 0, [], []
        given = zip(targets, outputs["bbox_regression"], anchors, self._matched(targets, anchors), strict=True)
        for target, codes, each, matched in given:
            found = ak.where(matched >= 0)[0]
            true = matched[found]
            count += true.numel()
            moves = self.box_coder.encode_single(target["boxes"][true], each[found])
            box_losses.append(F.smooth_l1_loss(codes[found], moves, reduction="sum"))
            labels = ak.zeros((len(each),), dtype=target["labels"].dtype)
            labels[found] = target["labels"][true]
            wanted.append(labels)
        classes = ak.stack(wanted)
        loss = F.cross_entropy(logits.view(-1, logits.shape[-1]), classes.view(-1), reduction="none").view(
            classes.size()
        )
        positive = classes > 0
        others = loss.clone()
        others[positive] = -float("inf")
        rank = others.sort(1, descending=True)[1].sort(1)[1]
        negative = rank < self.neg_to_pos_ratio * positive.sum(1, keepdim=True)
        count = max(1, count)
        return {
            "bbox_regression": ak.stack(box_losses).sum() / count,
            "classification": (loss[positive].sum() + loss[negative].sum()) / count,
        }

    def candidates(
        self, outputs: Outputs, anchors: Tensor, shape: tuple[int, int], counts: list[int]
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Of each class at most `topk_candidates` boxes, those with a score above `score_thresh`."""
        boxes = clip_boxes_to_image(self.box_coder.decode_single(outputs["bbox_regression"], anchors), shape)
        found = []
        for label, score in enumerate(outputs["cls_logits"].softmax(-1).unbind(-1)):
            if label:  # 0 is the background
                sure = ak.where(score > self.score_thresh)[0]
                best, at = score[sure].topk(min(self.topk_candidates, len(sure)))
                found.append((boxes[sure[at]], best, ak.full_like(best, label, dtype=ak.int64)))
        kept, scores, labels = (ak.cat(each) for each in zip(*found, strict=True))
        return kept, scores, labels


class SSDFeatureExtractorVGG(nn.Module):
    """VGG-16 without its classifier, and convolutions after it, as maps of six sizes, seven for pictures of 512 pixels."""

    def __init__(self, backbone: Any, highres: bool) -> None:
        super().__init__()
        pools = [at for at, layer in enumerate(backbone) if isinstance(layer, nn.MaxPool2d)]
        third, fourth = pools[2:4]
        backbone[third].ceil_mode = True
        self.scale_weight = nn.Parameter(ak.ones(512) * 20)
        self.features = nn.Sequential(*backbone[:fourth])
        shrinking = {"kernel_size": 3, "padding": 1, "stride": 2}
        extra = nn.ModuleList(
            _narrowed(*channels, **how)
            for *channels, how in (
                (1024, 256, 512, shrinking),
                (512, 128, 256, shrinking),
                (256, 128, 256, {"kernel_size": 3}),
                (256, 128, 256, {"kernel_size": 3}),
                *[(256, 128, 256, {"kernel_size": 4})] * highres,
            )
        )
        _draw(extra)
        dilated = nn.Sequential(
            nn.MaxPool2d(kernel_size=3, stride=1, padding=1, ceil_mode=False),
            nn.Conv2d(512, 1024, kernel_size=3, padding=6, dilation=6),
            nn.ReLU(inplace=True),
            nn.Conv2d(1024, 1024, kernel_size=1),
            nn.ReLU(inplace=True),
        )
        _draw(dilated)
        extra.insert(0, nn.Sequential(*backbone[fourth:-1], dilated))
        self.extra = extra

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """The maps, the first one at unit length times what is learnt."""
        x = self.features(x)
        maps = [self.scale_weight.view(1, -1, 1, 1) * F.normalize(x)]
        for block in self.extra:
            x = block(x)
            maps.append(x)
        return OrderedDict((str(number), each) for number, each in enumerate(maps))


def _narrowed(in_channels: int, between: int, out_channels: int, **how: Any) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, between, kernel_size=1),
        nn.ReLU(inplace=True),
        nn.Conv2d(between, out_channels, **how),
        nn.ReLU(inplace=True),
    )


def _vgg_extractor(features: Any, layers: int) -> SSDFeatureExtractorVGG:
    """The maps of a VGG of which so many stages, counted from the last, are learnt."""
    stages = [0, *[at for at, layer in enumerate(features) if isinstance(layer, nn.MaxPool2d)][:-1]]
    count = len(stages)
    require(0 <= layers <= count, f"trainable_layers should be in the range [0, {count}]. Instead got {layers}")
    for block in features[: len(features) if layers == 0 else stages[count - layers]]:
        for parameter in block.parameters():
            parameter.requires_grad_(False)
    return SSDFeatureExtractorVGG(features, False)


def warn_of_size(kwargs: dict[str, Any]) -> None:
    """Say that the size of a model is not the caller's to choose."""
    if "size" in kwargs:
        warnings.warn("The size of the model is already fixed; ignoring the parameter.", stacklevel=4)


@register_model(SSD300_VGG16_Weights, VGG16_Weights)
def ssd300_vgg16(
    *,
    weights: Path | None = None,
    progress: bool = True,
    num_classes: int | None = None,
    weights_backbone: Any = VGG16_Weights.IMAGENET1K_FEATURES,
    trainable_backbone_layers: int | None = None,
    **kwargs: Any,
) -> SSD:
    """SSD on VGG-16 for pictures of 300×300; `weights` is a published name, or a file with a state dict."""
    warn_of_size(kwargs)
    layers = trainable_layers(weights is not None or weights_backbone is not None, trainable_backbone_layers, 5, 4)
    body = _vgg_extractor(vgg16(weights=weights_backbone).features, layers)
    boxes = DefaultBoxGenerator(
        [[2], [2, 3], [2, 3], [2, 3], [2], [2]],
        scales=[0.07, 0.15, 0.33, 0.51, 0.69, 0.87, 1.05],
        steps=[8, 16, 32, 64, 100, 300],
    )
    usual: dict[str, Any] = {"image_mean": [0.48235, 0.45882, 0.40784], "image_std": [1.0 / 255.0] * 3}
    return read_into(SSD(body, boxes, (300, 300), classes_or_cocos(num_classes), **usual | kwargs), weights)
