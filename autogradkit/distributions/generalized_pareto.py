"""`GeneralizedPareto`: by how much what exceeds a high level exceeds it."""

from __future__ import annotations

import math
from typing import Any

import autogradkit as ak
from autogradkit.core.tensor import Tensor
from autogradkit.distributions import constraints
from autogradkit.distributions.distribution import Distribution, of_value
from autogradkit.distributions.utils import broadcast_all

__all__ = ["GeneralizedPareto"]


class GeneralizedPareto(Distribution):
    """Numbers from `loc` on, exponential where `concentration` is 0, with a heavier tail above and an end below.

    >>> import autogradkit as torch
    >>> torch.distributions.GeneralizedPareto(0.0, 1.0, 0.5).mean
    tensor(2.)
    """

    arg_constraints = {
        "loc": constraints.real,
        "scale": constraints.positive,
        "concentration": constraints.real,
    }
    has_rsample = True

    def __init__(self, loc: Any, scale: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale, self.concentration = broadcast_all(loc, scale, concentration)
        super().__init__(self.loc.shape, validate_args=validate_args)

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self) -> Any:
        end = (self.loc - self.scale / self.concentration).where(self.concentration < 0, math.inf)
        return constraints.interval(self.loc, end)

    def _is_exponential(self) -> Tensor:
        return ak.isclose(self.concentration, self.concentration.new_zeros(()))

    def _nonzero_concentration(self) -> Tensor:
        return ak.where(self._is_exponential(), ak.ones_like(self.concentration), self.concentration)

    @property
    def mean(self) -> Tensor:
        mean = self.loc + self.scale / (1 - self.concentration)
        return mean.where(self.concentration < 1, math.nan)

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def variance(self) -> Tensor:
        variance = self.scale**2 / ((1 - self.concentration) ** 2 * (1 - 2 * self.concentration))
        return variance.where(self.concentration < 0.5, math.nan)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        return self.icdf(ak.rand(self._extended_shape(sample_shape), dtype=self.loc.dtype))

    @of_value
    def log_prob(self, value: Tensor) -> Tensor:
        z = (value - self.loc) / self.scale
        k = self._nonzero_concentration()
        risk = ak.where(self._is_exponential(), z, (1 + 1 / k) * ak.log1p(k * z))
        return -risk - ak.log(self.scale)

    @of_value
    def log_survival_function(self, value: Tensor) -> Tensor:
        """log(1 − cdf), which stays exact in the tail."""
        z = (value - self.loc) / self.scale
        k = self._nonzero_concentration()
        return -ak.where(self._is_exponential(), z, ak.log1p(k * z) / k)

    def log_cdf(self, value: Tensor) -> Tensor:
        """The logarithm of cdf."""
        return ak.log1p(-ak.exp(self.log_survival_function(value)))

    def cdf(self, value: Tensor) -> Tensor:
        return ak.exp(self.log_cdf(value))

    def icdf(self, value: Tensor) -> Tensor:
        k = self._nonzero_concentration()
        log_above = ak.log1p(-value)
        return self.loc + self.scale * ak.where(self._is_exponential(), -log_above, ak.expm1(-k * log_above) / k)

    def entropy(self) -> Tensor:
        return ak.log(self.scale) + self.concentration + 1
