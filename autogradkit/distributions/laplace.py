"""`Laplace`: exponential numbers to both sides of a mean."""

from __future__ import annotations

import math
from typing import Any

import autogradkit as ak
from autogradkit.core.tensor import Tensor
from autogradkit.distributions import constraints
from autogradkit.distributions.distribution import Distribution, of_value
from autogradkit.distributions.utils import broadcast_all

__all__ = ["Laplace"]


class Laplace(Distribution):
    """Numbers whose distance from `loc` is exponential of mean `scale`.

    >>> import autogradkit as torch
    >>> torch.distributions.Laplace(0.0, 1.0).log_prob(torch.tensor(2.0))
    tensor(-2.6931)
    """

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real
    has_rsample = True

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale = broadcast_all(loc, scale)
        super().__init__(self.loc.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def variance(self) -> Tensor:
        return 2 * self.scale.pow(2)

    @property
    def stddev(self) -> Tensor:
        return math.sqrt(2) * self.scale

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        least = ak.finfo(self.loc.dtype).eps - 1  # −1 itself would come out infinite
        drawn = self.loc.new_empty(self._extended_shape(sample_shape)).uniform_(least, 1)
        return self.loc - self.scale * drawn.sign() * ak.log1p(-drawn.abs())

    @of_value
    def log_prob(self, value: Tensor) -> Tensor:
        return -ak.log(2 * self.scale) - ak.abs(value - self.loc) / self.scale

    @of_value
    def cdf(self, value: Tensor) -> Tensor:
        away = value - self.loc
        return 0.5 - 0.5 * away.sign() * ak.expm1(-away.abs() / self.scale)

    def icdf(self, value: Tensor) -> Tensor:
        above = value - 0.5
        return self.loc - self.scale * above.sign() * ak.log1p(-2 * above.abs())

    def entropy(self) -> Tensor:
        return 1 + ak.log(2 * self.scale)
