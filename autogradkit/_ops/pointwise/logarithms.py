"""Logarithms and exponentials beside the natural ones: other bases, sums of exponentials, x · log y, the logit.

Rests on declare; the formulas are those of PyTorch's derivative table. A kernel given `ufunc=` only documents it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autogradkit._ops.declare import INT_TO_FLOAT, SAME, function, k, op
from autogradkit._ops.declare.kinds import Array, Scalar
from autogradkit._ops.declare.refusals import common_not_implemented, not_implemented
from autogradkit._ops.making.scalars import scalar_array
from autogradkit._ops.pointwise import near_one
from autogradkit._ops.pointwise.arithmetic import BOOL_SUBTRACTION, binary_tensor_samples
from autogradkit._ops.pointwise.elementary import within
from autogradkit._ops.pointwise.singles import REAL, by_steps, mend
from autogradkit.core.bits import upper_bits
from autogradkit.core.dtype import from_numpy_dtype
from autogradkit.core.halves import by_float32, convert, widened
from autogradkit.core.parts import in_pieces


@op(
    pointwise=INT_TO_FLOAT,
    in_place=True,
    node="Exp2Backward0",
    samples=within(-2, 2),
    vjp={"self": lambda g, result: k.times(g * k.conj(result), math.log(2))},
    rule="∂self = ∂ · result · log(2)",
)
def exp2(self: Array, *, out: Array) -> None:
    """2ˣ.

    >>> import autogradkit as torch
    >>> torch.exp2(torch.tensor([0.0, 3.0]))
    tensor([1., 8.])
    """
    if out.dtype.kind == "c":
        exponent = np.empty_like(out)  # part by part: a product of complex numbers would make NaN of what is infinite
        exponent.real, exponent.imag = np.real(self) * math.log(2), np.imag(self) * math.log(2)
        np.exp(exponent, out=out)
    else:
        np.exp2(self, out=out)


@op(
    pointwise=INT_TO_FLOAT,
    in_place=True,
    samples=within(-2, 2),
    vjp={"self": lambda g, result: g * (k.conj(result) + 1)},
)
def expm1(self: Array, *, out: Array) -> None:
    """eˣ − 1, accurate near 0.

    >>> import autogradkit as torch
    >>> torch.expm1(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 1.7183])
    """
    near_one.expm1(self, out)


@op(
    pointwise=INT_TO_FLOAT,
    ufunc=np.log2,
    in_place=True,
    samples=within(0.5, 4),
    vjp={"self": lambda g, self: g / k.times(k.conj(self), math.log(2))},
    rule="∂self = ∂ / (self · log(2))",
)
def log2(self: Array, *, out: Array) -> None:
    """The logarithm to base 2.

    >>> import autogradkit as torch
    >>> torch.log2(torch.tensor([1.0, 8.0]))
    tensor([0., 3.])
    """


@op(
    pointwise=INT_TO_FLOAT,
    ufunc=np.log10,
    in_place=True,
    samples=within(0.5, 4),
    vjp={"self": lambda g, self: g / k.times(k.conj(self), math.log(10))},
    rule="∂self = ∂ / (self · log(10))",
)
def log10(self: Array, *, out: Array) -> None:
    """The logarithm to base 10.

    >>> import autogradkit as torch
    >>> torch.log10(torch.tensor([10.0, 2.0]))
    tensor([1.0000, 0.3010])
    """


def _difference(one: Any, other: Any, kind: str) -> Any:
    """one − other, which PyTorch does not compute where one is of bools."""
    if kind == "b":
        raise RuntimeError(BOOL_SUBTRACTION)
    return one - other


def log_add_exp(one: Array, other: Array) -> Array:
    """log(exp(one) + exp(other)) of complex numbers, by the larger real part."""
    # Of equal ones, as of PyTorch's, the first decides on which side of the cut it ends
    larger = one.real >= other.real
    low: Any
    high: Any
    low, high = np.where(larger, other, one), np.where(larger, one, other)
    endless = ~np.isfinite(low.real) & (low.real == high.real)
    difference = np.where(endless, 0, low - np.where(endless, 0, high))
    both = np.where(endless, np.log(np.exp(low) + np.exp(high)), np.log1p(np.exp(difference)) + high)
    return np.where(
        endless & (low.real < 0), low, np.where(np.isnan(one) | np.isnan(other), complex(np.nan, np.nan), both)
    )


def _logaddexp_of(self: Array, other: Array) -> Array:
    return by_steps(np.logaddexp, _logaddexp, None, self, other)


def _logaddexp(self: Array, other: Array, out: Array) -> None:
    larger = np.maximum(self, other)
    found = np.abs(np.subtract(self, other))
    np.negative(found, found)
    near_one.log1p(np.exp(found, found), found)
    found += larger
    mend(np.maximum, np.isinf(larger), found, self, other)  # the difference of two infinities is no number
    np.copyto(out, found)


@op(
    pointwise=SAME,
    dtypes=common_not_implemented("logaddexp_cpu", "biu"),
    refuses_complex=True,
    samples=binary_tensor_samples,
    in_place=False,
    vjp={
        "self": lambda g, self, other, other_kind: g / k.conj(1 + k.exp(_difference(other, self, other_kind))),
        "other": lambda g, self, other, self_kind: g / k.conj(1 + k.exp(_difference(self, other, self_kind))),
    },
    rule="∂self = ∂ / (1 + exp(other − self))\n∂other = ∂ / (1 + exp(self − other))",
)
def logaddexp(self: Array, other: Array, *, out: Array) -> None:
    """log(eˣ + eʸ), without overflow.

    >>> import autogradkit as torch
    >>> torch.logaddexp(torch.tensor([100.0]), torch.tensor([100.0]))
    tensor([100.6931])
    """
    if out.dtype.kind == "c":
        np.copyto(out, log_add_exp(np.asarray(self, out.dtype), np.asarray(other, out.dtype)))
    elif k.is_half(out):
        by_float32(_logaddexp_of, [np.broadcast_to(each, out.shape) for each in (self, other)], out)
    else:
        by_steps(np.logaddexp, _logaddexp, out, self, other, kinds=REAL)


@op(
    pointwise=SAME,
    dtypes=common_not_implemented("logaddexp2_cpu", "biuc"),
    samples=binary_tensor_samples,
    in_place=False,
    node="Logaddexp2Backward0",
    vjp={
        "self": lambda g, self, other, other_kind: g / (1 + k.exp2(_difference(other, self, other_kind))),
        "other": lambda g, self, other, self_kind: g / (1 + k.exp2(_difference(self, other, self_kind))),
    },
    rule="∂self = ∂ / (1 + 2^(other − self))\n∂other = ∂ / (1 + 2^(self − other))",
)
def logaddexp2(self: Array, other: Array, *, out: Array) -> None:
    """log₂(2ˣ + 2ʸ), without overflow.

    >>> import autogradkit as torch
    >>> torch.logaddexp2(torch.tensor([3.0]), torch.tensor([3.0]))
    tensor([4.])
    """
    for into, one, two in in_pieces(out, *[np.broadcast_to(each, out.shape) for each in (self, other)]):
        _write_logaddexp2(one, two, into)


_PER_LOG2 = 1 / math.log(2)
_UPPER_PER_LOG2 = upper_bits(np.array(_PER_LOG2))[()]
_LOWER_PER_LOG2 = _PER_LOG2 - _UPPER_PER_LOG2


def _write_logaddexp2(self: Array, other: Array, out: Array) -> None:
    # As PyTorch: the product and the sum are rounded once.
    wide = np.dtype(np.float32) if k.is_half(out) else out.dtype
    first, second = [widened(each) if k.is_half(each) else np.asarray(each, wide) for each in (self, other)]
    larger = np.maximum(first, second)
    behind = near_one.log1p(np.exp2(-np.abs(first - second))).astype(np.float64)
    total = larger + behind * wide.type(_PER_LOG2)
    if wide.itemsize == 8:
        exact = _with_multiple(np.atleast_1d(larger), np.atleast_1d(behind)).reshape(total.shape)
        total = np.where(np.isfinite(total), exact, total)
    found = np.where(np.isinf(first) & (first == second), first, total)
    convert(found.astype(wide, copy=False), out)


def _with_multiple(x: Array, y: Array) -> Array:
    """x + y / log 2 in float64, with what the product and the sum lack (Dekker 1971, Knuth). `y` is written into."""
    product = y * _PER_LOG2
    upper = upper_bits(y)
    y -= upper
    lack = upper * _UPPER_PER_LOG2
    lack -= product
    upper *= _LOWER_PER_LOG2
    lack += upper
    np.multiply(y, _UPPER_PER_LOG2, upper)
    lack += upper
    y *= _LOWER_PER_LOG2
    lack += y
    total = np.add(x, product, y)
    added = np.subtract(total, x, upper)
    product -= added
    lack += product
    np.subtract(total, added, added)
    lack += np.subtract(x, added, added)
    total += lack
    return total


def _times_log(self: Any, other: Any, out: Array) -> None:
    """self · log(other), 0 where self is 0, unless other is NaN; of half precision the logarithm is rounded, too."""
    first, second = np.asarray(self, out.dtype), np.asarray(other, out.dtype)
    found = np.where((first == 0) & ~np.isnan(second), 0, first * np.log(second))
    np.copyto(out, found, casting="unsafe")


def _to_factor(g: Any, self: Any, other: Any) -> Any:
    # A gradient of 0 stays 0, whatever the logarithm.
    return k.where((self == 0) & (other <= 0), 0.0, k.xlogy_tensors(g, k.in_dtype_of(other, g)))


def _to_factor_of_number(g: Any, self: Any, other: Any) -> Any:
    found = k.xlogy_by_number(g, other)
    return found if other > 0 else k.where(self == 0, 0.0, found)


xlogy = function("xlogy", in_place=True)


@xlogy.overload(
    pointwise=INT_TO_FLOAT,
    dtypes=common_not_implemented("xlogy_cpu", "c"),
    samples=binary_tensor_samples,
    vjp={"self": _to_factor, "other": lambda g, self, other: g * self / other},
    rule="∂self = ∂ · log(other)\n∂other = ∂ · self / other",
)
def xlogy_tensors(self: Array, other: Array, *, out: Array) -> None:
    """self · log(other), which is 0 where `self` is 0.

    >>> import autogradkit as torch
    >>> torch.xlogy(torch.tensor([0.0, 2.0]), torch.tensor([0.0, 1.0]))
    tensor([0., 0.])
    """
    _times_log(self, other, out)


@xlogy.overload(
    node="XlogyBackward1",
    pointwise=INT_TO_FLOAT,
    promotes="self other",
    dtypes=common_not_implemented("xlogy_cpu", "c"),
    variants="function",
    samples=lambda t: [(2.5, t(2, 3, low=0.5, high=3))],
    vjp={"other": lambda g, self, other: g * self / other},
)
def xlogy_of_number(self: Scalar, other: Array, *, out: Array) -> None:
    _times_log(self, other, out)


@xlogy.overload(
    node="XlogyBackward2",
    pointwise=INT_TO_FLOAT,
    promotes="self other",
    dtypes=common_not_implemented("xlogy_cpu", "c"),
    samples=lambda t: [(t(2, 3), 2.5)],
    vjp={"self": _to_factor_of_number},
    rule="∂self = ∂ · log(other)",
)
def xlogy_by_number(self: Array, other: Scalar, *, out: Array) -> None:
    _times_log(self, other, out)


def _logit_backward(g: Any, self: Any, eps: float | None) -> Any:
    found = k.in_memory(g) / ((self + 0) * (1 - self))  # at −0 as at 0
    if eps is None or eps < 0:
        return k.where((self >= 0) & (self <= 1), found, math.nan)
    low = k.in_dtype_of(k.in_memory(k.zeros_like(self) + eps), self)
    return k.where((self < low) | (self > 1 - low), 0.0, found)


@op(
    pointwise=INT_TO_FLOAT,
    unary=True,
    in_place=True,
    refuse=not_implemented("logit_cpu", "c"),
    samples=lambda t: [(t(2, 3, low=0.1, high=0.9),), (t(3, low=0.1, high=0.9), 0.2)],
    vjp={"self": _logit_backward},
    rule="∂self = ∂ / (self · (1 − self)), and 0 where `eps` cut it off",
)
def logit(self: Array, eps: float | None = None, *, out: Array) -> None:
    """log(x / (1 − x)), the inverse of the sigmoid; x is first clamped to [eps, 1 − eps] where that is given.

    >>> import autogradkit as torch
    >>> torch.logit(torch.tensor([0.5, 0.75]))
    tensor([0.0000, 1.0986])
    """
    wide = self.astype(np.float32) if k.is_half(self) else self
    if eps is not None:  # as PyTorch compares, also where eps is above ½
        low = scalar_array(eps, from_numpy_dtype(out.dtype)).astype(wide.dtype)
        high = (1 - low).astype(out.dtype).astype(wide.dtype)
        wide = np.where(wide < low, low, np.where(wide > high, high, wide))
    if k.is_half(out):  # each step is rounded, as it is in PyTorch
        odds = (wide / (1 - wide).astype(out.dtype)).astype(out.dtype)
        wide = odds.astype(np.float32)
    else:
        wide = wide / (1 - wide)
    np.copyto(out, np.log(wide), casting="unsafe")
