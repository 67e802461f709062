"""`LogisticNormal`: probabilities that sum to one, made of normal numbers by stick breaking."""

from __future__ import annotations

from typing import Any

from autogradkit.core.tensor import Tensor
from autogradkit.distributions import constraints
from autogradkit.distributions.normal import Normal
from autogradkit.distributions.transformed_distribution import TransformedDistribution
from autogradkit.distributions.transforms import StickBreakingTransform

__all__ = ["LogisticNormal"]


class LogisticNormal(TransformedDistribution):
    """n + 1 numbers that sum to one, of n normal ones.

    >>> import autogradkit as torch
    >>> torch.distributions.LogisticNormal(torch.zeros(2), torch.ones(2)).sample().shape
    torch.Size([3])
    """

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.simplex

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        base = Normal(loc, scale, validate_args=validate_args)
        if not base.batch_shape:
            base = base.expand([1])
        super().__init__(base, StickBreakingTransform(), validate_args=validate_args)

    @property
    def loc(self) -> Tensor:
        """The mean of the normal numbers."""
        return self.base_dist.base_dist.loc

    @property
    def scale(self) -> Tensor:
        """Their standard deviation."""
        return self.base_dist.base_dist.scale
