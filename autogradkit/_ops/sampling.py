"""New random tensors, and the seed: `rand`, `randn`, `randint`, `randperm`, `normal`, `bernoulli`, `multinomial`, ...

Rests on the in-place fills and on the draws in core, which give PyTorch's numbers for PyTorch's seeds.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autogradkit._ops import random as fills
from autogradkit._ops.create import finished, like, sizes_of
from autogradkit._ops.in_place import put
from autogradkit._ops.op import PUBLIC, composite
from autogradkit.core import draws
from autogradkit.core import dtype as dtypes
from autogradkit.core.dtype import SCALAR_TYPE_NAMES, get_default_dtype
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.random import Generator, default_generator
from autogradkit.core.recording import RECORDERS, observed
from autogradkit.core.storage import Array
from autogradkit.core.strides import broadcast_shapes
from autogradkit.core.tensor import Tensor, empty_array, wrap


def _draws(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Publish a function that draws, and report its calls to the recorder."""
    name = function.__name__

    @functools.wraps(function)
    def entry(*args: Any, **kwargs: Any) -> Tensor:
        if RECORDERS:
            return observed(name, "random", function, args, kwargs)
        return function(*args, **kwargs)

    entry.__module__ = "autogradkit"
    PUBLIC[name] = entry
    return entry


def _room(name: str, sizes: tuple[Any, ...], size: Any, dtype: Dtype | None, out: Tensor | None) -> Array:
    """Memory for the result of a call with these sizes: separate ints, one sequence, or `size=`."""
    if size is not None:
        sizes = (tuple(size),)
    if not sizes:
        raise TypeError(f'{name}() missing 1 required positional argument: "size"')
    if len(sizes) == 1 and not isinstance(sizes[0], int | list | tuple | Tensor | np.integer):
        raise TypeError(f"{name}(): argument 'size' (position 1) must be tuple of ints, not {type(sizes[0]).__name__}")
    if out is not None:
        if dtype is not None and dtype is not out.dtype:
            raise RuntimeError(
                f"dtype {SCALAR_TYPE_NAMES[dtype]} does not match dtype of out parameter ({SCALAR_TYPE_NAMES[out.dtype]})"
            )
        dtype = out.dtype
    return empty_array(sizes_of(sizes, name), (get_default_dtype() if dtype is None else dtype).numpy)


def _handed_over(array: Array, out: Tensor | None, requires_grad: bool, device: Any) -> Tensor:
    if out is None:
        return finished(array, requires_grad, device)
    put(out, array)
    return out


