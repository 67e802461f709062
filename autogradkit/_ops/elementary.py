"""Elementary functions of one operand: exponentials, logarithms, trigonometry, rounding, signs, activations.

Rests on pointwise_op; the formulas are those of PyTorch's derivative table.
"""

# pyright: reportReturnType=false
# A function given `ufunc=` only documents it: its body returns nothing.

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops import k, relu_kernels
from autogradkit._ops.op import op
from autogradkit._ops.pointwise_op import INT_TO_FLOAT, SAME, TO_REAL, Array, unary
from autogradkit.core.memory import noted
from autogradkit.core.tensor import Tensor


def within(low: float, high: float) -> Any:
    """Samples of several shapes with elements between `low` and `high`."""
    return lambda t: [(t(2, 3, low=low, high=high),), (t(low=low, high=high),), (t(0, 2, low=low, high=high),)]


@unary(INT_TO_FLOAT, ufunc=np.exp, in_place=True, samples=within(-2, 2))
def exp(self: Array, *, out: Array | None = None) -> Array:
    """eˣ.

    >>> import autogradkit as torch
    >>> torch.exp(torch.tensor([0.0, 1.0]))
    tensor([1.0000, 2.7183])
    """
    ...


exp.vjp(self=lambda g, result: g * k.conj(result))


@unary(INT_TO_FLOAT, ufunc=np.log, in_place=True, samples=within(0.5, 4))
def log(self: Array, *, out: Array | None = None) -> Array:
    """The natural logarithm.

    >>> import autogradkit as torch
    >>> torch.log(torch.tensor([1.0, 10.0]))
    tensor([0.0000, 2.3026])
    """
    ...


log.vjp(self=lambda g, self: g / k.conj(self))


@unary(INT_TO_FLOAT, ufunc=np.log1p, node="Log1PBackward0", in_place=True, samples=within(-0.5, 4))
def log1p(self: Array, *, out: Array | None = None) -> Array:
    """log(1 + x), accurate near 0.

    >>> import autogradkit as torch
    >>> torch.log1p(torch.tensor([0.0, 1e-6]))
    tensor([0.0000e+00, 1.0000e-06])
    """
    ...


log1p.vjp(self=lambda g, self: g / k.conj(self + 1))


@unary(INT_TO_FLOAT, ufunc=np.sqrt, in_place=True, samples=within(0.5, 4))
def sqrt(self: Array, *, out: Array | None = None) -> Array:
    """The square root.

    >>> import autogradkit as torch
    >>> torch.sqrt(torch.tensor([4.0, 2.0]))
    tensor([2.0000, 1.4142])
    """
    ...


sqrt.vjp(self=lambda g, result: g / (2 * k.conj(result)))


@unary(INT_TO_FLOAT, in_place=True, samples=within(0.5, 4))
def rsqrt(self: Array, *, out: Array | None = None) -> Array:
    """1 / √x.

    >>> import autogradkit as torch
    >>> torch.rsqrt(torch.tensor([4.0, 16.0]))
    tensor([0.5000, 0.2500])
    """
    return np.true_divide(1, np.sqrt(self), out=out)


rsqrt.vjp(self=lambda g, result: -0.5 * g * k.conj(result * result * result))


@unary(INT_TO_FLOAT, ufunc=np.sin, in_place=True, samples=within(-3, 3))
def sin(self: Array, *, out: Array | None = None) -> Array:
    """The sine.

    >>> import autogradkit as torch
    >>> torch.sin(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8415])
    """
    ...


sin.vjp(self=lambda g, self: g * k.conj(k.cos(self)))


@unary(INT_TO_FLOAT, ufunc=np.cos, in_place=True, samples=within(-3, 3))
def cos(self: Array, *, out: Array | None = None) -> Array:
    """The cosine.

    >>> import autogradkit as torch
    >>> torch.cos(torch.tensor([0.0, 1.0]))
    tensor([1.0000, 0.5403])
    """
    ...


cos.vjp(self=lambda g, self: g * -k.conj(k.sin(self)))


@unary(INT_TO_FLOAT, ufunc=np.tan, in_place=True, samples=within(-1, 1))
def tan(self: Array, *, out: Array | None = None) -> Array:
    """The tangent.

    >>> import autogradkit as torch
    >>> torch.tan(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 1.5574])
    """
    ...


tan.vjp(self=lambda g, result: g * k.conj(1 + result * result))


