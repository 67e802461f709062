"""New random tensors: rand, randn, randint, randperm, of given sizes or like another tensor.

Rests on the fills in random.py, which give PyTorch's numbers for PyTorch's seeds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autogradkit._ops.declare import function
from autogradkit._ops.declare.kinds import Array, Generator, MemoryFormat, Options, OutOptions, Sizes, SymInt
from autogradkit._ops.declare.writing import require_no_leaf
from autogradkit._ops.making.fills import (
    fill_between,
    fill_normal,
    fill_uniform,
)
from autogradkit._ops.making.options import dtype_in, filled_tensor, strides_like
from autogradkit._ops.making.scalars import scalar_array
from autogradkit.core import draws
from autogradkit.core.dtype import SCALAR_TYPE_NAMES, bool_, int64
from autogradkit.core.random import default_generator
from autogradkit.core.tensor import Tensor

# -- of given sizes ----------------------------------------------------------------------------------------------------

rand = function("rand", variants="function")


@rand.overload(factory=True, random=True)
def _(size: Sizes, *, generator: Generator | None, **options: OutOptions) -> Any:
    """Numbers drawn evenly from [0, 1).

    >>> import autogradkit as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.rand(2, 3)
    tensor([[0.4963, 0.7682, 0.0885],
            [0.1320, 0.3074, 0.6341]])
    """
    return filled_tensor(size, lambda array: fill_uniform(array, 0, 1, generator), options, name="rand", resizes=True)


@rand.overload(factory=True, random=True)
def _(size: Sizes, **options: OutOptions) -> Any:
    return filled_tensor(size, lambda array: fill_uniform(array, 0, 1, None), options, name="rand")


randn = function("randn", variants="function")


@randn.overload(factory=True, random=True)
def _(size: Sizes, *, generator: Generator | None, **options: OutOptions) -> Any:
    """Normal numbers with mean 0 and variance 1.

    >>> import autogradkit as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.randn(3)
    tensor([ 1.5410, -0.2934, -2.1788])
    """
    return filled_tensor(size, lambda array: fill_normal(array, 0, 1, generator), options, name="randn", resizes=True)


@randn.overload(factory=True, random=True)
def _(size: Sizes, **options: OutOptions) -> Any:
    return filled_tensor(size, lambda array: fill_normal(array, 0, 1, None), options, name="randn", resizes=True)


randint = function("randint", variants="function")


@randint.overload(factory=True, random=True)
def _(high: SymInt, size: Sizes, *, generator: Generator | None, **options: OutOptions) -> Any:
    """Whole numbers from `low` (0 if only one bound is given) up to, without, `high`: `randint([low,] high, size)`.

    >>> import autogradkit as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.randint(10, (5,))
    tensor([4, 9, 3, 0, 3])
    """
    return _between(0, high, size, generator, options)


@randint.overload(factory=True, random=True)
def _(high: SymInt, size: Sizes, **options: OutOptions) -> Any:
    return _between(0, high, size, None, options)


@randint.overload(factory=True, random=True)
def _(low: SymInt, high: SymInt, size: Sizes, *, generator: Generator | None, **options: OutOptions) -> Any:
    return _between(low, high, size, generator, options)


@randint.overload(factory=True, random=True)
def _(low: SymInt, high: SymInt, size: Sizes, **options: OutOptions) -> Any:
    return _between(low, high, size, None, options)


def _between(low: int, high: int, size: Sizes, generator: Any, options: dict[str, Any]) -> Tensor:
    return filled_tensor(size, lambda array: fill_between(array, low, high, generator), options, int64, name="randint")


randperm = function("randperm", variants="function")


@randperm.overload(factory=True, random=True)
def _(n: SymInt, *, generator: Generator | None, **options: OutOptions) -> Any:
    """The numbers from 0 to n - 1 in random order.

    >>> import autogradkit as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.randperm(4)
    tensor([0, 1, 3, 2])
    """
    return _shuffled(n, generator, options)


@randperm.overload(factory=True, random=True)
def _(n: SymInt, **options: OutOptions) -> Any:
    return _shuffled(n, None, options)


def _shuffled(n: int, generator: Any, options: dict[str, Any]) -> Tensor:
    if n < 0 and options["out"] is not None:
        raise RuntimeError(f"n must be non-negative, got{n}")
    if options["out"] is not None:
        require_no_leaf("aten::randperm", options["out"])
    kind = dtype_in(options, int64)
    if kind is bool_ or kind.is_complex:
        raise NotImplementedError(f"\"randperm\" not implemented for '{SCALAR_TYPE_NAMES[kind]}'")
    most = draws.largest_exact(kind.numpy)
    if kind.is_floating_point and n > most + 1:
        shown = str(most + 1) if kind.itemsize == 2 else f"2^{most.bit_length() - 1}+1"
        raise RuntimeError(f"n cannot be greater than {shown} for {SCALAR_TYPE_NAMES[kind]} type.")
    if n - 1 > most:
        raise RuntimeError(f"value cannot be converted to type {kind.name}_t without overflow")

    def fill(array: Array) -> None:
        array[...] = draws.permutation(generator or default_generator, n)

    return filled_tensor((n,), fill, options, int64, name="randperm")


# -- like another tensor -----------------------------------------------------------------------------------------------


def _like(self: Any, fill: Callable[[Array], None], format: Any, options: dict[str, Any]) -> Tensor:
    array = self._array
    return filled_tensor(array.shape, fill, options, self.dtype, strides_like(array, format))


rand_like = function("rand_like", variants="function")


@rand_like.overload(factory=True, random=True)
def _(
    self: Array, *, generator: Generator | None, memory_format: MemoryFormat | None = None, **options: Options
) -> Any:
    """As `autogradkit.rand`, with the sizes and dtype of `input`.

    >>> import autogradkit as torch
    >>> torch.rand_like(torch.ones(2, 3)).shape
    torch.Size([2, 3])
    """
    return _like(self, lambda array: fill_uniform(array, 0, 1, generator), memory_format, options)


@rand_like.overload(factory=True, random=True)
def _(self: Array, *, memory_format: MemoryFormat | None = None, **options: Options) -> Any:
    return _like(self, lambda array: fill_uniform(array, 0, 1, None), memory_format, options)


randn_like = function("randn_like", variants="function")


@randn_like.overload(factory=True, random=True)
def _(
    self: Array, *, generator: Generator | None, memory_format: MemoryFormat | None = None, **options: Options
) -> Any:
    """As `autogradkit.randn`, with the sizes and dtype of `input`.

    >>> import autogradkit as torch
    >>> torch.randn_like(torch.ones(2, 3)).shape
    torch.Size([2, 3])
    """
    return _like(self, lambda array: fill_normal(array, 0, 1, generator), memory_format, options)


@randn_like.overload(factory=True, random=True)
def _(self: Array, *, memory_format: MemoryFormat | None = None, **options: Options) -> Any:
    return _like(self, lambda array: fill_normal(array, 0, 1, None), memory_format, options)


randint_like = function("randint_like", variants="function")


@randint_like.overload(factory=True, random=True)
def _(
    self: Array,
    low: SymInt,
    high: SymInt,
    *,
    generator: Generator | None,
    memory_format: MemoryFormat | None = None,
    **options: Options,
) -> Any:
    """As `autogradkit.randint`, with the sizes and dtype of `input`.

    >>> import autogradkit as torch
    >>> torch.randint_like(torch.ones(2, 3), 10).shape
    torch.Size([2, 3])
    """
    return _like(self, lambda array: fill_between(array, low, high, generator), memory_format, options)


@randint_like.overload(factory=True, random=True)
def _(self: Array, low: SymInt, high: SymInt, *, memory_format: MemoryFormat | None = None, **options: Options) -> Any:
    return _like(self, lambda array: fill_between(array, low, high, None), memory_format, options)


@randint_like.overload(factory=True, random=True)
def _(
    self: Array,
    high: Array,
    *,
    generator: Generator | None,
    memory_format: MemoryFormat | None = None,
    **options: Options,
) -> Any:
    return _below_tensor(self, high, generator, memory_format, options)


@randint_like.overload(factory=True, random=True)
def _(self: Array, high: Array, *, memory_format: MemoryFormat | None = None, **options: Options) -> Any:
    return _below_tensor(self, high, None, memory_format, options)


@randint_like.overload(factory=True, random=True)
def _(
    self: Array,
    high: SymInt,
    *,
    generator: Generator | None,
    memory_format: MemoryFormat | None = None,
    **options: Options,
) -> Any:
    return _like(self, lambda array: fill_between(array, 0, high, generator), memory_format, options)


@randint_like.overload(factory=True, random=True)
def _(self: Array, high: SymInt, *, memory_format: MemoryFormat | None = None, **options: Options) -> Any:
    return _like(self, lambda array: fill_between(array, 0, high, None), memory_format, options)


def _below_tensor(self: Any, high: Any, generator: Any, format: Any, options: dict[str, Any]) -> Tensor:
    if high.ndim or high.numel() != 1:
        raise RuntimeError("high must be a scalar tensor and on CPU")
    bound = int(scalar_array(high.item(), int64))
    return _like(self, lambda array: fill_between(array, 0, bound, generator), format, options)
