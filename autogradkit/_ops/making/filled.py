"""Tensors of one value: zeros, ones, empty, full, those like another tensor, and the methods `new_zeros` and kin.

Rests on declare and options.
"""

from __future__ import annotations

from typing import Any

from autogradkit._ops.declare import op
from autogradkit._ops.declare.kinds import Array, Ints, MemoryFormat, Options, OutOptions, Scalar, Sizes
from autogradkit._ops.making.options import (
    dtype_in,
    filled_tensor,
    nothing_in,
    ones_in,
    require_sizes,
    require_unpinned,
    strides_in,
    strides_like,
    zeros_in,
)
from autogradkit._ops.making.scalars import scalar_array
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.dtype import dtype_of_number
from autogradkit.core.sparse import SparseTensor
from autogradkit.core.tensor import Tensor

# -- of given sizes ----------------------------------------------------------------------------------------------------


@op(factory=True, variants="function")
def zeros(size: Sizes, **options: OutOptions) -> Any:
    """Zeros of the given sizes.

    >>> import autogradkit as torch
    >>> torch.zeros(2, 2)
    tensor([[0., 0.],
            [0., 0.]])
    """
    if size and min(size) < 0 and options["out"] is None:
        raise RuntimeError("zeros: Dimension size must be non-negative.")
    return filled_tensor(size, zeros_in, options, name="zeros")


@op(factory=True, variants="function")
def ones(size: Sizes, **options: OutOptions) -> Any:
    """Ones of the given sizes.

    >>> import autogradkit as torch
    >>> torch.ones(2)
    tensor([1., 1.])
    """
    return filled_tensor(size, ones_in, options, name="ones")


@op(factory=True, variants="function")
def empty(size: Sizes, *, memory_format: MemoryFormat | None = None, **options: OutOptions) -> Any:
    """Uninitialised memory of the given sizes.

    >>> import autogradkit as torch
    >>> torch.empty(2, 3).shape
    torch.Size([2, 3])
    """
    if memory_format is None:
        return filled_tensor(size, nothing_in, options, name="empty", resizes=True)
    if options.get("out") is not None:
        raise RuntimeError("'memory_format' argument is incompatible with 'out' tensor argument")
    require_sizes(size)
    return filled_tensor(size, nothing_in, options, strides=strides_in(memory_format, size), name="empty", resizes=True)


@op(factory=True, variants="function")
def empty_strided(size: Sizes, stride: Sizes, **options: Options) -> Any:
    """Uninitialised memory of the given sizes and strides.

    >>> import autogradkit as torch
    >>> torch.empty_strided((2, 3), (1, 2)).stride()
    (1, 2)
    """
    return _strided(size, stride, options)


@op(factory=True, variants="function")
def empty_permuted(size: Sizes, physical_layout: Ints, **options: Options) -> Any:
    """Uninitialised memory of the given sizes, whose dimensions lie in memory in the given order.

    >>> import autogradkit as torch
    >>> torch.empty_permuted((2, 3, 4), (0, 2, 1)).stride()
    (12, 1, 3)
    """
    if len(size) != len(physical_layout):
        raise RuntimeError(
            "Number of dimensions in size does not match the length of the physical_layout; i.e. len(size) = "
            f"{len(size)} is not equal to len(physical_layout) = {len(physical_layout)}"
        )
    strides = [0] * len(size)
    step = 1
    for place, dim in reversed(list(enumerate(physical_layout))):
        if not 0 <= dim < len(size):
            raise RuntimeError(
                f"Dimension out of range (expected to be between 0 and {len(size) - 1}, but got {dim} at index {place}).  "
                "NB: negative dims not currently supported; file an issue if you want it."
            )
        if strides[dim]:
            raise RuntimeError("Duplicate dim not allowed")
        strides[dim] = step
        step *= max(size[dim], 1)
    return _strided(size, tuple(strides), options)


def _strided(size: Sizes, stride: Sizes, options: dict[str, Any], default: Dtype | None = None) -> Tensor:
    if len(size) != len(stride):
        raise RuntimeError(
            f"dimensionality of sizes ({len(size)}) must match dimensionality of strides ({len(stride)})"
        )
    require_sizes(size)
    if any(step < 0 for step in stride):
        raise RuntimeError(f"Storage size calculation overflowed with sizes={list(size)} and strides={list(stride)}")
    return filled_tensor(size, nothing_in, options, default, stride)


