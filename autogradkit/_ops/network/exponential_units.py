"""Activations that follow an exponential on one side and a line on the other: elu, selu, celu, softplus, logsigmoid.

Rests on declare; `nn.functional` publishes them. The edits of elu and celu save the result, and refuse a negative slope.
"""

from __future__ import annotations

import functools
import operator
from typing import Any

import numpy as np

from autogradkit._ops.declare import SAME, k, op
from autogradkit._ops.declare.kinds import Array, Scalar
from autogradkit._ops.declare.refusals import not_implemented
from autogradkit._ops.declare.writing import require_found, require_same_dtype
from autogradkit._ops.making.scalars import number_in, scalar_array
from autogradkit._ops.network.rounding import write
from autogradkit._ops.pointwise import near_one
from autogradkit.core.bits import chosen
from autogradkit.core.dtype import float32, float64
from autogradkit.core.strides import dense_strides_like, element_strides

SELU_ALPHA, SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946

# -- elu, selu, celu ---------------------------------------------------------------------------------------------------


def _refuse_negative_slope(
    grad_output: Any, alpha: float, scale: float, input_scale: float, is_result: bool, self_or_result: Any
) -> None:
    if is_result and alpha < 0:
        raise RuntimeError(
            "In-place elu backward calculation is triggered with a negative slope which is not supported. This is caused "
            "by calling in-place forward function with a negative slope, please call out-of-place version instead."
        )


def _edited(g: Any, alpha: float, scale: float, input_scale: float, result: Any) -> Any:
    _refuse_negative_slope(g, alpha, scale, input_scale, True, result)
    return k.elu_backward(g, alpha, scale, input_scale, True, result)


_refuse_elu = not_implemented("elu_cpu", "biuc")


def _times(x: Array, *numbers: Any) -> Array:
    """x times the product of Python numbers in its dtype; x itself where they are 1, as most are."""
    factors = [number_in(x, each) for each in numbers if each != 1]
    return x * functools.reduce(operator.mul, factors) if factors else x


def _write_elu(out: Array, x: Array, alpha: float, scale: float, input_scale: float) -> None:
    def body(x: Array) -> Array:
        zero = number_in(x, 0)
        below = _times(near_one.expm1(_times(np.minimum(x, zero), input_scale)), alpha, scale)
        return chosen(x < zero, below, _times(x, scale))

    write(out, body, x)


@op(
    variants="",
    in_place=True,
    pointwise=SAME,
    dtypes=_refuse_elu,
    out=False,
    samples=lambda t: [(t(2, 3), 0.7, 1.2, 0.9), (t(), 1, 1, 1), (t(0, 2), 1, 1, 1)],
    vjp={"self": lambda g, self, alpha, scale, input_scale: k.elu_backward(g, alpha, scale, input_scale, False, self)},
    edit_vjp={"self": lambda g, alpha, scale, input_scale, result: _edited(g, alpha, scale, input_scale, result)},
    rule="∂self = ∂ · scale where self > 0, else ∂ · input_scale · alpha · scale · exp(input_scale · self)",
)
def elu(self: Array, alpha: Scalar = 1, scale: Scalar = 1, input_scale: Scalar = 1, *, out: Array) -> None:
    """x above 0, `alpha` · (eˣ − 1) below, times `scale`; below 0 x is scaled by `input_scale` first."""
    _write_elu(out, self, alpha, scale, input_scale)


@op(
    variants="",
    pointwise=SAME,
    refuse=_refuse_negative_slope,
    samples=lambda t: [
        (t(2, 3), 0.7, 1.2, 0.9, False, t(2, 3)),
        (t(2, 3), 0.7, 1.2, 0.9, True, t(2, 3, low=-0.5, high=0.5)),
    ],
    vjp={
        "grad_output": lambda g, alpha, scale, input_scale, is_result, self_or_result: k.elu_backward(
            g, alpha, scale, input_scale, is_result, self_or_result
        ),
        "self_or_result": lambda g, grad_output, alpha, scale, input_scale, is_result, self_or_result: _elu_curve(
            g * grad_output, alpha, scale, input_scale, is_result, self_or_result
        ),
    },
    rule=(
        "∂grad_output = ∂ times the slope of elu\n"
        "∂self_or_result = ∂ · grad_output times the curvature of elu where self_or_result < 0, else 0"
    ),
)
def elu_backward(
    grad_output: Array,
    alpha: Scalar,
    scale: Scalar,
    input_scale: Scalar,
    is_result: bool,
    self_or_result: Array,
    *,
    out: Array,
) -> None:
    """The gradient of elu, from its input or from its result."""

    def body(g: Array, x: Array) -> Array:
        zero = number_in(x, 0)
        inner = _times(g, input_scale)
        if is_result:
            below = inner * (x + number_in(x, alpha) * number_in(x, scale))
        else:
            below = _times(inner, alpha, scale) * np.exp(_times(np.minimum(x, zero), input_scale))
        return chosen(x <= zero, below, _times(g, scale))

    write(out, body, grad_output, self_or_result)


