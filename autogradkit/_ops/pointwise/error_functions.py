"""The error function, what it leaves of 1, and its inverse: erf, erfc, erfinv.

Rests on declare and special. SciPy has the numbers, but goes one by one. Many of float32 are taken by whole steps: erf as the
tanh of a polynomial, in float32, within three units in the last place; erfc as a power of e, in float32, times a quotient of
polynomials, in float64, within two; erfinv as such a quotient alone, within one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autogradkit._ops.declare import INT_TO_FLOAT, k, op
from autogradkit._ops.declare.kinds import Array
from autogradkit._ops.declare.refusals import not_implemented
from autogradkit._ops.pointwise.elementary import within
from autogradkit._ops.pointwise.near_one import BIAS, FRACTION_BITS, LOG2_HIGH, LOG2_LOW, TO_WHOLE
from autogradkit._ops.pointwise.singles import by_steps, mend, series, singles
from autogradkit._ops.pointwise.special import by_scipy, polynomial, saturating
from autogradkit.core.clip import clip

# artanh(erf(x)) / x as a polynomial in x², fitted by least squares of erf's relative error (7.1e-8) over |x| ≤ 4.1, beyond which
# erf is 1 in float32.
_ERF = (
    5.8721114423859815e-09,
    1.7437932628976026e-08,
    -4.709310297115982e-06,
    8.425706378617237e-05,
    -0.0006141705204862743,
    -0.0001959047714186565,
    0.10277009117401277,
    1.1283791670955126,
)
# The quotients were fitted to the least relative error: of erfc(x) · exp(x²) in x over 0 ≤ x ≤ 10.2, beyond which erfc is 0
# (5.9e-9); of erfinv(x) / x in −log(1 − x²) over all x of float32 (3.2e-10).
_ERFC = (
    (0.032884944686853816, 0.22963967173699762, 0.7324866207489553, 1.2392524319503868, 1.000000005850531),
    (
        0.05828636217610633,
        0.40705171804348,
        1.3270160314214374,
        2.4040639577231575,
        2.3676321881976055,
        1.0,
    ),
)
_ERFINV = (
    (
        -5.898180165845642e-07,
        1.570300434288293e-05,
        5.13039865517069e-04,
        0.006688822094170471,
        0.05362559587780165,
        0.28734476936160647,
        0.8862269257351132,
    ),
    (
        -3.4894467399856046e-08,
        -2.3413532195040616e-06,
        1.6307199734479303e-04,
        1.2183943296005504e-03,
        0.0311325977336593,
        0.062434474994423006,
        1.0,
    ),
)


_LAST_ERFC = np.array(9.1, np.float32)  # beyond which float32 has erfc with fewer digits, or not at all
_UPPER_HALF = np.int32(-4096)
_TWO_BITS = np.float32(2).view(np.int32)
_ONE, _PER_LOG2 = singles(1, -1 / math.log(2))
# eʳ without its 1 for |r| ≤ 0.36, fitted to the least relative error (4.7e-9), and its 1.
_EXP = singles(
    0.0013741288902348204, 0.008371716501673763, 0.041669989928186255, 0.1666649427875272, 0.4999998573404902, 1
)


def _quotient(x: Array, coefficients: tuple[tuple[float, ...], tuple[float, ...]]) -> Array:
    above, under = coefficients
    found = polynomial(x, above)
    found /= polynomial(x, under)
    return found


def _write_erf(x: Array, out: Array) -> None:
    np.copyto(out, saturating(x, _ERF))


def _write_erfc(x: Array, out: Array) -> None:
    size = np.abs(x)
    near = clip(size, 0, _LAST_ERFC)
    found = _quotient(near.astype(np.float64), _ERFC)
    found *= _exp_of_square(near)
    rounded = found.astype(np.float32)
    mend(_erfc_by_scipy, size > _LAST_ERFC, rounded, size)
    below = x.view(np.int32) >> 31
    below &= _TWO_BITS  # 2 less what it is of −x, below 0
    np.subtract(below.view(np.float32), rounded, rounded)
    np.abs(rounded, out)


def _exp_of_square(x: Array) -> Array:
    """exp(−x²) for 0 ≤ x ≤ `_LAST_ERFC` in float32, within one unit and a half: of a rounded square little would be right.

    The upper half of the digits of x has an exact square, of which whole powers of 2 are taken; `rest` is what it lacks.
    """
    upper = (x.view(np.int32) & _UPPER_HALF).view(np.float32)
    rest = x - upper
    rest *= upper + x
    upper *= upper
    power = upper * _PER_LOG2
    power += TO_WHOLE
    scale = power.view(np.int32) << FRACTION_BITS
    scale += BIAS << FRACTION_BITS
    power -= TO_WHOLE
    upper += power * LOG2_HIGH
    power *= LOG2_LOW
    upper += power
    upper += rest
    found = series(np.negative(upper, upper), _EXP, rest)
    found += _ONE
    found *= scale.view(np.float32)
    return found


def _erfc_by_scipy(x: Array) -> Array:
    found = np.empty_like(x)
    by_scipy("erfc", found, x)
    return found


def _erfinv_by_scipy(x: Array, out: Array) -> None:
    outside = np.abs(x) > 1
    if outside.any():
        x = np.where(outside, np.nan, x)  # SciPy takes a hundred times as long to say so
    by_scipy("erfinv", out, x)


def _write_erfinv(x: Array, out: Array) -> None:
    rest = np.abs(x)
    above = rest + _ONE
    np.subtract(_ONE, rest, rest)
    rest *= above
    np.log(rest, rest)  # whose last digit hardly matters: the quotient is all but constant where that is much of it
    found = _quotient(np.negative(rest, rest).astype(np.float64), _ERFINV)
    found *= x
    np.copyto(out, found, casting="same_kind")
    ends = (np.abs(x) == 1).nonzero()
    out[ends] = x[ends] * np.inf


def _write(name: str, body: Callable[[Array, Array], None], self: Array, out: Array) -> None:
    """By whole steps where there are many numbers of float32, else by SciPy."""
    by_steps(lambda x, into: by_scipy(name, into, x), body, out, self)


@op(
    pointwise=INT_TO_FLOAT,
    in_place=True,
    dtypes=not_implemented("erf_vml_cpu", "c"),
    samples=within(-2, 2),
    vjp={"self": lambda g, self: k.times(k.exp(-(self * self)), 2 / math.sqrt(math.pi)) * g},
    rule="∂self = ∂ · 2 / √π · exp(−self²)",
)
def erf(self: Array, *, out: Array) -> None:
    """The error function, 2/√π · ∫₀ˣ e⁻ᵗ² dt.

    >>> import autogradkit as torch
    >>> torch.erf(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8427])
    """
    _write("erf", _write_erf, self, out)


@op(
    pointwise=INT_TO_FLOAT,
    in_place=True,
    dtypes=not_implemented("erfc_vml_cpu", "c"),
    samples=within(-2, 2),
    vjp={"self": lambda g, self: k.times(k.exp(-(self * self)), -2 / math.sqrt(math.pi)) * g},
    rule="∂self = −∂ · 2 / √π · exp(−self²)",
)
def erfc(self: Array, *, out: Array) -> None:
    """1 − erf(x), accurate where that is near 0.

    >>> import autogradkit as torch
    >>> torch.erfc(torch.tensor([0.0, 1.0]))
    tensor([1.0000, 0.1573])
    """
    _write("erfc", _write_erfc, self, out)


def _erfinv_backward(g: Any, self: Any) -> Any:
    inverse = k.erfinv(self)
    return k.times(k.exp(inverse * inverse), 0.5 * math.sqrt(math.pi)) * g


@op(
    pointwise=INT_TO_FLOAT,
    in_place=True,
    dtypes=not_implemented("erfinv_vml_cpu", "c"),
    samples=within(-0.9, 0.9),
    vjp={"self": _erfinv_backward},
    rule="∂self = ∂ · √π / 2 · exp(erfinv(self)²)",
)
def erfinv(self: Array, *, out: Array) -> None:
    """The inverse of the error function.

    >>> import autogradkit as torch
    >>> torch.erfinv(torch.tensor([0.0, 0.5]))
    tensor([0.0000, 0.4769])
    """
    by_steps(_erfinv_by_scipy, _write_erfinv, out, self)
    np.copyto(out, self, where=self == 0)  # with its sign
