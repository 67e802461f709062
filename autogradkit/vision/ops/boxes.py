"""Boxes in pictures: areas, overlaps, clipping, and which of many overlapping ones to keep. Rests on tensors.

Boxes are (..., 4) tensors of x1, y1, x2, y2 unless a format is given.
"""

from __future__ import annotations

import math

import numpy as np

from autogradkit._ops.declare.refusals import scalar_type
from autogradkit._ops.making.filled import zeros
from autogradkit._ops.pointwise.choice import maximum, minimum
from autogradkit._ops.selection.joining import cat, stack
from autogradkit.core.dtype import float32, float64, int32, int64
from autogradkit.core.frames import entry
from autogradkit.core.quiet import quietly
from autogradkit.core.tensor import Tensor, wrap
from autogradkit.engine.modes import no_grad
from autogradkit.vision.ops._box_convert import box_convert as box_convert

_STRAIGHT = ("xyxy", "xywh", "cxcywh")
_TURNED = ("cxcywhr", "xywhr", "xyxyxyxy")
_MANY = 4000  # coordinates; with more, classes are treated one by one


@entry
def nms(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    """The indices of the boxes to keep, by decreasing score: those that overlap no better one by more than `iou_threshold`.

    >>> import autogradkit as torch
    >>> boxes = torch.tensor([[0.0, 0.0, 4.0, 4.0], [0.0, 0.0, 4.0, 3.0], [5.0, 5.0, 6.0, 6.0]])
    >>> nms(boxes, torch.tensor([0.7, 0.9, 0.8]), 0.5)
    tensor([1, 2])
    """
    _check_boxes(boxes, scores)
    best_first = scores.detach().sort(stable=True, descending=True)[1]
    return wrap(quietly(_kept, boxes.detach().numpy(), best_first.numpy(), iou_threshold))


def _kept(boxes: np.ndarray, left: np.ndarray, iou_threshold: float) -> np.ndarray:
    """Of the indices `left`, in order, those to keep: a turn for each, in which all that it suppresses goes at once."""
    x1, y1, x2, y2 = np.ascontiguousarray(boxes.T)
    areas = (x2 - x1) * (y2 - y1)
    kept: list[int] = []
    while left.size:
        best, left = left[0], left[1:]
        kept.append(best)
        width = np.minimum(x2[best], x2[left]) - np.maximum(x1[best], x1[left])
        height = np.minimum(y2[best], y2[left]) - np.maximum(y1[best], y1[left])
        shared = width.clip(0) * height.clip(0)
        overlap = shared / (areas[best] + areas[left] - shared)
        left = left[~(overlap.astype(np.float64) > iou_threshold)]
    return np.array(kept, np.int64)


def _check_boxes(boxes: Tensor, scores: Tensor) -> None:
    if boxes.ndim != 2:
        raise RuntimeError(f"boxes should be a 2d tensor, got {boxes.ndim}D")
    if boxes.shape[1] != 4:
        raise RuntimeError(f"boxes should have 4 elements in dimension 1, got {boxes.shape[1]}")
    if scores.ndim != 1:
        raise RuntimeError(f"scores should be a 1d tensor, got {scores.ndim}D")
    if len(boxes) != len(scores):
        raise RuntimeError(
            f"boxes and scores should have same number of elements in dimension 0, got {len(boxes)} and {len(scores)}"
        )
    if boxes.dtype != scores.dtype:
        raise RuntimeError("dets should have the same type as scores")
    if boxes.dtype not in (float32, float64):
        raise NotImplementedError(f"\"nms_kernel\" not implemented for '{scalar_type(boxes.dtype)}'")


@entry
def batched_nms(boxes: Tensor, scores: Tensor, idxs: Tensor, iou_threshold: float) -> Tensor:
    """`nms` within each class: `idxs` (N,) names the classes, and boxes of different ones do not suppress one another.

    >>> import autogradkit as torch
    >>> boxes = torch.tensor([[0.0, 0.0, 4.0, 4.0], [0.0, 0.0, 4.0, 3.0]])
    >>> batched_nms(boxes, torch.tensor([0.7, 0.9]), torch.tensor([0, 1]), 0.5)
    tensor([1, 0])
    """
    if boxes.numel() == 0:
        return zeros((0,), dtype=int64)
    if boxes.numel() <= _MANY:  # classes are laid side by side, where they do not meet
        offsets = idxs.to(boxes.dtype) * (boxes.max() + 1)
        return nms(boxes + offsets[:, None], scores, iou_threshold)
    numbers = idxs.numpy()
    kept = np.zeros(len(boxes), bool)
    for number in np.unique(numbers):
        places = np.flatnonzero(numbers == number)
        found = wrap(places)
        kept[places[nms(boxes[found], scores[found], iou_threshold).numpy()]] = True
    places = wrap(np.flatnonzero(kept))
    return places[scores[places].sort(descending=True)[1]]


@entry
def remove_small_boxes(boxes: Tensor, min_size: float) -> Tensor:
    """The indices of the boxes both of whose sides are `min_size` long at least.

    >>> import autogradkit as torch
    >>> remove_small_boxes(torch.tensor([[0.0, 0.0, 4.0, 0.5], [0.0, 0.0, 4.0, 3.0]]), 1.0)
    tensor([1])
    """
    width, height = boxes[..., 2] - boxes[..., 0], boxes[..., 3] - boxes[..., 1]
    return ((width >= min_size) & (height >= min_size)).nonzero(as_tuple=True)[0]


@entry
def clip_boxes_to_image(boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """The boxes without what is outside of a picture of this height and width.

    >>> import autogradkit as torch
    >>> clip_boxes_to_image(torch.tensor([[-1.0, 2.0, 5.0, 9.0]]), (6, 4))
    tensor([[0., 2., 4., 6.]])
    """
    height, width = size
    across, down = boxes[..., 0::2].clamp(min=0, max=width), boxes[..., 1::2].clamp(min=0, max=height)
    return stack((across, down), dim=boxes.ndim).reshape(boxes.shape)


def _upcast(t: Tensor) -> Tensor:
    """In a dtype in which products of coordinates do not overflow so soon."""
    if t.is_floating_point():
        return t if t.dtype in (float32, float64) else t.float()
    return t if t.dtype in (int32, int64) else t.int()


@entry
def box_area(boxes: Tensor, fmt: str = "xyxy") -> Tensor:
    """The area of each box (..., 4).

    >>> import autogradkit as torch
    >>> box_area(torch.tensor([[1.0, 2.0, 5.0, 4.0]]))
    tensor([8.])
    """
    if fmt not in _STRAIGHT:
        raise ValueError(f"Unsupported Bounding Box area for given format {fmt}")
    boxes = _upcast(boxes)
    if fmt == "xyxy":
        return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])
    return boxes[..., 2] * boxes[..., 3]


