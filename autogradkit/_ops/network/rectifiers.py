"""Rectifiers beside relu: two straight lines that meet at 0, or at a threshold. leaky_relu, prelu, rrelu, threshold.

Rests on declare; `nn.functional` publishes them. In place the sign of the result says which side an element was on, so the
nodes of edits save the result, and refuse a negative slope.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autogradkit._ops.declare import SAME, k, op
from autogradkit._ops.declare.declaration import Samples
from autogradkit._ops.declare.kinds import Array, Generator, Scalar
from autogradkit._ops.declare.memory import like
from autogradkit._ops.declare.refusals import by_kernel, not_implemented, scalar_type
from autogradkit._ops.declare.writing import unchecked
from autogradkit._ops.making.scalars import scalar_array
from autogradkit._ops.network.rounding import write, write_by
from autogradkit.core.bits import chosen, kept
from autogradkit.core.dtype import float16, float32, float64, from_numpy_dtype, is_half
from autogradkit.core.gaussian import unit64
from autogradkit.core.quiet import quietly
from autogradkit.core.random import default_generator
from autogradkit.core.recording import reported
from autogradkit.core.shapes import broadcast_shapes
from autogradkit.core.strides import element_strides, output_strides
from autogradkit.core.tensor import Tensor, wrap


def _off_zero(*numbers: float) -> Samples:
    """Samples away from the kink at 0."""
    return lambda t: [(t(2, 3, low=0.5, high=2), *numbers), (t(low=-2, high=-0.5), *numbers), (t(0, 2), *numbers)]


# -- leaky_relu --------------------------------------------------------------------------------------------------------


def _refuse_negative_slope(grad_output: Any, self: Any, negative_slope: float, self_is_result: bool) -> None:
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
    _write_leaky(self, negative_slope, out)


def _write_leaky(self: Array, negative_slope: Any, out: Array) -> None:
    def body(x: Array, out: Array) -> None:
        slope = x.dtype.type(negative_slope)
        _bend(x, slope, slope, slope, out)

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
    _refuse_negative_slope(g, result, negative_slope, True)
    return k.leaky_relu_backward(g, result, negative_slope, True)


@op(
    variants="",
    pointwise=SAME,
    refuse=_refuse_negative_slope,
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
        np.multiply(g, g.dtype.type(negative_slope), out)
        chosen(~(x > 0), out, g, out)

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
        slope = slope.reshape(sizes)
    return prelu_kernel(x, slope)


# -- rrelu -------------------------------------------------------------------------------------------------------------


def _refuse_bounds(self: Any, noise: Any, lower: float, upper: float, training: bool, generator: Any) -> None:
    _require_bounds(lower, upper)


@by_kernel
def _refuse_dtypes(self: Any, noise: Any, lower: float, upper: float, training: bool, generator: Any) -> None:
    label = "rrelu_with_noise_out_cpu" if training else "leaky_relu_cpu"
    not_implemented(label, "biuc")(self)
    if training and self.dtype is float16:
        raise NotImplementedError(f"\"{label}\" not implemented for 'Half'")


def _require_bounds(lower: float, upper: float) -> None:
    lower, upper = (scalar_array(each, float64).item() for each in (lower, upper))
    if not math.isfinite(lower):
        raise RuntimeError(f"rrelu: lower bound must be finite, got {lower}")
    if not math.isfinite(upper):
        raise RuntimeError(f"rrelu: upper bound must be finite, got {upper}")
    if lower > upper:
        raise RuntimeError("Lower bound should be less than or equal to the upper bound")


def _slope_of_noise(g: Any, self: Any, noise: Any, lower: float, upper: float, training: bool, is_result: bool) -> Any:
    if not training or upper - lower <= 1e-6:
        _refuse_negative_slope(g, self, (lower + upper) / 2, is_result)
    return k.rrelu_with_noise_backward(g, self, noise, lower, upper, training, is_result)


@op(
    variants="",
    in_place=True,
    pointwise=SAME,
    contiguous=True,
    promotes="self",
    refuse=_refuse_bounds,
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
        write(out, lambda x: chosen(x > 0, x, (x * noise).astype(x.dtype, copy=False)), self)
    else:
        _write_leaky(self, (lower + upper) / 2, out)


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
    _require_bounds(lower, upper)
    given = (x._array, lower, upper, generator)
    return reported("noise", "random", _drawn, *given)


def _rrelu_edit(
    self: Any, lower: float = 0.125, upper: float = 1 / 3, training: bool = False, generator: Any = None
) -> Any:
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
    noise = _noise_of(self, lower, upper, training, generator)
    return rrelu_with_noise(self, noise, lower, upper, training, generator)


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
    below = self <= bound
    some_bit = other.view(f"u{other.itemsize}")
    np.copyto(out, chosen(below, other, self) if some_bit else kept(~below, self))  # `out` may have elements in common


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
    kept(~(self <= threshold), grad_output, out)
