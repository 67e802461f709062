"""Transforms of vectors and matrices: into the simplex, into factors of covariances and correlations, into other shapes."""

from __future__ import annotations

import math
from typing import Any

import autogradkit as ak
from autogradkit.core.size import Size
from autogradkit.core.tensor import Tensor
from autogradkit.distributions import constraints
from autogradkit.distributions.transforms.base import Shape, Transform
from autogradkit.distributions.transforms.elementwise import _clipped_sigmoid
from autogradkit.distributions.utils import tril_matrix_to_vec, vec_to_tril_matrix


def _require_dims(shape: Shape, dims: int) -> None:
    if len(shape) < dims:
        raise ValueError("Too few dimensions on input")


def _with_last(shape: Shape, *last: int) -> Shape:
    """The shape with other sizes in place of its last one."""
    return shape[:-1] + last


class ReshapeTransform(Transform):
    """Events of one shape in another one."""

    bijective = True

    def __init__(self, in_shape: Shape, out_shape: Shape, cache_size: int = 0) -> None:
        self.in_shape = Size(in_shape)
        self.out_shape = Size(out_shape)
        if self.in_shape.numel() != self.out_shape.numel():
            raise ValueError("in_shape, out_shape have different numbers of elements")
        super().__init__(cache_size=cache_size)

    @constraints.dependent_property
    def domain(self) -> Any:
        return constraints.independent(constraints.real, len(self.in_shape))

    @constraints.dependent_property
    def codomain(self) -> Any:
        return constraints.independent(constraints.real, len(self.out_shape))

    def with_cache(self, cache_size: int = 1) -> Transform:
        if self._cache_size == cache_size:
            return self
        return ReshapeTransform(self.in_shape, self.out_shape, cache_size=cache_size)

    def _call(self, x: Any) -> Any:
        return x.reshape(x.shape[: x.dim() - len(self.in_shape)] + self.out_shape)

    def _inverse(self, y: Any) -> Any:
        return y.reshape(y.shape[: y.dim() - len(self.out_shape)] + self.in_shape)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Tensor:
        return x.new_zeros(x.shape[: x.dim() - len(self.in_shape)])

    def forward_shape(self, shape: Shape) -> Shape:
        return _exchanged(shape, self.in_shape, self.out_shape)

    def inverse_shape(self, shape: Shape) -> Shape:
        return _exchanged(shape, self.out_shape, self.in_shape)


def _exchanged(shape: Shape, end: Size, other: Size) -> Shape:
    """The shape with another end."""
    _require_dims(shape, len(end))
    cut = len(shape) - len(end)
    if shape[cut:] != end:
        raise ValueError(f"Shape mismatch: expected {shape[cut:]} but got {end}")
    return shape[:cut] + other


class SoftmaxTransform(Transform):
    """y = softmax(x) over the last dimension. As logits that differ by a constant are alike, it is not bijective."""

    domain = constraints.real_vector
    codomain = constraints.simplex

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SoftmaxTransform)

    def _call(self, x: Any) -> Any:
        powers = (x - x.max(-1, True)[0]).exp()
        return powers / powers.sum(-1, True)

    def _inverse(self, y: Any) -> Any:
        return y.log()

    def forward_shape(self, shape: Shape) -> Shape:
        _require_dims(shape, 1)
        return shape

    def inverse_shape(self, shape: Shape) -> Shape:
        _require_dims(shape, 1)
        return shape


def _padded(x: Tensor, before: int, after: int) -> Tensor:
    """With ones around the last dimension."""
    return ak.nn.functional.pad(x, [before, after], value=1)


