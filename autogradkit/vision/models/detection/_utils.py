"""What detectors share: boxes as regression targets and back, which box an anchor belongs to, balanced samples, box losses.

Rests on ops alone. The networks for detection use it.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import Any

import autogradkit as ak
from autogradkit import nn
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional as F
from autogradkit.vision.ops.losses import complete_box_iou_loss, distance_box_iou_loss, generalized_box_iou_loss
from autogradkit.vision.ops.misc import FrozenBatchNorm2d


def require(condition: bool, message: str) -> None:
    """Raise AssertionError where torchvision's assertions do."""
    if not condition:
        raise AssertionError(message)


def classes_or_cocos(num_classes: int | None) -> int:
    """How many classes a builder's detector tells apart: where nobody says, COCO's, whose labels go to 90, and the background."""
    return 91 if num_classes is None else num_classes


class BalancedPositiveNegativeSampler:
    """Draws so many elements of each picture, at most a part of them positive (matched), the others negative (0)."""

    def __init__(self, batch_size_per_image: int, positive_fraction: float) -> None:
        self.batch_size_per_image = batch_size_per_image
        self.positive_fraction = positive_fraction

    def __call__(self, matched_idxs: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        """For each picture masks (uint8) of the positive and of the negative elements that were drawn; −1 never is."""
        positives, negatives = [], []
        for matched in matched_idxs:
            positive, negative = ak.where(matched >= 1)[0], ak.where(matched == 0)[0]
            some = min(positive.numel(), int(self.batch_size_per_image * self.positive_fraction))
            others = min(negative.numel(), self.batch_size_per_image - some)
            for found, count, masks in ((positive, some, positives), (negative, others, negatives)):
                drawn = found[ak.randperm(found.numel())[:count]]
                mask = ak.zeros_like(matched, dtype=ak.uint8)
                mask[drawn] = 1
                masks.append(mask)
        return positives, negatives


def _middles(boxes: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """x and y of the middles, widths and heights."""
    left, top, right, bottom = boxes.unbind(-1)
    width, height = right - left, bottom - top
    return left + 0.5 * width, top + 0.5 * height, width, height


def encode_boxes(reference_boxes: Tensor, proposals: Tensor, weights: Tensor) -> Tensor:
    """How proposals are to be moved and, by logarithms, scaled to become reference boxes, times `weights`."""
    x, y, width, height = _middles(proposals)
    to_x, to_y, to_width, to_height = _middles(reference_boxes)
    wx, wy, ww, wh = weights
    targets = (
        wx * (to_x - x) / width,
        wy * (to_y - y) / height,
        ww * (to_width / width).log(),
        wh * (to_height / height).log(),
    )
    return ak.stack(targets, dim=1)


class BoxCoder:
    """Boxes as what is to be learnt, shifts and logarithms of scales of other boxes, and back."""

    def __init__(
        self, weights: tuple[float, float, float, float], bbox_xform_clip: float = math.log(1000.0 / 16)
    ) -> None:
        self.weights = weights
        self.bbox_xform_clip = bbox_xform_clip

    def encode(self, reference_boxes: list[Tensor], proposals: list[Tensor]) -> tuple[Tensor, ...]:
        """The codes of the boxes of several pictures."""
        counts = [len(boxes) for boxes in reference_boxes]
        return self.encode_single(ak.cat(reference_boxes), ak.cat(proposals)).split(counts, 0)

    def encode_single(self, reference_boxes: Tensor, proposals: Tensor) -> Tensor:
        """The codes (N, 4) of boxes, seen from proposals."""
        return encode_boxes(reference_boxes, proposals, ak.as_tensor(self.weights, dtype=reference_boxes.dtype))

    def decode(self, rel_codes: Tensor, boxes: list[Tensor]) -> Tensor:
        """The boxes (N, classes, 4) of codes (N, classes · 4), seen from the boxes of several pictures."""
        require(isinstance(boxes, list | tuple), "This function expects boxes of type list or tuple.")
        require(isinstance(rel_codes, Tensor), "This function expects rel_codes of type torch.Tensor.")
        joined = ak.cat(list(boxes))
        if not len(joined):
            return self.decode_single(rel_codes, joined)
        return self.decode_single(rel_codes.reshape(len(joined), -1), joined).reshape(len(joined), -1, 4)

    def decode_single(self, rel_codes: Tensor, boxes: Tensor) -> Tensor:
        """The boxes of codes, seen from boxes (N, 4)."""
        x, y, width, height = (each[:, None] for each in _middles(boxes.to(rel_codes.dtype)))
        dx, dy, dw, dh = (rel_codes[:, at::4] / weight for at, weight in enumerate(self.weights))
        half_width = 0.5 * (dw.clamp(max=self.bbox_xform_clip).exp() * width)
        half_height = 0.5 * (dh.clamp(max=self.bbox_xform_clip).exp() * height)
        x, y = dx * width + x, dy * height + y
        return ak.stack((x - half_width, y - half_height, x + half_width, y + half_height), dim=2).flatten(1)


class BoxLinearCoder:
    """Boxes as the distances of their edges from the middles of other boxes, in parts of these, as FCOS has them."""

    def __init__(self, normalize_by_size: bool = True) -> None:
        self.normalize_by_size = normalize_by_size

    def _seen_from(self, boxes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        left, top, right, bottom = boxes.unbind(-1)
        width, height = right - left, bottom - top
        return 0.5 * (left + right), 0.5 * (top + bottom), ak.stack((width, height, width, height), dim=-1)

    def encode(self, reference_boxes: Tensor, proposals: Tensor) -> Tensor:
        """The codes of `proposals`, seen from `reference_boxes`."""
        x, y, sizes = self._seen_from(reference_boxes)
        left, top, right, bottom = proposals.unbind(-1)
        codes = ak.stack((x - left, y - top, right - x, bottom - y), dim=-1)
        return codes / sizes if self.normalize_by_size else codes

    def decode(self, rel_codes: Tensor, boxes: Tensor) -> Tensor:
        """The boxes of codes, seen from as many boxes."""
        x, y, sizes = self._seen_from(boxes.to(rel_codes.dtype))
        left, top, right, bottom = (rel_codes * sizes if self.normalize_by_size else rel_codes).unbind(-1)
        return ak.stack((x - left, y - top, x + right, y + bottom), dim=-1)


class Matcher:
    """Which true box each anchor belongs to, by what they have in common: its number, or a negative one.

    From `high_threshold` on it is the best one; below `low_threshold` none (−1), and between undecided (−2). With
    `allow_low_quality_matches` each true box gets the anchors that fit it best, however little.
    """

    BELOW_LOW_THRESHOLD = -1
    BETWEEN_THRESHOLDS = -2

    def __init__(self, high_threshold: float, low_threshold: float, allow_low_quality_matches: bool = False) -> None:
        require(low_threshold <= high_threshold, "low_threshold should be <= high_threshold")
        self.high_threshold = high_threshold
        self.low_threshold = low_threshold
        self.allow_low_quality_matches = allow_low_quality_matches

    def __call__(self, match_quality_matrix: Tensor) -> Tensor:
        """The numbers (N,) for qualities (true boxes, N)."""
        if match_quality_matrix.numel() == 0:
            missing = "proposal" if match_quality_matrix.shape[0] else "ground-truth"
            raise ValueError(f"No {missing} boxes available for one of the images during training")
        values, best = match_quality_matrix.max(dim=0)
        matches = best.clone()
        matches[values < self.low_threshold] = self.BELOW_LOW_THRESHOLD
        matches[(values >= self.low_threshold) & (values < self.high_threshold)] = self.BETWEEN_THRESHOLDS
        if self.allow_low_quality_matches:
            highest = match_quality_matrix.max(dim=1)[0]
            kept = ak.where(match_quality_matrix == highest[:, None])[1]
            matches[kept] = best[kept]
        return matches


class SSDMatcher(Matcher):
    """A matcher that gives each true box the one anchor that fits it best."""

    def __init__(self, threshold: float) -> None:
        super().__init__(threshold, threshold, allow_low_quality_matches=False)

    def __call__(self, match_quality_matrix: Tensor) -> Tensor:
        """The numbers (N,) for qualities (true boxes, N)."""
        matches = super().__call__(match_quality_matrix)
        best = match_quality_matrix.max(dim=1)[1]
        matches[best] = ak.arange(len(best), dtype=ak.int64)
        return matches


def overwrite_eps(model: nn.Module, eps: float) -> None:
    """Set `eps` of all frozen norms: some published parameters are older than theirs."""
    for module in model.modules():
        if isinstance(module, FrozenBatchNorm2d):
            module.eps = eps


def retrieve_out_channels(model: nn.Module, size: tuple[int, int]) -> list[int]:
    """How many channels each map has that a network makes of a picture of a size (width, height)."""
    training = model.training
    model.eval()
    with ak.no_grad():
        features = by_name(model(ak.zeros((1, 3, size[1], size[0]))))
    model.train(training)
    return [each.shape[1] for each in features.values()]


def by_name(features: Any) -> dict[str, Tensor]:
    """Maps by their names, where a backbone may give but one."""
    return OrderedDict([("0", features)]) if isinstance(features, Tensor) else features


def box_loss(
    type: str, box_coder: BoxCoder, anchors: Tensor, matched: Tensor, codes: Tensor, cnf: dict[str, float] | None = None
) -> Tensor:
    """How far boxes, or their codes, are from those that they are matched with, summed."""
    require(type in ("l1", "smooth_l1", "ciou", "diou", "giou"), f"Unsupported loss: {type}")
    given = cnf or {}
    if type == "l1":
        return F.l1_loss(codes, box_coder.encode_single(matched, anchors), reduction="sum")
    if type == "smooth_l1":
        targets = box_coder.encode_single(matched, anchors)
        return F.smooth_l1_loss(codes, targets, reduction="sum", beta=given.get("beta", 1.0))
    losses = {"ciou": complete_box_iou_loss, "diou": distance_box_iou_loss, "giou": generalized_box_iou_loss}
    boxes = box_coder.decode_single(codes, anchors)
    return losses[type](boxes, matched, reduction="sum", eps=given.get("eps", 1e-7))
