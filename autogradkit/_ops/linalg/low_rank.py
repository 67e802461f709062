"""Singular values of large matrices that few of them describe, by random projections: svd_lowrank, pca_lowrank.

Compositions, as PyTorch writes them in Python, after Halko, Martinsson and Tropp (2009), algorithms 4.4 and 5.1. Rests on
declare, qr and the singular values of decompositions.
"""

from __future__ import annotations

from typing import Any

from autogradkit._ops.declare import python_function
from autogradkit._ops.linalg import decompositions, qr
from autogradkit.core.dtype import float16, float32, float64
from autogradkit.core.tensor import Tensor

Three = tuple[Tensor, Tensor, Tensor]


def _floating(matrix: Tensor) -> Any:
    return matrix.dtype if matrix.dtype in (float16, float32, float64) else float32


def _basis(A: Any, q: int, niter: int, M: Any) -> Any:
    """An orthonormal basis of nearly all that the matrices `A − M` reach, by as many rounds of power iteration."""

    def product(matrix: Any, mean: Any, X: Any) -> Any:
        made = matrix.matmul(X)
        return made if mean is None else made - mean.matmul(X)

    def orthonormal(X: Any) -> Any:
        return qr.linalg_qr(X)[0]

    kind = A.dtype if A.dtype.is_complex else _floating(A)
    start = A.new_empty((A.shape[-1], q), dtype=kind).normal_()
    Q = orthonormal(product(A, M, start))
    for _ in range(niter):
        Q = orthonormal(product(A.mH, None if M is None else M.mH, Q))
        Q = orthonormal(product(A, M, Q))
    return Q


def _decomposed(A: Any, q: int | None, niter: int | None, M: Any) -> Three:
    m, n = A.shape[-2:]
    if M is not None:
        M = M.broadcast_to(A.size())
    is_wide = m < n
    if is_wide:
        A, M = A.mH, None if M is None else M.mH
    Q = _basis(A, 6 if q is None else q, 2 if niter is None else niter, M)
    B = Q.mH.matmul(A)
    if M is not None:
        B = B - Q.mH.matmul(M)
    U, S, Vh = decompositions.linalg_svd(B, False)
    U, V = Q.matmul(U), Vh.mH
    return (V, S, U) if is_wide else (U, S, V)


@python_function()
def svd_lowrank(A: Tensor, q: int | None = 6, niter: int | None = 2, M: Tensor | None = None) -> Three:
    """(U, S, V) with the `q` largest singular values S of a matrix, or of each of a batch, nearly; of `A − M` where M is given.

    >>> import autogradkit as torch
    >>> _ = torch.manual_seed(0)
    >>> A = torch.tensor([[3.0, 0.0], [0.0, 4.0], [0.0, 0.0]])
    >>> torch.svd_lowrank(A, q=2)[1]
    tensor([4., 3.])
    """
    return _decomposed(A, q, niter, M)


@python_function()
def pca_lowrank(A: Tensor, q: int | None = None, center: bool = True, niter: int = 2) -> Three:
    """(U, S, V) of a matrix whose rows are observations, which are centred first: V has the principal directions.

    Raises ValueError for more of them than the matrix has rows or columns.

    >>> import autogradkit as torch
    >>> torch.pca_lowrank(torch.tensor([[1.0, 2.0], [3.0, 2.0], [5.0, 2.0]]), q=1)[1]
    tensor([2.8284])
    """
    m, n = A.shape[-2:]
    if q is None:
        q = min(6, m, n)
    elif not 0 <= q <= min(m, n):
        raise ValueError(f"q(={q}) must be non-negative integer and not greater than min(m, n)={min(m, n)}")
    if niter < 0:
        raise ValueError(f"niter(={niter}) must be non-negative integer")
    return _decomposed(A - A.mean((-2,), True) if center else A, q, niter, None)
