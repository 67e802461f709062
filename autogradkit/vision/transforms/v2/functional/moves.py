"""Where the points of a picture come to lie when it is warped: functions from points (N, 2) to points.

Rests on what `transforms.functional` does to pixels; the kernels of boxes and of key points use it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import autogradkit as ak
from autogradkit.core.tensor import Tensor
from autogradkit.vision.transforms.functional.warps import (
    checked_affine,
    forward_affine,
    inverse_affine,
    perspective_coefficients,
    size_of_rotated,
)

Move = Callable[[Tensor], Tensor]


def _with_ones(points: Tensor) -> Tensor:
    return ak.cat([points, ak.ones(points.shape[0], 1, dtype=points.dtype)], -1)


def affine(
    canvas: tuple[int, int],
    angle: float,
    translate: Any,
    scale: float,
    shear: Any,
    center: Any = None,
    expand: bool = False,
) -> tuple[Move, tuple[int, int]]:
    """How points of floats move when their picture is turned, moved, scaled and sheared, and its canvas then."""
    height, width = canvas
    shear = checked_affine(angle, translate, scale, shear, center)
    how = [width * 0.5, height * 0.5] if center is None else center, angle, translate, scale, shear

    def move(points: Tensor) -> Tensor:
        matrix = ak.tensor(forward_affine(*how), dtype=points.dtype).reshape(2, 3).T
        made = _with_ones(points) @ matrix
        if expand:
            corners = ak.tensor([[0, 0], [0, height], [width, height], [width, 0]], dtype=points.dtype)
            made = made - (_with_ones(corners) @ matrix).amin(0, keepdim=True)
        return made

    if not expand:
        return move, canvas
    wide, tall = size_of_rotated(inverse_affine(*how), width, height)
    return move, (tall, wide)


def perspective(startpoints: Any, endpoints: Any, what: str) -> Move:
    """How points move when four points of their picture come to lie at four others; `what` they are, for the error."""
    coefficients = perspective_coefficients(startpoints, endpoints)
    a, b, c, d, e, f, g, h = coefficients
    denominator = a * e - b * d
    if denominator == 0:
        raise RuntimeError(
            f"Provided perspective_coeffs {coefficients} can not be inverted to transform {what}. "
            f"Denominator is zero, denom={denominator}"
        )
    rows = (e - f * h, -b + c * h, b * f - c * e), (-d + f * g, a - c * g, -a * f + c * d)
    below = [(-e * g + d * h) / denominator, (-a * h + b * g) / denominator, 1.0]

    def move(points: Tensor) -> Tensor:
        points = _with_ones(points if points.is_floating_point() else points.float())
        above = ak.tensor([[each / denominator for each in row] for row in rows], dtype=points.dtype)
        return points @ above.T / (points @ ak.tensor([below, below], dtype=points.dtype).T)

    return move


def elastic(canvas: tuple[int, int], displacement: Any) -> Move:
    """How points move when the pixels of their picture are displaced: about as far, the other way."""
    height, width = canvas
    if not isinstance(displacement, Tensor):
        raise TypeError("Argument displacement should be a Tensor")
    if displacement.shape != (1, height, width, 2):
        raise ValueError(
            f"Argument displacement shape should be {(1, height, width, 2)}, but given {displacement.shape}"
        )

    def move(points: Tensor) -> Tensor:
        dtype = points.dtype if points.is_floating_point() else ak.float32
        x, y = points.long().unbind(-1)
        x, y = x.clamp(0, width - 1), y.clamp(0, height - 1)
        at = [ak.linspace((1 - n) / n, (n - 1) / n, n, dtype=dtype)[i] for n, i in ((width, x), (height, y))]
        places = ak.stack(at, -1) - displacement.to(dtype)[0, y, x]
        return (places + 1) * (0.5 * ak.tensor([width, height], dtype=dtype)) - 0.5

    return move
