"""What transforms do to boxes and key points: kernels that give them back, with the canvas that they lie in then."""

from __future__ import annotations

from typing import Any

import autogradkit as ak
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.tensor import Tensor
from autogradkit.vision.transforms.functional.geometry import both_edges, four_borders
from autogradkit.vision.transforms.v2.functional import moves
from autogradkit.vision.transforms.v2.functional.formats import CXCYWHR, EIGHT, XYWH, XYWHR, XYXY, clamped, converted
from autogradkit.vision.transforms.v2.functional.rotated import rectangles
from autogradkit.vision.transforms.v2.functional.sizes import new_size
from autogradkit.vision.tv_tensors import BoundingBoxes, BoundingBoxFormat, KeyPoints, is_rotated_bounding_format, wrap

Places = BoundingBoxes | KeyPoints
Canvas = tuple[int, int]


def _corner_format(boxes: BoundingBoxes) -> BoundingBoxFormat:
    return EIGHT if is_rotated_bounding_format(boxes.format) else XYXY


def _placed(corners: Tensor, like: BoundingBoxes, canvas: Canvas) -> BoundingBoxes:
    """Boxes by corners in the format of others, in a canvas, cut off where it ends."""
    format = _corner_format(like)
    made = converted(clamped(corners, format, canvas, like.clamping_mode), format, like.format)
    return wrap(made.to(like.dtype), like=like, canvas_size=canvas)


# -- mirrored ----------------------------------------------------------------------------------------------------------


def flipped_across(inpt: Places) -> Any:
    """Left and right exchanged."""
    return _mirrored(inpt, 0)


def flipped_down(inpt: Places) -> Any:
    """Top and bottom exchanged."""
    return _mirrored(inpt, 1)


def _mirrored(inpt: Places, axis: int) -> Any:
    edge = inpt.canvas_size[1 - axis]
    numbers = list(inpt.as_subclass(Tensor).unbind(-1))
    if isinstance(inpt, KeyPoints):
        numbers[axis] = (edge - 1) - numbers[axis]
    elif inpt.format is XYXY:
        numbers[axis], numbers[axis + 2] = edge - numbers[axis + 2], edge - numbers[axis]
    elif inpt.format is EIGHT:
        numbers[axis::2] = [edge - each for each in numbers[axis::2]]
        numbers = [numbers[at] for at in (2, 3, 0, 1, 6, 7, 4, 5)]
    else:
        if inpt.format is XYWH:
            numbers[axis] = numbers[axis] + numbers[axis + 2]
        elif inpt.format is XYWHR:  # the corner at the other end of the first side
            turn = numbers[4] * ak.pi / 180
            numbers[0] = numbers[0] + numbers[2] * turn.cos()
            numbers[1] = numbers[1] - numbers[2] * turn.sin()
        numbers[axis] = edge - numbers[axis]
        if len(numbers) == 5:
            numbers[4] = 180 - numbers[4] if axis else -numbers[4]
    return wrap(ak.stack(numbers, -1), like=inpt)


# -- resized, cropped, padded ------------------------------------------------------------------------------------------


