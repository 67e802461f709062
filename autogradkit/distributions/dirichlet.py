"""`Dirichlet`: probabilities of categories, by how concentrated each is."""

from __future__ import annotations

from typing import Any

import autogradkit as ak
from autogradkit.autograd import Function
from autogradkit.core.tensor import Tensor
from autogradkit.distributions import constraints
from autogradkit.distributions.distribution import of_value
from autogradkit.distributions.exp_family import ExponentialFamily

__all__ = ["Dirichlet"]


class _Dirichlet(Function):
    """A draw, differentiable with respect to the concentrations."""

    @staticmethod
    def forward(ctx: Any, concentration: Tensor) -> Tensor:
        drawn = ak._sample_dirichlet(concentration)  # pyright: ignore[reportAttributeAccessIssue]
        ctx.save_for_backward(drawn, concentration)
        return drawn

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> Tensor:
        drawn, concentration = ctx.saved_tensors
        total = concentration.sum(-1, True).expand_as(concentration)
        each = ak._dirichlet_grad(drawn, concentration, total)  # pyright: ignore[reportAttributeAccessIssue]
        return each * (grad_output - (drawn * grad_output).sum(-1, True))  # the rest makes room in proportion


class Dirichlet(ExponentialFamily):
    """Vectors of positive numbers that sum to one.

    >>> import autogradkit as torch
    >>> torch.distributions.Dirichlet(torch.tensor([1.0, 3.0])).mean
    tensor([0.2500, 0.7500])
    """

    arg_constraints = {"concentration": constraints.independent(constraints.positive, 1)}
    support = constraints.simplex
    has_rsample = True

    def __init__(self, concentration: Tensor, validate_args: bool | None = None) -> None:
        if concentration.dim() < 1:
            raise ValueError("`concentration` parameter must be at least one-dimensional.")
        self.concentration = concentration
        super().__init__(concentration.shape[:-1], concentration.shape[-1:], validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return self.concentration / self.concentration.sum(-1, True)

    @property
    def mode(self) -> Tensor:
        above = (self.concentration - 1).clamp(min=0.0)
        mode = above / above.sum(-1, True)
        spread = (self.concentration < 1).all(dim=-1)
        mode[spread] = ak.nn.functional.one_hot(mode[spread].argmax(dim=-1), above.shape[-1]).to(mode)
        return mode

    @property
    def variance(self) -> Tensor:
        total = self.concentration.sum(-1, True)
        return self.concentration * (total - self.concentration) / (total.pow(2) * (total + 1))

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        return _Dirichlet.apply(self.concentration.expand(self._extended_shape(sample_shape)))

    @of_value
    def log_prob(self, value: Tensor) -> Tensor:
        return (
            ak.xlogy(self.concentration - 1.0, value).sum(-1)
            + ak.lgamma(self.concentration.sum(-1))
            - ak.lgamma(self.concentration).sum(-1)
        )

    def entropy(self) -> Tensor:
        count = self.concentration.size(-1)
        total = self.concentration.sum(-1)
        return (
            ak.lgamma(self.concentration).sum(-1)
            - ak.lgamma(total)
            - (count - total) * ak.digamma(total)
            - ((self.concentration - 1.0) * ak.digamma(self.concentration)).sum(-1)
        )

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        return (self.concentration,)

    def _log_normalizer(self, *natural_params: Tensor) -> Tensor:
        (concentration,) = natural_params
        return concentration.lgamma().sum(-1) - ak.lgamma(concentration.sum(-1))
