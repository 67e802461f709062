"""What R-CNNs do with the boxes that were proposed: class, a better box, and where asked for a mask and key points."""

from __future__ import annotations

from typing import Any

import autogradkit as ak
from autogradkit import nn
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional as F
from autogradkit.vision.models.detection._utils import BalancedPositiveNegativeSampler, BoxCoder, Matcher
from autogradkit.vision.models.detection.masks import (
    keypointrcnn_inference,
    keypointrcnn_loss,
    maskrcnn_inference,
    maskrcnn_loss,
)
from autogradkit.vision.ops.boxes import batched_nms, box_iou, clip_boxes_to_image, remove_small_boxes

Target = dict[str, Tensor]


def fastrcnn_loss(
    class_logits: Tensor, box_regression: Tensor, labels: list[Tensor], regression_targets: Any
) -> tuple[Tensor, Tensor]:
    """How wrong the classes are, and the boxes of those that are no background."""
    joined, targets = ak.cat(labels), ak.cat(list(regression_targets))
    positive = ak.where(joined > 0)[0]
    moves = box_regression.reshape(class_logits.shape[0], -1, 4)[positive, joined[positive]]
    box_loss = F.smooth_l1_loss(moves, targets[positive], beta=1 / 9, reduction="sum")
    return F.cross_entropy(class_logits, joined), box_loss / joined.numel()


