"""Determinants, by the factors P L U.

Rests on lu and solving.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op, writing
from autogradkit._ops.declare.kinds import Array
from autogradkit._ops.linalg import lu, return_types
from autogradkit._ops.linalg.matrices import (
    INT32,
    adjoint,
    by_columns,
    on_diagonal,
    real_of,
    require_floats,
    require_kernel,
    require_square,
    solution,
)
from autogradkit._ops.linalg.solving import solved_for_adjoint
from autogradkit._ops.reduction.factors import without_each
from autogradkit.core.dtype import get_default_dtype
from autogradkit.core.tensor import Tensor


def _det_meta(A: Array) -> Any:
    require_square(A, "linalg.det")
    require_floats(A, "linalg.det", low=True)
    if A.size:
        require_kernel("lu_cpu", A)
    return (A.shape[:-2], A.dtype), (A.shape, A.dtype, by_columns(A.shape)), (A.shape[:-1], INT32)


def _signs(pivots: Array) -> Array:
    """The determinant of the permutation that interchanges are."""
    moved = pivots != np.arange(1, pivots.shape[-1] + 1)
    return 1 - 2 * (np.count_nonzero(moved, axis=-1) % 2)


def _spread_on_diagonal(x: Any, size: int) -> Any:
    """x times the identity matrix."""
    return k.reshape(x, (*x.shape, 1, 1)) * k.eye(size, size, x)


def _det_on_arrays(g: Array, A: Array, LU: Array, pivots: Array, result: Array) -> Array:
    """A zero on the diagonal of U is made a very small number: what it is divided by is `result`, which is as small.

    Raises RuntimeError where the default dtype is wider than the matrix: PyTorch's small numbers are of that,
    and so its factors.
    """
    if not A.size:
        return np.zeros_like(A)
    zeros = np.diagonal(LU, 0, -2, -1) == 0
    nudged = LU + on_diagonal(np.where(zeros, k.epsilon(LU), 0).astype(get_default_dtype().numpy))
    sides = _spread_on_diagonal(g * k.conj(result), A.shape[-1])
    return k.linalg_lu_solve(nudged, pivots, sides, adjoint=True)


@k.on_arrays(_det_on_arrays)
def _det_backward(g: Any, A: Any, LU: Any, pivots: Any, result: Any) -> Any:
    """∂ · result · A⁻ᵀ, which is the matrix of minors where A has no inverse."""
    size = A.shape[-1]
    sides = _spread_on_diagonal(g * k.conj(result), size)
    singular = k.abs(result) < k.epsilon(A) * 100
    if not k.any_all(singular):
        return solution(adjoint(A), sides)
    mask = k.reshape(singular, (*singular.shape, 1, 1))
    regular = k.where(mask, k.eye(size, size, A), A)
    return k.where(mask, _minors(g, A), solution(adjoint(regular), sides))


def _minors(g: Any, A: Any) -> Any:
    U, S, Vh = k.linalg_svd(A)
    phase = k.conj(k.det(U)[0] * k.det(Vh)[0])
    others = without_each(S, S.ndim - 1)
    return (U * k.unsqueeze(k.unsqueeze(g * phase, -1) * others, -2)) @ Vh


@op(
    name="_linalg_det",
    node="LinalgDetBackward0",
    label="det",
    variants="",
    outputs="result LU pivots",
    differentiable_outputs=1,
    meta=_det_meta,
    samples=lambda t: [(lu.regular(t, 2, 2),), (lu.regular(t, 2, 3, 3),)],
    vjp={"A": lambda g, A, LU, pivots, result: _det_backward(g, A, LU, pivots, result)},
    rule="∂A = ∂ · result · A⁻ᵀ",
)
def det(A: Array, *, out: Any) -> None:
    """(determinant, the factors that it is computed from)."""
    result, LU, pivots = out
    lu.factor(A, LU, pivots, np.empty(result.shape, INT32))
    np.multiply(np.prod(np.diagonal(LU, 0, -2, -1), axis=-1), _signs(pivots), out=result, casting="unsafe")


@op(
    name="linalg_det",
    variants="",
    composition=True,
    out=True,
    out_dtype=writing.require_same_dtype,
    written_by="_linalg_det",
)
def linalg_det(A: Tensor) -> Any:
    """The determinant of square matrices.

    >>> import autogradkit as torch
    >>> torch.linalg.det(torch.tensor([[2.0, 1.0], [0.0, 4.0]]))
    tensor(8.)
    """
    return det(A)[0]


@op(name="det", composition=True)
def det_of(self: Tensor) -> Any:
    """Another name for `linalg.det`.

    >>> import autogradkit as torch
    >>> torch.det(torch.tensor([[2.0, 1.0], [0.0, 4.0]]))
    tensor(8.)
    """
    return det(self)[0]


def _slogdet_meta(A: Array) -> Any:
    require_square(A, "linalg.slogdet")
    require_floats(A, "linalg.slogdet")
    batch = A.shape[:-2]
    return (
        (batch, A.dtype),
        (batch, real_of(A.dtype)),
        (A.shape, A.dtype, by_columns(A.shape)),
        (A.shape[:-1], INT32),
    )


def _slogdet_backward(
    gradients: Sequence[Any],
    A: Any,
    LU: Any,
    pivots: Any,
    sign: Any,
    needs: Any,
) -> Any:
    g_sign, g_log = gradients[:2]
    size = A.shape[-1]
    turned = g_log
    if k.is_complex(A) and g_sign is not None:  # a sign of ±1 does not change
        angle = k.conj(g_sign) * sign
        phase = (angle - k.conj(angle)) * 0.5
        turned = -phase if g_log is None else g_log - phase
    if turned is None:
        return (None,)
    sides = _spread_on_diagonal(turned, size)
    if k.is_complex(A) and not k.is_complex(sides):
        sides = sides + k.zeros_like(A)
    return (solved_for_adjoint(sides, A, LU, pivots, True),)


@op(
    name="_linalg_slogdet",
    node="LinalgSlogdetBackward0",
    label="slogdet",
    variants="",
    outputs="sign logabsdet LU pivots",
    differentiable_outputs=2,
    meta=_slogdet_meta,
    samples=lambda t: [(lu.regular(t, 2, 2),), (lu.regular(t, 2, 3, 3),)],
    group=("A", _slogdet_backward),
    rule="∂A = ∂logabsdet · A⁻ᵀ",
)
def slogdet(A: Array, *, out: Any) -> None:
    """(sign, logarithm of the absolute value, the factors) of determinants."""
    sign, logarithm, LU, pivots = out
    lu.factor(A, LU, pivots, np.empty(sign.shape, INT32))
    diagonal = np.diagonal(LU, 0, -2, -1)
    size = np.abs(diagonal)
    signs = np.sign(diagonal)
    np.multiply(np.prod(signs, axis=-1), _signs(pivots), out=sign, casting="unsafe")
    np.sum(np.log(size), axis=-1, out=logarithm)


@op(
    name="linalg_slogdet",
    variants="",
    composition=True,
    out=True,
    out_dtype=writing.require_same_dtype,
    written_by="_linalg_slogdet",
    outputs="sign logabsdet",
    returns=return_types.linalg_slogdet,
)
def linalg_slogdet(A: Tensor) -> Any:
    """(sign, logarithm of the absolute value) of determinants, which neither overflow nor vanish.

    >>> import autogradkit as torch
    >>> torch.linalg.slogdet(torch.tensor([[-1.0, 0.0], [0.0, 1.0]])).sign
    tensor(-1.)
    """
    return return_types.linalg_slogdet(slogdet(A)[:2])


@op(
    name="slogdet",
    composition=True,
    out=True,
    out_dtype=writing.require_same_dtype,
    written_by="_linalg_slogdet",
    outputs="sign logabsdet",
    returns=return_types.slogdet,
)
def slogdet_of(self: Tensor) -> Any:
    """Another name for `linalg.slogdet`.

    >>> import autogradkit as torch
    >>> torch.slogdet(torch.tensor([[-1.0, 0.0], [0.0, 1.0]])).sign
    tensor(-1.)
    """
    return return_types.slogdet(slogdet(self)[:2])


@op(composition=True)
def logdet(self: Tensor) -> Any:
    """The logarithm of determinants: −inf where it is zero, NaN where it is negative.

    >>> import autogradkit as torch
    >>> torch.logdet(torch.tensor([[1.0, 0.0], [0.0, 1.0]]))
    tensor(0.)
    """
    require_square(self._array, "logdet")
    require_floats(self._array, "logdet")
    sign, logarithm = slogdet(self)[:2]
    if sign.is_complex():
        return sign.log() + logarithm
    return k.where(sign == -1, float("nan"), logarithm)
