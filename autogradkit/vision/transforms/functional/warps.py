"""Images rotated, sheared, seen in perspective and distorted: each pixel is looked up where it came from.

Rests on `images` and on `grid_sample`; PIL images are transformed by Pillow.
"""

from __future__ import annotations

import math
import numbers
import warnings
from typing import Any

import autogradkit as ak
from autogradkit import linalg
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional
from autogradkit.vision.transforms.functional.conversion import pil_to_tensor, to_pil_image
from autogradkit.vision.transforms.functional.geometry import in_batch, out_of_batch, pil_fill
from autogradkit.vision.transforms.functional.images import (
    PIL_CODES,
    InterpolationMode,
    get_dimensions,
    image_tensor,
    interpolation_mode,
    is_pil,
    named_interpolation,
    pil_image,
)

__all__ = ["affine", "elastic_transform", "perspective", "rotate"]

_AFFINE, _PERSPECTIVE = 0, 2  # Pillow's Transform


@entry
def rotate(
    img: Any,
    angle: float,
    interpolation: Any = InterpolationMode.NEAREST,
    expand: bool = False,
    center: Any = None,
    fill: Any = None,
) -> Any:
    """An image turned counter-clockwise by an angle in degrees, about its middle or `center`, (x, y).

    With `expand` the result is so large that the whole picture is in it.
    """
    mode = interpolation_mode(interpolation)
    if not isinstance(angle, int | float):
        raise TypeError("Argument angle should be int or float")
    if center is not None and not isinstance(center, list | tuple):
        raise TypeError("Argument center should be a sequence")
    if not isinstance(img, Tensor):
        pil_image(img)
        return img.rotate(angle, PIL_CODES[mode], expand, center, fillcolor=pil_fill(fill, img))
    matrix = inverse_affine(_from_middle(img, center), -angle, [0.0, 0.0], 1.0, [0.0, 0.0])
    _refuse_sampling(img, mode, fill)
    _, height, width = get_dimensions(img)
    size = size_of_rotated(matrix, width, height) if expand else (width, height)
    return _sampled(img, _affine_grid(matrix, _float_dtype(img), (width, height), size), mode, fill)


@entry
def affine(
    img: Any,
    angle: float,
    translate: Any,
    scale: float,
    shear: Any,
    interpolation: Any = InterpolationMode.NEAREST,
    fill: Any = None,
    center: Any = None,
) -> Any:
    """An image turned clockwise by an angle in degrees, moved, scaled and sheared, about its middle or `center`, (x, y)."""
    mode = interpolation_mode(interpolation)
    shear = checked_affine(angle, translate, scale, shear, center)
    _, height, width = get_dimensions(img)
    if not isinstance(img, Tensor):
        middle = [width * 0.5, height * 0.5] if center is None else center
        matrix = inverse_affine(middle, angle, translate, scale, shear)
        return pil_image(img).transform(img.size, _AFFINE, matrix, PIL_CODES[mode], fillcolor=pil_fill(fill, img))
    matrix = inverse_affine(_from_middle(img, center), angle, translate, scale, shear)
    _refuse_sampling(img, mode, fill)
    size = width, height
    return _sampled(img, _affine_grid(matrix, _float_dtype(img), size, size), mode, fill)


def checked_affine(angle: Any, translate: Any, scale: Any, shear: Any, center: Any) -> list[float]:
    """Refuse wrong arguments of an affine transformation; both shears of what may be one number."""
    if not isinstance(angle, int | float):
        raise TypeError("Argument angle should be int or float")
    if not isinstance(translate, list | tuple):
        raise TypeError("Argument translate should be a sequence")
    if len(translate) != 2:
        raise ValueError("Argument translate should be a sequence of length 2")
    if scale <= 0.0:
        raise ValueError("Argument scale should be positive")
    if not isinstance(shear, numbers.Real | list | tuple):
        raise TypeError("Shear should be either a single value or a sequence of two values")
    both = [shear, 0.0] if isinstance(shear, numbers.Real) else list(shear)
    if len(both) == 1:
        both *= 2
    if len(both) != 2:
        raise ValueError(f"Shear should be a sequence containing two values. Got {both}")
    if center is not None and not isinstance(center, list | tuple):
        raise TypeError("Argument center should be a sequence")
    return both


def inverse_affine(center: Any, angle: float, translate: Any, scale: float, shear: Any) -> list[float]:
    """The matrix, by rows, that leads from a pixel of the result to where it comes from."""
    a, b, c, d = _turned_and_sheared(angle, shear)
    cx, cy = center
    tx, ty = translate
    p, q, r, s = (each / scale for each in (d, -b, -c, a))  # turned and sheared by a matrix of determinant 1
    x = 0.0 + (p * (-cx - tx) + q * (-cy - ty)) + cx
    y = 0.0 + (r * (-cx - tx) + s * (-cy - ty)) + cy
    return [p, q, x, r, s, y]


