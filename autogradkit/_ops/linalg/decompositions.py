"""The singular values and vectors of matrices.

Rests on matrices and NumPy's LAPACK; matrix_norms.py sums the singular values.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op, writing
from autogradkit._ops.declare.kinds import Array
from autogradkit._ops.linalg import return_types
from autogradkit._ops.linalg.matrices import (
    LinAlgError,
    adjoint,
    by_columns,
    columns,
    real_of,
    require_floats,
    require_kernel,
    require_matrices,
    rows,
)
from autogradkit.core.tensor import Tensor
from autogradkit.engine.history import is_differentiated
from autogradkit.engine.ownership import set_version


def _skew(x: Any) -> Any:
    return x - adjoint(x)


def _require_invariant(turned: Sequence[Any]) -> None:
    """Raise RuntimeError where a loss depends on the phases of the pairs of singular vectors, which are arbitrary."""
    phases = [k.imag(k.diagonal(each, 0, -2, -1)) for each in turned]
    total = sum(phases[1:], phases[0])
    if k.any_all(~(k.abs(total) <= 1e-2 + 1e-2 * k.abs(phases[-1]))):
        raise RuntimeError(
            "svd_backward: The singular vectors in the complex case are specified up to multiplication by e^{i phi}. The "
            "specified loss function depends on this phase term, making it ill-defined."
        )


def _svd_backward(gradients: Sequence[Any], S: Any, U: Any, Vh: Any, needs: Sequence[bool]) -> Any:
    """The gradient of A = U diag(S) Vh, from those of U, S and Vh that are there.

    A change of A turns the singular vectors into each other, by the gaps between the squared singular values, and, where
    A is not square, out of the space that they span.
    """
    g_u, g_s, g_vh = gradients
    count = S.shape[-1]  # what completes a basis has no part in it
    U, g_u = (None if each is None else columns(each, 0, count) for each in (U, g_u))
    Vh, g_vh = (None if each is None else rows(each, 0, count) for each in (Vh, g_vh))
    row, column = k.unsqueeze(S, -2), k.unsqueeze(S, -1)
    inner: Any = None  # what stands between U and Vh
    outer: Any = None
    gaps = row * row - column * column + k.diag_embed(S * 0 + 1)
    turned_u = None if g_u is None else _skew(adjoint(U) @ g_u)
    turned_v = None if g_vh is None else _skew(Vh @ adjoint(g_vh))
    vectors = [each for each in (turned_u, turned_v) if each is not None]
    if vectors and k.is_complex(vectors[0]):
        _require_invariant(vectors)
    if g_u is not None:
        inner = turned_u / gaps * row
        if k.is_complex(U):  # the phase of each pair of vectors
            inner = inner + k.diag_embed(k.diagonal(turned_u, 0, -2, -1) / (S * 2))
        if U.shape[-2] > U.shape[-1]:
            scaled = g_u / row
            outer = (scaled - U @ (adjoint(U) @ scaled)) @ Vh
    if g_vh is not None:
        part = column * (turned_v / gaps)
        inner = part if inner is None else inner + part
        if Vh.shape[-1] > Vh.shape[-2]:
            scaled = g_vh / column
            beside = U @ (scaled - (scaled @ adjoint(Vh)) @ Vh)
            outer = beside if outer is None else outer + beside
    found: Any = None if inner is None else U @ inner @ Vh
    if g_s is not None:
        along = (U * k.unsqueeze(g_s, -2)) @ Vh
        found = along if found is None else found + along
    return (found if outer is None else found + outer,)


def _svd_meta(A: Array, full_matrices: bool, compute_uv: bool, *, driver: str | None) -> Any:
    if driver is not None:
        raise RuntimeError(
            "torch.linalg.svd: keyword argument `driver=` is only supported on CUDA inputs with cuSOLVER backend."
        )
    require_matrices(A, "linalg.svd")
    require_floats(A, "linalg.svd", low=True)
    if A.size:
        require_kernel("linalg_svd_cpu", A)
    *batch, m, n = A.shape
    least = min(m, n)
    values = (*batch, least), real_of(A.dtype)
    if not compute_uv:
        return ((0,), A.dtype), values, ((0,), A.dtype)
    u = (*batch, m, m if full_matrices else least)
    vh = (*batch, n if full_matrices else least, n)
    return (u, A.dtype, by_columns(u)), values, (vh, A.dtype, by_columns(vh))


def _require_numbers(A: Array) -> None:
    fits = ~np.isnan(A).any((-2, -1))
    if not fits.all():
        where = f"(Batch element {np.flatnonzero(~fits)[0]}): " if fits.ndim else ""
        raise LinAlgError(
            f"linalg.svd: {where}The algorithm failed to converge because the input matrix contained non-finite values."
        )


def svd_of(A: Array, full_matrices: bool = False) -> Any:
    """NumPy's singular value decomposition, NaN of what has infinities. Raises LinAlgError where it does not converge."""
    _require_numbers(A)
    finite = np.asarray(np.isfinite(A).all((-2, -1), keepdims=True))
    try:
        # LAPACK may not end on numbers that are not finite
        found = np.linalg.svd(A if finite.all() else np.where(finite, A, 0), full_matrices)
    except np.linalg.LinAlgError:
        raise LinAlgError(
            "linalg.svd: The algorithm failed to converge because the input matrix is ill-conditioned or has too many repeated "
            f"singular values (error code: {min(A.shape[-2:]) - 1})."
        ) from None
    if finite.all():
        return found
    U, S, Vh = found
    return np.where(finite, U, np.nan), np.where(finite[..., 0], S, np.nan), np.where(finite, Vh, np.nan)


