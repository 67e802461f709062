"""Powers, ldexp and hypot, and the operators that stand for them.

Rests on declare, arithmetic and singles. The formulas are those of PyTorch's derivative table.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autogradkit._ops.declare import SAME, function, k, op, reflected
from autogradkit._ops.declare.kinds import Array, Scalar
from autogradkit._ops.declare.refusals import by_kernel, common_not_implemented, scalar_type
from autogradkit._ops.declare.writing import require_castable
from autogradkit._ops.making.scalars import scalar_array
from autogradkit._ops.pointwise.arithmetic import BOOL_SUBTRACTION, binary_tensor_samples
from autogradkit._ops.pointwise.singles import by_steps, mend
from autogradkit.core.dtype import (
    FLOATING,
    INTEGRAL,
    SCALAR_TYPE_NAMES,
    bfloat16,
    bool_,
    complex128,
    dtype,
    float16,
    float64,
    from_numpy_dtype,
    get_default_dtype,
    result_type,
)
from autogradkit.core.halves import by_float32
from autogradkit.core.shapes import broadcast_shapes
from autogradkit.core.strides import dense_strides_like, element_strides, output_strides
from autogradkit.core.tensor import Tensor


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


def _slope_of_arrays(self: Array, exponent: Array) -> Array:
    if k.is_half(self) and exponent.ndim == 0 and exponent.dtype.kind == "f":  # whose dtype does not count
        return exponent.astype(self.dtype) * self ** (exponent - 1).astype(self.dtype)
    return exponent * self ** (exponent - 1)


@k.on_arrays(_slope_of_arrays)
def _slope(self: Any, exponent: Any) -> Any:
    """exponent · self^(exponent − 1)."""
    return exponent * self ** (exponent - 1)


def _to_base(g: Any, self: Any, exponent: Any, exponent_kind: Any) -> Any:
    if exponent_kind == "b":  # PyTorch's formula takes 1 from it
        raise RuntimeError(BOOL_SUBTRACTION)
    return k.where(exponent == 0, 0.0, g * k.conj(_slope(self, exponent)))


def _promoted(self: Any, exponent: Any, result: Any) -> Any:
    """The base, signs of zeros too, in the dtype that PyTorch promotes it to; that of one exponent for many does not count."""
    return self - k.zeros_like(exponent) if exponent.ndim else k.in_dtype_of(self, result)


def _counts_up(exponent: Any) -> Any:
    """Where an exponent is real and not negative, so that 0 to its power is constant nearby."""
    if k.is_complex(exponent):
        return (k.imag(exponent) == 0) & (k.real(exponent) >= 0)
    return exponent >= 0


def _by_logarithm(base: Any, exponent: Any, out: Array) -> None:
    """Complex powers go by the logarithm: 0⁰ and NaN⁰ are NaN, 0 becomes infinite and what is infinite 0 with a number below 0.

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
    np.copyto(out, complex(np.inf, np.nan), where=(base == 0) & (exponent.real < 0) & ~undefined)
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
            g
            * k.where(
                (self == 0) & _counts_up(exponent), 0.0, k.conj(result * k.log(_promoted(self, exponent, result)))
            )
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
            else g * k.conj(k.times(result, k.log_of_number(complex(self) if k.is_complex(exponent) else self)))
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
        if not np.isfinite(exponent) or exponent.real < 0:
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
    return pow_by_number.straight(self, 2)