def resized(inpt: Places, size: Any, *_mode: Any, max_size: int | None = None, **_how: Any) -> Any:
    """Boxes and points in a picture that is resized."""
    height, width = inpt.canvas_size
    tall, wide = new_size(height, width, size, max_size)
    new = tall, wide
    if new == (height, width):
        return inpt
    plain = inpt.as_subclass(Tensor)
    ratios = ak.tensor([wide / width, tall / height])
    if isinstance(inpt, BoundingBoxes) and is_rotated_bounding_format(inpt.format):
        return _placed(rectangles(converted(plain, inpt.format, EIGHT) * ratios.tile(4)), inpt, new)
    made = plain.mul(ratios.tile(plain.shape[-1] // 2)).to(plain.dtype)
    return wrap(made, like=inpt, canvas_size=new)


def _shifted(inpt: Places, x: int, y: int) -> Tensor:
    plain = inpt.as_subclass(Tensor)
    count = plain.shape[-1]
    corners = isinstance(inpt, KeyPoints) or inpt.format in (XYXY, EIGHT)
    by = [x, y] * (count // 2) if corners else [x, y] + [0] * (count - 2)
    return plain + ak.tensor(by, dtype=plain.dtype)


def _shown_in(numbers: Tensor, like: Places, canvas: Canvas) -> Any:
    if isinstance(like, BoundingBoxes):
        numbers = clamped(numbers, like.format, canvas, like.clamping_mode)
    return wrap(numbers, like=like, canvas_size=canvas)


def cropped(inpt: Places, top: int, left: int, height: int, width: int) -> Any:
    """Boxes and points in a part of a picture."""
    numbers = _shifted(inpt, -left, -top)
    if isinstance(inpt, BoundingBoxes) and inpt.format is EIGHT:
        numbers = rectangles(numbers)
    return _shown_in(numbers, inpt, (height, width))


def padded(inpt: Places, padding: Any, fill: Any = None, padding_mode: str = "constant") -> Any:
    """Boxes and points in a picture with borders."""
    if padding_mode != "constant":
        message = f"Padding mode '{padding_mode}' is not supported with "
        points = isinstance(inpt, KeyPoints)
        raise ValueError(message + ("KeyPoints (supported modes are constant)" if points else "bounding boxes"))
    left, top, right, bottom = four_borders(padding)
    height, width = inpt.canvas_size
    canvas = height + top + bottom, width + left + right
    return _shown_in(_shifted(inpt, left, top), inpt, canvas)


def cropped_to_middle(inpt: Places, output_size: Any) -> Any:
    """Boxes and points in the middle of a picture."""
    tall, wide = both_edges(output_size)
    height, width = inpt.canvas_size
    return cropped(inpt, round((height - tall) / 2.0), round((width - wide) / 2.0), tall, wide)


def cropped_and_resized(
    inpt: Places, top: int, left: int, height: int, width: int, size: Any, *_how: Any, **_options: Any
) -> Any:
    """Boxes and points in a part of a picture that is resized."""
    return resized(cropped(inpt, top, left, height, width), size)


# -- warped ------------------------------------------------------------------------------------------------------------


def affine(
    inpt: Places,
    angle: float,
    translate: Any,
    scale: float,
    shear: Any,
    interpolation: Any = None,
    fill: Any = None,
    center: Any = None,
    *,
    expand: bool = False,
) -> Any:
    """Boxes, each with what it has become in it, and points of a picture that is turned, moved, scaled and sheared."""
    if inpt.numel() == 0:
        return inpt
    move, canvas = moves.affine(inpt.canvas_size, angle, translate, scale, shear, center, expand)
    plain = inpt.as_subclass(Tensor)
    floats = plain if plain.is_floating_point() else plain.float()
    if isinstance(inpt, KeyPoints):
        return wrap(move(floats.reshape(-1, 2)).view(plain.shape).to(plain.dtype), like=inpt, canvas_size=canvas)
    return _placed(_around(converted(floats, inpt.format, _corner_format(inpt)), move), inpt, canvas)


def rotated(
    inpt: Places, angle: float, interpolation: Any = None, expand: bool = False, center: Any = None, fill: Any = None
) -> Any:
    """Boxes and points of a picture that is turned."""
    return affine(inpt, -angle, [0.0, 0.0], 1.0, [0.0, 0.0], center=center, expand=expand)


def perspective(inpt: Places, startpoints: Any, endpoints: Any, interpolation: Any = None, fill: Any = None) -> Any:
    """Boxes and points of a picture in perspective."""
    if inpt.numel() == 0:
        return inpt
    plain = inpt.as_subclass(Tensor)
    if isinstance(inpt, KeyPoints):
        move = moves.perspective(startpoints, endpoints, "keypoints")
        return wrap(move(plain.reshape(-1, 2)).view(plain.shape).to(plain.dtype), like=inpt)
    move = moves.perspective(startpoints, endpoints, "bounding boxes")
    corners = converted(plain, inpt.format, _corner_format(inpt))
    return _placed(_around(corners, move), inpt, inpt.canvas_size)


def elastic(inpt: Places, displacement: Any, interpolation: Any = None, fill: Any = None) -> Any:
    """Boxes and points of a picture whose pixels are displaced; of a rotated box the middle moves alone."""
    move = moves.elastic(inpt.canvas_size, displacement)
    plain = inpt.as_subclass(Tensor)
    if plain.numel() == 0:
        return inpt
    if isinstance(inpt, KeyPoints):
        return wrap(move(plain.reshape(-1, 2)).view(plain.shape).to(plain.dtype), like=inpt)

    def rounded(points: Tensor) -> Tensor:
        return move(points.ceil() if points.is_floating_point() else points)

    if not is_rotated_bounding_format(inpt.format):
        corners = _around(converted(plain, inpt.format, XYXY), rounded).to(plain.dtype)
        return _placed(corners, inpt, inpt.canvas_size)
    boxes = converted(plain, inpt.format, CXCYWHR)
    boxes = ak.cat([rounded(boxes[:, :2]), boxes[:, 2:]], 1)
    made = clamped(boxes, CXCYWHR, inpt.canvas_size, inpt.clamping_mode)
    return wrap(converted(made, CXCYWHR, inpt.format), like=inpt)


def _around(corners: Tensor, move: moves.Move) -> Tensor:
    """The least boxes that what is in boxes fits into when it has moved; rotated ones become rectangles again."""
    if corners.shape[-1] == 8:
        return rectangles(move(corners.reshape(-1, 2)).view(-1, 8))
    moved = move(corners[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 2)).view(-1, 4, 2)
    return ak.cat([moved.amin(1), moved.amax(1)], 1)


def cast(inpt: Places, dtype: Dtype, scale: bool = False) -> Any:
    """Boxes and points in another dtype."""
    return inpt.to(dtype)
