"""Views on parts of a tensor: select, slice, narrow, split, unbind, diagonal, unfold, and what undoes them in backward.

Rests on op and shape. Indexing (indexing.py) is made of these.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from autogradkit._ops import k
from autogradkit._ops.op import Array, composite, op
from autogradkit._ops.shape import Ints, restrided
from autogradkit._ops.view_op import view_op
from autogradkit.core.strides import element_strides, wrap_dim
from autogradkit.core.tensor import Tensor

Whole = slice(None)


# -- one element, or a range of them, along a dimension ----------------------------------------------------------------


@view_op(samples=lambda t: [(t(2, 3), 1, 2), (t(2, 3), 0, -1), (t(4), 0, 1)])
def select(self: Array, dim: int, index: int) -> Array:
    """A view on place `index` of dimension `dim`, without that dimension.

    >>> import autogradkit as torch
    >>> torch.select(torch.tensor([[1, 2], [3, 4]]), 1, 0)
    tensor([1, 3])
    """
    if not self.ndim:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    dim = wrap_dim(dim, self.ndim)
    size = self.shape[dim]
    if not -size <= index < size:
        raise IndexError(
            f"select(): index {index} out of range for tensor of size {list(self.shape)} at dimension {dim}"
        )
    return self[(*(Whole,) * dim, index, ...)]


@op(
    name="select_backward", node="SelectBackwardBackward0", method=False, function=False,
    samples=lambda t: [(t(3), (3, 2), 1, 0), (t(4, 3), (4, 2, 3), -2, -1), (t(), (2,), 0, 1)],
)  # fmt: skip
def select_backward(grad_output: Array, input_sizes: Ints, dim: int, index: int) -> Array:
    """Zeros of `input_sizes` with `grad_output` where `select` took from."""
    whole = np.zeros(input_sizes, grad_output.dtype)
    whole[(*(Whole,) * wrap_dim(dim, whole.ndim), index)] = grad_output
    return whole


select.vjp(self=lambda g, self_sym_sizes, dim, index: k.select_backward(g, self_sym_sizes, dim, index))
select_backward.vjp(grad_output=lambda g, dim, index: k.select(g, dim, index))


@view_op(
    name="slice", method=False, function=False,
    samples=lambda t: [(t(4, 3), 0, 1, 3), (t(2, 7), -1, 1, 6, 2), (t(3), 0, 2, 1)],
)  # fmt: skip
def slice_(self: Array, dim: int = 0, start: int = 0, end: int = sys.maxsize, step: int = 1) -> Array:
    """A view on every `step`-th place of dimension `dim` from `start` to before `end`."""
    if not self.ndim:
        raise IndexError("slice() cannot be applied to a 0-dim tensor.")
    return self[(*(Whole,) * wrap_dim(dim, self.ndim), slice(start, end, step))]


@op(
    name="slice_backward", node="SliceBackwardBackward0", method=False, function=False,
    samples=lambda t: [(t(2, 3), (4, 3), 0, 1, 3, 1), (t(2, 3), (2, 7), -1, 1, 6, 2), (t(0), (3,), 0, 1, 1, 1)],
)  # fmt: skip
def slice_backward(grad_output: Array, input_sizes: Ints, dim: int, start: int, end: int, step: int) -> Array:
    """Zeros of `input_sizes` with `grad_output` where `slice` took from."""
    whole = np.zeros(input_sizes, grad_output.dtype)
    whole[(*(Whole,) * wrap_dim(dim, whole.ndim), slice(start, end, step))] = grad_output
    return whole


slice_.vjp(
    self=lambda g, self_sym_sizes, dim, start, end, step: k.slice_backward(g, self_sym_sizes, dim, start, end, step)
)
slice_backward.vjp(grad_output=lambda g, dim, start, end, step: k.slice(g, dim, start, end, step))


@composite()
def narrow(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """A view on `length` places of dimension `dim` from `start` on.

    >>> import autogradkit as torch
    >>> torch.arange(5).narrow(0, 1, 3)
    tensor([1, 2, 3])
    """
    if not input._array.ndim:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    if length < 0:
        raise RuntimeError("narrow(): length must be non-negative.")
    size = input._array.shape[wrap_dim(dim, input._array.ndim)]
    start = int(start)
    if not -size <= start <= size:
        raise IndexError(f"start out of range (expected to be in range of [{-size}, {size}], but got {start})")
    start += size if start < 0 else 0
    if start + length > size:
        raise RuntimeError(f"start ({start}) + length ({length}) exceeds dimension size ({size}).")
    return slice_(input, dim, start, start + length, 1)


# -- a tensor taken apart ----------------------------------------------------------------------------------------------


def _defined(gradients: Sequence[Any], shapes: Sequence[Ints]) -> list[Any]:
    """The gradients of several outputs, zeros standing for those that nobody used."""
    known = next(g for g in gradients if g is not None)
    return [k.new_zeros(known, shape) if g is None else g for g, shape in zip(gradients, shapes, strict=True)]


@op(view=True, samples=lambda t: [(t(2, 3), 1), (t(3),)])
def unbind(self: Array, dim: int = 0) -> tuple[Array, ...]:
    """Views on each place of dimension `dim`, without that dimension.

    >>> import autogradkit as torch
    >>> torch.tensor([[1, 2], [3, 4]]).unbind(1)
    (tensor([1, 3]), tensor([2, 4]))
    """
    if not self.ndim:
        raise IndexError("Dimension specified as 0 but tensor has no dimensions")
    before = (Whole,) * wrap_dim(dim, self.ndim)
    return tuple(self[(*before, index, ...)] for index in range(self.shape[len(before)]))


def _unbind_backward(g: Sequence[Any], dim: int) -> Any:
    known = next(each for each in g if each is not None)
    return k.stack(_defined(g, [known.shape] * len(g)), dim)


unbind.vjp(self=_unbind_backward)


def _cut(self: Array, lengths: Sequence[int], dim: int) -> tuple[Array, ...]:
    before = (Whole,) * dim
    ends = np.cumsum([0, *lengths]).tolist()
    return tuple(self[(*before, slice(start, end))] for start, end in itertools.pairwise(ends))


def _split_lengths(size: int, split_size: int) -> list[int]:
    if split_size == 0:
        return [0]
    count = max((size + split_size - 1) // split_size, 1)
    return [split_size] * (count - 1) + [size - split_size * (count - 1)]


@op(
    name="split_evenly", public="split", node="SplitBackward0", view=True, method=False, function=False,
    samples=lambda t: [(t(5, 2), 2), (t(2, 4), 3, -1)],
)  # fmt: skip
def split_evenly(self: Array, split_size: int, dim: int = 0) -> tuple[Array, ...]:
    """Views on consecutive parts of `split_size` places of dimension `dim`, the last one perhaps shorter."""
    if not self.ndim:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    if split_size < 0:
        raise RuntimeError(f"split expects split_size be non-negative, but got split_size={split_size}")
    dim = wrap_dim(dim, self.ndim)
    size = self.shape[dim]
    if split_size == 0 and size:
        raise RuntimeError(f"split_size can only be 0 if dimension size is 0, but got dimension size of {size}")
    return _cut(self, _split_lengths(size, split_size), dim)


@op(view=True, samples=lambda t: [(t(5, 2), (2, 3)), (t(2, 4), (1, 0, 3), -1)])
def split_with_sizes(self: Array, split_sizes: Ints, dim: int = 0) -> tuple[Array, ...]:
    """Views on consecutive parts of dimension `dim` that have these sizes.

    >>> import autogradkit as torch
    >>> torch.arange(3).split_with_sizes((1, 2))
    (tensor([0]), tensor([1, 2]))
    """
    if not self.ndim:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    dim = wrap_dim(dim, self.ndim)
    if any(size < 0 for size in split_sizes):
        raise RuntimeError(
            "split_with_sizes expects split_sizes have only non-negative entries, but got "
            f"split_sizes={list(split_sizes)}"
        )
    if sum(split_sizes) != self.shape[dim]:
        raise RuntimeError(
            f"split_with_sizes expects split_sizes to sum exactly to {self.shape[dim]} (input tensor's size at dimension "
            f"{dim}), but got split_sizes={list(split_sizes)}"
        )
    return _cut(self, split_sizes, dim)


def _split_backward(g: Sequence[Any], self_sym_sizes: Ints, split_size: int, dim: int) -> Any:
    return _joined(g, self_sym_sizes, _split_lengths(self_sym_sizes[dim], split_size), dim)


def _joined(g: Sequence[Any], sizes: Ints, lengths: Sequence[int], dim: int) -> Any:
    dim = wrap_dim(dim, len(sizes))
    return k.cat(_defined(g, [(*sizes[:dim], length, *sizes[dim + 1 :]) for length in lengths]), dim)


split_evenly.vjp(self=_split_backward)
split_with_sizes.vjp(self=lambda g, self_sym_sizes, split_sizes, dim: _joined(g, self_sym_sizes, split_sizes, dim))


@composite()
def split(tensor: Tensor, split_size_or_sections: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Views on consecutive parts of dimension `dim`: of one size (the last perhaps shorter), or of the listed sizes.

    The parts are views of one node and may not be edited in place.

    >>> import autogradkit as torch
    >>> torch.arange(5).split(2)
    (tensor([0, 1]), tensor([2, 3]), tensor([4]))
    """
    if isinstance(split_size_or_sections, list | tuple):
        return split_with_sizes(tensor, tuple(split_size_or_sections), dim)
    return split_evenly(tensor, split_size_or_sections, dim)


