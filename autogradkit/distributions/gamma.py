"""`Gamma`: positive numbers of a shape and a rate."""

from __future__ import annotations

from typing import Any

import autogradkit as ak
from autogradkit.core.tensor import Tensor
from autogradkit.distributions import constraints
from autogradkit.distributions.distribution import of_value
from autogradkit.distributions.exp_family import ExponentialFamily
from autogradkit.distributions.utils import broadcast_all

__all__ = ["Gamma"]


class Gamma(ExponentialFamily):
    """Positive numbers: the sum of `concentration` waiting times, if it is whole, that each end at `rate`.

    >>> import autogradkit as torch
    >>> torch.distributions.Gamma(3.0, 2.0).mean
    tensor(1.5000)
    """

    arg_constraints: Any = {"concentration": constraints.positive, "rate": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True
    _mean_carrier_measure = 0

    def __init__(self, concentration: Any, rate: Any, validate_args: bool | None = None) -> None:
        self.concentration, self.rate = broadcast_all(concentration, rate)
        super().__init__(self.concentration.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return self.concentration / self.rate

    @property
    def mode(self) -> Tensor:
        return ((self.concentration - 1) / self.rate).clamp(min=0)

    @property
    def variance(self) -> Tensor:
        return self.concentration / self.rate.pow(2)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        value = ak._standard_gamma(self.concentration.expand(shape)) / self.rate.expand(shape)  # pyright: ignore[reportAttributeAccessIssue]
        value.detach().clamp_(min=ak.finfo(value.dtype).tiny)  # no 0, and no part in the gradient
        return value

    def log_prob(self, value: Any) -> Tensor:
        value = ak.as_tensor(value, dtype=self.rate.dtype)
        if self._validate_args:
            self._validate_sample(value)
        return (
            ak.xlogy(self.concentration, self.rate)
            + ak.xlogy(self.concentration - 1, value)
            - self.rate * value
            - ak.lgamma(self.concentration)
        )

    @of_value
    def cdf(self, value: Tensor) -> Tensor:
        return ak.special.gammainc(self.concentration, self.rate * value)  # pyright: ignore[reportAttributeAccessIssue]

    def entropy(self) -> Tensor:
        return (
            self.concentration
            - ak.log(self.rate)
            + ak.lgamma(self.concentration)
            + (1.0 - self.concentration) * ak.digamma(self.concentration)
        )

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        return self.concentration - 1, -self.rate

    def _log_normalizer(self, *natural_params: Tensor) -> Tensor:
        first, second = natural_params
        return ak.lgamma(first + 1) + (first + 1) * ak.log(-second.reciprocal())