@_draws
def rand(
    *sizes: Any,
    size: Sequence[int] | None = None,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: Dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """Numbers drawn evenly from [0, 1).

    >>> import autogradkit as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.rand(2, 3)
    tensor([[0.4963, 0.7682, 0.0885],
            [0.1320, 0.3074, 0.6341]])
    """
    array = fills.uniform_(_room("rand", sizes, size, dtype, out), generator=generator)
    return _handed_over(array, out, requires_grad, device)


@_draws
def randn(
    *sizes: Any,
    size: Sequence[int] | None = None,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: Dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """Normal numbers with mean 0 and variance 1.

    >>> import autogradkit as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.randn(3)
    tensor([ 1.5410, -0.2934, -2.1788])
    """
    array = fills.normal_(_room("randn", sizes, size, dtype, out), generator=generator)
    return _handed_over(array, out, requires_grad, device)


@_draws
def randint(
    *bounds_and_size: Any,
    low: int | None = None,
    high: int | None = None,
    size: Sequence[int] | None = None,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: Dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """Whole numbers from `low` (0 if only one bound is given) up to, without, `high`: `randint([low,] high, size)`.

    >>> import autogradkit as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.randint(10, (5,))
    tensor([4, 9, 3, 0, 3])
    """
    given = list(bounds_and_size)
    if size is None and given and not isinstance(given[-1], int):
        size = given.pop()
    if high is not None:
        given.append(high)
    if low is not None:
        given.insert(0, low)
    for position, bound in enumerate(given):
        if not isinstance(bound, int | np.integer):
            name = "low" if position + 1 < len(given) else "high"
            raise TypeError(
                f"randint(): argument '{name}' (position {position + 1}) must be int, not {type(bound).__name__}"
            )
    if size is None and len(given) in (2, 3):
        raise TypeError(f"randint(): argument 'size' (position {len(given)}) must be tuple of ints, not int")
    if size is None or len(given) not in (1, 2):
        raise TypeError("randint() takes one or two bounds and a size: randint([low,] high, size)")
    first, last = (0, *given)[-2:]
    array = _room("randint", (), size, dtypes.int64 if dtype is None and out is None else dtype, out)
    return _handed_over(fills.random_between(array, first, last, generator=generator), out, requires_grad, device)


@_draws
def randperm(
    n: int,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: Dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """The numbers from 0 to n - 1 in random order.

    >>> import autogradkit as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.randperm(4)
    tensor([0, 1, 3, 2])
    """
    if not isinstance(n, int | np.integer):
        raise TypeError(f"randperm(): argument 'n' (position 1) must be int, not {type(n).__name__}")
    array = _room("randperm", (), (n,), dtypes.int64 if dtype is None and out is None else dtype, out)
    if array.dtype.kind in "iu" and n - 1 > np.iinfo(array.dtype).max:
        raise RuntimeError(f"value cannot be converted to type {array.dtype.name}_t without overflow")
    array[...] = draws.permutation(fills.stream_of(generator), n)
    return _handed_over(array, out, requires_grad, device)


# -- like another tensor -----------------------------------------------------------------------------------------------


def _like(name: str, draw: Callable[..., Array]) -> Callable[..., Tensor]:
    def make(
        input: Tensor,
        *bounds: int,
        generator: Generator | None = None,
        dtype: Dtype | None = None,
        layout: Any = None,
        device: Any = None,
        requires_grad: bool = False,
        memory_format: Any = None,
        **named_bounds: int,
    ) -> Tensor:
        array = like(input._array, (input.dtype if dtype is None else dtype).numpy)
        drawn = draw(array, *bounds, generator=generator, **named_bounds)
        return finished(drawn, requires_grad, device)

    make.__name__ = make.__qualname__ = name
    make.__doc__ = f"""As `autogradkit.{name.removesuffix("_like")}`, with the sizes and dtype of `input`.

    >>> import autogradkit as torch
    >>> torch.{name}(torch.ones(2, 3){", 10" if name == "randint_like" else ""}).shape
    torch.Size([2, 3])
    """
    return _draws(make)


def _between(array: Array, *bounds: int, generator: Any, low: int | None = None, high: int | None = None) -> Array:
    given = [*([] if low is None else [low]), *bounds, *([] if high is None else [high])]
    first, last = (0, *given)[-2:]
    return fills.random_between(array, first, last, generator=generator)


rand_like = _like("rand_like", fills.uniform_)
randn_like = _like("randn_like", fills.normal_)
randint_like = _like("randint_like", _between)


# -- distributions given by tensors ----------------------------------------------------------------------------------------


def _normal_of(mean: Array | float, std: Array | float, generator: Any) -> Array:
    shapes = [each.shape for each in (mean, std) if isinstance(each, np.ndarray)]
    kinds = [each.dtype for each in (mean, std) if isinstance(each, np.ndarray)]
    array = empty_array(broadcast_shapes(*shapes), kinds[0])
    if not isinstance(std, np.ndarray):
        fills.require_std(std)
        return fills.normal_(array, 0, std, generator=generator) + mean
    if not (std >= 0).all():
        raise RuntimeError("normal expects all elements of std >= 0.0")
    return fills.normal_(array, generator=generator) * std + array.dtype.type(mean)


def _normal_around(mean: Array, std: float, *, generator: Any = None) -> Array:
    return _normal_of(mean, std, generator)


def _normal_spread(mean: float, std: Array, *, generator: Any = None) -> Array:
    return _normal_of(mean, std, generator)


def _normal_both(mean: Array, std: Array, *, generator: Any = None) -> Array:
    return _normal_of(mean, std, generator)


_AROUND = fills.constant(_normal_around, "NormalBackward1", "mean")
_SPREAD = fills.constant(_normal_spread, "NormalBackward2", "std")
_BOTH = fills.constant(_normal_both, "NormalBackward3", "mean", "std")


@_draws
def normal(
    mean: Tensor | float = 0.0,
    std: Tensor | float = 1.0,
    size: Sequence[int] | None = None,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: Dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """Normal numbers, of one mean and standard deviation (then with `size`), or of one for each element.

    >>> import autogradkit as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.normal(torch.tensor([0.0, 100.0]), 1.0)
    tensor([ 1.5410, 99.7066])
    """
    if isinstance(mean, Tensor) or isinstance(std, Tensor):
        op = (_BOTH if isinstance(std, Tensor) else _AROUND) if isinstance(mean, Tensor) else _SPREAD
        return op.run(mean, std, generator=generator, **({} if out is None else {"out": out}))
    if size is None:
        raise TypeError("normal() of two numbers needs a size: normal(mean, std, size)")
    array = fills.normal_(_room("normal", (), size, dtype, out), mean, std, generator=generator)
    return _handed_over(array, out, requires_grad, device)


def _bernoulli_of(self: Array, *, generator: Any = None) -> Array:
    return fills.bernoulli_each(empty_array(self.shape, self.dtype), self, generator=generator)


_BERNOULLI = fills.constant(_bernoulli_of, "BernoulliBackward0", "self")


@_draws
def bernoulli(
    input: Tensor, p: float | None = None, *, generator: Generator | None = None, out: Tensor | None = None
) -> Tensor:
    """Ones with the probabilities in `input`, and zeros; with `p`, all of that one probability.

    >>> import autogradkit as torch
    >>> torch.bernoulli(torch.tensor([0.0, 1.0]))
    tensor([0., 1.])
    """
    if p is None:
        return _BERNOULLI.run(input, generator=generator, **({} if out is None else {"out": out}))
    return wrap(fills.bernoulli_(empty_array(input._array.shape, input._array.dtype), p, generator=generator))


@_draws
def multinomial(
    input: Tensor,
    num_samples: int,
    replacement: bool = False,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """Numbers of columns, drawn for each row of `input` with the weights that it holds.

    Weights need not sum to one. Raises RuntimeError for weights that are negative, not finite or all zero, and for more
    draws than columns without replacement.

    >>> import autogradkit as torch
    >>> torch.multinomial(torch.tensor([0.0, 3.0, 0.0]), 4, replacement=True)
    tensor([1, 1, 1, 1])
    """
    weights = input._array
    if weights.ndim not in (1, 2):
        raise RuntimeError("prob_dist must be 1 or 2 dim")
    if not input.is_floating_point():
        raise RuntimeError(
            f"multinomial only supports floating-point dtypes for input, got: {SCALAR_TYPE_NAMES[input.dtype]}"
        )
    if num_samples <= 0:
        raise RuntimeError("cannot sample n_sample <= 0 samples")
    if not replacement and num_samples > weights.shape[-1]:
        raise RuntimeError("cannot sample n_sample > prob_dist.size(-1) samples without replacement")
    _require_weights(weights, searched=replacement and num_samples > 1)
    rows = weights.reshape(-1, weights.shape[-1])
    drawn = draws.categories(fills.stream_of(generator), rows, num_samples, replacement)
    return _handed_over(np.ascontiguousarray(drawn).reshape(*weights.shape[:-1], num_samples), out, False, None)


def _require_weights(weights: Array, searched: bool) -> None:
    if not searched and not ((weights >= 0) & (weights < np.inf)).all():
        raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
    if (weights < 0).any():
        raise RuntimeError("invalid multinomial distribution (encountering probability entry < 0)")
    if not np.isfinite(weights).all():
        raise RuntimeError("invalid multinomial distribution (encountering probability entry = infinity or NaN)")
    if (weights.sum(-1) == 0).any():
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")


Tensor.bernoulli = bernoulli
Tensor.multinomial = multinomial


# -- the seed ----------------------------------------------------------------------------------------------------------


@composite(method=False)
def manual_seed(seed: int) -> Generator:
    """Restart the default stream at `seed`; the same seed gives the same numbers, and PyTorch's.

    >>> import autogradkit as torch
    >>> torch.manual_seed(42).initial_seed()
    42
    """
    return default_generator.manual_seed(int(seed))


@composite(method=False)
def seed() -> int:
    """Restart the default stream at a seed that nobody can foresee, and return it.

    >>> import autogradkit as torch
    >>> torch.seed() == torch.initial_seed()
    True
    """
    return default_generator.seed()


@composite(method=False)
def initial_seed() -> int:
    """The seed at which the default stream last started.

    >>> import autogradkit as torch
    >>> _ = torch.manual_seed(3)
    >>> torch.initial_seed()
    3
    """
    return default_generator.initial_seed()


@composite(method=False)
def get_rng_state() -> Tensor:
    """The state of the default stream, as a uint8 tensor in PyTorch's layout.

    >>> import autogradkit as torch
    >>> state = torch.get_rng_state()
    >>> first = torch.rand(3)
    >>> torch.set_rng_state(state)
    >>> bool((torch.rand(3) == first).all())
    True
    """
    return default_generator.get_state()


@composite(method=False)
def set_rng_state(new_state: Tensor) -> None:
    """Continue the default stream where `new_state`, from `get_rng_state`, was.

    >>> import autogradkit as torch
    >>> torch.set_rng_state(torch.get_rng_state())
    """
    default_generator.set_state(new_state)
