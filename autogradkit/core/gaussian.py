"""Normal draws by Box and Muller's method, to the last bit as PyTorch computes them.

Fewer than 16 numbers, and memory with gaps, are drawn in pairs of doubles, the second of a pair waiting in the
generator. Sixteen or more are made in blocks of 16, eight radii with eight angles. The float32 blocks use the Cephes
polynomials for log, sin and cos (Moshier, as vectorised by Pommier, zlib licence) with fused multiply-adds.
Rests on `core.bits`, `core.fused` and the generator's words; `core.draws` uses it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autogradkit.core.bits import chosen
from autogradkit.core.fused import fma32
from autogradkit.core.random import Generator

Array = np.ndarray[Any, Any]
single = np.float32

_CHUNK = 1 << 15  # numbers worked on at a time, so that the intermediate arrays stay in the cache


def normal_pairs(generator: Generator, count: int) -> Array:
    """`count` standard normals as float64, one after the other, beginning with the generator's leftover."""
    draws = np.empty(count + 2)
    filled = 0
    if count and generator.cached_normal is not None:
        draws[0] = generator.cached_normal
        generator.cached_normal = None
        filled = 1
    pairs = (count - filled + 1) // 2
    if pairs:
        uniform = unit64(generator.words64(2 * pairs))
        radius = np.sqrt(-2.0 * through(math.log1p, -uniform[1::2]))
        angle = (2.0 * math.pi) * uniform[0::2]
        draws[filled : filled + 2 * pairs : 2] = radius * through(math.cos, angle)
        draws[filled + 1 : filled + 2 * pairs : 2] = radius * through(math.sin, angle)
        if filled + 2 * pairs > count:
            generator.cached_normal = float(draws[count])
    return draws[:count]


def normal_blocks(generator: Generator, count: int, numpy_dtype: np.dtype[Any]) -> Array:
    """`count` >= 16 standard normals: float64, or float32 for all narrower dtypes.

    A last part block is drawn with its predecessors: float32 and float64 draw these sixteen once more, the narrower dtypes
    have drawn whole blocks only.
    """
    double = numpy_dtype == np.float64
    unit, transform = (unit64, _blocks64) if double else (unit32, _blocks32)
    words = generator.words64 if double else generator.words32
    whole = count // 16 * 16
    drawn = count if numpy_dtype.itemsize > 2 else whole
    draws = np.empty(count, np.float64 if double else single)
    draws[:drawn] = unit(words(drawn))
    for start in range(0, whole, _CHUNK):
        transform(draws[start : min(start + _CHUNK, whole)].reshape(-1, 2, 8))
    if whole != count:
        draws[-16:] = unit(words(16))
        transform(draws[-16:].reshape(1, 2, 8))
    return draws


def unit32(words: Array) -> Array:
    """Uniform float32 in [0, 1) from 24 bits of each word."""
    return (words & np.uint64(0xFFFFFF)).astype(single) * single(2.0**-24)


def unit64(words: Array) -> Array:
    """Uniform float64 in [0, 1) from 53 bits of each 64-bit word."""
    return (words & np.uint64(2**53 - 1)).astype(np.float64) * 2.0**-53


def through(function: Callable[[float], float], values: Array) -> Array:
    """A function of the C library over an array. NumPy's own vector versions differ in the last bit."""
    return np.fromiter(map(function, values.tolist()), np.float64, values.size)


# -- blocks of 16: (blocks, 2, 8), radii first, transformed in place ------------------------------------------------------


def _blocks64(uniform: Array) -> None:
    shape = uniform[:, 0].shape
    radius = np.sqrt(-2.0 * through(math.log, (1.0 - uniform[:, 0]).ravel()))
    angle = ((2.0 * math.pi) * uniform[:, 1]).ravel()
    uniform[:, 0] = (radius * through(math.cos, angle)).reshape(shape)
    uniform[:, 1] = (radius * through(math.sin, angle)).reshape(shape)


def _blocks32(uniform: Array) -> None:
    radius = np.sqrt(single(-2) * _log32(single(1) - uniform[:, 0]))
    sine, cosine = _sine_cosine32(single(2.0 * math.pi) * uniform[:, 1])
    np.multiply(radius, cosine, out=uniform[:, 0])
    np.multiply(radius, sine, out=uniform[:, 1])


_LOG = [
    single(c)
    for c in (
        7.0376836292e-2,
        -1.1514610310e-1,
        1.1676998740e-1,
        -1.2420140846e-1,
        1.4249322787e-1,
        -1.6668057665e-1,
        2.0000714765e-1,
        -2.4999993993e-1,
        3.3333331174e-1,
    )
]
_LN2_HIGH, _LN2_LOW = single(0.693359375), single(-2.12194440e-4)
_SINE = [single(c) for c in (-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)]
_COSINE = [single(c) for c in (2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)]
_MINUS_QUARTER_PI = [single(c) for c in (-0.78515625, -2.4187564849853515625e-4, -3.77489497744594108e-8)]
_FOUR_OVER_PI = single(1.27323954473516)
_HALF, _ONE = single(0.5), single(1)


def _horner(coefficients: list[Any], x: Array) -> Array:
    value: Any = coefficients[0]
    for coefficient in coefficients[1:]:
        value = fma32(value, x, coefficient)
    return value


def _log32(x: Array) -> Array:
    """log(x) for normal positive x, to Cephes' scheme: split off the exponent, polynomial around 1."""
    bits = x.view(np.int32)
    mantissa = ((bits & 0x7FFFFF) | 0x3F000000).view(single)  # in [1/2, 1), as `np.frexp` has it
    low = mantissa < single(0.707106781186547524)
    exponent = ((bits >> 23) - 126 - low).astype(single)
    x = mantissa - _ONE
    x = chosen(low, x + mantissa, x)
    square = x * x
    tail = fma32(_horner(_LOG, x) * x, square, exponent * _LN2_LOW)
    return fma32(exponent, _LN2_HIGH, x + fma32(square, -_HALF, tail))


def _sine_cosine32(x: Array) -> tuple[Array, Array]:
    """sin(x) and cos(x) for 0 <= x <= 2π: by octant, with two polynomials up to π/4."""
    octant = ((x * _FOUR_OVER_PI).astype(np.int32) + 1) & ~1
    turned = octant.astype(single)
    for part in _MINUS_QUARTER_PI:
        x = fma32(turned, part, x)
    square = x * x
    cosine = fma32(_horner(_COSINE, square) * square, square, -(square * _HALF)) + _ONE
    sine = fma32(_horner(_SINE, square) * square, x, x)
    swapped = (octant & 2) != 0
    sine, cosine = chosen(swapped, cosine, sine), chosen(swapped, sine, cosine)
    sine.view(np.int32)[...] ^= (octant & 4) << 29  # the sign's bit
    cosine.view(np.int32)[...] ^= (~(octant - 2) & 4) << 29
    return sine, cosine