def _elu_curve(g: Any, alpha: float, scale: float, input_scale: float, is_result: bool, self_or_result: Any) -> Any:
    below = self_or_result < 0
    if is_result:
        return k.where(below, k.times(g, input_scale), 0.0)
    return k.where(
        below, k.elu_backward(k.times(g, input_scale), alpha, scale, input_scale, False, self_or_result), 0.0
    )


@op(
    variants="function",
    in_place=True,
    composition=True,
    edit=lambda self: elu.in_place_call(self, SELU_ALPHA, SELU_SCALE),
)
def selu(self: Array) -> Any:
    """1.0507 · x above 0, 1.0507 · 1.6733 · (eˣ − 1) below: numbers that keep mean and variance through many layers.

    >>> import autogradkit as torch
    >>> torch.selu(torch.tensor([-1.0, 1.0]))
    tensor([-1.1113,  1.0507])
    """
    return elu.straight(self, SELU_ALPHA, SELU_SCALE, 1)


def _inverse_of_float32(alpha: float) -> float:
    """1 / alpha as PyTorch's formula has it: of a float32. Raises RuntimeError for what is none."""
    return float(np.divide(1, np.float64(scalar_array(alpha, float32))))


def _refuse_celu(self: Any, alpha: float = 1.0) -> None:
    if not scalar_array(alpha, float64):
        raise RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU")


@op(
    variants="function",
    in_place=True,
    pointwise=SAME,
    refuse=_refuse_celu,
    dtypes=_refuse_elu,
    out=False,
    samples=lambda t: [(t(2, 3), 0.7), (t(), 1.5), (t(0, 2), 1.0)],
    vjp={"self": lambda g, self, alpha: k.elu_backward(g, alpha, 1, _inverse_of_float32(alpha), False, self)},
    edit_vjp={"self": lambda g, result, alpha: _edited(g, alpha, 1, _inverse_of_float32(alpha), result)},
    rule="∂self = ∂ where self > 0, else ∂ · exp(self / alpha)",
)
def celu(self: Array, alpha: Scalar = 1.0, *, out: Array) -> None:
    """x above 0, `alpha` · (exp(x / `alpha`) − 1) below: smooth at 0. Raises RuntimeError for an `alpha` of 0.

    >>> import autogradkit as torch
    >>> torch.celu(torch.tensor([-1.0, 1.0]))
    tensor([-0.6321,  1.0000])
    """
    _write_elu(out, self, alpha, 1, 1 / float(scalar_array(alpha, float64)))


# -- softplus ----------------------------------------------------------------------------------------------------------


@op(
    variants="",
    pointwise=SAME,
    dtypes=not_implemented("softplus_cpu", "biuc"),
    out_dtype=require_found,
    samples=lambda t: [(t(2, 3), 1.0, 20.0), (t(2, low=3, high=4), 2.0, 1.0), (t(), 0.5, 20.0), (t(0, 2), 1.0, 20.0)],
    vjp={"self": lambda g, self, beta, threshold: k.softplus_backward(g, self, beta, threshold)},
    rule="∂self = ∂ where self · beta > threshold, else ∂ / (1 + exp(−self · beta))",
)
def softplus(self: Array, beta: Scalar = 1, threshold: Scalar = 20, *, out: Array) -> None:
    """log(1 + exp(`beta` · x)) / `beta`; x itself where `beta` · x is above `threshold`."""

    def body(x: Array) -> Array:
        factor, most = number_in(x, beta), number_in(x, threshold)
        scaled = x * factor
        return chosen(scaled > most, x, near_one.log1p(np.exp(scaled)) / factor)

    write(out, body, self)


