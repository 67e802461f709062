"""`ContinuousBernoulli`: numbers from 0 to 1 whose density is proportional to a Bernoulli's probability between its values.

Of Loaiza-Ganem and Cunningham (2019). Near a probability of a half its formulas are 0/0; between `lims` series take their place.
"""

from __future__ import annotations

import math
from typing import Any

import autogradkit as ak
from autogradkit.core.size import Size
from autogradkit.core.tensor import Tensor
from autogradkit.distributions import constraints
from autogradkit.distributions.distribution import of_value
from autogradkit.distributions.exp_family import ExponentialFamily
from autogradkit.distributions.probabilities import ByProbabilities
from autogradkit.distributions.utils import broadcast_all, clamp_probs

__all__ = ["ContinuousBernoulli"]


class ContinuousBernoulli(ByProbabilities, ExponentialFamily):
    """Numbers from 0 to 1 with density ∝ probsˣ (1 − probs)¹⁻ˣ.

    >>> import autogradkit as torch
    >>> torch.distributions.ContinuousBernoulli(torch.tensor(0.9)).mean
    tensor(0.6699)
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.unit_interval
    has_rsample = True
    _mean_carrier_measure = 0

    def __init__(
        self,
        probs: Any = None,
        logits: Any = None,
        lims: tuple[float, float] = (0.499, 0.501),
        validate_args: bool | None = None,
    ) -> None:
        self._take(probs, logits)
        if logits is None:
            if validate_args is not None and not self.arg_constraints["probs"].check(self.probs).all():
                raise ValueError("The parameter probs has invalid values")
            self.__dict__["probs"] = clamp_probs(self.probs)
        self._lims = lims
        super().__init__(self.param_shape, validate_args=validate_args)

    def _expand_further(self, new: Any, batch_shape: Size) -> None:
        new._lims = self._lims

    def _is_stable(self) -> Tensor:
        return (self.probs <= self._lims[0]) | (self.probs > self._lims[1])

    def _cut_probs(self) -> Tensor:
        """The probabilities, moved out of where the formulas are 0/0."""
        return ak.where(self._is_stable(), self.probs, self._lims[0] * ak.ones_like(self.probs))

    def _log_norm(self) -> Tensor:
        """log of the factor that makes the density integrate to one."""
        cut = self._cut_probs()
        below = ak.where(cut <= 0.5, cut, ak.zeros_like(cut))
        above = ak.where(cut >= 0.5, cut, ak.ones_like(cut))
        found = ak.log(ak.abs(ak.log1p(-cut) - ak.log(cut))) - ak.where(
            cut <= 0.5, ak.log1p(-2.0 * below), ak.log(2.0 * above - 1.0)
        )
        x = ak.pow(self.probs - 0.5, 2)
        return ak.where(self._is_stable(), found, math.log(2.0) + (4.0 / 3.0 + 104.0 / 45.0 * x) * x)

    @property
    def mean(self) -> Tensor:
        cut = self._cut_probs()
        found = cut / (2.0 * cut - 1.0) + 1.0 / (ak.log1p(-cut) - ak.log(cut))
        x = self.probs - 0.5
        return ak.where(self._is_stable(), found, 0.5 + (1.0 / 3.0 + 16.0 / 45.0 * ak.pow(x, 2)) * x)

    @property
    def stddev(self) -> Tensor:
        return ak.sqrt(self.variance)

    @property
    def variance(self) -> Tensor:
        cut = self._cut_probs()
        found = cut * (cut - 1.0) / ak.pow(1.0 - 2.0 * cut, 2) + 1.0 / ak.pow(ak.log1p(-cut) - ak.log(cut), 2)
        x = ak.pow(self.probs - 0.5, 2)
        return ak.where(self._is_stable(), found, 1.0 / 12.0 - (1.0 / 15.0 - 128.0 / 945.0 * x) * x)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        return self.icdf(ak.rand(self._extended_shape(sample_shape), dtype=self.probs.dtype))

    @of_value
    def log_prob(self, value: Tensor) -> Tensor:
        logits, value = broadcast_all(self.logits, value)
        cross_entropy = ak.nn.functional.binary_cross_entropy_with_logits(logits, value, reduction="none")
        return self._log_norm() - cross_entropy

    @of_value
    def cdf(self, value: Tensor) -> Tensor:
        cut = self._cut_probs()
        found = (ak.pow(cut, value) * ak.pow(1.0 - cut, 1.0 - value) + cut - 1.0) / (2.0 * cut - 1.0)
        inside = ak.where(self._is_stable(), found, value)
        return ak.where(
            ak.le(value, 0.0), ak.zeros_like(value), ak.where(ak.ge(value, 1.0), ak.ones_like(value), inside)
        )

    def icdf(self, value: Tensor) -> Tensor:
        cut = self._cut_probs()
        found = (ak.log1p(-cut + value * (2.0 * cut - 1.0)) - ak.log1p(-cut)) / (ak.log(cut) - ak.log1p(-cut))
        return ak.where(self._is_stable(), found, value)

    def entropy(self) -> Tensor:
        at_zero = ak.log1p(-self.probs)
        return self.mean * (at_zero - ak.log(self.probs)) - self._log_norm() - at_zero

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        return (self.logits,)

    def _log_normalizer(self, *natural_params: Tensor) -> Tensor:
        (x,) = natural_params
        stable = (x <= self._lims[0] - 0.5) | (x > self._lims[1] - 0.5)
        cut = ak.where(stable, x, (self._lims[0] - 0.5) * ak.ones_like(x))
        found = ak.log(ak.abs(ak.special.expm1(cut))) - ak.log(ak.abs(cut))  # pyright: ignore[reportAttributeAccessIssue]
        return ak.where(stable, found, 0.5 * x + ak.pow(x, 2) / 24.0 - ak.pow(x, 4) / 2880.0)