def forward_affine(center: Any, angle: float, translate: Any, scale: float, shear: Any) -> list[float]:
    """The matrix, by rows, that leads from a point to where it comes to lie.

    A picture is moved so that its `center` is at 0, scaled, sheared along y and x, turned, and moved back and by `translate`.
    """
    a, b, c, d = (each * scale for each in _turned_and_sheared(angle, shear))
    cx, cy = center
    tx, ty = translate
    x = (a * -cx + b * -cy) + (cx + tx)
    y = (c * -cx + d * -cy) + (cy + ty)
    return [a, b, x, c, d, y]


def _turned_and_sheared(angle: float, shear: Any) -> tuple[float, float, float, float]:
    turn, sx, sy = math.radians(angle), math.radians(shear[0]), math.radians(shear[1])
    a = math.cos(turn - sy) / math.cos(sy)
    b = -math.cos(turn - sy) * math.tan(sx) / math.cos(sy) - math.sin(turn)
    c = math.sin(turn - sy) / math.cos(sy)
    d = -math.sin(turn - sy) * math.tan(sx) / math.cos(sy) + math.cos(turn)
    return a, b, c, d


def _from_middle(img: Any, center: Any) -> list[float]:
    """A center (x, y) in pixels, counted from the middle of the picture."""
    if center is None:
        return [0.0, 0.0]
    _, height, width = get_dimensions(img)
    return [1.0 * (at - edge * 0.5) for at, edge in zip(center, (width, height), strict=False)]


def _float_dtype(img: Tensor) -> Dtype:
    return img.dtype if img.is_floating_point() else ak.float32


def _affine_grid(matrix: list[float], dtype: Dtype, size: tuple[int, int], out: tuple[int, int]) -> Tensor:
    """Where each pixel of a result of size `out`, (width, height), is to be looked up, in parts of half the picture."""
    theta = ak.tensor(matrix, dtype=dtype).reshape(1, 2, 3)
    half = ak.tensor([0.5 * size[0], 0.5 * size[1]], dtype=dtype)
    wide, tall = out
    places = _places(dtype, -wide * 0.5 + 0.5, -tall * 0.5 + 0.5, out)
    return places.view(1, tall * wide, 3).bmm(theta.transpose(1, 2) / half).view(1, tall, wide, 2)


def _places(dtype: Dtype, left: float, top: float, size: tuple[int, int]) -> Tensor:
    """(x, y, 1) of each pixel of a picture of size (width, height) whose first pixel is at (left, top)."""
    wide, tall = size
    places = ak.ones(1, tall, wide, 3, dtype=dtype)
    places[..., 0] = ak.linspace(left, left + wide - 1, wide)
    places[..., 1] = ak.linspace(top, top + tall - 1, tall).unsqueeze(-1)
    return places


def size_of_rotated(matrix: list[float], width: int, height: int) -> tuple[int, int]:
    """(width, height) of the smallest picture, on the grid of pixels, that a transformed one fits into."""
    x, y = 0.5 * width, 0.5 * height
    corners = ak.tensor([[-x, -y, 1.0], [-x, y, 1.0], [x, y, 1.0], [x, -y, 1.0]])
    moved = corners @ ak.tensor(matrix, dtype=ak.float32).view(2, 3).T
    middle, precision = ak.tensor((x, y)), 1e-4  # a corner that misses a pixel by rounding alone is on it
    least, most = moved.min(dim=0).values + middle, moved.max(dim=0).values + middle
    sizes = ((most / precision).trunc() * precision).ceil() - ((least / precision).trunc() * precision).floor()
    return int(sizes[0]), int(sizes[1])


def _refuse_sampling(img: Tensor, mode: InterpolationMode, fill: Any) -> None:
    image_tensor(img)
    if fill is not None and not isinstance(fill, int | float | list | tuple):
        warnings.warn("Argument fill should be either int, float, tuple or list", stacklevel=4)
    channels = get_dimensions(img)[0]
    if isinstance(fill, list | tuple) and len(fill) > 1 and len(fill) != channels:
        raise ValueError(
            "The number of elements in 'fill' cannot broadcast to match the number of "
            f"channels of the image ({len(fill)} != {channels})"
        )
    if mode not in (InterpolationMode.NEAREST, InterpolationMode.BILINEAR):
        raise ValueError(f"Interpolation mode '{mode.value}' is unsupported with Tensor input")