def _corners(boxes: Tensor, fmt: str) -> tuple[Tensor, Tensor]:
    """The upper left and the lower right corner of each box."""
    first, second = boxes[..., :2], boxes[..., 2:]
    if fmt == "xyxy":
        return first, second
    if fmt == "xywh":
        return first, first + second
    return first - second / 2, first + second / 2


def _box_inter_union(boxes1: Tensor, boxes2: Tensor, fmt: str = "xyxy") -> tuple[Tensor, Tensor]:
    """What each of the first shares with each of the second boxes, and what both cover: (..., N, M)."""
    area1, area2 = box_area(boxes1, fmt), box_area(boxes2, fmt)
    (low1, high1), (low2, high2) = _corners(boxes1, fmt), _corners(boxes2, fmt)
    low = maximum(low1[..., None, :], low2[..., None, :, :])
    high = minimum(high1[..., None, :], high2[..., None, :, :])
    size = _upcast(high - low).clamp(min=0)
    inter = size[..., 0] * size[..., 1]
    return inter, area1[..., None] + area2[..., None, :] - inter


@entry
def box_iou(boxes1: Tensor, boxes2: Tensor, fmt: str = "xyxy") -> Tensor:
    """What boxes share, of what both cover: (..., N, M) for N first and M second boxes. Turned boxes are not here yet.

    >>> import autogradkit as torch
    >>> box_iou(torch.tensor([[0.0, 0.0, 2.0, 2.0]]), torch.tensor([[1.0, 0.0, 3.0, 2.0], [0.0, 0.0, 2.0, 1.0]]))
    tensor([[0.3333, 0.5000]])
    """
    if fmt in _TURNED:
        raise NotImplementedError(f"torchvision has box_iou of '{fmt}'; autogradkit does not have it yet")
    if fmt not in _STRAIGHT:
        raise ValueError(
            f"Unsupported format '{fmt}'. Supported axis-aligned formats: {_STRAIGHT}. "
            f"Supported rotated formats: {_TURNED}."
        )
    inter, union = _box_inter_union(boxes1, boxes2, fmt)
    return inter / union


