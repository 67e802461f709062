"""Factors L D Lᵀ of symmetric matrices, and systems of equations that are solved with them.

PyTorch has no gradients of them. Rests on matrices and SciPy's LAPACK.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import UNIMPLEMENTED, op, writing
from autogradkit._ops.declare.kinds import Array
from autogradkit._ops.declare.refusals import undifferentiated
from autogradkit._ops.linalg import return_types
from autogradkit._ops.linalg.matrices import (
    INT32,
    broadcast_batch,
    by_columns,
    lapack,
    matrices_of,
    require_floats,
    require_kernel,
    require_square,
    require_system,
    scalar_type_of,
)
from autogradkit.core.shapes import wrap_dim
from autogradkit.core.tensor import Tensor


def _factor_meta(self: Array, *, hermitian: bool, check_errors: bool) -> Any:
    require_square(self, "torch.linalg.ldl_factor_ex")
    require_floats(self, "torch.linalg.ldl_factor_ex", low=True)
    if self.size:
        require_kernel("ldl_factor_kernel_cpu", self)
    return (self.shape, self.dtype, by_columns(self.shape)), (self.shape[:-1], INT32), (self.shape[:-2], INT32)


@op(
    name="linalg_ldl_factor_ex",
    variants="",
    outputs="LD pivots info",
    returns=return_types.linalg_ldl_factor_ex,
    node=UNIMPLEMENTED,
    differentiable_outputs=1,
    meta=_factor_meta,
    vjp={"self": undifferentiated("linalg_ldl_factor_ex")},
)
def ldl_factor_ex(self: Array, *, hermitian: bool = False, check_errors: bool = False, out: Any) -> None:
    """(LD, pivots, info): the factors of A = L D Lᵀ in one matrix, its interchanges, and where D has a zero.

    >>> import autogradkit as torch
    >>> torch.linalg.ldl_factor_ex(torch.tensor([[2.0, 0.0], [0.0, 4.0]])).pivots
    tensor([1, 2], dtype=torch.int32)
    """
    LD, pivots, info = out
    info.fill(0)
    if self.size:
        call = lapack("hetrf" if hermitian and self.dtype.kind == "c" else "sytrf", self)
        found = [call(each, lower=True) for each in matrices_of(self)]
        np.copyto(LD, np.tril(np.reshape([factor for factor, _, _ in found], LD.shape)))
        np.copyto(pivots, np.reshape([places for _, places, _ in found], pivots.shape))
        np.copyto(info, np.reshape([code for _, _, code in found], info.shape))
    if check_errors:
        _require_factored(info, "torch.linalg.ldl_factor_ex")


def _require_factored(info: Array, name: str) -> None:
    failed = np.flatnonzero(info)
    if failed.size:
        raise RuntimeError(f"{name}: Unknown error code: {info.flat[failed[0]]}.")


@op(
    name="linalg_ldl_factor",
    variants="",
    composition=True,
    out=True,
    out_dtype=writing.require_same_dtype,
    written_by="aten::linalg_ldl_factor_ex",
    outputs="LD pivots",
    returns=return_types.linalg_ldl_factor,
)
def ldl_factor(self: Tensor, *, hermitian: bool = False) -> Any:
    """(LD, pivots): the factors of A = L D Lᵀ for symmetric A, or `hermitian` A, in one matrix, and its interchanges.

    >>> import autogradkit as torch
    >>> torch.linalg.ldl_factor(torch.tensor([[2.0, 0.0], [0.0, 4.0]])).LD
    tensor([[2., 0.],
            [0., 4.]])
    """
    LD, pivots, info = ldl_factor_ex(self, hermitian=hermitian)
    _require_factored(info._array, "torch.linalg.ldl_factor")
    return return_types.linalg_ldl_factor((LD, pivots))


def _require_pivots(pivots: Array) -> None:
    """Raise RuntimeError for interchanges with what is no row: LAPACK would write past the matrix."""
    size, rows = np.abs(pivots.astype(np.int64)), pivots.shape[-1]
    for fits, bounds in ((size >= 1, ">= 1"), (size <= rows, "<= LD.size(-2)")):
        if not fits.all():
            raise RuntimeError(
                f"Pivots given to ldl_solve must all satisfy |pivot| {bounds}. Did you properly pass the result of ldl_factor?"
            )
    for places in pivots.reshape(-1, rows).tolist() if pivots.size else []:
        row = 0
        while row < rows:
            if places[row] < 0 and (row + 1 == rows or places[row + 1] > 0):  # PyTorch reads past the end there
                raise RuntimeError(
                    "Negative pivots given to ldl_solve must stand in pairs. Did you properly pass the result of ldl_factor?"
                )
            row += 1 if places[row] > 0 else 2


def _solve_meta(LD: Array, pivots: Array, B: Array, *, hermitian: bool) -> Any:
    name = "torch.linalg.ldl_solve"
    require_square(LD, name)
    require_floats(LD, name, low=True)
    if B.ndim == 1 and B.dtype == LD.dtype:
        wrap_dim(-2, B.ndim)
    require_system(B, LD, name)
    if pivots.shape != LD.shape[:-1]:
        raise RuntimeError(
            f"{name}: Expected LD.shape[:-1] and pivots.shape to be the same, but got pivots with shape {list(pivots.shape)} "
            "instead"
        )
    if pivots.dtype.kind not in "iu":
        raise RuntimeError(f"{name}: Expected pivots to be integers. Got {scalar_type_of(pivots)}")
    _require_pivots(pivots)
    if LD.size:
        require_kernel("ldl_solve_kernel_cpu", LD)
    shape = (*broadcast_batch(LD, B), *B.shape[-2:])
    return shape, LD.dtype, by_columns(shape)


@op(
    name="linalg_ldl_solve",
    variants="",
    node=UNIMPLEMENTED,
    meta=_solve_meta,
    vjp={"LD B": undifferentiated("linalg_ldl_solve")},
)
def ldl_solve(LD: Array, pivots: Array, B: Array, *, hermitian: bool = False, out: Array) -> None:
    """The X of A X = B for the A that `ldl_factor` factored.

    >>> import autogradkit as torch
    >>> factors = torch.linalg.ldl_factor(torch.tensor([[2.0, 0.0], [0.0, 4.0]]))
    >>> torch.linalg.ldl_solve(*factors, torch.tensor([[2.0], [8.0]]))
    tensor([[1.],
            [2.]])
    """
    if not out.size:
        return
    call = lapack("hetrs" if hermitian and LD.dtype.kind == "c" else "sytrs", LD)
    batch = out.shape[:-2]
    factors = matrices_of(np.broadcast_to(LD, (*batch, *LD.shape[-2:])))
    places = np.broadcast_to(pivots, (*batch, pivots.shape[-1])).reshape(-1, pivots.shape[-1])
    sides = matrices_of(np.broadcast_to(B, (*batch, *B.shape[-2:])))
    solved = [call(a, p, b, lower=True)[0] for a, p, b in zip(factors, places, sides, strict=True)]
    np.copyto(out, np.reshape(solved, out.shape))
