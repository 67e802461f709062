"""What singular values decide: pseudoinverses, ranks, least squares.

Rests on decompositions and SciPy's LAPACK.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import function, k, op
from autogradkit._ops.declare.kinds import Array
from autogradkit._ops.declare.writing import castable
from autogradkit._ops.linalg import return_types
from autogradkit._ops.linalg.decompositions import linalg_svd, svd_of
from autogradkit._ops.linalg.eigen import eigh, eigh_of
from autogradkit._ops.linalg.matrices import (
    adjoint,
    by_columns,
    lapack,
    matrices_of,
    real_of,
    require_kernel,
    require_matrices,
    require_square,
    require_success,
    scalar_type_of,
)
from autogradkit.core.dtype import SCALAR_TYPE_NAMES
from autogradkit.core.quiet import quietly
from autogradkit.core.shapes import broadcast_shapes
from autogradkit.core.tensor import Tensor, wrap
from autogradkit.engine.history import requires_grad
from autogradkit.engine.ownership import set_version


def _epsilon(A: Array) -> float:
    return float(np.finfo(A.dtype).eps)


def _require_precision(A: Array) -> None:
    if A.dtype.kind not in "fc" or A.dtype.itemsize < 4:
        raise RuntimeError("This function doesn't handle types other than float and double")


def _tolerances(A: Array, atol: Any, rtol: Any) -> tuple[Any, Any]:
    """(absolute, relative): by default the latter is the precision times the larger size, unless the former is given."""
    if rtol is None:
        _require_precision(A)
        default = _epsilon(A) * max(A.shape[-2:])
        rtol = default if atol is None else np.where(np.asarray(atol) > 0, 0.0, default)
    return 0.0 if atol is None else atol, rtol


def _require_real(name: str, **tolerances: Any) -> None:
    """Raise RuntimeError for a complex one."""
    for which, each in tolerances.items():
        if isinstance(each, Tensor) and each.is_complex():
            kind = SCALAR_TYPE_NAMES[each.dtype]
            raise RuntimeError(f"{name}: {which} tensor of complex type is not supported. Got {kind}")


# -- pseudoinverses ----------------------------------------------------------------------------------------------------


def pinv_backward(g: Any, self: Any, result: Any) -> Any:
    """The gradient of A from that of its pseudoinverse, where the rank does not change."""
    turned, back = adjoint(g), adjoint(result)
    if self.shape[-2] <= self.shape[-1]:
        left = turned @ result
        inner = left @ back
        return -adjoint(result @ left) + inner - (self @ result) @ inner + (back @ result) @ (turned - left @ self)
    right = result @ turned
    inner = back @ right
    return -adjoint(right @ result) + ((turned - self @ right) @ result) @ back + inner - (inner @ result) @ self


def _require_pinv(self: Array) -> None:
    fits = self.dtype.kind == "c" or (self.dtype.kind == "f" and self.dtype.itemsize >= 4)
    if self.ndim < 2 or not fits:
        raise RuntimeError(
            f"linalg.pinv({scalar_type_of(self)}{{{list(self.shape)}}}): expected a tensor with 2 or more dimensions of float, "
            "double, cfloat or cdouble types"
        )


def _pinv_meta(self: Array, atol: Array | None, rtol: Array | None, hermitian: bool) -> Any:
    _require_pinv(self)
    if hermitian and self.size:
        require_square(self, "linalg.eigh")
    bounds = [each.shape for each in (atol, rtol) if each is not None and self.size]
    batch = broadcast_shapes(*bounds, self.shape[:-2])
    return (*batch, self.shape[-1], self.shape[-2]), self.dtype


pinv_set = function("linalg_pinv", variants="")
_PINV_OUT = castable("linalg.pinv")


def _refuse_gradients(_self: Any, atol: Any, rtol: Any, _hermitian: bool) -> None:
    _require_real("torch.linalg.pinv", atol=atol, rtol=rtol)
    for name, each in (("atol", atol), ("rtol", rtol)):
        if isinstance(each, Tensor) and requires_grad(each):
            raise RuntimeError(
                f"The function 'linalg_pinv' is not differentiable with respect to argument '{name}'. This input cannot have "
                "requires_grad True."
            )


@pinv_set.overload(
    label="pinv",
    out_dtype=_PINV_OUT,
    refuse=_refuse_gradients,
    meta=lambda self, *, atol, rtol, hermitian: _pinv_meta(self, atol, rtol, hermitian),
    samples=lambda t: [(t(3, 2),), (t(2, 3),), (t(2, 2, 1),)],
    vjp={"self": pinv_backward},
    rule="∂self = −(result ∂ᵀ result)ᵀ, and what leaves the space of the columns",
)
def pinv(
    self: Array, *, atol: Array | None = None, rtol: Array | None = None, hermitian: bool = False, out: Array
) -> None:
    """The pseudoinverse of matrices: the one of least norm that solves A X = 1 as nearly as can be.

    Singular values up to `atol`, or up to `rtol` times the largest, count as zeros.

    >>> import autogradkit as torch
    >>> torch.linalg.pinv(torch.tensor([[2.0, 0.0], [0.0, 0.0]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.0000]])
    """
    if not self.size:
        out.fill(0)
        return
    absolute, relative = _tolerances(self, atol, rtol)
    if hermitian:
        S, U = eigh_of(self)
        size, Vh = np.abs(S), U.conj().swapaxes(-2, -1)
    else:
        U, S, Vh = svd_of(self)
        size = S
    least = np.maximum(np.asarray(absolute)[..., None], np.asarray(relative)[..., None] * size.max(-1, keepdims=True))
    kept = size > least
    inverse = np.where(kept, 1 / np.where(kept, S, 1), 0).astype(S.dtype)
    np.matmul(Vh.conj().swapaxes(-2, -1) * inverse[..., None, :], U.conj().swapaxes(-2, -1), out=out)


def _as_tensor(self: Any, number: float | None) -> Any:
    _require_pinv(self._array)
    return None if number is None else wrap(quietly(np.asarray, number, real_of(self._array.dtype)))


@pinv_set.overload(composition=True, out=True, written_by="copy_", out_dtype=_PINV_OUT)
def _(self: Tensor, *, atol: float | None = None, rtol: float | None = None, hermitian: bool = False) -> Any:
    if rtol is None:
        _require_precision(self._array)
    return pinv(self, atol=_as_tensor(self, atol), rtol=_as_tensor(self, rtol), hermitian=hermitian)


@pinv_set.overload(composition=True, out=True, written_by="copy_", out_dtype=_PINV_OUT)
def _(self: Tensor, rcond: Tensor, hermitian: bool = False) -> Any:
    _require_real("torch.linalg.pinv", rcond=rcond)
    return pinv(self, atol=_as_tensor(self, 0.0), rtol=rcond, hermitian=hermitian)


@pinv_set.overload(composition=True, out=True, written_by="copy_", out_dtype=_PINV_OUT)
def _(self: Tensor, rcond: float, hermitian: bool = False) -> Any:
    return pinv(self, atol=_as_tensor(self, 0.0), rtol=_as_tensor(self, rcond), hermitian=hermitian)


@op(composition=True)
def pinverse(self: Tensor, rcond: float = 1e-15) -> Any:
    """Another name for `linalg.pinv`, with `rcond` for `rtol`.

    >>> import autogradkit as torch
    >>> torch.pinverse(torch.tensor([[2.0, 0.0], [0.0, 0.0]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.0000]])
    """
    return pinv(self, atol=_as_tensor(self, 0.0), rtol=_as_tensor(self, rcond))


# -- ranks -------------------------------------------------------------------------------------------------------------


def _rank(input: Any, atol: Any, rtol: Any, hermitian: bool) -> Any:
    name = "torch.linalg.matrix_rank"
    array = input._array
    require_matrices(array, name, "input")
    _require_real(name, atol=atol, rtol=rtol)
    given = [each._array if isinstance(each, Tensor) else each for each in (atol, rtol)]
    absolute, relative = _tolerances(array, *given)
    if not array.size:
        return _counted(np.zeros(array.shape[:-2], np.int64))
    if hermitian:
        require_square(array, "linalg.eigh")
        size = np.abs(eigh(input.detach(), "L", False)[0]._array)
    else:
        size = linalg_svd(input.detach(), False, False)[1]._array
    broadcast_shapes(*[np.shape(each) for each in given if each is not None], array.shape[:-2])
    return _counted(quietly(_number_above, size, absolute, relative))


def _number_above(size: Array, absolute: Any, relative: Any) -> Array:
    least = np.maximum(np.asarray(absolute)[..., None], np.asarray(relative)[..., None] * size.max(-1, keepdims=True))
    return np.asarray(np.count_nonzero(size > least, axis=-1), np.int64)


def _counted(ranks: Array) -> Tensor:
    """Ranks as a tensor, which PyTorch writes into one that it made before."""
    found = wrap(ranks)
    set_version(found, 1)
    return found


matrix_rank = function("linalg_matrix_rank", variants="")
_RANK_OUT = castable("torch.linalg.matrix_rank")


@matrix_rank.overload(composition=True, out=True, written_by="copy_", out_dtype=_RANK_OUT)
def _(input: Tensor, *, atol: Tensor | None = None, rtol: Tensor | None = None, hermitian: bool = False) -> Any:
    """How many singular values of matrices are greater than `atol`, and than `rtol` times the largest.

    >>> import autogradkit as torch
    >>> torch.linalg.matrix_rank(torch.tensor([[1.0, 2.0], [2.0, 4.0]]))
    tensor(1)
    """
    return _rank(input, atol, rtol, hermitian)


@matrix_rank.overload(composition=True, out=True, written_by="copy_", out_dtype=_RANK_OUT)
def _(self: Tensor, *, atol: float | None = None, rtol: float | None = None, hermitian: bool = False) -> Any:
    return _rank(self, atol, rtol, hermitian)


@matrix_rank.overload(composition=True, out=True, written_by="copy_", out_dtype=_RANK_OUT)
def _(input: Tensor, tol: Tensor, hermitian: bool = False) -> Any:
    return _rank(input, tol, 0.0, hermitian)


@matrix_rank.overload(composition=True, out=True, written_by="copy_", out_dtype=_RANK_OUT)
def _(self: Tensor, tol: float, hermitian: bool = False) -> Any:
    return _rank(self, tol, 0.0, hermitian)


# -- least squares -----------------------------------------------------------------------------------------------------

_DRIVERS = ("gels", "gelsy", "gelsd", "gelss")


def _lstsq_meta(self: Array, b: Array, rcond: float | None, *, driver: str | None) -> Any:
    name = "torch.linalg.lstsq:"
    if self.ndim < 2:
        raise RuntimeError(f"{name} input must have at least 2 dimensions.")
    if b.ndim < 1:
        raise RuntimeError(f"{name} other must have at least 1 dimension.")
    if self.dtype != b.dtype:
        raise RuntimeError(
            f"{name} Expected input and other to have the same dtype, but got input's dtype {scalar_type_of(self)} and other's "
            f"dtype {scalar_type_of(b)}"
        )
    if not 0 <= self.ndim - b.ndim <= 1:
        raise RuntimeError(
            f"{name} input.dim() must be greater or equal to other.dim() and (input.dim() - other.dim()) <= 1"
        )
    vectors = _has_vectors(self, b)
    rows = b[..., None] if vectors else b
    if self.shape[-2] != rows.shape[-2]:
        at = "-1" if vectors else "-2"
        raise RuntimeError(f"{name} input.size(-2) should match other.size({at})")
    # PyTorch takes right-hand sides with a dimension less, too
    broadcast_shapes(self.shape[:-2], rows.shape[: self.ndim - 2])
    if driver is not None and driver not in _DRIVERS:
        raise RuntimeError(f"{name} parameter `driver` should be one of (gels, gelsy, gelsd, gelss)")
    if self.dtype.kind not in "fc" or self.dtype.itemsize < 4:
        if rcond is None:
            raise RuntimeError("This function doesn't handle types other than float and double")
        require_kernel("linalg_lstsq_cpu", self)
    *_, m, n = self.shape
    chosen = driver or "gelsy"
    batch = broadcast_shapes(self.shape[:-2], rows.shape[:-2])
    count = rows.shape[-1]
    shape = (*batch, n, count)
    strides = by_columns((*batch, max(m, n), count))  # the first rows of what LAPACK worked in
    solution = shape, strides
    if vectors:
        solution = shape[:-1], strides[:-1]
    residuals = (*batch, count) if m > n and chosen != "gelsy" else (0,)
    rank = (0,) if chosen == "gels" else self.shape[:-2]
    values = (*self.shape[:-2], min(m, n)) if chosen in ("gelsd", "gelss") else (0,)
    real = real_of(self.dtype)
    return (solution[0], self.dtype, solution[1]), (residuals, real), (rank, np.dtype(np.int64)), (values, real)


def _has_vectors(A: Any, B: Any) -> bool:
    if B.ndim == 1:
        return True
    return B.ndim + 1 == A.ndim and tuple(B.shape) == tuple(A.shape[:-1])


def _lstsq_backward(gradients: Any, self: Any, b: Any, solution: Any, needs: Any) -> Any:
    g, g_residuals = gradients[:2]
    vectors = _has_vectors(self, b)
    B, X = (k.unsqueeze(each, -1) if vectors else each for each in (b, solution))
    in_a = in_b = None
    if g is not None:
        g = k.unsqueeze(g, -1) if vectors else g
        inverse = k.pinv(self)
        in_a = pinv_backward(g @ adjoint(B), self, inverse)
        in_b = adjoint(inverse) @ g
    if g_residuals is not None and g_residuals.shape != (0,):
        scaled = (self @ X - B) * (k.unsqueeze(g_residuals, -2) * 2)
        more_a = scaled @ adjoint(X)
        in_a = more_a if in_a is None else in_a + more_a
        in_b = -scaled if in_b is None else in_b - scaled
    return in_a, k.squeeze_dim(in_b, -1) if vectors and in_b is not None else in_b


@op(
    name="linalg_lstsq",
    label="lstsq",
    out_dtype=castable("torch.linalg.lstsq", "solution"),
    variants="",
    outputs="solution residuals rank singular_values",
    differentiable_outputs=2,
    returns=return_types.linalg_lstsq,
    meta=_lstsq_meta,
    samples=lambda t: [(t(3, 2), t(3, 2)), (t(2, 3), t(2))],
    group=("self b", _lstsq_backward),
    rule="∂self = the gradient of pinv(self) from ∂ @ bᵀ\n∂b = pinv(self)ᵀ ∂",
)
def lstsq(self: Array, b: Array, rcond: float | None = None, *, driver: str | None = None, out: Any) -> None:
    """(solution, residuals, rank, singular values): the X for which A X is nearest to B.

    >>> import autogradkit as torch
    >>> torch.linalg.lstsq(torch.tensor([[1.0], [1.0]]), torch.tensor([[1.0], [3.0]])).solution
    tensor([[2.]])
    """
    solution, residuals, rank, values = out
    chosen = driver or "gelsy"
    right = b[..., None] if _has_vectors(self, b) else b
    into = solution[..., None] if _has_vectors(self, b) else solution
    m, n = self.shape[-2:]
    batch = broadcast_shapes(self.shape[:-2], right.shape[:-2])
    if not into.size or not m:
        into.fill(0)
        rank.fill(0)
        residuals.fill(0)
        return
    precision = _epsilon(self) * max(m, n) if rcond is None else rcond
    found = [
        _solved(chosen, a, each, precision)
        for a, each in zip(
            matrices_of(np.broadcast_to(self, (*batch, m, n))),
            matrices_of(np.broadcast_to(right, (*batch, *right.shape[-2:]))),
            strict=True,
        )
    ]
    require_success(np.reshape([info for *_, info in found], batch), "torch.linalg.lstsq")
    whole = np.reshape([x for x, *_ in found], (*batch, max(m, n), right.shape[-1]))
    np.copyto(into, whole[..., :n, :])
    if residuals.shape != (0,):
        outside = np.abs(whole[..., n:, :]) ** 2
        np.sum(outside, axis=-2, out=residuals)
    # Right sides may be more than matrices, each of which then comes several times, and has one rank.
    first = tuple(slice(size) for size in self.shape[:-2])
    if chosen != "gels":
        np.copyto(rank, np.reshape([r for _, r, *_ in found], batch)[first])
    if chosen in ("gelsd", "gelss"):
        np.copyto(values, np.reshape([s for _, _, s, _ in found], (*batch, min(m, n)))[first])


def _solved(driver: str, A: Array, B: Array, rcond: float) -> tuple[Any, Any, Any, int]:
    """(the solution with what is left over below it, the rank, the singular values, what LAPACK says) of one matrix."""
    m, n = A.shape
    tall = np.zeros((max(m, n), B.shape[1]), A.dtype)
    tall[:m] = B
    call = lapack(driver, A, B)
    if driver == "gels":
        _, x, info = call(A, tall)
        return x, None, None, info
    work, *sizes = (int(np.real(each)) for each in _work(driver, A, B.shape[1], rcond))
    if driver == "gelsy":
        _, x, _, rank, info = call(A, tall, np.zeros(n, np.int32), rcond, work)
        return x, rank, None, info
    if driver == "gelss":
        _, x, values, rank, _, info = call(A, tall, rcond, work)
        return x, rank, values, info
    x, values, rank, info = call(A, tall, work, *sizes, rcond)
    return x, rank, values, info


def _work(driver: str, A: Array, count: int, rcond: float) -> Any:
    """How much memory LAPACK wants to work in."""
    found = lapack(driver + "_lwork", A)(*A.shape, count, rcond)
    if driver == "gelsd" and A.dtype.kind == "c":
        return found[:3]
    return found[:2] if driver == "gelsd" else found[:1]