@unary(INT_TO_FLOAT, ufunc=np.tanh, in_place=True, samples=within(-2, 2))
def tanh(self: Array, *, out: Array | None = None) -> Array:
    """The hyperbolic tangent.

    >>> import autogradkit as torch
    >>> torch.tanh(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.7616])
    """
    ...


tanh.vjp(self=lambda g, result: g * k.conj(1 - result * result))


@unary(INT_TO_FLOAT, in_place=True, samples=within(-3, 3))
def sigmoid(self: Array, *, out: Array | None = None) -> Array:
    """1 / (1 + e⁻ˣ).

    >>> import autogradkit as torch
    >>> torch.sigmoid(torch.tensor([0.0, 2.0]))
    tensor([0.5000, 0.8808])
    """
    return np.true_divide(1, 1 + np.exp(-self), out=out)


sigmoid.vjp(self=lambda g, result: g * k.conj((1 - result) * result))


def _refuse_bool(self: Any) -> None:
    if self._array.dtype.kind == "b":
        raise RuntimeError("Boolean inputs not supported for relu")


@unary(SAME, in_place=True, refuse=_refuse_bool, samples=lambda t: [(t(2, 3),), (t(),), (t(0),)])
def relu(self: Array, *, out: Array | None = None) -> Array:
    """max(x, 0).

    >>> import autogradkit as torch
    >>> torch.relu(torch.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    if out is None:
        out = noted(np.empty_like(self))
    relu_kernels.relu(self, out)
    return out


relu.vjp(self=lambda g, result: k.threshold_backward(g, result))


@op(method=False, function=False)
def threshold_backward(grad_output: Array, self: Array) -> Array:
    """The gradient where `self`, the result of `relu`, is above 0 or NaN, and 0 elsewhere."""
    out = noted(np.empty_like(self))
    relu_kernels.relu_backward(grad_output, self, out)
    return out


threshold_backward.vjp(grad_output=lambda g, self: k.threshold_backward(g, self), self=lambda g: g * 0)


@unary(TO_REAL, ufunc=np.absolute, in_place=True, samples=lambda t: [(t(2, 3),), (t(),), (t(0),)])
def abs(self: Array, *, out: Array | None = None) -> Array:
    """|x|.

    >>> import autogradkit as torch
    >>> torch.abs(torch.tensor([-1.5, 2.0]))
    tensor([1.5000, 2.0000])
    """
    ...


abs.vjp(self=lambda g, self: g * k.sign(self))


@unary(SAME, in_place=True, samples=lambda t: [(t(2, 3),)])
def sign(self: Array, *, out: Array | None = None) -> Array:
    """−1, 0 or 1.

    >>> import autogradkit as torch
    >>> torch.sign(torch.tensor([-1.5, 0.0, 2.0]))
    tensor([-1.,  0.,  1.])
    """
    if self.dtype.kind == "b":
        return np.logical_or(self, False, out=out)
    found = np.sign(self, out=out)
    if self.dtype.kind == "f":  # the sign of NaN is 0 in PyTorch
        found = np.asarray(found)
        found[np.isnan(self)] = 0
    return found


sign.vjp(self=lambda g: g * 0)


@unary(SAME, in_place=True, samples=lambda t: [(t(2, 3),)])
def floor(self: Array, *, out: Array | None = None) -> Array:
    """The largest integer not above x.

    >>> import autogradkit as torch
    >>> torch.floor(torch.tensor([-1.5, 2.7]))
    tensor([-2.,  2.])
    """
    return np.floor(self, out=out)


floor.vjp(self=lambda g: g * 0)


@unary(SAME, in_place=True, samples=lambda t: [(t(2, 3),)])
def ceil(self: Array, *, out: Array | None = None) -> Array:
    """The smallest integer not below x.

    >>> import autogradkit as torch
    >>> torch.ceil(torch.tensor([-1.5, 2.1]))
    tensor([-1.,  3.])
    """
    return np.ceil(self, out=out)


ceil.vjp(self=lambda g: g * 0)


@unary(SAME, in_place=True, samples=lambda t: [(t(2, 3),)])
def round(self: Array, *, decimals: int = 0, out: Array | None = None) -> Array:
    """The nearest integer, halves to the even one, or the nearest multiple of 10⁻ᵈᵉᶜⁱᵐᵃˡˢ.

    >>> import autogradkit as torch
    >>> torch.round(torch.tensor([0.5, 1.5, 2.4]))
    tensor([0., 2., 2.])
    """
    return np.round(self, decimals, out=out)


round.vjp(self=lambda g: g * 0)

Tensor.__abs__ = abs  # type: ignore[attr-defined]