@op(
    name="_linalg_svd",
    node="LinalgSvdBackward0",
    label="svd",
    variants="",
    outputs="U S Vh",
    meta=_svd_meta,
    samples=lambda t: [(t(3, 2),), (t(2, 2, 3),), (t(0, 3),)],
    group=("A", _svd_backward),
    rule="∂A = U · diag(∂S) · Vh, and what turns the vectors",
)
def linalg_svd(
    A: Array,
    full_matrices: bool = False,
    compute_uv: bool = True,
    *,
    driver: str | None = None,
    out: Any,
) -> None:
    """(U, S, Vh) with A = U diag(S) Vh; without `compute_uv` U and Vh are empty."""
    _require_numbers(A)
    if not compute_uv and A.size:  # else of any dtype, as no kernel is asked
        np.copyto(out[1], np.linalg.svd(A, compute_uv=False) if np.isfinite(A).all() else svd_of(A)[1])
    elif compute_uv and A.size:
        for into, each in zip(out, svd_of(A, full_matrices), strict=True):
            np.copyto(into, each)
    elif compute_uv:
        for into in (out[0], out[2]):
            np.copyto(into, np.eye(*into.shape[-2:], dtype=into.dtype))


@op(
    name="linalg_svd",
    variants="",
    composition=True,
    out=True,
    out_dtype=writing.require_same_dtype,
    written_by="_linalg_svd",
    outputs="U S Vh",
    returns=return_types.linalg_svd,
)
def svd_public(A: Tensor, full_matrices: bool = True, *, driver: str | None = None) -> Any:
    """(U, S, Vh) with A = U diag(S) Vh: S descends, U and Vh are orthogonal; not `full_matrices`, only what S meets of them.

    >>> import autogradkit as torch
    >>> torch.linalg.svd(torch.tensor([[0.0, 2.0], [3.0, 0.0]])).S
    tensor([3., 2.])
    """
    return return_types.linalg_svd(linalg_svd(A, full_matrices, True, driver=driver))


@op(
    name="linalg_svdvals",
    variants="",
    composition=True,
    out=True,
    out_dtype=writing.require_same_dtype,
    written_by="_linalg_svd",
)
def svdvals(A: Tensor, *, driver: str | None = None) -> Any:
    """The singular values of matrices, descending.

    >>> import autogradkit as torch
    >>> torch.linalg.svdvals(torch.tensor([[0.0, 2.0], [3.0, 0.0]]))
    tensor([3., 2.])
    """
    return linalg_svd(A, False, is_differentiated(A), driver=driver)[1]


@op(
    composition=True,
    out=True,
    out_dtype=writing.require_same_dtype,
    written_by="_linalg_svd",
    outputs="U S V",
    returns=return_types.svd,
)
def svd(self: Tensor, some: bool = True, compute_uv: bool = True) -> Any:
    """(U, S, V) with A = U diag(S) Vᵀ, `some` only of U and V; deprecated in favour of `linalg.svd`.

    >>> import autogradkit as torch
    >>> torch.svd(torch.tensor([[0.0, 2.0], [3.0, 0.0]])).S
    tensor([3., 2.])
    """
    x: Any = self
    if x.dim() < 2:
        raise RuntimeError(f"linalg.svd: input should have at least 2 dimensions, but has {x.dim()} dimensions instead")
    if compute_uv:
        U, S, Vh = linalg_svd(x, not some, True)
        return return_types.svd((U, S, Vh.mH))
    S = linalg_svd(x, False, is_differentiated(x))[1]
    *batch, m, n = x.shape
    U, V = x.new_zeros((*batch, m, m)), x.new_zeros((*batch, n, n)).mT
    for each in (U, V):  # which PyTorch makes, and then fills
        set_version(each, 1)
    return return_types.svd((U, S, V))
