"""What transforms do to boxes: kernels from boxes to boxes, with the canvas that they lie in then; and their formats."""

from __future__ import annotations

from typing import Any

import autogradkit as ak
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.vision.transforms.functional.geometry import both_edges, four_borders
from autogradkit.vision.transforms.v2.functional.dispatch import is_pure_tensor
from autogradkit.vision.transforms.v2.functional.sizes import new_size
from autogradkit.vision.tv_tensors import BoundingBoxes, BoundingBoxFormat, wrap

_XYXY = BoundingBoxFormat.XYXY


def _corners(boxes: Tensor, format: BoundingBoxFormat) -> Tensor:
    """Boxes of a format by two corners."""
    if format is _XYXY:
        return boxes
    at, size = boxes[..., :2], boxes[..., 2:]
    if format is BoundingBoxFormat.CXCYWH:
        at = at - size / 2
    return ak.cat([at, at + size], -1).to(boxes.dtype)


def _converted(boxes: Tensor, old: BoundingBoxFormat, new: BoundingBoxFormat) -> Tensor:
    if old is new:
        return boxes
    corners = _corners(boxes, old)
    if new is _XYXY:
        return corners
    at, size = corners[..., :2], corners[..., 2:] - corners[..., :2]
    if new is BoundingBoxFormat.CXCYWH:
        if old is BoundingBoxFormat.XYWH:
            at, size = boxes[..., :2], boxes[..., 2:]
        how = None if boxes.is_floating_point() else "floor"
        at = ak.div(at * 2 + size, 2, rounding_mode=how)
    return ak.cat([at, size], -1)


def _format(format: Any) -> Any:
    return BoundingBoxFormat[format.upper()] if isinstance(format, str) else format


@entry
def convert_bounding_box_format(inpt: Tensor, old_format: Any = None, new_format: Any = None) -> Tensor:
    """Boxes in another format. `old_format` is asked for where a plain tensor does not know its own."""
    if new_format is None:
        raise TypeError("convert_bounding_box_format() missing 1 required argument: 'new_format'")
    old, new = _format(old_format), _format(new_format)
    if isinstance(inpt, BoundingBoxes):
        if old is not None:
            raise ValueError("For bounding box tv_tensor inputs, `old_format` must not be passed.")
        return wrap(_converted(inpt.as_subclass(Tensor), inpt.format, new), like=inpt, format=new)
    if not is_pure_tensor(inpt):
        raise TypeError(
            f"Input can either be a plain tensor or a bounding box tv_tensor, but got {type(inpt)} instead."
        )
    if old is None:
        raise ValueError("For pure tensor inputs, `old_format` has to be passed.")
    return _converted(inpt, old, new)


@entry
def clamp_bounding_boxes(inpt: BoundingBoxes) -> BoundingBoxes:
    """Boxes cut off where their canvas ends, unless their `clamping_mode` is None."""
    return _placed(_corners(inpt.as_subclass(Tensor), inpt.format), inpt, inpt.canvas_size)


def _placed(corners: Tensor, like: BoundingBoxes, canvas: tuple[int, int], clamp: bool = True) -> BoundingBoxes:
    """Boxes by corners in the format of others, in a canvas, cut off where it ends."""
    if clamp and like.clamping_mode is not None:
        height, width = canvas
        limits = ak.tensor([width, height, width, height])
        corners = corners.clamp(min=0).minimum(limits.to(corners.dtype))
    made = _converted(corners, _XYXY, like.format).to(like.dtype)
    return wrap(made, like=like, canvas_size=canvas)


def _numbers(boxes: BoundingBoxes) -> Tensor:
    return _corners(boxes.as_subclass(Tensor), boxes.format)


def flipped_across(boxes: BoundingBoxes) -> BoundingBoxes:
    """Boxes with left and right exchanged."""
    left, top, right, bottom = _numbers(boxes).unbind(-1)
    width = boxes.canvas_size[1]
    return _placed(ak.stack([width - right, top, width - left, bottom], -1), boxes, boxes.canvas_size, False)


def flipped_down(boxes: BoundingBoxes) -> BoundingBoxes:
    """Boxes with top and bottom exchanged."""
    left, top, right, bottom = _numbers(boxes).unbind(-1)
    height = boxes.canvas_size[0]
    return _placed(ak.stack([left, height - bottom, right, height - top], -1), boxes, boxes.canvas_size, False)


def resized(boxes: BoundingBoxes, size: Any, *_mode: Any, max_size: int | None = None, **_how: Any) -> BoundingBoxes:
    """Boxes in a picture that is resized."""
    height, width = boxes.canvas_size
    new = new_size(height, width, size, max_size)
    ratios = ak.tensor([new[1] / width, new[0] / height] * 2)
    numbers = boxes.as_subclass(Tensor).mul(ratios).to(boxes.dtype)
    return wrap(numbers, like=boxes, canvas_size=(new[0], new[1]))


def cropped(boxes: BoundingBoxes, top: int, left: int, height: int, width: int) -> BoundingBoxes:
    """Boxes in a part of a picture."""
    return _placed(_numbers(boxes) - ak.tensor([left, top] * 2), boxes, (height, width))


def padded(boxes: BoundingBoxes, padding: Any, fill: Any = None, padding_mode: str = "constant") -> BoundingBoxes:
    """Boxes in a picture with borders."""
    if padding_mode != "constant":
        raise ValueError(f"Padding mode '{padding_mode}' is not supported with bounding boxes")
    left, top, right, bottom = four_borders(padding)
    height, width = boxes.canvas_size
    canvas = height + top + bottom, width + left + right
    return _placed(_numbers(boxes) + ak.tensor([left, top] * 2), boxes, canvas)


def cropped_to_middle(boxes: BoundingBoxes, output_size: Any) -> BoundingBoxes:
    """Boxes in the middle of a picture."""
    tall, wide = both_edges(output_size)
    height, width = boxes.canvas_size
    return cropped(boxes, round((height - tall) / 2.0), round((width - wide) / 2.0), tall, wide)


def cropped_and_resized(
    boxes: BoundingBoxes, top: int, left: int, height: int, width: int, size: Any, *_how: Any, **_options: Any
) -> BoundingBoxes:
    """Boxes in a part of a picture that is resized."""
    return resized(cropped(boxes, top, left, height, width), size)


def cast(boxes: BoundingBoxes, dtype: Dtype, scale: bool = False) -> BoundingBoxes:
    """Boxes in another dtype."""
    return boxes.to(dtype)