class StickBreakingTransform(Transform):
    """n numbers into n + 1 that sum to one: each takes a part of what those before it have left."""

    domain = constraints.real_vector
    codomain = constraints.simplex
    bijective = True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StickBreakingTransform)

    def _call(self, x: Any) -> Any:
        offset = x.shape[-1] + 1 - x.new_ones(x.shape[-1]).cumsum(-1)  # so that zeros break into equal parts
        part = _clipped_sigmoid(x - offset.log())
        left = (1 - part).cumprod(-1)
        return _padded(part, 0, 1) * _padded(left, 1, 0)

    def _inverse(self, y: Any) -> Any:
        most = y[..., :-1]
        offset = y.shape[-1] - most.new_ones(most.shape[-1]).cumsum(-1)
        left = ak.clamp(1 - most.cumsum(-1), min=ak.finfo(y.dtype).tiny)
        return most.log() - left.log() + offset.log()

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Tensor:
        offset = x.shape[-1] + 1 - x.new_ones(x.shape[-1]).cumsum(-1)
        x = x - offset.log()
        return (-x + ak.nn.functional.logsigmoid(x) + y[..., :-1].log()).sum(-1)

    def forward_shape(self, shape: Shape) -> Shape:
        _require_dims(shape, 1)
        return _with_last(shape, shape[-1] + 1)

    def inverse_shape(self, shape: Shape) -> Shape:
        _require_dims(shape, 1)
        return _with_last(shape, shape[-1] - 1)


class CorrCholeskyTransform(Transform):
    """n (n − 1) / 2 numbers into the Cholesky factor of an n × n correlation matrix.

    tanh of the numbers is below the diagonal what stick breaking is given, by rows whose squares sum to one.
    """

    domain = constraints.real_vector
    codomain = constraints.corr_cholesky
    bijective = True

    def _call(self, x: Any) -> Any:
        x = ak.tanh(x)
        eps = ak.finfo(x.dtype).eps
        x = x.clamp(min=-1 + eps, max=1 - eps)
        partial = vec_to_tril_matrix(x, diag=-1)
        left = (1 - partial**2).sqrt().cumprod(-1)
        partial = partial + ak.eye(partial.shape[-1], dtype=partial.dtype)
        return partial * _padded(left[..., :-1], 1, 0)

    def _inverse(self, y: Any) -> Any:
        left = _padded((1 - ak.cumsum(y * y, dim=-1))[..., :-1], 1, 0)
        partial = tril_matrix_to_vec(y, diag=-1) / tril_matrix_to_vec(left, diag=-1).sqrt()
        return (partial.log1p() - partial.neg().log1p()) / 2

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Tensor:
        left = 1 - (y * y).cumsum(dim=-1)
        of_sticks = 0.5 * tril_matrix_to_vec(left, diag=-2).log().sum(-1)
        of_tanh = -2 * (x + ak.nn.functional.softplus(-2 * x) - math.log(2.0)).sum(dim=-1)
        return of_sticks + of_tanh

    def forward_shape(self, shape: Shape) -> Shape:
        _require_dims(shape, 1)
        count = shape[-1]
        size = round((0.25 + 2 * count) ** 0.5 + 0.5)
        if size * (size - 1) // 2 != count:
            raise ValueError("Input is not a flattened lower-diagonal number")
        return _with_last(shape, size, size)

    def inverse_shape(self, shape: Shape) -> Shape:
        _require_dims(shape, 2)
        if shape[-2] != shape[-1]:
            raise ValueError("Input is not square")
        return _with_last(shape[:-1], shape[-1] * (shape[-1] - 1) // 2)


class LowerCholeskyTransform(Transform):
    """A matrix into a lower triangle with a positive diagonal: exp of its own, and nothing above."""

    domain = constraints.independent(constraints.real, 2)
    codomain = constraints.lower_cholesky

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LowerCholeskyTransform)

    def _call(self, x: Any) -> Any:
        return x.tril(-1) + x.diagonal(dim1=-2, dim2=-1).exp().diag_embed()

    def _inverse(self, y: Any) -> Any:
        return y.tril(-1) + y.diagonal(dim1=-2, dim2=-1).log().diag_embed()


class PositiveDefiniteTransform(Transform):
    """A matrix into a positive definite one, by the factor that LowerCholeskyTransform makes of it."""

    domain = constraints.independent(constraints.real, 2)
    codomain = constraints.positive_definite

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PositiveDefiniteTransform)

    def _call(self, x: Any) -> Any:
        factor = LowerCholeskyTransform()(x)
        return factor @ factor.mT

    def _inverse(self, y: Any) -> Any:
        return LowerCholeskyTransform().inv(ak.linalg.cholesky(y))  # pyright: ignore[reportAttributeAccessIssue]
