"""`MultivariateNormal`: normal vectors of a mean and a covariance."""

from __future__ import annotations

import math
from typing import Any

import autogradkit as ak
from autogradkit.core.size import Size
from autogradkit.core.tensor import Tensor
from autogradkit.distributions import constraints
from autogradkit.distributions.distribution import Distribution, of_value
from autogradkit.distributions.gaussian import (
    factor_of_precision,
    log_det,
    require_one_of,
    squared_distance,
    times_vector,
)
from autogradkit.distributions.utils import _standard_normal, lazy_property

__all__ = ["MultivariateNormal"]
# Names that packages import from here.
_batch_mv, _batch_mahalanobis, _precision_to_scale_tril = times_vector, squared_distance, factor_of_precision


class MultivariateNormal(Distribution):
    """Normal vectors of mean `loc`, with one of: covariance, its inverse, its lower triangular factor.

    >>> import autogradkit as torch
    >>> normal = torch.distributions.MultivariateNormal(torch.zeros(2), torch.tensor([[4.0, 0.0], [0.0, 1.0]]))
    >>> normal.scale_tril
    tensor([[2., 0.],
            [0., 1.]])
    >>> normal.log_prob(torch.zeros(2))
    tensor(-2.5310)
    """

    arg_constraints = {
        "loc": constraints.real_vector,
        "covariance_matrix": constraints.positive_definite,
        "precision_matrix": constraints.positive_definite,
        "scale_tril": constraints.lower_cholesky,
    }
    support = constraints.real_vector
    has_rsample = True

    def __init__(
        self,
        loc: Tensor,
        covariance_matrix: Tensor | None = None,
        precision_matrix: Tensor | None = None,
        scale_tril: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        if loc.dim() < 1:
            raise ValueError("loc must be at least one-dimensional.")
        given = {
            "covariance_matrix": covariance_matrix,
            "precision_matrix": precision_matrix,
            "scale_tril": scale_tril,
        }
        require_one_of(**given)
        name, matrix = next((name, each) for name, each in given.items() if each is not None)
        if matrix.dim() < 2:
            subject = "scale_tril matrix" if name == "scale_tril" else name
            raise ValueError(f"{subject} must be at least two-dimensional, with optional leading batch dimensions")
        batch_shape = ak.broadcast_shapes(matrix.shape[:-2], loc.shape[:-1])
        self.__dict__[name] = matrix.expand(batch_shape + matrix.shape[-2:])
        self.loc = loc.expand(batch_shape + loc.shape[-1:])
        super().__init__(batch_shape, self.loc.shape[-1:], validate_args=validate_args)
        if name == "scale_tril":
            self._unbroadcasted_scale_tril = matrix
        elif name == "covariance_matrix":
            self._unbroadcasted_scale_tril = ak.linalg.cholesky(matrix)  # pyright: ignore[reportAttributeAccessIssue]
        else:
            self._unbroadcasted_scale_tril = factor_of_precision(matrix)

    def _expand_further(self, new: Any, batch_shape: Size) -> None:
        new._unbroadcasted_scale_tril = self._unbroadcasted_scale_tril

    @property
    def _matrix_shape(self) -> Size:
        return self._batch_shape + self._event_shape + self._event_shape

    @lazy_property
    def scale_tril(self) -> Tensor:
        """The lower triangle L with L Lᵀ = covariance."""
        return self._unbroadcasted_scale_tril.expand(self._matrix_shape)

    @lazy_property
    def covariance_matrix(self) -> Tensor:
        """The expected products of distances from the mean."""
        factor = self._unbroadcasted_scale_tril
        return ak.matmul(factor, factor.mT).expand(self._matrix_shape)

    @lazy_property
    def precision_matrix(self) -> Tensor:
        """The inverse of the covariance."""
        return ak.cholesky_inverse(self._unbroadcasted_scale_tril).expand(self._matrix_shape)

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def variance(self) -> Tensor:
        return self._unbroadcasted_scale_tril.pow(2).sum(-1).expand(self._batch_shape + self._event_shape)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        drawn = _standard_normal(self._extended_shape(sample_shape), self.loc.dtype, self.loc.device)
        return self.loc + times_vector(self._unbroadcasted_scale_tril, drawn)

    @of_value
    def log_prob(self, value: Tensor) -> Tensor:
        distance = squared_distance(self._unbroadcasted_scale_tril, value - self.loc)
        log_determinant = log_det(self._unbroadcasted_scale_tril)
        return -0.5 * (self._event_shape[0] * math.log(2 * math.pi) + distance) - log_determinant

    def entropy(self) -> Tensor:
        log_determinant = log_det(self._unbroadcasted_scale_tril)
        entropy = 0.5 * self._event_shape[0] * (1.0 + math.log(2 * math.pi)) + log_determinant
        return entropy.expand(self._batch_shape) if self._batch_shape else entropy
