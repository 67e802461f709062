"""`HalfNormal`: the distance from 0 of centred normal numbers."""

from __future__ import annotations

import math

from autogradkit.core.tensor import Tensor
from autogradkit.distributions.half import Half
from autogradkit.distributions.normal import Normal

__all__ = ["HalfNormal"]


class HalfNormal(Half):
    """|x| of normal numbers x of `scale` about 0.

    >>> import autogradkit as torch
    >>> torch.distributions.HalfNormal(1.0).icdf(torch.tensor(0.5))
    tensor(0.6745)
    """

    _whole = Normal

    @property
    def mean(self) -> Tensor:
        return self.scale * math.sqrt(2 / math.pi)

    @property
    def variance(self) -> Tensor:
        return self.scale.pow(2) * (1 - 2 / math.pi)
