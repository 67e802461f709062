"""Rectifiers beside relu: two straight lines that meet at 0, or at a threshold. leaky_relu, prelu, threshold.

Rests on declare; `nn.functional` publishes them. In place the sign of the result says which side an element was on, so the
nodes of edits save the result, and refuse a negative slope.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autogradkit._ops.declare import SAME, k, op
from autogradkit._ops.declare.declaration import Samples
from autogradkit._ops.declare.kinds import Array, Scalar
from autogradkit._ops.declare.overlaps import unchecked
from autogradkit._ops.declare.refusals import not_implemented, scalar_type
from autogradkit._ops.making.scalars import number_in, scalar_array
from autogradkit._ops.network.rounding import write, write_by
from autogradkit.core.bits import chosen, kept
from autogradkit.core.dtype import float32, from_numpy_dtype, is_half
from autogradkit.core.parts import in_parts
from autogradkit.core.shapes import broadcast_shapes
from autogradkit.core.strides import element_strides, output_strides


def _off_zero(*numbers: float) -> Samples:
    """Samples away from the kink at 0."""
    return lambda t: [(t(2, 3, low=0.5, high=2), *numbers), (t(low=-2, high=-0.5), *numbers), (t(0, 2), *numbers)]


# -- leaky_relu --------------------------------------------------------------------------------------------------------


def refuse_negative_slope(grad_output: Any, self: Any, negative_slope: float, self_is_result: bool) -> None:
    if self_is_result and negative_slope < 0:
        raise RuntimeError(
            "In-place leakyReLu backward calculation is triggered with a negative slope which is not supported. This is "
            "caused by calling in-place forward function with a negative slope, please call out-of-place version instead. "
            "File an issue at https://github.com/pytorch/pytorch if you do require supporting in-place leakRelu backward "
            "calculation with negative slope"
        )


@op(
    variants="",
    in_place=True,
    pointwise=SAME,
    dtypes=not_implemented("leaky_relu_cpu", "biuc"),
    out=False,
    samples=_off_zero(0.1),
    vjp={"self": lambda g, self, negative_slope: k.leaky_relu_backward(g, self, negative_slope, False)},
    edit_vjp={"self": lambda g, result, negative_slope: _slope_of_result(g, result, negative_slope)},
    rule="∂self = ∂ where self > 0, else ∂ · negative_slope",
)
def leaky_relu(self: Array, negative_slope: Scalar = 0.01, *, out: Array) -> None:
    """x where it is above 0, `negative_slope` times it elsewhere."""
    write_leaky(self, negative_slope, out)


def write_leaky(self: Array, negative_slope: Any, out: Array) -> None:
    def body(x: Array, out: Array) -> None:
        slope = number_in(x, negative_slope)
        bound = slope.item()
        _bend(x, slope, bound, bound, out)

    write_by(out, body, self)


def _bend(x: Array, slope: Any, least: Any, most: Any, out: Array) -> None:
    """Write x where it is above 0, `slope` times it elsewhere: the larger of both up to a slope of 1, the less from there."""
    np.multiply(x, slope, out)
    if least > 0 and most <= 1:
        np.maximum(x, out, out=out)
    elif least >= 1 and most < math.inf:
        np.minimum(x, out, out=out)
    else:
        chosen(~(x > 0), out, x, out)


def _slope_of_result(g: Any, result: Any, negative_slope: float) -> Any:
    refuse_negative_slope(g, result, negative_slope, True)
    return k.leaky_relu_backward(g, result, negative_slope, True)


@op(
    variants="",
    pointwise=SAME,
    refuse=refuse_negative_slope,
    samples=lambda t: [(t(2, 3), t(2, 3).detach(), 0.1, False)],
    vjp={
        "grad_output": lambda g, self, negative_slope: k.leaky_relu_backward(g, self, negative_slope, False),
        "self": lambda g: k.zeros_like(g),
    },
    rule="∂grad_output = ∂ where self > 0, else ∂ · negative_slope\n∂self = 0",
)
def leaky_relu_backward(
    grad_output: Array, self: Array, negative_slope: Scalar, self_is_result: bool, *, out: Array
) -> None:
    """The gradient above 0, `negative_slope` times it elsewhere."""

    def body(g: Array, x: Array, out: Array) -> None:
        chosen(x > number_in(x, 0), g, g * number_in(g, negative_slope), out)

    write_by(out, body, grad_output, self)


# -- prelu -------------------------------------------------------------------------------------------------------------


@op(
    variants="",
    pointwise=SAME,
    name="_prelu_kernel",
    node="PreluKernelBackward0",
    dtypes=not_implemented("prelu_cpu", "biuc"),
    out=False,
    samples=lambda t: [(t(2, 3, low=0.5), t(3)), (t(2, 3, low=-2, high=-0.5), t(1, 1)), (t(0, 3), t(3))],
    group=("self weight", lambda g, self, weight, needs: k.prelu_kernel_backward(g, self, weight)),
    rule="∂self = ∂ where self > 0, else ∂ · weight\n∂weight = 0 where self > 0, else ∂ · self",
)
def prelu_kernel(self: Array, weight: Array, *, out: Array) -> None:
    """x where it is above 0, `weight` times it elsewhere; both broadcast."""

    def body(x: Array, weight: Array, out: Array) -> None:
        least, most = np.minimum.reduce(weight, None, initial=np.inf), np.maximum.reduce(weight, None, initial=-np.inf)
        _bend(x, weight, least, most, out)

    write_by(out, body, self, weight)


def _prelu_backward_meta(grad_output: Array, self: Array, weight: Array) -> Any:
    given = grad_output, self, weight
    shape = broadcast_shapes(*[each.shape for each in given])
    spec = shape, self.dtype, output_strides([(each.shape, element_strides(each)) for each in given], shape)
    return spec, spec


def _prelu_double_backward(g: Any, grad_output: Any, self: Any, weight: Any, needs: Any) -> Any:
    to_self, to_weight = (k.zeros_like(grad_output) if each is None else each for each in g)
    above = self > 0
    return (
        k.where(above, to_self, to_self * weight) + k.where(above, 0.0, to_weight * self),
        k.where(above, 0.0, to_weight * grad_output),
        k.where(above, 0.0, to_self * grad_output),
    )


@op(
    variants="",
    name="_prelu_kernel_backward",
    node="PreluKernelBackwardBackward0",
    meta=_prelu_backward_meta,
    outputs="grad_self grad_weight",
    samples=lambda t: [(t(2, 3), t(2, 3, low=-2, high=-0.5), t(1, 3)), (t(2, 3), t(2, 3, low=0.5), t(1, 3))],
    group=("grad_output self weight", _prelu_double_backward),
    rule=(
        "∂grad_output = sum of what the gradients of both give\n"
        "∂self = grad_output times ∂grad_weight, where self is not above 0\n"
        "∂weight = grad_output times ∂grad_self, where self is not above 0"
    ),
)
def prelu_kernel_backward(grad_output: Array, self: Array, weight: Array, *, out: tuple[Array, Array]) -> None:
    """The gradients of `prelu_kernel`, both as large as its result."""
    write(out[0], lambda g, x, w: chosen(x > 0, g, w * g), grad_output, self, weight)
    write(out[1], lambda g, x: kept(~(x > 0), x * g), grad_output, self)


@op(composition=True)
def prelu(self: Array, weight: Array) -> Any:
    """x where it is above 0, `weight` times it elsewhere: one number, or one for each channel, which is dimension 1.

    Raises RuntimeError where `weight` does not fit the channels, or has another dtype.

    >>> import autogradkit as torch
    >>> torch.prelu(torch.tensor([-2.0, 3.0]), torch.tensor([0.25]))
    tensor([-0.5000,  3.0000])
    """
    x: Any = self
    slope: Any = weight
    if x.dtype != slope.dtype:
        raise RuntimeError(
            f"prelu: Type promoting not supported. Got {scalar_type(x.dtype)} and {scalar_type(slope.dtype)}"
        )
    if slope.numel() != 1:
        if not x.ndim:
            raise RuntimeError("Not allow zero-dim input tensor.")
        channels = x.shape[1] if x.ndim > 1 else 1
        if channels != slope.numel():
            raise RuntimeError(
                f"Mismatch of parameter numbers and input channel size. Found parameter numbers = {slope.numel()} and "
                f"channel size = {channels}."
            )
    if slope.ndim > 1:
        raise RuntimeError(f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {slope.ndim}")
    if slope.ndim != x.ndim:
        sizes = [1] * x.ndim
        if x.ndim > 1 and slope.ndim:
            sizes[1] = slope.shape[0]
        slope = slope.reshape(tuple(sizes))
    return prelu_kernel.straight(x, slope)


# -- threshold ---------------------------------------------------------------------------------------------------------


@op(
    variants="function",
    in_place=True,
    pointwise=SAME,
    dtypes=not_implemented("threshold_cpu", "bc"),
    samples=_off_zero(0.1, 20.0),
    in_place_node="ThresholdBackward1",
    overlaps=unchecked,
    vjp={"self": lambda g, self, threshold: k.threshold_backward(g, self, threshold)},
    rule="∂self = ∂ where self > threshold, else 0",
)
def threshold(self: Array, threshold: Scalar, value: Scalar, *, out: Array) -> None:
    """x where it is above `threshold`, `value` elsewhere.

    >>> import autogradkit as torch
    >>> torch.threshold(torch.tensor([0.5, 2.0]), 1.0, -1.0)
    tensor([-1.,  2.])
    """
    kind = from_numpy_dtype(self.dtype)
    bound = scalar_array(threshold, float32 if is_half(self.dtype) else kind)
    other = scalar_array(value, kind)
    some_bit = other.view(f"u{other.itemsize}")
    for into, x in in_parts(out, self):
        below = x <= bound
        np.copyto(into, chosen(~below, x, other) if some_bit else kept(~below, x))  # `out` may have elements in common


@op(
    variants="",
    pointwise=SAME,
    samples=lambda t: [(t(2, 3), t(2, 3).detach(), 0.1)],
    vjp={
        "grad_output": lambda g, self, threshold: k.threshold_backward(g, self, threshold),
        "self": lambda g: k.zeros_like(g),
    },
    rule="∂grad_output = ∂ where self > threshold, else 0\n∂self = 0",
)
def threshold_backward(grad_output: Array, self: Array, threshold: Scalar, *, out: Array) -> None:
    """The gradient where `self` is above `threshold`, 0 elsewhere."""
    for into, g, x in in_parts(out, grad_output, self):
        kept(~(x <= threshold), g, into)