@op(
    variants="",
    pointwise=SAME,
    samples=lambda t: [(t(2, 3), t(2, 3), 1.5, 20.0), (t(2), t(2, low=3, high=4), 2.0, 1.0)],
    vjp={
        "grad_output": lambda g, self, beta, threshold: k.softplus_backward(g, self, beta, threshold),
        "self": lambda g, grad_output, self, beta, threshold: _softplus_curve(g * grad_output, self, beta, threshold),
    },
    rule=(
        "∂grad_output = ∂ where self · beta > threshold, else ∂ / (1 + exp(−self · beta))\n"
        "∂self = ∂ · grad_output times the curvature of softplus"
    ),
)
def softplus_backward(grad_output: Array, self: Array, beta: Scalar, threshold: Scalar, *, out: Array) -> None:
    """The gradient of softplus."""

    def body(g: Array, x: Array) -> Array:
        scaled, most = x * number_in(x, beta), number_in(x, threshold)
        power = np.exp(scaled)
        return chosen(scaled > most, g, g * power / (power + number_in(x, 1)))

    write(out, body, grad_output, self)


def _softplus_curve(g: Any, x: Any, beta: float, threshold: float) -> Any:
    scaled = k.times(x, beta)
    level = k.sigmoid(scaled)
    return k.where(scaled < threshold, k.times(g * (1 - level) * level, beta), 0.0)


# -- logsigmoid --------------------------------------------------------------------------------------------------------


def _log_sigmoid_meta(self: Array) -> Any:
    spec = self.shape, self.dtype  # side by side, however self lies
    return spec, spec


@op(
    variants="",
    node="LogSigmoidBackward0",
    label="logsigmoid",
    meta=_log_sigmoid_meta,
    dtypes=not_implemented("log_sigmoid_cpu", "biuc"),
    outputs="output buffer",
    differentiable_outputs=1,
    samples=lambda t: [(t(2, 3),), (t(),), (t(0, 2),)],
    vjp={"self": lambda g, self, buffer: k.log_sigmoid_backward(g, self, buffer)},
    rule="∂self = ∂ / (1 + exp(self))",
)
def log_sigmoid_forward(self: Array, *, out: tuple[Array, Array]) -> None:
    """log(1 / (1 + e⁻ˣ)) without overflow, and e⁻|ˣ|, which backward needs."""

    def power(x: Array) -> Array:
        return np.exp(-np.abs(x))

    def logarithm(x: Array, power: Array) -> Array:
        return np.minimum(x, number_in(x, 0)) - near_one.log1p(power)

    write(out[1], power, self)
    if k.is_half(self):  # whose power is rounded only where it is kept
        write(out[0], lambda x: logarithm(x, power(x)), self)
    else:
        write(out[0], logarithm, self, out[1])


@op(
    variants="",
    meta=lambda grad_output, self, buffer: (
        grad_output.shape,
        grad_output.dtype,
        dense_strides_like(grad_output.shape, element_strides(grad_output)),
    ),
    samples=lambda t: [(t(2, 3), t(2, 3).detach(), t(2, 3, low=0.2, high=0.9).detach())],
    vjp={
        "grad_output": lambda g, self, buffer: k.log_sigmoid_backward(g, self, buffer),
        "self": lambda g, grad_output, self: _log_sigmoid_curve(g * grad_output, self),
    },
    rule="∂grad_output = ∂ / (1 + exp(self))\n∂self = ∂ · grad_output times the curvature of logsigmoid",
)
def log_sigmoid_backward(grad_output: Array, self: Array, buffer: Array, *, out: Array) -> None:
    """The gradient of logsigmoid, from its input and what was kept."""

    def body(g: Array, x: Array, power: Array) -> Array:
        one = number_in(x, 1)
        share = power / (one + power)
        return g * chosen(x < number_in(x, 0), one - share, share)

    write(out, body, grad_output, self, buffer)


def _log_sigmoid_curve(g: Any, x: Any) -> Any:
    level = k.sigmoid(x)
    return g * (level - 1) * level


@op(variants="", composition=True, out=True, out_dtype=require_same_dtype)
def log_sigmoid(self: Array) -> Any:
    """log(1 / (1 + e⁻ˣ)), elementwise."""
    return log_sigmoid_forward.straight(self)[0]
