"""Losses of detectors: of classes that are rarely there, and of boxes that should lie where others are. Rests on nn and boxes."""

from __future__ import annotations

import math

from autogradkit._ops.making.filled import zeros
from autogradkit._ops.pointwise.choice import maximum, minimum
from autogradkit.core.dtype import float32, float64
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.engine.modes import no_grad
from autogradkit.nn import functional


def _reduced(loss: Tensor, reduction: str) -> Tensor:
    if reduction == "none":
        return loss
    if reduction == "sum":
        return loss.sum()
    if reduction == "mean":
        return loss.mean()
    raise ValueError(
        f"Invalid Value for arg 'reduction': '{reduction} \n Supported reduction modes: 'none', 'mean', 'sum'"
    )


@entry
def sigmoid_focal_loss(
    inputs: Tensor, targets: Tensor, alpha: float = 0.25, gamma: float = 2, reduction: str = "none"
) -> Tensor:
    """The binary cross entropy of logits, small where the answer is right already (Lin et al., 2017: RetinaNet).

    `alpha` weighs what is there, 1 − `alpha` what is not; −1 weighs nothing.

    >>> import autogradkit as torch
    >>> sigmoid_focal_loss(torch.tensor([-2.0, 0.0, 2.0]), torch.tensor([1.0, 1.0, 1.0]))
    tensor([0.4125, 0.0433, 0.0005])
    """
    if not 0 <= alpha <= 1 and alpha != -1:
        raise ValueError(f"Invalid alpha value: {alpha}. alpha must be in the range [0,1] or -1 for ignore.")
    p = inputs.sigmoid()
    entropy = functional.binary_cross_entropy_with_logits(inputs, targets, reduction="none")
    right = p * targets + (1 - p) * (1 - targets)
    loss = entropy * (1 - right) ** gamma
    if alpha >= 0:
        loss = (alpha * targets + (1 - alpha) * (1 - targets)) * loss
    return _reduced(loss, reduction)


def _reduced_of_boxes(loss: Tensor, reduction: str) -> Tensor:
    """Likewise; of no boxes the mean is 0."""
    return 0.0 * loss.sum() if reduction == "mean" and loss.numel() == 0 else _reduced(loss, reduction)


def _in_float(boxes: Tensor) -> Tensor:
    return boxes if boxes.dtype in (float32, float64) else boxes.float()


def _inter_union(boxes1: Tensor, boxes2: Tensor) -> tuple[Tensor, Tensor]:
    """What each box shares with the one that it should be, and what both cover."""
    x1, y1, x2, y2 = boxes1.unbind(dim=-1)
    u1, v1, u2, v2 = boxes2.unbind(dim=-1)
    left, top, right, bottom = maximum(x1, u1), maximum(y1, v1), minimum(x2, u2), minimum(y2, v2)
    meet = (bottom > top) & (right > left)
    shared = zeros(x1.shape, dtype=x1.dtype)
    shared[meet] = (right[meet] - left[meet]) * (bottom[meet] - top[meet])
    return shared, (x2 - x1) * (y2 - y1) + (u2 - u1) * (v2 - v1) - shared


def _enclosing(boxes1: Tensor, boxes2: Tensor) -> tuple[Tensor, Tensor]:
    """Width and height of the smallest box around both."""
    x1, y1, x2, y2 = boxes1.unbind(dim=-1)
    u1, v1, u2, v2 = boxes2.unbind(dim=-1)
    return maximum(x2, u2) - minimum(x1, u1), maximum(y2, v2) - minimum(y1, v1)


@entry
def generalized_box_iou_loss(boxes1: Tensor, boxes2: Tensor, reduction: str = "none", eps: float = 1e-7) -> Tensor:
    """1 − the generalized overlap of each box (N, 4) with that at its place in the other tensor (Rezatofighi et al., 2019).

    >>> import autogradkit as torch
    >>> generalized_box_iou_loss(torch.tensor([[0.0, 0.0, 1.0, 1.0]]), torch.tensor([[3.0, 0.0, 4.0, 1.0]]))
    tensor([1.5000])
    """
    boxes1, boxes2 = _in_float(boxes1), _in_float(boxes2)
    shared, union = _inter_union(boxes1, boxes2)
    width, height = _enclosing(boxes1, boxes2)
    area = width * height
    return _reduced_of_boxes(1 - (shared / (union + eps) - (area - union) / (area + eps)), reduction)


def _distance_loss(boxes1: Tensor, boxes2: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    shared, union = _inter_union(boxes1, boxes2)
    iou = shared / (union + eps)
    width, height = _enclosing(boxes1, boxes2)
    diagonal = width**2 + height**2 + eps
    x1, y1, x2, y2 = boxes1.unbind(dim=-1)
    u1, v1, u2, v2 = boxes2.unbind(dim=-1)
    apart = ((x2 + x1) / 2 - (u1 + u2) / 2) ** 2 + ((y2 + y1) / 2 - (v1 + v2) / 2) ** 2
    return 1 - iou + apart / diagonal, iou


@entry
def distance_box_iou_loss(boxes1: Tensor, boxes2: Tensor, reduction: str = "none", eps: float = 1e-7) -> Tensor:
    """1 − the overlap, and how far the centres are apart (Zheng et al., 2020).

    >>> import autogradkit as torch
    >>> distance_box_iou_loss(torch.tensor([[0.0, 0.0, 1.0, 1.0]]), torch.tensor([[1.0, 0.0, 2.0, 1.0]]))
    tensor([1.2000])
    """
    return _reduced_of_boxes(_distance_loss(_in_float(boxes1), _in_float(boxes2), eps)[0], reduction)


@entry
def complete_box_iou_loss(boxes1: Tensor, boxes2: Tensor, reduction: str = "none", eps: float = 1e-7) -> Tensor:
    """`distance_box_iou_loss`, and how much the shapes differ (Zheng et al., 2020).

    >>> import autogradkit as torch
    >>> complete_box_iou_loss(torch.tensor([[0.0, 0.0, 2.0, 1.0]]), torch.tensor([[0.0, 0.0, 2.0, 1.0]]))
    tensor([0.])
    """
    boxes1, boxes2 = _in_float(boxes1), _in_float(boxes2)
    loss, iou = _distance_loss(boxes1, boxes2, 1e-7)  # `eps` counts below alone, as in torchvision
    x1, y1, x2, y2 = boxes1.unbind(dim=-1)
    u1, v1, u2, v2 = boxes2.unbind(dim=-1)
    turned = ((u2 - u1) / (v2 - v1)).atan() - ((x2 - x1) / (y2 - y1)).atan()
    unlike = (4 / (math.pi**2)) * turned**2
    with no_grad():
        weight = unlike / (1 - iou + unlike + eps)
    return _reduced_of_boxes(loss + weight * unlike, reduction)
