"""Gamma and Dirichlet draws as PyTorch draws them, so a seed gives its numbers, and how a draw moves with its parameters.

Gamma numbers are drawn by Marsaglia and Tsang's rejection (2000); a Dirichlet's are gamma numbers over their sum. A draw's
derivative is that of the value at which the distribution function stays what it is: −∂F/∂α over the density. PyTorch
approximates ∂F/∂α, to some thousandths at worst; here it is a difference of SciPy's functions, right to six digits. Rests on
declare and `stream`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autogradkit._ops.declare import UNIMPLEMENTED, k, op
from autogradkit._ops.declare.kinds import Array, Generator
from autogradkit._ops.declare.refusals import (
    not_differentiated,
    single_or_double,
    undifferentiated,
)
from autogradkit._ops.making.stream import Draws
from autogradkit.core.shapes import broadcast_shapes

# PyTorch's constants are float32 where everything else is float64.
_THIRD, _SQUEEZE = float(np.float32(1 / 3)), float(np.float32(0.0331))


def _gamma(d: float, c: float, exponent: float, draws: Draws) -> float:
    """A gamma number of the rate 1 and the shape d + 1/3, times u ** `exponent` if that is not 0."""
    uniform, normal = draws.uniform, draws.normal
    scale = (1 - uniform()) ** exponent if exponent else 1.0
    if math.isinf(d):
        return d
    while True:
        x = normal()
        y = 1 + c * x
        while y <= 0:
            x = normal()
            y = 1 + c * x
        v = y * y * y
        u = 1 - uniform()
        square = x * x
        if u < 1 - _SQUEEZE * square * square:
            return scale * d * v
        if math.log(u) < 0.5 * square + d * (1 - v + (math.log(v) if v > 0 else math.nan)):
            return scale * d * v


def _gammas(alpha: Array, generator: Generator | None) -> Array:
    """A positive gamma number for each α, as float64. One below 1 is that of α + 1 times u ** (1/α)."""
    kind = alpha.dtype.type  # α is rounded as its dtype rounds
    flat = alpha.ravel()
    small = flat < 1
    with np.errstate(all="ignore"):
        exponents = np.where(small, kind(1) / flat, kind(0))
        d = (np.where(small, flat + kind(1), flat) - kind(_THIRD)).astype(np.float64)
        c = np.where(d > 0, 1 / np.sqrt(9 * d), np.nan)
    shapes = zip(d.tolist(), c.tolist(), exponents.tolist(), strict=True)
    with Draws(generator) as draws:
        drawn = [_gamma(*shape, draws) if each else 0.0 for each, shape in zip(flat.tolist(), shapes, strict=True)]
    least = np.finfo(alpha.dtype).tiny  # what underflows, and what is NaN
    return np.fmax(np.array(drawn, np.float64), least).reshape(alpha.shape)


def _slope(function: Callable[[Array], Array], a: Array) -> Array:
    """∂f/∂a by four points, over steps that are small beside what f changes by."""
    step = 1e-3 * a / np.sqrt(1 + a)
    near = function(a + step) - function(a - step)
    far = function(a + 2 * step) - function(a - 2 * step)
    return (8 * near - far) / (12 * step)


def _wide(*arrays: Array) -> list[Array]:
    return [each.astype(np.float64) for each in arrays]


def _common(*operands: Array) -> Any:
    return broadcast_shapes(*(each.shape for each in operands)), operands[0].dtype


@op(
    variants="function",
    meta=lambda self, generator=None: (self.shape, self.dtype),
    out=False,
    random=True,
    refuse=single_or_double("gamma_cpu"),
    vjp={"self": lambda g, self, result: g * k._standard_gamma_grad(self, result)},
    rule="∂self = ∂ · _standard_gamma_grad(self, result)",
    unmeasured="another draw is no function of the first",
)
def _standard_gamma(self: Array, generator: Generator | None = None, *, out: Array) -> None:
    """For each element a gamma number of that shape and of the rate 1.

    >>> import autogradkit as torch
    >>> _ = torch.manual_seed(0)
    >>> torch._standard_gamma(torch.tensor([0.5, 3.0]))
    tensor([7.8936e-04, 1.2728e+00])
    """
    np.copyto(out, _gammas(self, generator), casting="unsafe")


@op(
    variants="function",
    meta=_common,
    out=False,
    refuse=single_or_double("_standard_gamma_grad_cpu"),
    vjp={"self output": not_differentiated("_standard_gamma_grad")},
    rule="∂self, ∂output are not implemented in PyTorch",
)
def _standard_gamma_grad(self: Array, output: Array, *, out: Array) -> None:
    """By how much a draw of `_standard_gamma(self)` that came out as `output` grows with `self`.

    >>> import autogradkit as torch
    >>> torch._standard_gamma_grad(torch.tensor([1.0]), torch.tensor([1.0]))
    tensor([1.1736])
    """
    from scipy.special import gammainc, gammaincc, gammaln

    alpha, x = np.broadcast_arrays(*_wide(self, output))
    low = x < alpha  # the smaller part is the one with all its digits
    slope = _slope(lambda a: np.where(low, gammainc(a, x), -gammaincc(a, x)), alpha)
    np.copyto(out, -slope / np.exp((alpha - 1) * np.log(x) - x - gammaln(alpha)), casting="unsafe")


@op(
    variants="function",
    node=UNIMPLEMENTED,
    meta=lambda self, generator=None: (self.shape, self.dtype),
    out=False,
    random=True,
    refuse=single_or_double("dirichlet"),
    vjp={"self": undifferentiated("_sample_dirichlet")},
    rule="∂self is not implemented in PyTorch",
)
def _sample_dirichlet(self: Array, generator: Generator | None = None, *, out: Array) -> None:
    """Positive numbers that sum to one over the last dimension, near which each is the larger the larger its element is.

    >>> import autogradkit as torch
    >>> _ = torch.manual_seed(0)
    >>> torch._sample_dirichlet(torch.tensor([1.0, 5.0]))
    tensor([0.4151, 0.5849])
    """
    drawn = _gammas(self.astype(np.float64), generator)
    parts = drawn / drawn.sum(-1, keepdims=self.ndim > 0)
    below_one = np.nextafter(out.dtype.type(1), out.dtype.type(0))
    np.fmin(below_one, np.fmax(parts.astype(out.dtype), np.finfo(out.dtype).tiny), out=out)


@op(
    variants="function",
    node=UNIMPLEMENTED,
    meta=_common,
    out=False,
    refuse=single_or_double("_dirichlet_grad_cpu"),
    vjp={"x alpha total": undifferentiated("_dirichlet_grad")},
    rule="∂x, ∂alpha, ∂total are not implemented in PyTorch",
)
def _dirichlet_grad(x: Array, alpha: Array, total: Array, *, out: Array) -> None:
    """By how much a part `x` of a Dirichlet draw grows with its own concentration `alpha` of `total`, over 1 − x.

    >>> import autogradkit as torch
    >>> torch._dirichlet_grad(torch.tensor([0.5]), torch.tensor([1.0]), torch.tensor([2.0]))
    tensor([0.6931])
    """
    from scipy.special import betainc, betaln

    part, a, whole = np.broadcast_arrays(*_wide(x, alpha, total))
    b = whole - a
    low = part < a / whole
    slope = _slope(lambda a: np.where(low, betainc(a, b, part), -betainc(b, a, 1 - part)), a)
    density = np.exp((a - 1) * np.log(part) + (b - 1) * np.log1p(-part) - betaln(a, b))
    np.copyto(out, -slope / density / (1 - part), casting="unsafe")
