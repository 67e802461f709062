"""A rectifier whose slope below 0 is drawn for each element: rrelu.

Rests on declare, rectifiers and the draws of a generator; `nn.functional` publishes it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autogradkit._ops.declare import SAME, k, op
from autogradkit._ops.declare.kinds import Array, Generator, Scalar
from autogradkit._ops.declare.memory import like
from autogradkit._ops.declare.refusals import by_kernel, not_implemented
from autogradkit._ops.making.scalars import scalar_array
from autogradkit._ops.network.rectifiers import refuse_negative_slope, write_leaky
from autogradkit._ops.network.rounding import write, write_whole
from autogradkit.core.bits import chosen
from autogradkit.core.dtype import float16, float64
from autogradkit.core.gaussian import unit64
from autogradkit.core.quiet import quietly
from autogradkit.core.random import default_generator
from autogradkit.core.recording import reported
from autogradkit.core.tensor import Tensor, wrap
from autogradkit.engine.history import check_in_place, requires_grad
from autogradkit.engine.modes import MODE


@by_kernel
def _refuse_dtypes(self: Any, noise: Any, lower: float, upper: float, training: bool, generator: Any) -> None:
    label = "rrelu_with_noise_out_cpu" if training else "leaky_relu_cpu"
    not_implemented(label, "biuc")(self)
    if training:
        _require_drawn(self)


def _require_drawn(x: Any) -> None:
    if x.dtype is float16:
        raise NotImplementedError("\"rrelu_with_noise_out_cpu\" not implemented for 'Half'")


def _require_bounds(lower: float, upper: float) -> None:
    lower, upper = (scalar_array(each, float64).item() for each in (lower, upper))
    if not math.isfinite(lower):
        raise RuntimeError(f"rrelu: lower bound must be finite, got {lower}")
    if not math.isfinite(upper):
        raise RuntimeError(f"rrelu: upper bound must be finite, got {upper}")
    _require_order(lower, upper)


def _require_order(lower: float, upper: float) -> None:
    lower, upper = (scalar_array(each, float64).item() for each in (lower, upper))
    if not lower <= upper:
        raise RuntimeError("Lower bound should be less than or equal to the upper bound")


def _slope_of_noise(g: Any, self: Any, noise: Any, lower: float, upper: float, training: bool, is_result: bool) -> Any:
    if not training or upper - lower <= 1e-6:
        refuse_negative_slope(g, self, (lower + upper) / 2, is_result)
    return k.rrelu_with_noise_backward(g, self, noise, lower, upper, training, is_result)


@op(
    variants="",
    in_place=True,
    pointwise=SAME,
    contiguous=True,
    promotes="self",
    dtypes=_refuse_dtypes,
    out=False,
    samples=lambda t: [
        (t(2, 3, low=-2, high=-0.5), t(2, 3).detach(), 0.1, 0.3, training) for training in (True, False)
    ],
    vjp={
        "self": lambda g, self, noise, lower, upper, training: _slope_of_noise(
            g, self, noise, lower, upper, training, False
        )
    },
    edit_vjp={
        "self": lambda g, result, noise, lower, upper, training: _slope_of_noise(
            g, result, noise, lower, upper, training, True
        )
    },
    rule="∂self = ∂ times the slope that was drawn, or their mean in evaluation, where self is not above 0",
)
def rrelu_with_noise(
    self: Array,
    noise: Array,
    lower: Scalar = 0.125,
    upper: Scalar = 1 / 3,
    training: bool = False,
    generator: Generator | None = None,
    *,
    out: Array,
) -> None:
    """x where it is above 0; elsewhere `noise` times it, or in evaluation the mean of `lower` and `upper`."""
    if training:
        write_whole(out, lambda x: chosen(x > 0, x, (x * noise).astype(x.dtype, copy=False)), self)
    else:
        write_leaky(self, (lower + upper) / 2, out)


@op(
    variants="",
    pointwise=SAME,
    promotes="grad_output self",
    samples=lambda t: [
        (t(2, 3), t(2, 3).detach(), t(2, 3).detach(), 0.1, 0.3, training, False) for training in (True, False)
    ],
    vjp={
        "grad_output": lambda g, self, noise, lower, upper, training: k.rrelu_with_noise_backward(
            g, self, noise, lower, upper, training, False
        ),
        "self": lambda g: k.zeros_like(g),
    },
    rule="∂grad_output = ∂ times the slope that was drawn, or their mean in evaluation, where self is not above 0\n∂self = 0",
)
def rrelu_with_noise_backward(
    grad_output: Array,
    self: Array,
    noise: Array,
    lower: Scalar,
    upper: Scalar,
    training: bool,
    self_is_result: bool,
    *,
    out: Array,
) -> None:
    """The gradient times the noise of training, which is 1 above 0; in evaluation as that of leaky_relu."""
    if training and upper - lower > 1e-6:
        write(out, np.multiply, grad_output, noise)
    else:
        write(out, lambda g, x: chosen(x > 0, g, g * g.dtype.type((lower + upper) / 2)), grad_output, self)


def _drawn(x: Array, lower: float, upper: float, generator: Generator | None) -> Tensor:
    """A slope for each element that is not above 0, in order; 1 for the others."""
    noise = np.empty(x.shape, x.dtype)
    flat = np.ones(x.size, noise.dtype)
    places = np.flatnonzero(quietly(np.less_equal, x.reshape(-1), 0))
    flat[places] = unit64((generator or default_generator).words64(places.size)) * (upper - lower) + lower
    noise[...] = flat.reshape(x.shape)
    return wrap(noise)


def _noise_of(x: Any, lower: float, upper: float, training: bool, generator: Generator | None) -> Tensor:
    if not training or x._array.dtype.kind not in "fV":
        return wrap(like(x._array))
    _require_drawn(x)  # before anything is
    given = (x._array, lower, upper, generator)
    return reported("noise", "random", _drawn, *given)


def _rrelu_edit(
    self: Any, lower: float = 0.125, upper: float = 1 / 3, training: bool = False, generator: Any = None
) -> Any:
    _require_order(lower, upper)
    check_in_place(self, MODE.grad and requires_grad(self))  # before anything is drawn
    noise = _noise_of(self, lower, upper, training, generator)
    return rrelu_with_noise.in_place_call(self, noise, lower, upper, training, generator)


@op(variants="function", in_place=True, composition=True, edit=_rrelu_edit)
def rrelu(
    self: Array,
    lower: Scalar = 0.125,
    upper: Scalar = 1 / 3,
    training: bool = False,
    generator: Generator | None = None,
) -> Any:
    """x where it is above 0; elsewhere a slope times it, drawn between `lower` and `upper` in training, else their mean.

    Raises RuntimeError for bounds that are not finite, or not in order.

    >>> import autogradkit as torch
    >>> torch.rrelu(torch.tensor([-1.0, 2.0]), 0.25, 0.75)
    tensor([-0.5000,  2.0000])
    """
    _require_bounds(lower, upper)
    noise = _noise_of(self, lower, upper, training, generator)
    return rrelu_with_noise(self, noise, lower, upper, training, generator)
