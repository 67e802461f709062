"""Names that PyTorch removed and still answers to: it says what to write instead.

Rests on declare; declared when somebody asks for a name of it (`_ops.unloaded`).
"""

from __future__ import annotations

from typing import Any, NoReturn

from autogradkit._ops.declare import python_function, python_method
from autogradkit.core.tensor import Tensor

_REMOVED = "This function was deprecated since version 1.9 and is now removed."
_SYMEIG = """ The default behavior has changed from using the upper triangular portion of the matrix by default to using the \
lower triangular portion.

L, _ = torch.symeig(A, upper=upper) should be replaced with:
L = torch.linalg.eigvalsh(A, UPLO='U' if upper else 'L')

and

L, V = torch.symeig(A, eigenvectors=True) should be replaced with:
L, V = torch.linalg.eigh(A, UPLO='U' if upper else 'L')"""
_EIG = """ `torch.linalg.eig` returns complex tensors of dtype `cfloat` or `cdouble` rather than real tensors mimicking complex \
tensors.

L, _ = torch.eig(A) should be replaced with:
L_complex = torch.linalg.eigvals(A)

and

L, V = torch.eig(A, eigenvectors=True) should be replaced with:
L_complex, V_complex = torch.linalg.eig(A)"""
_SOLVE = """ `torch.solve` is deprecated in favor of `torch.linalg.solve`. `torch.linalg.solve` has its arguments reversed and \
does not return the LU factorization.

To get the LU factorization see `torch.lu`, which can be used with `torch.lu_solve` or `torch.lu_unpack`.
X = torch.solve(B, A).solution should be replaced with:
X = torch.linalg.solve(A, B)"""
_LSTSQ = """ `torch.lstsq` is deprecated in favor of `torch.linalg.lstsq`.
`torch.linalg.lstsq` has reversed arguments and does not return the QR decomposition in the returned tuple (although it returns \
other information about the problem).

To get the QR decomposition consider using `torch.linalg.qr`.

The returned solution in `torch.lstsq` stored the residuals of the solution in the last m - n columns of the returned value \
whenever m > n. In torch.linalg.lstsq, the residuals are in the field 'residuals' of the returned named tuple.

The unpacking of the solution, as in
X, _ = torch.lstsq(B, A).solution[:A.size(1)]
should be replaced with:
X = torch.linalg.lstsq(A, B).solution"""
_RANK = """
Please use the `torch.linalg.matrix_rank` function instead. The parameter 'symmetric' was renamed in \
`torch.linalg.matrix_rank()` to 'hermitian'."""


@python_function()
def symeig(input: Tensor, eigenvectors: bool = False, upper: bool = True, *, out: Any = None) -> NoReturn:
    """Raises RuntimeError, as PyTorch has it no more; `linalg.eigh` is there.

    >>> import autogradkit as torch
    >>> torch.symeig(torch.ones(1, 1))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    RuntimeError: This function was deprecated since version 1.9 and is now removed...
    """
    raise RuntimeError(_REMOVED + _SYMEIG)


@python_method("symeig")
def _symeig(self: Tensor, eigenvectors: bool = False) -> NoReturn:
    """Raises RuntimeError, as PyTorch has it no more; `linalg.eigh` is there."""
    raise RuntimeError(_REMOVED + _SYMEIG)


@python_function()
def eig(self: Tensor, eigenvectors: bool = False, *, e: Any = None, v: Any = None) -> NoReturn:
    """Raises RuntimeError, as PyTorch has it no more; `linalg.eig` is there.

    >>> import autogradkit as torch
    >>> torch.eig(torch.ones(1, 1))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    RuntimeError: This function was deprecated since version 1.9 and is now removed...
    """
    raise RuntimeError(_REMOVED + _EIG)


@python_method("eig")
def _eig(self: Tensor, eigenvectors: bool = False) -> NoReturn:
    """Raises RuntimeError, as PyTorch has it no more; `linalg.eig` is there."""
    raise RuntimeError(_REMOVED + _EIG)


@python_function()
def solve(input: Tensor, A: Tensor, *, out: Any = None) -> NoReturn:
    """Raises RuntimeError, as PyTorch has it no more; `linalg.solve` is there.

    >>> import autogradkit as torch
    >>> torch.solve(torch.ones(1, 1), torch.ones(1, 1))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    RuntimeError: This function was deprecated since version 1.9 and is now removed...
    """
    raise RuntimeError(_REMOVED + _SOLVE)


@python_method("solve")
def _solve(self: Tensor, other: Tensor) -> NoReturn:
    """Raises RuntimeError, as PyTorch has it no more; `linalg.solve` is there."""
    raise RuntimeError(_REMOVED + _SOLVE)


@python_function()
def lstsq(input: Tensor, A: Tensor, *, out: Any = None) -> NoReturn:
    """Raises RuntimeError, as PyTorch has it no more; `linalg.lstsq` is there.

    >>> import autogradkit as torch
    >>> torch.lstsq(torch.ones(1, 1), torch.ones(1, 1))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    RuntimeError: This function was deprecated since version 1.9 and is now removed...
    """
    raise RuntimeError(_REMOVED + _LSTSQ)


@python_method("lstsq")
def _lstsq(self: Tensor, other: Tensor) -> NoReturn:
    """Raises RuntimeError, as PyTorch has it no more; `linalg.lstsq` is there."""
    raise RuntimeError(_REMOVED + _LSTSQ)


@python_function()
def matrix_rank(input: Tensor, tol: Any = None, symmetric: bool = False, *, out: Any = None) -> NoReturn:
    """Raises RuntimeError, as PyTorch has it no more; `linalg.matrix_rank` is there.

    >>> import autogradkit as torch
    >>> torch.matrix_rank(torch.ones(1, 1))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    RuntimeError: This function was deprecated since version 1.9 and is now removed...
    """
    raise RuntimeError(_REMOVED + _RANK)
