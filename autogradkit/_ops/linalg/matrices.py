"""What the ops on batches of matrices share: their checks, LinAlgError, the layout of LAPACK's results, adjoints.

Rests on declare and core.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autogradkit._ops.declare import k
from autogradkit._ops.declare.kinds import Array
from autogradkit.core.dtype import SCALAR_TYPE_NAMES, from_numpy_dtype
from autogradkit.core.shapes import broadcast_shapes
from autogradkit.core.strides import contiguous_strides
from autogradkit.core.tensor import Tensor

INT32 = np.dtype(np.int32)


class _LinAlgError(RuntimeError):
    """A factorization, or the solution of a system, does not exist for the numbers that were given."""


_LinAlgError.__module__ = "autogradkit"
LinAlgError = _LinAlgError


def scalar_type_of(A: Array) -> str:
    """An array's dtype as PyTorch's messages name it."""
    return SCALAR_TYPE_NAMES[from_numpy_dtype(A.dtype)]


def require_matrices(A: Array, name: str, letter: str = "A") -> None:
    """Raise RuntimeError for fewer than two dimensions."""
    if A.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor {letter} must have at least 2 dimensions.")


def require_square(A: Array, name: str) -> None:
    """Raise RuntimeError for anything but square matrices."""
    require_matrices(A, name)
    if A.shape[-1] != A.shape[-2]:
        raise RuntimeError(
            f"{name}: A must be batches of square matrices, but they are {A.shape[-2]} by {A.shape[-1]} matrices"
        )


def require_floats(A: Array, name: str, low: bool = False) -> None:
    """Raise RuntimeError for whole numbers, and for half precision unless it may be `low`."""
    if A.dtype.kind not in "fcV":
        raise RuntimeError(f"{name}: Expected a floating point or complex tensor as input. Got {scalar_type_of(A)}")
    if not low and A.dtype.kind in "fV" and A.dtype.itemsize < 4:
        raise RuntimeError(f"{name}: Low precision dtypes not supported. Got {scalar_type_of(A)}")


def require_kernel(kernel: str, A: Array) -> None:
    """Raise NotImplementedError for whole numbers and half precision, which PyTorch's kernel does not have."""
    if A.dtype.kind not in "fc" or (A.dtype.kind == "f" and A.dtype.itemsize < 4):
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{scalar_type_of(A)}'")


def require_same_dtype(A: Array, B: Array, name: str, first: str = "A", second: str = "B") -> None:
    """Raise RuntimeError for matrices of two dtypes."""
    if A.dtype != B.dtype:
        raise RuntimeError(
            f"{name}: Expected {first} and {second} to have the same dtype, but found {first} of type {scalar_type_of(A)} and "
            f"{second} of type {scalar_type_of(B)} instead"
        )


def require_system(b: Array, A: Array, name: str) -> None:
    """Raise RuntimeError unless b is of A's dtype, A square, and the sizes those of A X = b: as the older solvers say it."""
    if A.dtype != b.dtype:
        raise RuntimeError(
            f"Expected b and A to have the same dtype, but found b of type {scalar_type_of(b)} and A of type "
            f"{scalar_type_of(A)} instead."
        )
    if A.shape[-1] != A.shape[-2]:
        raise RuntimeError(
            f"A must be batches of square matrices, but they are {A.shape[-2]} by {A.shape[-1]} matrices"
        )
    if A.shape[-2] != b.shape[-2]:
        raise RuntimeError(
            f"Incompatible matrix sizes for {name}: each A matrix is {A.shape[-1]} by {A.shape[-1]} but each b matrix is "
            f"{b.shape[-2]} by {b.shape[-1]}"
        )


def require_solvable(A: Array, B: Array, left: bool, name: str) -> None:
    """Raise RuntimeError unless A is square, and B a matrix that A X = B, or X A = B, may hold for."""
    require_square(A, name)
    require_matrices(B, name, "B")
    if A.shape[-1] != B.shape[-2 if left else -1]:
        raise RuntimeError(
            f"{name}: Incompatible shapes of A and B for the equation {'AX = B' if left else 'XA = B'} "
            f"({A.shape[-2]}x{A.shape[-1]} and {B.shape[-2]}x{B.shape[-1]})"
        )


def broadcast_batch(A: Array, B: Array) -> tuple[int, ...]:
    """The batch dimensions of both."""
    return broadcast_shapes(A.shape[:-2], B.shape[:-2])


