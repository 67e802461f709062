"""How often something happens: poisson and binomial, drawn element by element as PyTorch draws them, so a seed gives its numbers.

Small expected counts are counted: until a product of uniform numbers has gone far enough, or the trials between successes are
all used. Large ones are drawn by Hörmann's transformed rejections (1993). Rests on declare and `stream`; declared when
somebody asks for a name of it (`_ops.unloaded`).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from autogradkit._ops.declare import UNIMPLEMENTED, k, op
from autogradkit._ops.declare.kinds import Array, Generator
from autogradkit._ops.declare.refusals import not_implemented, single_or_double, undifferentiated
from autogradkit._ops.making.stream import Draws, Uniform
from autogradkit.core.dtype import SCALAR_TYPE_NAMES
from autogradkit.core.shapes import broadcast_shapes


def _poissons(rates: list[float], uniform: Uniform) -> Iterator[float]:
    for rate in rates:
        if 0 < rate < 10:
            count, product, enough = 0, uniform(), math.exp(-rate)
            while product > enough:
                count += 1
                product *= uniform()
            yield count
        elif not rate >= 0:
            raise RuntimeError("invalid Poisson rate, expected rate to be non-negative")
        elif rate == math.inf:
            # As of any large rate, points are drawn until one is neither far out nor high up; both numbers of each.
            while not (0.5 - abs(uniform() - 0.5) >= 0.07) & (uniform() <= _QUICK):
                pass
            yield rate
        else:
            yield _large_poisson(rate, uniform) if rate else rate


_QUICK = 0.9277  # up to where points of an infinite rate are accepted at once


@functools.lru_cache(4096)
def _shape(rate: float) -> tuple[float, float, float, float, float]:
    """Hörmann's a and b, the logarithm of 1/α, what is accepted at once, and the logarithm of the rate."""
    b = 0.931 + 2.53 * math.sqrt(rate)
    a = -0.059 + 0.02483 * b
    return a, b, math.log(1.1239 + 1.1328 / (b - 3.4)), _QUICK - 3.6224 / (b - 2), math.log(rate)


def _large_poisson(rate: float, uniform: Uniform) -> float:
    a, b, inverse_alpha, quick, logarithm = _shape(rate)
    while True:
        u, v = uniform() - 0.5, uniform()
        left = 0.5 - abs(u)
        count = math.floor((2 * a / left + b) * u + rate + 0.43)
        if left >= 0.07 and v <= quick:
            return count
        if count < 0 or (left < 0.013 and v > left):
            continue
        bound = -rate + count * logarithm - math.lgamma(count + 1)
        if math.log(v) + inverse_alpha - math.log(a / (left * left) + b) <= bound:
            return count


@op(
    variants="function",
    node="PoissonBackward0",
    meta=lambda self, generator=None: (self.shape, self.dtype),
    out=False,
    random=True,
    gradient_version=1,
    dtypes=not_implemented("poisson_cpu", "biuc"),
    vjp={"self": k.zeros_like},
    rule="∂self = 0",
)
def poisson(self: Array, generator: Generator | None = None, *, out: Array) -> None:
    """For each element a count whose expected value it is. Raises RuntimeError for a negative one.

    >>> import autogradkit as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.poisson(torch.tensor([1.0, 5.0, 20.0]))
    tensor([ 2.,  6., 19.])
    """
    with Draws(generator) as draws:
        drawn = np.fromiter(_poissons(self.ravel().tolist(), draws.uniform), np.float64, self.size)
    with np.errstate(invalid="ignore"):  # of infinitely many it is the smallest integer
        counts = drawn.astype(np.int64)
    np.copyto(out, counts.reshape(out.shape), casting="unsafe")


# -- binomial ----------------------------------------------------------------------------------------------------------


def _binomial(count: float, probability: float, uniform: Uniform) -> float:
    if count <= 0 or probability <= 0:
        return 0.0
    if probability >= 1:
        return count
    # PyTorch never comes back with a count of NaN
    if math.isnan(probability) or math.isnan(count) or math.isinf(count):
        return count + probability
    rarer = min(probability, 1 - probability)
    drawn = (_rejected if count * rarer >= 10 else _counted)(count, rarer, uniform)
    return drawn if probability <= 0.5 else count - drawn


def _counted(count: float, probability: float, uniform: Uniform) -> float:
    """Successes, counted by how many trials each takes, until all trials are used."""
    logarithm = math.log1p(-probability)
    trials, successes = 0.0, 0.0
    while True:
        drawn = uniform()
        trials += math.ceil(math.log(drawn) / logarithm) if drawn else math.inf
        if trials > count:
            return successes
        successes += 1


def _tail(n: float) -> float:
    """log n! less Stirling's formula for it, at n + 1/2."""
    return math.lgamma(n + 1) - ((n + 0.5) * math.log(n + 1) - (n + 1) + 0.5 * math.log(2 * math.pi))


def _rejected(count: float, probability: float, uniform: Uniform) -> float:
    deviation = math.sqrt(count * probability * (1 - probability))
    b = 1.15 + 2.53 * deviation
    a = -0.0873 + 0.0248 * b + 0.01 * probability
    center = count * probability + 0.5
    quick = 0.92 - 4.2 / b
    odds = probability / (1 - probability)
    alpha = (2.83 + 5.1 / b) * deviation
    mode = math.floor((count + 1) * probability)
    while True:
        u, v = uniform() - 0.5, uniform()
        left = 0.5 - abs(u)
        drawn = math.floor((2 * a / left + b) * u + center) if left else -1
        if not 0 <= drawn <= count:
            continue
        if left >= 0.07 and v <= quick:
            return drawn
        bound = (
            (mode + 0.5) * math.log((mode + 1) / (odds * (count - mode + 1)))
            + (count + 1) * math.log((count - mode + 1) / (count - drawn + 1))
            + (drawn + 0.5) * math.log(odds * (count - drawn + 1) / (drawn + 1))
            + _tail(mode)
            + _tail(count - mode)
            - _tail(drawn)
            - _tail(count - drawn)
        )
        if v == 0 or math.log(v * alpha / (a / (left * left) + b)) <= bound:
            return drawn


_require_kernel = single_or_double("binomial_cpu")


def _require_floats(count: Any, prob: Any, generator: Any = None) -> None:
    for name, each in (("count", count), ("prob", prob)):
        if not each.dtype.is_floating_point:
            raise ValueError(
                f"binomial only supports floating-point dtypes for {name}, got: {SCALAR_TYPE_NAMES[each.dtype]}"
            )
    _require_kernel(count, prob)


@op(
    variants="function",
    node=UNIMPLEMENTED,
    meta=lambda count, prob, generator=None: (broadcast_shapes(count.shape, prob.shape), count.dtype),
    refuse=_require_floats,
    out=False,
    random=True,
    vjp={"count prob": undifferentiated("binomial")},
    rule="∂count, ∂prob are not implemented in PyTorch",
)
def binomial(count: Array, prob: Array, generator: Generator | None = None, *, out: Array) -> None:
    """For each element how many of `count` trials succeed, each with probability `prob`; both are broadcast.

    >>> import autogradkit as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.binomial(torch.tensor([10.0, 100.0]), torch.tensor(0.5))
    tensor([ 7., 51.])
    """
    counts, chances = np.broadcast_arrays(count, prob)
    pairs = zip(counts.ravel().tolist(), chances.ravel().tolist(), strict=True)
    with Draws(generator) as draws:
        drawn = [_binomial(trials, chance, draws.uniform) for trials, chance in pairs]
    np.copyto(out, np.array(drawn, np.float64).reshape(out.shape), casting="unsafe")
