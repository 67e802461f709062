"""Systems of linear equations, and inverses, by the factors P L U.

Rests on lu.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op, writing
from autogradkit._ops.declare.kinds import Array
from autogradkit._ops.linalg import lu, lu_solve, return_types
from autogradkit._ops.linalg.matrices import (
    INT32,
    adjoint,
    broadcast_batch,
    by_columns,
    require_floats,
    require_kernel,
    require_same_dtype,
    require_solvable,
    require_square,
    require_success,
    solution,
)
from autogradkit.core.tensor import Tensor

# -- A X = B -----------------------------------------------------------------------------------------------------------


def is_of_vectors(A: Any, B: Any) -> bool:
    """Whether B is one vector, or one for each matrix, and no matrices."""
    return B.ndim == 1 or (A.ndim - 1 == B.ndim and tuple(B.shape) == tuple(A.shape[:-1]))


def _solve_meta(A: Array, B: Array, *, left: bool, check_errors: bool) -> Any:
    name = "linalg.solve"
    require_floats(A, name, low=True)
    require_same_dtype(A, B, name)
    vectors = is_of_vectors(A, B)
    sides = B[..., None] if vectors else B
    require_solvable(A, sides, left, name)
    if vectors and not left:
        raise RuntimeError(
            f"{name}: Vector broadcasting of the left hand side is not supported for left=False. In this case linalg.solve is "
            "equivalent to B / A.squeeze(-1)"
        )
    if A.size:
        require_kernel("lu_cpu", A)
    shape = (*broadcast_batch(A, sides), *sides.shape[-2:])
    if vectors:
        shape = shape[:-1]
    strides = by_columns(shape) if left and len(shape) > 1 else None
    return (
        (shape, A.dtype, strides),
        (A.shape, A.dtype, by_columns(A.shape)),
        (A.shape[:-1], INT32),
        (A.shape[:-2], INT32),
    )


def _solved_by_factors(g: Array, A: Array, LU: Array, pivots: Array, left: bool) -> Array:
    return k.linalg_lu_solve(LU, pivots, g, left=left, adjoint=True)


@k.on_arrays(_solved_by_factors)
def solved_for_adjoint(g: Any, A: Any, LU: Any, pivots: Any, left: bool) -> Any:
    """The X of Aᴴ X = g, or X Aᴴ = g; by the factors, unless it is differentiated: they are saved as numbers."""
    return solution(adjoint(A), g, left)


def _solve_backward(
    g: Any,
    A: Any,
    B: Any,
    LU: Any,
    pivots: Any,
    left: bool,
    result: Any,
    needs: Sequence[bool],
) -> Any:
    vectors = is_of_vectors(A, B)
    g, x = (k.unsqueeze(each, -1) if vectors else each for each in (g, result))
    gradient = solved_for_adjoint(g, A, LU, pivots, left)
    in_a = None
    if needs[0]:
        in_a = -gradient @ adjoint(x) if left else -adjoint(x) @ gradient
    return in_a, k.squeeze_dim(gradient, -1) if vectors else gradient


@op(
    name="_linalg_solve_ex",
    node="LinalgSolveExBackward0",
    label="solve",
    variants="",
    outputs="result LU pivots info",
    differentiable_outputs=1,
    meta=_solve_meta,
    samples=lambda t: [
        (lu.regular(t, 2, 2), t(2, 3)),
        (lu.regular(t, 2, 2), t(2)),
        (lu.regular(t, 2, 2), t(2, 1, 2), False),
    ],
    group=("A B", _solve_backward),
    rule="∂A = −A⁻ᵀ ∂ · resultᵀ\n∂B = A⁻ᵀ ∂",
)
def solve_ex(
    A: Array,
    B: Array,
    *,
    left: bool = True,
    check_errors: bool = False,
    out: Any,
) -> None:
    """(X of A X = B, or of X A = B, the factors of A, what went wrong)."""
    result, LU, pivots, info = out
    lu.factor(A, LU, pivots, info)
    if is_of_vectors(A, B):
        lu_solve.substitute(LU, pivots, B[..., None], True, False, result[..., None])
    else:
        lu_solve.substitute(LU, pivots, B, left, False, result)
    if check_errors:
        require_success(info, "torch.linalg.solve_ex")


@op(
    name="linalg_solve_ex",
    variants="",
    composition=True,
    out=True,
    out_dtype=writing.require_same_dtype,
    written_by="_linalg_solve_ex",
    outputs="result info",
    returns=return_types.linalg_solve_ex,
)
def linalg_solve_ex(A: Tensor, B: Tensor, *, left: bool = True, check_errors: bool = False) -> Any:
    """(X, info): as `solve`, which raises where this says in `info` that a matrix is singular.

    >>> import autogradkit as torch
    >>> torch.linalg.solve_ex(torch.tensor([[2.0, 0.0], [0.0, 4.0]]), torch.tensor([2.0, 8.0])).result
    tensor([1., 2.])
    """
    result, _, _, info = solve_ex(A, B, left=left, check_errors=check_errors)
    return return_types.linalg_solve_ex((result, info))


@op(
    name="linalg_solve",
    variants="",
    composition=True,
    out=True,
    out_dtype=writing.require_same_dtype,
    written_by="_linalg_solve_ex",
)
def solve(A: Tensor, B: Tensor, *, left: bool = True) -> Any:
    """The X of A X = B, or, not `left`, of X A = B; B has matrices or vectors. Raises LinAlgError for a singular A.

    >>> import autogradkit as torch
    >>> torch.linalg.solve(torch.tensor([[2.0, 0.0], [0.0, 4.0]]), torch.tensor([2.0, 8.0]))
    tensor([1., 2.])
    """
    result, _, _, info = solve_ex(A, B, left=left)
    require_success(info, "torch.linalg.solve")
    return result


# -- inverses ----------------------------------------------------------------------------------------------------------


def _inverse_meta(A: Array, *, check_errors: bool) -> Any:
    require_square(A, "linalg.inv")
    require_floats(A, "linalg.inv")
    return (A.shape, A.dtype, by_columns(A.shape)), (A.shape[:-2], INT32)


@op(
    name="linalg_inv_ex",
    label="inv",
    variants="",
    outputs="inverse info",
    differentiable_outputs=1,
    returns=return_types.linalg_inv_ex,
    meta=_inverse_meta,
    samples=lambda t: [(lu.regular(t, 2, 2),), (lu.regular(t, 2, 1, 1),)],
    vjp={"A": lambda g, inverse: -adjoint(inverse) @ (g @ adjoint(inverse))},
    rule="∂A = −inverseᵀ @ ∂ @ inverseᵀ",
)
def inv_ex(A: Array, *, check_errors: bool = False, out: Any) -> None:
    """(inverse, info): `info` is 0 where there is an inverse, else the place of a zero; that raises only if `check_errors`.

    >>> import autogradkit as torch
    >>> torch.linalg.inv_ex(torch.tensor([[2.0, 0.0], [0.0, 4.0]])).inverse
    tensor([[0.5000, 0.0000],
            [0.0000, 0.2500]])
    """
    inverse, info = out
    info.fill(0)
    try:
        np.copyto(inverse, np.linalg.inv(A))
    except np.linalg.LinAlgError:  # which does not say of which matrix
        LU, pivots = np.empty_like(A), np.empty(A.shape[:-1], INT32)
        lu.factor(A, LU, pivots, info)
        lu_solve.substitute(LU, pivots, np.eye(A.shape[-1], dtype=A.dtype), True, False, inverse)
    if check_errors:
        require_success(info, "linalg.inv_ex")


@op(
    name="linalg_inv",
    variants="",
    composition=True,
    out=True,
    out_dtype=writing.require_same_dtype,
    written_by="linalg_inv_ex",
)
def inv(A: Tensor) -> Any:
    """The inverse of square matrices. Raises LinAlgError for a singular one.

    >>> import autogradkit as torch
    >>> torch.linalg.inv(torch.tensor([[2.0, 0.0], [0.0, 4.0]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.2500]])
    """
    inverse, info = inv_ex(A)
    require_success(info, "linalg.inv")
    return inverse


@op(composition=True, out=True, out_dtype=writing.require_same_dtype, written_by="linalg_inv_ex")
def inverse(self: Tensor) -> Any:
    """Another name for `linalg.inv`.

    >>> import autogradkit as torch
    >>> torch.inverse(torch.tensor([[2.0, 0.0], [0.0, 4.0]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.2500]])
    """
    return inv(self)
