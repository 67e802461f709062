"""How often something happens: poisson, drawn element by element as PyTorch draws them, so a seed gives its numbers.

Small rates count until a product of uniform numbers has gone far enough; large ones are drawn by Hörmann's transformed rejection
(1993). Rests on declare and the generator's words.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from autogradkit._ops.declare import k, op
from autogradkit._ops.declare.kinds import Array, Generator
from autogradkit._ops.declare.refusals import not_implemented
from autogradkit.core.gaussian import unit64
from autogradkit.core.random import default_generator

Uniform = Callable[[], float]


def _uniform(generator: Generator | None) -> Uniform:
    stream = generator or default_generator
    return lambda: float(unit64(stream.words64(1))[0])


def _poisson(rate: float, uniform: Uniform) -> float:
    if not rate >= 0:
        raise RuntimeError("invalid Poisson rate, expected rate to be non-negative")
    if rate == 0 or math.isinf(rate):
        return rate
    if rate < 10:
        count, product, enough = 0, uniform(), math.exp(-rate)
        while product > enough:
            count += 1
            product *= uniform()
        return count
    b = 0.931 + 2.53 * math.sqrt(rate)
    a = -0.059 + 0.02483 * b
    inverse_alpha, quick = 1.1239 + 1.1328 / (b - 3.4), 0.9277 - 3.6224 / (b - 2)
    while True:
        u, v = uniform() - 0.5, uniform()
        left = 0.5 - abs(u)
        count = math.floor((2 * a / left + b) * u + rate + 0.43)
        if left >= 0.07 and v <= quick:
            return count
        if count < 0 or (left < 0.013 and v > left):
            continue
        bound = -rate + count * math.log(rate) - math.lgamma(count + 1)
        if math.log(v) + math.log(inverse_alpha) - math.log(a / (left * left) + b) <= bound:
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
    uniform = _uniform(generator)
    drawn = [_poisson(float(rate), uniform) for rate in self.reshape(-1)]
    with np.errstate(invalid="ignore"):  # of infinitely many it is the smallest integer
        counts = np.array(drawn, np.float64).astype(np.int64)
    np.copyto(out, counts.reshape(out.shape), casting="unsafe")
