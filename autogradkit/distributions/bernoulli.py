"""`Bernoulli`: 1 with a given probability, else 0."""

from __future__ import annotations

from typing import Any

import autogradkit as ak
from autogradkit.core.tensor import Tensor
from autogradkit.distributions import constraints
from autogradkit.distributions.distribution import of_value
from autogradkit.distributions.exp_family import ExponentialFamily
from autogradkit.distributions.probabilities import ByProbabilities
from autogradkit.distributions.utils import broadcast_all

__all__ = ["Bernoulli"]


class Bernoulli(ByProbabilities, ExponentialFamily):
    """1 with probability `probs`, or sigmoid(`logits`), else 0.

    >>> import autogradkit as torch
    >>> coin = torch.distributions.Bernoulli(torch.tensor([0.0, 0.25, 1.0]))
    >>> coin.mean, coin.variance
    (tensor([0.0000, 0.2500, 1.0000]), tensor([0.0000, 0.1875, 0.0000]))
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.boolean
    has_enumerate_support = True
    _mean_carrier_measure = 0

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        self._take(probs, logits)
        super().__init__(self.param_shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return self.probs

    @property
    def mode(self) -> Tensor:
        mode = (self.probs >= 0.5).to(self.probs)
        mode[self.probs == 0.5] = ak.nan
        return mode

    @property
    def variance(self) -> Tensor:
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        with ak.no_grad():
            return ak.bernoulli(self.probs.expand(self._extended_shape(sample_shape)))

    @of_value
    def log_prob(self, value: Tensor) -> Tensor:
        logits, value = broadcast_all(self.logits, value)
        return -ak.nn.functional.binary_cross_entropy_with_logits(logits, value, reduction="none")

    def entropy(self) -> Tensor:
        return ak.nn.functional.binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none")

    def enumerate_support(self, expand: bool = True) -> Tensor:
        values = ak.arange(2, dtype=self._param.dtype).view((2,) + (1,) * len(self._batch_shape))
        return values.expand((2, *self._batch_shape)) if expand else values

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        return (ak.logit(self.probs),)

    def _log_normalizer(self, *natural_params: Tensor) -> Tensor:
        return ak.log(1 + ak.exp(natural_params[0]))
