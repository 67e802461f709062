"""Regions of feature maps at one size, by interpolation. Rests on `regions` and nn.

A region's grid of samples is a row of places times a column of places, and so is bilinear interpolation. `roi_align` is therefore
two matrix products, whose factors say how much each row and each column counts in each bin, and its gradient is theirs.
"""

from __future__ import annotations

import numpy as np

from autogradkit import nn
from autogradkit._ops.making.filled import zeros
from autogradkit._ops.selection.joining import cat
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor, wrap
from autogradkit.vision.ops.regions import Boxes, prepared


def sample_weights(start: np.ndarray, size: np.ndarray, bins: int, samples: int, length: int) -> np.ndarray:
    """How much each of `length` places counts in each bin of each region, along one dimension: (K, bins, length)."""
    dtype = start.dtype
    counts = np.full(len(start), samples) if samples > 0 else np.ceil(size / bins).astype(np.intp)
    bin_size = size / bins
    number = np.arange(max(counts.max(initial=0), 0))
    within = (number + dtype.type(0.5)) * (bin_size / np.maximum(counts, 1))[:, None]
    places = (start[:, None] + np.arange(bins, dtype=dtype) * bin_size[:, None])[:, :, None] + within[:, None, :]
    there = (places >= -1) & (places <= length) & (number < counts[:, None])[:, None, :]
    places = places.clip(0, length - 1)
    low = np.minimum(places.astype(np.intp), max(length - 2, 0))
    share = (places - low).astype(dtype)
    weights = np.zeros((len(start), bins, length), dtype)
    region, bin = np.ogrid[: len(start), :bins]
    region, bin = region[:, :, None], bin[:, :, None]
    np.add.at(weights, (region, bin, low), np.where(there, 1 - share, 0))
    np.add.at(weights, (region, bin, np.minimum(low + 1, length - 1)), np.where(there, share, 0))
    return weights / np.maximum(counts, 1).astype(dtype)[:, None, None]


@entry
def roi_align(
    input: Tensor,
    boxes: Boxes,
    output_size: int | tuple[int, int],
    spatial_scale: float = 1.0,
    sampling_ratio: int = -1,
    aligned: bool = False,
) -> Tensor:
    """Regions of feature maps (N, C, H, W) at one size, (K, C, *output_size): each bin is a mean of interpolated samples.

    `boxes` are (K, 5), the number of the map and the corners, or a list of (L, 4), one tensor for each map; `spatial_scale` takes
    their coordinates to the map's. A bin has `sampling_ratio`² samples, or as many as its size asks for. `aligned` counts from
    the middle of a pixel (He et al., 2017: Mask R-CNN).

    >>> import autogradkit as torch
    >>> maps = torch.arange(16.0).reshape(1, 1, 4, 4)
    >>> roi_align(maps, [torch.tensor([[0.0, 0.0, 4.0, 4.0]])], 2, aligned=True)
    tensor([[[[ 2.5000,  4.5000],
              [10.5000, 12.5000]]]])
    """
    number, corners, (down, across) = prepared(input, boxes, output_size, "roi_align")
    height, width = input.shape[2:]
    corners = corners * corners.dtype.type(spatial_scale) - corners.dtype.type(0.5 if aligned else 0)
    start, size = corners[:, :2], corners[:, 2:] - corners[:, :2]
    if not aligned:
        size = np.maximum(size, 1)  # regions of a pixel at least, as in the first paper
    columns = sample_weights(start[:, 0], size[:, 0], across, sampling_ratio, width)
    rows = sample_weights(start[:, 1], size[:, 1], down, sampling_ratio, height)
    return averaged(input, number, rows, columns)


def averaged(input: Tensor, number: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> Tensor:
    """For each region the bins (K, C, down, across), of how much each row and each column of its map counts in them."""
    channels, height, width = input.shape[1:]
    down, across = rows.shape[1], columns.shape[1]
    if not len(number):
        return zeros((0, channels, down, across), dtype=input.dtype)
    parts, places = [], []
    for picture in np.unique(number):  # one product for all its regions
        found = np.flatnonzero(number == picture)
        lines = input[int(picture)].transpose(0, 1).reshape(-1, width)
        sampled = lines @ wrap(columns[found].reshape(-1, width)).t()
        sampled = sampled.reshape(height, channels, len(found), across).permute(2, 0, 1, 3).flatten(2)
        parts.append((wrap(rows[found]) @ sampled).reshape(len(found), down, channels, across).transpose(1, 2))
        places.append(found)
    return cat(parts)[wrap(np.argsort(np.concatenate(places)))]


class RoIAlign(nn.Module):
    """`roi_align` as a layer.

    >>> RoIAlign(7, 0.25, 2)
    RoIAlign(output_size=7, spatial_scale=0.25, sampling_ratio=2, aligned=False)
    """

    def __init__(
        self, output_size: int | tuple[int, int], spatial_scale: float, sampling_ratio: int, aligned: bool = False
    ) -> None:
        super().__init__()
        self.output_size = output_size
        self.spatial_scale = spatial_scale
        self.sampling_ratio = sampling_ratio
        self.aligned = aligned

    def forward(self, input: Tensor, rois: Boxes) -> Tensor:
        """The regions."""
        return roi_align(input, rois, self.output_size, self.spatial_scale, self.sampling_ratio, self.aligned)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(output_size={self.output_size}, spatial_scale={self.spatial_scale}, "
            f"sampling_ratio={self.sampling_ratio}, aligned={self.aligned})"
        )
