"""What counts as an image, a tensor (..., C, H, W) or a PIL image, how large it is, and how it may be interpolated.

Rests on the tensor. Pillow is not imported here: where nobody has loaded it, nothing can be one of its images.
"""

from __future__ import annotations

import enum
import sys
from typing import Any

from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor

__all__ = ["InterpolationMode", "get_dimensions", "get_image_num_channels", "get_image_size"]


class InterpolationMode(enum.Enum):
    """How pixels between pixels are found; `BOX`, `HAMMING` and `LANCZOS` for PIL images alone."""

    NEAREST = "nearest"
    NEAREST_EXACT = "nearest-exact"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    BOX = "box"
    HAMMING = "hamming"
    LANCZOS = "lanczos"


PIL_CODES = {
    InterpolationMode.NEAREST: 0,
    InterpolationMode.LANCZOS: 1,
    InterpolationMode.BILINEAR: 2,
    InterpolationMode.BICUBIC: 3,
    InterpolationMode.BOX: 4,
    InterpolationMode.HAMMING: 5,
    InterpolationMode.NEAREST_EXACT: 0,
}
_OF_CODES = {code: mode for mode, code in PIL_CODES.items() if mode is not InterpolationMode.NEAREST_EXACT}


def named_interpolation(interpolation: Any) -> Any:
    """An interpolation with Pillow's integers exchanged for the modes they stand for; anything else as it is."""
    return _OF_CODES[interpolation] if isinstance(interpolation, int) else interpolation


def interpolation_mode(interpolation: Any) -> InterpolationMode:
    """A mode, given itself or as Pillow's integer; TypeError for anything else."""
    mode = named_interpolation(interpolation)
    if not isinstance(mode, InterpolationMode):
        raise TypeError(
            "Argument interpolation should be a InterpolationMode or a corresponding Pillow integer constant"
        )
    return mode


def is_pil(img: Any) -> bool:
    """Whether something is a PIL image."""
    pillow = sys.modules.get("PIL.Image")
    return pillow is not None and isinstance(img, pillow.Image)


def pil_image(img: Any) -> Any:
    """The PIL image itself; TypeError for anything else."""
    if not is_pil(img):
        raise TypeError(f"img should be PIL Image. Got {type(img)}")
    return img


def image_tensor(img: Tensor, least: int = 2, channels: tuple[int, ...] | None = None) -> Tensor:
    """The tensor itself, if it has the dimensions of an image, and as many channels as are permitted."""
    if img.ndim < 2:
        raise TypeError("Tensor is not a torch image.")
    if img.ndim < least:
        raise TypeError(f"Input image tensor should have at least {least} dimensions, but found {img.ndim}")
    if channels is not None and _channels(img) not in channels:
        raise TypeError(f"Input image tensor permitted channel values are {list(channels)}, but found {_channels(img)}")
    return img


def _channels(img: Tensor) -> int:
    return 1 if img.ndim == 2 else img.shape[-3]


@entry
def get_dimensions(img: Any) -> list[int]:
    """[channels, height, width] of an image."""
    if isinstance(img, Tensor):
        return [_channels(image_tensor(img)), *img.shape[-2:]]
    if not is_pil(img):
        raise TypeError(f"Unexpected type {type(img)}")
    width, height = img.size
    return [len(img.getbands()), height, width]


@entry
def get_image_size(img: Any) -> list[int]:
    """[width, height] of an image."""
    return get_dimensions(img)[:0:-1]


@entry
def get_image_num_channels(img: Any) -> int:
    """How many channels an image has."""
    return get_dimensions(img)[0]