@composite()
def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most `chunks` views on parts of equal size (the last perhaps shorter) of dimension `dim`.

    >>> import autogradkit as torch
    >>> torch.arange(5).chunk(2)
    (tensor([0, 1, 2]), tensor([3, 4]))
    """
    if not input._array.ndim:
        raise RuntimeError("chunk expects at least a 1-dimensional tensor")
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    size = input._array.shape[wrap_dim(dim, input._array.ndim)]
    part = (size + chunks - 1) // chunks
    if part == 0:
        return split_with_sizes(input, (0,) * chunks, dim)
    return split_evenly(input, part, dim)


@composite()
def tensor_split(input: Tensor, indices_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Views on parts of dimension `dim`: so many of nearly equal size, or cut at the listed places.

    >>> import autogradkit as torch
    >>> torch.arange(5).tensor_split(2), torch.arange(5).tensor_split((1, 3))
    ((tensor([0, 1, 2]), tensor([3, 4])), (tensor([0]), tensor([1, 2]), tensor([3, 4])))
    """
    if not input._array.ndim:
        raise RuntimeError("tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims")
    dim = wrap_dim(dim, input._array.ndim)
    size = input._array.shape[dim]
    if isinstance(indices_or_sections, Tensor):
        indices_or_sections = indices_or_sections.tolist()
    if isinstance(indices_or_sections, int):
        if indices_or_sections <= 0:
            raise RuntimeError(f"number of sections must be larger than 0, got {indices_or_sections}")
        least, longer = divmod(size, indices_or_sections)
        lengths = [least + 1] * longer + [least] * (indices_or_sections - longer)
        cuts = np.cumsum(lengths)[:-1].tolist()
    else:
        cuts = list(indices_or_sections)
    return tuple(slice_(input, dim, start, end, 1) for start, end in zip([0, *cuts], [*cuts, size], strict=True))


