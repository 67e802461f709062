"""What is done to the frames of videos (..., T, C, H, W). Rests on ops alone."""

from __future__ import annotations

from typing import Any

import autogradkit as ak
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.vision.transforms.v2.functional.dispatch import is_pure_tensor
from autogradkit.vision.tv_tensors import Video, wrap


@entry
def get_num_frames(inpt: Any) -> int:
    """How many frames a video has."""
    return _frames(inpt, "get_num_frames").shape[-4]


@entry
def uniform_temporal_subsample(inpt: Any, num_samples: int) -> Any:
    """So many frames of a video, as evenly as may be; the same one several times where there are fewer."""
    frames = _frames(inpt, "uniform_temporal_subsample")
    chosen = ak.linspace(0, frames.shape[-4] - 1, num_samples).long()
    made = frames.index_select(-4, chosen)
    return wrap(made, like=inpt) if isinstance(inpt, Video) else made


def _frames(inpt: Any, name: str) -> Tensor:
    if not is_pure_tensor(inpt) and not isinstance(inpt, Video):
        raise TypeError(f"Functional F.{name} does not support inputs of type {type(inpt)}.")
    return inpt.as_subclass(Tensor)
