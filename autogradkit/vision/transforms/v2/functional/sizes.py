"""How large a picture is, and how large it will be; of images, masks and the canvas of boxes."""

from __future__ import annotations

from typing import Any

from autogradkit.core.frames import entry
from autogradkit.vision.transforms.functional import get_dimensions as get_dimensions
from autogradkit.vision.transforms.functional import get_image_num_channels as get_image_num_channels
from autogradkit.vision.transforms.functional import get_image_size as get_image_size
from autogradkit.vision.transforms.functional.geometry import resized
from autogradkit.vision.tv_tensors import BoundingBoxes, KeyPoints

get_num_channels = get_image_num_channels


@entry
def get_size(inpt: Any) -> list[int]:
    """[height, width] of an image, a mask or the canvas of boxes and key points."""
    return list(inpt.canvas_size) if isinstance(inpt, BoundingBoxes | KeyPoints) else get_dimensions(inpt)[1:]


def new_size(height: int, width: int, size: Any, max_size: int | None) -> list[int]:
    """[height, width] of a resized picture; without a size the longer edge becomes `max_size`."""
    if size is None:
        if not isinstance(max_size, int):
            raise ValueError(f"max_size must be an integer when size is None, but got {max_size} instead.")
        short = int(max_size * min(height, width) / max(height, width))
        return [max_size, short] if width <= height else [short, max_size]
    if isinstance(size, int):
        size = [size]
    elif max_size is not None and len(size) != 1:
        raise ValueError(
            "max_size should only be passed if size is None or specifies the length of the smaller edge, "
            "i.e. size should be an int or a sequence of length 1 in torchscript mode."
        )
    return resized(height, width, size, max_size)
