"""What is done to the frames of a video: so many of them are chosen."""

from __future__ import annotations

from typing import Any

from autogradkit.vision.transforms.v2 import functional as F
from autogradkit.vision.transforms.v2.functional import is_pure_tensor
from autogradkit.vision.transforms.v2.transform import Transform
from autogradkit.vision.tv_tensors import Video

__all__ = ["UniformTemporalSubsample"]


class UniformTemporalSubsample(Transform):
    """So many frames of a video (..., T, C, H, W), as evenly as may be."""

    _transformed_types = (is_pure_tensor, Video)

    def __init__(self, num_samples: int) -> None:
        super().__init__()
        self.num_samples = num_samples

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The chosen frames."""
        return F.uniform_temporal_subsample(inpt, self.num_samples)
