"""`Exponential`: how long it takes until something happens at a rate."""

from __future__ import annotations

from typing import Any

import autogradkit as ak
from autogradkit.core.tensor import Tensor
from autogradkit.distributions import constraints
from autogradkit.distributions.distribution import of_value
from autogradkit.distributions.exp_family import ExponentialFamily
from autogradkit.distributions.utils import broadcast_all

__all__ = ["Exponential"]


class Exponential(ExponentialFamily):
    """Waiting times that end at `rate`.

    >>> import autogradkit as torch
    >>> torch.distributions.Exponential(2.0).icdf(torch.tensor(0.5))
    tensor(0.3466)
    """

    arg_constraints = {"rate": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True
    _mean_carrier_measure = 0

    def __init__(self, rate: Any, validate_args: bool | None = None) -> None:
        (self.rate,) = broadcast_all(rate)
        super().__init__(self.rate.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return self.rate.reciprocal()

    @property
    def mode(self) -> Tensor:
        return ak.zeros_like(self.rate)

    @property
    def stddev(self) -> Tensor:
        return self.rate.reciprocal()

    @property
    def variance(self) -> Tensor:
        return self.rate.pow(-2)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        return self.rate.new_empty(self._extended_shape(sample_shape)).exponential_() / self.rate

    @of_value
    def log_prob(self, value: Tensor) -> Tensor:
        return self.rate.log() - self.rate * value

    @of_value
    def cdf(self, value: Tensor) -> Tensor:
        return 1 - ak.exp(-self.rate * value)

    def icdf(self, value: Tensor) -> Tensor:
        return -ak.log1p(-value) / self.rate

    def entropy(self) -> Tensor:
        return 1.0 - ak.log(self.rate)

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        return (-self.rate,)

    def _log_normalizer(self, *natural_params: Tensor) -> Tensor:
        return -ak.log(-natural_params[0])