@op(factory=True, variants="function")
def full(size: Sizes, fill_value: Scalar, **options: OutOptions) -> Any:
    """A tensor of the given sizes with every element `fill_value`, whose type gives the dtype.

    Raises RuntimeError where the dtype cannot hold the value.

    >>> import autogradkit as torch
    >>> torch.full((2,), 7)
    tensor([7, 7])
    """
    return _full(size, fill_value, options, dtype_of_number(fill_value), name="full")


def _full(
    size: Sizes, value: Any, options: dict[str, Any], default: Dtype, strides: Any = None, *, name: str = ""
) -> Tensor:
    require_unpinned(options)
    require_sizes(size)
    filling = scalar_array(value, dtype_in(options, default))
    return filled_tensor(size, lambda array: array.fill(filling), options, default, strides, name=name)


# -- like another tensor -----------------------------------------------------------------------------------------------


@op(factory=True, variants="function")
def zeros_like(self: Array, *, memory_format: MemoryFormat | None = None, **options: Options) -> Any:
    """Zeros with the sizes and dtype of `input`.

    >>> import autogradkit as torch
    >>> torch.zeros_like(torch.ones(2, 3)).shape
    torch.Size([2, 3])
    """
    return _like(self, zeros_in, memory_format, options)


@op(factory=True, variants="function")
def ones_like(self: Array, *, memory_format: MemoryFormat | None = None, **options: Options) -> Any:
    """Ones with the sizes and dtype of `input`.

    >>> import autogradkit as torch
    >>> torch.ones_like(torch.zeros(2))
    tensor([1., 1.])
    """
    return _like(self, ones_in, memory_format, options)


@op(factory=True, variants="function")
def empty_like(self: Array, *, memory_format: MemoryFormat | None = None, **options: Options) -> Any:
    """Uninitialised memory with the sizes and dtype of `input`.

    >>> import autogradkit as torch
    >>> torch.empty_like(torch.ones(2, 3)).shape
    torch.Size([2, 3])
    """
    return _like(self, nothing_in, memory_format, options)


def _like(self: Any, fill: Any, format: Any, options: dict[str, Any]) -> Tensor:
    array = self._array
    if self.__class__ is SparseTensor:
        return _new(self, array.shape, fill, options if options["layout"] else {**options, "layout": self.layout})
    return filled_tensor(array.shape, fill, options, self.dtype, strides_like(array, format))


@op(factory=True, variants="function")
def full_like(self: Array, fill_value: Scalar, *, memory_format: MemoryFormat | None = None, **options: Options) -> Any:
    """A tensor with the sizes and dtype of `input` and every element `fill_value`.

    >>> import autogradkit as torch
    >>> torch.full_like(torch.ones(2), 7)
    tensor([7., 7.])
    """
    return _full_like(self, fill_value, memory_format, options)


def _full_like(self: Any, value: Any, format: Any, options: dict[str, Any]) -> Tensor:
    array = self._array
    return _full(array.shape, value, options, self.dtype, strides_like(array, format))


# -- methods: of given sizes, in the tensor's dtype --------------------------------------------------------------------


@op(factory=True, variants="method")
def new_zeros(self: Array, size: Sizes, **options: Options) -> Any:
    """As `autogradkit.zeros`, with this tensor's dtype unless another is given."""
    return _new(self, size, zeros_in, options)


@op(factory=True, variants="method")
def new_ones(self: Array, size: Sizes, **options: Options) -> Any:
    """As `autogradkit.ones`, with this tensor's dtype unless another is given."""
    return _new(self, size, ones_in, options)


@op(factory=True, variants="method")
def new_empty(self: Array, size: Sizes, **options: Options) -> Any:
    """As `autogradkit.empty`, with this tensor's dtype unless another is given."""
    return _new(self, size, nothing_in, options)


@op(factory=True, variants="method")
def new_empty_strided(self: Array, size: Sizes, stride: Sizes, **options: Options) -> Any:
    """As `autogradkit.empty_strided`, with this tensor's dtype unless another is given."""
    return _new_strided(self, size, stride, options)


def _new_strided(self: Any, size: Sizes, stride: Sizes, options: dict[str, Any]) -> Tensor:
    return _strided(size, stride, options, self.dtype)


@op(factory=True, variants="method")
def new_full(self: Array, size: Sizes, fill_value: Scalar, **options: Options) -> Any:
    """As `autogradkit.full`, with this tensor's dtype unless another is given."""
    return _new_full(self, size, fill_value, options)


def _new(self: Any, size: Sizes, fill: Any, options: dict[str, Any]) -> Tensor:
    return filled_tensor(size, fill, {**options, "layout": options["layout"] or self.layout}, self.dtype)


def _new_full(self: Any, size: Sizes, value: Any, options: dict[str, Any]) -> Tensor:
    return _full(size, value, options, self.dtype)
