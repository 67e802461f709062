"""`StudentT`: normal numbers whose own scale is drawn, with heavier tails the fewer degrees of freedom there are."""

from __future__ import annotations

import math
from typing import Any

import autogradkit as ak
from autogradkit.core.size import Size
from autogradkit.core.tensor import Tensor
from autogradkit.distributions import constraints
from autogradkit.distributions.chi2 import Chi2
from autogradkit.distributions.distribution import Distribution, of_value
from autogradkit.distributions.utils import _standard_normal, broadcast_all

__all__ = ["StudentT"]


class StudentT(Distribution):
    """Student's t of `df` degrees of freedom, times `scale`, about `loc`.

    >>> import autogradkit as torch
    >>> torch.distributions.StudentT(3.0).variance
    tensor(3.)
    """

    arg_constraints = {"df": constraints.positive, "loc": constraints.real, "scale": constraints.positive}
    support = constraints.real
    has_rsample = True

    def __init__(self, df: Any, loc: Any = 0.0, scale: Any = 1.0, validate_args: bool | None = None) -> None:
        self.df, self.loc, self.scale = broadcast_all(df, loc, scale)
        self._chi2 = Chi2(self.df)
        super().__init__(self.df.shape, validate_args=validate_args)

    def _expand_further(self, new: Any, batch_shape: Size) -> None:
        new._chi2 = self._chi2.expand(batch_shape)

    @property
    def mean(self) -> Tensor:
        return self.loc.where(self.df > 1, math.nan)

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def variance(self) -> Tensor:
        variance = self.scale.pow(2) * self.df / (self.df - 2)
        return variance.where(self.df > 2, math.inf).where(self.df > 1, math.nan)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        normal = _standard_normal(self._extended_shape(sample_shape), self.df.dtype, self.df.device)
        squares = self._chi2.rsample(sample_shape)
        return self.loc + self.scale * (normal * ak.rsqrt(squares / self.df))

    @of_value
    def log_prob(self, value: Tensor) -> Tensor:
        y = (value - self.loc) / self.scale
        normalizer = (
            self.scale.log()
            + 0.5 * self.df.log()
            + 0.5 * math.log(math.pi)
            + ak.lgamma(0.5 * self.df)
            - ak.lgamma(0.5 * (self.df + 1.0))
        )
        return -0.5 * (self.df + 1.0) * ak.log1p(y**2.0 / self.df) - normalizer

    def entropy(self) -> Tensor:
        half, next_half = 0.5 * self.df, 0.5 * (self.df + 1)
        log_beta = ak.lgamma(half) + math.lgamma(0.5) - ak.lgamma(next_half)
        return (
            self.scale.log() + next_half * (ak.digamma(next_half) - ak.digamma(half)) + 0.5 * self.df.log() + log_beta
        )
