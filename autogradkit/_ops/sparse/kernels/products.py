"""Kernels of matrix products with a sparse factor: mm, bmm, mv, addmm, smm, sspaddmm, hspmm.

Rests on declare's registry. Each value is multiplied by the row that its column names, and added to its own row.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare.sparse import composed, kernel, no_kernel
from autogradkit.core.dtype import from_numpy_dtype
from autogradkit.core.sparse import SparseArray
from autogradkit.core.storage import Array
from autogradkit.core.tensor import Tensor


def _scalar_type(array: Any) -> str:
    return from_numpy_dtype(array.dtype).tensor_type.removeprefix("torch.").removesuffix("Tensor")


def _require_same_dtype(self: Any, other: Any) -> None:
    if self.dtype != other.dtype:
        raise RuntimeError(f"expected scalar type {_scalar_type(self)} but found {_scalar_type(other)}")


def _require_sparse(name: str, *arrays: Any) -> None:
    if any(each.__class__ is not SparseArray for each in arrays):
        raise no_kernel(name, "CPU")


def _require_matrix(self: SparseArray, number: str) -> None:
    if self.sparse_dim != 2:
        raise RuntimeError(f"addmm: Argument #{number} (sparse): Expected 2 sparse dims, got {self.sparse_dim}")
    if self.dense_dim:
        raise RuntimeError(f"addmm: Argument #{number} (sparse): Expected no dense dims, got {self.dense_dim}")


def times_dense(self: SparseArray, dense: Array, number: str = "2") -> Array:
    """A sparse matrix times a dense one. Raises where they do not fit."""
    _require_matrix(self, number)
    if dense.ndim != 2:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [-{dense.ndim}, {dense.ndim - 1}], but got 1)"
        )
    if dense.shape[0] != self.shape[1]:
        raise RuntimeError(f"addmm: Argument #3 (dense): Expected dim 0 size {self.shape[1]}, got {dense.shape[0]}")
    _require_same_dtype(self, dense)
    known = self.coalesced()
    product = np.zeros((self.shape[0], dense.shape[1]), self.dtype)
    rows, columns = known.indices
    np.add.at(product, rows, known.values[:, None] * dense[columns])
    return product


def transposed(self: SparseArray) -> SparseArray:
    """A sparse matrix with rows and columns exchanged."""
    return SparseArray(self.indices[::-1].copy(), self.values, self.shape[::-1])


def times_sparse(self: SparseArray, other: SparseArray) -> SparseArray:
    """The product of two sparse matrices."""
    if self.shape[1] != other.shape[0]:
        a, b = self.shape, other.shape
        raise RuntimeError(f"mat1 and mat2 shapes cannot be multiplied ({a[0]}x{a[1]} and {b[0]}x{b[1]})")
    _require_same_dtype(self, other)
    one, two = self.coalesced(), other.coalesced()
    begins = np.searchsorted(two.indices[0], one.indices[1], "left")
    counts = np.searchsorted(two.indices[0], one.indices[1], "right") - begins
    left = np.repeat(np.arange(one.nnz), counts)
    right = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(begins, counts)
    indices = np.stack((one.indices[0][left], two.indices[1][right]))
    shape = (self.shape[0], other.shape[1])
    return SparseArray(indices, one.values[left] * two.values[right], shape).coalesced()


@kernel("mm", "_sparse_sparse_matmul")
def mm(_op: Any, self: Any, mat2: Any) -> Any:
    if self.__class__ is not SparseArray:
        return times_dense(transposed(mat2), self.T).T
    return times_sparse(self, mat2) if mat2.__class__ is SparseArray else times_dense(self, mat2)


@kernel("bmm")
def bmm(_op: Any, self: Any, mat2: Any) -> Array:
    if self.__class__ is not SparseArray or mat2.__class__ is SparseArray:
        raise RuntimeError("bmm_sparse: Tensor 'mat2' must be dense")
    if self.dense_dim:
        raise RuntimeError(f"bmm_sparse: Tensor 'self' must have 0 dense dims, but has {self.dense_dim}")
    if self.sparse_dim != 3:
        raise RuntimeError(f"bmm_sparse: Tensor 'self' must have 3 sparse dims, but has {self.sparse_dim}")
    if mat2.ndim != 3:
        raise RuntimeError(f"bmm_sparse: Tensor 'mat2' must have 3 dims, but has {mat2.ndim}")
    for own, others in ((0, 0), (2, 1)):
        if self.shape[own] != mat2.shape[others]:
            raise RuntimeError(f"bmm_sparse: 'self.size({own})' and 'mat2.size({others})' must match")
    _require_same_dtype(self, mat2)
    known = self.coalesced()
    product = np.zeros((*self.shape[:2], mat2.shape[2]), self.dtype)
    batches, rows, columns = known.indices
    np.add.at(product, (batches, rows), known.values[:, None] * mat2[batches, columns])
    return product


@kernel("mv")
def mv(_op: Any, self: SparseArray, vec: Array) -> Array:
    if self.shape[-1] != vec.shape[0]:
        raise RuntimeError("mv: expected self.size(-1) == vec.size(-1)")
    return times_dense(self, vec[:, None])[:, 0]


@kernel("addmm", "_sparse_addmm")
def addmm(_op: Any, self: Any, mat1: Any, mat2: Any, beta: Any = 1, alpha: Any = 1) -> Array:
    if self.__class__ is SparseArray:
        raise RuntimeError("addmm_sparse_dense: expected strided result tensor, got tensor with layout Sparse")
    product = times_dense(mat1, mat2) if mat1.__class__ is SparseArray else times_dense(transposed(mat2), mat1.T).T
    return np.asarray(self * self.dtype.type(beta) + product * product.dtype.type(alpha), self.dtype)


@kernel("sspaddmm")
def sspaddmm(_op: Any, self: SparseArray, mat1: SparseArray, mat2: Array, beta: Any = 1, alpha: Any = 1) -> SparseArray:
    """The product with all its elements, of the rows that have some, behind the values of `self`."""
    _require_sparse("sspaddmm", self, mat1)
    product = times_dense(mat1, mat2)
    rows = np.repeat(np.unique(mat1.indices[0]), mat2.shape[1])
    columns = np.tile(np.arange(mat2.shape[1]), len(rows) // max(mat2.shape[1], 1))
    indices = np.hstack((self.indices, np.stack((rows, columns))))
    values = np.concatenate((self.values * self.dtype.type(beta), product[rows, columns] * self.dtype.type(alpha)))
    return SparseArray(indices, values, self.shape)


@kernel("hspmm")
def hspmm(_op: Any, mat1: SparseArray, mat2: Array) -> SparseArray:
    """The product as a hybrid tensor: the rows that have elements, each whole."""
    _require_sparse("hspmm", mat1)
    rows = np.unique(mat1.indices[0])
    return SparseArray(rows[None], times_dense(mat1, mat2)[rows], (mat1.shape[0], mat2.shape[1]))


@composed("matmul")
def matmul(self: Tensor, other: Tensor) -> Any:
    """Of matrices and vectors; batches, which would have to be expanded or reshaped, are refused."""
    if self.ndim == 2 and other.ndim == 2:
        return self.mm(other)
    if self.ndim == 2 and other.ndim == 1:
        return self.mv(other)
    if self.ndim == 1 and other.ndim == 2:
        return self.unsqueeze(0).mm(other).squeeze_(0)
    if min(self.ndim, other.ndim) <= 2:
        raise RuntimeError("reshape is not implemented for sparse tensors")
    raise RuntimeError("expand is unsupported for Sparse tensors")
