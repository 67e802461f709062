"""log(1 + x), eˣ − 1 and sinh(x) as NumPy has them, in a fraction of the time for many numbers of float32.

NumPy calls the C library for each number of these. Beside 0, where 1 swallows x, each has a way of its own. Rests on core's
bits, clip and parts; the functions of these names use it, and units and losses in which they stand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autogradkit.core.bits import chosen, signed
from autogradkit.core.clip import clip
from autogradkit.core.parts import in_parts
from autogradkit.core.storage import Array

_MANY = 4096  # elements from which several passes are quicker
_SWALLOWED = np.float32(2.0**-28)  # x²/2 is less than half of the last place of x
_STRAIGHT = np.float32(2.0**-12)  # x²/6 is less than half of the last place of 1


def _through(function: np.ufunc, body: Callable[[Array, Array], None], x: Array, out: Array | None) -> Any:
    """NumPy's function of x, in `out` or a new array; many numbers of float32 by `body`, a part at a time."""
    if x.dtype != np.float32 or x.size < _MANY:
        return function(x, out)
    if out is None:
        out = np.empty_like(x)
    for into, part in in_parts(out, x):
        body(part, into)
    return out


def _write(found: Array, x: Array, least: Any, out: Array) -> None:
    """Round what was found into `out`, and x itself, which may be `out`, where it is smaller than `least`."""
    rounded, small = found.astype(np.float32), np.abs(x) < least
    np.copyto(out, chosen(small, x, rounded) if small.any() else rounded)


def log1p(x: Array, out: Array | None = None) -> Any:
    """log(1 + x), in `out` or a new array. As the logarithm of float64 it is the nearest number but for ties nobody meets.

    >>> log1p(np.float32([0, 1e-10, 1]))
    array([0.000000e+00, 1.000000e-10, 6.931472e-01], dtype=float32)
    """
    return _through(np.log1p, _log1p, x, out)


def _log1p(x: Array, out: Array) -> None:
    wide = x.astype(np.float64)
    wide += 1
    _write(np.log(wide, wide), x, _SWALLOWED, out)


def expm1(x: Array, out: Array | None = None) -> Any:
    """eˣ − 1, in `out` or a new array; many numbers of float32 within two units in the last place.

    >>> expm1(np.float32([0, 1e-10, 1])).round(4)
    array([0.    , 0.    , 1.7183], dtype=float32)
    """
    return _through(np.expm1, _expm1, x, out)


def _singles(*numbers: float) -> list[Array]:
    """Arrays without dimensions, which NumPy adds as quickly as arrays of many."""
    return [np.array(number, np.float32) for number in numbers]


# x = k log 2 + r with |r| ≤ log(2) / 2, and eˣ − 1 = 2ᵏ (eʳ − 1) + (2ᵏ − 1). log 2 is in two parts, of which k times the first is
# exact (Cody and Waite, Software Manual for the Elementary Functions, 1980, chapter 6). 1.5 · 2²³ makes a whole number of what it
# is added to, which stands in its last bits.
_ONE, _PER_LOG2, _TO_WHOLE, _LOG2_HIGH, _LOG2_LOW = _singles(1, 1 / np.log(2), 1.5 * 2**23, 0.693359375, -2.12194440e-4)
_FRACTION_BITS, _BIAS = 23, 127
# (eʳ − 1 − r) / r² as a polynomial, fitted by the largest error beside eʳ − 1 (1.3e-8).
_EXPM1 = _singles(
    0.0013882488911053812, 0.008366691697347828, 0.04166720536738968, 0.16666542350424884, 0.4999999812537778
)
_FAR = 88.0  # beyond which 2ᵏ, or what is left of it, is no more a number that float32 has at full length


def _expm1(x: Array, out: Array) -> None:
    near = clip(x, -_FAR, _FAR)
    whole = near * _PER_LOG2
    whole += _TO_WHOLE
    scale = whole.view(np.int32) << _FRACTION_BITS
    scale += _BIAS << _FRACTION_BITS
    scale = scale.view(np.float32)
    whole -= _TO_WHOLE
    near -= whole * _LOG2_HIGH
    whole *= _LOG2_LOW
    near -= whole
    found = np.multiply(near, _EXPM1[0], whole)
    for coefficient in _EXPM1[1:]:
        found += coefficient
        found *= near
    found *= near
    found += near
    found *= scale
    scale -= _ONE
    found += scale
    found = signed(found, x)
    far = (x > _FAR).nonzero()
    found[far] = np.expm1(x[far])
    np.copyto(out, found)


def sinh(x: Array, out: Array | None = None) -> Any:
    """The hyperbolic sine, in `out` or a new array; of many numbers of float32 by the exponential of float64.

    >>> sinh(np.float32([0, 1e-10, 1])).round(4)
    array([0.    , 0.    , 1.1752], dtype=float32)
    """
    return _through(np.sinh, _sinh, x, out)


def _sinh(x: Array, out: Array) -> None:
    power = np.exp(x, dtype=np.float64)
    power -= 1 / power
    power *= 0.5
    _write(power, x, _STRAIGHT, out)
