"""Kernels of what rearranges a sparse tensor: transposing, permuting, new dimensions, selecting, joining.

Rests on declare's registry. Only indices change, where the dimensions are sparse ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Never

import numpy as np

from autogradkit._ops.declare.sparse import kernel, no_kernel
from autogradkit.core.shapes import wrap_dim
from autogradkit.core.sparse import SparseArray


def _rearranged(self: SparseArray, dims: Sequence[int]) -> SparseArray:
    sparse_dim = self.sparse_dim
    shape = [self.shape[dim] for dim in dims]
    values = self.values.transpose(0, *[dim - sparse_dim + 1 for dim in dims[sparse_dim:]])
    unmoved = list(dims[:sparse_dim]) == list(range(sparse_dim))
    return SparseArray(self.indices[list(dims[:sparse_dim])], values, shape, self.is_coalesced and unmoved)


@kernel("t")
def t(_op: Any, self: SparseArray) -> SparseArray:
    if self.sparse_dim > 2 or self.dense_dim:
        raise RuntimeError(
            "t() expects a tensor with <= 2 sparse and 0 dense dimensions, but got "
            f"{self.sparse_dim} sparse and {self.dense_dim} dense dimensions"
        )
    return _rearranged(self, range(self.ndim)[::-1])


@kernel("transpose")
def transpose(_op: Any, self: SparseArray, dim0: int, dim1: int) -> SparseArray:
    dims = list(range(self.ndim))
    if dim0 == dim1:
        return self
    if dim0 >= self.sparse_dim or dim1 >= self.sparse_dim:
        raise RuntimeError(
            f"sparse transpose: transposed dimensions must be sparse Got sparse_dim: {self.sparse_dim}, d0: {dim0}, d1: {dim1}"
        )
    dims[dim0], dims[dim1] = dim1, dim0
    return _rearranged(self, dims)


@kernel("permute")
def permute(_op: Any, self: SparseArray, dims: Sequence[int]) -> SparseArray:
    if len(dims) != self.ndim:
        raise RuntimeError(
            "permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired ordering "
            f"of dimensions i.e. input.dim() = {self.ndim} is not equal to len(dims) = {len(dims)}"
        )
    wanted = [wrap_dim(dim, self.ndim) for dim in dims]
    if len(set(wanted)) != len(wanted):
        raise RuntimeError("permute(): duplicate dims are not allowed.")
    if any((dim < self.sparse_dim) != (at < self.sparse_dim) for at, dim in enumerate(wanted)):
        raise RuntimeError(
            "permute(sparse_coo): transpositions between sparse and dense dimensions are not allowed.Only transpositions "
            "within sparse and dense dimensions are supported."
        )
    return _rearranged(self, wanted)


@kernel("unsqueeze")
def unsqueeze(_op: Any, self: SparseArray, dim: int) -> SparseArray:
    dim = wrap_dim(dim, self.ndim + 1)
    shape = (*self.shape[:dim], 1, *self.shape[dim:])
    if dim > self.sparse_dim:
        return SparseArray(
            self.indices, np.expand_dims(self.values, dim - self.sparse_dim + 1), shape, self.is_coalesced
        )
    return SparseArray(np.insert(self.indices, dim, 0, 0), self.values, shape, self.is_coalesced)


@kernel("select")
def select(_op: Any, self: SparseArray, dim: int, index: int) -> Any:
    if not self.ndim:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    dim = wrap_dim(dim, self.ndim)
    size = self.shape[dim]
    if not -size <= index < size:
        raise IndexError(
            f"select(): index {index} out of range for tensor of size {list(self.shape)} at dimension {dim}"
        )
    index %= size
    shape = (*self.shape[:dim], *self.shape[dim + 1 :])
    if dim >= self.sparse_dim:
        return SparseArray(self.indices, self.values.take(index, dim - self.sparse_dim + 1), shape, self.is_coalesced)
    there = self.indices[dim] == index
    values = self.values[there]
    if self.sparse_dim == 1:
        return np.asarray(values.sum(0, dtype=self.dtype))
    return SparseArray(np.delete(self.indices[:, there], dim, 0), values, shape, self.is_coalesced)


@kernel("unbind")
def unbind(op: Any, self: SparseArray, dim: int = 0) -> tuple[Any, ...]:
    dim = wrap_dim(dim, self.ndim)
    return tuple([select(op, self, dim, at) for at in range(self.shape[dim])])


@kernel("index_select")
def index_select(_op: Any, self: SparseArray, dim: int, index: Any) -> SparseArray:
    shape = (*self.shape[:dim], index.size, *self.shape[dim + 1 :])
    if index.size and not -self.shape[dim] <= index.min() <= index.max() < self.shape[dim]:
        raise IndexError("index_select(): index out of range in self")
    index = index.reshape(-1) % max(self.shape[dim], 1)
    if dim >= self.sparse_dim:
        return SparseArray(self.indices, self.values.take(index, dim - self.sparse_dim + 1), shape, self.is_coalesced)
    pairs = [np.nonzero(self.indices[dim] == each)[0] for each in index]
    picked = np.concatenate(pairs) if pairs else np.zeros(0, np.int64)
    indices = self.indices[:, picked].copy()
    indices[dim] = np.repeat(np.arange(len(pairs)), [len(each) for each in pairs])
    return SparseArray(indices, self.values[picked], shape)


@kernel("cat")
def cat(_op: Any, tensors: Sequence[Any], dim: int = 0) -> SparseArray:
    for at, each in enumerate(tensors):
        if each.__class__ is not SparseArray:
            raise RuntimeError(f"Concatenating sparse tensors, but a dense tensor was found at position {at}.")
    first = tensors[0]
    dim = wrap_dim(dim, first.ndim)
    for at, each in enumerate(tensors):
        if each.ndim != first.ndim or any(
            one != two for d, (one, two) in enumerate(zip(each.shape, first.shape, strict=True)) if d != dim
        ):
            raise RuntimeError(
                f"All tensors must have the same shape: {list(first.shape)} (except in the concatenating dimension), but found "
                f"shape: {list(each.shape)} at position {at}."
            )
        if each.sparse_dim != first.sparse_dim:
            raise RuntimeError(
                f"All tensors must have the same sparse_dim and dense_dim: {first.sparse_dim}, {first.dense_dim}, but tensor at "
                f"position {at} has {each.sparse_dim}, {each.dense_dim}."
            )
    total = sum(each.shape[dim] for each in tensors)
    shape = (*first.shape[:dim], total, *first.shape[dim + 1 :])
    before = 0
    indices: list[Any] = []
    values: list[Any] = []
    for each in tensors:
        if dim < each.sparse_dim:
            moved = each.indices.copy()
            moved[dim] += before
            indices.append(moved)
            values.append(each.values)
        else:
            around = [(0, 0)] * each.values.ndim
            around[dim - each.sparse_dim + 1] = (before, total - before - each.shape[dim])
            indices.append(each.indices)
            values.append(np.pad(each.values, around))
        before += each.shape[dim]
    return SparseArray(np.concatenate(indices, 1), np.concatenate(values), shape)


@kernel("stack")
def stack(op: Any, tensors: Sequence[Any], dim: int = 0) -> SparseArray:
    return cat(op, [unsqueeze(op, each, dim) if each.__class__ is SparseArray else each for each in tensors], dim)


@kernel("slice")
def slice_(_op: Any, *_: Any) -> Never:
    raise no_kernel("as_strided", "SparseCPU")


@kernel("unsqueeze_")
def unsqueeze_(_op: Any, *_: Any) -> Never:
    raise no_kernel("as_strided_", "SparseCPU")


@kernel("expand")
def expand(_op: Any, *_: Any) -> Never:
    raise RuntimeError("expand is unsupported for Sparse tensors")


@kernel("narrow_copy")
def narrow_copy(_op: Any, self: SparseArray, dim: int, start: int, length: int) -> SparseArray:
    """The elements within a range of one dimension, counted from its beginning."""
    if not 0 <= dim < self.ndim:
        raise RuntimeError(f"Dimension {dim} out of range. Expecting 0 <= dim < {self.ndim}.")
    if length < 0:
        raise RuntimeError("narrow(): length must be non-negative.")
    if not (start >= 0 and start + length <= self.shape[dim]):
        raise RuntimeError(
            f"Invalid range to narrow. range(start, start+length) must be a subset of range(0, {self.shape[dim]})."
        )
    shape = (*self.shape[:dim], length, *self.shape[dim + 1 :])
    if dim >= self.sparse_dim:
        within: list[slice] = [slice(None)] * (dim - self.sparse_dim + 1)
        values = self.values[(*within, slice(start, start + length))].copy()
        return SparseArray(self.indices, values, shape, self.is_coalesced)
    kept = (start <= self.indices[dim]) & (self.indices[dim] < start + length)
    indices = self.indices[:, kept]
    indices[dim] -= start
    return SparseArray(indices, self.values[kept], shape, self.is_coalesced)
