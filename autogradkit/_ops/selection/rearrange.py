"""Copies of a tensor with its elements elsewhere: flip, rot90, roll, repeat and their kin.

Rests on declare and views.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from autogradkit._ops.declare import function, k, op
from autogradkit._ops.declare.kinds import Array, Dims, Ints, Single, Sizes, SymInt
from autogradkit._ops.declare.refusals import by_kernel
from autogradkit._ops.declare.unsigned import refuse_wide_unsigned
from autogradkit._ops.making.copies import clone
from autogradkit._ops.making.options import contiguous_format, require_sizes
from autogradkit._ops.views.dimensions import unsqueeze
from autogradkit._ops.views.sizes import expand, flatten
from autogradkit.core.dtype import SCALAR_TYPE_NAMES
from autogradkit.core.shapes import wrap_dim
from autogradkit.core.strides import cat_strides, contiguous_strides, dense_strides_like, element_strides
from autogradkit.core.tensor import Tensor, wrap

Shape = tuple[int, ...]


def _flip_meta(self: Array, dims: Shape) -> Any:
    wrapped = [wrap_dim(dim, self.ndim) for dim in dims]
    for dim in wrapped:
        if wrapped.count(dim) > 1:
            raise RuntimeError(f"dim {dim} appears multiple times in the list of dims")
    return self.shape, self.dtype, dense_strides_like(self.shape, element_strides(self))


@by_kernel
def _refuse_rows_of_wide_unsigned(self: Tensor, dims: Shape) -> None:
    """PyTorch copies whole rows of any dtype, and has no kernel that would turn one of these."""
    if not self.numel():
        return
    turned = {dim for dim, size in enumerate(self.shape) if size > 1 and (dim in dims or dim - self.ndim in dims)}
    steps = [(step, dim) for dim, step in enumerate(self.stride()) if self.shape[dim] > 1]
    if steps and turned:
        step, innermost = min(steps)
        if step != 1 or innermost in turned:
            refuse_wide_unsigned("flip_cpu", self.dtype)


@op(
    meta=_flip_meta,
    out=False,
    dtypes=_refuse_rows_of_wide_unsigned,
    samples=lambda t: [(t(2, 3), (1,)), (t(2, 3), (0, -1))],
    vjp={"self": lambda g, dims: k.flip(g, dims)},
    rule="∂self = ∂, flipped back",
)
def flip(self: Array, dims: Ints, *, out: Array) -> None:
    """A copy with the order of elements reversed along `dims`.

    >>> import autogradkit as torch
    >>> torch.flip(torch.tensor([1, 2, 3]), (0,))
    tensor([3, 2, 1])
    """
    np.copyto(out, np.flip(self, dims) if self.ndim else self)


@op(composition=True)
def fliplr(self: Tensor) -> Any:
    """A copy with the columns reversed.

    >>> import autogradkit as torch
    >>> torch.fliplr(torch.tensor([[1, 2]]))
    tensor([[2, 1]])
    """
    if self.ndim < 2:
        raise RuntimeError("Input must be >= 2-d.")
    return flip(self, (1,))


@op(composition=True)
def flipud(self: Tensor) -> Any:
    """A copy with the rows reversed.

    >>> import autogradkit as torch
    >>> torch.flipud(torch.tensor([1, 2]))
    tensor([2, 1])
    """
    if self.ndim < 1:
        raise RuntimeError("Input must be >= 1-d.")
    return flip(self, (0,))


def _rot90_meta(self: Array, k: int, dims: Shape) -> Any:
    if len(dims) != 2:
        raise RuntimeError(f"expected total rotation dims == 2, but got dims = {len(dims)}")
    if self.ndim < 2:
        raise RuntimeError(f"expected total dims >= 2, but got total dims = {self.ndim}")
    first, second = (wrap_dim(dim, self.ndim) for dim in dims)
    if first == second:
        raise RuntimeError(f"expected rotation dims to be different, but got dim0 = {dims[0]} and dim1 = {dims[1]}")
    strides = list(dense_strides_like(self.shape, element_strides(self)) if k % 4 else contiguous_strides(self.shape))
    shape = list(self.shape)
    if k % 2:
        for each in (shape, strides):
            each[first], each[second] = each[second], each[first]
    return tuple(shape), self.dtype, tuple(strides)


@op(
    meta=_rot90_meta,
    out=False,
    samples=lambda t: [(t(2, 3),), (t(2, 3, 2), 3, (0, 2)), (t(2, 3), 2)],
    vjp={"self": lambda g, k, dims: turned_back(g, k, dims)},
    rule="∂self = ∂, rotated back",
)
def rot90(self: Array, k: int = 1, dims: Ints = (0, 1), *, out: Array) -> None:
    """A copy turned `k` times by 90 degrees, from the first of two dimensions towards the second.

    >>> import autogradkit as torch
    >>> torch.rot90(torch.tensor([[1, 2], [3, 4]]))
    tensor([[2, 4],
            [1, 3]])
    """
    np.copyto(out, np.rot90(self, k, (dims[0], dims[1])))


def turned_back(g: Any, times: int, dims: Shape) -> Any:
    return k.rot90(g, -times, dims)


def _roll_meta(self: Array, shifts: Shape, dims: Shape) -> Any:
    if not shifts:
        raise RuntimeError("`shifts` required")
    if (len(shifts) != 1 or len(dims) > 1) and len(shifts) != len(dims):
        raise RuntimeError(f"shifts and dimensions must align. shifts: {len(shifts)}, dims:{len(dims)}")
    if not self.size:
        return self.shape, self.dtype, dense_strides_like(self.shape, element_strides(self))
    for dim in dims:
        if not self.ndim:
            raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
        wrap_dim(dim, self.ndim)
    if not dims or self.ndim not in (4, 5):
        return self.shape, self.dtype
    strides = element_strides(self)
    for shift, dim in zip(shifts, dims, strict=True):  # as in PyTorch, which joins what it cut in two
        dim = wrap_dim(dim, self.ndim)
        front = shift % self.shape[dim]
        halves = [(*self.shape[:dim], n, *self.shape[dim + 1 :]) for n in (front, self.shape[dim] - front)]
        strides = cat_strides([(each, strides) for each in halves], self.shape)
    return self.shape, self.dtype, strides


@op(
    meta=_roll_meta,
    out=False,
    samples=lambda t: [(t(2, 3), (1, 2), (0, 1))],
    vjp={"self": lambda g, shifts, dims: k.roll(g, tuple([-shift for shift in shifts]), dims)},
    rule="∂self = ∂, rolled back",
)
def roll(self: Array, shifts: Single, dims: Dims = (), *, out: Array) -> None:
    """A copy with elements moved on along `dims` (or in row-major order), those pushed out coming in at the front.

    >>> import autogradkit as torch
    >>> torch.roll(torch.tensor([1, 2, 3]), 1)
    tensor([3, 1, 2])
    """
    if not self.size:
        return
    if not dims:
        self, out, dims = self.reshape(-1), out.reshape(-1), (0,)
    moved = [0] * self.ndim
    for shift, dim in zip(shifts, dims, strict=True):
        moved[dim] += shift
    pieces = [_rolled(shift % size, size) for shift, size in zip(moved, self.shape, strict=True)]
    for each in itertools.product(*pieces):
        out[tuple([into for into, _ in each])] = self[tuple([part for _, part in each])]


def _rolled(shift: int, size: int) -> list[tuple[slice, slice]]:
    """Where the pieces of a dimension go that is rolled by `shift`, which is less than its size, and where they come from."""
    if not shift:
        return [(slice(None), slice(None))]
    return [(slice(shift, None), slice(size - shift)), (slice(shift), slice(size - shift, None))]


def _repeat_meta(self: Array, repeats: Shape) -> Any:
    new = len(repeats) - self.ndim
    if new < 0:
        raise RuntimeError("Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor")
    target = [size * times for size, times in zip((1,) * new + self.shape, repeats, strict=True)]
    for size in target:
        if size < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {size}: {target}")
    return tuple(target), self.dtype


def _repeat_backward(g: Any, self_sym_sizes: Shape, repeats: Shape) -> Any:
    if 0 in repeats:
        return k.new_zeros(g, self_sym_sizes)
    new = len(repeats) - len(self_sym_sizes)
    shape = (*repeats[:new], *(n for pair in zip(repeats[new:], self_sym_sizes, strict=True) for n in pair))
    dims = (*range(new), *range(new, len(shape), 2))
    return k.sum_dims(k.reshape(g, shape), dims) if dims else g


@op(
    variants="method",
    meta=_repeat_meta,
    samples=lambda t: [(t(2, 3), (2, 1)), (t(3), (2, 2)), (t(), (2,))],
    vjp={"self": _repeat_backward},
    rule="∂self = ∂ summed over the repetitions",
)
def repeat(self: Array, repeats: Sizes, *, out: Array) -> None:
    """The tensor laid out this many times along each dimension, in memory of its own.

    >>> import autogradkit as torch
    >>> torch.tensor([1, 2]).repeat(2, 2)
    tensor([[1, 2, 1, 2],
            [1, 2, 1, 2]])
    """
    if out.size:
        np.copyto(out, np.tile(self, repeats))


@op(composition=True)
def tile(self: Tensor, dims: Sizes) -> Any:
    """The tensor repeated along each dimension; dimensions that `dims` does not reach are repeated once.

    >>> import autogradkit as torch
    >>> torch.tile(torch.tensor([[1, 2]]), (2,))
    tensor([[1, 2, 1, 2]])
    """
    return repeat(self, (1,) * (self.ndim - len(dims)) + dims)


repeat_interleave = function("repeat_interleave")


def _require_counts(repeats: Any, size: int, output_size: int | None) -> None:
    """Raise for what are no counts of `size` places, or not as many in all as `output_size` says."""
    if repeats.is_meta and output_size is None:
        raise RuntimeError("cannot repeat_interleave a meta tensor without output_size")
    if repeats._array.dtype not in (np.int64, np.int32):
        raise NotImplementedError(f"\"repeat_interleave_cpu\" not implemented for '{SCALAR_TYPE_NAMES[repeats.dtype]}'")
    if output_size is not None:
        require_sizes((output_size,))
        if np.broadcast_to(repeats._array, size).sum() != output_size:
            raise RuntimeError("allocated size does not match required size")
    if (repeats._array < 0).any():
        raise RuntimeError("repeats can not be negative")


@repeat_interleave.overload(composition=True)
def _(self: Tensor, repeats: Tensor, dim: int | None = None, *, output_size: SymInt | None = None) -> Any:
    """Each element (or each place of dimension `dim`) `repeats` times in a row.

    >>> import autogradkit as torch
    >>> torch.repeat_interleave(torch.tensor([1, 2]), 2)
    tensor([1, 1, 2, 2])
    """
    tensor: Any = self
    counts: Any = repeats
    if dim is None:
        tensor, dim = flatten(tensor), 0
    if counts._array.ndim > 1:
        raise RuntimeError("repeats must be 0-dim or 1-dim tensor")
    if not tensor._array.ndim:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    asked, dim = dim, wrap_dim(dim, tensor._array.ndim)
    size = tensor._array.shape[dim]
    if counts._array.size not in (1, size):
        raise RuntimeError(
            f"repeats must have the same size as input along dim, but got repeats.size(0) = {counts._array.size} and "
            f"input.size({asked}) = {size}"
        )
    _require_counts(counts, size, output_size)
    return k.index_select(tensor, dim, wrap(np.repeat(np.arange(size), counts._array)))


@repeat_interleave.overload(composition=True, variants="function")
def _(repeats: Tensor, *, output_size: SymInt | None = None) -> Any:
    counts: Any = repeats
    if counts._array.ndim != 1:
        raise RuntimeError("repeat_interleave only accept 1D vector as repeat")
    _require_counts(counts, counts._array.size, output_size)
    return wrap(np.repeat(np.arange(counts._array.size, dtype=counts._array.dtype), counts._array))


@repeat_interleave.overload(composition=True)
def _(self: Tensor, repeats: SymInt, dim: int | None = None, *, output_size: SymInt | None = None) -> Any:
    tensor: Any = self
    if dim is None:
        tensor, dim = flatten(tensor), 0
    dim = wrap_dim(dim, tensor._array.ndim)
    if repeats < 0:
        raise RuntimeError("Repeats must be non-negative")
    shape = tensor._array.shape
    apart = unsqueeze(tensor, dim + 1)
    if output_size is not None and output_size != shape[dim] * repeats:
        raise RuntimeError(
            f"repeat_interleave: Invalid output_size, expected {shape[dim] * repeats} but got {output_size}"
        )
    spread = expand(apart, (*shape[: dim + 1], repeats, *shape[dim + 1 :]))
    return flatten(clone(spread, memory_format=contiguous_format), dim, dim + 1)
