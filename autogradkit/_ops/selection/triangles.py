"""Triangles and diagonals of matrices, as copies: tril, triu, diag and their kin.

Rests on declare and views.
"""

from __future__ import annotations

import functools
import math
from operator import setitem
from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op
from autogradkit._ops.declare.kinds import Array, SymInt
from autogradkit._ops.declare.overlaps import unchecked
from autogradkit._ops.declare.writing import require_same_dtype
from autogradkit._ops.views.parts import diagonal
from autogradkit._ops.views.sizes import view_sizes
from autogradkit.core.shapes import wrap_dim
from autogradkit.core.steps import Step
from autogradkit.core.tensor import Tensor

Shape = tuple[int, ...]

_SMALL = 4096  # elements of a matrix up to which a mask is remembered


@functools.lru_cache(64)
def _zeroed(sizes: Shape, diagonal: int, lower: bool) -> Array:
    """Where a triangle has zeros."""
    below = np.tri(sizes[0], sizes[1], diagonal if lower else diagonal - 1, np.bool_)
    return ~below if lower else below


def _keep_triangle(name: str, out: Array, diagonal: int, lower: bool) -> Step:
    """Nothing but zeros is written: what of an expanded tensor is one element has them wherever one is due."""
    if out.ndim < 2:
        raise RuntimeError(f"{name}: input tensor must have at least 2 dimensions")
    sizes = out.shape[-2:]
    mask = (_zeroed if math.prod(sizes) <= _SMALL else _zeroed.__wrapped__)(sizes, diagonal, lower)
    # A mask of all dimensions is written by in one go, one behind `...` by positions, which takes ten times as long.
    return setitem, out, mask if out.ndim == 2 else np.broadcast_to(mask, out.shape), 0


@op(
    in_place=True,
    edits="contiguous",
    deferred=True,
    overlaps=unchecked,
    samples=lambda t: [(t(3, 3),), (t(2, 3, 2), 1)],
    vjp={"self": lambda g, diagonal: k.tril(g, diagonal)},
)
def tril(self: Array, diagonal: SymInt = 0, *, out: Array) -> Step:
    """The matrix (or batch) with zeros above the `diagonal`-th diagonal.

    >>> import autogradkit as torch
    >>> torch.tril(torch.ones(2, 2))
    tensor([[1., 0.],
            [1., 1.]])
    """
    return _keep_triangle("tril", out, diagonal, lower=True)


@op(
    in_place=True,
    edits="contiguous",
    deferred=True,
    overlaps=unchecked,
    samples=lambda t: [(t(3, 3),), (t(2, 3, 2), 1)],
    vjp={"self": lambda g, diagonal: k.triu(g, diagonal)},
)
def triu(self: Array, diagonal: SymInt = 0, *, out: Array) -> Step:
    """The matrix (or batch) with zeros below the `diagonal`-th diagonal.

    >>> import autogradkit as torch
    >>> torch.triu(torch.ones(2, 2))
    tensor([[1., 1.],
            [0., 1.]])
    """
    return _keep_triangle("triu", out, diagonal, lower=False)


def _diag_embed_meta(self: Array, offset: int, dim1: int, dim2: int) -> Any:
    ndim = self.ndim + 1
    first, second = wrap_dim(dim1, ndim), wrap_dim(dim2, ndim)
    if first == second:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    sizes = list(self.shape[:-1])
    for dim in sorted((first, second)):
        sizes.insert(dim, self.shape[-1] + abs(offset))
    return tuple(sizes), self.dtype


@op(
    meta=_diag_embed_meta,
    out=False,
    samples=lambda t: [(t(3),), (t(2, 3), 1), (t(2, 3), 0, 0, 2)],
    vjp={"self": lambda g, offset, dim1, dim2: k.diagonal(g, offset, dim1, dim2)},
    rule="∂self = ∂ on the diagonal",
)
def diag_embed(self: Array, offset: int = 0, dim1: int = -2, dim2: int = -1, *, out: Array) -> None:
    """Matrices in dimensions `dim1` and `dim2` with the last dimension on their diagonal, zeros elsewhere.

    >>> import autogradkit as torch
    >>> torch.diag_embed(torch.tensor([1, 2]))
    tensor([[1, 0],
            [0, 2]])
    """
    out.fill(0)
    diagonal.kernel(out, offset, dim1, dim2)[...] = self


def _diagonal_meta(self: Array, offset: int, dim1: int, dim2: int) -> Any:
    return diagonal.kernel(self, offset, dim1, dim2).shape, self.dtype


@op(
    node="DiagonalBackward0_copy",
    bare_out=True,
    variants="function",
    meta=_diagonal_meta,
    samples=lambda t: [(t(3, 3),), (t(2, 3), 1)],
    vjp={
        "self": lambda g, self_sym_sizes, offset, dim1, dim2: k.diagonal_backward(g, self_sym_sizes, offset, dim1, dim2)
    },
    rule="∂self = ∂ on the diagonal, 0 elsewhere",
)
def diagonal_copy(self: Array, offset: int = 0, dim1: int = 0, dim2: int = 1, *, out: Array) -> None:
    """A copy of what `diagonal` shows, in memory of its own.

    >>> import autogradkit as torch
    >>> torch.diagonal_copy(torch.tensor([[1, 2], [3, 4]]))
    tensor([1, 4])
    """
    np.copyto(out, diagonal.kernel(self, offset, dim1, dim2))


def _refuse_out_of_diag(_out: Tensor, self: Tensor, _diagonal: int) -> None:
    if self.ndim not in (1, 2):
        raise RuntimeError(f"Supports 1D or 2D tensors. Got {self.ndim}D")


@op(out_dtype=require_same_dtype, composition=True, out=True, refuse_out=_refuse_out_of_diag)
def diag(self: Tensor, diagonal: int = 0) -> Any:
    """A copy of a matrix's diagonal; for a vector the matrix that has it as its diagonal.

    >>> import autogradkit as torch
    >>> torch.diag(torch.tensor([[1, 2], [3, 4]]))
    tensor([1, 4])
    """
    if self.ndim == 1:
        return diag_embed(self, diagonal)
    if self.ndim == 2:
        return diagonal_copy(self, diagonal)
    raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {self.ndim}D")


@op(composition=True)
def diagflat(self: Tensor, offset: int = 0) -> Any:
    """The matrix that has the elements, in row-major order, on its diagonal.

    >>> import autogradkit as torch
    >>> torch.diagflat(torch.tensor([[1], [2]]))
    tensor([[1, 0],
            [0, 2]])
    """
    return diag_embed(view_sizes(self.contiguous(), (-1,)), offset)
