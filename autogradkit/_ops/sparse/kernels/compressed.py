"""Kernels of compressed matrices: those of coordinates, and the layout in which PyTorch gives the result.

Rests on declare's registry and on the other kernels here, which see coordinates and values in either case.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from autogradkit._ops.declare.sparse import COMPRESSED, KERNELS, Same, compressed_among
from autogradkit._ops.declare.sparse import kernel as registered
from autogradkit._ops.sparse.kernels.dimensions import select, unbind
from autogradkit._ops.sparse.kernels.parts import gathered, to_dense, to_sparse
from autogradkit._ops.sparse.kernels.products import mv as times_vector
from autogradkit._ops.sparse.kernels.products import times_dense, times_sparse, transposed
from autogradkit._ops.sparse.kernels.reductions import summed
from autogradkit.core.layout import sparse_coo, sparse_csc, sparse_csr
from autogradkit.core.sparse import SparseArray
from autogradkit.core.storage import Array

kernel = partial(registered, table=COMPRESSED)


def _as_operand(name: str) -> None:
    """The kernel of coordinates; the result has the layout of the first operand that is compressed."""

    @kernel(name)
    def run(op: Any, *values: Any) -> Any:
        made, first = KERNELS[name](op, *values), compressed_among(values)
        assert first is not None
        return made.laid(first.layout, first.index_dtype) if made.__class__ is SparseArray else made


for _name in (
    "abs", "asin", "asinh", "atan", "atanh", "ceil", "clone", "copy_", "deg2rad", "erf", "erfinv", "expm1", "floor", "frac",
    "isinf", "isnan", "isneginf", "isposinf", "log1p", "mul_by_number", "neg", "rad2deg", "relu", "round", "sgn", "sign",
    "signbit", "sin", "sinh", "sparse_mask", "sqrt", "tan", "tanh", "to", "trunc", "values_at", "zero_",
):  # fmt: skip
    _as_operand(_name)
kernel("_to_dense")(to_dense)
kernel("_to_sparse")(to_sparse)
kernel("mv")(times_vector)
kernel("select")(select)
kernel("unbind")(unbind)


@kernel("relu_backward")
def relu_backward(_op: Any, grad: Any, self: SparseArray) -> SparseArray:
    arrived = gathered(grad.laid(sparse_coo) if grad.__class__ is SparseArray else grad, self)
    return self.with_values(np.where(self.values > 0, arrived, 0)).laid(self.layout, self.index_dtype)


@kernel("indices")
def indices(_op: Any, self: SparseArray) -> Array:
    raise RuntimeError(f"indices expected sparse coordinate tensor layout but got {self.layout.kind}")


@kernel("values", "_values")
def values(_op: Any, self: SparseArray) -> Array:
    return self.values[:]


@kernel("transpose", "t")
def transpose(op: Any, self: SparseArray, *dims: int) -> Any:
    if dims and dims[0] == dims[1]:
        return Same
    turned = transposed(self)
    layout = sparse_csc if self.layout is sparse_csr else sparse_csr
    return SparseArray(turned.indices, turned.values, turned.shape, False, layout, self.index_dtype)


@kernel("mul")
def mul(op: Any, self: Any, other: Any) -> SparseArray:
    first = compressed_among((self, other))
    assert first is not None
    number = other if first is self else self
    if first.layout is sparse_csc and getattr(number, "ndim", 0):
        raise RuntimeError("Expected result Tensor to be of format CSR")
    return KERNELS["mul"](op, self, other).laid(first.layout, first.index_dtype)


@kernel("add")
def add(op: Any, self: Any, other: Any, alpha: Any = 1) -> Any:
    if self.__class__ is not SparseArray:
        return KERNELS["add"](op, self, other, alpha)
    if other.__class__ is not SparseArray:
        total = np.asarray(other) * np.asarray(alpha).astype(np.asarray(other).dtype)
        if total.shape != self.shape:
            raise RuntimeError(
                f"add: expected 'self' and 'other' to have same size, but self has size {list(total.shape)} while other has size "
                f"{list(self.shape)} (FYI: op2-sparse addition does not currently support broadcasting)"
            )
        return KERNELS["add"](op, total, self, 1)
    if self.layout is not other.layout:
        raise RuntimeError(f"add: the layouts {self.layout.kind} and {other.layout.kind} are not added")
    return KERNELS["add"](op, self.coalesced(), other.coalesced(), alpha).laid(self.layout, self.index_dtype)


@kernel("mm", "_sparse_sparse_matmul")
def mm(_op: Any, self: Any, mat2: Any) -> Any:
    one, two = (each.layout.kind if each.__class__ is SparseArray else "Strided" for each in (self, mat2))
    if "Sparse" in (one, two):
        raise RuntimeError(f"addmm: computation on CPU is not implemented for {one} + {one} @ {two}")
    if self.shape[1] != mat2.shape[0]:
        a, b = self.shape, mat2.shape
        raise RuntimeError(f"mat1 and mat2 shapes cannot be multiplied ({a[0]}x{a[1]} and {b[0]}x{b[1]})")
    if self.__class__ is not SparseArray:
        return times_dense(transposed(mat2), self.T).T
    return times_sparse(self, mat2).laid(sparse_csr) if mat2.__class__ is SparseArray else times_dense(self, mat2)


@kernel("addmm", "_sparse_addmm")
def addmm(op: Any, self: Any, mat1: Any, mat2: Any, beta: Any = 1, alpha: Any = 1) -> Any:
    product = mm(op, mat1, mat2)
    if self.__class__ is SparseArray or product.__class__ is SparseArray:
        raise RuntimeError("addmm: computation on CPU is not implemented for a compressed result")
    return np.asarray(self * self.dtype.type(beta) + product * product.dtype.type(alpha), self.dtype)


@kernel("addmv")
def addmv(op: Any, self: Array, mat: SparseArray, vec: Array, beta: Any = 1, alpha: Any = 1) -> Array:
    product = times_vector(op, mat, vec)
    return np.asarray(self * self.dtype.type(beta) + product * product.dtype.type(alpha), self.dtype)


@kernel("sparse_sampled_addmm")
def sampled_addmm(_op: Any, self: SparseArray, mat1: Array, mat2: Array, beta: Any = 1, alpha: Any = 1) -> SparseArray:
    if self.layout is not sparse_csr:
        raise RuntimeError(f"sampled_addmm: Expected result to have sparse csr layout, but got {self.layout.kind}")
    rows, columns = self.indices
    products = np.einsum("nk,kn->n", mat1[rows], mat2[:, columns])
    found = self.values * self.dtype.type(beta) + products * self.dtype.type(alpha)
    return self.with_values(found.astype(self.dtype, copy=False)).laid(sparse_csr, self.index_dtype)


@kernel("sum")
def sum_(op: Any, self: SparseArray, *rest: Any) -> Any:
    named = dict(zip([p.name for p in op.parameters[1:]], rest, strict=True))
    dims = named.get("dim")
    if dims is None or not len(dims):
        return summed(self, range(2), named["dtype"] and named["dtype"].numpy)
    if self.layout is not sparse_csr:
        raise RuntimeError(
            "Currently the only compressed sparse format supported for sum.dim_IntList is CSR, but got layout "
            f"{self.layout.kind}"
        )
    if not named.get("keepdim"):
        raise RuntimeError("reduction operations on CSR tensors with keepdim=False is unsupported")
    return KERNELS["sum"](op, self, *rest).laid(sparse_csr, self.index_dtype)
