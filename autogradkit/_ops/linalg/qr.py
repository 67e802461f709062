"""Orthogonal factors: qr, and products of Householder reflections.

Rests on triangular, NumPy's and SciPy's LAPACK.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op, writing
from autogradkit._ops.declare.kinds import Array
from autogradkit._ops.declare.refusals import by_kernel, not_differentiated, require_real_if_differentiated
from autogradkit._ops.linalg import return_types
from autogradkit._ops.linalg.matrices import (
    added,
    adjoint,
    by_columns,
    columns,
    diagonal_of,
    lapack,
    matrices_of,
    on_diagonal,
    require_floats,
    require_kernel,
    require_matrices,
    scalar_type_of,
)
from autogradkit.core.shapes import require_dims
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn_once


def _qr_meta(A: Array, mode: str) -> Any:
    require_matrices(A, "linalg.qr")
    require_floats(A, "linalg.qr", low=True)
    if mode not in ("reduced", "r", "complete"):
        raise RuntimeError(
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or 'complete'"
        )
    require_kernel("geqrf_cpu", A)
    *batch, m, n = A.shape
    least = m if mode == "complete" else min(m, n)
    q, r = (*batch, m, least), (*batch, least, n)
    factor = ((0,), A.dtype) if mode == "r" else (q, A.dtype, by_columns(q))
    return factor, (r, A.dtype, by_columns(r))


def _halved_diagonal(x: Any) -> Any:
    """With half the diagonal, which a matrix and its adjoint have in common."""
    return x - on_diagonal(diagonal_of(x)) * 0.5


def _qr_backward(gradients: Sequence[Any], Q: Any, R: Any, mode: str, needs: Any) -> Any:
    g_q, g_r = gradients
    if mode == "r":
        raise RuntimeError(
            "The derivative of linalg.qr depends on Q, which is not computed when mode='r'. Please use linalg.qr(A, "
            "mode='reduced') if you are going to require gradients"
        )
    m, n = Q.shape[-2], R.shape[-1]
    if mode == "complete" and m > n:
        raise RuntimeError("The QR decomposition is not differentiable when mode='complete' and nrows > ncols")
    if m >= n:
        inner = added(None if g_r is None else g_r @ adjoint(R), None if g_q is None else -(adjoint(Q) @ g_q))
        upper = _halved_diagonal(k.triu(inner))
        found = added(Q @ (upper + adjoint(upper)), g_q)
        return (k.solve_triangular(adjoint(R), found, upper=False, left=False),)
    inner = added(None if g_q is None else adjoint(Q) @ g_q, None if g_r is None else -(g_r @ adjoint(R)))
    skew = _halved_diagonal(k.tril(inner - adjoint(inner)))
    found = k.solve_triangular(adjoint(columns(R, 0, m)), skew, upper=False, left=False)
    found = k.cat([found, k.new_zeros(found, (*found.shape[:-1], n - m))], found.ndim - 1)
    return (Q @ added(found, g_r),)


@op(
    name="linalg_qr",
    label="qr",
    variants="",
    outputs="Q R",
    returns=return_types.linalg_qr,
    meta=_qr_meta,
    samples=lambda t: [(t(3, 2),), (t(2, 2, 3),), (t(2, 3), "complete")],
    group=("A", _qr_backward),
    rule="∂A = (∂Q + Q · copyltu(R ∂Rᵀ − ∂Qᵀ Q)) R⁻ᵀ, for a tall A",
)
def linalg_qr(A: Array, mode: str = "reduced", *, out: Any) -> None:
    """(Q, R) with A = Q R: Q has orthonormal columns, R is upper triangular.

    With `mode` "complete" Q is square, with "r" it is left out (empty).

    >>> import autogradkit as torch
    >>> torch.linalg.qr(torch.tensor([[3.0, 1.0], [4.0, 2.0]])).R
    tensor([[-5.0000, -2.2000],
            [ 0.0000,  0.4000]])
    """
    Q, R = out
    if not A.size:
        R.fill(0)
        if mode != "r":
            np.copyto(Q, np.eye(*Q.shape[-2:], dtype=Q.dtype))
    elif mode == "r":
        np.copyto(R, np.linalg.qr(A, "r"))
    else:
        found = np.linalg.qr(A, "complete" if mode == "complete" else "reduced")
        np.copyto(Q, found[0])
        np.copyto(R, found[1])


@op(
    composition=True,
    out=True,
    out_dtype=writing.require_same_dtype,
    written_by="linalg_qr",
    outputs="Q R",
    returns=return_types.qr,
)
def qr(self: Tensor, some: bool = True) -> Any:
    """(Q, R) with A = Q R; deprecated in favour of `linalg.qr`.

    >>> import autogradkit as torch
    >>> torch.qr(torch.tensor([[3.0, 1.0], [4.0, 2.0]])).R
    tensor([[-5.0000, -2.2000],
            [ 0.0000,  0.4000]])
    """
    warn_once(
        "torch.qr is deprecated in favor of torch.linalg.qr and will be removed in a future PyTorch release.\nThe boolean "
        "parameter 'some' has been replaced with a string parameter 'mode'.\nQ, R = torch.qr(A, some)\nshould be replaced "
        "with\nQ, R = torch.linalg.qr(A, 'reduced' if some else 'complete')"
    )
    return return_types.qr(linalg_qr(self, "reduced" if some else "complete"))


# -- Householder reflections -------------------------------------------------------------------------------------------


def _reflections_meta(input: Array, tau: Array) -> Any:
    name = "torch.linalg.householder_product:"
    if input.ndim < 2:
        raise RuntimeError(f"{name} input must have at least 2 dimensions.")
    if input.shape[-2] < input.shape[-1]:
        raise RuntimeError(f"{name} input.shape[-2] must be greater than or equal to input.shape[-1]")
    require_dims(tau.ndim, -1)
    if input.shape[-1] < tau.shape[-1]:
        raise RuntimeError(f"{name} input.shape[-1] must be greater than or equal to tau.shape[-1]")
    if input.ndim - tau.ndim != 1:
        raise RuntimeError(
            f"{name} Expected tau to have one dimension less than input, but got tau.ndim equal to {tau.ndim} and input.ndim "
            f"is equal to {input.ndim}"
        )
    if input.ndim > 2 and tau.shape[:-1] != input.shape[:-2]:
        raise RuntimeError(
            f"{name} Expected batch dimensions of tau to be equal to input.shape[:-2], but got {list(tau.shape[:-1])}"
        )
    if tau.dtype != input.dtype:
        raise RuntimeError(f"{name} tau dtype {scalar_type_of(tau)} does not match input dtype {scalar_type_of(input)}")
    require_kernel("orgqr_cpu", input)
    return input.shape, input.dtype, by_columns(input.shape)


def reflections_backward(g: Any, input: Any, tau: Any, start: Any) -> Any:
    """(∂input, ∂tau) of H₁ H₂ … Hₖ · start, where Hᵢ = 1 − tauᵢ vᵢ vᵢᴴ, from its gradient.

    vᵢ is the column of `input` below its diagonal, with a one on it.
    """
    count, m = tau.shape[-1], input.shape[-2]
    if not count or 0 in input.shape:
        return None, None
    vectors = k.tril(input, -1) + k.eye(input.shape[-2], input.shape[-1], input)
    each = [columns(vectors, i, i + 1) for i in range(count)]
    taus = [k.unsqueeze(k.slice(tau, tau.ndim - 1, i, i + 1, 1), -1) for i in range(count)]
    right = [start]  # what the i-th reflection is applied to, the last one's first
    for v, factor in zip(each[:0:-1], taus[:0:-1], strict=True):
        right.append(right[-1] - factor * v @ (adjoint(v) @ right[-1]))
    in_columns: list[Any] = []
    in_tau: list[Any] = []
    for v, factor, b in zip(each, taus, right[::-1], strict=True):
        of_b, of_g = adjoint(v) @ b, adjoint(v) @ g
        in_tau.append(k.squeeze_dim(-(of_g @ adjoint(of_b)), -1))
        in_columns.append(-k.conj(factor) * (g @ adjoint(of_b)) - factor * (b @ adjoint(of_g)))
        g = g - k.conj(factor) * v @ of_g
    if input.shape[-1] > count:
        in_columns.append(k.new_zeros(input, (*input.shape[:-2], m, input.shape[-1] - count)))
    return k.tril(k.cat(in_columns, input.ndim - 1), -1), k.cat(in_tau, tau.ndim - 1)


def _product_backward(g: Any, input: Any, tau: Any, result: Any, needs: Any) -> Any:
    start = k.eye(input.shape[-2], input.shape[-1], input)
    return reflections_backward(g, input, tau, start)


_castable = writing.castable("torch.linalg.householder_product")


@op(
    name="linalg_householder_product",
    label="householder_product",
    variants="",
    out_dtype=_castable,
    laid_out="empty",
    meta=_reflections_meta,
    samples=lambda t: [(t(3, 2), t(2)), (t(2, 3, 2), t(2, 1))],
    group=("input tau", _product_backward),
    rule="∂input = −τᵢ (∂ᵢ (vᵢᵀ Bᵢ)ᵀ + Bᵢ (vᵢᵀ ∂ᵢ)ᵀ), for the rest Bᵢ of the product\n∂tau = −vᵢᵀ ∂ᵢ (vᵢᵀ Bᵢ)ᵀ",
    unmeasured="takes reflections with ones above them, which are no elements of their own",
)
def householder_product(input: Array, tau: Array, *, out: Array) -> None:
    """The first columns of the product of the reflections 1 − tau v vᵀ, whose v stand below the diagonal of `input`.

    >>> import autogradkit as torch
    >>> torch.linalg.householder_product(torch.tensor([[5.0], [1.0]]), torch.tensor([1.0]))
    tensor([[ 0.],
            [-1.]])
    """
    if not input.size:
        return
    orgqr = lapack("ungqr" if input.dtype.kind == "c" else "orgqr", input)
    if not tau.shape[-1]:
        np.copyto(out, np.eye(*out.shape[-2:], dtype=out.dtype))
        return
    scales = tau.reshape(-1, tau.shape[-1])
    found = [orgqr(a, t)[0] for a, t in zip(matrices_of(input), scales, strict=True)]
    np.copyto(out, np.reshape(found, out.shape))


@op(composition=True, out=True, out_dtype=_castable, laid_out="empty", written_by="linalg_householder_product")
def orgqr(self: Tensor, input2: Tensor) -> Any:
    """Another name for `linalg.householder_product`.

    >>> import autogradkit as torch
    >>> torch.orgqr(torch.tensor([[5.0], [1.0]]), torch.tensor([1.0]))
    tensor([[ 0.],
            [-1.]])
    """
    return householder_product(self, input2)


def _geqrf_meta(self: Array) -> Any:
    if self.ndim < 2:
        raise RuntimeError("torch.geqrf: input must have at least 2 dimensions.")
    least = min(self.shape[-2:])
    require_kernel("geqrf_cpu", self)
    return (self.shape, self.dtype, by_columns(self.shape)), ((*self.shape[:-2], least), self.dtype)


@op(
    outputs="a tau",
    out_dtype=writing.castable("torch.geqrf", "a"),
    returns=return_types.geqrf,
    refuse=by_kernel(lambda self: require_real_if_differentiated("geqrf", self)),
    meta=_geqrf_meta,
    vjp={"self": not_differentiated("geqrf")},
    rule="nothing: PyTorch does not differentiate it",
)
def geqrf(self: Array, *, out: Any) -> None:
    """(a, tau): R in the upper triangle of `a`, below it the vectors of the reflections that Q is made of.

    >>> import autogradkit as torch
    >>> torch.geqrf(torch.tensor([[3.0], [4.0]])).tau
    tensor([1.6000])
    """
    if not self.size:
        return
    call = lapack("geqrf", self)
    found = [call(each)[:2] for each in matrices_of(self)]
    np.copyto(out[0], np.reshape([a for a, _ in found], out[0].shape))
    np.copyto(out[1], np.reshape([tau for _, tau in found], out[1].shape))


def _ormqr_meta(self: Array, input2: Array, input3: Array, left: bool, transpose: bool) -> Any:
    name = "torch.ormqr:"
    for which, each in (("input", self), ("other", input3)):
        if each.ndim < 2:
            raise RuntimeError(f"{name} {which} must have at least 2 dimensions.")
    place = -2 if left else -1
    if input3.shape[place] != self.shape[-2]:
        raise RuntimeError(f"{name} other.shape[{place}] must be equal to input.shape[-2]")
    require_dims(input2.ndim, -1)
    if min(input3.shape[place], self.shape[-1]) != input2.shape[-1]:
        raise RuntimeError(f"{name} tau.shape[-1] must be equal to min(other.shape[{place}], input.shape[-1])")
    if self.ndim - input2.ndim != 1:
        raise RuntimeError(
            f"{name} Expected tau to have one dimension less than input, but got tau.ndim equal to {input2.ndim} and input.ndim "
            f"is equal to {self.ndim}"
        )
    if self.ndim != input3.ndim:
        raise RuntimeError(
            f"{name} Expected other to have the same number of dimensions as input, but got other.ndim equal to {input3.ndim} "
            f"and input.ndim is equal to {self.ndim}"
        )
    if input2.shape[:-1] != self.shape[:-2]:
        raise RuntimeError(
            f"{name} Expected batch dimensions of tau to be equal to input.shape[:-2], but got {list(input2.shape[:-1])}"
        )
    if input3.shape[:-2] != self.shape[:-2]:
        raise RuntimeError(
            f"{name} Expected batch dimensions of other to be equal to input.shape[:-2], but got {list(input3.shape[:-2])}"
        )
    for which, each in (("tau", input2), ("other", input3)):
        if each.dtype != self.dtype:
            raise RuntimeError(
                f"{name} Expected input and {which} to have the same dtype, but input has dtype{scalar_type_of(self)} and "
                f"{which} has dtype {scalar_type_of(each)}"
            )
    require_kernel("ormqr_cpu", self)
    return input3.shape, self.dtype, by_columns(input3.shape)


def _ormqr_backward(
    g: Any, self: Any, input2: Any, input3: Any, left: bool, transpose: bool, result: Any, needs: Any
) -> Any:
    in_other = k.ormqr(self, input2, g, left, not transpose)
    if not (needs[0] or needs[1]):
        return None, None, in_other
    # The product is Q C, C Q, or with the adjoint of Q: what its gradient is, is that of Q = Q · 1.
    of_q = g @ adjoint(input3) if left else adjoint(input3) @ g
    if transpose:
        of_q = adjoint(of_q)
    size = self.shape[-2]
    start = k.eye(size, size, self)
    in_self, in_tau = reflections_backward(of_q, self, input2, start)
    return in_self, in_tau, in_other


@op(
    out_dtype=writing.saying(
        "torch.ormqr: Expected input and result to have the same dtype, but input has dtype{result} and result has dtype {out}"
    ),
    laid_out="empty",
    meta=_ormqr_meta,
    samples=lambda t: [(t(3, 2), t(2), t(3, 2)), (t(3, 2), t(2), t(2, 3), False, True)],
    group=("self input2 input3", _ormqr_backward),
    rule="∂self = what ∂Q is to the reflections, as of householder_product\n∂input2 = likewise, to their lengths\n∂input3 = Qᵀ ∂",
    unmeasured="takes reflections with ones above them, which are no elements of their own",
)
def ormqr(self: Array, input2: Array, input3: Array, left: bool = True, transpose: bool = False, *, out: Array) -> None:
    """The product of `input3` with the whole Q that `geqrf` gave as reflections (`self`) and their factors (`input2`).

    >>> import autogradkit as torch
    >>> torch.ormqr(torch.tensor([[5.0], [1.0]]), torch.tensor([1.0]), torch.tensor([[1.0], [2.0]]))
    tensor([[-2.],
            [-1.]])
    """
    if not out.size:
        return
    if not input2.shape[-1]:
        np.copyto(out, input3)
        return
    is_complex = self.dtype.kind == "c"
    ormqr = lapack("unmqr" if is_complex else "ormqr", self)
    trans = ("C" if is_complex else "T") if transpose else "N"
    count = input2.shape[-1]
    work = max(1, 64 * max(input3.shape[-2:]))
    found = [
        ormqr("L" if left else "R", trans, a[:, :count], t, c, work)[0]
        for a, t, c in zip(matrices_of(self), input2.reshape(-1, count), matrices_of(input3), strict=True)
    ]
    np.copyto(out, np.reshape(found, out.shape))
