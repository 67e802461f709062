"""`Geometric`: how many trials fail before the first that succeeds."""

from __future__ import annotations

from typing import Any

import autogradkit as ak
from autogradkit.core.tensor import Tensor
from autogradkit.distributions import constraints
from autogradkit.distributions.distribution import of_value
from autogradkit.distributions.probabilities import ByProbabilities
from autogradkit.distributions.utils import broadcast_all

__all__ = ["Geometric"]


class Geometric(ByProbabilities):
    """Counts of failures before a success of probability `probs`, or sigmoid(`logits`); 0 and more.

    (`Tensor.geometric_` counts the success, too.)

    >>> import autogradkit as torch
    >>> torch.distributions.Geometric(torch.tensor(0.25)).mean
    tensor(3.)
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.nonnegative_integer

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        self._take(probs, logits)
        super().__init__(self.param_shape, validate_args=validate_args)
        if self._validate_args and probs is not None:
            refused = self.probs.data[~(self.probs > 0)]
            if refused.numel():
                raise ValueError(
                    f"Expected parameter probs ({type(self.probs).__name__} of shape {tuple(self.probs.shape)}) of "
                    f"distribution {self!r} to be positive but found invalid values:\n{refused}"
                )

    @property
    def mean(self) -> Tensor:
        return 1.0 / self.probs - 1.0

    @property
    def mode(self) -> Tensor:
        return ak.zeros_like(self.probs)

    @property
    def variance(self) -> Tensor:
        return (1.0 / self.probs - 1.0) / self.probs

    def sample(self, sample_shape: Any = ()) -> Tensor:
        with ak.no_grad():
            drawn = self.probs.new_empty(self._extended_shape(sample_shape))
            drawn.uniform_(ak.finfo(self.probs.dtype).tiny, 1)
            return (drawn.log() / (-self.probs).log1p()).floor()

    @of_value
    def log_prob(self, value: Tensor) -> Tensor:
        value, probs = broadcast_all(value, self.probs)
        failing = probs.where((probs != 1) | (value != 0), 0)  # no failure has probability 1, however sure success is
        return value * (-failing).log1p() + self.probs.log()

    def entropy(self) -> Tensor:
        of_trial = ak.nn.functional.binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none")
        return of_trial / self.probs
