"""Arithmetic on corresponding elements, and the operators that stand for it.

Rests on pointwise_op. The formulas are those of PyTorch's derivative table.
"""

# pyright: reportReturnType=false
# A function given `ufunc=` only documents it: its body returns nothing.

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autogradkit._ops import k
from autogradkit._ops.in_place import accepts_out
from autogradkit._ops.op import composite
from autogradkit._ops.pointwise_op import (
    FIRST,
    INT_TO_FLOAT,
    SAME,
    SOME,
    Array,
    binary,
    invalid_combination,
    operator,
    unary,
)
from autogradkit.core.tensor import Tensor


def two(t: Any) -> list[tuple[Any, ...]]:
    """Sample operands: alike, broadcast both ways, with a number, without elements."""
    return [
        (t(2, 3), t(2, 3, low=0.5, high=3)),
        (t(2, 1, 3), t(4, 1, low=0.5, high=3)),
        (t(3), 2.5),
        (t(), t(2, low=0.5, high=3)),
        (t(0, 2), t(1, 2, low=0.5, high=3)),
    ]


def two_tensors(t: Any) -> list[tuple[Any, ...]]:
    """The samples of `two` without a number."""
    return [sample for sample in two(t) if not isinstance(sample[1], float)]


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool) or (isinstance(value, Tensor) and value._array.dtype.kind == "b")


def _refuse_bools(self: Any, other: Any, alpha: Any = 1) -> None:
    if _is_bool(self) and _is_bool(other):
        raise RuntimeError(
            "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` "
            "operator instead."
        )
    if _is_bool(self) or _is_bool(other):
        raise RuntimeError(
            "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a mask, use "
            "the `~` or `logical_not()` operator instead."
        )


@binary(SAME, in_place=True, samples=two)
def add(self: Array, other: Array, *, alpha: float = 1, out: Array | None = None) -> Array:
    """self + alpha · other, with broadcasting and promotion.

    >>> import autogradkit as torch
    >>> torch.add(torch.tensor([1.0, 2.0]), torch.tensor([10.0, 20.0]), alpha=2)
    tensor([21., 42.])
    """
    return np.add(self, other if alpha == 1 else other * alpha, out=out)


add.vjp(self=lambda g: g, other=lambda g, alpha: g if alpha == 1 else g * alpha)


@binary(SAME, in_place=True, samples=two, refuse=_refuse_bools)
def sub(self: Array, other: Array, *, alpha: float = 1, out: Array | None = None) -> Array:
    """self − alpha · other, with broadcasting and promotion.

    >>> import autogradkit as torch
    >>> torch.sub(torch.tensor([5.0, 7.0]), 2)
    tensor([3., 5.])
    """
    return np.subtract(self, other if alpha == 1 else other * alpha, out=out)


sub.vjp(self=lambda g: g, other=lambda g, alpha: -g if alpha == 1 else g * -alpha)


@binary(
    SAME,
    node="RsubBackward1",
    tensors_node="RsubBackward0",
    method=False,
    tensors=FIRST,
    samples=two,
    refuse=_refuse_bools,
)
def rsub(self: Array, other: Array, *, alpha: float = 1, out: Array | None = None) -> Array:
    """other − alpha · self: what `2 - x` runs.

    >>> import autogradkit as torch
    >>> 2 - torch.tensor([0.5, 3.0])
    tensor([ 1.5000, -1.0000])
    """
    return np.subtract(other, self if alpha == 1 else self * alpha, out=out)


rsub.vjp(self=lambda g, alpha: -g if alpha == 1 else g * -alpha, other=lambda g: g)


@binary(SAME, ufunc=np.multiply, in_place=True, samples=two)
def mul(self: Array, other: Array, *, out: Array | None = None) -> Array:
    """self · other, elementwise, with broadcasting and promotion.

    >>> import autogradkit as torch
    >>> torch.mul(torch.tensor([1.0, 2.0]), torch.tensor([[3.0], [4.0]]))
    tensor([[3., 6.],
            [4., 8.]])
    """
    ...


