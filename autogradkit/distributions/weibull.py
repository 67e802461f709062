"""`Weibull`: lifetimes whose risk grows, or falls, with a power of the age."""

from __future__ import annotations

from typing import Any

import autogradkit as ak
from autogradkit.core.tensor import Tensor
from autogradkit.distributions import constraints
from autogradkit.distributions.exponential import Exponential
from autogradkit.distributions.gumbel import EULER
from autogradkit.distributions.transformed_distribution import TransformedDistribution
from autogradkit.distributions.transforms import AffineTransform, PowerTransform
from autogradkit.distributions.utils import broadcast_all

__all__ = ["Weibull"]


class Weibull(TransformedDistribution):
    """scale · x ** (1 / concentration) of exponential numbers x.

    >>> import autogradkit as torch
    >>> torch.distributions.Weibull(1.0, 2.0).mean
    tensor(0.8862)
    """

    arg_constraints = {"scale": constraints.positive, "concentration": constraints.positive}
    support = constraints.positive

    def __init__(self, scale: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self.scale, self.concentration = broadcast_all(scale, concentration)
        base = Exponential(ak.ones_like(self.scale), validate_args=validate_args)
        transforms = [
            PowerTransform(exponent=self.concentration.reciprocal()),
            AffineTransform(loc=0, scale=self.scale),
        ]
        super().__init__(base, transforms, validate_args=validate_args)

    def _moment(self, n: int) -> Tensor:
        """Γ(1 + n / concentration), the expected n-th power without the scale."""
        return ak.exp(ak.lgamma(1 + n * self.concentration.reciprocal()))

    @property
    def mean(self) -> Tensor:
        return self.scale * self._moment(1)

    @property
    def mode(self) -> Tensor:
        return self.scale * ((self.concentration - 1) / self.concentration) ** self.concentration.reciprocal()

    @property
    def variance(self) -> Tensor:
        return self.scale.pow(2) * (self._moment(2) - self._moment(1) ** 2)

    def entropy(self) -> Tensor:
        return EULER * (1 - self.concentration.reciprocal()) + ak.log(self.scale / self.concentration) + 1
