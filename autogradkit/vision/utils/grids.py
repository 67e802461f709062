"""A batch of images as one image, and as a file. Rests on the tensor and `files`; Pillow encodes."""

from __future__ import annotations

import io
import math
import os
from typing import Any

import autogradkit as ak
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.files import write_whole


@entry
@ak.no_grad()
def make_grid(
    tensor: Any,
    nrow: int = 8,
    padding: int = 2,
    normalize: bool = False,
    value_range: Any = None,
    scale_each: bool = False,
    pad_value: float = 0.0,
) -> Tensor:
    """A batch (N, C, H, W), or a list of images, as one image of `nrow` in a row, `padding` pixels apart.

    Grey images get three channels. With `normalize` the values go from 0 to 1, of all images or with `scale_each` of each; they
    are taken to lie in `value_range`, or between the smallest and the largest.

    >>> make_grid(ak.zeros(5, 3, 4, 6), nrow=3).shape
    torch.Size([3, 14, 26])
    """
    if isinstance(tensor, list):
        for each in tensor:
            if not isinstance(each, Tensor):
                raise TypeError(f"tensor or list of tensors expected, got a list containing {type(each)}")
        tensor = ak.stack(tensor, dim=0)
    elif not isinstance(tensor, Tensor):
        raise TypeError(f"tensor or list of tensors expected, got {type(tensor)}")
    if tensor.dim() == 2:
        tensor = tensor.unsqueeze(0)
    if tensor.dim() == 3:
        tensor = tensor.unsqueeze(0)
    if tensor.dim() == 4 and tensor.size(1) == 1:
        tensor = ak.cat((tensor, tensor, tensor), 1)
    if normalize is True:
        tensor = tensor.clone()
        if value_range is not None and not isinstance(value_range, tuple):
            raise TypeError("value_range has to be a tuple (min, max) if specified. min and max are numbers")
        for part in tensor if scale_each is True else [tensor]:
            low, high = (float(part.min()), float(part.max())) if value_range is None else value_range
            part.clamp_(min=low, max=high).sub_(low).div_(max(high - low, 1e-5))
    if tensor.shape[0] == 1:
        return tensor.squeeze(0)
    count, channels, height, width = tensor.shape
    columns = min(nrow, count)
    down, across = height + padding, width + padding
    size = (channels, down * math.ceil(count / columns) + padding, across * columns + padding)
    grid = tensor.new_full(size, pad_value)
    for number, image in enumerate(tensor):
        top, left = number // columns * down + padding, number % columns * across + padding
        grid[:, top : top + height, left : left + width] = image
    return grid


@entry
@ak.no_grad()
def save_image(tensor: Any, fp: Any, format: str | None = None, **kwargs: Any) -> None:
    """Write an image, or the grid of a batch, to a file, its values taken to lie between 0 and 1.

    The format follows from the file's name unless it is given; further arguments are `make_grid`'s.
    """
    from PIL import Image

    grid = make_grid(tensor, **kwargs)
    pixels = grid.mul(255).add_(0.5).clamp_(0, 255).permute(1, 2, 0).to(ak.uint8)
    image = Image.fromarray(pixels.numpy())
    if not isinstance(fp, str | os.PathLike):
        image.save(fp, format=format)
        return
    buffer: Any = io.BytesIO()
    buffer.name = os.fspath(fp)  # of which Pillow takes the format
    image.save(buffer, format=format)
    write_whole(buffer.name, buffer.getvalue())
