"""Boxes from one format to another, and boxes and key points cut off, or left out, where their canvas ends."""

from __future__ import annotations

from typing import Any

import autogradkit as ak
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.vision.transforms.v2.functional import rotated
from autogradkit.vision.transforms.v2.functional.dispatch import is_pure_tensor
from autogradkit.vision.tv_tensors import (
    BoundingBoxes,
    BoundingBoxFormat,
    KeyPoints,
    is_rotated_bounding_format,
    named_format,
    wrap,
)

XYXY, XYWH, CXCYWH = BoundingBoxFormat.XYXY, BoundingBoxFormat.XYWH, BoundingBoxFormat.CXCYWH
XYWHR, CXCYWHR, EIGHT = BoundingBoxFormat.XYWHR, BoundingBoxFormat.CXCYWHR, BoundingBoxFormat.XYXYXYXY


def converted(boxes: Tensor, old: BoundingBoxFormat, new: BoundingBoxFormat) -> Tensor:
    """The numbers of boxes in another format."""
    if old is new:
        return boxes
    if is_rotated_bounding_format(old) != is_rotated_bounding_format(new):
        raise ValueError("Cannot convert between rotated and unrotated bounding boxes.")
    if is_rotated_bounding_format(old):
        return _rotated(boxes, old, new)
    at, size = boxes[..., :2], boxes[..., 2:]
    if old is CXCYWH and new is XYWH and boxes.is_floating_point():
        return ak.cat([at - size / 2, size], -1)
    if old is not XYXY:
        at = at - size / 2 if old is CXCYWH else at
        boxes = ak.cat([at, at + size], -1).to(boxes.dtype)
    if new is XYXY:
        return boxes
    at = boxes[..., :2]
    if old is not XYWH:
        size = boxes[..., 2:] - at
    if new is CXCYWH:
        at = ak.div(at * 2 + size, 2, rounding_mode=None if boxes.is_floating_point() else "floor")
    return ak.cat([at, size], -1)


def _rotated(boxes: Tensor, old: BoundingBoxFormat, new: BoundingBoxFormat) -> Tensor:
    if old is CXCYWHR:
        boxes = rotated.from_middle(boxes)
    elif old is EIGHT:
        boxes = rotated.by_corner(boxes)
    if new is CXCYWHR:
        return rotated.from_middle(boxes, back=True)
    return rotated.four_corners(boxes) if new is EIGHT else boxes


@entry
def convert_bounding_box_format(inpt: Tensor, old_format: Any = None, new_format: Any = None) -> Tensor:
    """Boxes in another format. `old_format` is asked for where a plain tensor does not know its own."""
    if new_format is None:
        raise TypeError("convert_bounding_box_format() missing 1 required argument: 'new_format'")
    old, new = named_format(old_format), named_format(new_format)
    if isinstance(inpt, BoundingBoxes):
        if old is not None:
            raise ValueError("For bounding box tv_tensor inputs, `old_format` must not be passed.")
        return wrap(converted(inpt.as_subclass(Tensor), inpt.format, new), like=inpt, format=new)
    if not is_pure_tensor(inpt):
        raise TypeError(
            f"Input can either be a plain tensor or a bounding box tv_tensor, but got {type(inpt)} instead."
        )
    if old is None:
        raise ValueError("For pure tensor inputs, `old_format` has to be passed.")
    return converted(inpt, old, new)


# -- where the canvas ends ---------------------------------------------------------------------------------------------


def clamped(boxes: Tensor, format: BoundingBoxFormat, canvas: tuple[int, int], mode: str | None) -> Tensor:
    """The numbers of boxes that are cut off where their canvas ends, unless the mode is None."""
    if mode is None:
        return boxes.clone()
    if is_rotated_bounding_format(format):
        return converted(rotated.clamped(converted(boxes, format, EIGHT), canvas, mode), EIGHT, format)
    height, width = canvas
    corners = converted(boxes if boxes.is_floating_point() else boxes.float(), format, XYXY)
    limits = ak.tensor([width, height, width, height]).to(corners.dtype)
    return converted(corners.clamp(min=0).minimum(limits), XYXY, format).to(boxes.dtype)


@entry
def clamp_bounding_boxes(inpt: Any, format: Any = None, canvas_size: Any = None, clamping_mode: Any = "auto") -> Any:
    """Boxes cut off where their canvas ends, as `clamping_mode` says ("soft" or "hard", of rotated ones), None for not.

    "auto" is the mode that boxes have; of a plain tensor format, canvas and mode are asked for.
    """
    if clamping_mode not in (None, "soft", "hard", "auto"):
        raise ValueError(f"clamping_mode must be soft, hard, auto or None, got {clamping_mode}")
    if isinstance(inpt, BoundingBoxes):
        if format is not None or canvas_size is not None:
            raise ValueError("For bounding box tv_tensor inputs, `format` and `canvas_size` must not be passed.")
        mode = inpt.clamping_mode if clamping_mode == "auto" else clamping_mode
        return wrap(clamped(inpt.as_subclass(Tensor), inpt.format, inpt.canvas_size, mode), like=inpt)
    if not is_pure_tensor(inpt):
        raise TypeError(
            f"Input can either be a plain tensor or a bounding box tv_tensor, but got {type(inpt)} instead."
        )
    if format is None or canvas_size is None or clamping_mode == "auto":
        raise ValueError("For pure tensor inputs, `format`, `canvas_size` and `clamping_mode` have to be passed.")
    return clamped(inpt, format, canvas_size, clamping_mode)


