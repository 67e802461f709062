"""log(1 + x), eˣ − 1, sinh(x), cosh(x) and artanh(x), of many numbers of float32 in a fraction of NumPy's time.

Beside 0, where 1 swallows x, each has a way of its own. Rests on singles and core's bits and clip; the functions of these names
use it, and units and losses in which they stand.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.pointwise.singles import by_steps, mend, series, singles
from autogradkit.core.bits import signed
from autogradkit.core.clip import clip
from autogradkit.core.storage import Array

_ONE, _TWO, _HALF = singles(1, 2, 0.5)
FRACTION_BITS, BIAS = 23, 127
# log 2 in two parts, of which a whole number of times the first is exact (Cody and Waite, Software Manual for the Elementary
# Functions, 1980, chapter 6).
_PER_LOG2, LOG2_HIGH, LOG2_LOW = singles(1 / np.log(2), 0.693359375, -2.12194440e-4)


def log1p(x: Array, out: Array | None = None) -> Any:
    """log(1 + x), in `out` or a new array; many numbers of float32 within two units in the last place.

    >>> log1p(np.float32([0, 1e-10, 1]))
    array([0.000000e+00, 1.000000e-10, 6.931472e-01], dtype=float32)
    """
    return by_steps(np.log1p, _log1p, out, x)


# 1 + x = 2ᵏ (1 + f) with √½ ≤ 1 + f < √2, and log(1 + f) = f − f²/2 + s (f²/2 + R(s²)) with s = f / (2 + f), where
# s R(s²) = 2 artanh(s) − 2 s (W. Kahan's arrangement). R was fitted by the largest error beside log(1 + f), 1.4e-9.
_ROOT_HALF = np.float32(np.sqrt(0.5)).view(np.int32)
_FRACTION = np.int32((1 << FRACTION_BITS) - 1)
_LOG1P = singles(0.2996916342601796, 0.3997323734169861, 0.6666682075955335)


def _log1p(x: Array, out: Array) -> None:
    whole = x + _ONE
    lost = whole - _ONE  # and what of x it has not: divided by the sum, as little of the logarithm
    np.subtract(x, lost, lost)
    lost /= whole
    bits = whole.view(np.int32) - _ROOT_HALF
    power = (bits >> FRACTION_BITS).astype(np.float32)
    bits &= _FRACTION
    bits += _ROOT_HALF
    fraction = bits.view(np.float32)
    fraction -= _ONE
    ratio = fraction + _TWO
    np.divide(fraction, ratio, ratio)
    found = series(np.multiply(ratio, ratio, whole), _LOG1P)
    square = np.multiply(fraction, _HALF, whole)
    square *= fraction
    found += square
    found *= ratio
    lost += np.multiply(power, LOG2_LOW, ratio)
    found += lost
    found -= square
    found += fraction
    power *= LOG2_HIGH
    found += power
    signed(found, x, found)
    if not (np.minimum.reduce(x, None) > -1 and np.maximum.reduce(x, None) < np.inf):
        none = np.negative((x < -1).view(np.int8)).astype(np.int32)
        np.bitwise_or(found.view(np.int32), none, found.view(np.int32))  # all bits, which is NaN
        mend(np.log1p, (x == -1) | (x == np.inf), found, x)
    np.copyto(out, found)


def atanh(x: Array, out: Array | None = None) -> Any:
    """The inverse of the hyperbolic tangent, in `out` or a new array; many numbers of float32 within two units in the last place.

    >>> atanh(np.float32([0, 1e-10, 0.5])).round(4)
    array([0.    , 0.    , 0.5493], dtype=float32)
    """
    return by_steps(np.arctanh, _atanh, out, x)


# Half of log(1 + 2|x| / (1 − |x|)), which is well conditioned, as it would not be for x below 0.
def _atanh(x: Array, out: Array) -> None:
    size = np.abs(x)
    left = _ONE - size
    size += size
    size /= left
    _log1p(size, left)
    left *= _HALF
    signed(left, x, out)


def expm1(x: Array, out: Array | None = None) -> Any:
    """eˣ − 1, in `out` or a new array; many numbers of float32 within three units in the last place.

    >>> expm1(np.float32([0, 1e-10, 1])).round(4)
    array([0.    , 0.    , 1.7183], dtype=float32)
    """
    return by_steps(np.expm1, _expm1, out, x)


# x = k log 2 + r with |r| ≤ log(2) / 2, and eˣ − 1 = 2ᵏ (eʳ − 1) + (2ᵏ − 1). 1.5 · 2²³ makes a whole number of what it is added
# to, which stands in its last bits.
TO_WHOLE = np.array(1.5 * 2**23, np.float32)
# (eʳ − 1 − r) / r as a polynomial, fitted by the largest error beside eʳ − 1 (1.3e-8).
_EXPM1 = singles(
    0.0013882488911053812, 0.008366691697347828, 0.04166720536738968, 0.16666542350424884, 0.4999999812537778
)
_FAR = 88.0  # beyond which 2ᵏ, or what is left of it, is no more a number that float32 has at full length


def _near_expm1(x: Array) -> Array:
    """eˣ − 1 in a new array, for |x| ≤ `_FAR`, at which it stays."""
    near = clip(x, -_FAR, _FAR)
    whole = near * _PER_LOG2
    whole += TO_WHOLE
    scale = whole.view(np.int32) << FRACTION_BITS
    scale += BIAS << FRACTION_BITS
    scale = scale.view(np.float32)
    whole -= TO_WHOLE
    near -= whole * LOG2_HIGH
    whole *= LOG2_LOW
    near -= whole
    found = series(near, _EXPM1, whole)
    found *= near
    found += near
    found *= scale
    scale -= _ONE
    found += scale
    return found


def _expm1(x: Array, out: Array) -> None:
    found = _near_expm1(x)
    signed(found, x, found)
    mend(np.expm1, x > _FAR, found, x)
    np.copyto(out, found)


def sinh(x: Array, out: Array | None = None) -> Any:
    """The hyperbolic sine, in `out` or a new array; many numbers of float32 within two units in the last place.

    >>> sinh(np.float32([0, 1e-10, 1])).round(4)
    array([0.    , 0.    , 1.1752], dtype=float32)
    """
    return by_steps(np.sinh, _sinh, out, x)


def _sinh(x: Array, out: Array) -> None:
    size = np.abs(x)
    less = _near_expm1(size)
    found = less + _ONE
    np.divide(less, found, found)
    found += less
    found *= _HALF
    signed(found, x, found)
    mend(np.sinh, size > _FAR, found, x)
    np.copyto(out, found)


def cosh(x: Array, out: Array | None = None) -> Any:
    """The hyperbolic cosine, in `out` or a new array; many numbers of float32 within three units in the last place.

    >>> cosh(np.float32([0, 1])).round(4)
    array([1.    , 1.5431], dtype=float32)
    """
    return by_steps(np.cosh, _cosh, out, x)


def _cosh(x: Array, out: Array) -> None:
    size = np.abs(x)
    power = _near_expm1(size)
    power += _ONE
    found = np.divide(_ONE, power)
    found += power
    found *= _HALF
    mend(np.cosh, size > _FAR, found, x)
    np.copyto(out, found)
