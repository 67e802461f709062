"""Multiply-add with one rounding, as the processor's fused instruction does it.

NumPy rounds the product and the sum apart. PyTorch's random kernels are built with fused multiply-adds, so that equal
draws need them here too. Rests on NumPy alone; `core.gaussian` and `core.draws`, and evenly spaced numbers, use it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

_CHUNK = 1 << 15
_HALFWAY = 1 << 28
_BELOW_SINGLE = (1 << 29) - 1
_SPLITTER = float((1 << 27) + 1)


def fma32(a: Any, b: Any, c: Any) -> Array:
    """`a * b + c` in float32, rounded once. Operands are float32 arrays or scalars and broadcast.

    The product of two float32 is exact in float64, so only the sum is rounded before the result is. Where that first
    rounding lands on the middle between two float32, the second could go the wrong way; those few are set right.

    >>> fma32(np.float32(3), np.float32([0.1]), np.float32(-0.3))
    array([-7.450581e-09], dtype=float32)
    """
    product = np.multiply(a, b, dtype=np.float64)
    total = np.atleast_1d(np.add(product, c, dtype=np.float64))
    doubtful = (total.view(np.int64) & _BELOW_SINGLE) == _HALFWAY
    if doubtful.any():
        product, addend = (np.broadcast_to(x, total.shape)[doubtful] for x in (product, np.asarray(c, np.float64)))
        total[doubtful] = _rounded_to_odd(product, addend)
    return total.astype(np.float32)


def affine32(x: Array, factor: float, addend: float) -> None:
    """`x * factor + addend`, rounded once, into the flat float32 `x` itself, a part that stays in the cache at a time.

    >>> x = np.float32([0.1, 0.2])
    >>> affine32(x, 3, -0.3)
    >>> x
    array([-7.450581e-09,  3.000000e-01], dtype=float32)
    """
    if not addend:
        x *= np.float32(factor)
        x += np.float32(addend)  # which decides the sign of a zero
        return
    for start in range(0, x.size, _CHUNK):
        part = x[start : start + _CHUNK]
        part[...] = fma32(part, np.float32(factor), np.float32(addend))


def fma64(a: Array, b: float, c: float | Array) -> Array:
    """`a * b + c` in float64, rounded once (Boldo and Melquiond 2008, with Dekker's exact product).

    Magnitudes are taken to stay away from overflow and underflow.

    >>> fma64(np.array([3.0]), 0.1, -0.3)
    array([2.77555756e-17])
    """
    product = a * b
    if not (math.isfinite(b) and (isinstance(c, np.ndarray) or math.isfinite(c))):
        return product + c
    a_high, b_high = _upper_half(a), _upper_half(np.float64(b))
    a_low, b_low = a - a_high, b - b_high
    product_error = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    low, low_error = _two_sum(np.float64(c), product_error)
    high, high_error = _two_sum(product, low)
    return high + _rounded_to_odd(low_error, high_error)


def _upper_half(x: Any) -> Any:
    scaled = x * _SPLITTER
    return scaled - (scaled - x)


def _two_sum(a: Any, b: Any) -> tuple[Any, Any]:
    """The sum rounded to nearest and its exact error (Knuth)."""
    total = a + b
    b_part = total - a
    return total, (a - (total - b_part)) + (b - b_part)


def _rounded_to_odd(a: Array, b: Array) -> Array:
    """`a + b`; an inexact sum becomes the neighbour with an odd last bit, which no later rounding mistakes for a tie."""
    total, error = _two_sum(a, b)
    bits = total.view(np.int64)
    nudge = (error != 0) & (bits & 1 == 0)
    # One step towards the exact sum: away from zero where error and sum agree in sign, else towards zero.
    step: Array = np.where((error > 0) == (total > 0), 1, -1) * nudge
    return (bits + step).view(np.float64)