def _sampled(img: Tensor, grid: Tensor, mode: InterpolationMode, fill: Any) -> Tensor:
    """The pixels of an image at the places of a grid; `fill` where a place is outside.

    What part of a pixel is from outside is sampled with the image, as one more channel.
    """
    batch, dtype = in_batch(img, (grid.dtype,))
    if batch.shape[0] > 1:
        grid = grid.expand(batch.shape[0], *grid.shape[1:])
    if fill is not None:
        batch = ak.cat((batch, batch.new_ones(batch.shape[0], 1, batch.shape[2], batch.shape[3])), dim=1)
    made = functional.grid_sample(batch, grid, mode=mode.value, padding_mode="zeros", align_corners=False)
    if fill is not None:
        inside, made = made[:, -1:].expand_as(made[:, :-1]), made[:, :-1]
        colours = ak.tensor(fill if isinstance(fill, list | tuple) else [float(fill)], dtype=made.dtype)
        ground = colours.view(1, -1, 1, 1).expand_as(made)
        if mode is InterpolationMode.NEAREST:
            made = ak.where(inside < 0.5, ground, made)
        else:
            made = made * inside + (1.0 - inside) * ground
    return out_of_batch(made, img, dtype)


# -- perspective and elastic distortion --------------------------------------------------------------------------------


@entry
def perspective(
    img: Any, startpoints: Any, endpoints: Any, interpolation: Any = InterpolationMode.BILINEAR, fill: Any = None
) -> Any:
    """An image seen in perspective, so that four points of it, [x, y], come to lie at four others."""
    coefficients = perspective_coefficients(startpoints, endpoints)
    mode = interpolation_mode(interpolation)
    if not isinstance(img, Tensor):
        pil_image(img)
        return img.transform(img.size, _PERSPECTIVE, coefficients, PIL_CODES[mode], fillcolor=pil_fill(fill, img))
    _refuse_sampling(img, mode, fill)
    return _sampled(img, _perspective_grid(coefficients, img.shape[-1], img.shape[-2], _float_dtype(img)), mode, fill)


def perspective_coefficients(startpoints: Any, endpoints: Any) -> list[float]:
    """a to h of x' = (ax + by + c) / (gx + hy + 1), y' = (dx + ey + f) / (gx + hy + 1), which lead from end to start."""
    if len(startpoints) != 4 or len(endpoints) != 4:
        raise ValueError(
            f"Please provide exactly four corners, got {len(startpoints)} startpoints and {len(endpoints)} endpoints."
        )
    rows = []
    for (x, y), (u, v) in zip(endpoints, startpoints, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    knowns = ak.tensor(startpoints, dtype=ak.float64).view(8)
    lstsq: Any = linalg.lstsq  # pyright: ignore[reportAttributeAccessIssue] - from the declarations
    solved = lstsq(ak.tensor(rows, dtype=ak.float32).to(ak.float64), knowns, driver="gels").solution
    return solved.to(ak.float32).tolist()


def _perspective_grid(coefficients: list[float], width: int, height: int, dtype: Dtype) -> Tensor:
    above = ak.tensor([coefficients[:3], coefficients[3:6]], dtype=dtype).unsqueeze(0)
    below = ak.tensor([[*coefficients[6:], 1.0]] * 2, dtype=dtype).unsqueeze(0)
    half = ak.tensor([0.5 * width, 0.5 * height], dtype=dtype)
    places = _places(dtype, 0.5, 0.5, (width, height)).view(1, height * width, 3)
    grid = places.bmm(above.transpose(1, 2) / half) / places.bmm(below.transpose(1, 2)) - 1.0
    return grid.view(1, height, width, 2)


@entry
def elastic_transform(
    img: Any, displacement: Any, interpolation: Any = InterpolationMode.BILINEAR, fill: Any = None
) -> Any:
    """An image each of whose pixels comes from somewhere else: `displacement` (1, H, W, 2), in parts of half the image."""
    if isinstance(interpolation, int):
        warnings.warn(
            "Argument interpolation should be of type InterpolationMode instead of int. "
            "Please, use InterpolationMode enum.",
            stacklevel=3,
        )
    mode = named_interpolation(interpolation)
    if not isinstance(displacement, Tensor):
        raise TypeError("Argument displacement should be a Tensor")
    if not isinstance(img, Tensor):
        if not is_pil(img):
            raise TypeError(f"img should be PIL Image or Tensor. Got {type(img)}")
        return to_pil_image(elastic_transform(pil_to_tensor(img), displacement, mode, fill), mode=img.mode)
    shape = (1, *img.shape[-2:], 2)
    if shape != displacement.shape:
        raise ValueError(f"Argument displacement shape should be {shape}, but given {displacement.shape}")
    y, x = ak.meshgrid(*(ak.linspace((1 - n) / n, (n - 1) / n, n) for n in img.shape[-2:]), indexing="ij")
    return _sampled(img, ak.stack([x, y], -1).unsqueeze(0) + displacement, mode, fill)