mul.vjp(self=lambda g, other: g * k.conj(other), other=lambda g, self: g * k.conj(self))


@binary(INT_TO_FLOAT, name="div", node="DivBackward0", in_place=True, samples=two, method=False)
def true_div(self: Array, other: Array, *, out: Array | None = None) -> Array:
    """self / other, elementwise; integers give floats."""
    return np.true_divide(self, other, out=out)


true_div.vjp(
    self=lambda g, other: g / k.conj(other),
    other=lambda g, self, other: -g * k.conj((self / other) / other),
)


def _refuse_zero(self: Any, other: Any) -> None:
    values = (self, other)
    if any(v._array.dtype.kind == "f" if isinstance(v, Tensor) else isinstance(v, float) for v in values):
        return
    divisor = other._array if isinstance(other, Tensor) else np.asarray(other)
    if not divisor.all():
        raise RuntimeError("ZeroDivisionError")


@binary(SAME, in_place=True, refuse=_refuse_zero)
def floor_divide(self: Array, other: Array, *, out: Array | None = None) -> Array:
    """The quotient rounded towards minus infinity.

    >>> import autogradkit as torch
    >>> torch.floor_divide(torch.tensor([7, -7]), 2)
    tensor([ 3, -4])
    """
    return np.floor_divide(self, other, out=out)


@binary(SAME, tensors=SOME, tensors_node="RemainderBackward1", in_place=True, refuse=_refuse_zero, samples=two)
def remainder(self: Array, other: Array, *, out: Array | None = None) -> Array:
    """The rest of the division, with the sign of the divisor, as Python's `%`.

    >>> import autogradkit as torch
    >>> torch.remainder(torch.tensor([7.0, -7.0]), 4)
    tensor([3., 1.])
    """
    return np.remainder(self, other, out=out)


remainder.vjp(self=lambda g: g, other=lambda g, self, other: -g * k.floor(self / other))


def _refuse_bool(self: Any) -> None:
    if _is_bool(self):
        raise RuntimeError(
            "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use the "
            "`~` or `logical_not()` operator instead."
        )


@unary(SAME, ufunc=np.negative, in_place=True, refuse=_refuse_bool, samples=lambda t: [(t(2, 3),), (t(),), (t(0),)])
def neg(self: Array, *, out: Array | None = None) -> Array:
    """−self.

    >>> import autogradkit as torch
    >>> -torch.tensor([1.0, -2.0])
    tensor([-1.,  2.])
    """
    ...


neg.vjp(self=lambda g: -g)


@unary(INT_TO_FLOAT, in_place=True, samples=lambda t: [(t(2, 3, low=0.5, high=3),), (t(low=0.5, high=3),)])
def reciprocal(self: Array, *, out: Array | None = None) -> Array:
    """1 / self.

    >>> import autogradkit as torch
    >>> torch.reciprocal(torch.tensor([2.0, 4.0]))
    tensor([0.5000, 0.2500])
    """
    return np.true_divide(1, self, out=out)


reciprocal.vjp(self=lambda g, result: -g * k.conj(result * result))


def _refuse_negative_powers(self: Any, exponent: Any) -> None:
    base_floats = self._array.dtype.kind in "fc" if isinstance(self, Tensor) else isinstance(self, float | complex)
    if not base_floats and isinstance(exponent, int) and exponent < 0:
        raise RuntimeError("Integers to negative integer powers are not allowed.")


def _power(self: Array, exponent: Array, out: Array | None) -> Array:
    if self.dtype.kind in "iu" and (np.asarray(exponent) < 0).any():
        # As in C: 1/x truncated, which is 0 but for 1 and -1.
        signed = np.where(self == -1, np.where(np.asarray(exponent) % 2 == 0, 1, -1), 0)
        found = np.where(exponent < 0, np.where(self == 1, 1, signed), np.power(self, np.abs(exponent)))
        return np.copyto(out, found) or out if out is not None else found.astype(self.dtype)
    return np.power(self, exponent, out=out)


