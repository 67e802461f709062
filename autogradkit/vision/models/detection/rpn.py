"""Region proposal networks (Ren et al., 2015): which anchors may hold something, and how they are to be moved."""

from __future__ import annotations

from typing import Any

import autogradkit as ak
from autogradkit import nn
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional as F
from autogradkit.vision.models.detection._utils import BalancedPositiveNegativeSampler, BoxCoder, Matcher
from autogradkit.vision.models.detection.anchor_utils import AnchorGenerator
from autogradkit.vision.models.detection.image_list import ImageList
from autogradkit.vision.ops.boxes import batched_nms, box_iou, clip_boxes_to_image, remove_small_boxes
from autogradkit.vision.ops.misc import Conv2dNormActivation


class RPNHead(nn.Module):
    """Convolutions of each map, and for each anchor a logit and four numbers that move it."""

    _version = 2

    def __init__(self, in_channels: int, num_anchors: int, conv_depth: int = 1) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            *(Conv2dNormActivation(in_channels, in_channels, kernel_size=3, norm_layer=None) for _ in range(conv_depth))
        )
        self.cls_logits = nn.Conv2d(in_channels, num_anchors, kernel_size=1, stride=1)
        self.bbox_pred = nn.Conv2d(in_channels, num_anchors * 4, kernel_size=1, stride=1)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.normal_(layer.weight, std=0.01)
                if layer.bias is not None:
                    nn.init.constant_(layer.bias, 0)

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, local_metadata: Any, *rest: Any) -> None:
        if local_metadata.get("version", 0) < 2:  # when there was one convolution
            for part in ("weight", "bias"):
                if f"{prefix}conv.{part}" in state_dict:
                    state_dict[f"{prefix}conv.0.0.{part}"] = state_dict.pop(f"{prefix}conv.{part}")
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)

    def forward(self, x: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        """Logits and moves for each map."""
        made = [self.conv(feature) for feature in x]
        return [self.cls_logits(each) for each in made], [self.bbox_pred(each) for each in made]


def by_anchor(layers: list[Tensor], numbers: int) -> Tensor:
    """Maps (N, anchors · numbers, H, W) as (N, all anchors, numbers), in the order of the anchors."""
    return ak.cat([each.unflatten(1, (-1, numbers)).permute(0, 3, 4, 1, 2).flatten(1, 3) for each in layers], dim=1)


class RegionProposalNetwork(nn.Module):
    """Maps → the best boxes of each picture, without those that overlap much, and in training two losses."""

    def __init__(
        self,
        anchor_generator: AnchorGenerator,
        head: nn.Module,
        fg_iou_thresh: float,
        bg_iou_thresh: float,
        batch_size_per_image: int,
        positive_fraction: float,
        pre_nms_top_n: dict[str, int],
        post_nms_top_n: dict[str, int],
        nms_thresh: float,
        score_thresh: float = 0.0,
    ) -> None:
        super().__init__()
        self.anchor_generator = anchor_generator
        self.head = head
        self.box_coder = BoxCoder(weights=(1.0, 1.0, 1.0, 1.0))
        self.box_similarity = box_iou
        self.proposal_matcher = Matcher(fg_iou_thresh, bg_iou_thresh, allow_low_quality_matches=True)
        self.fg_bg_sampler = BalancedPositiveNegativeSampler(batch_size_per_image, positive_fraction)
        self._pre_nms_top_n = pre_nms_top_n
        self._post_nms_top_n = post_nms_top_n
        self.nms_thresh = nms_thresh
        self.score_thresh = score_thresh
        self.min_size = 1e-3

    def _most(self, counts: dict[str, int]) -> int:
        return counts["training" if self.training else "testing"]

    def assign_targets_to_anchors(
        self, anchors: list[Tensor], targets: list[dict[str, Tensor]]
    ) -> tuple[list[Tensor], list[Tensor]]:
        """For each anchor 1 where it belongs to a true box, 0 or, undecided, −1; and the box."""
        labels, matched = [], []
        for each, target in zip(anchors, targets, strict=True):
            boxes = target["boxes"]
            if boxes.numel() == 0:
                matched.append(ak.zeros(each.shape, dtype=ak.float32))
                labels.append(ak.zeros((each.shape[0],), dtype=ak.float32))
                continue
            at = self.proposal_matcher(self.box_similarity(boxes, each))
            matched.append(boxes[at.clamp(min=0)])
            label = (at >= 0).float()
            label[at == Matcher.BETWEEN_THRESHOLDS] = -1.0
            labels.append(label)
        return labels, matched

    def filter_proposals(
        self, proposals: Tensor, objectness: Tensor, image_shapes: list[tuple[int, int]], counts: list[int]
    ) -> tuple[list[Tensor], list[Tensor]]:
        """The best boxes of each picture, most of each map first, that lie in it and overlap little."""
        objectness = objectness.detach().reshape(proposals.shape[0], -1)
        levels = ak.cat([ak.full((count,), at, dtype=ak.int64) for at, count in enumerate(counts)])
        best, before = [], 0
        for level in objectness.split(counts, 1):
            best.append(level.topk(min(self._most(self._pre_nms_top_n), level.shape[1]), dim=1)[1] + before)
            before += level.shape[1]
        chosen = ak.cat(best, dim=1)
        found, scores = [], []
        for boxes, logits, at, shape in zip(proposals, objectness, chosen, image_shapes, strict=True):
            boxes, score, level = clip_boxes_to_image(boxes[at], shape), logits[at].sigmoid(), levels[at]
            kept = remove_small_boxes(boxes, self.min_size)
            kept = kept[score[kept] >= self.score_thresh]
            boxes, score, level = boxes[kept], score[kept], level[kept]
            kept = batched_nms(boxes, score, level, self.nms_thresh)[: self._most(self._post_nms_top_n)]
            boxes, score = boxes[kept], score[kept]
            found.append(boxes)
            scores.append(score)
        return found, scores

    def compute_loss(
        self, objectness: Tensor, deltas: Tensor, labels: list[Tensor], regression_targets: Any
    ) -> tuple[Tensor, Tensor]:
        """How wrong the logits and the moves of anchors are that are drawn, as many without a box as with one if possible."""
        positive, negative = (ak.where(ak.cat(each))[0] for each in self.fg_bg_sampler(labels))
        sampled = ak.cat([positive, negative])
        targets = ak.cat(list(regression_targets))
        box_loss = F.smooth_l1_loss(deltas[positive], targets[positive], beta=1 / 9, reduction="sum") / sampled.numel()
        logits = objectness.flatten()
        return F.binary_cross_entropy_with_logits(logits[sampled], ak.cat(labels)[sampled]), box_loss

    def forward(
        self, images: ImageList, features: dict[str, Tensor], targets: list[dict[str, Tensor]] | None = None
    ) -> tuple[list[Tensor], dict[str, Tensor]]:
        """The boxes of each picture, and the losses."""
        maps = list(features.values())
        logits, moves = self.head(maps)
        anchors = self.anchor_generator(images, maps)
        counts = [each[0].numel() for each in logits]
        objectness = by_anchor(logits, 1).flatten(0, 1)
        deltas = by_anchor(moves, 4).reshape(-1, 4)
        proposals = self.box_coder.decode(deltas.detach(), anchors).view(len(anchors), -1, 4)
        boxes, _ = self.filter_proposals(proposals, objectness, images.image_sizes, counts)
        if not self.training:
            return boxes, {}
        if targets is None:
            raise ValueError("targets should not be None")
        labels, matched = self.assign_targets_to_anchors(anchors, targets)
        losses = self.compute_loss(objectness, deltas, labels, self.box_coder.encode(matched, anchors))
        return boxes, dict(zip(("loss_objectness", "loss_rpn_box_reg"), losses, strict=True))