@op(
    in_place=True,
    pointwise=SAME,
    dtypes=common_not_implemented("hypot_cpu", "biuc"),
    samples=binary_tensor_samples,
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
    if k.is_half(out):
        by_float32(_hypot_of, [np.broadcast_to(each, out.shape) for each in (self, other)], out)
    else:
        by_steps(np.hypot, _write_hypot, out, self, other)


def _hypot_of(self: Array, other: Array) -> Array:
    return by_steps(np.hypot, _write_hypot, None, self, other)


def _write_hypot(self: Array, other: Array, out: Array) -> None:
    """In float64, where no square of float32 is too large or rounded."""
    squares, rest = self.astype(np.float64), other.astype(np.float64)
    squares *= squares
    rest *= rest
    squares += rest
    np.sqrt(squares, out, casting="same_kind")
    mend(np.hypot, np.isnan(out), out, self, other)  # of an infinity and NaN it is infinite


def _refuse_scaled_integers(self: Tensor, other: Tensor) -> None:
    if self._array.dtype.kind in "biu":
        raise RuntimeError(f"ldexp can't be cast to the desired output type {scalar_type(self.dtype)}")


def _is_exact(self: Array, other: Array) -> bool:
    """Whether PyTorch's kernel scales by a whole exponent; else it multiplies by a power of its own dtype."""
    return self.dtype.kind in "fV" and other.dtype.kind in "biu"


@by_kernel
def _refuse_bools(self: Tensor, other: Tensor) -> None:
    if _is_exact(self._array, other._array) and other.dtype is bool_:
        raise NotImplementedError("\"ldexp_cpu_exp\" not implemented for 'Bool'")


def _require_float_out(out: Tensor, self: Tensor, other: Tensor) -> None:
    if out._array.dtype.kind in "biu":
        raise RuntimeError(f"ldexp can't be cast to the desired output type {scalar_type(out.dtype)}")


def _power_dtype(self: Array, other: Array) -> dtype:
    """What 2^other is in: the exponent's dtype or, beside complex numbers, that of a power of one such number."""
    base, exponent = from_numpy_dtype(self.dtype), from_numpy_dtype(other.dtype)
    if base.is_complex:
        return result_type([(base, 1), (exponent, 2 if other.ndim else 1)])
    return get_default_dtype() if exponent.category < FLOATING else exponent


def _scaled_meta(self: Array, other: Array) -> Any:
    kinds = [from_numpy_dtype(each.dtype) for each in (self, other)]
    shape = broadcast_shapes(self.shape, other.shape)
    exact = _is_exact(self, other)
    power = _power_dtype(self, other)
    common = result_type([(kinds[0], 2 if self.ndim else 1), (power, 2 if other.ndim else 1)])
    wanted = kinds[0] if exact else common
    geometry = [
        (each.shape, element_strides(each) if exact else dense_strides_like(each.shape, element_strides(each)))
        for each in (self, other)
    ]
    return shape, wanted.numpy, output_strides(geometry, shape)


@op(
    in_place=True,
    meta=_scaled_meta,
    refuse=_refuse_bools,
    edit_dtypes=_refuse_scaled_integers,
    refuse_out=_require_float_out,
    out_dtype=require_castable,
    samples=lambda t: [(t(2, 3), t(3)), (t(2, 1), t(3))],
    refuses_complex=True,
    vjp={
        "self": lambda g, other: g * k.conj(k.pow_of_number(2, other)),
        "other": lambda g, result: g * k.times(k.conj(result), math.log(2)),
    },
    rule="∂self = ∂ · 2^other\n∂other = ∂ · result · log(2)",
)
def ldexp(self: Array, other: Array, *, out: Array) -> None:
    """self · 2ᵒᵗʰᵉʳ: a float of its mantissa and its exponent.

    >>> import autogradkit as torch
    >>> torch.ldexp(torch.tensor([1.0, 3.0]), torch.tensor([4, -1]))
    tensor([16.0000,  1.5000])
    """
    if _is_exact(self, other):
        wide = self.astype(np.float32) if k.is_half(self) else self
        np.copyto(out, np.ldexp(wide, np.clip(other, -(2**31), 2**31 - 1).astype(np.int32)), casting="unsafe")
    else:
        if not other.ndim and out.dtype in (np.float64, np.complex128):
            other = other.astype(out.dtype)  # one exponent is taken in double precision where the rest is
        if self.dtype.kind == "c" and other.dtype.kind != "c":
            other = other.astype(_power_dtype(self, other).numpy)
        np.multiply(self.astype(out.dtype), k.pow_of_number(2.0, other).astype(out.dtype), out=out)


def _as_double(*operands: Any) -> list[Any]:
    """What `float_power` computes with: float64, or complex128 where one operand is complex."""
    kinds = [each.is_complex() if isinstance(each, Tensor) else isinstance(each, complex) for each in operands]
    wide = complex128 if any(kinds) else float64
    number = complex if any(kinds) else float
    return [each.to(wide) if isinstance(each, Tensor) else number(each) for each in operands]


def _edit_in_double(self: Tensor, exponent: Any) -> Any:
    wide = complex128 if any(k.is_complex(each) for each in (self, exponent)) else float64
    if self.dtype is not wide:
        got, wanted = SCALAR_TYPE_NAMES[self.dtype], SCALAR_TYPE_NAMES[wide]
        raise RuntimeError(
            f"the base given to float_power_ has dtype {got} but the operation's result requires dtype {wanted}"
        )
    return pow_.front("in_place")(self, *_as_double(exponent))


def _require_double(out: Tensor, *operands: Any) -> None:
    wide = complex128 if any(map(k.is_complex, operands)) else float64
    if out.dtype is not wide:
        got, wanted = SCALAR_TYPE_NAMES[out.dtype], SCALAR_TYPE_NAMES[wide]
        raise RuntimeError(
            f"the output given to float_power has dtype {got} but the operation's result requires dtype {wanted}"
        )


float_power = function("float_power", in_place=True)


@float_power.overload(composition=True, out=True, refuse_out=_require_double, edit=_edit_in_double)
def _(self: Tensor, exponent: Tensor) -> Any:
    """input to the power of exponent, computed in float64 whatever the dtypes.

    >>> import autogradkit as torch
    >>> torch.float_power(torch.tensor([2, 3]), 2)
    tensor([4., 9.], dtype=torch.float64)
    """
    return pow_(*_as_double(self, exponent))


@float_power.overload(composition=True, out=True, refuse_out=_require_double, variants="function")
def _(self: Scalar, exponent: Tensor) -> Any:
    return pow_(*_as_double(self, exponent))


@float_power.overload(composition=True, out=True, refuse_out=_require_double, edit=_edit_in_double)
def _(self: Tensor, exponent: Scalar) -> Any:
    return pow_(*_as_double(self, exponent))


@reflected("__rpow__")
def _rpow(self: Tensor, base: Any) -> Tensor:
    return pow_(base, self)
