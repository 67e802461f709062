"""What `HalfCauchy` and `HalfNormal` have in common: the distance from 0 of numbers that lie around it alike on both sides."""

from __future__ import annotations

import math
from typing import Any

import autogradkit as ak
from autogradkit.core.constructors import OwnConstructor
from autogradkit.core.tensor import Tensor
from autogradkit.distributions import constraints
from autogradkit.distributions.distribution import of_value
from autogradkit.distributions.transformed_distribution import TransformedDistribution
from autogradkit.distributions.transforms import AbsTransform


class Half(OwnConstructor, TransformedDistribution):
    """|x| of numbers x of a distribution with a scale, centred at 0."""

    arg_constraints = {"scale": constraints.positive}
    support = constraints.nonnegative
    has_rsample: Any = True
    _whole: Any  # the class of that distribution

    def __init__(self, scale: Any, validate_args: bool | None = None) -> None:
        super().__init__(self._whole(0, scale, validate_args=False), AbsTransform(), validate_args=validate_args)

    @property
    def scale(self) -> Tensor:
        """That of the numbers on both sides."""
        return self.base_dist.scale

    @property
    def mode(self) -> Tensor:
        return ak.zeros_like(self.scale)

    @of_value
    def log_prob(self, value: Tensor) -> Tensor:
        log_prob = self.base_dist.log_prob(value) + math.log(2)
        return log_prob.where(value >= 0, -math.inf)

    @of_value
    def cdf(self, value: Tensor) -> Tensor:
        return 2 * self.base_dist.cdf(value) - 1

    def icdf(self, prob: Tensor) -> Tensor:
        return self.base_dist.icdf((prob + 1) / 2)

    def entropy(self) -> Tensor:
        return self.base_dist.entropy() - math.log(2)
