"""Kernels of sums and softmax over sparse tensors, and of any and norm.

Rests on declare's registry and on parts.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autogradkit._ops.declare import memory
from autogradkit._ops.declare.sparse import kernel, no_kernel
from autogradkit._ops.sparse.kernels.parts import gathered
from autogradkit.core.shapes import wrap_dim
from autogradkit.core.sparse import SparseArray
from autogradkit.core.storage import Array


def summed(self: SparseArray, dims: Any, dtype: np.dtype[Any] | None = None) -> Any:
    """The sum over some dimensions: sparse, unless no sparse dimension is left."""
    gone = {wrap_dim(dim, self.ndim) for dim in dims}
    sparse = [dim for dim in range(self.sparse_dim) if dim not in gone]
    within = tuple(dim - self.sparse_dim + 1 for dim in sorted(gone) if dim >= self.sparse_dim)
    kind = dtype or (np.dtype(np.int64) if self.dtype.kind in "iub" else self.dtype)
    values = self.values.sum(within, dtype=kind)
    shape = tuple(size for dim, size in enumerate(self.shape) if dim not in gone)
    if not sparse:
        return np.asarray(values.sum(0, dtype=kind))
    indices = self.indices[sparse]
    return SparseArray(indices, values, shape, len(sparse) == self.sparse_dim and self.is_coalesced).coalesced()


@kernel("sum")
def sum_(op: Any, self: SparseArray, *rest: Any) -> Any:
    named = dict(zip([p.name for p in op.parameters[1:]], rest, strict=True))
    dims = named.get("dim")
    kind = named["dtype"] and named["dtype"].numpy
    if dims is None or not len(dims):
        dims = range(self.ndim)
    found = summed(self, dims, kind)
    if not named.get("keepdim"):
        return found
    gone = {wrap_dim(dim, self.ndim) for dim in dims}
    shape = tuple(1 if dim in gone else size for dim, size in enumerate(self.shape))
    if found.__class__ is not SparseArray:
        return found.reshape(shape)
    indices = np.zeros((self.sparse_dim, found.nnz), np.int64)
    indices[[dim for dim in range(self.sparse_dim) if dim not in gone]] = found.indices
    return SparseArray(indices, found.values.reshape(found.nnz, *shape[self.sparse_dim :]), shape)


@kernel("_sparse_sum")
def sparse_sum(_op: Any, self: SparseArray, dim: Any) -> Any:
    return summed(self, dim)


@kernel("_sparse_sum_backward")
def sparse_sum_backward(_op: Any, grad: Any, self: SparseArray, dim: Any) -> SparseArray:
    """What arrived for each sum, at every place of `self` that it was made of."""
    gone = {wrap_dim(each, self.ndim) for each in dim}
    sparse = [each for each in range(self.sparse_dim) if each not in gone]
    if sparse and grad.__class__ is not SparseArray:
        raise RuntimeError("_sparse_sum_backward_cpu: expected grad_ Tensor to be sparse, but got dense")
    known = self.coalesced()
    values = grad
    if sparse:
        shape = tuple(self.shape[each] for each in sparse)
        values = gathered(grad, SparseArray(known.indices[sparse], known.values, (*shape, *grad.shape[len(shape) :])))
    else:
        values = values[None]
    kept = [1 if each + self.sparse_dim in gone else size for each, size in enumerate(known.values.shape[1:])]
    values = np.broadcast_to(values.reshape(len(values), *kept), known.values.shape)
    return known.with_values(values.copy())


@kernel("any")
def any_(op: Any, self: SparseArray, *dims: Any) -> Array:
    if dims:
        raise no_kernel("any.dim", "SparseCPU")
    return np.asarray(self.values.any())


@kernel("norm")
def norm(op: Any, self: SparseArray, p: Any, dim: Any = None, keepdim: bool = False, *_: Any) -> Any:
    if dim is not None and len(dim) not in (0, self.ndim):
        raise RuntimeError(
            "norm_sparse currently only supports full reductions, so 'dim' must either be empty or contain all dimensions of "
            "the input"
        )
    return memory.compute(op, (self.coalesced().values.reshape(-1), p, None, False))


# -- softmax -------------------------------------------------------------------------------------------------------------


def _pools(known: SparseArray, dim: int) -> Array:
    """For each value the number of the group along `dim` that it belongs to."""
    others = np.delete(known.indices, dim, 0)
    sizes = np.delete(np.array(known.shape[: known.sparse_dim]), dim)
    places = np.array([math.prod(sizes[at + 1 :]) for at in range(len(sizes))], np.int64) @ others
    return np.unique(places, return_inverse=True)[1]


def _over(known: SparseArray, dim: int, function: Any, start: float) -> Array:
    """A sum or a maximum over `dim`, of what is kept, beside each value."""
    if dim >= known.sparse_dim:
        return function.reduce(known.values, dim - known.sparse_dim + 1, keepdims=True)
    pools = _pools(known, dim)
    found = np.full((pools.max(initial=-1) + 1, *known.values.shape[1:]), start, known.dtype)
    function.at(found, pools, known.values)
    return found[pools]


@kernel("_sparse_softmax")
def softmax(_op: Any, self: SparseArray, dim: int, half_to_float: bool) -> SparseArray:
    known = self.coalesced()
    powers = known.with_values(np.exp(known.values - _over(known, dim, np.maximum, -np.inf)))
    return powers.with_values(powers.values / _over(powers, dim, np.add, 0))


@kernel("_sparse_log_softmax")
def log_softmax(_op: Any, self: SparseArray, dim: int, half_to_float: bool) -> SparseArray:
    known = self.coalesced()
    shifted = known.with_values(known.values - _over(known, dim, np.maximum, -np.inf))
    sums = _over(shifted.with_values(np.exp(shifted.values)), dim, np.add, 0)
    return shifted.with_values(shifted.values - np.log(sums))


@kernel("_sparse_softmax_backward_data")
def softmax_backward(_op: Any, grad: Any, output: SparseArray, dim: int, self: Any) -> SparseArray:
    weighted = output.with_values(gathered(grad, output) * output.values)
    return output.with_values(weighted.values - output.values * _over(weighted, dim, np.add, 0))


@kernel("_sparse_log_softmax_backward_data")
def log_softmax_backward(_op: Any, grad: Any, output: SparseArray, dim: int, self: Any) -> SparseArray:
    arrived = output.with_values(gathered(grad, output))
    return output.with_values(arrived.values - np.exp(output.values) * _over(arrived, dim, np.add, 0))
