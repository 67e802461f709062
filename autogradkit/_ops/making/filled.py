"""Tensors of one value: zeros, ones, empty, full, those like another tensor, and the methods `new_zeros` and kin.

Rests on declare and options.
"""

from __future__ import annotations

from typing import Any

from autogradkit._ops.declare import op
from autogradkit._ops.declare.kinds import Array, MemoryFormat, Options, OutOptions, Scalar, Sizes
from autogradkit._ops.making.options import (
    dtype_in,
    made,
    nothing_in,
    ones_in,
    require_sizes,
    strides_in,
    strides_like,
    zeros_in,
)
from autogradkit._ops.making.scalars import scalar_array
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.dtype import dtype_of_number
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
    return made(size, zeros_in, options, name="zeros")


@op(factory=True, variants="function")
def ones(size: Sizes, **options: OutOptions) -> Any:
    """Ones of the given sizes.

    >>> import autogradkit as torch
    >>> torch.ones(2)
    tensor([1., 1.])
    """
    return made(size, ones_in, options, name="ones")


@op(factory=True, variants="function")
def empty(size: Sizes, *, memory_format: MemoryFormat | None = None, **options: OutOptions) -> Any:
    """Uninitialised memory of the given sizes.

    >>> import autogradkit as torch
    >>> torch.empty(2, 3).shape
    torch.Size([2, 3])
    """
    if memory_format is None:
        return made(size, nothing_in, options, name="empty", resizes=True)
    require_sizes(size)
    return made(size, nothing_in, options, strides=strides_in(memory_format, size), name="empty", resizes=True)


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
    require_sizes(size)
    filling = scalar_array(value, dtype_in(options, default))
    return made(size, lambda array: array.fill(filling), options, default, strides, name=name)


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
    return made(array.shape, fill, options, self.dtype, strides_like(array, format))


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
def new_full(self: Array, size: Sizes, fill_value: Scalar, **options: Options) -> Any:
    """As `autogradkit.full`, with this tensor's dtype unless another is given."""
    return _new_full(self, size, fill_value, options)


def _new(self: Any, size: Sizes, fill: Any, options: dict[str, Any]) -> Tensor:
    return made(size, fill, options, self.dtype)


def _new_full(self: Any, size: Sizes, value: Any, options: dict[str, Any]) -> Tensor:
    return _full(size, value, options, self.dtype)
