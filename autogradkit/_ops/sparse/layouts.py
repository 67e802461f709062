"""From dense to sparse and back, and the parts of a sparse tensor: `to_sparse`, `to_dense`, `coalesce`, `indices`, `values`.

Rests on declare and on core's sparse arrays. What is computed of a sparse tensor stands in `kernels/parts.py`, under the same
names; the bodies here are what a dense one gets.
"""

from __future__ import annotations

from typing import Any, Never

import numpy as np

from autogradkit._ops.declare import function, k, op
from autogradkit._ops.declare.call import Call
from autogradkit._ops.declare.kinds import Array, DType, Layout, Pair
from autogradkit._ops.declare.source import Source
from autogradkit._ops.declare.sparse import UNLOADED, no_kernel
from autogradkit.core.layout import layout as MemoryLayout
from autogradkit.core.layout import refuse_blocks, sparse_bsc, sparse_bsr, sparse_coo, sparse_csc, sparse_csr, strided
from autogradkit.core.sparse import SparseArray, SparseTensor
from autogradkit.core.tensor import Tensor, wrap


def generally(s: Source, call: Call, depth: int) -> None:
    """No line of its own: the result is no array."""
    s.scope[call.name("run")] = call.op.run
    s.emit(depth, f"return {call.name('run')}({call.tuple})")


def _load_kernels() -> None:
    from autogradkit._ops.sparse import kernels  # noqa: F401 - registers them


UNLOADED.append(_load_kernels)


def _array_of(tensor: Tensor) -> Any:
    return tensor._array


def _expected_sparse(name: str, kind: str = "sparse coordinate", got: str = "Strided") -> RuntimeError:
    return RuntimeError(f"{name} expected {kind} tensor layout but got {got}")


# -- to and fro --------------------------------------------------------------------------------------------------------


def _to_dense_backward(g: Any, self: Any, masked_grad: bool | None) -> Any:
    if masked_grad is False:
        return k.to_sparse_dims(g, self.sparse_dim())
    return k.sparse_mask(g, self.coalesce() if self.layout is sparse_coo else self)


@op(
    name="_to_dense",
    node="ToDenseBackward0",
    variants="",
    out=False,
    vjp={"self": lambda g, self, masked_grad: _to_dense_backward(g, self, masked_grad)},
    rule="∂self = ∂ at the places of self",
)
def _to_dense(self: Array, dtype: DType | None = None, masked_grad: bool | None = None) -> Any:
    """All elements of a sparse tensor; its kernel is in `kernels/parts.py`."""
    raise AssertionError("a dense tensor is dense")


@op(variants="method", composition=True)
def to_dense(self: Tensor, dtype: DType | None = None, *, masked_grad: bool | None = None) -> Any:
    """The tensor with all its elements in memory, zeros among them.

    The gradient of a sparse tensor has values at its places only, unless `masked_grad` is False.

    >>> import autogradkit as torch
    >>> torch.sparse_coo_tensor([[0, 1]], [2.0, 3.0], (3,)).to_dense()
    tensor([2., 3., 0.])
    """
    if self.__class__ is not SparseTensor:
        return self if dtype is None else self.to(dtype)
    if dtype is not None:
        raise RuntimeError("dtype argument is not supported by sparse_to_dense")
    return _to_dense(self, None, masked_grad)


def sparsed(array: Array, sparse_dim: int) -> SparseArray:
    """The places along the first dimensions where an array holds anything but zeros, and what it holds there."""
    kept = array.reshape(*array.shape[:sparse_dim], -1).any(-1) if sparse_dim < array.ndim else array != 0
    places = np.nonzero(kept) if array.ndim else ()
    indices = np.array(places, np.int64) if places else np.zeros((0, 1), np.int64)
    if sparse_dim == 1 < array.ndim:
        indices = indices.reshape(-1, 1).T  # a column of places, turned around: PyTorch's strides
    values = array[places] if places else array.reshape(1)
    return SparseArray(indices, np.ascontiguousarray(values), array.shape, True)


_sparse = function("_to_sparse", variants="")


@_sparse.overload(
    node="ToSparseBackward0",
    out=False,
    lane=generally,
    vjp={"self": lambda g: g.to_dense()},
    rule="∂self = ∂",
)
def to_sparse_dims(self: Array, sparse_dim: int) -> Any:
    """A sparse tensor of which the first dimensions are sparse."""
    ndim = self.ndim
    if not 0 <= sparse_dim <= ndim:
        raise RuntimeError(
            f"dense_to_sparse: sparse_dim argument must be in [0,{ndim}] range, but {sparse_dim} is given"
        )
    if ndim and not sparse_dim:
        raise RuntimeError("dense_to_sparse: sparse_dim argument must be in >0 when self.dim()>0")
    return sparsed(self, sparse_dim)


