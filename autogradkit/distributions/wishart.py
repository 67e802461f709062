"""`Wishart`: random covariance matrices, the sums of squares of normal vectors."""

from __future__ import annotations

import math
from typing import Any

import autogradkit as ak
from autogradkit.core.size import Size
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn
from autogradkit.distributions import constraints
from autogradkit.distributions.chi2 import Chi2
from autogradkit.distributions.distribution import of_value
from autogradkit.distributions.exp_family import ExponentialFamily
from autogradkit.distributions.gaussian import factor_of_precision, log_det
from autogradkit.distributions.utils import lazy_property

__all__ = ["Wishart"]

_TRIES = 10  # to draw a matrix that is not singular


class Wishart(ExponentialFamily):
    """x xᵀ summed over `df` normal vectors x, with one of: their covariance, its inverse, its lower triangular factor.

    >>> import autogradkit as torch
    >>> torch.distributions.Wishart(3.0, torch.eye(2)).mean
    tensor([[3., 0.],
            [0., 3.]])
    """

    support = constraints.positive_definite
    has_rsample = True
    _mean_carrier_measure = 0

    def __init__(
        self,
        df: Any,
        covariance_matrix: Tensor | None = None,
        precision_matrix: Tensor | None = None,
        scale_tril: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        given = {
            name: matrix
            for name, matrix in (
                ("covariance_matrix", covariance_matrix),
                ("precision_matrix", precision_matrix),
                ("scale_tril", scale_tril),
            )
            if matrix is not None
        }
        if len(given) != 1:
            raise AssertionError("Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified.")
        ((name, matrix),) = given.items()
        if matrix.dim() < 2:
            raise ValueError("scale_tril must be at least two-dimensional, with optional leading batch dimensions")
        df = ak.tensor(df, dtype=matrix.dtype) if isinstance(df, (int, float)) else df
        batch_shape = Size(ak.broadcast_shapes(matrix.shape[:-2], df.shape))
        size = matrix.shape[-1]
        self.df = df.expand(batch_shape)
        if self.df.le(size - 1).any():
            raise ValueError(f"Value of df={df} expected to be greater than ndim - 1 = {size - 1}.")
        self.__dict__[name] = matrix.expand((*batch_shape, -1, -1))
        super().__init__(batch_shape, matrix.shape[-2:], validate_args=validate_args)
        if self.df.lt(size).any():
            warn("Low df values detected. Singular samples are highly likely to occur for ndim - 1 < df < ndim.")
        if name == "scale_tril":
            self._factor = matrix
        elif name == "covariance_matrix":
            self._factor = ak.linalg.cholesky(matrix)  # pyright: ignore[reportAttributeAccessIssue]
        else:
            self._factor = factor_of_precision(matrix)
        self._squares = Chi2(self.df.unsqueeze(-1) - ak.arange(size, dtype=matrix.dtype))

    @property
    def arg_constraints(self) -> dict[str, constraints.Constraint]:
        return {
            "covariance_matrix": constraints.positive_definite,
            "precision_matrix": constraints.positive_definite,
            "scale_tril": constraints.lower_cholesky,
            "df": constraints.greater_than(self.event_shape[-1] - 1),
        }

    def _expand_further(self, new: Any, batch_shape: Size) -> None:
        new._factor = self._factor
        new._squares = self._squares.expand((*batch_shape, self._event_shape[0]))

    @property
    def _shape(self) -> Size:
        return self._batch_shape + self._event_shape

    @lazy_property
    def scale_tril(self) -> Tensor:
        """The lower triangle L with L Lᵀ = covariance of the vectors."""
        return self._factor.expand(self._shape)

    @lazy_property
    def covariance_matrix(self) -> Tensor:
        """The covariance of the vectors."""
        return ak.matmul(self._factor, self._factor.mT).expand(self._shape)

    @lazy_property
    def precision_matrix(self) -> Tensor:
        """The inverse of the covariance."""
        return ak.cholesky_inverse(self._factor).expand(self._shape)

    def _beside(self, each: Tensor) -> Tensor:
        """Numbers of a batch, to be multiplied with its matrices."""
        return each.reshape((*self._batch_shape, 1, 1))

    @property
    def mean(self) -> Tensor:
        return self._beside(self.df) * self.covariance_matrix

    @property
    def mode(self) -> Tensor:
        factor = self.df - self._event_shape[0] - 1
        return self._beside(factor.where(factor > 0, math.nan)) * self.covariance_matrix

    @property
    def variance(self) -> Tensor:
        covariance = self.covariance_matrix
        diagonal = covariance.diagonal(dim1=-2, dim2=-1)
        products = diagonal.unsqueeze(-1) * diagonal.unsqueeze(-2)
        return self._beside(self.df) * (covariance.pow(2) + products)

    def _draw(self, sample_shape: Any) -> Tensor:
        """Draws by Bartlett's decomposition: chi on the diagonal of a triangle, normal numbers below."""
        size = self._event_shape[0]
        triangle = self._squares.rsample(sample_shape).sqrt().diag_embed(dim1=-2, dim2=-1)
        rows, columns = ak.tril_indices(size, size, offset=-1)
        below = (*sample_shape, *self._batch_shape, size * (size - 1) // 2)
        triangle[..., rows, columns] = ak.randn(below, dtype=self._factor.dtype)
        factor = self._factor @ triangle
        return factor @ factor.mT

    def _in_support(self, sample: Tensor) -> Tensor:
        found = self.support.check(sample)
        return found.amax([-1 - dim for dim in range(len(self._batch_shape))]) if self._batch_shape else found

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        # PyTorch means to draw singular matrices again, but begins with those that are not: a seed gives the second ones.
        sample = self._draw(sample_shape)
        again = self._in_support(sample)
        if again.any():
            warn("Singular sample detected.")
            for _ in range(_TRIES):
                new = self._draw(again[again].shape)
                sample[again] = new
                again[again.clone()] = ~self._in_support(new)
                if not again.any():
                    break
        return sample

    def _normalizer(self, half_df: Tensor) -> Tensor:
        size = self._event_shape[0]
        return half_df * size * math.log(2) + ak.mvlgamma(half_df, size)

    @of_value
    def log_prob(self, value: Tensor) -> Tensor:
        size = self._event_shape[0]
        logarithm = ak.linalg.slogdet(value).logabsdet  # pyright: ignore[reportAttributeAccessIssue]
        trace = ak.cholesky_solve(value, self._factor).diagonal(dim1=-2, dim2=-1).sum(dim=-1)
        powers = (self.df - size - 1) / 2 * logarithm - self.df * log_det(self._factor)
        return powers - self._normalizer(self.df / 2) - trace / 2

    def entropy(self) -> Tensor:
        size = self._event_shape[0]
        digammas = (self.df.unsqueeze(-1) / 2 - ak.arange(size, dtype=self.df.dtype) / 2).digamma().sum(-1)
        of_scale = (size + 1) * (size * math.log(2) / 2 + log_det(self._factor))
        return of_scale + ak.mvlgamma(self.df / 2, size) - (self.df - size - 1) / 2 * digammas + self.df * size / 2

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        return -self.precision_matrix / 2, (self.df - self._event_shape[0] - 1) / 2

    def _log_normalizer(self, *natural_params: Tensor) -> Tensor:
        matrix, power = natural_params
        half_df = power + (matrix.shape[-1] + 1) / 2
        logarithm = ak.linalg.slogdet(-2 * matrix).logabsdet  # pyright: ignore[reportAttributeAccessIssue]
        return self._normalizer(half_df) - half_df * logarithm
