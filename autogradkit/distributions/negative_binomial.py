"""`NegativeBinomial`: how many trials succeed before a number of failures."""

from __future__ import annotations

from typing import Any

import autogradkit as ak
from autogradkit.core.tensor import Tensor
from autogradkit.distributions import constraints
from autogradkit.distributions.distribution import of_value
from autogradkit.distributions.gamma import Gamma
from autogradkit.distributions.probabilities import ByProbabilities
from autogradkit.distributions.utils import lazy_property

__all__ = ["NegativeBinomial"]


class NegativeBinomial(ByProbabilities):
    """Counts of successes, of probability `probs` or sigmoid(`logits`), before the `total_count`th failure.

    >>> import autogradkit as torch
    >>> torch.distributions.NegativeBinomial(2.0, torch.tensor(0.75)).variance
    tensor(24.)
    """

    arg_constraints = {
        "total_count": constraints.greater_than_eq(0),
        "probs": constraints.half_open_interval(0.0, 1.0),
        "logits": constraints.real,
    }
    support = constraints.nonnegative_integer

    def __init__(
        self, total_count: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        (count,) = self._take(probs, logits, total_count)
        self.total_count = count.type_as(self._param)
        super().__init__(self.param_shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return self.total_count * ak.exp(self.logits)

    @property
    def mode(self) -> Tensor:
        return ((self.total_count - 1) * self.logits.exp()).floor().clamp(min=0.0)

    @property
    def variance(self) -> Tensor:
        return self.mean / ak.sigmoid(-self.logits)

    @lazy_property
    def _gamma(self) -> Gamma:
        return Gamma(concentration=self.total_count, rate=ak.exp(-self.logits), validate_args=False)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        with ak.no_grad():
            return ak.poisson(self._gamma.sample(sample_shape=sample_shape))

    @of_value
    def log_prob(self, value: Tensor) -> Tensor:
        logsigmoid = ak.nn.functional.logsigmoid
        unnormalized = self.total_count * logsigmoid(-self.logits) + value * logsigmoid(self.logits)
        normalizer = -ak.lgamma(self.total_count + value) + ak.lgamma(1.0 + value) + ak.lgamma(self.total_count)
        return unnormalized - normalizer.masked_fill(self.total_count + value == 0.0, 0.0)
