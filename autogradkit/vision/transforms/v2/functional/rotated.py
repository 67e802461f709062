"""Boxes that may be rotated: their formats, the rectangle for what was one, and how they are cut off at a canvas's edges.

A box is (x, y, width, height, degrees), counted counter-clockwise, (x, y) its first corner or its middle, or the eight
numbers of its four corners. Rests on ops alone; used by `formats` and by the kernels of boxes.
"""

from __future__ import annotations

import math

import autogradkit as ak
from autogradkit.core.tensor import Tensor


def _direction(degrees: Tensor) -> tuple[Tensor, Tensor]:
    turn = degrees.mul(math.pi).div(180.0)
    return turn.cos(), turn.sin()


def from_middle(boxes: Tensor, back: bool = False) -> Tensor:
    """Boxes whose first numbers are the middle by their first corner; or the other way round."""
    x, y, width, height, degrees = boxes.unbind(-1)
    cos, sin = _direction(degrees)
    across, down = (width / 2).abs(), (height / 2).abs()
    if back:
        across, down = -across, -down
    return ak.stack([x - across * cos - down * sin, y + across * sin - down * cos, width, height, degrees], -1)


def four_corners(boxes: Tensor) -> Tensor:
    """The corners (N, 8) of boxes given by their first corner."""
    x, y, width, height, degrees = boxes.unbind(-1)
    cos, sin = _direction(degrees)
    right, up = width * cos, width * sin
    aside, down = height * sin, height * cos
    others = [x + right, y - up, x + (right + aside), y - (up - down), x + aside, y + down]
    return ak.stack([x, y, *others], -1)


def by_corner(corners: Tensor) -> Tensor:
    """Boxes (N, 5) by their first corner, of those with four (N, 8)."""
    x, y, x2, y2, x3, y3 = corners[..., :6].unbind(-1)
    width = ((x2 - x).pow(2) + (y2 - y).pow(2)).sqrt()
    height = ((x3 - x2).pow(2) + (y3 - y2).pow(2)).sqrt()
    degrees = ak.atan2(y - y2, x2 - x).div(math.pi).mul(180.0)
    return ak.stack([x, y, width, height, degrees], -1)


def rectangles(corners: Tensor) -> Tensor:
    """Parallelograms (N, 8) as rectangles, by the corners of their longer diagonal, which stay."""
    x, y, x2, y2, x3, y3, x4, y4 = corners.unbind(-1)
    middle_x, middle_y = (x + x3) / 2, (y + y3) / 2
    wide = ((x2 - x).pow(2) + (y2 - y).pow(2)).sqrt()
    tall = ((x4 - x).pow(2) + (y4 - y).pow(2)).sqrt()
    first, other = ak.atan2(y - y2, x2 - x), ak.atan2(y - y4, x4 - x)
    between = first - other
    sign = ak.where(between > math.pi / 2, -1, 1)
    cos, sin = between.cos(), between.sin()
    width = ak.where(wide < tall, wide * sin, wide + tall * cos * sign) / 2
    height = ak.where(wide > tall, tall * sin, tall + wide * cos * sign) / 2
    turn = ak.where(tall > wide, other + math.pi / 2, first)
    cos, sin = turn.cos(), turn.sin()
    placed = []
    for right, down in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
        placed.append(middle_x + right * width * cos + down * height * sin)
        placed.append(middle_y + down * height * cos - right * width * sin)
    return ak.stack(placed, -1)


# -- cut off -----------------------------------------------------------------------------------------------------------


def clamped(corners: Tensor, canvas: tuple[int, int], mode: str) -> Tensor:
    """Boxes (N, 8) that end where the canvas does, at the angles that they had.

    "hard" keeps all corners in the canvas, "soft" only all of the box that is in it. The left edge is cut; then all is
    turned by 90 degrees, three times more.
    """
    given = corners
    for _ in range(4):
        order = _from_leftmost(corners)
        corners, given = corners.gather(1, order), given.gather(1, order)
        corners = _cut_left(corners, given, canvas, mode)
        corners, given = (_turned(each.gather(1, order), canvas[1]) for each in (corners, given))
        canvas = canvas[1], canvas[0]
    return corners


def _from_leftmost(corners: Tensor) -> Tensor:
    """In which order the numbers of each box are those of its corners, the leftmost, and of two the upper one, first."""
    x, y = corners[:, ::2], corners[:, 1::2]
    place = y / y.abs().max(1, keepdim=True)[0] + x / x.abs().max(1, keepdim=True)[0] * 100
    return (place.min(1)[1].mul(2).unsqueeze(1) + ak.arange(8)) % 8


def _turned(corners: Tensor, width: int) -> Tensor:
    return ak.stack([corners[:, 1::2], width - corners[:, ::2]], -1).flatten(1)


def _lines(corners: Tensor) -> tuple[Tensor, Tensor]:
    """Slopes and intercepts of the sides."""
    x, y = corners[:, ::2], corners[:, 1::2]
    slopes = (y.roll(-1, 1) - y) / (x.roll(-1, 1) - x)
    return slopes, y - slopes * x


def _cut_left(corners: Tensor, given: Tensor, canvas: tuple[int, int], mode: str) -> Tensor:
    slopes, _ = _lines(corners)
    intercepts = _kept_intercepts(corners, given, canvas, mode)
    across = -(intercepts - intercepts.roll(1, 1)) / (slopes - slopes.roll(1, 1))
    met = ak.stack([across, slopes * across + intercepts], -1).flatten(1)
    upright = corners.clone()
    upright[:, ::6] = corners[:, ::6].clamp(min=0)

    x, y = corners[:, ::2], corners[:, 1::2]
    level = y.isclose(y.roll(-1, 1))  # each side's ends at one height
    out = (x[:, 0] < 0) & ~met.isnan().any(-1)
    straight = level[:, 0] | level[:, 2]
    gone = (x <= 0).all(1) | level[:, 3] | level[:, 1] | (straight & x[:, 0].isclose(x[:, 1]))
    for condition, case in ((out, met), (straight, upright), (gone, ak.zeros_like(corners))):
        corners = ak.where(condition.unsqueeze(1), case, corners)
    return corners


def _kept_intercepts(corners: Tensor, given: Tensor, canvas: tuple[int, int], mode: str) -> Tensor:
    """Where the sides meet the left edge, moved into it, and not out of the box that was given."""
    height, width = canvas
    a1, a2, a3, a4 = _lines(corners)[0].unbind(-1)
    b1, b2, b3, b4 = _lines(corners)[1].unbind(-1)
    m1, m2, m3, m4 = _lines(given)[1].unbind(-1)
    b1 = b2.clamp(b1, b3).clamp(0, height)
    b4 = b3.clamp(b2, b4).clamp(0, height)
    if mode == "hard":
        b1 = b4 = (b1 + b4) / 2
        above = [b1 * a2 / a1, b3 * a2 / a3, (a1 - a2) * width + b1, (a3 - a2) * width + b3]
        b2 = ak.stack(above, 1).max(1)[0].clamp(max=b2)
        below = [
            height * (1 - a3 / a4) + b4 * a3 / a4,
            height * (1 - a3 / a2) + b2 * a3 / a2,
            (a2 - a3) * width + b2,
            (a4 - a3) * width + b4,
        ]
        b3 = ak.stack(below, 1).min(1)[0].clamp(min=b3)
    b1, b2, b3, b4 = b1.clamp(m1, m3), b2.clamp(m2, m4), b3.clamp(m1, m3), b4.clamp(m2, m4)
    if mode == "hard":
        b1 = b4 = b1.clamp(m2, m4)
    return ak.stack([b1, b2, b3, b4], -1)
