"""Multiply-add with one rounding, as the processor's fused instruction does it.

NumPy rounds the product and the sum apart. PyTorch's random kernels are built with fused multiply-adds, so that equal
draws need them here too; so do `lerp` and evenly spaced numbers. Sums in float64 are slow; where one factor is a number,
OpenBLAS has the instruction itself, if the processor does. Rests on openblas and steps; `core.draws`, ops and the optimizers
use it.
"""

from __future__ import annotations

import functools
import math
from operator import setitem
from typing import Any

import numpy as np

from autogradkit.core.address import address_of
from autogradkit.core.openblas import OpenBlas, openblas
from autogradkit.core.steps import Step, take

Array = np.ndarray[Any, Any]

_CHUNK = 1 << 13  # so few numbers OpenBLAS does not divide among threads
_STEP = 32  # numbers that its kernels take at once
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
        total = np.full(part.size, addend, np.float32)
        add_multiple32(part, factor, total)
        part[...] = total


def add_multiple32(x: Array, factor: Any, out: Array) -> None:
    """Add `x` times a number to `out`, rounded once; both are contiguous float32 arrays of one shape.

    >>> out = np.float32([-0.3, 1])
    >>> add_multiple32(np.float32([0.1, 2]), 3, out)
    >>> out
    array([-7.450581e-09,  7.000000e+00], dtype=float32)
    """
    steps = adding_multiple32(x, factor, out)
    if steps is None:
        out[...] = fma32(x, np.float32(factor), out)
        return
    for step in steps:
        take(step)


def adding_multiple32(x: Array, factor: Any, out: Array) -> list[Step] | None:
    """The steps that add `x` times a number to `out`, as `add_multiple32`; None where the processor has no instruction for it.

    `x` is read when they are taken, and kept until then.

    >>> x, out = np.float32([0, 0]), np.float32([-0.3, 1])
    >>> steps = adding_multiple32(x, 3, out)
    >>> x[:] = 0.1, 2
    >>> for step in steps:
    ...     take(step)
    >>> out
    array([-7.450581e-09,  7.000000e+00], dtype=float32)
    """
    # which leaves `out` as it is for 0, without a look at infinite numbers
    library = _fusing() if factor else None
    if library is None:
        return None
    add = library.add_multiple
    whole = out.size // _STEP * _STEP
    source, target = address_of(x), address_of(out)
    chunk = max(1, whole) if library.get_threads() == 1 else _CHUNK
    steps: list[Step] = [(id, (x, out))]  # an address keeps no array
    for start in range(0, whole, chunk):
        steps.append((add, min(whole - start, chunk), factor, source + 4 * start, 1, target + 4 * start, 1))
    if left := out.size - whole:
        padded = np.zeros((2, _STEP), np.float32)
        source = address_of(padded)
        rest = out.reshape(-1)[whole:]
        steps += [
            (setitem, padded[0, :left], ..., x.reshape(-1)[whole:]),
            (setitem, padded[1, :left], ..., rest),
            (add, _STEP, factor, source, 1, source + 4 * _STEP, 1),
            (setitem, rest, ..., padded[1, :left]),
        ]
    return steps


@functools.cache
def _fusing() -> OpenBlas | None:
    """OpenBLAS, if its sum with a multiple rounds once on this processor: of whole steps, some kernels round the rest twice."""
    library = openblas()
    if library is None:
        return None
    x = np.arange(1, 8 * _STEP + 1, dtype=np.float32) / np.float32(7)
    for count in range(_STEP, len(x) + 1, _STEP):
        out = -x[:count]
        right = fma32(x[:count], np.float32(1.1), out)
        library.add_multiple(count, 1.1, x.ctypes.data, 1, out.ctypes.data, 1)
        if out.tobytes() != right.tobytes():
            return None
    return library


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
