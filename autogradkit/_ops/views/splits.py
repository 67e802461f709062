"""A tensor taken apart into several views: unbind, split, chunk, tensor_split and their kin.

Rests on declare and parts. The views come from one node and may not be edited in place.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from autogradkit._ops.declare import function, k, op, python_function, python_method
from autogradkit._ops.declare.kinds import Array, Ints, Sizes, SymInt
from autogradkit._ops.views.parts import part, slice_
from autogradkit.core.dtype import SCALAR_TYPE_NAMES
from autogradkit.core.frames import shorten
from autogradkit.core.shapes import wrap_dim
from autogradkit.core.tensor import Tensor

Shape = tuple[int, ...]


def _defined(gradients: Sequence[Any], shapes: Sequence[Ints]) -> list[Any]:
    """The gradients of several outputs, zeros standing for those that nobody used."""
    known = next(g for g in gradients if g is not None)
    return [k.new_zeros(known, shape) if g is None else g for g, shape in zip(gradients, shapes, strict=True)]


def _unbind_backward(g: Sequence[Any], dim: int) -> Any:
    known = next(each for each in g if each is not None)
    return k.stack(_defined(g, [known.shape] * len(g)), dim)


@op(
    view=True,
    samples=lambda t: [(t(2, 3), 1), (t(3),)],
    vjp={"self": _unbind_backward},
    rule="∂self = ∂ of every part, stacked",
)
def unbind(self: Array, dim: int = 0) -> tuple[Array, ...]:
    """Views on each place of dimension `dim`, without that dimension.

    >>> import autogradkit as torch
    >>> torch.tensor([[1, 2], [3, 4]]).unbind(1)
    (tensor([1, 3]), tensor([2, 4]))
    """
    dim = wrap_dim(dim, self.ndim)
    if not self.ndim:
        raise IndexError("Dimension specified as 0 but tensor has no dimensions")
    return tuple([part(self, dim, index) for index in range(self.shape[dim])])


def _cut(self: Array, lengths: Sequence[int], dim: int) -> tuple[Array, ...]:
    ends = itertools.accumulate(lengths, initial=0)
    return tuple([part(self, dim, slice(start, end)) for start, end in itertools.pairwise(ends)])


def _split_lengths(size: int, split_size: int) -> list[int]:
    if split_size == 0:
        return [0]
    count = max((size + split_size - 1) // split_size, 1)
    return [split_size] * (count - 1) + [size - split_size * (count - 1)]


def _split_backward(g: Sequence[Any], self_sym_sizes: Ints, split_size: int, dim: int) -> Any:
    return _joined(g, self_sym_sizes, _split_lengths(self_sym_sizes[dim], split_size), dim)


def _joined(g: Sequence[Any], sizes: Ints, lengths: Sequence[int], dim: int) -> Any:
    dim = wrap_dim(dim, len(sizes))
    return k.cat(_defined(g, [(*sizes[:dim], length, *sizes[dim + 1 :]) for length in lengths]), dim)


@op(
    name="split",
    variants="",
    view=True,
    samples=lambda t: [(t(5, 2), 2), (t(2, 4), 3, -1)],
    vjp={"self": _split_backward},
    rule="∂self = ∂ of every part, joined",
)
def split_evenly(self: Array, split_size: SymInt, dim: int = 0) -> tuple[Array, ...]:
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


@op(
    view=True,
    samples=lambda t: [(t(5, 2), (2, 3)), (t(2, 4), (1, 0, 3), -1)],
    vjp={"self": lambda g, self_sym_sizes, split_sizes, dim: _joined(g, self_sym_sizes, split_sizes, dim)},
    rule="∂self = ∂ of every part, joined",
)
def split_with_sizes(self: Array, split_sizes: Sizes, dim: int = 0) -> tuple[Array, ...]:
    """Views on consecutive parts of dimension `dim` that have these sizes.

    >>> import autogradkit as torch
    >>> torch.arange(3).split_with_sizes((1, 2))
    (tensor([0]), tensor([1, 2]))
    """
    if not self.ndim:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    given, dim = dim, wrap_dim(dim, self.ndim)
    if any(size < 0 for size in split_sizes):
        raise RuntimeError(
            "split_with_sizes expects split_sizes have only non-negative entries, but got "
            f"split_sizes={list(split_sizes)}"
        )
    if sum(split_sizes) != self.shape[dim]:
        raise RuntimeError(
            f"split_with_sizes expects split_sizes to sum exactly to {self.shape[dim]} (input tensor's size at dimension "
            f"{given}), but got split_sizes={list(split_sizes)}"
        )
    return _cut(self, split_sizes, dim)


# PyTorch writes `split` in Python: a form that both accept stands behind it, and refuses what is neither an int nor a list.
_split = function("split", variants="")


@_split.overload(composition=True)
def _(self: Tensor, split_size: SymInt, dim: int = 0) -> tuple[Any, ...]:
    return split_evenly.straight(self, split_size, dim)


@_split.overload(composition=True)
def _(self: Tensor, split_size: Ints, dim: int = 0) -> tuple[Any, ...]:
    return split_with_sizes(self, split_size, dim)


@python_method("split")
def split_method(self: Tensor, split_size: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Views on consecutive parts of dimension `dim`: of one size (the last perhaps shorter), or of the listed sizes.

    The parts are views of one node and may not be edited in place.

    >>> import autogradkit as torch
    >>> torch.arange(5).split(2)
    (tensor([0, 1]), tensor([2, 3]), tensor([4]))
    """
    try:
        if isinstance(split_size, Tensor):
            split_size = int(split_size) if split_size._array.size == 1 else split_size
        return (
            _split(self, split_size, dim)
            if isinstance(split_size, int)
            else split_with_sizes.owner(self, split_size, dim)
        )
    except BaseException as error:
        shorten(error)
        raise


