"""Rules of products and of linear algebra, whose ops take leading dimensions anyhow, or are a product of matrices that does."""

from __future__ import annotations

from typing import Any

from autogradkit._ops.batching.elements import aligned
from autogradkit._ops.declare.batched import Samples, rule, spread
from autogradkit._ops.linalg.matmul import matmul
from autogradkit.core.batched import Batch
from autogradkit.core.tensor import Tensor


def _all_samples(value: Any) -> Any:
    return value.all if isinstance(value, Samples) else value


@rule("mm", "bmm")
def _matrices(op: Any, batch: Batch, values: list[Any]) -> Any:
    return matmul(_all_samples(values[0]), _all_samples(values[1]))


def times_vector(matrix: Any, vector: Any) -> Any:
    """Matrices times vectors, of which some stand for all samples."""
    if not isinstance(vector, Samples):
        return matmul(matrix.all, vector)
    if not isinstance(matrix, Samples):
        return matmul(vector.all, matrix.t())
    whole: Any = matmul(matrix.all, vector.all.unsqueeze(-1))
    return whole.squeeze(-1)


@rule("mv")
def _mv(op: Any, batch: Batch, values: list[Any]) -> Any:
    return times_vector(*values)


@rule("dot")
def _dot(op: Any, batch: Batch, values: list[Any]) -> Any:
    return (_all_samples(values[0]) * _all_samples(values[1])).sum(-1)


@rule("vdot")
def _vdot(op: Any, batch: Batch, values: list[Any]) -> Any:
    return (_all_samples(values[0]).conj() * _all_samples(values[1])).sum(-1)


@rule("outer", "ger")
def _outer(op: Any, batch: Batch, values: list[Any]) -> Any:
    return _all_samples(values[0]).unsqueeze(-1) * _all_samples(values[1]).unsqueeze(-2)


def _added(values: list[Any], product: Any, rank: int) -> Any:
    """beta · self + alpha · product, as `addmm` and its kin have them."""
    added, beta, alpha = values[0], values[-2], values[-1]
    product = product if alpha == 1 else product * alpha
    if beta == 0:
        return product
    first = aligned(added, rank)
    return product + (first if beta == 1 else first * beta)


@rule("addmm", "baddbmm")
def _addmm(op: Any, batch: Batch, values: list[Any]) -> Any:
    if not any(isinstance(each, Samples) for each in values[1:3]):
        return None
    return _added(
        values, matmul(_all_samples(values[1]), _all_samples(values[2])), 3 if op.owner.name == "baddbmm" else 2
    )


@rule("addmv")
def _addmv(op: Any, batch: Batch, values: list[Any]) -> Any:
    if not any(isinstance(each, Samples) for each in values[1:3]):
        return None
    return _added(values, times_vector(values[1], values[2]), 1)


@rule("linear")
def _linear(op: Any, batch: Batch, values: list[Any]) -> Any:
    """x @ Wᵀ + b: with weights in common one product for all samples, else one for each."""
    given, weight, bias = values
    if not isinstance(weight, Samples):
        if not isinstance(bias, Samples):
            return op.run_dual([given.all, weight, bias])
        product = op.run_dual([given.all if isinstance(given, Samples) else given, weight, None])
        if not isinstance(given, Samples):
            product = product.expand(batch.size, *product.shape)
        return product + aligned(bias, len(product.shape) - 1)
    rank = given.ndim if isinstance(given, Samples) else len(given.shape)
    if rank == 1:
        product = times_vector(weight, given)
    else:
        transposed = weight.all.transpose(1, 2)
        size, k, m = transposed.shape
        spread_out = transposed.reshape(size, *(1,) * (rank - 2), k, m)
        product = matmul(_all_samples(given), spread_out)
    return product if bias is None else product + aligned(bias, rank)


_ALIKE = frozenset(("linalg_solve_triangular", "_cdist_forward", "_euclidean_dist", "_cdist_backward"))


# Of matrices, with any dimensions before them; every tensor is spread over the batch.
@rule(
    "linalg_cholesky_ex", "cholesky", "cholesky_inverse", "_linalg_svd", "linalg_lu_factor_ex", "linalg_lu", "lu_unpack",
    "linalg_lu_solve", "linalg_inv_ex", "_linalg_det", "_linalg_slogdet", "_linalg_eigh", "linalg_eig", "_linalg_eigvals",
    "linalg_qr", "linalg_householder_product", "linalg_matrix_exp", "linalg_solve_triangular", "cholesky_solve", "linalg_pinv",
    "_cdist_forward", "_euclidean_dist", "_cdist_backward",
)  # fmt: skip
def _of_matrices(op: Any, batch: Batch, values: list[Any]) -> Any:
    if op.owner.name in _ALIKE and len({len(each.shape) for each in values if isinstance(each, (Samples, Tensor))}) > 1:
        return None  # one of them has further dimensions
    return op.run_dual([spread(each, batch) if isinstance(each, (Samples, Tensor)) else each for each in values])


@rule("_linalg_solve_ex")
def _solve(op: Any, batch: Batch, values: list[Any]) -> Any:
    matrix, right, *rest = values
    if len(matrix.shape) != len(right.shape) and matrix.shape[:-1] != right.shape:
        return None  # other dimensions before the matrices than before the vectors
    return op.run_dual([spread(matrix, batch), spread(right, batch), *rest])


@rule("linalg_cross")
def _cross(op: Any, batch: Batch, values: list[Any]) -> Any:
    one, other, dim = values
    rank = len(one.shape)
    return None if rank != len(other.shape) else op.run_dual([spread(one, batch), spread(other, batch), dim % rank + 1])


@rule("trace")
def _trace(op: Any, batch: Batch, values: list[Any]) -> Any:
    return values[0].all.diagonal(0, 1, 2).sum(-1)
