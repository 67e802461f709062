"""A few of the largest or smallest eigenvalues of a symmetric matrix, by products with it alone: lobpcg.

The method is Knyazev's, locally optimal block preconditioned conjugate gradients: each step looks for the best vectors among
those of before, their residuals, and what the last step added. Rests on products, eigenvalues and norms; a composition, as in
PyTorch.
"""

from __future__ import annotations

from typing import Any

from autogradkit._ops.declare import python_function
from autogradkit._ops.linalg.eigen import linalg_eigh as eigh
from autogradkit._ops.making.filled import empty
from autogradkit._ops.selection.joining import cat
from autogradkit.core.dtype import float32
from autogradkit.core.tensor import Tensor
from autogradkit.engine.modes import no_grad

_TOLERANCES = {4: 1.2e-07**0.5, 8: 2.23e-16**0.5}  # by bytes of a number


@python_function()
def lobpcg(
    A: Tensor,
    k: int | None = None,
    B: Tensor | None = None,
    X: Tensor | None = None,
    n: int | None = None,
    iK: Tensor | None = None,
    niter: int | None = None,
    tol: float | None = None,
    largest: bool | None = None,
    method: str | None = None,
    tracker: Any = None,
    ortho_iparams: dict[str, int] | None = None,
    ortho_fparams: dict[str, float] | None = None,
    ortho_bparams: dict[str, bool] | None = None,
) -> tuple[Tensor, Tensor]:
    """(values, vectors) of the `k` largest eigenvalues of A x = λ B x, of symmetric matrices, or, not `largest`, the smallest.

    It begins with the columns of `X`, or `n` random ones, and ends after `niter` steps, or where residuals are below `tol`; `iK`
    preconditions them. `method` and `ortho_*params`, which say how PyTorch keeps vectors orthogonal, change nothing. Raises
    ValueError for a matrix of less than 3 · n rows. The gradient of a dense A is there, where B is None.

    >>> import autogradkit as torch
    >>> torch.lobpcg(torch.diag(torch.tensor([1.0, 5.0, 3.0, 2.0])))[0].round(decimals=3)
    tensor([5.])
    """
    if A.shape[-2] != A.shape[-1]:
        raise AssertionError(f"A must be square, got shape {A.shape}")
    if B is not None and A.shape != B.shape:
        raise AssertionError(f"A and B must have same shape, got {A.shape} vs {B.shape}")
    if tracker is not None:
        raise NotImplementedError("lobpcg(): tracker= is not available here")
    rows = A.shape[-1]
    k = (1 if X is None else X.shape[-1]) if k is None else k
    n = (k if n is None else n) if X is None else X.shape[-1]
    if rows < 3 * n:
        raise ValueError(
            f"LOBPCG algorithm is not applicable when the number of A rows (={rows}) is smaller than 3 x the number of requested "
            f"eigenpairs (={n})"
        )
    differentiated = A.requires_grad or (B is not None and B.requires_grad)
    if differentiated and (A.is_sparse or B is not None):
        raise ValueError("lobpcg: the gradient is available of a dense A, and where B is None")
    largest = largest is not False
    with no_grad():
        values, vectors = _of_all(A, B, X, (rows, n), iK, 1000 if niter is None else niter, tol, largest)
    if differentiated:
        return _differentiable(A, vectors[..., :k], largest)
    return values[..., :k], vectors[..., :k]


def _of_all(
    A: Tensor, B: Any, X: Any, shape: tuple[int, int], iK: Any, steps: int, tol: float | None, largest: bool
) -> tuple[Any, Any]:
    """(values, vectors) of each matrix."""
    if A.ndim > 2:
        each = [
            _of_all(A[i], None if B is None else B[i], None if X is None else X[i], shape, iK, steps, tol, largest)
            for i in range(A.shape[0])
        ]
        values, vectors = zip(*each, strict=True)
        return tuple([cat([one.unsqueeze(0) for one in found]) for found in (values, vectors)])
    kind = A.dtype if A.is_floating_point() else float32
    first: Any = empty.owner(shape, dtype=kind).normal_() if X is None else X
    if tuple(first.shape) != shape:
        raise AssertionError(f"X shape mismatch: got {first.shape}, expected {shape}")
    return _iterated(A, B, first, iK, steps, _TOLERANCES[kind.itemsize] if tol is None else tol, largest)


def _times(matrix: Any, vectors: Any) -> Any:
    """The product; None is the identity."""
    return vectors if matrix is None else matrix @ vectors


def _basis(B: Any, S: Any) -> Any:
    """Vectors that span the same and are orthogonal and of length 1 by B; fewer, where some depend on others."""
    for _ in range(2):  # once more: what the first time left of rounding
        S = S / S.norm(dim=0).clamp(min=1e-300 if S.element_size() == 8 else 1e-30)
        lengths, turned = eigh(S.mT @ _times(B, S))
        kept = lengths > lengths.amax() * 10 * 2.0 ** (-52 if S.element_size() == 8 else -23)
        S = S @ (turned[:, kept] / lengths[kept].sqrt())
    return S


def _best(A: Any, S: Any, count: int, largest: bool) -> tuple[Any, Any]:
    """(values, vectors) of the best vectors that an orthonormal basis spans, the very best first."""
    values, turned = eigh(S.mT @ _times(A, S))
    if largest:
        values, turned = values.flip(0), turned.flip(1)
    return values[:count], S @ turned[:, :count]


def _iterated(A: Any, B: Any, X: Any, iK: Any, steps: int, tol: float, largest: bool) -> tuple[Any, Any]:
    count = X.shape[1]
    sizes = [X.norm() and _times(matrix, X).norm() / X.norm() for matrix in (A, B)]  # about how long they make vectors
    values, X = _best(A, _basis(B, X), count, largest)
    added: list[Any] = []
    for _ in range(steps):
        residual = _times(A, X) - _times(B, X) * values
        scale = X.norm(dim=0) * (sizes[0] + values.abs() * sizes[1])
        if bool((residual.norm(dim=0) <= tol * scale).all()):
            break
        S = _basis(B, cat([X, _times(iK, residual), *added], 1))
        before = X
        values, X = _best(A, S, count, largest)
        added = [X - before @ (before.mT @ _times(B, X))]
    return values, X


def _differentiable(A: Any, vectors: Any, largest: bool) -> tuple[Any, Any]:
    """The same pairs as part of the graph, by all eigenvectors, which the gradient of some of them needs."""
    values, whole = eigh((A + A.mT) / 2)
    if largest:
        values, whole = values.flip(-1), whole.flip(-1)
    count = vectors.shape[-1]
    whole = whole[..., :count]
    signs = (whole.detach() * vectors).sum(-2, keepdim=True).sign()
    return values[..., :count], whole * signs
