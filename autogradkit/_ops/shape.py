"""Views that show the same elements in other sizes: view, reshape, flatten, expand and their kin.

Rests on op and the geometry rules of core/strides. Every view here is one in PyTorch, and nothing else is. What changes
the order of dimensions stands in dimensions.py, what takes parts of a tensor in slicing.py, what joins tensors in
joining.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autogradkit._ops.declare import k
from autogradkit._ops.op import Array, composite
from autogradkit._ops.view_op import view_op
from autogradkit.core.dtype import from_numpy_dtype
from autogradkit.core.storage import address_of, root_of, strided
from autogradkit.core.strides import element_strides, expand_strides, infer_size, view_strides, wrap_dim
from autogradkit.core.tensor import Tensor, wrap

Ints = tuple[int, ...]


def restrided(array: Array, shape: Sequence[int], strides: Sequence[int], start: int = 0) -> Array:
    """The same memory with other sizes and element strides, from the element `start` places after the first."""
    itemsize = array.itemsize
    owner, offset = array, start * itemsize
    if not array.flags.c_contiguous:
        owner = root_of(array)
        if not owner.flags.forc or owner.dtype.hasobject:
            return strided(array, tuple(shape), tuple(strides), wrap(array).storage_offset() + start)
        offset += address_of(array) - address_of(owner)
    return np.ndarray(shape, array.dtype, owner, offset, [stride * itemsize for stride in strides])


@view_op(method=False, function=False, samples=lambda t: [(t(2, 3),), (t(),)])
def alias(self: Array) -> Array:
    """Another view on all of the same memory, which is what `x[...]` is."""
    return restrided(self, self.shape, element_strides(self))


alias.vjp(self=lambda g: g)


# -- other sizes for the same elements ---------------------------------------------------------------------------------


@view_op(sizes="size", function=False, samples=lambda t: [(t(2, 6), (3, 4)), (t(2, 3), (-1,)), (t(), (1, 1))])
def view(self: Array, size: Ints) -> Array:
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
    return restrided(self, shape, strides)


view.vjp(self=lambda g, self_sym_sizes: k.reshape(g, self_sym_sizes))


@composite(function=False)
def view_as(self: Tensor, other: Tensor) -> Tensor:
    """The tensor viewed in the shape of `other`.

    >>> import autogradkit as torch
    >>> torch.arange(4).view_as(torch.zeros(2, 2))
    tensor([[0, 1],
            [2, 3]])
    """
    return view(self, other.shape)


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
    if input._array.flags.c_contiguous:
        return view(input, wanted)
    strides = view_strides(input._array.shape, element_strides(input._array), wanted)
    return _unsafe_view_of_copy(input, wanted) if strides is None else reshape_alias(input, wanted, strides)


@view_op(name="_reshape_alias", public="reshape", node="ReshapeAliasBackward0", method=False, function=False)
def reshape_alias(self: Array, size: Ints, stride: Ints) -> Array:
    """A view with other sizes on memory that is not contiguous, the strides being known to fit."""
    return restrided(self, size, stride)


reshape_alias.vjp(self=lambda g, self_sym_sizes: k.reshape(g, self_sym_sizes))


def _unsafe_view_of_copy(input: Tensor, shape: Ints) -> Tensor:
    from autogradkit._ops.making.copies import clone
    from autogradkit._ops.making.options import contiguous_format
    from autogradkit._ops.matrix import unsafe_view

    return unsafe_view(clone(input, memory_format=contiguous_format), shape)


@composite(function=False)
def reshape_as(self: Tensor, other: Tensor) -> Tensor:
    """The tensor reshaped to the shape of `other`.

    >>> import autogradkit as torch
    >>> torch.arange(4).reshape_as(torch.zeros(2, 2)).shape
    torch.Size([2, 2])
    """
    return reshape(self, other.shape)


@composite()
def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Dimensions `start_dim` to `end_dim` merged into one; the tensor itself if there is nothing to merge.

    >>> import autogradkit as torch
    >>> torch.zeros(2, 3, 4).flatten(1).shape
    torch.Size([2, 12])
    """
    shape = input._array.shape
    start, end = wrap_dim(start_dim, len(shape)), wrap_dim(end_dim, len(shape))
    if start > end:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if not shape:
        return reshape(input, (1,))
    if start == end:
        return input
    merged = int(np.prod(shape[start : end + 1], dtype=np.int64))
    return reshape(input, (*shape[:start], merged, *shape[end + 1 :]))


