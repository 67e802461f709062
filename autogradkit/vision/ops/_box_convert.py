"""Boxes in other coordinates: corners, a corner or the centre with a size, turned ones with an angle. Rests on tensors.

What goes to a turned form and back is rounded where the coordinates are integers, as in torchvision.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from autogradkit._ops.pointwise.trigonometry import atan2
from autogradkit._ops.selection.joining import stack
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor

FORMATS = ("xyxy", "xywh", "cxcywh", "xywhr", "cxcywhr", "xyxyxyxy")


def _cxcywh_to_xyxy(boxes: Tensor) -> Tensor:
    cx, cy, w, h = boxes.unbind(-1)
    return stack((cx - 0.5 * w, cy - 0.5 * h, cx + 0.5 * w, cy + 0.5 * h), dim=-1)


def _xyxy_to_cxcywh(boxes: Tensor) -> Tensor:
    x1, y1, x2, y2 = boxes.unbind(-1)
    return stack(((x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1), dim=-1)


def _xywh_to_xyxy(boxes: Tensor) -> Tensor:
    x, y, w, h = boxes.unbind(-1)
    return stack((x, y, x + w, y + h), dim=-1)


def _xyxy_to_xywh(boxes: Tensor) -> Tensor:
    x1, y1, x2, y2 = boxes.unbind(-1)
    return stack((x1, y1, x2 - x1, y2 - y1), dim=-1)


def _like(result: Tensor, boxes: Tensor) -> Tensor:
    """Rounded to the dtype of the boxes where that is none of fractions."""
    return result if boxes.is_floating_point() else result.round_().to(boxes.dtype)


def _turned(r: Tensor) -> tuple[Tensor, Tensor]:
    """The cosine and the sine of an angle in degrees."""
    radians = r * math.pi / 180.0
    return radians.cos(), radians.sin()


def _cxcywhr_to_xywhr(boxes: Tensor) -> Tensor:
    cx, cy, w, h, r = boxes.unbind(-1)
    cos, sin = _turned(r)
    x, y = cx - w / 2 * cos - h / 2 * sin, cy - h / 2 * cos + w / 2 * sin
    return _like(stack((x, y, w, h, r), dim=-1), boxes)


def _xywhr_to_cxcywhr(boxes: Tensor) -> Tensor:
    x, y, w, h, r = boxes.unbind(-1)
    cos, sin = _turned(r)
    cx, cy = x + w / 2 * cos + h / 2 * sin, y - w / 2 * sin + h / 2 * cos
    return _like(stack((cx, cy, w, h, r), dim=-1), boxes)


def _xywhr_to_xyxyxyxy(boxes: Tensor) -> Tensor:
    x1, y1, w, h, r = boxes.unbind(-1)
    cos, sin = _turned(r)
    x2, y2 = x1 + w * cos, y1 - w * sin
    x3, y3 = x2 + h * sin, y2 + h * cos
    return _like(stack((x1, y1, x2, y2, x3, y3, x1 + h * sin, y1 + h * cos), dim=-1), boxes)


def _xyxyxyxy_to_xywhr(boxes: Tensor) -> Tensor:
    x1, y1, x2, y2, x3, y3, _, _ = boxes.unbind(-1)
    r = atan2(y1 - y2, x2 - x1) * 180 / math.pi
    w = ((x2 - x1) ** 2 + (y1 - y2) ** 2).sqrt()
    h = ((x3 - x2) ** 2 + (y3 - y2) ** 2).sqrt()
    return _like(stack((x1, y1, w, h, r), dim=-1), boxes)


_STEPS: dict[tuple[str, str], tuple[Callable[[Tensor], Tensor], ...]] = {
    ("xywh", "xyxy"): (_xywh_to_xyxy,),
    ("cxcywh", "xyxy"): (_cxcywh_to_xyxy,),
    ("xyxy", "xywh"): (_xyxy_to_xywh,),
    ("xyxy", "cxcywh"): (_xyxy_to_cxcywh,),
    ("xywh", "cxcywh"): (_xywh_to_xyxy, _xyxy_to_cxcywh),
    ("cxcywh", "xywh"): (_cxcywh_to_xyxy, _xyxy_to_xywh),
    ("cxcywhr", "xywhr"): (_cxcywhr_to_xywhr,),
    ("xywhr", "cxcywhr"): (_xywhr_to_cxcywhr,),
    ("cxcywhr", "xyxyxyxy"): (_cxcywhr_to_xywhr, _xywhr_to_xyxyxyxy),
    ("xyxyxyxy", "cxcywhr"): (_xyxyxyxy_to_xywhr, _xywhr_to_cxcywhr),
    ("xywhr", "xyxyxyxy"): (_xywhr_to_xyxyxyxy,),
    ("xyxyxyxy", "xywhr"): (_xyxyxyxy_to_xywhr,),
}


@entry
def box_convert(boxes: Tensor, in_fmt: str, out_fmt: str) -> Tensor:
    """Boxes (..., 4), turned ones (..., 5) or (..., 8), in another format.

    `xyxy` are two corners, `xywh` the upper left one and a size, `cxcywh` the centre and a size; `xywhr` and `cxcywhr` have an
    angle in degrees, counter-clockwise, `xyxyxyxy` are all four corners of a turned box.

    >>> import autogradkit as torch
    >>> box_convert(torch.tensor([[1.0, 2.0, 5.0, 4.0]]), "xyxy", "cxcywh")
    tensor([[3., 3., 4., 2.]])
    """
    if in_fmt not in FORMATS or out_fmt not in FORMATS:
        raise ValueError(f"Unsupported Bounding Box Conversions for given in_fmt {in_fmt} and out_fmt {out_fmt}")
    if in_fmt == out_fmt:
        return boxes.clone()
    if (in_fmt, out_fmt) not in _STEPS:
        raise NotImplementedError(
            f"Unsupported Bounding Box Conversions for given in_fmt {in_fmt} and out_fmt {out_fmt}"
        )
    for step in _STEPS[in_fmt, out_fmt]:
        boxes = step(boxes)
    return boxes
