"""Position-sensitive regions of feature maps (Dai et al., 2016: R-FCN): each bin has a channel of its own.

They are regions whose bins are means, as `roi_align` computes them; of all channels a bin keeps its own. Rests on `roi_align`.
"""

from __future__ import annotations

import numpy as np

from autogradkit import nn
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.vision.ops.regions import Boxes, prepared
from autogradkit.vision.ops.roi_align import averaged, sample_weights


def _own_channels(bins: Tensor) -> Tensor:
    """Of (K, C · down · across, down, across) to each bin its own channel: (K, C, down, across)."""
    down, across = bins.shape[2:]
    own_columns = bins.unflatten(1, (-1, down, across)).diagonal(dim1=3, dim2=5)  # (K, C, down, down, across)
    return own_columns.diagonal(dim1=2, dim2=3).transpose(2, 3).contiguous()


def _checked(input: Tensor, size: tuple[int, int]) -> None:
    if input.shape[1] % (size[0] * size[1]):
        raise RuntimeError("input channels must be a multiple of pooling height * pooling width")


@entry
def ps_roi_align(
    input: Tensor,
    boxes: Boxes,
    output_size: int | tuple[int, int],
    spatial_scale: float = 1.0,
    sampling_ratio: int = -1,
) -> Tensor:
    """Regions of (N, C · height · width, H, W) at the size (height, width): each bin is a mean of samples of its channel."""
    number, corners, (down, across) = prepared(input, boxes, output_size, "ps_roi_align")
    _checked(input, (down, across))
    corners = corners * corners.dtype.type(spatial_scale) - corners.dtype.type(0.5)
    start, size = corners[:, :2], corners[:, 2:] - corners[:, :2]
    rows = sample_weights(start[:, 1], size[:, 1], down, sampling_ratio, input.shape[2])
    columns = sample_weights(start[:, 0], size[:, 0], across, sampling_ratio, input.shape[3])
    return _own_channels(averaged(input, number, rows, columns))


def _pixels(start: np.ndarray, size: np.ndarray, bins: int, length: int) -> np.ndarray:
    """How much each of `length` pixels counts in the mean of each bin; as in torchvision the last one never does."""
    number = np.arange(bins, dtype=size.dtype)
    step = (size / bins)[:, None]
    first = (np.floor(number * step) + start[:, None]).clip(0, length - 1)
    end = (np.ceil((number + 1) * step) + start[:, None]).clip(0, length - 1)
    pixel = np.arange(length)
    inside = (first[:, :, None] <= pixel) & (pixel < end[:, :, None])
    return (inside / np.maximum(end - first, 1)[:, :, None]).astype(size.dtype)


@entry
def ps_roi_pool(input: Tensor, boxes: Boxes, output_size: int | tuple[int, int], spatial_scale: float = 1.0) -> Tensor:
    """Regions of (N, C · height · width, H, W) at the size (height, width): each bin is the mean of its channel's pixels."""
    number, corners, (down, across) = prepared(input, boxes, output_size, "ps_roi_pool")
    _checked(input, (down, across))
    scaled = corners * corners.dtype.type(spatial_scale)
    places = np.copysign(np.floor(np.abs(scaled) + 0.5), scaled)  # halves away from zero, as in C
    start, size = places[:, :2], np.maximum(places[:, 2:] - places[:, :2], 1)
    rows = _pixels(start[:, 1], size[:, 1], down, input.shape[2])
    columns = _pixels(start[:, 0], size[:, 0], across, input.shape[3])
    return _own_channels(averaged(input, number, rows, columns))


class PSRoIAlign(nn.Module):
    """`ps_roi_align` as a layer."""

    def __init__(self, output_size: int, spatial_scale: float, sampling_ratio: int) -> None:
        super().__init__()
        self.output_size = output_size
        self.spatial_scale = spatial_scale
        self.sampling_ratio = sampling_ratio

    def forward(self, input: Tensor, rois: Boxes) -> Tensor:
        """The regions."""
        return ps_roi_align(input, rois, self.output_size, self.spatial_scale, self.sampling_ratio)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(output_size={self.output_size}, spatial_scale={self.spatial_scale}, "
            f"sampling_ratio={self.sampling_ratio})"
        )


class PSRoIPool(nn.Module):
    """`ps_roi_pool` as a layer."""

    def __init__(self, output_size: int, spatial_scale: float) -> None:
        super().__init__()
        self.output_size = output_size
        self.spatial_scale = spatial_scale

    def forward(self, input: Tensor, rois: Boxes) -> Tensor:
        """The regions."""
        return ps_roi_pool(input, rois, self.output_size, self.spatial_scale)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(output_size={self.output_size}, spatial_scale={self.spatial_scale})"
