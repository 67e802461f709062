"""Kernels of what a sparse tensor is made of: coalescing, its parts, its elements at places; copies, conversions, queries.

Rests on declare's registry and on core's sparse arrays; `layouts.py` has the names.
"""

from __future__ import annotations

from typing import Any, Never

import numpy as np

from autogradkit._ops.declare.sparse import Same, composed, kernel, no_kernel
from autogradkit.core.layout import layout as MemoryLayout
from autogradkit.core.shapes import dim_of_size
from autogradkit.core.sparse import NO_ARRAY, SparseArray, SparseTensor
from autogradkit.core.storage import Array
from autogradkit.core.tensor import Tensor
from autogradkit.engine.naming import tensor_type


@kernel("_to_dense")
def to_dense(_op: Any, self: SparseArray, *_: Any) -> Array:
    return self.dense()


@kernel("_to_sparse")
def to_sparse(_op: Any, self: SparseArray, *how: Any) -> Any:
    """What is sparse already, as a gradient may be, in the layout that is asked for."""
    wanted = [each for each in how if isinstance(each, MemoryLayout)]
    return self.laid(wanted[0]) if wanted and wanted[0] is not self.layout else Same


@kernel("_coalesce")
def coalesce(_op: Any, self: SparseArray) -> SparseArray:
    return self.coalesced()


def _require_coalesced(array: SparseArray, name: str) -> None:
    if not array.is_coalesced:
        raise RuntimeError(f"Cannot get {name} on an uncoalesced tensor, please call .coalesce() first")


@kernel("indices")
def indices(_op: Any, self: SparseArray) -> Array:
    _require_coalesced(self, "indices")
    return self.indices[:]


@kernel("values")
def values(_op: Any, self: SparseArray) -> Array:
    _require_coalesced(self, "values")
    return self.values[:]


@kernel("_indices")
def _indices(_op: Any, self: SparseArray) -> Array:
    return self.indices[:]


@kernel("_values")
def _values(_op: Any, self: SparseArray) -> Array:
    return self.values[:]


def gathered(array: Any, mask: SparseArray) -> Array:
    """What an array of either kind holds at each place of `mask`, in the order in which that keeps them."""
    if array.__class__ is not SparseArray:
        return array[tuple(mask.indices)] if mask.sparse_dim else array.reshape(1)
    held, wanted = array.coalesced(), mask.places()
    there = held.places()
    found = np.zeros((mask.nnz, *array.values.shape[1:]), array.dtype)
    at = np.searchsorted(there, wanted)
    hits = at < len(there)
    hits[hits] = there[at[hits]] == wanted[hits]
    found[hits] = held.values[at[hits]]
    return found


@kernel("values_at")
def values_at(_op: Any, self: Any, mask: SparseArray) -> Array:
    return gathered(self, mask)


@kernel("sparse_mask")
def sparse_mask(_op: Any, self: Any, mask: Any) -> Any:
    if mask.__class__ is not SparseArray:
        raise no_kernel("sparse_mask", "SparseCPU")
    if self.shape != mask.shape:
        raise RuntimeError(
            f"sparse_mask(): operands have incompatible sizes; self has size {list(self.shape)} but mask has size "
            f"{list(mask.shape)}"
        )
    if self is mask:
        return Same
    return SparseArray(mask.indices.copy(), gathered(self, mask), mask.shape, mask.is_coalesced)


@kernel("clone")
def clone(_op: Any, self: SparseArray, memory_format: Any = None) -> SparseArray:
    if memory_format is not None and str(memory_format) != "torch.preserve_format":
        raise RuntimeError(f"unsupported memory format option {str(memory_format).removeprefix('torch.')}")
    return self.copy()


@kernel("to")
def to(op: Any, self: SparseArray, dtype: Any, *_: Any) -> SparseArray:
    made = np.empty(self.values.shape, dtype.numpy)
    op.kernel(self.values, dtype, out=made)
    return self.with_values(made)


@kernel("zero_")
def zero_(_op: Any, self: SparseArray) -> SparseArray:
    return self.zeros()


@kernel("copy_")
def copy_(_op: Any, self: Any, other: Any, *_: Any) -> SparseArray:
    if self.__class__ is not SparseArray or other.__class__ is not SparseArray:
        other = other if isinstance(other, SparseArray) else np.asarray(other)
        raise RuntimeError(
            "copy_() between dense and sparse Tensors is not implemented! "
            f"Found self type = {tensor_type(self)} and src type = {tensor_type(other)}"
        )
    return SparseArray(other.indices.copy(), other.values.astype(self.dtype), other.shape, other.is_coalesced)


@kernel("resize_", "resize_as_")
def resize_(_op: Any, *_: Any) -> Never:
    raise no_kernel("resize_", "SparseCPU")


# -- what is asked of it -------------------------------------------------------------------------------------------------


def _require_coordinates(self: Tensor, lacking: str) -> None:
    if self.layout.compresses is not None:
        raise RuntimeError(f"Sparse {self.layout.name[-3:].upper()} tensors do not have {lacking}")


@composed("stride")
def stride(self: Tensor, dim: int | None = None) -> Any:
    _require_coordinates(self, "strides")
    return (0,) * self.ndim if dim is None else ((0,) * self.ndim)[dim_of_size(dim, self.ndim)]


@composed("storage_offset")
def storage_offset(self: Tensor) -> int:
    return 0


@composed("is_contiguous")
def is_contiguous(self: Tensor, memory_format: Any = None) -> bool:
    _require_coordinates(self, "is_contiguous")
    return False


@composed("contiguous")
def contiguous(self: Tensor, memory_format: Any = None) -> Never:
    _require_coordinates(self, "is_contiguous")
    raise RuntimeError("unsupported memory format option Contiguous")


@composed("untyped_storage")
def untyped_storage(self: Tensor) -> Never:
    kind = "SparseTensorImpl" if self.layout.compresses is None else "SparseCsrTensorImpl"
    raise NotImplementedError(f"Cannot access storage of {kind}")


@composed("data_ptr", "tolist")
def data_ptr(self: Tensor) -> Never:
    raise RuntimeError("Cannot access data pointer of Tensor that doesn't have storage")


@composed("type_as")
def type_as(self: Tensor, other: Tensor) -> Any:
    """Of two sparse tensors; a layout is not converted."""
    one, two = ("Sparse" if each.__class__ is SparseTensor else "Strided" for each in (self, other))
    if one != two:
        raise RuntimeError(
            "to(options) doesn't support converting to a different layout, but got self.layout being "
            f"{one} and options.layout set as {two}"
        )
    return self.to(other.dtype)


@composed("equal")
def equal(self: Tensor, other: Tensor) -> Never:
    raise no_kernel("equal", "SparseCPU" if self.layout.compresses is None else "SparseCsrCPU")


@composed("numpy")
def numpy(self: Tensor, force: bool = False) -> Never:
    raise TypeError(NO_ARRAY.format(self.layout.kind))


@composed("reshape", "flatten")
def reshape(self: Tensor, *_: Any) -> Never:
    _require_coordinates(self, "is_contiguous")
    raise RuntimeError("reshape is not implemented for sparse tensors")


@composed("conj", "conj_physical", "resolve_conj", "positive")
def conj(self: Tensor) -> Tensor:
    """A real tensor itself."""
    if self.is_complex():
        raise no_kernel("_conj", "SparseCPU")
    return self
