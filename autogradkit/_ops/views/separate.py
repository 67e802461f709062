"""Parts of a tensor that count as no views of it: `narrow_copy` in memory of its own, `unsafe_split` and its kin in the same.

Formulas and samples of the latter are those of the views (`splits`), on which they rest.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op, writing
from autogradkit._ops.declare.kinds import Array, Ints, Sizes, SymInt
from autogradkit._ops.views import splits
from autogradkit.core.shapes import wrap_dim
from autogradkit.core.tensor import Tensor


def _narrow_meta(self: Array, dim: int, start: int, length: int) -> Any:
    if not self.ndim:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    if dim >= self.ndim:
        raise RuntimeError(
            "Expected dim < static_cast<int64_t>(self_sizes.size()) to be true, but got false.  (Could this error message be "
            "improved?  If so, please report an enhancement request to PyTorch.)"
        )
    dim = wrap_dim(dim, self.ndim)
    size = self.shape[dim]
    if not -size <= start <= size:
        raise IndexError(f"start out of range (expected to be in range of [{-size}, {size}], but got {start})")
    first = start % size if start < 0 else start
    if length < 0 or first + length > size:
        raise RuntimeError(f"start ({first}) + length ({length}) exceeds dimension size ({size}).")
    return (*self.shape[:dim], length, *self.shape[dim + 1 :]), self.dtype


def _narrow_backward(g: Any, self_sym_sizes: Ints, dim: int, start: int, length: int) -> Any:
    first = start % self_sym_sizes[dim] if start < 0 else start
    return k.slice_backward(g, self_sym_sizes, dim, first, first + length, 1)


@op(
    out_dtype=writing.saying(
        "Expected self.dtype() == output.dtype() to be true, but got false.  (Could this error message be improved?  If so, "
        "please report an enhancement request to PyTorch.)"
    ),
    warns_of_resizing=False,
    meta=_narrow_meta,
    samples=lambda t: [(t(2, 3), 1, 0, 2), (t(4), 0, -3, 2)],
    vjp={"self": _narrow_backward},
    rule="∂self = ∂ in the slice, 0 elsewhere",
)
def narrow_copy(self: Array, dim: int, start: SymInt, length: SymInt, *, out: Array) -> None:
    """A copy of `length` places of dimension `dim` from `start` on.

    >>> import autogradkit as torch
    >>> torch.narrow_copy(torch.tensor([1, 2, 3]), 0, 1, 2)
    tensor([2, 3])
    """
    dim = wrap_dim(dim, self.ndim)
    first = start % self.shape[dim] if start < 0 else start
    np.copyto(out, self[(*(slice(None),) * dim, slice(first, first + length))])


@op(
    out=False,
    samples=splits.split_evenly.samples,
    vjp=splits.split_evenly.formulas,
    rule="∂self = ∂ of every part, joined",
)
def unsafe_split(self: Array, split_size: SymInt, dim: int = 0) -> tuple[Array, ...]:
    """Consecutive parts of `split_size` places of dimension `dim`, in the same memory but no views: they may be edited.

    >>> import autogradkit as torch
    >>> torch.unsafe_split(torch.tensor([1, 2, 3]), 2)
    (tensor([1, 2]), tensor([3]))
    """
    return splits.split_evenly.kernel(self, split_size, dim)


@op(
    out=False,
    samples=splits.split_with_sizes.samples,
    vjp=splits.split_with_sizes.formulas,
    rule="∂self = ∂ of every part, joined",
)
def unsafe_split_with_sizes(self: Array, split_sizes: Sizes, dim: int = 0) -> tuple[Array, ...]:
    """Consecutive parts of these sizes along `dim`, in the same memory but no views: they may be edited.

    >>> import autogradkit as torch
    >>> torch.unsafe_split_with_sizes(torch.tensor([1, 2, 3]), (1, 2))
    (tensor([1]), tensor([2, 3]))
    """
    return splits.split_with_sizes.kernel(self, split_sizes, dim)


@op(composition=True)
def unsafe_chunk(self: Tensor, chunks: int, dim: int = 0) -> tuple[Any, ...]:
    """At most `chunks` parts of equal size (the last perhaps shorter) of dimension `dim`, in the same memory but no views.

    >>> import autogradkit as torch
    >>> torch.unsafe_chunk(torch.tensor([1, 2, 3]), 2)
    (tensor([1, 2]), tensor([3]))
    """
    if not self.ndim:
        raise RuntimeError("chunk expects at least a 1-dimensional tensor")
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    size = self.shape[wrap_dim(dim, self.ndim)]
    part = (size + chunks - 1) // chunks
    return unsafe_split(self, part, dim) if part else unsafe_split_with_sizes(self, (0,) * chunks, dim)
