"""New random tensors: rand, randn, randint, randperm, normal, bernoulli, multinomial.

Rests on the fills in random.py, which give PyTorch's numbers for PyTorch's seeds.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autogradkit._ops.declare import function, k, op
from autogradkit._ops.declare.kinds import Array, Generator, MemoryFormat, Options, OutOptions, Sizes
from autogradkit._ops.declare.refusals import require_real_if_differentiated, undifferentiated
from autogradkit._ops.declare.writing import require_no_grad, saying
from autogradkit._ops.making.options import dtype_in, made, strides_like
from autogradkit._ops.making.random import (
    fill_bernoulli,
    fill_bernoulli_each,
    fill_between,
    fill_normal,
    fill_uniform,
)
from autogradkit._ops.reduction.order import positions_of_largest
from autogradkit.core import draws
from autogradkit.core.dtype import SCALAR_TYPE_NAMES, bool_, from_numpy_dtype, int64
from autogradkit.core.quiet import quiet
from autogradkit.core.random import default_generator
from autogradkit.core.strides import broadcast_shapes
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
    return made(size, lambda array: fill_uniform(array, 0, 1, generator), options, name="rand", resizes=True)


@rand.overload(factory=True, random=True)
def _(size: Sizes, **options: OutOptions) -> Any:
    return made(size, lambda array: fill_uniform(array, 0, 1, None), options, name="rand")


randn = function("randn", variants="function")


@randn.overload(factory=True, random=True)
def _(size: Sizes, *, generator: Generator | None, **options: OutOptions) -> Any:
    """Normal numbers with mean 0 and variance 1.

    >>> import autogradkit as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.randn(3)
    tensor([ 1.5410, -0.2934, -2.1788])
    """
    return made(size, lambda array: fill_normal(array, 0, 1, generator), options, name="randn", resizes=True)


@randn.overload(factory=True, random=True)
def _(size: Sizes, **options: OutOptions) -> Any:
    return made(size, lambda array: fill_normal(array, 0, 1, None), options, name="randn", resizes=True)


randint = function("randint", variants="function")


@randint.overload(factory=True, random=True)
def _(high: int, size: Sizes, *, generator: Generator | None, **options: OutOptions) -> Any:
    """Whole numbers from `low` (0 if only one bound is given) up to, without, `high`: `randint([low,] high, size)`.

    >>> import autogradkit as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.randint(10, (5,))
    tensor([4, 9, 3, 0, 3])
    """
    return _between(0, high, size, generator, options)


@randint.overload(factory=True, random=True)
def _(high: int, size: Sizes, **options: OutOptions) -> Any:
    return _between(0, high, size, None, options)


@randint.overload(factory=True, random=True)
def _(low: int, high: int, size: Sizes, *, generator: Generator | None, **options: OutOptions) -> Any:
    return _between(low, high, size, generator, options)


@randint.overload(factory=True, random=True)
def _(low: int, high: int, size: Sizes, **options: OutOptions) -> Any:
    return _between(low, high, size, None, options)


def _between(low: int, high: int, size: Sizes, generator: Any, options: dict[str, Any]) -> Tensor:
    return made(size, lambda array: fill_between(array, low, high, generator), options, int64, name="randint")


randperm = function("randperm", variants="function")


@randperm.overload(factory=True, random=True)
def _(n: int, *, generator: Generator | None, **options: OutOptions) -> Any:
    """The numbers from 0 to n - 1 in random order.

    >>> import autogradkit as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.randperm(4)
    tensor([0, 1, 3, 2])
    """
    return _shuffled(n, generator, options)


@randperm.overload(factory=True, random=True)
def _(n: int, **options: OutOptions) -> Any:
    return _shuffled(n, None, options)


def _shuffled(n: int, generator: Any, options: dict[str, Any]) -> Tensor:
    if n < 0 and options["out"] is not None:
        raise RuntimeError(f"n must be non-negative, got{n}")
    if options["out"] is not None:
        require_no_grad("aten::randperm", (options["out"],))
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

    return made((n,), fill, options, int64, name="randperm")


# -- like another tensor -----------------------------------------------------------------------------------------------


def _like(self: Any, fill: Callable[[Array], None], format: Any, options: dict[str, Any]) -> Tensor:
    array = self._array
    return made(array.shape, fill, options, self.dtype, strides_like(array, format))


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
    low: int,
    high: int,
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
def _(self: Array, low: int, high: int, *, memory_format: MemoryFormat | None = None, **options: Options) -> Any:
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
    high: int,
    *,
    generator: Generator | None,
    memory_format: MemoryFormat | None = None,
    **options: Options,
) -> Any:
    return _like(self, lambda array: fill_between(array, 0, high, generator), memory_format, options)


@randint_like.overload(factory=True, random=True)
def _(self: Array, high: int, *, memory_format: MemoryFormat | None = None, **options: Options) -> Any:
    return _like(self, lambda array: fill_between(array, 0, high, None), memory_format, options)


def _below_tensor(self: Any, high: Any, generator: Any, format: Any, options: dict[str, Any]) -> Tensor:
    if high.ndim or high.numel() != 1:
        raise RuntimeError("high must be a scalar tensor and on CPU")
    bound = int(high.item())
    return _like(self, lambda array: fill_between(array, 0, bound, generator), format, options)


# -- distributions given by tensors ------------------------------------------------------------------------------------

normal = function("normal", variants="function")


def _refuse_complex(mean: Any, std: Any, generator: Any = None) -> None:
    arrays = [each._array if isinstance(each, Tensor) else each for each in (mean, std)]
    _require_deviation(arrays[1])
    try:
        require_real_if_differentiated("normal", mean)
    except RuntimeError:  # which PyTorch raises when it has drawn
        fill_normal(np.empty(*_of_both(*arrays)), 0, 1, generator)
        raise


@quiet
def _require_deviation(std: Any) -> None:
    if isinstance(std, np.ndarray):
        if std.dtype.kind == "c":
            raise RuntimeError("normal expects standard deviation to be non-complex")
        if not (std >= 0).all():
            raise RuntimeError("normal expects all elements of std >= 0.0")
    elif not std >= 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std:g}")


def _of_both(mean: Any, std: Any, generator: Any = None) -> Any:
    tensors = [each for each in (mean, std) if isinstance(each, np.ndarray)]
    return broadcast_shapes(*[each.shape for each in tensors]), tensors[0].dtype


def _normal_of(mean: Any, std: Any, generator: Any, out: Array) -> None:
    drawn = np.empty(out.shape, out.dtype)
    if isinstance(std, np.ndarray):
        fill_normal(drawn, 0, 1, generator)
        drawn = drawn * std
    else:
        fill_normal(drawn, 0, std, generator)
    np.copyto(out, drawn + out.dtype.type(mean), casting="unsafe")


@normal.overload(
    node="NormalBackward3",
    meta=_of_both,
    refuse=_refuse_complex,
    random=True,
    vjp={"mean std": k.zeros_like},
    rule="∂mean, ∂std = 0",
)
def _(mean: Array, std: Array, *, generator: Generator | None = None, out: Array) -> None:
    """Normal numbers, of one mean and standard deviation (then with `size`), or of one for each element.

    >>> import autogradkit as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.normal(torch.tensor([0.0, 100.0]), 1.0)
    tensor([ 1.5410, 99.7066])
    """
    _normal_of(mean, std, generator, out)


@normal.overload(
    node="NormalBackward1",
    meta=_of_both,
    refuse=_refuse_complex,
    random=True,
    vjp={"mean": k.zeros_like},
    rule="∂mean = 0",
)
def _(mean: Array, std: float = 1, *, generator: Generator | None = None, out: Array) -> None:
    _normal_of(mean, std, generator, out)


@normal.overload(
    node="NormalBackward2",
    meta=_of_both,
    refuse=_refuse_complex,
    random=True,
    vjp={"std": k.zeros_like},
    rule="∂std = 0",
)
def _(mean: float, std: Array, *, generator: Generator | None = None, out: Array) -> None:
    _normal_of(mean, std, generator, out)


@normal.overload(factory=True, random=True)
def _(mean: float, std: float, size: Sizes, *, generator: Generator | None = None, **options: OutOptions) -> Any:
    return made(size, lambda array: fill_normal(array, mean, std, generator), options, name="normal")


bernoulli = function("bernoulli")


def _contiguous(self: Array, p: Any = None, generator: Any = None) -> Any:
    return self.shape, self.dtype


def _refuse_empty_complex(self: Any, generator: Any = None) -> None:
    if not self._array.size:  # else the kernel refuses
        require_real_if_differentiated("bernoulli", self)


@bernoulli.overload(
    meta=_contiguous, refuse=_refuse_empty_complex, random=True, vjp={"self": k.zeros_like}, rule="∂self = 0"
)
def _(self: Array, *, generator: Generator | None = None, out: Array) -> None:
    """Ones with the probabilities in `input`, and zeros; with `p`, all of that one probability.

    >>> import autogradkit as torch
    >>> torch.bernoulli(torch.tensor([0.0, 1.0]))
    tensor([0., 1.])
    """
    fill_bernoulli_each(out, self, generator)


@bernoulli.overload(
    node="torch::autograd::NotImplemented",
    meta=_contiguous,
    random=True,
    out=False,
    vjp={"self": undifferentiated("bernoulli")},
    rule="∂self is not implemented in PyTorch",
)
def _(self: Array, p: float, *, generator: Generator | None = None, out: Array) -> None:
    fill_bernoulli(out, p, generator)


# -- by weights --------------------------------------------------------------------------------------------------------


def _draws_by(self: Array, num_samples: int, replacement: bool = False, generator: Any = None) -> Any:
    if self.ndim not in (1, 2):
        raise RuntimeError("prob_dist must be 1 or 2 dim")
    kind = from_numpy_dtype(self.dtype)
    if not kind.is_floating_point:
        raise RuntimeError(f"multinomial only supports floating-point dtypes for input, got: {SCALAR_TYPE_NAMES[kind]}")
    if num_samples <= 0:
        raise RuntimeError("cannot sample n_sample <= 0 samples")
    if not replacement and num_samples > self.shape[-1]:
        raise RuntimeError("cannot sample n_sample > prob_dist.size(-1) samples without replacement")
    if self.shape[-1] > 2**24:
        raise RuntimeError("number of categories cannot exceed 2^24")
    if self.size:
        _require_weights(self, searched=replacement and num_samples > 1)
    elif math.prod(self.shape[:-1]):
        raise RuntimeError(
            "aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity."
        )
    return (*self.shape[:-1], num_samples), int64.numpy


@quiet
def _require_weights(weights: Array, searched: bool) -> None:
    if not searched and not ((weights >= 0) & (weights < np.inf)).all():
        raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
    refused = weights[~((weights >= 0) & (weights < np.inf))]
    if refused.size and not refused[0] >= 0:  # NaN too
        raise RuntimeError("invalid multinomial distribution (encountering probability entry < 0)")
    if refused.size:
        raise RuntimeError("invalid multinomial distribution (encountering probability entry = infinity or NaN)")
    if (weights.sum(-1) == 0).any():
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")


@op(meta=_draws_by, random=True, out_dtype=saying("multinomial expects {result} tensor out, got: {out}"))
def multinomial(
    self: Array, num_samples: int, replacement: bool = False, *, generator: Generator | None = None, out: Array
) -> None:
    """Numbers of columns, drawn for each row of `input` with the weights that it holds.

    Weights need not sum to one. Raises RuntimeError for weights that are negative, not finite or all zero, and for more
    draws than columns without replacement.

    >>> import autogradkit as torch
    >>> torch.multinomial(torch.tensor([0.0, 3.0, 0.0]), 4, replacement=True)
    tensor([1, 1, 1, 1])
    """
    if not out.size:
        return
    rows = self.reshape(-1, self.shape[-1])
    stream = generator or default_generator
    if replacement and num_samples != 1:
        drawn = draws.categories(stream, rows, num_samples)
    elif num_samples == 1:
        drawn = draws.races(stream, rows).argmax(axis=1)
    else:
        drawn = positions_of_largest(draws.races(stream, rows), 1, num_samples)
    np.copyto(out, drawn.reshape(out.shape))
