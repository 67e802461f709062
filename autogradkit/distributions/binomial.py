"""`Binomial`: how many of some trials succeed."""

from __future__ import annotations

from typing import Any

import autogradkit as ak
from autogradkit.core.tensor import Tensor
from autogradkit.distributions import constraints
from autogradkit.distributions.distribution import of_value
from autogradkit.distributions.probabilities import ByProbabilities

__all__ = ["Binomial"]


def _positive_part(x: Tensor) -> Tensor:
    """max(x, 0), whose gradient at 0 is a half."""
    return (x.clamp(min=0) + x - x.clamp(max=0)) / 2


class Binomial(ByProbabilities):
    """Counts of `total_count` trials that succeed with probability `probs`, or sigmoid(`logits`).

    >>> import autogradkit as torch
    >>> torch.distributions.Binomial(4, torch.tensor([0.25, 0.5])).mean
    tensor([1., 2.])
    """

    arg_constraints = {
        "total_count": constraints.nonnegative_integer,
        "probs": constraints.unit_interval,
        "logits": constraints.real,
    }
    has_enumerate_support = True

    def __init__(
        self, total_count: Any = 1, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        (count,) = self._take(probs, logits, total_count)
        self.total_count = count.type_as(self._param)
        super().__init__(self.param_shape, validate_args=validate_args)

    @constraints.dependent_property(is_discrete=True, event_dim=0)
    def support(self) -> Any:
        return constraints.integer_interval(0, self.total_count)

    @property
    def mean(self) -> Tensor:
        return self.total_count * self.probs

    @property
    def mode(self) -> Tensor:
        return ((self.total_count + 1) * self.probs).floor().clamp(max=self.total_count)

    @property
    def variance(self) -> Tensor:
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        with ak.no_grad():
            return ak.binomial(self.total_count.expand(shape), self.probs.expand(shape))

    @of_value
    def log_prob(self, value: Tensor) -> Tensor:
        choices = ak.lgamma(self.total_count + 1) - ak.lgamma(value + 1) - ak.lgamma(self.total_count - value + 1)
        # count · log(1 + exp(logits)), without overflow
        normalizer = self.total_count * (_positive_part(self.logits) + ak.log1p(ak.exp(-ak.abs(self.logits))))
        return value * self.logits + choices - normalizer

    def entropy(self) -> Tensor:
        log_prob = self.log_prob(self._all_counts("entropy"))
        return -(ak.exp(log_prob) * log_prob).sum(0)

    def _all_counts(self, name: str) -> Tensor:
        most = int(self.total_count.max())
        if not self.total_count.min() == most:
            raise NotImplementedError(f"Inhomogeneous total count not supported by `{name}`.")
        return ak.arange(1 + most, dtype=self._param.dtype).view((-1,) + (1,) * len(self._batch_shape))

    def enumerate_support(self, expand: bool = True) -> Tensor:
        values = self._all_counts("enumerate_support")
        return values.expand((-1, *self._batch_shape)) if expand else values