@_sparse.overload(
    node="ToSparseBackward1",
    out=False,
    lane=generally,
    vjp={"self": lambda g: g.to_dense()},
    rule="∂self = ∂",
)
def to_sparse_layout(
    self: Array, *, layout: Layout | None = None, blocksize: Pair | None = None, dense_dim: int | None = None
) -> Any:
    """A sparse tensor of which the last `dense_dim` dimensions are dense."""
    wanted = layout or sparse_coo
    if blocksize is not None:
        raise RuntimeError(
            f"dense_to_sparse: conversion from Strided to {wanted.kind} with blocksize argument given is not supported"
        )
    if wanted.compresses is not None:
        if self.ndim < 2:
            raise IndexError(
                f"select(): index 1 out of range for tensor of size [{np.count_nonzero(self)}, 1] at dimension 1"
            )
        if self.ndim > 2 or dense_dim:
            raise NotImplementedError(
                "PyTorch compresses batches of matrices, and of vectors; autogradkit does not have them"
            )
    return to_sparse_dims.kernel(self, self.ndim - (dense_dim or 0)).laid(wanted)


to_sparse = function("to_sparse", variants="method")


@to_sparse.overload(composition=True)
def _(
    self: Tensor, *, layout: Layout | None = None, blocksize: Pair | None = None, dense_dim: int | None = None
) -> Any:
    """The tensor as coordinates and values: of all dimensions, of the first `sparse_dim`, or of all but the last `dense_dim`.

    `layout`: that of coordinates, or of a matrix compressed by rows or columns. Raises NotImplementedError for layouts of blocks.

    >>> import autogradkit as torch
    >>> torch.tensor([0.0, 0.0, 5.0]).to_sparse()
    tensor(indices=tensor([[2]]),
           values=tensor([5.]),
           size=(3,), nnz=1, layout=torch.sparse_coo)
    """
    return _converted(self, layout, blocksize, dense_dim)


@to_sparse.overload(composition=True)
def _(self: Tensor, sparse_dim: int) -> Any:
    if self.__class__ is SparseTensor:
        if sparse_dim != _array_of(self).sparse_dim:
            raise RuntimeError(
                "to_sparse: conversion from Sparse to Sparse with sparse_dim argument !=self.sparse_dim() is not supported"
            )
        return self
    return to_sparse_dims(self, sparse_dim)


def _converted(self: Tensor, layout: MemoryLayout | None, blocksize: Any, dense_dim: int | None) -> Any:
    if layout is not None:
        refuse_blocks(layout)
    if layout is strided:
        return self.to_dense()
    if self.layout is (layout or sparse_coo):
        return self
    if self.__class__ is SparseTensor:
        return to_sparse_layout(self, layout=layout or sparse_coo)
    return to_sparse_layout(self, layout=layout, blocksize=blocksize, dense_dim=dense_dim)


@op(variants="method", composition=True)
def to_sparse_coo(self: Tensor) -> Any:
    """As `to_sparse()`."""
    return _converted(self, None, None, None)


@op(variants="method", composition=True)
def to_sparse_csr(self: Tensor, dense_dim: int | None = None) -> Any:
    """The matrix with its values row by row; see `sparse_csr_tensor`.

    >>> import autogradkit as torch
    >>> torch.tensor([[0.0, 5.0]]).to_sparse_csr()
    tensor(crow_indices=tensor([0, 1]),
           col_indices=tensor([1]),
           values=tensor([5.]), size=(1, 2), nnz=1, layout=torch.sparse_csr)
    """
    return _converted(self, sparse_csr, None, dense_dim)


@op(variants="method", composition=True)
def to_sparse_csc(self: Tensor, dense_dim: int | None = None) -> Any:
    """The matrix with its values column by column; see `sparse_csc_tensor`."""
    return _converted(self, sparse_csc, None, dense_dim)


def _refuse_conversion(layout: MemoryLayout) -> None:
    """Declare a method that PyTorch has for a layout that is not here."""

    def refuse(self: Tensor, blocksize: Pair, dense_dim: int | None = None) -> Any:
        refuse_blocks(layout)

    refuse.__doc__ = f"Refuses: {layout} is not available."
    op(name=f"to_{layout.name}", variants="method", composition=True)(refuse)


for _layout in (sparse_bsr, sparse_bsc):
    _refuse_conversion(_layout)


# -- its parts ---------------------------------------------------------------------------------------------------------


@op(
    name="_coalesce",
    node="CoalesceBackward0",
    variants="",
    out=False,
    vjp={"self": lambda g: g},
    rule="∂self = ∂",
)
def _coalesce(self: Array) -> Any:
    """A sparse tensor in order; its kernel is in `kernels/parts.py`."""
    raise _expected_sparse("coalesce")


def _coalesced(x: Tensor, /) -> Any:
    if x.layout is not sparse_coo:
        raise _expected_sparse("coalesce", got=x.layout.kind)
    return x if _array_of(x).is_coalesced else _coalesce(x)


