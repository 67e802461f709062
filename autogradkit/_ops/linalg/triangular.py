"""Systems of equations with triangular matrices: solve_triangular, triangular_solve.

Rests on matrices and SciPy's LAPACK.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op, writing
from autogradkit._ops.declare.kinds import Array
from autogradkit._ops.declare.memory import real_part
from autogradkit._ops.linalg.matrices import (
    adjoint,
    blas,
    broadcast_batch,
    by_columns,
    matrices_of,
    require_kernel,
    require_solvable,
    require_system,
)
from autogradkit._ops.linalg.return_types import triangular_solve as TriangularSolve
from autogradkit.core.warning import warn_once


def substitute(A: Array, B: Array, upper: bool, left: bool, unitriangular: bool, out: Array) -> None:
    """Write into `out` the X of A X = B, or X A = B, for triangular A; batch dimensions broadcast."""
    batch = broadcast_batch(A, B)
    if not out.size:
        return
    if not left:
        substitute(A.swapaxes(-2, -1), B.swapaxes(-2, -1), not upper, True, unitriangular, out.swapaxes(-2, -1))
        return
    trsm = blas("trsm", out)  # which divides by a zero on the diagonal, as PyTorch's kernel, where LAPACK gives up
    factors = matrices_of(np.broadcast_to(A, (*batch, *A.shape[-2:])))
    sides = matrices_of(np.broadcast_to(B, (*batch, *B.shape[-2:])))
    solved = [trsm(1, a, b, lower=not upper, diag=unitriangular) for a, b in zip(factors, sides, strict=True)]
    np.copyto(out, np.reshape(solved, out.shape))


def _triangle(x: Any, upper: bool, unitriangular: bool) -> Any:
    """The part of a gradient that a triangular matrix has."""
    return k.triu(x, int(unitriangular)) if upper else k.tril(x, -int(unitriangular))


def _solve_meta(A: Array, B: Array, *, upper: bool, left: bool, unitriangular: bool) -> Any:
    require_solvable(A, B, left, "linalg.solve_triangular")
    require_kernel("triangular_solve_cpu", A)
    shape = (*broadcast_batch(A, B), *B.shape[-2:])
    return shape, A.dtype, by_columns(shape)


def _solve_backward(
    g: Any, self: Any, upper: bool, left: bool, unitriangular: bool, result: Any, needs: Sequence[bool]
) -> Any:
    gradient = k.solve_triangular(adjoint(self), g, upper=not upper, left=left, unitriangular=unitriangular)
    if not needs[0]:
        return None, gradient
    product = -gradient @ adjoint(result) if left else -adjoint(result) @ gradient
    return _triangle(product, upper, unitriangular), gradient if needs[1] else None


@op(
    name="linalg_solve_triangular",
    label="solve_triangular",
    out_dtype=writing.saying("expected scalar type {result} but found {out}"),
    variants="",
    meta=_solve_meta,
    samples=lambda t: [
        (_triangular(t), t(2, 2), True),
        (_triangular(t), t(3, 2, 2), False, False),
        (_triangular(t), t(2, 1), True, True, True),
    ],
    group=("self B", _solve_backward),
    refuses_complex=True,
    rule="∂self = −∂B · resultᵀ, of its triangle\n∂B = self⁻ᵀ ∂",
)
def solve_triangular(
    self: Array,
    B: Array,
    *,
    upper: bool,
    left: bool = True,
    unitriangular: bool = False,
    out: Array,
) -> None:
    """The X of A X = B for triangular A (`self`), or, not `left`, of X A = B; what is on the other side of A is not looked at.

    >>> import autogradkit as torch
    >>> torch.linalg.solve_triangular(torch.tensor([[1.0, 0.0], [2.0, 4.0]]), torch.tensor([[1.0], [6.0]]), upper=False)
    tensor([[1.],
            [1.]])
    """
    side = real_part(B) if B.dtype.kind == "c" and self.dtype.kind != "c" else B
    substitute(self, side, upper, left, unitriangular, out)


def _triangular(t: Any) -> Any:
    """A triangular matrix, on either side, far from a singular one."""
    return t(2, 2, low=1.0, high=2.0)


def _warn_of_old() -> None:
    warn_once(
        "torch.triangular_solve is deprecated in favor of torch.linalg.solve_triangularand will be removed in a future PyTorch "
        "release.\ntorch.linalg.solve_triangular has its arguments reversed and does not return a copy of one of the inputs.\n"
        "X = torch.triangular_solve(B, A).solution\nshould be replaced with\nX = torch.linalg.solve_triangular(A, B)."
    )


def _old_meta(self: Array, A: Array, upper: bool, transpose: bool, unitriangular: bool) -> Any:
    for which, each in (("b", self), ("A", A)):
        if each.ndim < 2:
            raise RuntimeError(
                f"torch.triangular_solve: Expected {which} to have at least 2 dimensions, but it has {each.ndim} dimensions "
                "instead"
            )
    require_system(self, A, "triangular_solve")
    _warn_of_old()
    require_kernel("triangular_solve_cpu", self)
    batch = broadcast_batch(A, self)
    shape, own = (*batch, *self.shape[-2:]), (*batch, *A.shape[-2:])
    return (shape, self.dtype, by_columns(shape)), (own, A.dtype, by_columns(own))


def _old_backward(
    gradients: Any,
    self: Any,
    A: Any,
    upper: bool,
    transpose: bool,
    unitriangular: bool,
    solution: Any,
    needs: Any,
) -> Any:
    g, g_copy = gradients
    gradient = part = None
    if g is not None:
        turned = k.conj(A) if transpose else adjoint(A)
        gradient = k.solve_triangular(turned, g, upper=upper == transpose, unitriangular=unitriangular)
        if needs[1]:
            part = -k.conj(solution) @ k.transpose(gradient, -2, -1) if transpose else -gradient @ adjoint(solution)
            part = _triangle(part, upper, unitriangular)
    if g_copy is not None:
        part = g_copy if part is None else part + g_copy
    return k.zeros_like(self) if gradient is None else gradient, k.zeros_like(A) if part is None else part


@op(
    outputs="solution cloned_coefficient",
    returns=TriangularSolve,
    meta=_old_meta,
    samples=lambda t: [(t(2, 2), _triangular(t)), (t(2, 1), _triangular(t), False, True)],
    group=("self A", _old_backward),
    rule="∂self = A⁻ᵀ ∂\n∂A = −∂self · solutionᵀ, of its triangle",
)
def triangular_solve(
    self: Array,
    A: Array,
    upper: bool = True,
    transpose: bool = False,
    unitriangular: bool = False,
    *,
    out: Any,
) -> None:
    """(The X of A X = b for triangular A, a copy of A); deprecated in favour of `linalg.solve_triangular`.

    >>> import autogradkit as torch
    >>> torch.triangular_solve(torch.tensor([[3.0], [4.0]]), torch.tensor([[1.0, 1.0], [0.0, 4.0]])).solution
    tensor([[2.],
            [1.]])
    """
    turned = A.swapaxes(-2, -1) if transpose else A
    substitute(turned, self, upper != transpose, True, unitriangular, out[0])
    np.copyto(out[1], A)
