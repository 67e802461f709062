"""The ops that PyTorch has for sparse tensors alone: `sparse.mm`, `sum`, `softmax` and what they are made of, smm and its kin.

Rests on declare and layouts; what is computed stands in `kernels/`, under the same names. `autogradkit/sparse.py` publishes those
of the namespace.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import function, k, op
from autogradkit._ops.declare.declaration import UNIMPLEMENTED
from autogradkit._ops.declare.kinds import Array, Dims, DType, Ints, Scalar
from autogradkit._ops.declare.names import OverloadSet
from autogradkit._ops.declare.refusals import undifferentiated
from autogradkit._ops.declare.sparse import no_kernel
from autogradkit._ops.linalg.products import mm_mat2
from autogradkit.core.sparse import SparseTensor
from autogradkit.core.tensor import Tensor, wrap

# -- products ------------------------------------------------------------------------------------------------------------


def _refused(name: str) -> Any:
    raise no_kernel(name, "CPU")


def _to_first(g: Any, mat1: Any, mat2: Any, alpha: float) -> Any:
    found = k.sparse_mask(k.mm(g, k.t(k.conj(mat2))), mat1.coalesce())
    return found if alpha == 1 else k.times(found, alpha)


def _to_second(g: Any, mat1: Any, sizes: Any, strides: Any, alpha: float) -> Any:
    found = mm_mat2(g, mat1, sizes, strides)
    return found if alpha == 1 else k.times(found, alpha)


@op(
    name="_sparse_addmm",
    variants="",
    out=False,
    vjp={
        "self": lambda g, beta: g if beta == 1 else k.times(g, beta),
        "mat1": lambda g, mat1, mat2, alpha: _to_first(g, mat1, mat2, alpha),
        "mat2": lambda g, mat1, mat2_sym_sizes, mat2_sym_strides, alpha: _to_second(
            g, mat1, mat2_sym_sizes, mat2_sym_strides, alpha
        ),
    },
    rule="∂self = beta · ∂\n∂mat1 = alpha · ∂ @ mat2ᵀ, at the places of mat1\n∂mat2 = alpha · mat1ᵀ @ ∂",
)
def sparse_addmm(self: Array, mat1: Array, mat2: Array, *, beta: Scalar = 1, alpha: Scalar = 1) -> Array:
    """beta · self + alpha · mat1 @ mat2, of a sparse mat1, whose gradient is sparse.

    >>> import autogradkit as torch
    >>> a = torch.sparse_coo_tensor([[0], [1]], [2.0], (1, 2))
    >>> torch.sparse.addmm(torch.ones(1, 1), a, torch.ones(2, 1))
    tensor([[3.]])
    """
    return _refused("_sparse_addmm")


@op(
    name="_sparse_sparse_matmul",
    variants="",
    out=False,
    vjp={
        "self": lambda g, self, other: k.sparse_mask(k.sparse_sparse_matmul(g, k.t(other)), self),
        "other": lambda g, self, other: k.sparse_mask(k.sparse_sparse_matmul(k.t(self), g), other),
    },
    rule="∂self = ∂ @ otherᵀ, at the places of self\n∂other = selfᵀ @ ∂, at the places of other",
)
def sparse_sparse_matmul(self: Array, other: Array) -> Any:
    """The product of two sparse matrices, sparse as its gradients are."""
    return _refused("_sparse_sparse_matmul")


@op(name="_sparse_mm", variants="", composition=True)
def sparse_mm(sparse: Tensor, dense: Tensor) -> Any:
    """The product of a sparse matrix and another, whose gradient for a sparse factor is sparse.

    >>> import autogradkit as torch
    >>> torch.sparse.mm(torch.sparse_coo_tensor([[0], [1]], [2.0], (1, 2)), torch.tensor([[1.0], [4.0]]))
    tensor([[8.]])
    """
    first, second = sparse.__class__ is SparseTensor, dense.__class__ is SparseTensor
    if first and second:
        return sparse_sparse_matmul(sparse, dense)
    if second:
        turned: Any = sparse_mm(dense.transpose(-2, -1), sparse.transpose(-2, -1))
        return turned.transpose(-2, -1)
    if not first:
        return _refused("_sparse_addmm")
    if dense.ndim != 2:
        limit = max(dense.ndim, 1)
        raise IndexError(f"Dimension out of range (expected to be in range of [-{limit}, {limit - 1}], but got 1)")
    zeros = wrap(np.zeros((sparse.shape[0], dense.shape[1]), dense._array.dtype))
    return sparse_addmm(zeros, sparse, dense, beta=0, alpha=1)


_no_sspaddmm = undifferentiated("sspaddmm")


@op(node=UNIMPLEMENTED, out=False, written=lambda *_: 1, vjp={"self mat1 mat2": lambda g: _no_sspaddmm(g)})
def sspaddmm(self: Array, mat1: Array, mat2: Array, *, beta: Scalar = 1, alpha: Scalar = 1) -> Any:
    """beta · self + alpha · mat1 @ mat2 of sparse self and mat1, as a sparse tensor that is not coalesced.

    >>> import autogradkit as torch
    >>> a = torch.tensor([[2.0, 0.0], [0.0, 3.0]]).to_sparse()
    >>> torch.sspaddmm(a, a, torch.ones(2, 2)).to_dense()
    tensor([[4., 2.],
            [3., 6.]])
    """
    return _refused("sspaddmm")


@op(composition=True)
def smm(self: Tensor, mat2: Tensor) -> Any:
    """A sparse matrix times a dense one, as a sparse tensor.

    >>> import autogradkit as torch
    >>> torch.smm(torch.sparse_coo_tensor([[0], [1]], [2.0], (1, 2)), torch.ones(2, 1)).to_dense()
    tensor([[2.]])
    """
    if self.__class__ is not SparseTensor:
        return _refused("sspaddmm")
    empty: Any = k.zeros_like(self.new_zeros((self.shape[0], mat2.shape[1])))
    return sspaddmm(empty, self, mat2)


@op(variants="function", out=False)
def hspmm(mat1: Array, mat2: Array) -> Any:
    """A sparse matrix times a dense one, as a sparse tensor of whole rows.

    >>> import autogradkit as torch
    >>> torch.hspmm(torch.tensor([[0.0, 0.0], [2.0, 3.0]]).to_sparse(), torch.ones(2, 1)).values()
    tensor([[5.]])
    """
    return _refused("hspmm")


# -- sums ----------------------------------------------------------------------------------------------------------------


@op(
    name="_sparse_sum_backward",
    variants="",
    out=False,
    vjp={"grad": lambda g, dim: k.sparse_sum_dims(g, dim)},
    rule="∂grad = Σ ∂",
)
def sparse_sum_backward(grad: Array, self: Array, dim: Ints) -> Any:
    """The gradient of a sum: what arrived, at the places of `self`."""
    return _refused("_sparse_sum_backward")


sparse_sum = function("_sparse_sum", variants="")


@sparse_sum.overload(composition=True)
def _(self: Tensor) -> Any:
    """The sum of a sparse tensor over all or some of its dimensions, whose gradient is sparse.

    >>> import autogradkit as torch
    >>> torch.sparse.sum(torch.sparse_coo_tensor([[0, 0], [1, 2]], [2.0, 3.0]), 1)
    tensor(indices=tensor([[0]]),
           values=tensor([5.]),
           size=(1,), nnz=1, layout=torch.sparse_coo)
    """
    return self.coalesce().values().sum()


@sparse_sum.overload(composition=True)
def _(self: Tensor, *, dtype: DType) -> Any:
    return self.coalesce().values().sum(dtype=dtype)


@sparse_sum.overload(
    node="SparseSumBackward0",
    out=False,
    vjp={"self": lambda g, self, dim: k.sparse_sum_backward(g, self, dim)},
    rule="∂self = ∂ at the places of self",
)
def sparse_sum_dims(self: Array, dim: Dims) -> Any:
    return _refused("_sparse_sum")


@sparse_sum.overload(composition=True)
def _(self: Tensor, dim: Dims, *, dtype: DType) -> Any:
    return sparse_sum_dims(self.to(dtype), dim)


# -- softmax -------------------------------------------------------------------------------------------------------------


def _declare(name: str, what: str) -> OverloadSet:
    node = "".join(part.capitalize() for part in name.split("_"))

    @op(name=f"{name}_backward_data", variants="", out=False)
    def backward_data(grad_output: Array, output: Array, dim: int, self: Array) -> Any:
        return _refused(f"{name}_backward_data")

    softmax = function(name, variants="")

    def body(self: Tensor, dim: int, dtype: DType | None = None) -> Any:
        return computed(self if dtype is None else self.to(dtype), dim, False)

    body.__doc__ = what
    softmax.overload(composition=True)(body)

    @softmax.overload(
        node=f"{node}Backward0",
        out=False,
        vjp={"self": lambda g, self, result, dim: backward_data(g, result, dim, self)},
        rule="∂self = ∂ through softmax, at the places of self",
    )
    def _(self: Array, dim: int, half_to_float: bool) -> Any:
        return _refused(name)

    computed = softmax.overloads[-1]
    return softmax


sparse_softmax = _declare(
    "_sparse_softmax",
    """exp(x) / Σ exp(x) along `dim`, of the values alone that the sparse tensor keeps.

    >>> import autogradkit as torch
    >>> torch.sparse.softmax(torch.sparse_coo_tensor([[0, 0], [1, 2]], [2.0, 2.0]), 1).values()
    tensor([0.5000, 0.5000])
    """,
)
sparse_log_softmax = _declare(
    "_sparse_log_softmax",
    """The logarithm of `softmax`.

    >>> import autogradkit as torch
    >>> torch.sparse.log_softmax(torch.sparse_coo_tensor([[0, 0], [1, 2]], [2.0, 2.0]), 1).values()
    tensor([-0.6931, -0.6931])
    """,
)
