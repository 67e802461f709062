"""Division and remainders, and the operators that stand for them.

Rests on declare and arithmetic. The formulas are those of PyTorch's derivative table.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from autogradkit._ops.declare import INT_TO_FLOAT, SAME, UNIMPLEMENTED, function, k, op, reflected
from autogradkit._ops.declare.asking import overridable
from autogradkit._ops.declare.kinds import Array, Operand, Scalar
from autogradkit._ops.declare.refusals import by_kernel, common_dtype, common_not_implemented, undifferentiated
from autogradkit._ops.declare.unsigned import refuse_wide_unsigned
from autogradkit._ops.pointwise.arithmetic import binary_samples, binary_tensor_samples, reciprocal, with_number
from autogradkit._ops.pointwise.singles import MANY, mend
from autogradkit.core.bits import chosen, signed, upper_bits
from autogradkit.core.halves import convert, widened
from autogradkit.core.parts import in_pieces
from autogradkit.core.tensor import Tensor

div = function("div", in_place=True, operators="__truediv__ __itruediv__")


@div.overload(
    pointwise=INT_TO_FLOAT,
    wide_numbers=True,
    ufunc=np.true_divide,
    samples=binary_samples,
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


@op(
    variants="",
    label="div",
    sign="/",
    node="DivBackward1",
    pointwise=INT_TO_FLOAT,
    wide_numbers=True,
    promotes="self other",
    samples=lambda t: [(t(2, 3), 2.5), (t(), -3)],
    vjp={"self": lambda g, other: k.quotient(g, other)},
    rule="∂self = ∂ / other",
)
def div_by_number(self: Array, other: Scalar, *, out: Array) -> None:
    """self / other, as compositions of PyTorch's divide by a number: a node of another name."""
    np.true_divide(self, other, out=out, dtype=out.dtype)


_refuse_complex_remainder = common_not_implemented("remainder_cpu", "bc")
_refuse_complex_quotient = common_not_implemented("div_floor_cpu", "bc")


@by_kernel
def _refuse_rounded(self: Any, other: Any, rounding_mode: Any) -> None:
    common_not_implemented(f"div_{rounding_mode}_cpu", "bc")(self, other)
    refuse_wide_unsigned(f"div_{rounding_mode}_cpu", common_dtype((self, other)))


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


# -- whole quotients and rests of many numbers -----------------------------------------------------------------------------


def _parts(out: Array, self: Any, other: Any) -> Iterable[Any]:
    return in_pieces(
        out, *[each if isinstance(each, np.ndarray) else np.asarray(each, out.dtype) for each in (self, other)]
    )


def _wide_parts(out: Array, self: Any, other: Any) -> Iterable[Any]:
    """Half precision in float32, which has its rests."""
    for into, *operands in _parts(out, self, other):
        yield into, *[widened(each) if k.is_half(each) else each for each in operands]


def _quotients(self: Any, other: Any, out: Array, bound: float) -> tuple[Array, Array, Array] | None:
    """self / other in float64, and both, if they are many of float32, and all quotients so small that no rounding makes whole
    numbers of them."""
    if out.size < MANY or np.result_type(self, other) != np.float32 or not np.isfinite(other).all():
        return None
    divided, by = np.asarray(self, np.float64), np.asarray(other, np.float64)
    found = divided / by
    inside = np.maximum.reduce(found, None) < bound and np.minimum.reduce(found, None) > -bound
    return (found, divided, by) if inside else None


def _write_floor(self: Any, other: Any, out: Array) -> None:
    for into, divided, by in _parts(out, self, other):
        quotients = _quotients(divided, by, into, 2.0**23)
        if quotients is None:
            np.floor_divide(divided, by, out=into)
        else:
            np.floor(quotients[0], into, casting="same_kind")


def _long_rest(self: Array, other: Array) -> Array:
    """What division leaves of many numbers of float64, exactly, if no quotient has more than 26 bits.

    The product of the quotient and either half of the divisor's bits is exact then, so that the error of their product is known.
    A quotient that was rounded up to a whole number leaves less than nothing.
    """
    quotient = self / other
    size = np.abs(other)
    if not (
        max(np.maximum.reduce(quotient, None), -np.minimum.reduce(quotient, None)) < 2.0**26
        and np.minimum.reduce(size, None) > 1e-270
        and np.maximum.reduce(size, None) < 1e270
    ):
        return np.fmod(self, other)
    np.trunc(quotient, quotient)
    upper = upper_bits(other)
    lower = np.subtract(other, upper, size)
    product = quotient * other
    upper *= quotient
    upper -= product
    upper += lower * quotient
    found = np.subtract(self, product, product)
    found -= upper
    less = (found.view(np.int64) ^ self.view(np.int64)) < 0
    less &= found != 0
    mend(np.fmod, less, found, self, other)
    return signed(found, self, found)


