"""Detectors that look at each anchor once: RetinaNet, FCOS and SSD. Rests on `generalized_rcnn`."""

from __future__ import annotations

from typing import Any

import autogradkit as ak
from autogradkit import nn
from autogradkit.core.tensor import Tensor
from autogradkit.vision.models.detection.anchor_utils import AnchorGenerator
from autogradkit.vision.models.detection.generalized_rcnn import Detector, Target
from autogradkit.vision.models.detection.image_list import ImageList
from autogradkit.vision.models.detection.transform import GeneralizedRCNNTransform
from autogradkit.vision.ops.boxes import batched_nms, box_iou, clip_boxes_to_image

Outputs = dict[str, Tensor]


class SingleStage(Detector):
    """The base: a head gives logits and codes (N, anchors, …) of all maps; what they are worth each detector says itself."""

    def __init__(
        self, backbone: nn.Module, anchor_generator: Any, head: Any, transform: GeneralizedRCNNTransform
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.anchor_generator = anchor_generator
        self.head = head
        self.transform = transform

    score_thresh: float
    nms_thresh: float
    detections_per_img: int
    topk_candidates: int
    proposal_matcher: Any

    def _detect(
        self, images: ImageList, features: dict[str, Tensor], targets: list[Target] | None
    ) -> tuple[list[Target], dict[str, Tensor]]:
        maps = list(features.values())
        outputs = self.head(maps)
        anchors = self.anchor_generator(images, maps)
        places = [each.shape[2] * each.shape[3] for each in maps]
        counts = [place * (outputs["cls_logits"].shape[1] // sum(places)) for place in places]
        if self.training:
            return [], self.losses(targets or [], outputs, anchors, counts)
        found = []
        for number, shape in enumerate(images.image_sizes):
            one = {name: each[number] for name, each in outputs.items()}
            found.append(self._suppress_overlaps(*self.candidates(one, anchors[number], shape, counts)))
        return found, {}

    def losses(self, targets: list[Target], outputs: Outputs, anchors: list[Tensor], counts: list[int]) -> Outputs:
        """The losses by name; `counts` says how many anchors each map has."""
        raise NotImplementedError

    def candidates(
        self, outputs: Outputs, anchors: Tensor, shape: tuple[int, int], counts: list[int]
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Boxes, scores and labels of a picture that may be detections."""
        raise NotImplementedError

    def _suppress_overlaps(self, boxes: Tensor, scores: Tensor, labels: Tensor) -> Target:
        kept = batched_nms(boxes, scores, labels, self.nms_thresh)[: self.detections_per_img]
        return {"boxes": boxes[kept], "scores": scores[kept], "labels": labels[kept]}

    def _matched(self, targets: list[Target], anchors: list[Tensor]) -> list[Tensor]:
        """For each anchor the number of its true box, or a negative one."""
        return [
            self.proposal_matcher(box_iou(target["boxes"], each))
            if target["boxes"].numel()
            else ak.full((len(each),), -1, dtype=ak.int64)
            for each, target in zip(anchors, targets, strict=True)
        ]


class DenseDetector(SingleStage):
    """The base of those that take the best classes of each map's anchors; a subclass has `scores` and `decoded`."""

    anchor_generator: AnchorGenerator

    def scores(self, outputs: Outputs) -> Tensor:
        """How sure each class of each anchor is."""
        raise NotImplementedError

    def decoded(self, codes: Tensor, anchors: Tensor) -> Tensor:
        """The boxes of codes."""
        raise NotImplementedError

    def candidates(
        self, outputs: Outputs, anchors: Tensor, shape: tuple[int, int], counts: list[int]
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Of each map at most `topk_candidates` boxes, those with a score above `score_thresh`."""
        found = []
        levels = (each.split(counts) for each in (self.scores(outputs), outputs["bbox_regression"], anchors))
        for scores, codes, about in zip(*levels, strict=True):
            classes, flat = scores.shape[-1], scores.flatten()
            sure = ak.where(flat > self.score_thresh)[0]
            best, at = flat[sure].topk(min(self.topk_candidates, len(sure)))
            chosen = sure[at]
            anchor = ak.div(chosen, classes, rounding_mode="floor")
            boxes = clip_boxes_to_image(self.decoded(codes[anchor], about[anchor]), shape)
            found.append((boxes, best, chosen % classes))
        boxes, scores, labels = (ak.cat(each) for each in zip(*found, strict=True))
        return boxes, scores, labels
