"""`MixtureSameFamily`: a draw from one of several distributions of a family, which one by a categorical."""

from __future__ import annotations

from typing import Any

import autogradkit as ak
from autogradkit.core.size import Size
from autogradkit.core.tensor import Tensor
from autogradkit.distributions import constraints
from autogradkit.distributions.categorical import Categorical
from autogradkit.distributions.distribution import Distribution

__all__ = ["MixtureSameFamily"]


class MixtureSameFamily(Distribution):
    """A mixture: the last batch dimension of `component_distribution` counts the components that the mixture chooses from.

    >>> import autogradkit as torch
    >>> D = torch.distributions
    >>> mixture = D.MixtureSameFamily(D.Categorical(torch.ones(2)), D.Normal(torch.tensor([-1.0, 1.0]), 0.5))
    >>> mixture.mean, mixture.variance
    (tensor(0.), tensor(1.2500))
    """

    arg_constraints = {}

    def __init__(
        self,
        mixture_distribution: Categorical,
        component_distribution: Distribution,
        validate_args: bool | None = None,
    ) -> None:
        self._mixture_distribution = mixture_distribution
        self._component_distribution = component_distribution
        if not isinstance(mixture_distribution, Categorical):
            raise ValueError(" The Mixture distribution needs to be an  instance of torch.distributions.Categorical")
        if not isinstance(component_distribution, Distribution):
            raise ValueError("The Component distribution needs to be an instance of torch.distributions.Distribution")
        chosen, offered = mixture_distribution.batch_shape, component_distribution.batch_shape[:-1]
        for one, other in zip(reversed(chosen), reversed(offered), strict=False):
            if one != 1 and other != 1 and one != other:
                raise ValueError(
                    f"`mixture_distribution.batch_shape` ({chosen}) is not compatible with "
                    f"`component_distribution.batch_shape`({offered})"
                )
        count, components = mixture_distribution.logits.shape[-1], component_distribution.batch_shape[-1]
        if count != components:
            raise ValueError(
                f"`mixture_distribution component` ({count}) does not equal `component_distribution.batch_shape[-1]` "
                f"({components})"
            )
        self._num_component = count
        super().__init__(offered, component_distribution.event_shape, validate_args=validate_args)

    def _expand_further(self, new: Any, batch_shape: Size) -> None:
        new._component_distribution = self._component_distribution.expand((*batch_shape, self._num_component))
        new._mixture_distribution = self._mixture_distribution.expand(batch_shape)
        new._num_component = self._num_component

    @constraints.dependent_property
    def support(self) -> Any:
        return constraints.MixtureSameFamilyConstraint(self._component_distribution.support)

    @property
    def mixture_distribution(self) -> Categorical:
        """What chooses the component."""
        return self._mixture_distribution

    @property
    def component_distribution(self) -> Distribution:
        """What draws are from, along the last batch dimension."""
        return self._component_distribution

    @property
    def _weights(self) -> Tensor:
        """The mixture's probabilities, beside the events."""
        probs = self._mixture_distribution.probs
        return probs.reshape(probs.shape + (1,) * len(self._event_shape))

    def _over_components(self, each: Tensor) -> Tensor:
        return ak.sum(each, dim=-1 - len(self._event_shape))

    @property
    def mean(self) -> Tensor:
        return self._over_components(self._weights * self._component_distribution.mean)

    @property
    def variance(self) -> Tensor:
        own = self._over_components(self._weights * self._component_distribution.variance)
        away = self._component_distribution.mean - self._beside_components(self.mean)
        return own + self._over_components(self._weights * away.pow(2.0))

    def _beside_components(self, value: Tensor) -> Tensor:
        return value.unsqueeze(-1 - len(self._event_shape))

    def cdf(self, x: Tensor) -> Tensor:
        below: Any = self._component_distribution.cdf(self._beside_components(x))
        return ak.sum(below * self._mixture_distribution.probs, dim=-1)

    def log_prob(self, x: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(x)
        of_components = self._component_distribution.log_prob(self._beside_components(x))
        of_choice = ak.log_softmax(self._mixture_distribution.logits, dim=-1)
        return ak.logsumexp(of_components + of_choice, dim=-1)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        with ak.no_grad():
            chosen = self._mixture_distribution.sample(sample_shape)
            drawn = self._component_distribution.sample(sample_shape)
            at = len(sample_shape) + len(self._batch_shape)
            places = chosen.reshape(chosen.shape + (1,) * (len(self._event_shape) + 1))
            places = places.repeat(Size((1,) * len(chosen.shape) + (1, *self._event_shape)))
            return ak.gather(drawn, at, places).squeeze(at)

    def __repr__(self) -> str:
        return f"MixtureSameFamily(\n  {self.mixture_distribution},\n  {self.component_distribution})"