def _rest_of(self: Any, other: Any, out: Array) -> Any:
    """What division leaves, with the sign of `self`."""
    if out.size >= MANY and self.dtype == other.dtype == np.float64 and self.shape == other.shape:
        return _long_rest(self, other)
    quotients = _quotients(self, other, out, 2.0**29)
    if quotients is None:
        return np.fmod(self, other)
    found, divided, by = quotients
    np.trunc(found, found)
    found *= by
    np.subtract(divided, found, found)
    return signed(found.astype(np.float32), np.asarray(self, np.float32))


@op(
    name="div",
    node="DivBackward2",
    variants="",
    pointwise=INT_TO_FLOAT,
    wide_numbers=True,
    samples=lambda t: binary_samples(t)[:2],
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
    samples=lambda t: binary_samples(t)[:2],
    vjp={"self": lambda g, other, rounding_mode: k.zeros_like(g), "other": lambda g, self, other: k.zeros_like(g)},
)
def div_rounded(self: Operand, other: Operand, *, rounding_mode: str | None = "trunc", out: Array) -> None:
    """The quotient rounded towards zero ("trunc") or minus infinity ("floor"). Its derivative is zero."""
    _require_divisor(other, out)
    if rounding_mode == "floor":
        _write_floor(self, other, out)
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
    node=UNIMPLEMENTED,
    in_place_node=UNIMPLEMENTED,
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
    _write_floor(self, other, out)


@floor_divide.overload(composition=True, edit=floor_div.in_place_call)
def _(self: Tensor, other: Scalar) -> Any:
    return floor_div(self, other)


def _remainder(self: Any, other: Any, out: Array) -> None:
    if out.dtype.kind not in "fV":
        _require_divisor(other, out)
        np.remainder(self, other, out=out)
        return
    for into, divided, by in _wide_parts(out, self, other):
        # A rest of 0 has the sign of what was divided, not, as NumPy's, of the divisor.
        found = np.asarray(_rest_of(divided, by, into))
        other_side = (found != 0) & ((found < 0) != (by < 0))
        convert(chosen(other_side, np.add(found, by, np.empty_like(found)), found), into)


remainder = function("remainder", in_place=True, operators="__mod__ __imod__")


@remainder.overload(
    node="RemainderBackward1",
    pointwise=SAME,
    dtypes=_refuse_complex_remainder,
    samples=binary_tensor_samples,
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
    node=UNIMPLEMENTED,
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


def _rest(self: Any, other: Any, out: Array) -> None:
    _require_divisor(other, out)
    for into, divided, by in _wide_parts(out, self, other):
        convert(_rest_of(divided, by, into), into)


fmod = function("fmod", in_place=True)


@fmod.overload(
    node="FmodBackward1",
    pointwise=SAME,
    dtypes=common_not_implemented("fmod_cpu", "bc"),
    samples=binary_tensor_samples,
    vjp={"self": lambda g: g, "other": lambda g, self, other: -g * k.div_rounded(self, other, rounding_mode="trunc")},
)
def _(self: Array, other: Array, *, out: Array) -> None:
    """The rest of the division, with the sign of what is divided, as in C.

    >>> import autogradkit as torch
    >>> torch.fmod(torch.tensor([7.0, -7.0]), 4)
    tensor([ 3., -3.])
    """
    _rest(self, other, out)


@fmod.overload(
    pointwise=SAME,
    promotes="self other",
    dtypes=common_not_implemented("fmod_cpu", "bc"),
    samples=with_number,
    vjp={"self": lambda g: g},
)
def _(self: Array, other: Scalar, *, out: Array) -> None:
    _rest(self, other, out)


def _divided_by(self: Tensor, other: Any) -> Any:
    try:
        return reciprocal(self) * other  # an array multiplies it in NumPy
    except TypeError:  # as in PyTorch, which then lets Python name both operands
        return NotImplemented


_divided_by.__name__ = _divided_by.__qualname__ = "__rdiv__"
overridable((_divided_by,))
Tensor.__rtruediv__ = _divided_by
setattr(Tensor, "__rdiv__", _divided_by)  # noqa: B010 - Python 2's name, which PyTorch keeps


@reflected("__rfloordiv__")
def _rfloordiv(self: Tensor, other: Any) -> Tensor:
    return floor_div.general(other, self)  # the straight way begins with a tensor


@reflected("__rmod__")
def _rmod(self: Tensor, other: Any) -> Tensor:
    return remainder(other, self)