@op(variants="method", composition=True)
def coalesce(self: Tensor) -> Any:
    """The sparse tensor with its places in order, what stands at one place added up.

    >>> import autogradkit as torch
    >>> torch.sparse_coo_tensor([[1, 0, 1]], [1.0, 2.0, 3.0]).coalesce().values()
    tensor([2., 4.])
    """
    return _coalesced(self)


@op(variants="method", composition=True)
def is_coalesced(self: Tensor) -> bool:
    """Whether its places are known to be in order, each once. Raises RuntimeError for a dense tensor."""
    if self.layout is not sparse_coo:
        raise _expected_sparse("is_coalesced", got=self.layout.kind)
    return _array_of(self).is_coalesced


@op(variants="method", out=False)
def indices(self: Array) -> Array:
    """The places of a coalesced sparse tensor, (sparse dimensions, values), as int64. Raises RuntimeError for another."""
    raise _expected_sparse("indices")


@op(
    variants="method",
    out=False,
    vjp={"self": lambda g, self: _with_values(self, g)},
    rule="∂self = ∂ at the places of self",
)
def values(self: Array) -> Array:
    """The values of a coalesced sparse tensor, (values, *dense dimensions). Raises RuntimeError for another."""
    raise _expected_sparse("values", "sparse")


def _publish_indices(name: str, layout: MemoryLayout, part: str, text: str) -> None:
    """Declare a method that reads the indices of a compressed matrix."""
    kind = "row" if layout is sparse_csr else "column"

    def read(self: Tensor) -> Any:
        if self.layout is not layout:
            raise _expected_sparse(name, f"sparse {kind} compressed", self.layout.kind)
        return wrap(getattr(self._array, part))

    read.__doc__ = f"{text} Raises RuntimeError for another layout."
    op(name=name, variants="method", composition=True)(read)


_publish_indices(
    "crow_indices", sparse_csr, "pointers", "Where each row begins among the values, and where the last one ends."
)
_publish_indices("col_indices", sparse_csr, "across", "The column of each value.")
_publish_indices(
    "ccol_indices", sparse_csc, "pointers", "Where each column begins among the values, and where the last one ends."
)
_publish_indices("row_indices", sparse_csc, "across", "The row of each value.")


def _with_values(self: Any, values: Any) -> Any:
    """Values at the places of a sparse tensor, in its layout."""
    sizes = tuple(self.shape)
    if self.layout is sparse_coo:
        return k.coordinates(self.indices(), values, sizes, is_coalesced=True)
    rows = self.layout is sparse_csr
    indices = (self.crow_indices(), self.col_indices()) if rows else (self.ccol_indices(), self.row_indices())
    return k.compressed(*indices, values, sizes, layout=self.layout)


def _without(name: str) -> Never:
    raise no_kernel(name, "CPU")


@op(variants="method", out=False)
def _indices(self: Array) -> Array:
    """The places of a sparse tensor as they are kept, in any order."""
    _without("_indices")


@op(variants="method", out=False)
def _values(self: Array) -> Array:
    """The values of a sparse tensor as they are kept, outside of the graph."""
    _without("_values")


@op(variants="method", composition=True)
def _nnz(self: Tensor) -> int:
    """How many values a sparse tensor keeps."""
    return _array_of(self).nnz if self.__class__ is SparseTensor else _without("_nnz")


@op(variants="method", composition=True)
def sparse_dim(self: Tensor) -> int:
    """The number of dimensions of which coordinates are kept; 0 for a dense tensor.

    >>> import autogradkit as torch
    >>> torch.ones(2, 3).to_sparse(1).sparse_dim()
    1
    """
    return _array_of(self).sparse_dim if self.__class__ is SparseTensor else 0


@op(variants="method", composition=True)
def dense_dim(self: Tensor) -> int:
    """The number of dimensions of each value; all of them for a dense tensor."""
    return _array_of(self).dense_dim if self.__class__ is SparseTensor else self.ndim


# -- one tensor at the places of another ---------------------------------------------------------------------------------


@op(
    variants="method",
    out=False,
    vjp={"self": lambda g, mask: _masked_gradient(g, mask)},
    rule="∂self = ∂ at the places of mask",
)
def sparse_mask(self: Array, mask: Array) -> Any:
    """What the tensor holds at the places of a sparse one.

    >>> import autogradkit as torch
    >>> mask = torch.sparse_coo_tensor([[2]], [1.0], (3,))
    >>> torch.tensor([1.0, 2.0, 3.0]).sparse_mask(mask).values()
    tensor([3.])
    """
    _without("sparse_mask")


def _masked_gradient(g: Any, mask: Any) -> Any:
    if g.__class__ is not SparseTensor:
        raise _expected_sparse("is_coalesced")
    return k.sparse_mask(g, mask).to_dense()


@op(variants="", out=False)
def values_at(self: Array, mask: Array) -> Array:
    """What a gradient, sparse or dense, holds at each place that `mask` keeps a value for."""
    _without("sparse_mask")
