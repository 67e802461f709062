"""Running sums and products along a dimension: cumsum and cumprod.

Rests on op and rearrange.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import k
from autogradkit._ops.op import Array, op
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.strides import wrap_dim
from autogradkit.core.tensor import empty_array


def _running(ufunc: np.ufunc, self: Array, dim: int, dtype: Dtype | None) -> Array:
    """PyTorch runs float32 in float64 and rounds each result once."""
    dim = wrap_dim(dim, self.ndim)
    kind = dtype.numpy if dtype is not None else np.dtype(np.int64) if self.dtype.kind in "biu" else self.dtype
    result = empty_array(self.shape, kind)
    source = self.astype(kind, copy=False)
    if not self.ndim:
        result[...] = source
    elif kind == np.float32 or kind == np.float16:
        result[...] = ufunc.accumulate(source, dim, np.float64 if kind == np.float32 else np.float32)
    else:
        result[...] = ufunc.accumulate(source, dim)
    return result


@op(in_place=True, samples=lambda t: [(t(2, 3), 1), (t(3), 0)])
def cumsum(self: Array, dim: int, *, dtype: Dtype | None = None) -> Array:
    """Running sums along `dim`.

    >>> import autogradkit as torch
    >>> torch.cumsum(torch.tensor([1, 2, 3]), 0)
    tensor([1, 3, 6])
    """
    return _running(np.add, self, dim, dtype)


def _sum_from_here(g: Any, dim: int) -> Any:
    return k.flip(k.cumsum(k.flip(g, (dim,)), dim), (dim,)) if g.ndim and g.shape[dim] > 1 else g


cumsum.vjp(self=lambda g, dim: _sum_from_here(g, dim))


@op(in_place=True, samples=lambda t: [(t(2, 3, low=0.5, high=2), 1), (t(3, low=-2, high=-1), 0)])
def cumprod(self: Array, dim: int, *, dtype: Dtype | None = None) -> Array:
    """Running products along `dim`.

    >>> import autogradkit as torch
    >>> torch.cumprod(torch.tensor([1, 2, 3]), 0)
    tensor([1, 2, 6])
    """
    return _running(np.multiply, self, dim, dtype)


def _cumprod_backward(g: Any, self: Any, result: Any, dim: int) -> Any:
    if not g.ndim:
        return g
    dim = wrap_dim(dim, g.ndim)
    size = g.shape[dim]
    if not k.any_dims(self == 0):
        return _sum_from_here(k.conj(result) * g, dim) / k.conj(self)
    # With a zero among the factors no division helps: for each place, the running products that leave it out.
    gradients: list[Any] = []
    before: Any = None
    for place in range(size):
        after = k.slice(self, dim, place + 1, size, 1)
        rest = k.cumprod(after, dim)
        here = k.slice(g, dim, place, place + 1, 1)
        gradient = here + k.sum_dims(k.slice(g, dim, place + 1, size, 1) * k.conj(rest), (dim,), True)
        gradients.append(gradient if before is None else gradient * k.conj(before))
        factor = k.slice(self, dim, place, place + 1, 1)
        before = factor if before is None else before * factor
    return k.cat(gradients, dim)


cumprod.vjp(self=lambda g, self, result, dim: _cumprod_backward(g, self, result, dim))
