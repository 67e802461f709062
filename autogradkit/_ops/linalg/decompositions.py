"""The singular values and vectors of matrices.

Rests on declare and NumPy's LAPACK; matrix_norms.py sums the singular values.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op
from autogradkit._ops.declare.kinds import Array
from autogradkit.core.dtype import from_numpy_dtype
from autogradkit.core.strides import contiguous_strides


def _adjoint(x: Any) -> Any:
    return k.conj(k.transpose(x, -2, -1))


def _skew(x: Any) -> Any:
    return x - _adjoint(x)


def _svd_backward(gradients: Sequence[Any], S: Any, U: Any, Vh: Any, needs: Sequence[bool]) -> Any:  # noqa: N803
    """The gradient of A = U diag(S) Vh, from those of U, S and Vh that are there.

    A change of A turns the singular vectors into each other, by the gaps between the squared singular values, and, where
    A is not square, out of the space that they span.
    """
    g_u, g_s, g_vh = gradients
    row, column = k.unsqueeze(S, -2), k.unsqueeze(S, -1)
    inner: Any = None  # what stands between U and Vh
    outer: Any = None
    gaps = row * row - column * column + k.diag_embed(S * 0 + 1)
    if g_u is not None:
        turned = _skew(_adjoint(U) @ g_u)
        inner = turned / gaps * row
        if k.is_complex(U):  # the phase of each pair of vectors
            inner = inner + k.diag_embed(k.diagonal(turned, 0, -2, -1) / (S * 2))
        if U.shape[-2] > U.shape[-1]:
            scaled = g_u / row
            outer = (scaled - U @ (_adjoint(U) @ scaled)) @ Vh
    if g_vh is not None:
        part = column * (_skew(Vh @ _adjoint(g_vh)) / gaps)
        inner = part if inner is None else inner + part
        if Vh.shape[-1] > Vh.shape[-2]:
            scaled = g_vh / column
            beside = U @ (scaled - (scaled @ _adjoint(Vh)) @ Vh)
            outer = beside if outer is None else outer + beside
    found: Any = None if inner is None else U @ inner @ Vh
    if g_s is not None:
        along = (U * k.unsqueeze(g_s, -2)) @ Vh
        found = along if found is None else found + along
    return (found if outer is None else found + outer,)


def _svd_meta(A: Array, full_matrices: bool, compute_uv: bool, *, driver: str | None) -> Any:  # noqa: N803
    if driver is not None:
        raise RuntimeError(
            "torch.linalg.svd: keyword argument `driver=` is only supported on CUDA inputs with cuSOLVER backend."
        )
    *batch, m, n = A.shape
    least = min(m, n)
    values = (*batch, least), from_numpy_dtype(A.dtype).to_real().numpy
    if not compute_uv:
        return ((0,), A.dtype), values, ((0,), A.dtype)
    u = (*batch, m, m if full_matrices else least)
    vh = (*batch, n if full_matrices else least, n)
    return (u, A.dtype, _by_columns(u)), values, (vh, A.dtype, _by_columns(vh))


def _by_columns(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The strides of matrices whose columns lie one after the other, as LAPACK leaves them."""
    strides = contiguous_strides(shape)
    return (*strides[:-2], 1, max(shape[-2], 1))


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
    A: Array,  # noqa: N803
    full_matrices: bool = False,
    compute_uv: bool = True,
    *,
    driver: str | None = None,
    out: Any,
) -> None:
    """(U, S, Vh) with A = U diag(S) Vh; without `compute_uv` U and Vh are empty."""
    if not np.isfinite(A).all():
        raise RuntimeError(
            "linalg.svd: The algorithm failed to converge because the input matrix contained non-finite values."
        )
    found = np.linalg.svd(A, full_matrices) if compute_uv else (out[0], np.linalg.svd(A, compute_uv=False), out[2])
    for into, each in zip(out, found, strict=True):
        np.copyto(into, each)
