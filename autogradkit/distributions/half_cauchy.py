"""`HalfCauchy`: the distance from 0 of centred Cauchy numbers."""

from __future__ import annotations

import math
from typing import Any

import autogradkit as ak
from autogradkit.core.tensor import Tensor
from autogradkit.distributions.cauchy import Cauchy
from autogradkit.distributions.distribution import of_value
from autogradkit.distributions.half import Half

__all__ = ["HalfCauchy"]


class HalfCauchy(Half):
    """|x| of Cauchy numbers x of `scale` about 0.

    >>> import autogradkit as torch
    >>> torch.distributions.HalfCauchy(1.0).icdf(torch.tensor(0.5))
    tensor(1.)
    """

    _whole = Cauchy

    @property
    def mean(self) -> Tensor:
        return ak.full(self._extended_shape(), math.inf, dtype=self.scale.dtype)

    @property
    def variance(self) -> Tensor:
        return self.base_dist.variance

    @of_value
    def log_prob(self, value: Any) -> Tensor:
        return super().log_prob(ak.as_tensor(value, dtype=self.scale.dtype))
