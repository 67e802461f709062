"""`LowRankMultivariateNormal`: normal vectors whose covariance is W Wᵀ of a narrow W, and a diagonal."""

from __future__ import annotations

import math
from typing import Any

import autogradkit as ak
from autogradkit.core.size import Size
from autogradkit.core.tensor import Tensor
from autogradkit.distributions import constraints
from autogradkit.distributions.distribution import Distribution, of_value
from autogradkit.distributions.gaussian import log_det, squared_distance, times_vector
from autogradkit.distributions.utils import _standard_normal, lazy_property

__all__ = ["LowRankMultivariateNormal"]


class LowRankMultivariateNormal(Distribution):
    """Normal vectors of mean `loc` and covariance `cov_factor` @ `cov_factor`ᵀ + diag(`cov_diag`).

    The determinant and the inverse are those of matrices as small as the factor is narrow (Woodbury).

    >>> import autogradkit as torch
    >>> factor = torch.tensor([[1.0], [0.0]])
    >>> torch.distributions.LowRankMultivariateNormal(torch.zeros(2), factor, torch.ones(2)).covariance_matrix
    tensor([[2., 0.],
            [0., 1.]])
    """

    arg_constraints = {
        "loc": constraints.real_vector,
        "cov_factor": constraints.independent(constraints.real, 2),
        "cov_diag": constraints.independent(constraints.positive, 1),
    }
    support = constraints.real_vector
    has_rsample = True

    def __init__(self, loc: Tensor, cov_factor: Tensor, cov_diag: Tensor, validate_args: bool | None = None) -> None:
        if loc.dim() < 1:
            raise ValueError("loc must be at least one-dimensional.")
        event_shape = loc.shape[-1:]
        if cov_factor.dim() < 2:
            raise ValueError("cov_factor must be at least two-dimensional, with optional leading batch dimensions")
        if cov_factor.shape[-2:-1] != event_shape:
            raise ValueError(f"cov_factor must be a batch of matrices with shape {event_shape[0]} x m")
        if cov_diag.shape[-1:] != event_shape:
            raise ValueError(f"cov_diag must be a batch of vectors with shape {event_shape}")
        try:
            batch_shape = Size(ak.broadcast_shapes(loc.shape[:-1], cov_factor.shape[:-2], cov_diag.shape[:-1]))
        except RuntimeError as error:
            raise ValueError(
                f"Incompatible batch shapes: loc {loc.shape}, cov_factor {cov_factor.shape}, cov_diag {cov_diag.shape}"
            ) from error
        self.cov_factor = cov_factor.expand(batch_shape + cov_factor.shape[-2:])
        self.loc = loc.expand(batch_shape + event_shape)
        self.cov_diag = cov_diag.expand(batch_shape + event_shape)
        self._factor, self._diag = cov_factor, cov_diag
        weighted = cov_factor.mT / cov_diag.unsqueeze(-2)
        small = ak.matmul(weighted, cov_factor) + ak.eye(cov_factor.shape[-1], dtype=cov_factor.dtype)
        self._small_tril = ak.linalg.cholesky(small)  # pyright: ignore[reportAttributeAccessIssue]
        super().__init__(batch_shape, event_shape, validate_args=validate_args)

    def _expand_further(self, new: Any, batch_shape: Size) -> None:
        new._factor, new._diag, new._small_tril = self._factor, self._diag, self._small_tril

    @property
    def _matrix_shape(self) -> Size:
        return self._batch_shape + self._event_shape + self._event_shape

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc

    @lazy_property
    def variance(self) -> Tensor:
        return (self._factor.pow(2).sum(-1) + self._diag).expand(self._batch_shape + self._event_shape)

    @lazy_property
    def scale_tril(self) -> Tensor:
        """The lower triangle L with L Lᵀ = covariance."""
        root = self._diag.sqrt().unsqueeze(-1)
        scaled = self._factor / root
        inner = ak.matmul(scaled, scaled.mT) + ak.eye(self._event_shape[0], dtype=scaled.dtype)
        factor = root * ak.linalg.cholesky(inner)  # pyright: ignore[reportAttributeAccessIssue]
        return factor.expand(self._matrix_shape)

    @lazy_property
    def covariance_matrix(self) -> Tensor:
        """The expected products of distances from the mean."""
        covariance = ak.matmul(self._factor, self._factor.mT) + ak.diag_embed(self._diag)
        return covariance.expand(self._matrix_shape)

    @lazy_property
    def precision_matrix(self) -> Tensor:
        """The inverse of the covariance."""
        weighted = self._factor.mT / self._diag.unsqueeze(-2)
        whitened = ak.linalg.solve_triangular(  # pyright: ignore[reportAttributeAccessIssue]
            self._small_tril, weighted, upper=False
        )
        precision = ak.diag_embed(self._diag.reciprocal()) - ak.matmul(whitened.mT, whitened)
        return precision.expand(self._matrix_shape)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        along = _standard_normal((*shape[:-1], self.cov_factor.shape[-1]), self.loc.dtype, self.loc.device)
        own = _standard_normal(shape, self.loc.dtype, self.loc.device)
        return self.loc + times_vector(self._factor, along) + self._diag.sqrt() * own

    def squared_distance(self, difference: Tensor) -> Tensor:
        """xᵀ C⁻¹ x of vectors x and the covariance C."""
        projected = times_vector(self._factor.mT / self._diag.unsqueeze(-2), difference)
        own = (difference.pow(2) / self._diag).sum(-1)
        return own - squared_distance(self._small_tril, projected)

    def log_det(self) -> Tensor:
        """log det of the covariance."""
        return 2 * log_det(self._small_tril) + self._diag.log().sum(-1)

    @of_value
    def log_prob(self, value: Tensor) -> Tensor:
        distance = self.squared_distance(value - self.loc)
        return -0.5 * (self._event_shape[0] * math.log(2 * math.pi) + self.log_det() + distance)

    def entropy(self) -> Tensor:
        entropy = 0.5 * (self._event_shape[0] * (1.0 + math.log(2 * math.pi)) + self.log_det())
        return entropy.expand(self._batch_shape) if self._batch_shape else entropy