def _split_along(name: str, dim: int, least: int) -> None:
    def split_here(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
        ndim = input._array.ndim
        if ndim < least:
            raise RuntimeError(
                f"torch.{name} requires a tensor with at least {least} dimension, but got a tensor with "
                f"{ndim} dimensions!"
            )
        along = 0 if ndim == 1 else dim
        size = input._array.shape[along]
        if isinstance(indices_or_sections, int) and (not indices_or_sections or size % indices_or_sections):
            raise RuntimeError(
                f"torch.{name} attempted to split along dimension {along}, but the size of the dimension {size} is not "
                f"divisible by the split_size {indices_or_sections}!"
            )
        return tensor_split(input, indices_or_sections, along)

    split_here.__name__ = split_here.__qualname__ = name
    split_here.__doc__ = f"""Views on equal parts of dimension {dim}, or on its parts between the listed places.

    >>> import autogradkit as torch
    >>> [part.numel() for part in torch.{name}(torch.zeros(2, 2, 2), 2)]
    [4, 4]
    """
    composite()(split_here)


_split_along("hsplit", 1, 1)
_split_along("vsplit", 0, 2)
_split_along("dsplit", 2, 3)


# -- diagonals and windows ---------------------------------------------------------------------------------------------


@view_op(samples=lambda t: [(t(3, 3),), (t(2, 3, 4), 1, 0, 2), (t(3, 2), -1)])
def diagonal(self: Array, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Array:
    """A view on the diagonal of dimensions `dim1` and `dim2`, as the last dimension.

    >>> import autogradkit as torch
    >>> torch.tensor([[1, 2], [3, 4]]).diagonal()
    tensor([1, 4])
    """
    first, second = wrap_dim(dim1, self.ndim), wrap_dim(dim2, self.ndim)
    if first == second:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    strides = element_strides(self)
    rows, columns = self.shape[first] - max(-offset, 0), self.shape[second] - max(offset, 0)
    length = max(min(rows, columns), 0)
    start = max(offset, 0) * strides[second] + max(-offset, 0) * strides[first] if length else 0
    rest = [dim for dim in range(self.ndim) if dim not in (first, second)]
    shape = (*(self.shape[dim] for dim in rest), length)
    return restrided(self, shape, (*(strides[dim] for dim in rest), strides[first] + strides[second]), start)


@op(
    name="diagonal_backward", node="DiagonalBackwardBackward0", method=False, function=False,
    samples=lambda t: [(t(3), (3, 3), 0, 0, 1), (t(3, 2), (2, 3, 4), 1, 0, 2), (t(2), (3, 2), -1, -2, -1)],
)  # fmt: skip
def diagonal_backward(grad_output: Array, input_sizes: Ints, offset: int, dim1: int, dim2: int) -> Array:
    """Zeros of `input_sizes` with `grad_output` on the diagonal."""
    whole = np.zeros(input_sizes, grad_output.dtype)
    diagonal.op.kernel(whole, offset, dim1, dim2)[...] = grad_output
    return whole


diagonal.vjp(
    self=lambda g, self_sym_sizes, offset, dim1, dim2: k.diagonal_backward(g, self_sym_sizes, offset, dim1, dim2)
)
diagonal_backward.vjp(grad_output=lambda g, offset, dim1, dim2: k.diagonal(g, offset, dim1, dim2))


@view_op(function=False, samples=lambda t: [(t(5), 0, 2, 1), (t(2, 6), 1, 3, 2)])
def unfold(self: Array, dimension: int, size: int, step: int) -> Array:
    """A view on all windows of `size` places of a dimension, `step` apart; the window is the last dimension.

    >>> import autogradkit as torch
    >>> torch.arange(4).unfold(0, 2, 1)
    tensor([[0, 1],
            [1, 2],
            [2, 3]])
    """
    dim = wrap_dim(dimension, self.ndim)
    length, stride = (self.shape[dim], element_strides(self)[dim]) if self.ndim else (1, 1)
    if size < 0:
        raise RuntimeError(f"size is {size} but must be >= 0")
    if size > length:
        raise RuntimeError(f"maximum size for tensor at dimension {dim} is {length} but size is {size}")
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")
    shape, strides = [*self.shape, size], [*element_strides(self), stride]
    if self.ndim:
        shape[dim], strides[dim] = (length - size) // step + 1, stride * step
    return restrided(self, shape, strides)


@op(
    name="unfold_backward", node="UnfoldBackwardBackward0", method=False, function=False,
    samples=lambda t: [(t(4, 2), (5,), 0, 2, 1), (t(2, 2, 3), (2, 6), 1, 3, 2)],
)  # fmt: skip
def unfold_backward(grad_in: Array, input_sizes: Ints, dim: int, size: int, step: int) -> Array:
    """Zeros of `input_sizes` to which each window's gradient is added where the window lay."""
    whole = np.zeros(input_sizes, grad_in.dtype)
    if not whole.ndim:
        return grad_in.sum(dtype=grad_in.dtype).reshape(())
    windows = np.moveaxis(unfold.op.kernel(whole, dim, size, step), -1, 0)
    for window, gradient in zip(windows, np.moveaxis(grad_in, -1, 0), strict=True):
        window += gradient
    return whole


unfold.vjp(
    self=lambda g, self_sym_sizes, dimension, size, step: k.unfold_backward(g, self_sym_sizes, dimension, size, step)
)
unfold_backward.vjp(grad_in=lambda g, dim, size, step: k.unfold(g, dim, size, step))
