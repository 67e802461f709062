"""Division, remainders, powers and hypot, and the operators that stand for them.

Rests on declare and arithmetic. The formulas are those of PyTorch's derivative table.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autogradkit._ops.declare import INT_TO_FLOAT, SAME, function, k, op, reflected
from autogradkit._ops.declare.kinds import Array, Operand, Scalar
from autogradkit._ops.declare.refusals import by_kernel, common_not_implemented, undifferentiated
from autogradkit._ops.making.scalars import scalar_array
from autogradkit._ops.pointwise.arithmetic import BOOL_SUBTRACTION, reciprocal, two, two_tensors, with_number
from autogradkit.core.dtype import INTEGRAL, bfloat16, float16
from autogradkit.core.tensor import Tensor

div = function("div", in_place=True, operators="__truediv__ __itruediv__")


@div.overload(
    pointwise=INT_TO_FLOAT,
    wide_numbers=True,
    ufunc=np.true_divide,
    samples=two,
    vjp={
        "self": lambda g, other: k.quotient(g, other),
        "other": lambda g, self, other: -g * k.conj((self / other) / other),
    },
    rule="∂self = ∂ / other\n∂other = −∂ · self / other²",
)
def true_div(self: Operand, other: Operand, *, out: Array) -> None:
    """self / other, elementwise; integers give floats. `rounding_mode` may be "floor" or "trunc".

    >>> import autogradkit as torch
    >>> torch.div(torch.tensor([7, -7]), 2)
    tensor([ 3.5000, -3.5000])
    >>> torch.div(torch.tensor([7, -7]), 2, rounding_mode="trunc")
    tensor([ 3, -3])
    """


_refuse_complex_remainder = common_not_implemented("remainder_cpu", "bc")
_refuse_complex_quotient = common_not_implemented("div_floor_cpu", "bc")


@by_kernel
def _refuse_rounded(self: Any, other: Any, rounding_mode: Any) -> None:
    common_not_implemented(f"div_{rounding_mode}_cpu", "bc")(self, other)


def _require_divisor(other: Any, out: Array) -> None:
    """Raise RuntimeError where a whole number would be divided by 0."""
    if out.dtype.kind in "iu" and out.size and not np.all(other):
        raise RuntimeError("ZeroDivisionError")


def _by_mode(self: Any, other: Any, rounding_mode: str | None) -> Any:
    if rounding_mode not in (None, "trunc", "floor"):
        raise RuntimeError(
            f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{rounding_mode}'"
        )
    return div_unrounded if rounding_mode is None else div_rounded


def _edit_by_mode(self: Any, other: Any, rounding_mode: str | None) -> Any:
    return _by_mode(self, other, rounding_mode).in_place_call(self, other, rounding_mode=rounding_mode)


@div.overload(composition=True, out=True, edit=_edit_by_mode)
def _(self: Operand, other: Operand, *, rounding_mode: str | None) -> Any:
    return _by_mode(self, other, rounding_mode)(self, other, rounding_mode=rounding_mode)


@div.overload(composition=True, edit=_edit_by_mode)
def _(self: Tensor, other: Scalar, *, rounding_mode: str | None) -> Any:
    return _by_mode(self, other, rounding_mode)(self, other, rounding_mode=rounding_mode)


divide = function("divide", in_place=True)


@divide.overload(composition=True, out=True, edit=true_div.in_place_call)
def _(self: Operand, other: Operand) -> Any:
    """Another name for `div`.

    >>> import autogradkit as torch
    >>> torch.divide(torch.tensor([7, -7]), 2, rounding_mode="floor")
    tensor([ 3, -4])
    """
    return true_div(self, other)


@divide.overload(composition=True, out=True, edit=_edit_by_mode)
def _(self: Operand, other: Operand, *, rounding_mode: str | None) -> Any:
    return _by_mode(self, other, rounding_mode)(self, other, rounding_mode=rounding_mode)


@divide.overload(composition=True, edit=true_div.in_place_call)
def _(self: Tensor, other: Scalar) -> Any:
    return true_div(self, other)


@divide.overload(composition=True, edit=_edit_by_mode)
def _(self: Tensor, other: Scalar, *, rounding_mode: str | None) -> Any:
    return _by_mode(self, other, rounding_mode)(self, other, rounding_mode=rounding_mode)


@op(
    name="div",
    node="DivBackward2",
    variants="",
    pointwise=INT_TO_FLOAT,
    wide_numbers=True,
    samples=lambda t: two(t)[:2],
    vjp={
        "self": lambda g, other, rounding_mode: k.quotient(g, other),
        "other": lambda g, self, other: -g * k.conj((self / other) / other),
    },
    rule="∂self = ∂ / other\n∂other = −∂ · self / other²",
)
def div_unrounded(self: Operand, other: Operand, *, rounding_mode: str | None = None, out: Array) -> None:
    """The quotient as it is, by way of the form that takes a rounding mode."""
    np.true_divide(self, other, out=out)


@op(
    name="div",
    node="DivBackward2",
    variants="",
    pointwise=SAME,
    wide_numbers=True,
    dtypes=_refuse_rounded,
    samples=lambda t: two(t)[:2],
    vjp={"self": lambda g, other, rounding_mode: k.zeros_like(g), "other": lambda g, self, other: k.zeros_like(g)},
)
def div_rounded(self: Operand, other: Operand, *, rounding_mode: str | None = "trunc", out: Array) -> None:
    """The quotient rounded towards zero ("trunc") or minus infinity ("floor"). Its derivative is zero."""
    _require_divisor(other, out)
    if rounding_mode == "floor":
        np.floor_divide(self, other, out=out)
    elif self.dtype.kind in "iu":
        np.floor_divide(self, other, out=out)  # of the smallest number no absolute value exists
        np.add(out, ((self < 0) != (other < 0)) & (out * other != self), out=out, casting="unsafe")
    else:
        np.trunc(np.true_divide(self, other), out=out)


true_divide = function("true_divide", in_place=True)


@true_divide.overload(composition=True, out=True, edit=true_div.in_place_call)
def _(self: Operand, other: Operand) -> Any:
    """self / other: another name for `div` without a rounding mode.

    >>> import autogradkit as torch
    >>> torch.true_divide(torch.tensor([7, -7]), 2)
    tensor([ 3.5000, -3.5000])
    """
    return true_div(self, other)


@true_divide.overload(composition=True, edit=true_div.in_place_call)
def _(self: Tensor, other: Scalar) -> Any:
    return true_div(self, other)


floor_divide = function("floor_divide", in_place=True, operators="__floordiv__ __ifloordiv__")


@floor_divide.overload(
    node="torch::autograd::NotImplemented",
    in_place_node="torch::autograd::NotImplemented",
    pointwise=SAME,
    wide_numbers=True,
    dtypes=_refuse_complex_quotient,
    vjp=dict.fromkeys(("self", "other"), undifferentiated("floor_divide")),
    edit_vjp=dict.fromkeys(("self", "other"), undifferentiated("floor_divide_")),
    rule="∂self and ∂other are not implemented in PyTorch",
)
def floor_div(self: Operand, other: Operand, *, out: Array) -> None:
    """The quotient rounded towards minus infinity.

    >>> import autogradkit as torch
    >>> torch.floor_divide(torch.tensor([7, -7]), 2)
    tensor([ 3, -4])
    """
    _require_divisor(other, out)
    np.floor_divide(self, other, out=out)


@floor_divide.overload(composition=True, edit=floor_div.in_place_call)
def _(self: Tensor, other: Scalar) -> Any:
    return floor_div(self, other)


def _remainder(self: Any, other: Any, out: Array) -> None:
    if out.dtype.kind not in "fV":
        _require_divisor(other, out)
        np.remainder(self, other, out=out)
        return
    found = np.fmod(self, other)  # a rest of 0 has the sign of what was divided, not, as NumPy's, of the divisor
    found = np.asarray(found)
    np.add(found, other, out=found, where=(found != 0) & ((found < 0) != (np.asarray(other) < 0)))
    np.copyto(out, found)


remainder = function("remainder", in_place=True, operators="__mod__ __imod__")


@remainder.overload(
    node="RemainderBackward1",
    pointwise=SAME,
    dtypes=_refuse_complex_remainder,
    samples=two_tensors,
    vjp={"self": lambda g: g, "other": lambda g, self, other: -g * k.div_rounded(self, other, rounding_mode="floor")},
)
def _(self: Array, other: Array, *, out: Array) -> None:
    """The rest of the division, with the sign of the divisor, as Python's `%`.

    >>> import autogradkit as torch
    >>> torch.remainder(torch.tensor([7.0, -7.0]), 4)
    tensor([3., 1.])
    """
    _remainder(self, other, out)


@remainder.overload(
    node="torch::autograd::NotImplemented",
    pointwise=SAME,
    promotes="self other",
    dtypes=_refuse_complex_remainder,
    out=False,
    variants="function",
    vjp={"other": undifferentiated("remainder")},
    rule="∂other is not implemented in PyTorch",
)
def remainder_of_number(self: Scalar, other: Array, *, out: Array) -> None:
    _remainder(self, other, out)


@remainder.overload(
    pointwise=SAME,
    promotes="self other",
    dtypes=_refuse_complex_remainder,
    samples=with_number,
    vjp={"self": lambda g: g},
)
def _(self: Array, other: Scalar, *, out: Array) -> None:
    _remainder(self, other, out)


# -- powers ------------------------------------------------------------------------------------------------------------


def _refuse_negative_powers(self: Any, exponent: Any) -> None:
    base_floats = self._array.dtype.kind in "fcV" if isinstance(self, Tensor) else isinstance(self, (float, complex))
    if not base_floats and isinstance(exponent, int) and exponent < 0:
        raise RuntimeError("Integers to negative integer powers are not allowed.")


def _refuse_exponents(self: Tensor, exponent: Any) -> None:
    _refuse_negative_powers(self, exponent)
    kind = self.dtype
    if (kind in (float16, bfloat16) and not isinstance(exponent, complex)) or (
        kind.category == INTEGRAL and isinstance(exponent, int)
    ):
        scalar_array(exponent, kind)  # refuses what the dtype cannot hold; float32 and float64 take any number


def _power(self: Any, exponent: Any, out: Array) -> None:
    if out.dtype.kind in "iu" and (exponent < 0).any():
        # As in C: 1/x truncated, which is 0 but for 1 and -1.
        signed = np.where(self == -1, np.where(exponent % 2 == 0, 1, -1), 0)
        found = np.where(exponent < 0, np.where(self == 1, 1, signed), np.power(self, np.maximum(exponent, 0)))
        np.copyto(out, found)
    elif out.dtype.kind == "b":
        np.logical_or(self, np.logical_not(exponent), out=out)
    else:
        np.power(self, exponent, out=out)


def _lowered(self: Any, exponent: Any) -> Any:
    """self to the power of an exponent less 1, by the op where it has rules of its own: for −½ and half precision."""
    by_rule = exponent == 0.5 or k.is_half(self)
    return k.pow_by_number(self, exponent - 1) if by_rule else self ** (exponent - 1)


def _to_base(g: Any, self: Any, exponent: Any, exponent_kind: Any) -> Any:
    if exponent_kind == "b":  # PyTorch's formula takes 1 from it
        raise RuntimeError(BOOL_SUBTRACTION)
    return k.where(exponent == 0, 0.0, g * k.conj(exponent * self ** (exponent - 1)))


def _counts_up(exponent: Any) -> Any:
    """Where an exponent is real and not negative, so that 0 to its power is constant nearby."""
    if k.is_complex(exponent):
        return (k.imag(exponent) == 0) & (k.real(exponent) >= 0)
    return exponent >= 0


def _by_logarithm(base: Any, exponent: Any, out: Array) -> None:
    """Complex powers go by the logarithm: 0⁰ and NaN⁰ are NaN, and what is infinite becomes 0 with a whole number below 0.

    NumPy multiplies where an exponent is a whole number, and knows 0 apart.
    """
    if out.dtype.kind != "c":
        return
    base, exponent = np.asarray(base, out.dtype), np.asarray(exponent, out.dtype)
    lost = ~np.isfinite(base)
    undefined = (exponent == 0) & (lost | (base == 0)) | (base == 0) & np.isinf(exponent.imag) & ~np.isinf(
        exponent.real
    )
    np.copyto(out, complex(np.nan, np.nan), where=undefined)
    below = lost & (exponent.imag == 0) & (exponent.real < 0)
    if below.any():
        logarithm = np.log(base)
        product = np.empty_like(out)
        product.real, product.imag = exponent.real * logarithm.real, exponent.real * logarithm.imag
        np.exp(product, out=out, where=below)


pow_ = function("pow", in_place=True, operators="__pow__ __ipow__")


@pow_.overload(
    node="PowBackward1",
    pointwise=SAME,
    dtypes=common_not_implemented("pow", "b"),
    samples=lambda t: [(t(2, 3, low=0.5, high=3), t(2, 3)), (t(2, 1, low=0.5, high=3), t(3))],
    vjp={
        "self": _to_base,
        "exponent": lambda g, self, exponent, result: (
            g * k.where((self == 0) & _counts_up(exponent), 0.0, k.conj(result * k.log(self + k.zeros_like(exponent))))
        ),
    },
    rule="∂self = ∂ · exponent · self^(exponent − 1)\n∂exponent = ∂ · result · log(self)",
)
def pow_by_tensor(self: Array, exponent: Array, *, out: Array) -> None:
    """input to the power of exponent, elementwise; either may be a Python number.

    >>> import autogradkit as torch
    >>> torch.pow(torch.tensor([1.0, 2.0, 3.0]), 2)
    tensor([1., 4., 9.])
    """
    _power(self, exponent, out)
    _by_logarithm(self, exponent, out)


@pow_.overload(
    node="PowBackward2",
    pointwise=SAME,
    contiguous=True,
    dtypes=common_not_implemented("pow", "b"),
    promotes="self exponent",
    refuse=_refuse_negative_powers,
    variants="function",
    samples=lambda t: [(2.5, t(2, 3)), (2, t(3))],
    vjp={
        "exponent": lambda g, self, exponent, result: (
            g * k.where(_counts_up(exponent), 0.0, k.conj(result * -math.inf))
            if self == 0
            else g * k.conj(k.times(result, k.log_of_number(self)))
        )
    },
    rule="∂exponent = ∂ · result · log(self)",
)
def pow_of_number(self: Scalar, exponent: Array, *, out: Array) -> None:
    if self == 1:
        out.fill(1)
    else:
        _power(self, exponent, out)
        _by_logarithm(self, exponent, out)


@pow_.overload(
    node="PowBackward0",
    pointwise=SAME,
    unary=True,
    promotes="self exponent",
    refuse=_refuse_exponents,
    samples=lambda t: [(t(2, 3, low=0.5, high=3), 2.5), (t(3), 3), (t(3), 0), (t(), 1)],
    vjp={
        "self": lambda g, self, exponent: (
            k.zeros_like(g) if exponent == 0 else g * k.conj(k.times(_lowered(self, exponent), exponent))
        )
    },
    rule="∂self = ∂ · exponent · self^(exponent − 1)",
)
def pow_by_number(self: Array, exponent: Scalar, *, out: Array) -> None:
    if out.dtype.kind == "c" and exponent == -1:
        np.true_divide(1, self, out=out)  # which knows what is infinite, as a logarithm does not
    elif out.dtype.kind in "fcV" and out.dtype != np.float16 and abs(exponent) == 0.5:  # roots: NaN of −∞
        np.sqrt(self, out=out)
        if exponent < 0:
            np.true_divide(1, out, out=out)
    elif out.dtype.kind in "fV" and out.dtype != np.float16 and exponent in (3, -2):
        square = self * self
        np.multiply(square, self, out=out) if exponent == 3 else np.true_divide(1, square, out=out)
    else:
        _power(self, exponent, out)
        if not np.isfinite(exponent):
            _by_logarithm(self, exponent, out)


def _square_in_place(self: Any) -> Any:
    return pow_by_number.in_place_call(self, 2)


@op(in_place=True, composition=True, out=True, edit=_square_in_place)
def square(self: Tensor) -> Any:
    """input · input, by way of `pow(input, 2)`.

    >>> import autogradkit as torch
    >>> torch.square(torch.tensor([-3.0]))
    tensor([9.])
    """
    return pow_by_number(self, 2)


@op(
    in_place=True,
    pointwise=SAME,
    ufunc=np.hypot,
    dtypes=common_not_implemented("hypot_cpu", "biuc"),
    samples=two_tensors,
    vjp={
        "self": lambda g, self, result: g * self / result,
        "other": lambda g, other, result: g * other / result,
    },
)
def hypot(self: Array, other: Array, *, out: Array) -> None:
    """√(self² + other²), the long side of a right triangle.

    >>> import autogradkit as torch
    >>> torch.hypot(torch.tensor([3.0, 5.0]), torch.tensor([4.0, 12.0]))
    tensor([ 5., 13.])
    """


def _divided_by(self: Tensor, other: Any) -> Any:
    try:
        return reciprocal(self) * other  # an array multiplies it in NumPy
    except TypeError:  # as in PyTorch, which then lets Python name both operands
        return NotImplemented


Tensor.__rtruediv__ = _divided_by


@reflected("__rfloordiv__")
def _rfloordiv(self: Tensor, other: Any) -> Tensor:
    return floor_div(other, self)


@reflected("__rmod__")
def _rmod(self: Tensor, other: Any) -> Tensor:
    return remainder(other, self)


@reflected("__rpow__")
def _rpow(self: Tensor, base: Any) -> Tensor:
    return pow_(base, self)
