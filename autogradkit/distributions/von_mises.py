"""`VonMises`: angles about a direction, on the circle what normal numbers are on the line."""

from __future__ import annotations

import math
from typing import Any

import autogradkit as ak
from autogradkit.core.size import Size
from autogradkit.core.tensor import Tensor
from autogradkit.distributions import constraints
from autogradkit.distributions.distribution import Distribution, of_value
from autogradkit.distributions.utils import broadcast_all, lazy_property

__all__ = ["VonMises"]


def _log_bessel(x: Tensor, order: int) -> Tensor:
    """log I₀(x) or log I₁(x), of the functions that do not overflow."""
    scaled = ak.special.i1e(x) if order else ak.special.i0e(x)  # pyright: ignore[reportAttributeAccessIssue]
    return scaled.log() + x


class VonMises(Distribution):
    """Angles from −π to π about `loc`, the closer the larger `concentration` is.

    >>> import autogradkit as torch
    >>> torch.distributions.VonMises(torch.tensor(0.0), torch.tensor(4.0)).log_prob(torch.tensor(0.0))
    tensor(-0.2628)
    """

    arg_constraints = {"loc": constraints.real, "concentration": constraints.positive}
    support = constraints.real
    has_rsample = False

    def __init__(self, loc: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self.loc, self.concentration = broadcast_all(loc, concentration)
        super().__init__(self.loc.shape, (), validate_args)

    @of_value
    def log_prob(self, value: Tensor) -> Tensor:
        along = self.concentration * ak.cos(value - self.loc)
        return along - math.log(2 * math.pi) - _log_bessel(self.concentration, 0)

    @lazy_property
    def _proposal(self) -> Tensor:
        """How wide the wrapped Cauchy angles are that draws are accepted from (Best and Fisher, 1979), in float64."""
        kappa = self.concentration.double()
        tau = 1 + (1 + 4 * kappa**2).sqrt()
        rho = (tau - (2 * tau).sqrt()) / (2 * kappa)
        by_series = 1 / kappa + kappa  # where the difference above has no digits left
        return ak.where(kappa < 1e-5, by_series, (1 + rho**2) / (2 * rho))

    def sample(self, sample_shape: Any = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        with ak.no_grad():
            r, concentration = self._proposal, self.concentration.double()
            angles = ak.empty(shape, dtype=ak.double)
            done = ak.zeros(shape, dtype=ak.bool)
            while not done.all():
                u1, u2, u3 = ak.rand((3, *shape), dtype=ak.double).unbind()
                z = ak.cos(math.pi * u1)
                f = (1 + r * z) / (r + z)
                c = concentration * (r - f)
                accepted = (c * (2 - c) - u2 > 0) | ((c / u2).log() + 1 - c >= 0)
                angles = ak.where(accepted, (u3 - 0.5).sign() * f.acos(), angles)
                done = done | accepted
            return ((angles + math.pi + self.loc.double()) % (2 * math.pi) - math.pi).to(self.loc.dtype)

    def _expand_further(self, new: Any, batch_shape: Size) -> None:
        if "_proposal" in self.__dict__:
            new._proposal = self._proposal.expand(batch_shape)

    @property
    def mean(self) -> Tensor:
        """The direction."""
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc

    @lazy_property
    def variance(self) -> Tensor:
        """The circular variance, from 0 to 1."""
        ratio = _log_bessel(self.concentration, 1) - _log_bessel(self.concentration, 0)
        return 1 - ratio.exp()
