"""`ExponentialFamily`: families whose density is exp(⟨t(x), θ⟩ − F(θ) + k(x)), by their natural parameters θ.

Rests on distribution.py. A family says θ and F; the entropy, and in the kl room the divergence within a family, follow by
differentiating F.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import autogradkit as ak
from autogradkit.core.tensor import Tensor
from autogradkit.distributions.distribution import Distribution

__all__ = ["ExponentialFamily"]


class ExponentialFamily(Distribution):
    """The base of families that have natural parameters."""

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        """θ, as a tuple of tensors."""
        raise NotImplementedError

    def _log_normalizer(self, *natural_params: Tensor) -> Tensor:
        """F(θ)."""
        raise NotImplementedError

    if TYPE_CHECKING:
        _mean_carrier_measure: Any
    else:

        @property
        def _mean_carrier_measure(self) -> Any:
            """The expected k(x)."""
            raise NotImplementedError

    def entropy(self) -> Tensor:
        """F(θ) − ⟨θ, ∇F(θ)⟩ − E[k(x)], the gradient by backward."""
        result = -self._mean_carrier_measure
        params = [each.detach().requires_grad_() for each in self._natural_params]
        normalizer = self._log_normalizer(*params)
        gradients = ak.autograd.grad(normalizer.sum(), params, create_graph=True)
        result += normalizer
        for param, gradient in zip(params, gradients, strict=True):
            result -= (param * gradient).reshape((*self._batch_shape, -1)).sum(-1)
        return result
