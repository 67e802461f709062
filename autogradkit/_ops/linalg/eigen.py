"""Eigenvalues and eigenvectors: eigh of symmetric matrices, eig of any.

Rests on matrices and NumPy's LAPACK.
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
    diagonal_of,
    on_diagonal,
    real_of,
    require_kernel,
    require_square,
    sample_near,
    scalar_type_of,
    solution,
)
from autogradkit.core.dtype import from_numpy_dtype
from autogradkit.core.tensor import Tensor
from autogradkit.engine.history import is_differentiated


def _require_invariant(x: Any, which: str) -> None:
    """Raise RuntimeError where a loss depends on the phases of eigenvectors, which are arbitrary."""
    if k.any_all(~(k.abs(k.imag(x)) <= 1e-2)):
        raise RuntimeError(
            f"{which}: The eigenvectors in the complex case are specified up to multiplication by e^{{i phi}}. The specified "
            "loss function depends on this quantity, so it is ill-defined."
        )


def _gaps(L: Any) -> Any:
    """L_j − L_i off the diagonal, and ones on it."""
    return k.unsqueeze(L, -2) - k.unsqueeze(L, -1) + on_diagonal(k.zeros_like(L) + 1)


def _eigh_backward(gradients: Sequence[Any], eigenvalues: Any, eigenvectors: Any, needs: Any) -> Any:
    g_l, g_v = gradients
    V = eigenvectors
    if g_v is None:
        return ((V * k.unsqueeze(g_l, -2)) @ adjoint(V),)
    inner = adjoint(V) @ g_v
    if k.is_complex(V):
        _require_invariant(diagonal_of(inner), "linalg_eigh_backward")
    turned = (inner - on_diagonal(diagonal_of(inner))) / _gaps(eigenvalues)
    if g_l is not None:
        turned = turned + on_diagonal(g_l)
    return (V @ ((turned + adjoint(turned)) * 0.5) @ adjoint(V),)


def _eigh_meta(A: Array, UPLO: str, compute_v: bool) -> Any:
    require_square(A, "linalg.eigh")
    if A.size:
        require_kernel("linalg_eigh_cpu", A)
    if UPLO.upper() not in ("L", "U"):
        raise RuntimeError(f"Expected UPLO argument to be 'L' or 'U', but got {UPLO}")
    vectors = (A.shape, A.dtype, by_columns(A.shape)) if compute_v else ((0,), A.dtype)
    return (A.shape[:-1], real_of(A.dtype)), vectors


@op(
    name="_linalg_eigh",
    node="LinalgEighBackward0",
    label="eigh",
    variants="",
    outputs="eigenvalues eigenvectors",
    meta=_eigh_meta,
    samples=lambda t: [(sample_near(t, np.diag([1.0, 3.0]), 2, 2),)],
    group=("A", _eigh_backward),
    rule="∂A = V · diag(∂L) · Vᵀ, and what turns the vectors",
    unmeasured="reads one triangle of its matrix, whose elements cannot be moved one by one as the rule has it",
)
def eigh(A: Array, UPLO: str = "L", compute_v: bool = True, *, out: Any) -> None:
    """(eigenvalues, eigenvectors) of symmetric matrices, of which one triangle is looked at."""
    if not A.size:  # of any dtype: no kernel is asked
        return
    values, vectors = eigh_of(A, UPLO, compute_v)
    np.copyto(out[0], values)
    if compute_v:
        np.copyto(out[1], vectors)


def eigh_of(A: Array, UPLO: str = "L", compute_v: bool = True) -> tuple[Array, Any]:
    """(eigenvalues, eigenvectors or None) by NumPy. Raises LinAlgError where LAPACK does not converge."""
    side: Any = UPLO.upper()
    try:
        return np.linalg.eigh(A, side) if compute_v else (np.linalg.eigvalsh(A, side), None)
    except np.linalg.LinAlgError:
        strange = ~np.isfinite(A).all((-2, -1))
        where = f"(Batch element {strange.argmax()}): " if strange.ndim else ""
        raise LinAlgError(
            f"linalg.eigh: {where}The algorithm failed to converge because the input matrix is ill-conditioned or has too many "
            "repeated eigenvalues (error code: 1)."
        ) from None


@op(
    name="linalg_eigh",
    variants="",
    composition=True,
    out=True,
    out_dtype=writing.require_same_dtype,
    written_by="_linalg_eigh",
    outputs="eigenvalues eigenvectors",
    returns=return_types.linalg_eigh,
)
def linalg_eigh(self: Tensor, UPLO: str = "L") -> Any:
    """(eigenvalues, eigenvectors) of symmetric matrices: the values ascend, the vectors are columns.

    Only the lower triangle is looked at, or, with `UPLO` "U", the upper one.

    >>> import autogradkit as torch
    >>> torch.linalg.eigh(torch.tensor([[2.0, 1.0], [1.0, 2.0]])).eigenvalues
    tensor([1., 3.])
    """
    return return_types.linalg_eigh(eigh(self, UPLO, True))


@op(
    name="linalg_eigvalsh",
    variants="",
    composition=True,
    out=True,
    out_dtype=writing.require_same_dtype,
    written_by="_linalg_eigh",
)
def eigvalsh(self: Tensor, UPLO: str = "L") -> Any:
    """The eigenvalues of symmetric matrices, ascending; see `eigh`.

    >>> import autogradkit as torch
    >>> torch.linalg.eigvalsh(torch.tensor([[2.0, 1.0], [1.0, 2.0]]))
    tensor([1., 3.])
    """
    return eigh(self, UPLO, is_differentiated(self))[0]


# -- matrices that are not symmetric -----------------------------------------------------------------------------------


def _eig_backward(gradients: Sequence[Any], eigenvalues: Any, eigenvectors: Any, needs: Any) -> Any:
    g_l, g_v = gradients
    V = eigenvectors
    if g_v is None:
        return (solution(adjoint(V), k.unsqueeze(g_l, -1) * adjoint(V)),)
    inner = adjoint(V) @ g_v
    _require_invariant(diagonal_of(inner), "linalg_eig_backward")
    lengths = (diagonal_of(inner) + k.conj(diagonal_of(inner))) * 0.5
    along = adjoint(V) @ (V * k.unsqueeze(lengths, -2))
    turned = (inner - along) / k.conj(_gaps(eigenvalues))
    turned = turned - on_diagonal(diagonal_of(turned))
    if g_l is not None:
        turned = turned + on_diagonal(g_l)
    return (solution(adjoint(V), turned @ adjoint(V)),)


def _complex_of(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return from_numpy_dtype(dtype).to_complex().numpy


def _require_complex(A: Array) -> None:
    if A.dtype.kind in "biu":
        raise RuntimeError(f"Unknown Complex ScalarType for {scalar_type_of(A)}")


def _require_matrices(A: Array, name: str) -> None:
    require_square(A, name)
    require_kernel("linalg_eig_out_cpu", A)


def _require_finite(A: Array) -> None:
    if not np.isfinite(A).all():
        raise RuntimeError("torch.linalg.eig: input tensor should not contain infs or NaNs.")


def _eigvals_meta(self: Array) -> Any:
    _require_complex(self)
    _require_matrices(self, "linalg.eigvals")
    _require_finite(self)
    return self.shape[:-1], _complex_of(self.dtype)


def _eig_meta(self: Array) -> Any:
    _require_complex(self)
    _require_finite(self)
    _require_matrices(self, "linalg.eig")
    kind = _complex_of(self.dtype)
    return (self.shape[:-1], kind), (self.shape, kind, by_columns(self.shape))


def _not_converged() -> Exception:
    return LinAlgError(
        "linalg.eig: The algorithm failed to converge because the input matrix is ill-conditioned or has too many repeated "
        "eigenvalues (error code: 1)."
    )


@op(
    name="linalg_eig",
    label="eig",
    variants="",
    outputs="eigenvalues eigenvectors",
    returns=return_types.linalg_eig,
    out_dtype=writing.castable("torch.linalg.eig", "eigenvalues"),
    meta=_eig_meta,
    samples=lambda t: [(sample_near(t, np.diag([1.0, 3.0]), 2, 2),)],
    group=("self", _eig_backward),
    rule="∂self = V⁻ᴴ · diag(∂L) · Vᴴ, and what turns the vectors",
)
def linalg_eig(self: Array, *, out: Any) -> None:
    """(eigenvalues, eigenvectors) of square matrices, complex ones whatever the dtype is; the vectors are columns.

    >>> import autogradkit as torch
    >>> torch.linalg.eig(torch.tensor([[0.0, 1.0], [-1.0, 0.0]])).eigenvalues
    tensor([0.+1.j, 0.-1.j])
    """
    try:
        values, vectors = np.linalg.eig(self)
    except np.linalg.LinAlgError:
        raise _not_converged() from None
    np.copyto(out[0], values)
    np.copyto(out[1], vectors)


@op(
    name="_linalg_eigvals",
    variants="",
    meta=_eigvals_meta,
    out=False,
)
def _eigvals(self: Array, *, out: Array) -> None:
    try:
        np.copyto(out, np.linalg.eigvals(self))
    except np.linalg.LinAlgError:
        raise _not_converged() from None


@op(
    name="linalg_eigvals",
    variants="",
    composition=True,
    out=True,
    out_dtype=writing.castable("torch.linalg.eigvals", "eigenvalues"),
    written_by="aten::linalg_eigvals",
)
def eigvals(self: Tensor) -> Any:
    """The eigenvalues of square matrices, complex ones whatever the dtype is.

    >>> import autogradkit as torch
    >>> torch.linalg.eigvals(torch.tensor([[0.0, 1.0], [-1.0, 0.0]]))
    tensor([0.+1.j, 0.-1.j])
    """
    return linalg_eig(self)[0] if is_differentiated(self) else _eigvals(self)
