"""Views that change a tensor's sizes and strides, and the few reshapes that copy.

Rests on op and the geometry rules of core/strides. Every view here is one in PyTorch, and nothing else is.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops import k
from autogradkit._ops.op import Array, composite, op
from autogradkit.core.strides import contiguous_strides, element_strides, infer_size, view_strides, wrap_dim
from autogradkit.core.tensor import Tensor


def reshaped(array: Array, shape: tuple[int, ...], strides: tuple[int, ...]) -> Array:
    """The same memory, from the same first element, with other sizes and element strides."""
    itemsize = array.itemsize
    return np.lib.stride_tricks.as_strided(array, shape, tuple(stride * itemsize for stride in strides))


@op(view=True, sizes="size", samples=lambda t: [(t(2, 6), (3, 4)), (t(2, 3), (-1,)), (t(), (1, 1))])
def view(self: Array, size: tuple[int, ...]) -> Array:
    """The same memory with other sizes; one may be −1. Raises RuntimeError where the strides do not allow it.

    >>> import autogradkit as torch
    >>> torch.arange(6).view(2, 3)
    tensor([[0, 1, 2],
            [3, 4, 5]])
    """
    shape = infer_size(size, self.size)
    strides = view_strides(self.shape, element_strides(self), shape)
    if strides is None:
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one dimension spans across two "
            "contiguous subspaces). Use .reshape(...) instead."
        )
    return reshaped(self, shape, strides)


view.vjp(self=lambda g, self_sym_sizes: k.reshape(g, self_sym_sizes))


@op(view=True, samples=lambda t: [(t(2, 3, 4), 0, 2), (t(2, 3), -1, 0)])
def transpose(self: Array, dim0: int, dim1: int) -> Array:
    """A view with two dimensions exchanged.

    >>> import autogradkit as torch
    >>> torch.arange(6).view(2, 3).transpose(0, 1).stride()
    (1, 3)
    """
    return self.swapaxes(wrap_dim(dim0, self.ndim), wrap_dim(dim1, self.ndim)) if self.ndim else self[...]


transpose.vjp(self=lambda g, dim0, dim1: k.transpose(g, dim0, dim1))


@op(view=True, sizes="size", samples=lambda t: [(t(3, 1), (2, 3, 4)), (t(2, 3), (-1, 3))])
def expand(self: Array, size: tuple[int, ...], *, implicit: bool = False) -> Array:
    """A view in which dimensions of size 1 are repeated, with stride 0; −1 keeps a size.

    >>> import autogradkit as torch
    >>> torch.tensor([[1], [2]]).expand(2, 3)
    tensor([[1, 1, 1],
            [2, 2, 2]])
    """
    extra = len(size) - self.ndim
    strides = element_strides(self)
    if extra < 0:
        raise RuntimeError(
            f"expand({self.dtype}{{{list(self.shape)}}}, size={list(size)}): the number of sizes provided ({len(size)}) must be "
            f"greater or equal to the number of dimensions in the tensor ({self.ndim})"
        )
    shape = tuple(self.shape[i - extra] if each == -1 else each for i, each in enumerate(size))
    new_strides = []
    for i, each in enumerate(shape):
        own = 1 if i < extra else self.shape[i - extra]
        if own != each and own != 1:
            raise RuntimeError(
                f"The expanded size of the tensor ({each}) must match the existing size ({own}) at non-singleton dimension "
                f"{i}.  Target sizes: {list(size)}.  Tensor sizes: {list(self.shape)}"
            )
        new_strides.append(0 if own != each or i < extra else strides[i - extra])
    return reshaped(self, shape, tuple(new_strides))


expand.vjp(self=lambda g: g)


@op(view=True, samples=lambda t: [(t(2, 3), 1), (t(3), -1)])
def unsqueeze(self: Array, dim: int) -> Array:
    """A view with a dimension of size 1 inserted at `dim`.

    >>> import autogradkit as torch
    >>> torch.ones(3).unsqueeze(0).shape
    torch.Size([1, 3])
    """
    return np.expand_dims(self, wrap_dim(dim, self.ndim + 1))


unsqueeze.vjp(self=lambda g, dim, self_sym_sizes: k.reshape(g, self_sym_sizes))


@op(view=True, samples=lambda t: [(t(2, 3),), (t(3),)])
def t(self: Array) -> Array:
    """A matrix transposed, as a view; a vector as it is.

    >>> import autogradkit as torch
    >>> torch.arange(6).view(2, 3).t()
    tensor([[0, 3],
            [1, 4],
            [2, 5]])
    """
    if self.ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {self.ndim}D")
    return self.T


t.vjp(self=lambda g: k.t(g))


@composite()
def reshape(input: Tensor, *shape: Any) -> Tensor:
    """The elements with other sizes: a view where the strides allow one, else a copy.

    >>> import autogradkit as torch
    >>> torch.arange(4).reshape(2, 2)
    tensor([[0, 1],
            [2, 3]])
    """
    sizes = tuple(shape[0]) if len(shape) == 1 and isinstance(shape[0], list | tuple) else shape
    wanted = infer_size(tuple(int(each) for each in sizes), input._array.size)
    if view_strides(input._array.shape, element_strides(input._array), wanted) is None:
        return _unsafe_view_of_copy(input, wanted)
    return view(input, wanted)


def _unsafe_view_of_copy(input: Tensor, shape: tuple[int, ...]) -> Tensor:
    from autogradkit._ops.copies import clone, contiguous_format
    from autogradkit._ops.matrix import unsafe_view

    return unsafe_view(clone(input, memory_format=contiguous_format), shape)


__all__ = ["contiguous_strides", "expand", "reshape", "t", "transpose", "unsqueeze", "view"]
