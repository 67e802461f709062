"""Factors P L U of matrices.

Rests on triangular, matrices and SciPy's LAPACK; lu_solve and determinants rest on it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op, python_function, python_method, writing
from autogradkit._ops.declare.kinds import Array
from autogradkit._ops.declare.writing import into_out, require_castable
from autogradkit._ops.linalg import return_types
from autogradkit._ops.linalg.matrices import (
    INT32,
    added,
    adjoint,
    by_columns,
    columns,
    lapack,
    matrices_of,
    require_kernel,
    require_success,
    rows,
    sample_near,
)
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn_once


def factor(A: Array, LU: Array, pivots: Array, info: Array) -> None:
    """Write the factors of each matrix into `LU`, L below the diagonal without its ones; pivots count from 1."""
    info.fill(0)
    if not A.size:
        return
    getrf = lapack("getrf", A)
    found = [getrf(each) for each in matrices_of(A)]
    np.copyto(LU, np.reshape([lu for lu, _, _ in found], LU.shape))
    np.copyto(pivots, np.reshape([places + 1 for _, places, _ in found], pivots.shape))
    np.copyto(info, np.reshape([code for _, _, code in found], info.shape))


def permutations(pivots: Array, size: int) -> Array:
    """The order of rows that interchanges give: row i of P L U is row order[i] of L U."""
    flat = pivots.reshape(math.prod(pivots.shape[:-1]), pivots.shape[-1])
    order = np.tile(np.arange(size), (len(flat), 1))
    each = np.arange(len(flat))
    for i in range(flat.shape[-1]):
        j = flat[:, i] - 1
        order[each, i], order[each, j] = order[each, j], order[each, i].copy()
    return np.argsort(order, axis=-1).reshape(*pivots.shape[:-1], size)


def _factors_meta(A: Array, name: str, pivot: bool) -> Any:
    if A.ndim < 2:
        raise RuntimeError(f"{name}: Expected tensor with 2 or more dimensions. Got size: {list(A.shape)} instead")
    if A.size:
        if not pivot:
            raise RuntimeError("linalg.lu_factor: LU without pivoting is not implemented on the CPU")
        require_kernel("lu_cpu", A)
    batch, least = A.shape[:-2], min(A.shape[-2:])
    return (A.shape, A.dtype, by_columns(A.shape)), ((*batch, least), INT32), (batch, INT32)


# -- gradients ---------------------------------------------------------------------------------------------------------


def unpacked(LU: Any, pivots: Any) -> tuple[Any, Any, Any]:
    """(P, L, U), to be differentiated by LU."""
    return k.lu_unpack(LU, pivots, True, True)


def _plu_backward(gradients: Sequence[Any], P: Any, L: Any, U: Any) -> Any:
    """The gradient of A = P L U from those of L and U, of which one may be None."""
    g_l, g_u = gradients
    m, n = L.shape[-2], U.shape[-1]
    if m <= n:
        inner = added(None if g_l is None else adjoint(L) @ g_l, None if g_u is None else -(k.triu(g_u) @ adjoint(U)))
        found = k.solve_triangular(adjoint(columns(U, 0, m)), k.tril(inner, -1), upper=False, left=False)
        if g_u is not None:
            found = found + k.triu(columns(g_u, 0, m))
        if m < n:
            rest = k.zeros_like(columns(U, m, n)) if g_u is None else columns(g_u, m, n)
            found = k.cat([found, rest], found.ndim - 1)
        return P @ k.solve_triangular(adjoint(L), found, upper=True, unitriangular=True)
    upper = added(
        None if g_u is None else k.triu(g_u @ adjoint(U)),
        None if g_l is None else -k.triu(adjoint(L) @ k.tril(g_l, -1)),
    )
    found = k.solve_triangular(adjoint(rows(L, 0, n)), upper, upper=True, unitriangular=True)
    if g_l is None:
        found = k.cat([found, k.zeros_like(rows(L, n, m))], found.ndim - 2)
    else:
        found = k.cat([found + k.tril(rows(g_l, 0, n), -1), rows(g_l, n, m)], found.ndim - 2)
    return P @ k.solve_triangular(adjoint(U), found, upper=False, left=False)


def _factor_backward(g: Any, LU: Any, pivots: Any) -> Any:
    P, L, U = unpacked(LU, pivots)
    least = min(LU.shape[-2:])
    return _plu_backward((k.tril(columns(g, 0, least), -1), k.triu(rows(g, 0, least))), P, L, U)


def _unpack_backward(gradients: Sequence[Any], LU_data_sym_sizes: Any) -> Any:
    g_l, g_u = gradients
    m, n = LU_data_sym_sizes[-2:]
    upper = None if g_u is None else k.triu(g_u)
    lower = None if g_l is None else k.tril(g_l, -1)
    if lower is not None and m < n:
        lower = k.cat([lower, k.new_zeros(lower, (*lower.shape[:-1], n - m))], lower.ndim - 1)
    if upper is not None and m > n:
        upper = k.cat([upper, k.new_zeros(upper, (*upper.shape[:-2], m - n, n))], upper.ndim - 2)
    return (added(lower, upper),)


# -- ops ---------------------------------------------------------------------------------------------------------------


def regular(t: Any, *shape: int) -> Any:
    """A sample far from singular, whose pivots no small change moves."""
    return sample_near(t, np.eye(shape[-2], shape[-1]) * (3.0 + np.arange(shape[-1])), *shape)


@op(
    name="linalg_lu_factor_ex",
    label="lu_factor",
    variants="",
    outputs="LU pivots info",
    differentiable_outputs=1,
    returns=return_types.linalg_lu_factor_ex,
    meta=lambda A, *, pivot, check_errors: _factors_meta(A, "torch.lu_factor", pivot),
    samples=lambda t: [(regular(t, 2, 2),), (regular(t, 2, 3),), (regular(t, 2, 3, 2),)],
    vjp={"A": _factor_backward},
    rule="∂A = P L⁻ᵀ (tril(Lᵀ ∂L) + triu(∂U Uᵀ)) U⁻ᵀ",
)
def lu_factor_ex(A: Array, *, pivot: bool = True, check_errors: bool = False, out: Any) -> None:
    """(LU, pivots, info): the factors of A = P L U in one matrix, the interchanges of rows that P is, and where U has a zero.

    >>> import autogradkit as torch
    >>> torch.linalg.lu_factor_ex(torch.tensor([[1.0, 2.0], [2.0, 2.0]])).LU
    tensor([[2.0000, 2.0000],
            [0.5000, 1.0000]])
    """
    factor(A, *out)
    if check_errors:
        require_success(out[2], "torch.linalg.lu_factor_ex")


@op(
    name="linalg_lu_factor",
    variants="",
    composition=True,
    out=True,
    out_dtype=writing.require_same_dtype,
    written_by="linalg_lu_factor_ex",
    outputs="LU pivots",
    returns=return_types.linalg_lu_factor,
)
def lu_factor(A: Tensor, *, pivot: bool = True) -> Any:
    """(LU, pivots): the factors of A = P L U in one matrix, and the interchanges of rows that P is.

    >>> import autogradkit as torch
    >>> torch.linalg.lu_factor(torch.tensor([[1.0, 2.0], [2.0, 2.0]])).pivots
    tensor([2, 2], dtype=torch.int32)
    """
    LU, pivots, info = lu_factor_ex(A, pivot=pivot)
    require_success(info, "torch.linalg.lu_factor")
    return return_types.linalg_lu_factor((LU, pivots))


def _split(LU: Array, pivots: Array, out: Any) -> None:
    P, L, U = out
    m, n = LU.shape[-2:]
    least = min(m, n)
    if P.ndim > 1:
        _write_permutation(pivots, P)
    if L.ndim > 1:
        np.copyto(L, np.tril(LU[..., :, :least], -1))
        np.copyto(U, np.triu(LU[..., :least, :]))
        places = np.arange(least)
        L[..., places, places] = 1


def _write_permutation(pivots: Array, P: Array) -> None:
    P.fill(0)
    size = P.shape[-1]
    if P.size:
        order = permutations(pivots, size)
        np.put_along_axis(P, order[..., None], 1, -1)


def _plu_meta(A: Array, *, pivot: bool) -> Any:
    _factors_meta(A, "linalg.lu", pivot)
    *batch, m, n = A.shape
    least = min(m, n)
    P = (*batch, m, m) if pivot else (0,)
    return ((P, A.dtype), ((*batch, m, least), A.dtype), ((*batch, least, n), A.dtype))


@op(
    name="linalg_lu",
    label="lu",
    variants="",
    outputs="P L U",
    differentiable_outputs=slice(1, 3),
    returns=return_types.linalg_lu,
    samples=lambda t: [(regular(t, 2, 2),), (regular(t, 2, 3),), (regular(t, 2, 3, 2),)],
    meta=_plu_meta,
    group=("A", lambda gradients, P, L, U, needs: (_plu_backward(gradients, P, L, U),)),
    rule="∂A = P L⁻ᵀ (tril(Lᵀ ∂L) + triu(∂U Uᵀ)) U⁻ᵀ",
)
def linalg_lu(A: Array, *, pivot: bool = True, out: Any) -> None:
    """(P, L, U) with A = P L U: a permutation, a lower triangle with ones on its diagonal, an upper one.

    >>> import autogradkit as torch
    >>> torch.linalg.lu(torch.tensor([[1.0, 2.0], [2.0, 2.0]])).U
    tensor([[2., 2.],
            [0., 1.]])
    """
    batch, least = A.shape[:-2], min(A.shape[-2:])
    LU, pivots = np.empty_like(A), np.empty((*batch, least), INT32)
    factor(A, LU, pivots, np.empty(batch, INT32))
    _split(LU, pivots, out)


def _unpack_meta(LU_data: Array, LU_pivots: Array, unpack_data: bool, unpack_pivots: bool) -> Any:
    if LU_data.ndim < 2:
        raise RuntimeError(
            f"torch.lu_unpack: Expected tensor with 2 or more dimensions. Got size: {list(LU_data.shape)} instead"
        )
    if unpack_pivots and LU_pivots.dtype != INT32:
        raise RuntimeError("torch.lu_unpack: LU_pivots is expected to be a contiguous tensor of torch.int32 dtype.")
    *batch, m, n = LU_data.shape
    if unpack_pivots and LU_pivots.size and not ((LU_pivots >= 1) & (LU_pivots <= m)).all():
        raise RuntimeError(
            "pivots passed to lu_unpack must be between 1 and LU.size(-2) inclusive.Did you properly pass the result of "
            "lu_factor?"
        )
    least = min(m, n)
    kind = LU_data.dtype
    factors = [((*batch, m, least), kind), ((*batch, least, n), kind)] if unpack_data else [((0,), kind)] * 2
    return (((*batch, m, m) if unpack_pivots else (0,), kind), *factors)


@op(
    variants="function",
    outputs="P L U",
    differentiable_outputs=slice(1, 3),
    returns=return_types.lu_unpack,
    meta=_unpack_meta,
    samples=lambda t: [(t(2, 2), t(2).new_tensor([2.0, 2.0]).int()), (t(2, 3), t(2).new_tensor([1.0, 2.0]).int())],
    group=("LU_data", lambda gradients, LU_data_sym_sizes, needs: _unpack_backward(gradients, LU_data_sym_sizes)),
    rule="∂LU_data = tril(∂L) and triu(∂U), added up",
)
def lu_unpack(
    LU_data: Array,
    LU_pivots: Array,
    unpack_data: bool = True,
    unpack_pivots: bool = True,
    *,
    out: Any,
) -> None:
    """(P, L, U) from what `linalg.lu_factor` gives.

    >>> import autogradkit as torch
    >>> torch.lu_unpack(*torch.linalg.lu_factor(torch.tensor([[1.0, 2.0], [2.0, 2.0]]))).L
    tensor([[1.0000, 0.0000],
            [0.5000, 1.0000]])
    """
    _split(LU_data, LU_pivots, out)


@op(
    name="_lu_with_info",
    variants="",
    composition=True,
    outputs="LU pivots info",
    returns=return_types._lu_with_info,
)
def _lu_with_info(self: Tensor, pivot: bool = True, check_errors: bool = True) -> Any:
    warn_once(
        "torch.lu is deprecated in favor of torch.linalg.lu_factor / torch.linalg.lu_factor_ex and will be removed in a future "
        "PyTorch release.\nLU, pivots = torch.lu(A, compute_pivots)\nshould be replaced with\nLU, pivots = "
        "torch.linalg.lu_factor(A, compute_pivots)\nand\nLU, pivots, info = torch.lu(A, compute_pivots, get_infos=True)\n"
        "should be replaced with\nLU, pivots, info = torch.linalg.lu_factor_ex(A, compute_pivots)"
    )
    return return_types._lu_with_info(lu_factor_ex(self, pivot=pivot))


@python_function()
def lu(A: Tensor, pivot: bool = True, get_infos: bool = False, out: Any = None) -> Any:
    """(LU, pivots), with `get_infos` also what went wrong; deprecated in favour of `linalg.lu_factor`.

    >>> import autogradkit as torch
    >>> torch.lu(torch.tensor([[1.0, 2.0], [2.0, 2.0]]))[1]
    tensor([2, 2], dtype=torch.int32)
    """
    found = _lu_with_info.owner(A, pivot=pivot, check_errors=not get_infos)
    results: Any = found if get_infos else tuple(found[:2])
    if out is None:
        return results
    if len(out) != len(results):
        raise TypeError(f"expected tuple of {len(results)} elements but got {len(out)}")
    return into_out((A,), [each._array for each in results], out, require_castable)


@python_method("lu")
def _lu_method(self: Tensor, pivot: bool = True, get_infos: bool = False) -> Any:
    """(LU, pivots), with `get_infos` also what went wrong; see `autogradkit.lu`."""
    found = _lu_with_info.owner(self, pivot=pivot, check_errors=not get_infos)
    return tuple(found) if get_infos else tuple(found[:2])
