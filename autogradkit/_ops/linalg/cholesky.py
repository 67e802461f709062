"""The factors of positive-definite matrices: cholesky, and what is computed with them.

Rests on triangular and NumPy's LAPACK.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op, writing
from autogradkit._ops.declare.kinds import Array
from autogradkit._ops.linalg.matrices import (
    INT32,
    adjoint,
    broadcast_batch,
    by_columns,
    lapack,
    matrices_of,
    require_floats,
    require_kernel,
    require_square,
    require_success,
    require_system,
    sample_near,
)
from autogradkit._ops.linalg.return_types import linalg_cholesky_ex as CholeskyEx
from autogradkit._ops.linalg.triangular import substitute
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn_once


def _factor_meta(self: Array, *, upper: bool, check_errors: bool) -> Any:
    require_square(self, "linalg.cholesky")
    require_floats(self, "linalg.cholesky", low=True)
    if self.size:
        require_kernel("cholesky_cpu", self)
    return (self.shape, self.dtype, by_columns(self.shape)), (self.shape[:-2], INT32)


def _factor(A: Array, upper: bool, out: Array, info: Array) -> None:
    info.fill(0)
    if not A.size:
        return
    try:
        np.copyto(out, np.linalg.cholesky(A, upper=upper))
    except np.linalg.LinAlgError:  # which does not say of which matrix
        potrf = lapack("potrf", A)
        found = [potrf(each, lower=not upper, clean=True) for each in matrices_of(A)]
        np.copyto(out, np.reshape([factor for factor, _ in found], out.shape))
        np.copyto(info, np.reshape([code for _, code in found], info.shape))
    strange = np.isnan(np.diagonal(out, 0, -2, -1))  # which not every LAPACK finds
    if strange.any():
        np.copyto(info, strange.argmax(-1) + 1, where=strange.any(-1) & (info == 0))


def _factor_backward(g: Any, upper: bool, L: Any) -> Any:
    """L⁻ᵀ · (the symmetric part of the lower triangle of Lᵀ ∂) · L⁻¹."""
    if upper:
        g, L = adjoint(g), adjoint(L)
    lower = k.tril(adjoint(L) @ g)
    middle = (lower + adjoint(k.tril(lower, -1))) * 0.5
    right = k.solve_triangular(L, middle, upper=False, left=False)
    return k.solve_triangular(adjoint(L), right, upper=True)


def positive(t: Any, *shape: int) -> Any:
    """A sample whose lower triangle, which is all that is looked at, and symmetric part are of positive-definite matrices."""
    return sample_near(t, np.eye(shape[-1]) * 3.0, *shape)


@op(
    name="linalg_cholesky_ex",
    label="cholesky",
    variants="",
    outputs="L info",
    differentiable_outputs=1,
    returns=CholeskyEx,
    meta=_factor_meta,
    samples=lambda t: [(positive(t, 2, 2),), (positive(t, 2, 3, 3), True)],
    vjp={"self": _factor_backward},
    rule="∂self = L⁻ᵀ · sym(tril(Lᵀ ∂)) · L⁻¹",
    unmeasured="reads one triangle of its matrix, whose elements cannot be moved one by one as the rule has it",
)
def cholesky_ex(self: Array, *, upper: bool = False, check_errors: bool = False, out: Any) -> None:
    """(L, info) with A = L Lᵀ, or, as `upper`, with A = Lᵀ L; `info` is 0 where A is positive-definite.

    Else it is the order of the leading minor that is not, which raises LinAlgError if `check_errors`.

    >>> import autogradkit as torch
    >>> torch.linalg.cholesky_ex(torch.tensor([[4.0, 2.0], [2.0, 5.0]])).L
    tensor([[2., 0.],
            [1., 2.]])
    """
    _factor(self, upper, *out)
    if check_errors:
        require_success(out[1], "torch.linalg.cholesky_ex")


@op(
    name="linalg_cholesky",
    variants="",
    composition=True,
    out=True,
    out_dtype=writing.require_same_dtype,
    written_by="linalg_cholesky_ex",
)
def linalg_cholesky(self: Tensor, *, upper: bool = False) -> Any:
    """L with A = L Lᵀ for positive-definite A, or, as `upper`, with A = Lᵀ L. Raises LinAlgError where there is none.

    >>> import autogradkit as torch
    >>> torch.linalg.cholesky(torch.tensor([[4.0, 2.0], [2.0, 5.0]]))
    tensor([[2., 0.],
            [1., 2.]])
    """
    factor, info = cholesky_ex(self, upper=upper)
    require_success(info, "linalg.cholesky")
    return factor


def _old_meta(self: Array, upper: bool) -> Any:
    if not self.size:
        return self.shape, self.dtype
    require_square(self, "cholesky")
    require_kernel("cholesky_cpu", self)
    return self.shape, self.dtype, by_columns(self.shape)


def _old_backward(g: Any, upper: bool, result: Any) -> Any:
    if result.ndim == 1:  # no elements, for which forward asks for no matrix
        raise RuntimeError("tensor.mH is only supported on matrices or batches of matrices. Got 1-D tensor.")
    return _factor_backward(g, upper, result)


def _warn_of_cholesky(*_values: Any) -> None:
    warn_once(
        "torch.cholesky is deprecated in favor of torch.linalg.cholesky and will be removed in a future PyTorch release.\n"
        "L = torch.cholesky(A)\nshould be replaced with\nL = torch.linalg.cholesky(A)\nand\nU = torch.cholesky(A, upper=True)\n"
        "should be replaced with\nU = torch.linalg.cholesky(A).mH\nThis transform will produce equivalent results for all valid "
        "(symmetric positive definite) inputs."
    )


@op(
    refuse=_warn_of_cholesky,
    out_dtype=writing.castable("cholesky"),
    laid_out=False,
    meta=_old_meta,
    samples=lambda t: [(positive(t, 2, 2),), (positive(t, 2, 3, 3), True)],
    vjp={"self": _old_backward},
    rule="∂self = result⁻ᵀ · sym(tril(resultᵀ ∂)) · result⁻¹",
    unmeasured="reads one triangle of its matrix, whose elements cannot be moved one by one as the rule has it",
)
def cholesky(self: Array, upper: bool = False, *, out: Array) -> None:
    """L with A = L Lᵀ for positive-definite A; deprecated in favour of `linalg.cholesky`.

    >>> import autogradkit as torch
    >>> torch.cholesky(torch.tensor([[4.0, 2.0], [2.0, 5.0]]))
    tensor([[2., 0.],
            [1., 2.]])
    """
    info = np.empty(self.shape[:-2], INT32)
    _factor(self, upper, out, info)
    require_success(info, "cholesky")


def _solve_meta(self: Array, input2: Array, upper: bool) -> Any:
    for which, each in (("b", self), ("u", input2)):
        if each.ndim < 2:
            raise RuntimeError(f"{which} should have at least 2 dimensions, but has {each.ndim} dimensions instead")
    require_system(self, input2, "cholesky_solve")
    require_kernel("cholesky_solve_cpu", self)
    shape = (*broadcast_batch(input2, self), *self.shape[-2:])
    return shape, self.dtype, by_columns(shape)


def _solve_backward(g: Any, self: Any, input2: Any, upper: bool, result: Any, needs: Any) -> Any:
    gradient = k.cholesky_solve(g, input2, upper)
    if not needs[1]:
        return gradient, None
    common = gradient @ adjoint(result)
    common = common + adjoint(common)
    return gradient, -(input2 @ common) if upper else -(common @ input2)


def _factors(t: Any, *shape: int) -> Any:
    return t(*shape, low=1.0, high=2.0)


@op(
    out_dtype=writing.castable("cholesky_solve"),
    laid_out=False,
    meta=_solve_meta,
    samples=lambda t: [(t(2, 2), _factors(t, 2, 2)), (t(2, 1), _factors(t, 2, 2), True)],
    group=("self input2", _solve_backward),
    rule="∂self = (L Lᵀ)⁻¹ ∂, for L = input2\n∂input2 = −(∂self · resultᵀ + result · ∂selfᵀ) L",
    unmeasured="reads one triangle of its matrix, whose elements cannot be moved one by one as the rule has it",
)
def cholesky_solve(self: Array, input2: Array, upper: bool = False, *, out: Array) -> None:
    """The X of A X = b for the A whose factor, as `cholesky` gives it, is `input2`.

    >>> import autogradkit as torch
    >>> torch.cholesky_solve(torch.tensor([[8.0], [12.0]]), torch.tensor([[2.0, 0.0], [1.0, 2.0]]))
    tensor([[1.],
            [2.]])
    """
    turned = input2.conj().swapaxes(-2, -1)
    lower, raised = (turned, input2) if upper else (input2, turned)
    between = np.empty_like(out)
    substitute(lower, self, False, True, False, between)
    substitute(raised, between, True, True, False, out)


def _inverse_meta(self: Array, upper: bool) -> Any:
    require_square(self, "cholesky_inverse")
    require_kernel("cholesky_inverse_out_cpu", self)
    return self.shape, self.dtype, by_columns(self.shape)


def _inverse_backward(g: Any, self: Any, upper: bool, result: Any) -> Any:
    common = result @ ((g + adjoint(g)) @ result)
    return -(self @ common) if upper else -(common @ self)


@op(
    out_dtype=writing.castable("cholesky_inverse"),
    laid_out="empty",
    meta=_inverse_meta,
    samples=lambda t: [(_factors(t, 2, 2),), (_factors(t, 2, 2), True)],
    vjp={"self": _inverse_backward},
    rule="∂self = −result (∂ + ∂ᵀ) result · self",
    unmeasured="reads one triangle of its matrix, whose elements cannot be moved one by one as the rule has it",
)
def cholesky_inverse(self: Array, upper: bool = False, *, out: Array) -> None:
    """The inverse of the matrix whose factor, as `cholesky` gives it, is `self`.

    >>> import autogradkit as torch
    >>> torch.cholesky_inverse(torch.tensor([[2.0, 0.0], [0.0, 4.0]]))
    tensor([[0.2500, 0.0000],
            [0.0000, 0.0625]])
    """
    if not self.size:
        return
    potri = lapack("potri", self)
    solved = [potri(each, lower=not upper) for each in matrices_of(self)]
    require_success(np.reshape([code for _, code in solved], self.shape[:-2]), "cholesky_inverse")
    found = np.reshape([inverse for inverse, _ in solved], self.shape)
    half = np.triu(found, 1) if upper else np.tril(found, -1)  # LAPACK leaves the other one alone
    np.add(half, half.conj().swapaxes(-2, -1), out=out)
    places = np.arange(self.shape[-1])
    out[..., places, places] = found[..., places, places]
