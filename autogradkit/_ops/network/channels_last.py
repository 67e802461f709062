"""Images whose channels lie innermost: which results have them so, too, as PyTorch decides it.

Rests on core/strides; convolutions, poolings, norms, paddings and resampling say by it what their results look like.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit.core.strides import channels_last_strides, element_strides, suggests_channels_last

Array = np.ndarray[Any, Any]


def prefers_channels_last(*arrays: Array) -> bool:
    """Whether one of these N×C×H×W or N×C×D×H×W arrays has its channels innermost: results then have them so too."""
    for a in arrays:
        if a.ndim > 3 and a.strides[1] <= a.strides[-1] and suggests_channels_last(a.shape, element_strides(a)):
            return True
    return False


def image_spec(shape: tuple[int, ...], dtype: np.dtype[Any], channels_last: bool) -> tuple[Any, ...]:
    """What an op's `meta` says of a result of shape N×C×H×W, contiguous or with the channels innermost."""
    return (shape, dtype, channels_last_strides(shape)) if channels_last else (shape, dtype)