@entry
def clamp_keypoints(inpt: Any, canvas_size: Any = None) -> Any:
    """Points moved to the nearest pixel of their canvas; of a plain tensor the canvas is asked for."""
    if not isinstance(inpt, KeyPoints) and not is_pure_tensor(inpt):
        raise TypeError(f"Input can either be a plain tensor or a keypoints tv_tensor, but got {type(inpt)} instead.")
    if is_pure_tensor(inpt) and canvas_size is None:
        raise ValueError("For pure tensor inputs, `canvas_size` has to be passed.")
    if isinstance(inpt, KeyPoints) and canvas_size is not None:
        raise ValueError("For keypoints tv_tensor inputs, `canvas_size` must not be passed.")
    canvas: Any = getattr(inpt, "canvas_size", canvas_size)
    height, width = canvas
    plain = inpt.as_subclass(Tensor)
    made = plain.clamp(min=0).minimum(ak.tensor([width - 1, height - 1]).to(plain.dtype))
    return wrap(made, like=inpt) if isinstance(inpt, KeyPoints) else made


# -- what is left out --------------------------------------------------------------------------------------------------


def valid_boxes(
    boxes: Tensor, format: BoundingBoxFormat, canvas: tuple[int, int], min_size: float = 1.0, min_area: float = 1.0
) -> Tensor:
    """Which boxes have a size and lie in their canvas."""
    turned = is_rotated_bounding_format(format)
    corners = converted(boxes.as_subclass(Tensor), format, EIGHT if turned else XYXY)
    if turned:  # as in torchvision, which takes the height from other numbers than it names
        x, y, x2, y2, x3, y3, x4 = corners[..., :7].unbind(-1)
        widths = ((x - x2).pow(2) + (y - y2).pow(2)).sqrt()
        heights = ((y2 - y3).pow(2) + (x3 - x4).pow(2)).sqrt()
    else:
        widths, heights = (corners[:, 2:] - corners[:, :2]).unbind(-1)
    height, width = canvas
    inside = (corners >= 0).all(-1) & (corners[:, ::2] <= width).all(-1) & (corners[:, 1::2] <= height).all(-1)
    return inside & (widths >= min_size) & (heights >= min_size) & (widths * heights >= min_area)


@entry
def sanitize_bounding_boxes(
    bounding_boxes: Any, format: Any = None, canvas_size: Any = None, min_size: float = 1.0, min_area: float = 1.0
) -> tuple[Any, Tensor]:
    """The boxes that have a size and lie in their canvas, and which they are."""
    if is_pure_tensor(bounding_boxes):
        if format is None or canvas_size is None:
            raise ValueError(
                "format and canvas_size cannot be None if bounding_boxes is a pure tensor. "
                f"Got format={format} and canvas_size={canvas_size}."
                "Set those to appropriate values or pass bounding_boxes as a tv_tensors.BoundingBoxes object."
            )
        valid = valid_boxes(bounding_boxes, named_format(format), canvas_size, min_size, min_area)
        return bounding_boxes[valid], valid
    if not isinstance(bounding_boxes, BoundingBoxes):
        raise ValueError("bounding_boxes must be a tv_tensors.BoundingBoxes instance or a pure tensor.")
    if format is not None or canvas_size is not None:
        raise ValueError(
            "format and canvas_size must be None when bounding_boxes is a tv_tensors.BoundingBoxes instance. "
            f"Got format={format} and canvas_size={canvas_size}. "
            "Leave those to None or pass bounding_boxes as a pure tensor."
        )
    valid = valid_boxes(bounding_boxes, bounding_boxes.format, bounding_boxes.canvas_size, min_size, min_area)
    return wrap(bounding_boxes[valid], like=bounding_boxes), valid


def valid_points(points: Tensor, canvas: tuple[int, int]) -> Tensor:
    """Which points, or which groups of them, lie in their canvas."""
    x, y = points.as_subclass(Tensor).unbind(-1)
    inside = (x >= 0) & (x < canvas[1]) & (y >= 0) & (y < canvas[0])
    return inside.flatten(1).all(1) if inside.ndim > 1 else inside


@entry
def sanitize_keypoints(key_points: Any, canvas_size: Any = None) -> tuple[Any, Tensor]:
    """The points, or the groups of them, that lie in their canvas, and which they are."""
    if is_pure_tensor(key_points):
        if canvas_size is None:
            raise ValueError(
                "canvas_size cannot be None if key_points is a pure tensor. "
                "Set it to an appropriate value or pass key_points as a tv_tensors.KeyPoints object."
            )
        valid = valid_points(key_points, canvas_size)
        return key_points[valid], valid
    if not isinstance(key_points, KeyPoints):
        raise ValueError("key_points must be a tv_tensors.KeyPoints instance or a pure tensor.")
    if canvas_size is not None:
        raise ValueError(
            "canvas_size must be None when key_points is a tv_tensors.KeyPoints instance. "
            f"Got canvas_size={canvas_size}. "
            "Leave it to None or pass key_points as a pure tensor."
        )
    valid = valid_points(key_points, key_points.canvas_size)
    return wrap(key_points[valid], like=key_points), valid
