"""Boxes that detectors start from, at each place of each map: anchors, and the default boxes of SSD. Rests on ops alone."""

from __future__ import annotations

import math
from typing import Any

import autogradkit as ak
from autogradkit import nn
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.vision.models.detection._utils import require
from autogradkit.vision.models.detection.image_list import ImageList


class AnchorGenerator(nn.Module):
    """For each map boxes of some sizes and aspect ratios (height / width) about each of its places, in pixels."""

    def __init__(self, sizes: Any = ((128, 256, 512),), aspect_ratios: Any = ((0.5, 1.0, 2.0),)) -> None:
        super().__init__()
        if not isinstance(sizes[0], list | tuple):
            sizes = tuple((size,) for size in sizes)
        if not isinstance(aspect_ratios[0], list | tuple):
            aspect_ratios = (aspect_ratios,) * len(sizes)
        self.sizes = sizes
        self.aspect_ratios = aspect_ratios
        self.cell_anchors = [
            self.generate_anchors(size, ratios) for size, ratios in zip(sizes, aspect_ratios, strict=False)
        ]

    def generate_anchors(self, scales: Any, aspect_ratios: Any, dtype: Dtype = ak.float32) -> Tensor:
        """Boxes about 0, rounded to pixels."""
        edges, ratios = (ak.as_tensor(each, dtype=dtype) for each in (scales, aspect_ratios))
        tall = ratios.sqrt()
        wide = 1 / tall
        widths, heights = ((each[:, None] * edges[None, :]).view(-1) for each in (wide, tall))
        return (ak.stack([-widths, -heights, widths, heights], dim=1) / 2).round()

    def num_anchors_per_location(self) -> list[int]:
        """How many boxes there are at a place of each map."""
        return [len(sizes) * len(ratios) for sizes, ratios in zip(self.sizes, self.aspect_ratios, strict=False)]

    @entry
    def forward(self, image_list: ImageList, feature_maps: list[Tensor]) -> list[Tensor]:
        """All boxes, the same for each picture."""
        require(
            len(feature_maps) == len(self.cell_anchors),
            "Anchors should be Tuple[Tuple[int]] because each feature map could potentially have different sizes and aspect "
            "ratios. There needs to be a match between the number of feature maps passed and the number of sizes / aspect "
            "ratios specified.",
        )
        height, width = image_list.tensors.shape[-2:]
        self.cell_anchors = [anchors.to(feature_maps[0].dtype) for anchors in self.cell_anchors]
        anchors = []
        for each, about in zip(feature_maps, self.cell_anchors, strict=True):
            down, across = each.shape[-2:]
            y, x = ak.meshgrid(ak.arange(down) * (height // down), ak.arange(across) * (width // across), indexing="ij")
            places = ak.stack((x, y, x, y), dim=2).view(-1, 1, 4)
            anchors.append((places + about.view(1, -1, 4)).reshape(-1, 4))
        joined = ak.cat(anchors)
        return [joined.clone() for _ in image_list.image_sizes]


class DefaultBoxGenerator(nn.Module):
    """For each map boxes of one scale and some aspect ratios about each of its places, in pixels (Liu et al., 2016: SSD)."""

    @entry
    def __init__(
        self,
        aspect_ratios: list[list[int]],
        min_ratio: float = 0.15,
        max_ratio: float = 0.9,
        scales: list[float] | None = None,
        steps: list[int] | None = None,
        clip: bool = True,
    ) -> None:
        super().__init__()
        if steps is not None and len(aspect_ratios) != len(steps):
            raise ValueError("aspect_ratios and steps should have the same length")
        self.aspect_ratios = aspect_ratios
        self.steps = steps
        self.clip = clip
        last = len(aspect_ratios) - 1.0
        if scales is not None:
            self.scales = scales
        elif last:
            self.scales = [min_ratio + (max_ratio - min_ratio) * at / last for at in range(len(aspect_ratios))] + [1.0]
        else:
            self.scales = [min_ratio, max_ratio]
        self._wh_pairs = [self._sizes(at) for at in range(len(aspect_ratios))]

    def _sizes(self, at: int) -> Tensor:
        """Width and height of the boxes of a map, in parts of the picture."""
        scale = self.scales[at]
        between = math.sqrt(scale * self.scales[at + 1])
        sizes = [[scale, scale], [between, between]]
        for ratio in self.aspect_ratios[at]:
            width, height = scale * math.sqrt(ratio), scale / math.sqrt(ratio)
            sizes.extend([[width, height], [height, width]])
        return ak.tensor(sizes, dtype=ak.float32)

    def num_anchors_per_location(self) -> list[int]:
        """How many boxes there are at a place of each map."""
        return [2 + 2 * len(ratios) for ratios in self.aspect_ratios]

    def forward(self, image_list: ImageList, feature_maps: list[Tensor]) -> list[Tensor]:
        """All boxes, the same for each picture."""
        height, width = image_list.tensors.shape[-2:]
        dtype = feature_maps[0].dtype
        made = []
        for at, each in enumerate(feature_maps):
            down, across = each.shape[-2:]
            tall, wide = (down, across) if self.steps is None else (height / self.steps[at], width / self.steps[at])
            y, x = ak.meshgrid(
                ((ak.arange(down) + 0.5) / tall).to(dtype), ((ak.arange(across) + 0.5) / wide).to(dtype), indexing="ij"
            )
            sizes = self._wh_pairs[at].clamp(min=0, max=1) if self.clip else self._wh_pairs[at]
            middles = ak.stack((x, y), dim=-1).view(-1, 1, 2).expand(-1, len(sizes), -1).reshape(-1, 2)
            made.append(ak.cat((middles, sizes.repeat(down * across, 1)), dim=1))
        boxes = ak.cat(made)
        middles, half, size = boxes[:, :2], 0.5 * boxes[:, 2:], ak.tensor([width, height])
        corners = ak.cat([(middles - half) * size, (middles + half) * size], -1)
        return [corners.clone() for _ in image_list.image_sizes]

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(aspect_ratios={self.aspect_ratios}, clip={self.clip}, scales={self.scales}, "
            f"steps={self.steps})"
        )
