"""Regions of a feature pyramid: each is taken from the level that fits its size (Lin et al., 2017). Rests on `roi_align`."""

from __future__ import annotations

from typing import Any

import autogradkit as ak
from autogradkit import nn
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.vision.ops.boxes import box_area
from autogradkit.vision.ops.regions import regions
from autogradkit.vision.ops.roi_align import roi_align


class LevelMapper:
    """Which level, from `k_min` to `k_max`, a box belongs to: one of `canonical_scale`² to `canonical_level`."""

    def __init__(
        self, k_min: int, k_max: int, canonical_scale: int = 224, canonical_level: int = 4, eps: float = 1e-6
    ) -> None:
        self.k_min = k_min
        self.k_max = k_max
        self.s0 = canonical_scale
        self.lvl0 = canonical_level
        self.eps = eps

    def __call__(self, boxlists: list[Tensor]) -> Tensor:
        """The number of each box's level, counted from the first that there is."""
        edges = ak.cat([box_area(boxes) for boxes in boxlists]).sqrt()
        levels = (self.lvl0 + (edges / self.s0).log2() + ak.tensor(self.eps, dtype=edges.dtype)).floor()
        return levels.clamp(min=self.k_min, max=self.k_max).long() - self.k_min


class MultiScaleRoIAlign(nn.Module):
    """`roi_align` of maps of several sizes, each region from the level that fits; scales are found at the first call.

    >>> MultiScaleRoIAlign(["0", "1"], 7, 2)
    MultiScaleRoIAlign(featmap_names=['0', '1'], output_size=(7, 7), sampling_ratio=2)
    """

    scales: list[float] | None
    map_levels: LevelMapper | None

    def __init__(
        self,
        featmap_names: list[str],
        output_size: Any,
        sampling_ratio: int,
        *,
        canonical_scale: int = 224,
        canonical_level: int = 4,
    ) -> None:
        super().__init__()
        self.featmap_names = featmap_names
        self.sampling_ratio = sampling_ratio
        self.output_size = (output_size, output_size) if isinstance(output_size, int) else tuple(output_size)
        self.scales = None
        self.map_levels = None
        self.canonical_scale = canonical_scale
        self.canonical_level = canonical_level

    @entry
    def forward(self, x: dict[str, Tensor], boxes: list[Tensor], image_shapes: list[tuple[int, int]]) -> Tensor:
        """The regions of boxes (L, 4), one tensor for each picture, whose sizes were `image_shapes`."""
        maps = [each for name, each in x.items() if name in self.featmap_names]
        scales, mapper = self._levels(maps, image_shapes)
        rois = regions(boxes)
        if len(maps) == 1:
            return roi_align(maps[0], rois, self.output_size, scales[0], self.sampling_ratio)
        levels = mapper(boxes)
        places = [ak.where(levels == level)[0] for level in range(len(maps))]
        parts = [
            roi_align(each, rois[at], self.output_size, scale, self.sampling_ratio)
            for each, at, scale in zip(maps, places, scales, strict=True)
        ]
        return ak.cat(parts)[ak.cat(places).argsort()]

    def _levels(self, maps: list[Tensor], image_shapes: list[tuple[int, int]]) -> tuple[list[float], LevelMapper]:
        if self.scales is None or self.map_levels is None:
            if not image_shapes:
                raise ValueError("images list should not be empty")
            height = max(shape[0] for shape in image_shapes)
            self.scales = [2 ** float(ak.tensor(each.shape[-2] / height).log2().round()) for each in maps]
            first, last = (int(-ak.tensor(self.scales[at]).log2()) for at in (0, -1))
            self.map_levels = LevelMapper(first, last, self.canonical_scale, self.canonical_level)
        return self.scales, self.map_levels

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(featmap_names={self.featmap_names}, output_size={self.output_size}, "
            f"sampling_ratio={self.sampling_ratio})"
        )