class RoIHeads(nn.Module):
    """Maps and boxes → detections, and in training losses; pool, head and predictor for boxes, masks and key points."""

    mask_roi_pool: Any
    mask_head: Any
    mask_predictor: Any
    keypoint_roi_pool: Any
    keypoint_head: Any
    keypoint_predictor: Any

    def __init__(
        self,
        box_roi_pool: nn.Module,
        box_head: nn.Module,
        box_predictor: nn.Module,
        fg_iou_thresh: float,
        bg_iou_thresh: float,
        batch_size_per_image: int,
        positive_fraction: float,
        bbox_reg_weights: Any,
        score_thresh: float,
        nms_thresh: float,
        detections_per_img: int,
        mask_roi_pool: nn.Module | None = None,
        mask_head: nn.Module | None = None,
        mask_predictor: nn.Module | None = None,
        keypoint_roi_pool: nn.Module | None = None,
        keypoint_head: nn.Module | None = None,
        keypoint_predictor: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.box_similarity = box_iou
        self.proposal_matcher = Matcher(fg_iou_thresh, bg_iou_thresh, allow_low_quality_matches=False)
        self.fg_bg_sampler = BalancedPositiveNegativeSampler(batch_size_per_image, positive_fraction)
        self.box_coder = BoxCoder((10.0, 10.0, 5.0, 5.0) if bbox_reg_weights is None else bbox_reg_weights)
        self.box_roi_pool = box_roi_pool
        self.box_head = box_head
        self.box_predictor = box_predictor
        self.score_thresh = score_thresh
        self.nms_thresh = nms_thresh
        self.detections_per_img = detections_per_img
        self.mask_roi_pool = mask_roi_pool
        self.mask_head = mask_head
        self.mask_predictor = mask_predictor
        self.keypoint_roi_pool = keypoint_roi_pool
        self.keypoint_head = keypoint_head
        self.keypoint_predictor = keypoint_predictor

    def has_mask(self) -> bool:
        """Whether there is all that masks need."""
        return None not in (self.mask_roi_pool, self.mask_head, self.mask_predictor)

    def has_keypoint(self) -> bool:
        """Whether there is all that key points need."""
        return None not in (self.keypoint_roi_pool, self.keypoint_head, self.keypoint_predictor)

    def assign_targets_to_proposals(
        self, proposals: list[Tensor], gt_boxes: list[Tensor], gt_labels: list[Tensor]
    ) -> tuple[list[Tensor], list[Tensor]]:
        """For each box the number of a true one and its class; 0 for background, −1 where undecided."""
        matched, labels = [], []
        for each, boxes, classes in zip(proposals, gt_boxes, gt_labels, strict=True):
            if boxes.numel() == 0:
                matched.append(ak.zeros((each.shape[0],), dtype=ak.int64))
                labels.append(ak.zeros((each.shape[0],), dtype=ak.int64))
                continue
            found = self.proposal_matcher(box_iou(boxes, each))
            at = found.clamp(min=0)
            label = classes[at].to(dtype=ak.int64)
            label[found == Matcher.BELOW_LOW_THRESHOLD] = 0
            label[found == Matcher.BETWEEN_THRESHOLDS] = -1
            matched.append(at)
            labels.append(label)
        return matched, labels

    def check_targets(self, targets: list[Target] | None) -> None:
        """Refuse targets that lack what is learnt."""
        if targets is None:
            raise ValueError("targets should not be None")
        for key in ("boxes", "labels", *["masks"] * self.has_mask()):
            if not all(key in target for target in targets):
                raise ValueError(f"Every element of targets should have a {key} key")

    def select_training_samples(
        self, proposals: list[Tensor], targets: Any
    ) -> tuple[list[Tensor], list[Tensor], list[Tensor], tuple[Tensor, ...]]:
        """Boxes that are drawn, true ones among them: with the number and the class of their true box, and how to get there."""
        self.check_targets(targets)
        gt_boxes = [target["boxes"].to(proposals[0].dtype) for target in targets]
        proposals = [ak.cat(both) for both in zip(proposals, gt_boxes, strict=True)]
        matched, labels = self.assign_targets_to_proposals(
            proposals, gt_boxes, [target["labels"] for target in targets]
        )
        sampled = [ak.where(one | other)[0] for one, other in zip(*self.fg_bg_sampler(labels), strict=True)]
        proposals, matched, labels = (
            [values[at] for values, at in zip(each, sampled, strict=True)] for each in (proposals, matched, labels)
        )
        true = [
            (boxes if boxes.numel() else ak.zeros((1, 4), dtype=boxes.dtype))[at]
            for boxes, at in zip(gt_boxes, matched, strict=True)
        ]
        return proposals, matched, labels, self.box_coder.encode(true, proposals)

    def postprocess_detections(
        self, class_logits: Tensor, box_regression: Tensor, proposals: list[Tensor], image_shapes: list[tuple[int, int]]
    ) -> list[Target]:
        """The detections of each picture, sure and of little overlap within a class."""
        counts = [len(boxes) for boxes in proposals]
        all_boxes = self.box_coder.decode(box_regression, proposals).split(counts, 0)
        all_scores = class_logits.softmax(-1).split(counts, 0)
        classes = ak.arange(class_logits.shape[-1]).view(1, -1)
        found = []
        for boxes, scores, shape in zip(all_boxes, all_scores, image_shapes, strict=True):
            labels = classes.expand_as(scores)[:, 1:].reshape(-1)  # without the background
            boxes = clip_boxes_to_image(boxes, shape)[:, 1:].reshape(-1, 4)
            scores = scores[:, 1:].reshape(-1)
            kept = ak.where(scores > self.score_thresh)[0]
            kept = kept[remove_small_boxes(boxes[kept], min_size=1e-2)]
            boxes, scores, labels = boxes[kept], scores[kept], labels[kept]
            kept = batched_nms(boxes, scores, labels, self.nms_thresh)[: self.detections_per_img]
            found.append({"boxes": boxes[kept], "labels": labels[kept], "scores": scores[kept]})
        return found

    def forward(
        self,
        features: dict[str, Tensor],
        proposals: list[Tensor],
        image_shapes: list[tuple[int, int]],
        targets: list[Target] | None = None,
    ) -> tuple[list[Target], dict[str, Tensor]]:
        """The detections, in evaluation, and the losses, in training."""
        self._refuse_dtypes(targets or [])
        if not self.training:
            return self._detected(features, proposals, image_shapes), {}
        proposals, matched, labels, moves = self.select_training_samples(proposals, targets)
        logits, regression = self.box_predictor(self.box_head(self.box_roi_pool(features, proposals, image_shapes)))
        losses = fastrcnn_loss(logits, regression, labels, moves)
        told: dict[str, Tensor] = dict(zip(("loss_classifier", "loss_box_reg"), losses, strict=True))
        positive = [ak.where(label > 0)[0] for label in labels]
        boxes = [each[at] for each, at in zip(proposals, positive, strict=True)]
        true = [each[at] for each, at in zip(matched, positive, strict=True)]
        given: list[Target] = targets or []
        if self.has_mask():
            maps = self._maps("mask", features, boxes, image_shapes)
            masks, classes = ([target[key] for target in given] for key in ("masks", "labels"))
            told["loss_mask"] = maskrcnn_loss(maps, boxes, masks, classes, true)
        if self.has_keypoint():
            maps = self._maps("keypoint", features, boxes, image_shapes)
            told["loss_keypoint"] = keypointrcnn_loss(maps, boxes, [target["keypoints"] for target in given], true)
        return [], told

    def _maps(self, kind: str, features: Any, boxes: list[Tensor], image_shapes: Any) -> Tensor:
        pool, head, predictor = (getattr(self, f"{kind}_{part}") for part in ("roi_pool", "head", "predictor"))
        return predictor(head(pool(features, boxes, image_shapes)))

    def _detected(self, features: Any, proposals: list[Tensor], image_shapes: Any) -> list[Target]:
        logits, regression = self.box_predictor(self.box_head(self.box_roi_pool(features, proposals, image_shapes)))
        result = self.postprocess_detections(logits, regression, proposals, image_shapes)
        boxes = [found["boxes"] for found in result]
        if self.has_mask():
            maps = self._maps("mask", features, boxes, image_shapes)
            for found, masks in zip(result, maskrcnn_inference(maps, [each["labels"] for each in result]), strict=True):
                found["masks"] = masks
        if self.has_keypoint():
            maps = self._maps("keypoint", features, boxes, image_shapes)
            for found, (points, scores) in zip(result, keypointrcnn_inference(maps, boxes), strict=True):
                found["keypoints"], found["keypoints_scores"] = points, scores
        return result

    def _refuse_dtypes(self, targets: list[Target]) -> None:
        for target in targets:
            if target["boxes"].dtype not in (ak.float32, ak.float64, ak.float16):
                raise TypeError(f"target boxes must of float type, instead got {target['boxes'].dtype}")
            if target["labels"].dtype != ak.int64:
                raise TypeError(f"target labels must of int64 type, instead got {target['labels'].dtype}")
            if self.has_keypoint() and target["keypoints"].dtype != ak.float32:
                raise TypeError(f"target keypoints must of float type, instead got {target['keypoints'].dtype}")