def by_columns(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The strides of matrices whose columns lie one after the other, as LAPACK leaves them."""
    strides = contiguous_strides(shape)
    return (*strides[:-2], 1, max(shape[-2], 1))


def real_of(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype of absolute values."""
    return from_numpy_dtype(dtype).to_real().numpy


_REASONS: dict[str, str] = {
    "inv": "The diagonal element {info} is zero, the inversion could not be completed because the input matrix is singular.",
    "solve": "The solver failed because the input matrix is singular.",
    "cholesky": "The factorization could not be completed because the input is not positive-definite (the leading minor of "
    "order {info} is not positive-definite).",
    "eig": "The algorithm failed to converge because the input matrix is ill-conditioned or has too many repeated eigenvalues "
    "(error code: {info}).",
    "svd": "The algorithm failed to converge because the input matrix is ill-conditioned or has too many repeated singular "
    "values (error code: {info}).",
    "lstsq": "The least squares solution could not be computed because the input matrix does not have full rank (error code: "
    "{info}).",
    "lu_factor": "U[{info},{info}] is zero and using it on lu_solve would result in a division by zero. If you still want to "
    "perform the factorization, consider calling linalg.lu(A, pivot) or linalg.lu_factor_ex(A, pivot)",
}


def require_success(info: Array | Tensor, name: str) -> None:
    """Raise LinAlgError for what LAPACK says of the first matrix that it could not do; `info` has 0 for the others."""
    info = info._array if isinstance(info, Tensor) else info
    if not isinstance(info, np.ndarray):  # on the meta device, where nothing was computed
        return
    failed = np.flatnonzero(info)
    if not failed.size:
        return
    reason = _REASONS[next(each for each in _REASONS if each in name)]
    where = f"(Batch element {failed[0]}): " if info.ndim else ""
    error = RuntimeError if "lu_factor" in name else LinAlgError
    raise error(f"{name}: {where}{reason.format(info=info.flat[failed[0]])}")


def lapack(name: str, *arrays: Array) -> Callable[..., Any]:
    """LAPACK's function for the arrays' dtype."""
    from scipy.linalg import get_lapack_funcs  # loading SciPy takes longer than most programs need it

    return get_lapack_funcs((name,), arrays)[0]


def blas(name: str, *arrays: Array) -> Callable[..., Any]:
    """BLAS's function for the arrays' dtype."""
    from scipy.linalg import get_blas_funcs

    return get_blas_funcs((name,), arrays)[0]


def matrices_of(array: Array) -> Array:
    """A batch as a list of matrices: one batch dimension."""
    return array.reshape(-1, *array.shape[-2:]) if array.size else np.empty((0, *array.shape[-2:]), array.dtype)


def sample_near(t: Any, center: Array, *shape: int) -> Any:
    """A sample of this shape, near given matrices: a leaf, whose own numbers are small."""
    made = t(*shape, low=-0.5, high=0.5)
    return (made + made.new_tensor(center.tolist())).detach().requires_grad_()


# -- for formulas ------------------------------------------------------------------------------------------------------


def adjoint(x: Any) -> Any:
    """The transposed matrices, conjugated."""
    return k.conj(k.transpose(x, -2, -1))


def solution(A: Any, B: Any, left: bool = True) -> Any:
    """The X of A X = B, or, not `left`, of X A = B. Raises LinAlgError for a singular A."""
    result, _, _, info = k.solve_ex(A, B, left=left)
    require_success(info, "torch.linalg.solve")
    return result


def on_diagonal(x: Any) -> Any:
    """Diagonal matrices with the vectors in the last dimension."""
    return k.diag_embed(x)


def diagonal_of(x: Any) -> Any:
    """The diagonals, in the last dimension."""
    return k.diagonal(x, 0, -2, -1)


def columns(x: Any, start: int, end: int) -> Any:
    """The columns from `start` to before `end`."""
    return k.slice(x, x.ndim - 1, start, end, 1)


def rows(x: Any, start: int, end: int) -> Any:
    """The rows from `start` to before `end`."""
    return k.slice(x, x.ndim - 2, start, end, 1)


def added(*terms: Any) -> Any:
    """The sum of the terms that are there."""
    found: Any = None
    for each in terms:
        if each is not None:
            found = each if found is None else found + each
    return found
