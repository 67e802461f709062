"""Activations that multiply by a smooth gate: silu, mish, gelu, glu.

Rests on declare and, for the error function in float64, on SciPy, which is loaded when gelu first runs on such. `nn.functional`
publishes them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autogradkit._ops.declare import SAME, k, op
from autogradkit._ops.declare.kinds import Array, Dim
from autogradkit._ops.declare.refusals import check_both, not_implemented, real_gradients
from autogradkit._ops.declare.writing import require_found
from autogradkit._ops.making.scalars import number_in
from autogradkit._ops.network.rounding import write
from autogradkit._ops.pointwise import near_one
from autogradkit._ops.pointwise.special import polynomial
from autogradkit.core.shapes import wrap_dim
from autogradkit.core.strides import element_strides, output_strides


def _gate(x: Array) -> Array:
    one = number_in(x, 1)
    return one / (one + np.exp(-x))


# -- silu and mish -----------------------------------------------------------------------------------------------------
# Where formulas are recorded, their gradients are written out, as in PyTorch, so that they can be derived ever again.


@k.on_arrays(lambda g, self: k.silu_backward(g, self))
def _silu_slope(g: Any, self: Any) -> Any:
    gate = k.sigmoid(self)
    return g * gate * (1 + self * (1 - gate))


@op(
    variants="",
    in_place=True,
    pointwise=SAME,
    dtypes=check_both(not_implemented("silu_cpu", "biu"), real_gradients("silu")),
    out=False,
    samples=lambda t: [(t(2, 3),), (t(),), (t(0, 2),)],
    vjp={"self": _silu_slope},
    rule="∂self = ∂ · (1 + self · (1 − s)) · s, s the sigmoid of self",
)
def silu(self: Array, *, out: Array) -> None:
    """x / (1 + e⁻ˣ)."""
    write(out, lambda x: x / (number_in(x, 1) + np.exp(-x)), self)


@op(variants="", pointwise=SAME)
def silu_backward(grad_output: Array, self: Array, *, out: Array) -> None:
    """The gradient of silu."""

    def body(g: Array, x: Array) -> Array:
        gate, one = _gate(x), number_in(x, 1)
        slope = gate * (one + x * (one - gate))
        return g * (np.conj(slope) if slope.dtype.kind == "c" else slope)

    write(out, body, grad_output, self)


@k.on_arrays(lambda g, self: k.mish_backward(g, self))
def _mish_slope(g: Any, self: Any) -> Any:
    gate = k.tanh(k.softplus(self))
    return g * (gate + self * k.sigmoid(self) * (1 - gate * gate))


@op(
    variants="",
    in_place=True,
    pointwise=SAME,
    dtypes=not_implemented("mish_cpu", "biuc"),
    out=False,
    samples=lambda t: [(t(2, 3),), (t(),), (t(0, 2),)],
    vjp={"self": _mish_slope},
    rule="∂self = ∂ · (t + self · s · (1 − t²)), s the sigmoid and t the tanh of the softplus of self",
)
def mish(self: Array, *, out: Array) -> None:
    """x · tanh(log(1 + eˣ))."""
    write(out, lambda x: x * np.tanh(near_one.log1p(np.exp(x))), self)


@op(variants="", pointwise=SAME)
def mish_backward(grad_output: Array, self: Array, *, out: Array) -> None:
    """The gradient of mish."""

    def body(g: Array, x: Array) -> Array:
        gate = np.tanh(near_one.log1p(np.exp(x)))
        return g * (gate + x * _gate(x) * (number_in(x, 1) - gate * gate))

    write(out, body, grad_output, self)


# -- gelu --------------------------------------------------------------------------------------------------------------

_BETA, _KAPPA = math.sqrt(2 / math.pi), 0.044715  # of the form with tanh
_DENSITY = 1 / math.sqrt(2 * math.pi)  # of the normal distribution at 0


def _level(x: Array) -> Array:
    """The tanh in the form that has one."""
    return np.tanh(number_in(x, _BETA) * (x + number_in(x, _KAPPA) * x * x * x))


def _refuse_gelu(self: Any, approximate: str = "none") -> None:
    if approximate not in ("none", "tanh"):
        raise RuntimeError("approximate argument must be either none or tanh.")


# log(1 / Φ(x) − 1) / x as a polynomial in x², Φ the chance that a normal number is below x, fitted by least squares over |x| ≤
# 5.6, beyond which Φ is 0 or 1 in float32. It is nearer to Φ than PyTorch's gelu, and ten times as quick as SciPy's Φ.
_ODDS = (-3.13457896e-9, 2.50515216e-7, -7.74613232e-6, 1.095635194e-4, 6.78224474e-5, -7.26686964e-2, -1.595769268)


def _inverse_of_below(x: Array) -> Array:
    """What the chance that a normal number is below x, of float32, is the inverse of."""
    power = polynomial(x * x, _ODDS)
    power *= x
    np.exp(power, power)
    power += number_in(x, 1)
    return power


def _is_many(x: Array) -> bool:
    return x.dtype == np.float32 and x.ndim > 0


def _below(x: Array) -> Array:
    """The chance that a normal number is below x."""
    if _is_many(x):
        inverse = _inverse_of_below(x)
        return np.reciprocal(inverse, inverse)
    from scipy.special import ndtr

    return ndtr(x)


def _times_below(x: Array) -> Array:
    if not _is_many(x):
        return x * _below(x)
    found = _inverse_of_below(x)
    np.divide(x, found, found)
    found += number_in(x, 0)  # no result is −0, as of PyTorch's in float32
    return found


@op(
    variants="",
    pointwise=SAME,
    refuse=_refuse_gelu,
    dtypes=not_implemented("GeluKernelImpl", "biuc"),
    out_dtype=require_found,
    samples=lambda t: [(t(2, 3), how) for how in ("none", "tanh")] + [(t(0, 2), "none")],
    vjp={"self": lambda g, self, approximate: k.gelu_backward(g, self, approximate=approximate)},
    rule="∂self = ∂ times the slope of gelu",
)
def gelu(self: Array, *, approximate: str = "none", out: Array) -> None:
    """x times the chance that a normal number is below it, or with "tanh" a formula near that."""

    def body(x: Array) -> Array:
        if approximate == "none":
            return _times_below(x)
        return number_in(x, 0.5) * x * (number_in(x, 1) + _level(x))

    write(out, body, self)


@op(
    variants="",
    pointwise=SAME,
    samples=lambda t: [(t(2, 3), t(2, 3), how) for how in ("none", "tanh")],
    vjp={
        "grad_output": lambda g, self, approximate: k.gelu_backward(g, self, approximate=approximate),
        "self": lambda g, grad_output, self, approximate: g * grad_output * _gelu_curve(self, approximate),
    },
    rule="∂grad_output = ∂ times the slope of gelu\n∂self = ∂ · grad_output times the curvature of gelu",
)
def gelu_backward(grad_output: Array, self: Array, *, approximate: str = "none", out: Array) -> None:
    """The gradient of gelu."""

    def body(g: Array, x: Array) -> Array:
        if approximate == "none":
            slope = np.exp(number_in(x, -0.5) * x * x)
            slope *= x
            slope *= number_in(x, _DENSITY)
            slope += _below(x)
            slope *= g
            return slope
        level, one, half = _level(x), number_in(x, 1), number_in(x, 0.5)
        inner = number_in(x, _BETA) * (one + number_in(x, 3 * _KAPPA) * x * x)
        return g * (half * (one + level) + half * x * (one - level * level) * inner)

    write(out, body, grad_output, self)


def _gelu_curve(x: Any, approximate: str) -> Any:
    square = x * x
    if approximate == "none":
        return k.times(2 - square, _DENSITY) * k.exp(k.times(square, -0.5))
    level = k.tanh(k.times(x + k.times(square * x, _KAPPA), _BETA))
    inner = k.times(1 + k.times(square, 3 * _KAPPA), _BETA)
    bent = 1 - level * level
    return bent * (inner + x * (k.times(x, 3 * _KAPPA * _BETA) - level * inner * inner))


# -- glu ---------------------------------------------------------------------------------------------------------------


def _halves(x: Array, dim: int) -> tuple[Array, Array]:
    half = x.shape[dim] // 2
    before = (slice(None),) * dim
    return x[(*before, slice(half))], x[(*before, slice(half, None))]


def _glu_meta(self: Array, dim: int) -> Any:
    if not self.ndim:
        raise RuntimeError("glu does not support 0-dimensional tensors")
    if self.shape[dim] % 2:
        raise RuntimeError(f"Halving dimension must be even, but dimension {dim} is size {self.shape[dim]}")
    halves = _halves(self, dim)
    shape = halves[0].shape
    return shape, self.dtype, output_strides([(each.shape, element_strides(each)) for each in halves], shape)


def _on_halves(x: Any, dim: int) -> tuple[Any, Any]:
    dim = wrap_dim(dim, x.ndim)
    half = x.shape[dim] // 2
    return k.slice(x, dim, 0, half, 1), k.slice(x, dim, half, 2 * half, 1)


def _glu_from_output(g: Any, self: Any, dim: int) -> Any:
    (to_value, to_gate), (value, gate) = _on_halves(g, dim), _on_halves(self, dim)
    level = k.sigmoid(gate)
    return to_value * level + to_gate * value * level * (1 - level)


def _glu_from_self(g: Any, grad_output: Any, self: Any, dim: int) -> Any:
    (to_value, to_gate), (value, gate) = _on_halves(g, dim), _on_halves(self, dim)
    level = k.sigmoid(gate)
    slope = level * (1 - level) * grad_output
    return k.cat([to_gate * slope, (to_value + to_gate * value * (1 - k.times(level, 2))) * slope], dim)


@op(
    variants="",
    meta=_glu_meta,
    dtypes=not_implemented("glu_cpu", "biuc"),
    samples=lambda t: [(t(2, 4), -1), (t(4, 3), 0), (t(0, 2), -1)],
    vjp={"self": lambda g, self, dim: k.glu_backward(g, self, dim)},
    rule="∂self = ∂ times the sigmoid of the second half, and ∂ times the first half times that sigmoid's slope",
)
def glu(self: Array, dim: Dim = -1, *, out: Array) -> None:
    """The first half along `dim` times the sigmoid of the second."""
    write(out, lambda x, y: x * _gate(y), *_halves(self, dim))


@op(
    variants="",
    meta=lambda grad_output, self, dim: (self.shape, self.dtype),
    samples=lambda t: [(t(2, 2), t(2, 4), 1), (t(2, 3), t(4, 3), 0)],
    vjp={
        "grad_output": lambda g, self, dim: _glu_from_output(g, self, dim),
        "self": lambda g, grad_output, self, dim: _glu_from_self(g, grad_output, self, dim),
    },
    rule="∂grad_output = the halves of ∂ times the slopes of glu, added\n∂self = grad_output times the curvature of glu",
)
def glu_backward(grad_output: Array, self: Array, dim: int, *, out: Array) -> None:
    """The gradients of both halves."""
    dim = wrap_dim(dim, self.ndim)
    value, gate = _halves(self, dim)
    to_value, to_gate = _halves(out, dim)
    write(to_value, lambda g, y: g * _gate(y), grad_output, gate)
    write(to_gate, lambda g, x, y: g * x * (1 - _gate(y)) * _gate(y), grad_output, value, gate)
