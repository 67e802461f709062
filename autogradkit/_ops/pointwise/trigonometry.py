"""Trigonometry: circular and hyperbolic functions, their inverses, degrees.

Rests on declare; the formulas are those of PyTorch's derivative table. A kernel given `ufunc=` only documents it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autogradkit._ops.declare import INT_TO_FLOAT, k, op
from autogradkit._ops.declare.kinds import Array
from autogradkit._ops.declare.refusals import common_not_implemented, not_differentiated, refuses
from autogradkit._ops.pointwise import angles, near_one
from autogradkit._ops.pointwise.arithmetic import binary_tensor_samples
from autogradkit._ops.pointwise.elementary import times_tanh_slope, within


def _no_edit(name: str) -> Any:
    """The formula of an in-place form that PyTorch has no derivative for, though the op has one."""
    return {"self": not_differentiated(f"inplace version of {name}")}


@op(
    pointwise=INT_TO_FLOAT,
    ufunc=np.sin,
    in_place=True,
    samples=within(-3, 3),
    vjp={"self": lambda g, self: g * k.conj(k.cos(self))},
)
def sin(self: Array, *, out: Array) -> None:
    """The sine.

    >>> import autogradkit as torch
    >>> torch.sin(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8415])
    """


@op(
    pointwise=INT_TO_FLOAT,
    ufunc=np.cos,
    in_place=True,
    samples=within(-3, 3),
    vjp={"self": lambda g, self: g * -k.conj(k.sin(self))},
)
def cos(self: Array, *, out: Array) -> None:
    """The cosine.

    >>> import autogradkit as torch
    >>> torch.cos(torch.tensor([0.0, 1.0]))
    tensor([1.0000, 0.5403])
    """


@op(
    pointwise=INT_TO_FLOAT,
    in_place=True,
    samples=within(-1, 1),
    vjp={"self": lambda g, result: g * k.conj(1 + result * result)},
)
def tan(self: Array, *, out: Array) -> None:
    """The tangent.

    >>> import autogradkit as torch
    >>> torch.tan(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 1.5574])
    """
    angles.tan(self, out)


@op(
    pointwise=INT_TO_FLOAT,
    ufunc=np.tanh,
    in_place=True,
    samples=within(-2, 2),
    vjp={"self": times_tanh_slope},
    rule="∂self = ∂ · (1 − result²)",
)
def tanh(self: Array, *, out: Array) -> None:
    """The hyperbolic tangent.

    >>> import autogradkit as torch
    >>> torch.tanh(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.7616])
    """


@op(
    "arcsin",
    pointwise=INT_TO_FLOAT,
    ufunc=np.arcsin,
    in_place=True,
    samples=within(-0.9, 0.9),
    vjp={"self": lambda g, self: g * k.conj(k.rsqrt(-self * self + 1))},
    rule="∂self = ∂ / √(1 − self²)",
)
def asin(self: Array, *, out: Array) -> None:
    """The inverse of the sine, in radians.

    >>> import autogradkit as torch
    >>> torch.asin(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 1.5708])
    """


@op(
    "arccos",
    pointwise=INT_TO_FLOAT,
    ufunc=np.arccos,
    in_place=True,
    samples=within(-0.9, 0.9),
    vjp={"self": lambda g, self: g * -k.conj(k.rsqrt(-self * self + 1))},
    rule="∂self = −∂ / √(1 − self²)",
)
def acos(self: Array, *, out: Array) -> None:
    """The inverse of the cosine, in radians.

    >>> import autogradkit as torch
    >>> torch.acos(torch.tensor([1.0, 0.0]))
    tensor([0.0000, 1.5708])
    """


@op(
    "arctan",
    pointwise=INT_TO_FLOAT,
    in_place=True,
    samples=within(-3, 3),
    vjp={"self": lambda g, self: g / k.conj(self * self + 1)},
)
def atan(self: Array, *, out: Array) -> None:
    """The inverse of the tangent, in radians.

    >>> import autogradkit as torch
    >>> torch.atan(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.7854])
    """
    angles.atan(self, out)


def _negated(x: Any, kind: str) -> Any:
    """−x, which PyTorch has of bools neither here."""
    if kind == "b":
        raise RuntimeError(
            "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use the `~` or "
            "`logical_not()` operator instead."
        )
    return -x


def _square(self: Any, other: Any) -> Any:
    """self² + other², infinite where that is 0, so that the gradient is 0 there."""
    square = self * self + other * other
    return k.where(square == 0, math.inf, square)


@op(
    "arctan2",
    pointwise=INT_TO_FLOAT,
    in_place=True,
    dtypes=common_not_implemented("atan2_cpu", "c"),
    samples=binary_tensor_samples,
    vjp={
        "self": lambda g, self, other: g * other * k.reciprocal(_square(self, other)),
        "other": lambda g, self, other, self_kind: g * _negated(self, self_kind) * k.reciprocal(_square(self, other)),
    },
    rule="∂self = ∂ · other / (self² + other²)\n∂other = −∂ · self / (self² + other²)",
)
def atan2(self: Array, other: Array, *, out: Array) -> None:
    """The angle of the point (other, self) from the first axis, in radians.

    >>> import autogradkit as torch
    >>> torch.atan2(torch.tensor([1.0, 1.0]), torch.tensor([1.0, -1.0]))
    tensor([0.7854, 2.3562])
    """
    angles.atan2(self, other, out)


@op(
    pointwise=INT_TO_FLOAT,
    in_place=True,
    samples=within(-2, 2),
    vjp={"self": lambda g, self: g * k.conj(k.cosh(self))},
)
def sinh(self: Array, *, out: Array) -> None:
    """The hyperbolic sine.

    >>> import autogradkit as torch
    >>> torch.sinh(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 1.1752])
    """
    near_one.sinh(self, out)


@op(
    pointwise=INT_TO_FLOAT,
    in_place=True,
    samples=within(-2, 2),
    vjp={"self": lambda g, self: g * k.conj(k.sinh(self))},
)
def cosh(self: Array, *, out: Array) -> None:
    """The hyperbolic cosine.

    >>> import autogradkit as torch
    >>> torch.cosh(torch.tensor([0.0, 1.0]))
    tensor([1.0000, 1.5431])
    """
    near_one.cosh(self, out)


@op(
    "arcsinh",
    pointwise=INT_TO_FLOAT,
    ufunc=np.arcsinh,
    in_place=True,
    samples=within(-3, 3),
    vjp={"self": lambda g, self: g * k.conj(k.rsqrt(self * self + 1))},
    edit_vjp=_no_edit("asinh"),
    rule="∂self = ∂ / √(self² + 1)",
)
def asinh(self: Array, *, out: Array) -> None:
    """The inverse of the hyperbolic sine.

    >>> import autogradkit as torch
    >>> torch.asinh(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8814])
    """


def _acosh_backward(g: Any, self: Any) -> Any:
    # PyTorch subtracts 1 by adding −1, which makes +0 of an imaginary −0, on the other side of the cut
    if k.is_complex(self):
        return g * k.conj(k.rsqrt(self + 1) * k.rsqrt(self + -1.0))
    return g * k.rsqrt(self * self - 1)


@op(
    "arccosh",
    pointwise=INT_TO_FLOAT,
    ufunc=np.arccosh,
    in_place=True,
    samples=within(1.1, 4),
    vjp={"self": _acosh_backward},
    edit_vjp=_no_edit("acosh"),
    rule="∂self = ∂ / √(self² − 1)",
)
def acosh(self: Array, *, out: Array) -> None:
    """The inverse of the hyperbolic cosine.

    >>> import autogradkit as torch
    >>> torch.acosh(torch.tensor([1.0, 2.0]))
    tensor([0.0000, 1.3170])
    """


@op(
    "arctanh",
    pointwise=INT_TO_FLOAT,
    in_place=True,
    samples=within(-0.9, 0.9),
    vjp={"self": lambda g, self: g / k.conj(1 - self * self)},
    edit_vjp=_no_edit("atanh"),
)
def atanh(self: Array, *, out: Array) -> None:
    """The inverse of the hyperbolic tangent.

    >>> import autogradkit as torch
    >>> torch.atanh(torch.tensor([0.0, 0.5]))
    tensor([0.0000, 0.5493])
    """
    near_one.atanh(self, out)


@op(
    pointwise=INT_TO_FLOAT,
    in_place=True,
    node="Deg2RadBackward0",
    dtypes=refuses("c", "deg2rad is not supported for complex tensors.", RuntimeError),
    samples=within(-180, 180),
    vjp={"self": lambda g: k.times(g, math.pi / 180)},
)
def deg2rad(self: Array, *, out: Array) -> None:
    """Degrees in radians.

    >>> import autogradkit as torch
    >>> torch.deg2rad(torch.tensor([180.0, 90.0]))
    tensor([3.1416, 1.5708])
    """
    np.multiply(self, math.pi / 180, out=out)


@op(
    pointwise=INT_TO_FLOAT,
    in_place=True,
    node="Rad2DegBackward0",
    dtypes=refuses("c", "rad2deg is not supported for complex tensors.", RuntimeError),
    samples=within(-3, 3),
    vjp={"self": lambda g: k.times(g, 180 / math.pi)},
)
def rad2deg(self: Array, *, out: Array) -> None:
    """Radians in degrees.

    >>> import autogradkit as torch
    >>> torch.rad2deg(torch.tensor([3.0, 1.0]))
    tensor([171.8873,  57.2958])
    """
    np.multiply(self, 180 / math.pi, out=out)


def _sinc_backward(g: Any, self: Any) -> Any:
    angle = k.times(self, math.pi)
    square = k.times(self * self, math.pi)
    return k.where(square == 0, 0.0, g * k.conj((angle * k.cos(angle) - k.sin(angle)) / square))


@op(
    pointwise=INT_TO_FLOAT,
    in_place=True,
    samples=within(0.2, 3),
    vjp={"self": _sinc_backward},
    rule="∂self = ∂ times (cos(π · self) − result) / self, and 0 at 0",
)
def sinc(self: Array, *, out: Array) -> None:
    """sin(πx) / (πx), and 1 at 0.

    >>> import autogradkit as torch
    >>> torch.sinc(torch.tensor([0.0, 0.5]))
    tensor([1.0000, 0.6366])
    """
    wide = self.astype(np.float32) if k.is_half(self) else self
    angle = wide * wide.dtype.type(math.pi)
    np.copyto(out, np.where(wide == 0, 1, np.sin(angle) / np.where(wide == 0, 1, angle)), casting="unsafe")
