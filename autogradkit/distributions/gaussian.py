"""What multivariate families share: factors of covariances and of precisions, and Mahalanobis' distance by them."""

from __future__ import annotations

from typing import Any

import autogradkit as ak
from autogradkit.core.tensor import Tensor


def times_vector(matrix: Tensor, vector: Tensor) -> Tensor:
    """Matrices times vectors, both in batches that are broadcast."""
    return ak.matmul(matrix, vector.unsqueeze(-1)).squeeze(-1)


def squared_distance(factor: Tensor, difference: Tensor) -> Tensor:
    """xᵀ (L Lᵀ)⁻¹ x for vectors x and lower triangles L, in batches that are broadcast."""
    batch = ak.broadcast_shapes(difference.shape[:-1], factor.shape[:-2])
    whitened = ak.linalg.solve_triangular(  # pyright: ignore[reportAttributeAccessIssue]
        factor.expand((*batch, *factor.shape[-2:])),
        difference.expand((*batch, difference.shape[-1])).unsqueeze(-1),
        upper=False,
    )
    return whitened.squeeze(-1).pow(2).sum(-1)


def factor_of_precision(precision: Tensor) -> Tensor:
    """The lower triangle L with L Lᵀ = P⁻¹: of P turned about both ways the factor, turned back and inverted."""
    turned = ak.linalg.cholesky(ak.flip(precision, (-2, -1)))  # pyright: ignore[reportAttributeAccessIssue]
    upper = ak.transpose(ak.flip(turned, (-2, -1)), -2, -1)
    return ak.linalg.solve_triangular(upper, ak.eye(precision.shape[-1], dtype=precision.dtype), upper=False)  # pyright: ignore[reportAttributeAccessIssue]


def log_det(factor: Tensor) -> Tensor:
    """log det L of lower triangles."""
    return factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)


def require_one_of(**given: Any) -> None:
    """Raise ValueError unless just one of the matrices is given."""
    if sum(each is not None for each in given.values()) != 1:
        raise ValueError(f"Exactly one of {' or '.join(given)} may be specified.")
