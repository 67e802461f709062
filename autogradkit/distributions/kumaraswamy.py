"""`Kumaraswamy`: numbers from 0 to 1 much like a beta's, with a distribution function that is inverted by powers."""

from __future__ import annotations

import math
from typing import Any

import autogradkit as ak
from autogradkit.core.tensor import Tensor
from autogradkit.distributions import constraints
from autogradkit.distributions.gumbel import EULER
from autogradkit.distributions.transformed_distribution import TransformedDistribution
from autogradkit.distributions.transforms import AffineTransform, PowerTransform
from autogradkit.distributions.uniform import Uniform
from autogradkit.distributions.utils import broadcast_all

__all__ = ["Kumaraswamy"]


class Kumaraswamy(TransformedDistribution):
    """(1 − u ** (1 / concentration0)) ** (1 / concentration1) of uniform numbers u.

    >>> import autogradkit as torch
    >>> torch.distributions.Kumaraswamy(1.0, 3.0).mean
    tensor(0.2500)
    """

    arg_constraints = {"concentration1": constraints.positive, "concentration0": constraints.positive}
    support = constraints.unit_interval

    def __init__(self, concentration1: Any, concentration0: Any, validate_args: bool | None = None) -> None:
        self.concentration1, self.concentration0 = broadcast_all(concentration1, concentration0)
        base = Uniform(
            ak.full_like(self.concentration0, 0), ak.full_like(self.concentration0, 1), validate_args=validate_args
        )
        transforms = [
            PowerTransform(exponent=self.concentration0.reciprocal()),
            AffineTransform(loc=1.0, scale=-1.0),
            PowerTransform(exponent=self.concentration1.reciprocal()),
        ]
        super().__init__(base, transforms, validate_args=validate_args)

    def _moment(self, n: int) -> Tensor:
        """The expected n-th power."""
        b = self.concentration0
        above = 1 + n / self.concentration1
        return b * ak.exp(ak.lgamma(above) + ak.lgamma(b) - ak.lgamma(above + b))

    @property
    def mean(self) -> Tensor:
        return self._moment(1)

    @property
    def mode(self) -> Tensor:
        a, b = self.concentration1, self.concentration0
        log_mode = b.reciprocal() * (-b).log1p() - (-a * b).log1p()  # PyTorch's formula, which hardly ever is a number
        return log_mode.where((a >= 1) & (b >= 1), math.nan).exp()

    @property
    def variance(self) -> Tensor:
        return self._moment(2) - ak.pow(self.mean, 2)

    def entropy(self) -> Tensor:
        a, b = self.concentration1, self.concentration0
        harmonic = ak.digamma(b + 1) + EULER
        return (1 - b.reciprocal()) + (1 - a.reciprocal()) * harmonic - ak.log(a) - ak.log(b)