@python_function()
def split(tensor: Tensor, split_size_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Views on consecutive parts of dimension `dim`: of one size (the last perhaps shorter), or of the listed sizes.

    >>> import autogradkit as torch
    >>> torch.split(torch.arange(3), [1, 2])
    (tensor([0]), tensor([1, 2]))
    """
    return tensor.split(split_size_or_sections, dim)


@op(composition=True)
def chunk(self: Tensor, chunks: int, dim: int = 0) -> tuple[Any, ...]:
    """At most `chunks` views on parts of equal size (the last perhaps shorter) of dimension `dim`.

    >>> import autogradkit as torch
    >>> torch.arange(5).chunk(2)
    (tensor([0, 1, 2]), tensor([3, 4]))
    """
    if not self._array.ndim:
        raise RuntimeError("chunk expects at least a 1-dimensional tensor")
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    size = self._array.shape[wrap_dim(dim, self._array.ndim)]
    part = (size + chunks - 1) // chunks
    if part == 0:
        return split_with_sizes(self, (0,) * chunks, dim)
    return split_evenly.straight(self, part, dim)


tensor_split = function("tensor_split")


@tensor_split.overload(composition=True)
def _(self: Tensor, indices: Ints, dim: int = 0) -> tuple[Any, ...]:
    """Views on parts of dimension `dim`: so many of nearly equal size, or cut at the listed places.

    >>> import autogradkit as torch
    >>> torch.arange(5).tensor_split(2), torch.arange(5).tensor_split((1, 3))
    ((tensor([0, 1, 2]), tensor([3, 4])), (tensor([0]), tensor([1, 2]), tensor([3, 4])))
    """
    return _split_at(self, indices, dim)


@tensor_split.overload(composition=True)
def _(self: Tensor, tensor_indices_or_sections: Tensor, dim: int = 0) -> tuple[Any, ...]:
    name, numbers = "tensor_indices_or_sections", tensor_indices_or_sections._array
    _require_dimensions(self)
    if numbers.dtype != np.int64:
        kind = SCALAR_TYPE_NAMES[tensor_indices_or_sections.dtype]
        raise RuntimeError(f"tensor_split expected {name} to have dtype of long, but got {kind}")
    if numbers.ndim > 1:
        raise RuntimeError(
            f"tensor_split expected {name} to be a zero-dimensional or one-dimensional tensor, but got a tensor with "
            f"{numbers.ndim} dims"
        )
    return _split_at(self, numbers.tolist(), dim)


@tensor_split.overload(composition=True)
def _(self: Tensor, sections: SymInt, dim: int = 0) -> tuple[Any, ...]:
    return _split_at(self, sections, dim)


def _require_dimensions(input: Tensor) -> None:
    if not input._array.ndim:
        raise RuntimeError("tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims")


def _split_at(input: Any, indices_or_sections: Any, dim: int) -> tuple[Any, ...]:
    _require_dimensions(input)
    dim = wrap_dim(dim, input._array.ndim)
    size = input._array.shape[dim]
    if isinstance(indices_or_sections, int):
        if indices_or_sections <= 0:
            raise RuntimeError(f"number of sections must be larger than 0, got {indices_or_sections}")
        least, longer = divmod(size, indices_or_sections)
        lengths = [least + 1] * longer + [least] * (indices_or_sections - longer)
        cuts = np.cumsum(lengths)[:-1].tolist()
    else:
        cuts = list(indices_or_sections)
    return tuple(slice_(input, dim, start, end, 1) for start, end in zip([0, *cuts], [*cuts, size], strict=True))


def _declare_split_along(name: str, dim: int, least: int) -> None:
    made = function(name)

    def cut(tensor: Any, indices_or_sections: Any) -> Any:
        ndim = tensor._array.ndim
        if ndim < least:
            raise RuntimeError(
                f"torch.{name} requires a tensor with at least {least} dimension, but got a tensor with "
                f"{ndim} dimensions!"
            )
        along = 0 if ndim == 1 else dim
        size = tensor._array.shape[along]
        if isinstance(indices_or_sections, int) and (not indices_or_sections or size % indices_or_sections):
            raise RuntimeError(
                f"torch.{name} attempted to split along dimension {along}, but the size of the dimension {size} is not "
                f"divisible by the split_size {indices_or_sections}!"
            )
        return _split_at(tensor, indices_or_sections, along)

    @made.overload(composition=True)
    def by_sections(self: Tensor, sections: int) -> tuple[Any, ...]:
        return cut(self, sections)

    @made.overload(composition=True)
    def by_indices(self: Tensor, indices: Ints) -> tuple[Any, ...]:
        return cut(self, indices)

    by_sections.kernel.__doc__ = f"""Views on equal parts of dimension {dim}, or on its parts between the listed places.

    >>> import autogradkit as torch
    >>> [part.numel() for part in torch.{name}(torch.zeros(2, 2, 2), 2)]
    [4, 4]
    """


_declare_split_along("hsplit", 1, 1)
_declare_split_along("vsplit", 0, 2)
_declare_split_along("dsplit", 2, 3)
