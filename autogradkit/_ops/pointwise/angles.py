"""tan(x), atan(x) and atan2(y, x), of many numbers of float32 in a fraction of NumPy's time.

Rests on singles and core's bits; `trigonometry` has the functions of these names.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autogradkit._ops.pointwise.singles import by_steps, mend, series, singles
from autogradkit.core.bits import chosen, signed
from autogradkit.core.storage import Array

# atan(q) / q − 1 as a polynomial in q² without a constant term, fitted by the largest error beside atan(q) over 0 ≤ q ≤ 1
# (1.7e-8).
_ATAN = singles(
    0.002920688892195336,
    -0.01636791550443057,
    0.04321184187751946,
    -0.07552212797569363,
    0.10666003994209575,
    -0.1421105515359513,
    0.19993772816867694,
    -0.3333315273530822,
)
# π/2 and π, and what float32 has not of them.
_RIGHT, _STRAIGHT = singles(math.pi / 2, math.pi)
_RIGHT_REST, _STRAIGHT_REST = singles(math.pi / 2 - float(_RIGHT), math.pi - float(_STRAIGHT))


def tan(x: Array, out: Array | None = None) -> Any:
    """The tangent, in `out` or a new array; many numbers of float32 within four units in the last place.

    >>> tan(np.float32([0, 1])).round(4)
    array([0.    , 1.5574], dtype=float32)
    """
    return by_steps(np.tan, _tan, out, x)


def _tan(x: Array, out: Array) -> None:
    cosine = np.cos(x)
    np.divide(np.sin(x, out), cosine, out)


def atan2(y: Array, x: Array, out: Array | None = None) -> Any:
    """The angle of the point (x, y), in `out` or a new array; of many float32 points within three units in the last place.

    >>> atan2(np.float32([1, 0]), np.float32([1, -1])).round(4)
    array([0.7854, 3.1416], dtype=float32)
    """
    return by_steps(np.arctan2, _atan2, out, y, x)


def _atan2(y: Array, x: Array, out: Array) -> None:
    height, width = np.abs(y), np.abs(x)
    steep = height > width
    larger = np.maximum(height, width)
    found = _of_ratio(np.minimum(height, width, out=height), larger, width)
    found = _beyond(steep, found, _RIGHT, _RIGHT_REST)
    found = _beyond(np.signbit(x), found, _STRAIGHT, _STRAIGHT_REST)
    signed(found, y, found)
    mend(np.arctan2, ~((larger > 0) & (larger < np.inf)), found, y, x)
    np.copyto(out, found)


def atan(x: Array, out: Array | None = None) -> Any:
    """The inverse of the tangent, in `out` or a new array; many numbers of float32 within three units in the last place.

    >>> atan(np.float32([0, 1])).round(4)
    array([0.    , 0.7854], dtype=float32)
    """
    return by_steps(np.arctan, _atan, out, x)


def _atan(x: Array, out: Array) -> None:
    size = np.abs(x)
    steep = size > 1
    larger = np.maximum(size, np.float32(1))
    found = _of_ratio(np.minimum(size, np.float32(1), out=size), larger, np.empty_like(x))
    found = _beyond(steep, found, _RIGHT, _RIGHT_REST)
    signed(found, x, out)


def _of_ratio(smaller: Array, larger: Array, square: Array) -> Array:
    """atan(smaller / larger), in `smaller`; `square` is written into."""
    ratio = np.divide(smaller, larger, smaller)
    np.multiply(ratio, ratio, square)
    found = series(square, _ATAN)
    found *= ratio
    ratio += found
    return ratio


def _beyond(condition: Array, angle: Array, whole: Array, rest: Array) -> Array:
    """Where the condition holds what the angle leaves of `whole`, which has this rest; elsewhere the angle."""
    left = rest - angle
    left += whole
    return chosen(condition, left, angle, left)
