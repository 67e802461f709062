"""What families share that are given by `probs` or by `logits`: exactly one of them, the other one made when it is read.

Rests on utils.py. A family's constructor calls `_take`, or sets the one that is given itself.
"""

from __future__ import annotations

from typing import Any

from autogradkit.core.size import Size
from autogradkit.core.tensor import Tensor
from autogradkit.distributions.distribution import Distribution
from autogradkit.distributions.utils import broadcast_all, lazy_property, logits_to_probs, probs_to_logits


def require_one(probs: Any, logits: Any) -> None:
    """Raise ValueError unless just one of them is given."""
    if (probs is None) == (logits is None):
        raise ValueError("Either `probs` or `logits` must be specified, but not both.")


class ByProbabilities(Distribution):
    """A family of events that happen or not, given by probabilities or by log-odds, which are broadcast to other parameters."""

    _is_binary = True

    def _take(self, probs: Any, logits: Any, *others: Any) -> tuple[Tensor, ...]:
        """Set the one that is given; the other parameters as tensors of the same shape."""
        require_one(probs, logits)
        name, given = ("probs", probs) if logits is None else ("logits", logits)
        *tensors, self.__dict__[name] = broadcast_all(*others, given)
        return tuple(tensors)

    @lazy_property
    def probs(self) -> Tensor:
        """The probabilities."""
        return logits_to_probs(self.logits, is_binary=self._is_binary)

    @lazy_property
    def logits(self) -> Tensor:
        """The log-odds; of categories, the logarithms of their probabilities."""
        return probs_to_logits(self.probs, is_binary=self._is_binary)

    @property
    def _param(self) -> Tensor:
        return self.probs if "probs" in self.__dict__ else self.logits

    @property
    def param_shape(self) -> Size:
        """The shape of the probabilities."""
        return self._param.shape
