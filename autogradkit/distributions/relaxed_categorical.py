"""`RelaxedOneHotCategorical`: probabilities that one-hot draws are the limit of, and that have gradients; Gumbel softmax.

Of Maddison and others, and of Jang and others (2017): the colder, the nearer to a single one.
"""

from __future__ import annotations

from typing import Any

import autogradkit as ak
from autogradkit.core.size import Size
from autogradkit.core.tensor import Tensor
from autogradkit.distributions import constraints
from autogradkit.distributions.categorical import Categorical
from autogradkit.distributions.distribution import Distribution, of_value
from autogradkit.distributions.transformed_distribution import TransformedDistribution
from autogradkit.distributions.transforms import ExpTransform
from autogradkit.distributions.utils import broadcast_all, clamp_probs

__all__ = ["ExpRelaxedCategorical", "RelaxedOneHotCategorical"]


class ExpRelaxedCategorical(Distribution):
    """The logarithms of a relaxed categorical's draws."""

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}
    support = constraints.real_vector
    has_rsample = True

    def __init__(
        self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        self._categorical = Categorical(probs, logits)
        self.temperature = temperature
        shape = self._categorical.param_shape
        super().__init__(shape[:-1], shape[-1:], validate_args=validate_args)

    def _expand_further(self, new: Any, batch_shape: Size) -> None:
        new.temperature = self.temperature
        new._categorical = self._categorical.expand(batch_shape)

    @property
    def probs(self) -> Tensor:
        """The categories' probabilities."""
        return self._categorical.probs

    @property
    def logits(self) -> Tensor:
        """Their logarithms."""
        return self._categorical.logits

    @property
    def param_shape(self) -> Size:
        """The shape of the probabilities."""
        return self._categorical.param_shape

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        drawn = clamp_probs(ak.rand(self._extended_shape(sample_shape), dtype=self.logits.dtype))
        scores = (self.logits - (-(drawn.log())).log()) / self.temperature
        return scores - scores.logsumexp(dim=-1, keepdim=True)

    @of_value
    def log_prob(self, value: Tensor) -> Tensor:
        count = self._event_shape[0]
        logits, value = broadcast_all(self.logits, value)
        scale = ak.full_like(self.temperature, float(count)).lgamma() + (count - 1) * self.temperature.log()
        score = logits - value.mul(self.temperature)
        return (score - score.logsumexp(dim=-1, keepdim=True)).sum(-1) + scale


class RelaxedOneHotCategorical(TransformedDistribution):
    """Vectors of positive numbers that sum to one, nearly one-hot where `temperature`, a tensor, is low.

    >>> import autogradkit as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.distributions.RelaxedOneHotCategorical(torch.tensor(0.5), torch.tensor([0.5, 0.5])).rsample()
    tensor([0.1241, 0.8759])
    """

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}
    support = constraints.simplex
    has_rsample: Any = True

    def __init__(
        self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        base = ExpRelaxedCategorical(temperature, probs, logits, validate_args=validate_args)
        super().__init__(base, ExpTransform(), validate_args=validate_args)

    @property
    def temperature(self) -> Any:
        """How far the draws are from one-hot."""
        return self.base_dist.temperature

    @property
    def logits(self) -> Tensor:
        """The logarithms of the categories' probabilities."""
        return self.base_dist.logits

    @property
    def probs(self) -> Tensor:
        """The categories' probabilities."""
        return self.base_dist.probs
