"""Boxes, masks and key points drawn upon an image (C, H, W). Rests on the tensor and on Pillow's drawing."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

import autogradkit as ak
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.vision.transforms.functional import convert_image_dtype, pil_to_tensor, to_pil_image

_STEPS = (2**25 - 1, 2**15 - 1, 2**21 - 1)  # each colour of the palette is so much further in red, green and blue
_DASH = 5


def _refuse_image(image: Any, message: str) -> None:
    if not isinstance(image, Tensor):
        raise TypeError(f"{message}, got {type(image)}")
    if not (image.dtype == ak.uint8 or image.is_floating_point()):
        raise ValueError(f"The image dtype must be uint8 or float, got {image.dtype}")
    if image.dim() != 3:
        raise ValueError("Pass individual images, not batches")


def _refuse_other_than_rgb(image: Any) -> None:
    _refuse_image(image, "The image must be a tensor")
    if image.size(0) != 3:
        raise ValueError("Pass an RGB image. Other Image formats are not supported")


def _colours(colors: Any, count: int) -> list[Any]:
    """(red, green, blue) for each of so many objects; a palette where none are given."""
    from PIL import ImageColor

    if colors is None:
        colors = [tuple(number * step % 255 for step in _STEPS) for number in range(count)]
    elif isinstance(colors, list):
        if len(colors) < count:
            raise ValueError(
                f"Number of colors must be equal or larger than the number of objects, but got {len(colors)} < {count}."
            )
    elif not isinstance(colors, tuple | str):
        raise ValueError(f"colors must be a tuple or a string, or a list thereof, but got {colors}.")
    elif isinstance(colors, tuple) and len(colors) != 3:
        raise ValueError(f"If passed as tuple, colors should be an RGB triplet, but got {colors}.")
    else:
        colors = [colors] * count
    return [ImageColor.getrgb(each) if isinstance(each, str) else each for each in colors]


def _canvas(image: Tensor) -> Any:
    return to_pil_image(convert_image_dtype(image, ak.uint8) if image.is_floating_point() else image)


def _canvas_to_tensor(canvas: Any, dtype: Dtype) -> Tensor:
    made = pil_to_tensor(canvas)
    return made.to(dtype).mul_(1.0 / 255) if dtype.is_floating_point else made


@entry
@ak.no_grad()
def draw_bounding_boxes(
    image: Any,
    boxes: Tensor,
    labels: Any = None,
    colors: Any = None,
    fill: bool | None = False,
    width: int = 1,
    font: str | None = None,
    font_size: int | None = None,
    label_colors: Any = None,
    label_background_colors: Any = None,
    fill_labels: bool = False,
) -> Tensor:
    """An image, grey or RGB, with boxes (N, 4) drawn upon it: xmin, ymin, xmax, ymax; or (N, 8), their four corners.

    `labels` stand in the upper left corners; `colors` are one for all or one for each, by name, "#rrggbb" or as RGB.
    """
    from PIL import ImageDraw, ImageFont

    _refuse_image(image, "Tensor expected")
    if image.size(0) not in {1, 3}:
        raise ValueError("Only grayscale and RGB images are supported")
    if boxes.shape[-1] == 4 and ((boxes[:, 0] > boxes[:, 2]).any() or (boxes[:, 1] > boxes[:, 3]).any()):
        raise ValueError(
            "Boxes need to be in (xmin, ymin, xmax, ymax) format. Use torchvision.ops.box_convert to convert them"
        )
    count = boxes.shape[0]
    if count == 0:
        warnings.warn("boxes doesn't contain any box. No box was drawn", stacklevel=3)
        return image
    names = [None] * count if labels is None else labels
    if len(names) != count:
        raise ValueError(
            f"Number of boxes ({count}) and labels ({len(names)}) mismatch. Please specify labels for each box."
        )
    outlines = _colours(colors, count)
    written = _colours(label_colors or "black", count) if label_colors or fill_labels else outlines
    grounds = _colours(label_background_colors, count) if fill_labels and label_background_colors else outlines
    if font is None:
        if font_size is not None:
            warnings.warn("Argument 'font_size' will be ignored since 'font' is not set.", stacklevel=3)
        letters: Any = ImageFont.load_default()
    else:
        letters = ImageFont.truetype(font=font, size=font_size or 10)
    canvas = _canvas(ak.tile(image, (3, 1, 1)) if image.size(0) == 1 else image)
    draw = ImageDraw.Draw(canvas, "RGBA" if fill else None)
    for box, outline, name, colour, ground in zip(
        boxes.to(ak.int64).tolist(), outlines, names, written, grounds, strict=False
    ):
        inside = (*outline, 100) if fill else None
        if len(box) == 4:
            draw.rectangle(box, width=width, outline=outline, fill=inside)
        else:
            _quadrangle(draw, box, width, outline, inside)
        if name is None:
            continue
        at = box[0] + width + 1, box[1] + width + 1
        if fill_labels:
            left, top, right, bottom = draw.textbbox(at, name, font=letters)
            draw.rectangle((left - 1, top - 1, right + 1, bottom + 1), fill=ground)
        draw.text(at, name, fill=colour, font=letters)
    return _canvas_to_tensor(canvas, image.dtype)


def _quadrangle(draw: Any, corners: list[int], width: int, outline: Any, inside: Any) -> None:
    """A box that may be turned; its upper edge is dashed."""
    points = list(zip(corners[::2], corners[1::2], strict=True))
    (x, y), (end_x, end_y) = points[:2]
    angle, length = math.atan2(end_y - y, end_x - x), math.hypot(end_x - x, end_y - y)
    for start in np.arange(0, length, 2 * _DASH).tolist():
        ends = ((x + math.cos(angle) * at, y + math.sin(angle) * at) for at in (start, min(start + _DASH, length)))
        draw.line(list(ends), outline, width)
    for one, other in zip(points[1:], [*points[2:], points[0]], strict=True):
        draw.line((one, other), width=width, fill=outline)
    draw.polygon(corners, fill=inside, outline=None, width=0)


@entry
@ak.no_grad()
def draw_segmentation_masks(image: Any, masks: Tensor, alpha: float = 0.8, colors: Any = None) -> Tensor:
    """An RGB image with masks (N, H, W), of bools, laid over it; `alpha` is how much of the colours is seen.

    Where masks overlap it is black.
    """
    _refuse_other_than_rgb(image)
    if masks.ndim == 2:
        masks = masks[None]
    if masks.ndim != 3:
        raise ValueError("masks must be of shape (H, W) or (batch_size, H, W)")
    if masks.dtype != ak.bool:
        raise ValueError(f"The masks must be of dtype bool. Got {masks.dtype}")
    if masks.shape[-2:] != image.shape[-2:]:
        raise ValueError("The image and the masks must have the same height and width")
    count = masks.shape[0]
    if count == 0:
        warnings.warn("masks doesn't contain any mask. No mask was drawn", stacklevel=3)
        return image
    scale = 255 if image.is_floating_point() else 1
    coloured = image.detach().clone()
    for mask, colour in zip(masks, _colours(colors, count), strict=False):
        values = [each / scale if scale > 1 else each for each in colour]
        coloured[:, mask] = ak.tensor(values, dtype=image.dtype)[:, None]
    coloured[:, masks.sum(dim=0) > 1] = 0
    return (image * (1 - alpha) + coloured * alpha).to(image.dtype)


@entry
@ak.no_grad()
def draw_keypoints(
    image: Any,
    keypoints: Tensor,
    connectivity: Any = None,
    colors: Any = None,
    radius: int = 2,
    width: int = 3,
    visibility: Tensor | None = None,
) -> Tensor:
    """An RGB image with points (instances, K, 2) drawn upon it, x and y, where they are visible.

    `connectivity` lists the pairs of points that a line joins.
    """
    from PIL import ImageDraw

    _refuse_other_than_rgb(image)
    if keypoints.ndim != 3:
        raise ValueError("keypoints must be of shape (num_instances, K, 2)")
    seen = ak.ones(keypoints.shape[:-1], dtype=ak.bool) if visibility is None else visibility
    if seen.ndim == 3:
        seen = seen.squeeze(-1)
    if seen.ndim != 2:
        raise ValueError(f"visibility must be of shape (num_instances, K). Got ndim={seen.ndim}")
    if seen.shape != keypoints.shape[:-1]:
        raise ValueError(
            "keypoints and visibility must have the same dimensionality for num_instances and K. "
            f"Got visibility.shape={seen.shape!r} and keypoints.shape={keypoints.shape!r}"
        )
    canvas = _canvas(image)
    draw = ImageDraw.Draw(canvas)
    for points, visible in zip(keypoints.to(ak.int64).tolist(), seen.bool().tolist(), strict=True):
        for (x, y), shown in zip(points, visible, strict=True):
            if shown:
                draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=colors, outline=None, width=0)
        for one, other in connectivity or ():
            if visible[one] and visible[other]:
                draw.line((tuple(points[one]), tuple(points[other])), width=width)
    return _canvas_to_tensor(canvas, image.dtype)