@binary(
    SAME,
    public="pow",
    node="PowBackward0",
    in_place=True,
    method=False,
    function=False,
    refuse=_refuse_negative_powers,
    samples=lambda t: [(t(2, 3, low=0.5, high=3), 2.5), (t(3), 3), (t(3), 0), (t(), 1)],
)
def pow_by_number(self: Array, exponent: float, *, out: Array | None = None) -> Array:
    """self to the power of a Python number."""
    return _power(self, exponent, out)  # type: ignore[arg-type]


pow_by_number.vjp(
    self=lambda g, self, exponent: g * 0 if exponent == 0 else g * k.conj(exponent * self ** (exponent - 1))
)


@binary(
    SAME,
    public="pow",
    node="PowBackward1",
    in_place=True,
    method=False,
    function=False,
    refuse=_refuse_negative_powers,
    samples=lambda t: [(t(2, 3, low=0.5, high=3), t(2, 3)), (t(2, 1, low=0.5, high=3), t(3))],
)
def pow_by_tensor(self: Array, exponent: Array, *, out: Array | None = None) -> Array:
    """self to the power of another tensor."""
    return _power(self, exponent, out)


pow_by_tensor.vjp(
    self=lambda g, self, exponent: g * k.where(exponent == 0, 0.0, exponent * self ** (exponent - 1)),
    exponent=lambda g, self, exponent, result: (
        g * k.where((self == 0) & (exponent >= 0), 0.0, result * k.log(k.where(self == 0, 1.0, self)))
    ),
)


@binary(
    SAME,
    public="pow",
    node="PowBackward2",
    method=False,
    function=False,
    refuse=_refuse_negative_powers,
    samples=lambda t: [(2.5, t(2, 3)), (2, t(3))],
)
def pow_of_number(self: float, exponent: Array, *, out: Array | None = None) -> Array:
    """A Python number to the power of a tensor."""
    return _power(self, exponent, out)  # type: ignore[arg-type]


pow_of_number.vjp(exponent=lambda g, self, result: g * 0 if self == 0 else g * (result * math.log(self)))


@composite()
def pow(input: Any, exponent: Any, *, out: Tensor | None = None) -> Tensor:
    """input to the power of exponent, elementwise; either may be a Python number.

    >>> import autogradkit as torch
    >>> torch.pow(torch.tensor([1.0, 2.0, 3.0]), 2)
    tensor([1., 4., 9.])
    """
    options = {} if out is None else {"out": out}
    if not isinstance(input, Tensor) and not isinstance(exponent, Tensor):
        raise TypeError(invalid_combination("pow", (input, exponent)))
    if not isinstance(exponent, Tensor):
        return pow_by_number(input, exponent, **options)
    if isinstance(input, Tensor):
        return pow_by_tensor(input, exponent, **options)
    return pow_of_number(input, exponent, **options)


@composite(function=False)
def pow_(self: Tensor, exponent: Any) -> Tensor:
    """In-place version of `pow`."""
    return (pow_by_tensor if isinstance(exponent, Tensor) else pow_by_number).in_place(self, exponent)


@composite()
@accepts_out
def square(input: Tensor) -> Tensor:
    """input · input, by way of `pow(input, 2)`.

    >>> import autogradkit as torch
    >>> torch.square(torch.tensor([-3.0]))
    tensor([9.])
    """
    return pow_by_number(input, 2)


@composite("divide", "true_divide")
def div(input: Any, other: Any, *, rounding_mode: str | None = None, out: Tensor | None = None) -> Tensor:
    """input / other, elementwise; integers give floats. `rounding_mode` may be "floor" or "trunc".

    >>> import autogradkit as torch
    >>> torch.div(torch.tensor([7, -7]), 2)
    tensor([ 3.5000, -3.5000])
    >>> torch.div(torch.tensor([7, -7]), 2, rounding_mode="trunc")
    tensor([ 3, -3])
    """
    options = {} if out is None else {"out": out}
    if rounding_mode is None:
        return true_div(input, other, **options)
    _require_mode(rounding_mode)
    return div_rounded(input, other, rounding_mode=rounding_mode, **options)


