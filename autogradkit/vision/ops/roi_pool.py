"""Regions of feature maps at one size, by maxima. Rests on `regions` and nn."""

from __future__ import annotations

import numpy as np

from autogradkit import nn
from autogradkit._ops.making.filled import zeros
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor, wrap
from autogradkit.vision.ops.regions import Boxes, prepared


def _bins(start: np.ndarray, size: np.ndarray, bins: int, length: int) -> tuple[np.ndarray, np.ndarray]:
    """The places of each bin of each region, along one dimension, and whether it has any: (K, bins, most), (K, bins).

    Shorter bins repeat their last place, which changes no maximum and not which place is the first to have it.
    """
    bin_size = size / size.dtype.type(bins)
    number = np.arange(bins, dtype=size.dtype)
    first = (np.floor(number * bin_size[:, None]) + start[:, None]).clip(0, length).astype(np.intp)
    end = (np.ceil((number + 1) * bin_size[:, None]) + start[:, None]).clip(0, length).astype(np.intp)
    most = max((end - first).max(initial=1), 1)
    places = np.minimum(first[:, :, None] + np.arange(most), (end - 1)[:, :, None])
    return places.clip(0), end > first


@entry
def roi_pool(input: Tensor, boxes: Boxes, output_size: int | tuple[int, int], spatial_scale: float = 1.0) -> Tensor:
    """Regions of feature maps (N, C, H, W) at one size, (K, C, *output_size): each bin is the maximum of its pixels.

    `boxes` and `spatial_scale` are as for `roi_align`; coordinates are rounded to pixels. A bin without any is 0 (Girshick, 2015:
    Fast R-CNN).

    >>> import autogradkit as torch
    >>> maps = torch.arange(16.0).reshape(1, 1, 4, 4)
    >>> roi_pool(maps, [torch.tensor([[0.0, 0.0, 3.0, 3.0]])], 2)
    tensor([[[[ 5.,  7.],
              [13., 15.]]]])
    """
    number, corners, (down, across) = prepared(input, boxes, output_size, "roi_pool")
    channels, height, width = input.shape[1:]
    scaled = corners * corners.dtype.type(spatial_scale)
    pixels = np.copysign(np.floor(np.abs(scaled) + 0.5), scaled)  # halves away from zero, as in C
    start, size = pixels[:, :2], np.maximum(pixels[:, 2:] - pixels[:, :2] + 1, 1)
    columns, some_columns = _bins(start[:, 0], size[:, 0], across, width)
    rows, some_rows = _bins(start[:, 1], size[:, 1], down, height)
    # For each bin its places, row by row: (K, down, across, places).
    places = rows[:, :, None, :, None] * width + columns[:, None, :, None, :]
    places = places.reshape(len(number), down, across, rows.shape[-1] * columns.shape[-1])
    region = number[:, None, None, None]
    channel = np.arange(channels)[None, :, None, None]
    flat = input.flatten(2)
    seen = flat.detach().numpy()[region[..., None], channel[..., None], places[:, None]]
    best = np.take_along_axis(places[:, None], seen.argmax(-1)[..., None], -1)[..., 0]
    picked = flat[wrap(np.broadcast_to(region, best.shape)), wrap(np.broadcast_to(channel, best.shape)), wrap(best)]
    some = wrap((some_rows[:, :, None] & some_columns[:, None, :])[:, None])
    return picked.where(some, zeros((), dtype=input.dtype))


class RoIPool(nn.Module):
    """`roi_pool` as a layer.

    >>> RoIPool((7, 7), 1.0)
    RoIPool(output_size=(7, 7), spatial_scale=1.0)
    """

    def __init__(self, output_size: int | tuple[int, int], spatial_scale: float) -> None:
        super().__init__()
        self.output_size = output_size
        self.spatial_scale = spatial_scale

    def forward(self, input: Tensor, rois: Boxes) -> Tensor:
        """The regions."""
        return roi_pool(input, rois, self.output_size, self.spatial_scale)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(output_size={self.output_size}, spatial_scale={self.spatial_scale})"
