"""Random fills in place: `Tensor.normal_`, `uniform_`, `bernoulli_`, `exponential_`, `random_`.

Rests on fills.py. To autograd the numbers drawn are constants: a fill of a result is recorded, and its gradient is zero.
"""

from __future__ import annotations

from typing import Any

from autogradkit._ops.declare import function, k, op
from autogradkit._ops.declare.kinds import Array, Generator
from autogradkit._ops.making.fills import (
    CPP_NAMES,
    fill_bernoulli,
    fill_bernoulli_each,
    fill_between,
    fill_normal,
    fill_reals,
    fill_uniform,
    unimplemented,
)
from autogradkit.core import draws
from autogradkit.core.dtype import SCALAR_TYPE_NAMES, from_numpy_dtype
from autogradkit.core.random import default_generator

_CONSTANT: dict[str, Any] = {"edits": True, "random": True, "vjp": {"self": k.zeros_like}, "rule": "∂self = 0"}


@op(variants="method", **_CONSTANT)
def uniform_(
    self: Array, from_: float = 0.0, to: float = 1.0, *, generator: Generator | None = None, out: Array
) -> None:
    """Fill with numbers drawn evenly from [from, to).

    >>> import autogradkit as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.empty(2).uniform_(-1, 1)
    tensor([-0.0075,  0.5364])
    """
    fill_uniform(out, from_, to, generator)


@op(variants="method", **_CONSTANT)
def normal_(
    self: Array, mean: float = 0.0, std: float = 1.0, *, generator: Generator | None = None, out: Array
) -> None:
    """Fill with normal numbers of the given mean and standard deviation.

    >>> import autogradkit as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.empty(2).normal_(10, 0.5)
    tensor([10.7705,  9.8533])
    """
    fill_normal(out, mean, std, generator)


@op(variants="method", **_CONSTANT)
def exponential_(self: Array, lambd: float = 1.0, *, generator: Generator | None = None, out: Array) -> None:
    """Fill with exponential numbers of the given rate.

    >>> import autogradkit as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.empty(2).exponential_()
    tensor([3.5083, 1.2304])
    """
    kind = from_numpy_dtype(out.dtype)
    if not lambd > 0:
        raise RuntimeError(f"exponential_ expects lambda > 0.0, but found lambda={lambd:g}")
    if not out.size:
        return
    if not kind.is_floating_point:
        raise RuntimeError(
            "Exponential distribution is a continuous probability distribution. dtype must be a floating point but you "
            f"specified {SCALAR_TYPE_NAMES[kind]}"
        )
    stream = generator or default_generator
    fill_reals(out, lambda count, kind: draws.exponential(stream, count, kind, lambd))


@op(variants="method", **_CONSTANT)
def cauchy_(
    self: Array, median: float = 0.0, sigma: float = 1.0, *, generator: Generator | None = None, out: Array
) -> None:
    """Fill with Cauchy numbers of the given median and scale.

    >>> import autogradkit as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.empty(1).cauchy_()
    tensor([10.5977])
    """
    if not sigma > 0:
        raise RuntimeError(f"cauchy_ expects sigma > 0.0, but found sigma={sigma:g}")
    if not from_numpy_dtype(out.dtype).is_floating_point:
        raise RuntimeError(
            "Cauchy distribution is a continuous probability distribution. dtype must be a floating point but you "
            f"specified {CPP_NAMES.get(out.dtype.name, out.dtype.name)}"
        )
    stream = generator or default_generator
    fill_reals(out, lambda count, kind: draws.cauchy(stream, count, kind, median, sigma))


@op(variants="method", **_CONSTANT)
def log_normal_(
    self: Array, mean: float = 1.0, std: float = 2.0, *, generator: Generator | None = None, out: Array
) -> None:
    """Fill with numbers whose logarithm is normal with the given mean and standard deviation.

    >>> import autogradkit as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.empty(1).log_normal_(0, 1)
    tensor([4.6692])
    """
    if not std > 0:
        raise RuntimeError(f"log_normal_ expects std > 0.0, but found std={std:g}")
    if not out.size:
        return
    if not from_numpy_dtype(out.dtype).is_floating_point:
        raise unimplemented("log_normal_cpu", out)
    stream = generator or default_generator
    fill_reals(out, lambda count, kind: draws.log_normal(stream, count, kind, mean, std))


@op(variants="method", **_CONSTANT)
def geometric_(self: Array, p: float, *, generator: Generator | None = None, out: Array) -> None:
    """Fill with how many trials it takes to succeed once, each with probability `p`.

    >>> import autogradkit as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.empty(4).geometric_(0.5)
    tensor([1., 1., 2., 1.])
    """
    if not 0 < p < 1:
        raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={p:g}")
    if not out.size:
        return
    if out.dtype.kind in "bc":
        raise unimplemented("geometric_cpu", out)
    draws.fill(out, draws.trials(generator or default_generator, out.size, p).astype(out.dtype))


bernoulli_ = function("bernoulli_", variants="method")


@bernoulli_.overload(
    node="BernoulliBackward1", edits=True, random=True, vjp={"self p": k.zeros_like}, rule="∂self, ∂p = 0"
)
def _(self: Array, p: Array, *, generator: Generator | None = None, out: Array) -> None:
    """Fill with ones, each with probability `p` (a number, or one for each element), and zeros.

    >>> import autogradkit as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.empty(4).bernoulli_(0.5)
    tensor([0., 0., 1., 0.])
    """
    fill_bernoulli_each(out, p, generator)


@bernoulli_.overload(node="BernoulliBackward2", **_CONSTANT)
def _(self: Array, p: float = 0.5, *, generator: Generator | None = None, out: Array) -> None:
    fill_bernoulli(out, p, generator)


random_ = function("random_", variants="method")


@random_.overload(node="RandomBackward2", **_CONSTANT)
def _(self: Array, *, generator: Generator | None = None, out: Array) -> None:
    """Fill with whole numbers: from `from` (0) up to, without, `to`, or over all that the dtype holds exactly.

    >>> import autogradkit as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.empty(3).random_(10)
    tensor([4., 9., 3.])
    """
    if not out.size:
        return
    if out.dtype.kind == "c":
        raise unimplemented("random_kernel_cpu", out)
    draws.fill(out, draws.any_values(generator or default_generator, out.size, out.dtype))


@random_.overload(node="RandomBackward0", **_CONSTANT)
def _(self: Array, from_: int, to: int | None, *, generator: Generator | None = None, out: Array) -> None:
    fill_between(out, from_, to, generator)


@random_.overload(node="RandomBackward1", **_CONSTANT)
def _(self: Array, to: int, *, generator: Generator | None = None, out: Array) -> None:
    fill_between(out, 0, to, generator)
