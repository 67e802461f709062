"""`Multinomial`: how often each category is drawn."""

from __future__ import annotations

import math
from typing import Any

import autogradkit as ak
from autogradkit.core.size import Size
from autogradkit.core.tensor import Tensor
from autogradkit.distributions import constraints
from autogradkit.distributions.binomial import Binomial
from autogradkit.distributions.categorical import Categorical
from autogradkit.distributions.distribution import Distribution, of_value
from autogradkit.distributions.utils import broadcast_all

__all__ = ["Multinomial"]


class Multinomial(Distribution):
    """How often each category comes in `total_count` draws, by the categories' `probs` or `logits`.

    >>> import autogradkit as torch
    >>> torch.distributions.Multinomial(4, torch.tensor([1.0, 3.0])).mean
    tensor([1., 3.])
    """

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}

    def __init__(
        self, total_count: int = 1, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        if not isinstance(total_count, int):
            raise NotImplementedError("inhomogeneous total_count is not supported")
        self.total_count = total_count
        self._categorical = Categorical(probs=probs, logits=logits)
        self._binomial = Binomial(total_count=total_count, probs=self.probs)
        shape = self._categorical.param_shape
        super().__init__(shape[:-1], shape[-1:], validate_args=validate_args)

    def _expand_further(self, new: Any, batch_shape: Size) -> None:
        new.total_count = self.total_count
        new._categorical = self._categorical.expand(batch_shape)
        new._binomial = Binomial(total_count=self.total_count, probs=new.probs)

    @constraints.dependent_property(is_discrete=True, event_dim=1)
    def support(self) -> Any:
        return constraints.multinomial(self.total_count)

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

    @property
    def mean(self) -> Tensor:
        return self.probs * self.total_count

    @property
    def variance(self) -> Tensor:
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        chosen = self._categorical.sample(Size((self.total_count, *sample_shape))).movedim(0, -1)
        counts = chosen.new_zeros(self._extended_shape(sample_shape))
        return counts.scatter_add_(-1, chosen, ak.ones_like(chosen)).type_as(self.probs)

    @of_value
    def log_prob(self, value: Tensor) -> Tensor:
        logits, value = broadcast_all(self.logits, value)
        orders = ak.lgamma(value.sum(-1) + 1) - ak.lgamma(value + 1).sum(-1)
        logits = logits.where((value != 0) | (logits != -math.inf), 0)  # what cannot be and was not drawn
        return orders + (logits * value).sum(-1)

    def entropy(self) -> Tensor:
        count = ak.tensor(self.total_count)
        counts = self._binomial.enumerate_support(expand=False)[1:]
        of_counts = ak.exp(self._binomial.log_prob(counts)) * ak.lgamma(counts + 1)
        return count * self._categorical.entropy() - ak.lgamma(count + 1) + of_counts.sum([0, -1])