@composite()
def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """Dimension `dim` split into several of these sizes, one of which may be −1.

    >>> import autogradkit as torch
    >>> torch.zeros(2, 12).unflatten(1, (3, -1)).shape
    torch.Size([2, 3, 4])
    """
    shape = input._array.shape
    dim = wrap_dim(dim, len(shape))
    if not sizes:
        raise RuntimeError("unflatten: sizes must be non-empty")
    try:
        split = infer_size(tuple(sizes), shape[dim])
    except RuntimeError as error:
        if "is invalid for input" not in str(error):
            raise RuntimeError(f"unflatten got an unexpected error:\n{error}") from None
        raise RuntimeError(
            f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {dim} ({shape[dim]}) in the "
            "input tensor"
        ) from None
    return view(input, (*shape[:dim], *split, *shape[dim + 1 :]))


@composite()
def ravel(input: Tensor) -> Tensor:
    """All elements in one dimension, in row-major order.

    >>> import autogradkit as torch
    >>> torch.tensor([[1, 2], [3, 4]]).t().ravel()
    tensor([1, 3, 2, 4])
    """
    return view(input.contiguous(), (-1,))  # type: ignore[attr-defined]


@view_op(sizes="size", function=False, samples=lambda t: [(t(3, 1), (2, 3, 4)), (t(2, 3), (-1, 3)), (t(), (2,))])
def expand(self: Array, size: Ints, *, implicit: bool = False) -> Array:
    """A view in which dimensions of size 1 are repeated, with stride 0; −1 keeps a size.

    >>> import autogradkit as torch
    >>> torch.tensor([[1], [2]]).expand(2, 3)
    tensor([[1, 1, 1],
            [2, 2, 2]])
    """
    new = len(size) - self.ndim
    if new < 0:
        raise RuntimeError(
            f"expand({from_numpy_dtype(self.dtype).tensor_type}{{{list(self.shape)}}}, size={list(size)}): the number of "
            f"sizes provided ({len(size)}) must be greater or equal to the number of dimensions in the tensor ({self.ndim})"
        )
    shape: list[int] = []
    for dim in range(len(size) - 1, -1, -1):
        wanted, own = size[dim], 1 if dim < new else self.shape[dim - new]
        if wanted == -1:
            if dim < new:
                raise RuntimeError(
                    f"The expanded size of the tensor (-1) isn't allowed in a leading, non-existing dimension {dim}"
                )
            wanted = own
        if own not in (wanted, 1):
            raise RuntimeError(
                f"The expanded size of the tensor ({wanted}) must match the existing size ({own}) at non-singleton "
                f"dimension {dim}.  Target sizes: {list(size)}.  Tensor sizes: {list(self.shape)}"
            )
        shape.insert(0, wanted)
    return restrided(self, shape, expand_strides(self.shape, element_strides(self), tuple(shape)))


expand.vjp(self=lambda g, self_sym_sizes: g)


@composite(function=False)
def expand_as(self: Tensor, other: Tensor) -> Tensor:
    """The tensor expanded to the shape of `other`.

    >>> import autogradkit as torch
    >>> torch.tensor([1, 2]).expand_as(torch.zeros(2, 2))
    tensor([[1, 2],
            [1, 2]])
    """
    return expand(self, other.shape)


@composite()
def broadcast_to(input: Tensor, *size: Any) -> Tensor:
    """The tensor expanded to `size`.

    >>> import autogradkit as torch
    >>> torch.broadcast_to(torch.tensor([1, 2]), (2, 2)).stride()
    (0, 1)
    """
    return expand(input, *size)