@binary(
    SAME,
    public="div",
    node="DivBackward1",
    in_place=True,
    method=False,
    function=False,
    samples=lambda t: [(t(2, 3), t(2, 3, low=0.5)), (t(2, 3), t(3, low=0.5)), (t(2), 0.7)],
    refuse=lambda self, other, rounding_mode="trunc": _refuse_zero(self, other),
)
def div_rounded(self: Array, other: Array, *, rounding_mode: str = "trunc", out: Array | None = None) -> Array:
    """The quotient rounded towards zero ("trunc") or minus infinity ("floor"). Its derivative is zero."""
    if rounding_mode == "floor":
        return np.floor_divide(self, other, out=out)
    if self.dtype.kind in "iu":
        quotient = np.floor_divide(np.abs(self), np.abs(other)) * (np.sign(self) * np.sign(other))
        return np.copyto(out, quotient) or out if out is not None else quotient
    return np.trunc(np.true_divide(self, other), out=out)


div_rounded.vjp(self=lambda g: g * 0, other=lambda g: g * 0)


@composite("divide_", function=False)
def div_(self: Tensor, other: Any, *, rounding_mode: str | None = None) -> Tensor:
    """In-place version of `div`."""
    if rounding_mode is None:
        return true_div.in_place(self, other)
    _require_mode(rounding_mode)
    return div_rounded.in_place(self, other, rounding_mode=rounding_mode)


def _require_mode(rounding_mode: Any) -> None:
    if rounding_mode not in ("trunc", "floor"):
        raise RuntimeError(
            f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{rounding_mode}'"
        )


def _rdiv(self: Tensor, other: Any) -> Any:
    return mul(reciprocal(self), other)


def _rpow(self: Tensor, base: Any) -> Any:
    return pow(base, self)


def _pow_operator(self: Tensor, exponent: Any) -> Any:
    return pow(self, exponent)


Tensor.__add__ = Tensor.__radd__ = operator(add.op)  # type: ignore[attr-defined]
Tensor.__sub__ = operator(sub.op)  # type: ignore[attr-defined]
Tensor.__rsub__ = operator(rsub.op)  # type: ignore[attr-defined]
Tensor.__mul__ = Tensor.__rmul__ = operator(mul.op)  # type: ignore[attr-defined]
Tensor.__truediv__ = operator(true_div.op)  # type: ignore[attr-defined]
Tensor.__rtruediv__ = _rdiv  # type: ignore[attr-defined]
Tensor.__floordiv__ = operator(floor_divide.op)  # type: ignore[attr-defined]
Tensor.__rfloordiv__ = lambda self, other: floor_divide(other, self)  # type: ignore[attr-defined]
Tensor.__mod__ = operator(remainder.op)  # type: ignore[attr-defined]
Tensor.__rmod__ = lambda self, other: remainder(other, self)  # type: ignore[attr-defined]
Tensor.__pow__ = _pow_operator  # type: ignore[attr-defined]
Tensor.__rpow__ = _rpow  # type: ignore[attr-defined]
Tensor.__neg__ = neg  # type: ignore[attr-defined]
Tensor.__pos__ = lambda self: self  # type: ignore[attr-defined]
Tensor.__iadd__ = Tensor.add_  # type: ignore[attr-defined]
Tensor.__isub__ = Tensor.sub_  # type: ignore[attr-defined]
Tensor.__imul__ = Tensor.mul_  # type: ignore[attr-defined]
Tensor.__itruediv__ = div_  # type: ignore[attr-defined]
Tensor.__ipow__ = pow_  # type: ignore[attr-defined]
