"""Copies of a tensor with its elements elsewhere: flip, roll, repeat, tril, diag and their kin.

Rests on op, shape and slicing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autogradkit._ops.declare import k
from autogradkit._ops.dimensions import unsqueeze
from autogradkit._ops.gather import index_select
from autogradkit._ops.in_place import accepts_out
from autogradkit._ops.op import Array, composite, op
from autogradkit._ops.shape import Ints, expand, flatten
from autogradkit._ops.slicing import diagonal
from autogradkit.core.strides import dense_strides_like, element_strides, empty_strided, wrap_dim
from autogradkit.core.tensor import Tensor, empty_array, wrap

# -- one tensor in another order ---------------------------------------------------------------------------------------


@op(sizes="dims", samples=lambda t: [(t(2, 3), (1,)), (t(2, 3), (0, -1))])
def flip(self: Array, dims: Ints) -> Array:
    """A copy with the order of elements reversed along `dims`.

    >>> import autogradkit as torch
    >>> torch.flip(torch.tensor([1, 2, 3]), (0,))
    tensor([3, 2, 1])
    """
    wrapped = [wrap_dim(dim, self.ndim) for dim in dims]
    for dim in wrapped:
        if wrapped.count(dim) > 1:
            raise RuntimeError(f"dim {dim} appears multiple times in the list of dims")
    result = empty_strided(self.shape, dense_strides_like(self.shape, element_strides(self)), self.dtype)
    result[...] = np.flip(self, tuple(wrapped)) if self.ndim else self
    return result


flip.vjp(self=lambda g, dims: k.flip(g, dims))


@composite()
def fliplr(input: Tensor) -> Tensor:
    """A copy with the columns reversed.

    >>> import autogradkit as torch
    >>> torch.fliplr(torch.tensor([[1, 2]]))
    tensor([[2, 1]])
    """
    if input._array.ndim < 2:
        raise RuntimeError("Input must be >= 2-d.")
    return flip(input, (1,))


@composite()
def flipud(input: Tensor) -> Tensor:
    """A copy with the rows reversed.

    >>> import autogradkit as torch
    >>> torch.flipud(torch.tensor([1, 2]))
    tensor([2, 1])
    """
    if input._array.ndim < 1:
        raise RuntimeError("Input must be >= 1-d.")
    return flip(input, (0,))


def _ints(value: int | Sequence[int]) -> Ints:
    return tuple(value) if isinstance(value, list | tuple) else (int(value),)  # type: ignore[arg-type]


@op(
    name="roll_along",
    public="roll",
    node="RollBackward0",
    method=False,
    function=False,
    samples=lambda t: [(t(2, 3), (1, 2), (0, 1))],
)
def roll_along(self: Array, shifts: Ints, dims: Ints = ()) -> Array:
    """A copy with elements moved on along `dims`, those pushed out coming in on the other side."""
    if (len(shifts) != 1 or len(dims) > 1) and len(shifts) != len(dims):
        raise RuntimeError(f"shifts and dimensions must align. shifts: {len(shifts)}, dims:{len(dims)}")
    axis = tuple(wrap_dim(dim, self.ndim) for dim in dims) if dims else None
    if not self.size and dims:
        return empty_strided(self.shape, dense_strides_like(self.shape, element_strides(self)), self.dtype)
    return np.array(np.roll(self, shifts if dims else shifts[0], axis), order="C")


roll_along.vjp(self=lambda g, shifts, dims: k.roll_along(g, tuple([-shift for shift in shifts]), dims))


@composite()
def roll(input: Tensor, shifts: int | Sequence[int], dims: int | Sequence[int] = ()) -> Tensor:
    """A copy with elements moved on along `dims` (or in row-major order), those pushed out coming in at the front.

    >>> import autogradkit as torch
    >>> torch.roll(torch.tensor([1, 2, 3]), 1)
    tensor([3, 1, 2])
    """
    return roll_along(input, _ints(shifts), _ints(dims))


@op(sizes="repeats", function=False, samples=lambda t: [(t(2, 3), (2, 1)), (t(3), (2, 2)), (t(), (2,))])
def repeat(self: Array, repeats: Ints) -> Array:
    """The tensor laid out this many times along each dimension, in memory of its own.

    >>> import autogradkit as torch
    >>> torch.tensor([1, 2]).repeat(2, 2)
    tensor([[1, 2, 1, 2],
            [1, 2, 1, 2]])
    """
    new = len(repeats) - self.ndim
    if new < 0:
        raise RuntimeError("Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor")
    target = [size * times for size, times in zip((1,) * new + self.shape, repeats, strict=True)]
    for size in target:
        if size < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {size}: {target}")
    result = empty_array(tuple(target), self.dtype)
    if result.size:
        result[...] = np.tile(self, repeats)
    return result


def _repeat_backward(g: Any, self_sym_sizes: Ints, repeats: Ints) -> Any:
    if 0 in repeats:
        return k.new_zeros(g, self_sym_sizes)
    new = len(repeats) - len(self_sym_sizes)
    shape = (*repeats[:new], *(n for pair in zip(repeats[new:], self_sym_sizes, strict=True) for n in pair))
    dims = (*range(new), *range(new, len(shape), 2))
    return k.sum_dims(k.reshape(g, shape), dims) if dims else g


repeat.vjp(self=_repeat_backward)


@composite()
def tile(input: Tensor, *dims: Any) -> Tensor:
    """The tensor repeated along each dimension; dimensions that `dims` does not reach are repeated once.

    >>> import autogradkit as torch
    >>> torch.tile(torch.tensor([[1, 2]]), (2,))
    tensor([[1, 2, 1, 2]])
    """
    times = _ints(dims[0]) if len(dims) == 1 else tuple(dims)
    return repeat(input, (1,) * (input._array.ndim - len(times)) + times)


@composite()
def repeat_interleave(input: Tensor, repeats: Any, dim: int | None = None, *, output_size: int | None = None) -> Tensor:
    """Each element (or each place of dimension `dim`) `repeats` times in a row.

    >>> import autogradkit as torch
    >>> torch.repeat_interleave(torch.tensor([1, 2]), 2)
    tensor([1, 1, 2, 2])
    """
    from autogradkit._ops.making.copies import clone
    from autogradkit._ops.making.options import contiguous_format

    if dim is None:
        input, dim = flatten(input), 0
    dim = wrap_dim(dim, input._array.ndim)
    if isinstance(repeats, Tensor):
        size = input._array.shape[dim]
        if repeats._array.size not in (1, size):
            raise RuntimeError(
                f"repeats must have the same size as input along dim, but got repeats.size(0) = {repeats._array.size} and "
                f"input.size({dim}) = {size}"
            )
        places = np.repeat(np.arange(size), repeats._array)
        return index_select(input, dim, wrap(places))
    if repeats < 0:
        raise RuntimeError("Repeats must be non-negative")
    shape = input._array.shape
    spread = expand(unsqueeze(input, dim + 1), (*shape[: dim + 1], repeats, *shape[dim + 1 :]))
    return flatten(clone(spread, memory_format=contiguous_format), dim, dim + 1)


# -- triangles and diagonals -------------------------------------------------------------------------------------------


def _triangle(name: str, self: Array, diagonal: int) -> Array:
    if self.ndim < 2:
        raise RuntimeError(f"{name}: input tensor must have at least 2 dimensions")
    return np.array(getattr(np, name)(self, diagonal), order="C")


@op(in_place=True, samples=lambda t: [(t(3, 3),), (t(2, 3, 2), 1)])
def tril(self: Array, diagonal: int = 0) -> Array:
    """The matrix (or batch) with zeros above the `diagonal`-th diagonal.

    >>> import autogradkit as torch
    >>> torch.tril(torch.ones(2, 2))
    tensor([[1., 0.],
            [1., 1.]])
    """
    return _triangle("tril", self, diagonal)


@op(in_place=True, samples=lambda t: [(t(3, 3),), (t(2, 3, 2), 1)])
def triu(self: Array, diagonal: int = 0) -> Array:
    """The matrix (or batch) with zeros below the `diagonal`-th diagonal.

    >>> import autogradkit as torch
    >>> torch.triu(torch.ones(2, 2))
    tensor([[1., 1.],
            [0., 1.]])
    """
    return _triangle("triu", self, diagonal)


tril.vjp(self=lambda g, diagonal: k.tril(g, diagonal))
triu.vjp(self=lambda g, diagonal: k.triu(g, diagonal))


@op(samples=lambda t: [(t(3),), (t(2, 3), 1), (t(2, 3), 0, 0, 2)])
def diag_embed(self: Array, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Array:
    """Matrices in dimensions `dim1` and `dim2` with the last dimension on their diagonal, zeros elsewhere.

    >>> import autogradkit as torch
    >>> torch.diag_embed(torch.tensor([1, 2]))
    tensor([[1, 0],
            [0, 2]])
    """
    ndim = self.ndim + 1
    first, second = wrap_dim(dim1, ndim), wrap_dim(dim2, ndim)
    if first == second:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    sizes = list(self.shape[:-1])
    for dim in sorted((first, second)):
        sizes.insert(dim, self.shape[-1] + abs(offset))
    result = np.zeros(sizes, self.dtype)
    diagonal.op.kernel(result, offset, first, second)[...] = self
    return result


diag_embed.vjp(self=lambda g, offset, dim1, dim2: k.diagonal(g, offset, dim1, dim2))


@op(
    name="diagonal_copy", public="diag", node="DiagonalBackward0_copy", method=False, function=False,
    samples=lambda t: [(t(3, 3),), (t(2, 3), 1)],
)  # fmt: skip
def diagonal_copy(self: Array, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Array:
    """A copy of the diagonal."""
    return diagonal.op.kernel(self, offset, dim1, dim2).copy()


diagonal_copy.vjp(
    self=lambda g, self_sym_sizes, offset, dim1, dim2: k.diagonal_backward(g, self_sym_sizes, offset, dim1, dim2)
)


@composite()
@accepts_out
def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """A copy of a matrix's diagonal; for a vector the matrix that has it as its diagonal.

    >>> import autogradkit as torch
    >>> torch.diag(torch.tensor([[1, 2], [3, 4]]))
    tensor([1, 4])
    """
    if input._array.ndim == 1:
        return diag_embed(input, diagonal)
    if input._array.ndim == 2:
        return diagonal_copy(input, diagonal)
    raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {input._array.ndim}D")
