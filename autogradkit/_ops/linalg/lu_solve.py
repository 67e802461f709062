"""Systems of equations that are solved with the factors P L U of their matrices.

Rests on lu and SciPy's LAPACK; solving rests on it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op, writing
from autogradkit._ops.declare.kinds import Array
from autogradkit._ops.declare.refusals import constants
from autogradkit._ops.linalg.lu import regular, unpacked
from autogradkit._ops.linalg.matrices import (
    INT32,
    adjoint,
    broadcast_batch,
    by_columns,
    lapack,
    matrices_of,
    require_floats,
    require_kernel,
    require_same_dtype,
    require_solvable,
)
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn_once


def substitute(LU: Array, pivots: Array, B: Array, left: bool, adjoint: bool, out: Array) -> None:
    """Write into `out` the X of A X = B, or of X A = B, for the A with these factors, or its adjoint."""
    if not out.size:
        return
    if not left:  # X A = B is Aᵀ Xᵀ = Bᵀ
        turned = out.swapaxes(-2, -1)
        if adjoint:
            _solve(LU, pivots, B.swapaxes(-2, -1).conj(), 0, turned)
            np.conj(turned, out=turned)
        else:
            _solve(LU, pivots, B.swapaxes(-2, -1), 1, turned)
    else:
        _solve(LU, pivots, B, 2 if adjoint else 0, out)


def _solve(LU: Array, pivots: Array, B: Array, trans: int, out: Array) -> None:
    getrs = lapack("getrs", LU)
    batch = broadcast_batch(LU, B)
    factors = matrices_of(np.broadcast_to(LU, (*batch, *LU.shape[-2:])))
    places = np.broadcast_to(pivots - 1, (*batch, pivots.shape[-1])).reshape(-1, pivots.shape[-1])
    sides = matrices_of(np.broadcast_to(B, (*batch, *B.shape[-2:])))
    solved = [getrs(lu, p, b, trans=trans)[0] for lu, p, b in zip(factors, places, sides, strict=True)]
    np.copyto(out, np.reshape(solved, out.shape))


def _require_pivots(pivots: Array) -> None:
    """Raise RuntimeError for interchanges with what is no row: LAPACK would write past the matrix."""
    for fits, bounds in (
        (pivots >= 1, "greater or equal to 1"),
        (pivots <= pivots.shape[-1], "smaller or equal to LU.size(-2)"),
    ):
        if not fits.all():
            raise RuntimeError(
                f"Pivots given to lu_solve must all be {bounds}. Did you properly pass the result of lu_factor?"
            )


def _solve_meta(LU: Array, pivots: Array, B: Array, *, left: bool, adjoint: bool) -> Any:
    require_floats(LU, "torch.linalg.lu_solve", low=True)
    require_same_dtype(LU, B, "linalg.lu_solve", "LU")
    if pivots.dtype != INT32:
        raise RuntimeError("linalg.lu_solve: pivots should be a Tensor of scalar type torch.int32")
    if LU.ndim < 2 or LU.shape[-1] != LU.shape[-2]:
        require_solvable(LU, B, left, "torch.linalg.lu_solve")
    require_solvable(LU, B, left, "linalg.lu_solve")
    if LU.shape[-1] != pivots.shape[-1]:
        raise RuntimeError("linalg.lu_solve: Number of pivots per batch should be same as the dimension of the matrix")
    if LU.shape[:-1] != pivots.shape:
        raise RuntimeError(
            "linalg.lu_solve: Expected LU.shape[:-1] and pivots.shape to be the same, but got pivots with shape "
            f"{list(pivots.shape)} instead"
        )
    shape = (*broadcast_batch(LU, B), *B.shape[-2:])
    if LU.size and B.size:
        _require_pivots(pivots)
        require_kernel("linalg.lu_solve_cpu", LU)
    return shape, LU.dtype, by_columns(shape) if left else None


def _solve_backward(
    g: Any,
    LU: Any,
    pivots: Any,
    left: bool,
    adjoint: bool,
    result: Any,
    needs: Any,
) -> Any:
    gradient = k.linalg_lu_solve(LU, pivots, g, left=left, adjoint=not adjoint)
    if not needs[0]:
        return None, gradient
    turned, back = _adjoint(result), _adjoint(gradient)
    if adjoint:
        of_a = -(result @ back) if left else -(back @ result)
    else:
        of_a = -(gradient @ turned) if left else -(turned @ gradient)
    P, L, U = unpacked(LU, pivots)
    moved = k.transpose(P, -2, -1) @ of_a
    return k.tril(moved @ _adjoint(U), -1) + k.triu(_adjoint(L) @ moved), gradient


_adjoint = adjoint  # which the argument of that name hides


@op(
    name="linalg_lu_solve",
    label="lu_solve",
    variants="",
    refuse=constants("linalg_lu_solve", pivots=1),
    meta=_solve_meta,
    samples=lambda t: [(regular(t, 2, 2), t(2).new_tensor([2.0, 2.0]).int(), t(2, 3))],
    group=("LU B", _solve_backward),
    rule="∂LU = what −∂B @ resultᵀ is to L and U\n∂B = the solution of Aᵀ ∂B = ∂",
)
def linalg_lu_solve(
    LU: Array,
    pivots: Array,
    B: Array,
    *,
    left: bool = True,
    adjoint: bool = False,
    out: Array,
) -> None:
    """The X of A X = B, or, not `left`, of X A = B, for the A that `linalg.lu_factor` factored; its `adjoint`, if wanted.

    >>> import autogradkit as torch
    >>> factors = torch.linalg.lu_factor(torch.tensor([[1.0, 2.0], [2.0, 2.0]]))
    >>> torch.linalg.lu_solve(*factors, torch.tensor([[5.0], [6.0]]))
    tensor([[1.],
            [2.]])
    """
    substitute(LU, pivots, B, left, adjoint, out)


@op(composition=True, out=True, out_dtype=writing.require_same_dtype, written_by="linalg_lu_solve")
def lu_solve(self: Tensor, LU_data: Tensor, LU_pivots: Tensor) -> Any:
    """The X of A X = b for the A that `lu` factored; deprecated in favour of `linalg.lu_solve`.

    >>> import autogradkit as torch
    >>> torch.lu_solve(torch.tensor([[5.0], [6.0]]), *torch.linalg.lu_factor(torch.tensor([[1.0, 2.0], [2.0, 2.0]])))
    tensor([[1.],
            [2.]])
    """
    warn_once(
        "torch.lu_solve is deprecated in favor of torch.linalg.lu_solveand will be removed in a future PyTorch release.\nNote "
        "that torch.linalg.lu_solve has its arguments reversed.\nX = torch.lu_solve(B, LU, pivots)\nshould be replaced with\n"
        "X = torch.linalg.lu_solve(LU, pivots, B)"
    )
    return linalg_lu_solve(LU_data, LU_pivots, self)