def _enclosing(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """The size of the smallest box around each two: (..., N, M, 2)."""
    low = minimum(boxes1[..., None, :2], boxes2[..., None, :, :2])
    high = maximum(boxes1[..., None, 2:], boxes2[..., None, :, 2:])
    return _upcast(high - low).clamp(min=0)


@entry
def generalized_box_iou(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """`box_iou`, less the share of the smallest box around both that neither covers (Rezatofighi et al., 2019).

    >>> import autogradkit as torch
    >>> generalized_box_iou(torch.tensor([[0.0, 0.0, 1.0, 1.0]]), torch.tensor([[3.0, 0.0, 4.0, 1.0]]))
    tensor([[-0.5000]])
    """
    inter, union = _box_inter_union(boxes1, boxes2)
    size = _enclosing(boxes1, boxes2)
    area = size[..., 0] * size[..., 1]
    return inter / union - (area - union) / area


def _distance_and_iou(boxes1: Tensor, boxes2: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    iou = box_iou(boxes1, boxes2)
    size = _enclosing(boxes1, boxes2)
    diagonal = size[..., 0] ** 2 + size[..., 1] ** 2 + eps
    (x1, y1), (x2, y2) = (
        ((each[..., 0] + each[..., 2]) / 2, (each[..., 1] + each[..., 3]) / 2) for each in (boxes1, boxes2)
    )
    apart = _upcast(x1[..., None] - x2[..., None, :]) ** 2 + _upcast(y1[..., None] - y2[..., None, :]) ** 2
    return iou - apart / diagonal, iou


@entry
def distance_box_iou(boxes1: Tensor, boxes2: Tensor, eps: float = 1e-7) -> Tensor:
    """`box_iou`, less the squared distance of the centres by that of the corners of the box around both (Zheng et al., 2020).

    >>> import autogradkit as torch
    >>> distance_box_iou(torch.tensor([[0.0, 0.0, 1.0, 1.0]]), torch.tensor([[1.0, 0.0, 2.0, 1.0]]))
    tensor([[-0.2000]])
    """
    return _distance_and_iou(_upcast(boxes1), _upcast(boxes2), eps)[0]


@entry
def complete_box_iou(boxes1: Tensor, boxes2: Tensor, eps: float = 1e-7) -> Tensor:
    """`distance_box_iou`, less how much the shapes of both differ (Zheng et al., 2020).

    >>> import autogradkit as torch
    >>> complete_box_iou(torch.tensor([[0.0, 0.0, 1.0, 1.0]]), torch.tensor([[0.0, 0.0, 1.0, 1.0]]))
    tensor([[1.]])
    """
    boxes1, boxes2 = _upcast(boxes1), _upcast(boxes2)
    distance, iou = _distance_and_iou(boxes1, boxes2, eps)
    shape1 = (boxes1[..., None, 2] - boxes1[..., None, 0]) / (boxes1[..., None, 3] - boxes1[..., None, 1])
    shape2 = (boxes2[..., None, :, 2] - boxes2[..., None, :, 0]) / (boxes2[..., None, :, 3] - boxes2[..., None, :, 1])
    unlike = (4 / (math.pi**2)) * (shape1.atan() - shape2.atan()) ** 2
    with no_grad():
        weight = unlike / (1 - iou + unlike + eps)
    return distance - weight * unlike


@entry
def masks_to_boxes(masks: Tensor) -> Tensor:
    """The box around what is not zero in each mask (N, H, W), as float32; zeros where nothing is.

    >>> import autogradkit as torch
    >>> mask = torch.zeros(1, 4, 5); mask[0, 1:3, 2:4] = 1
    >>> masks_to_boxes(mask)
    tensor([[2., 1., 3., 2.]])
    """
    if masks.numel() == 0:
        return zeros((0, 4), dtype=float32)
    there = masks.bool()
    ends: list[Tensor] = []
    for dim in (1, 2):  # columns, then rows
        along = there.any(dim=dim).float()
        ends.append(stack((along.argmax(dim=1), along.shape[1] - 1 - along.flip(dims=[1]).argmax(dim=1)), dim=1))
    boxes = cat((ends[0][:, :1], ends[1][:, :1], ends[0][:, 1:], ends[1][:, 1:]), dim=1).float()
    boxes[~there.flatten(1).any(dim=1)] = 0
    return boxes
