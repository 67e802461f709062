"""Normal draws by Box and Muller's method, to the last bit as PyTorch computes them.

Fewer than 16 numbers, and memory with gaps, are drawn in pairs of doubles, the second of a pair waiting in the
generator. Sixteen or more are made in blocks of 16, eight radii with eight angles. The float32 blocks use the Cephes
polynomials for log, sin and cos (Moshier, as vectorised by Pommier, zlib licence) with fused multiply-adds.
Their sums are taken in float64 and rounded: for none of the 2**24 uniform numbers there are does that differ from a fused
multiply-add, as `tests/core/test_gaussian.py` goes through. Rests on the generator's words; `core.draws` uses it.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from autogradkit.core.random import Generator

Array = np.ndarray[Any, Any]
single = np.float32

_BY_PYTHON = 8  # pairs up to which Python's numbers are quicker than NumPy's functions
CHUNK = 1 << 16  # numbers worked on at a time, so that the intermediate arrays stay in the cache


def normal_pairs(generator: Generator, count: int) -> Array:
    """`count` standard normals as float64, one after the other, beginning with the generator's leftover."""
    draws = np.empty(count + 2)
    filled = 0
    if count and generator.cached_normal is not None:
        draws[0] = generator.cached_normal
        generator.cached_normal = None
        filled = 1
    pairs = (count - filled + 1) // 2
    if 0 < pairs <= _BY_PYTHON:
        uniform = [(word & (2**53 - 1)) * 2.0**-53 for word in generator.words64(2 * pairs).tolist()]
        for at, (turn, share) in enumerate(zip(uniform[0::2], uniform[1::2], strict=True)):
            radius, angle = math.sqrt(-2.0 * math.log1p(-share)), (2.0 * math.pi) * turn
            draws[filled + 2 * at] = radius * math.cos(angle)
            draws[filled + 2 * at + 1] = radius * math.sin(angle)
    elif pairs:
        uniform = unit64(generator.words64(2 * pairs))
        radius = np.sqrt(-2.0 * through(math.log1p, -uniform[1::2]))
        cosine, sine = cosine_and_sine((2.0 * math.pi) * uniform[0::2])
        draws[filled : filled + 2 * pairs : 2] = radius * cosine
        draws[filled + 1 : filled + 2 * pairs : 2] = radius * sine
    if filled + 2 * pairs > count:
        generator.cached_normal = float(draws[count])
    return draws[:count]


def normal_blocks(generator: Generator, count: int, numpy_dtype: np.dtype[Any]) -> Array:
    """`count` >= 16 standard normals: float64, or float32 for all narrower dtypes.

    A last part block is drawn with its predecessors: float32 and float64 draw these sixteen once more, the narrower dtypes
    have drawn whole blocks only.
    """
    double = numpy_dtype == np.float64
    if count <= FEW and count % 16 == 0 and not double:
        return _few_blocks(generator, count)
    transform = _blocks64 if double else _blocks32
    words = generator.words64 if double else generator.words32
    whole = count // 16 * 16
    draws = np.empty(whole if whole == count else whole + 16, np.float64 if double else single)

    def words_for(start: int, stop: int) -> Array:
        if stop <= whole:
            return words(stop - start)
        before = words(whole - start)
        if numpy_dtype.itemsize > 2:
            words(count - whole)
        return np.concatenate((before, words(16)))

    for start in range(0, len(draws), CHUNK):
        stop = min(start + CHUNK, len(draws))
        transform(words_for(start, stop), draws[start:stop].reshape(-1, 2, 8))
    if whole != count:
        draws[count - 16 : count] = draws[whole:]
    return draws[:count]


FEW = 512  # numbers up to which calling NumPy a hundred times takes most of the time
_AHEAD = 4096  # numbers that are computed in advance


class _Foreseen(NamedTuple):
    """Words that were still to be drawn, the numbers they make, and how many of them have come true."""

    words: Array
    draws: Array
    used: int


_ASKED_ONCE = _Foreseen(np.empty(0, np.uint64), np.empty(0, single), 0)


def _few_blocks(generator: Generator, count: int) -> Array:
    """Whole blocks of float32. Who draws few numbers draws often: from the second time on many are computed in advance.

    They are kept with their words, and given where these are the words that are drawn, so whatever else draws from the stream,
    seeds it or sets it back needs to know nothing of it. Where they were never asked for it begins anew.
    """
    words = generator.words32(count)
    foreseen: _Foreseen | None = generator.foreseen
    if foreseen is not None:
        begin, end = foreseen.used, foreseen.used + count
        if end <= foreseen.words.size and foreseen.words[begin:end].tobytes() == words.tobytes():
            generator.foreseen = _Foreseen(foreseen.words, foreseen.draws, end)
            return foreseen.draws[begin:end].copy()
    if foreseen is None or (foreseen.words.size and not foreseen.used):
        generator.foreseen = _ASKED_ONCE if foreseen is None else None
        return _blocks_of(words)
    ahead = generator.words_ahead(_AHEAD)
    draws = _blocks_of(np.concatenate((words, ahead)))
    generator.foreseen = _Foreseen(ahead, draws[count:], 0)
    return draws[:count].copy()


def _blocks_of(words: Array) -> Array:
    draws = np.empty(words.size, single)
    _blocks32(words, draws.reshape(-1, 2, 8))
    return draws


_WORD_BITS, _WORD_UNIT = np.array(0xFFFFFF, np.int32), np.array(2.0**-24, single)


def unit32(words: Array) -> Array:
    """Uniform float32 in [0, 1) from 24 bits of each word."""
    uniform = (words.astype(np.int32) & _WORD_BITS).astype(single)
    return np.multiply(uniform, _WORD_UNIT, uniform)


def unit64(words: Array) -> Array:
    """Uniform float64 in [0, 1) from 53 bits of each 64-bit word."""
    uniform = (words.view(np.int64) & (2**53 - 1)).astype(np.float64)
    return np.multiply(uniform, 2.0**-53, uniform)


def through(function: Callable[[float], float], values: Array) -> Array:
    """A function of the C library over an array. NumPy's own vector versions differ in the last bit."""
    return np.fromiter(map(function, values.tolist()), np.float64, values.size)


def logarithm(values: Array) -> Array:
    """The C library's logarithm of positive numbers, which stands behind a function of SciPy's, too, at a tenth of the time."""
    if values.size < MANY_LOGARITHMS:
        return through(math.log, values)
    import scipy.special  # pyright: ignore[reportMissingTypeStubs]

    return scipy.special.xlogy(1.0, values) if _has_same_logarithm() else through(math.log, values)


def cosine_and_sine(angles: Array) -> tuple[Array, Array]:
    """The C library's cosine and sine, which stand behind NumPy's exponential of imaginary numbers."""
    if angles.size < MANY_ANGLES or not _has_same_cosine():
        return through(math.cos, angles), through(math.sin, angles)
    return _of_imaginary(angles)


MANY_LOGARITHMS = 1 << 15  # from which on loading SciPy pays
MANY_ANGLES = 32


def _of_imaginary(angles: Array) -> tuple[Array, Array]:
    found = np.zeros(angles.shape, np.complex128)
    found.imag = angles
    np.exp(found, found)
    return found.real, found.imag


# Whether they are the C library's here: tried on some thousand numbers before they are trusted.


@functools.cache
def _has_same_logarithm() -> bool:
    import scipy.special  # pyright: ignore[reportMissingTypeStubs]

    values = np.arange(1, 1 << 12) / 4097.0
    return scipy.special.xlogy(1.0, values).tobytes() == through(math.log, values).tobytes()


@functools.cache
def _has_same_cosine() -> bool:
    angles = np.arange(1 << 12) * (2.0 * math.pi / 4097.0)
    found = [each.tobytes() for each in _of_imaginary(angles)]
    return found == [through(each, angles).tobytes() for each in (math.cos, math.sin)]


# -- words to blocks of 16: (blocks, 2, 8), radii first -------------------------------------------------------------------


def _blocks64(words: Array, out: Array) -> None:
    uniform = unit64(words).reshape(out.shape)
    shape = out[:, 0].shape
    radius = np.sqrt(-2.0 * logarithm((1.0 - uniform[:, 0]).ravel()))
    cosine, sine = cosine_and_sine(((2.0 * math.pi) * uniform[:, 1]).ravel())
    out[:, 0] = (radius * cosine).reshape(shape)
    out[:, 1] = (radius * sine).reshape(shape)


def _blocks32(words: Array, out: Array) -> None:
    uniform = unit32(words).reshape(out.shape)
    radius = _log32(_ONE - uniform[:, 0])
    radius *= _MINUS_TWO
    np.sqrt(radius, radius)
    sine, cosine = _sine_cosine32(_TWO_PI * uniform[:, 1])
    np.multiply(radius, cosine, out=out[:, 0])
    np.multiply(radius, sine, out=out[:, 1])


# Numbers are arrays without dimensions: with a few elements Python's own would cost as much as the steps themselves.


def _single(number: float) -> Array:
    return np.array(number, single)


def _whole(number: int) -> Array:
    return np.array(number, np.int32)


def _singles(*numbers: float) -> list[Array]:
    """The nearest float32 numbers, as those that float64 arrays are multiplied by."""
    return [np.array(single(number), np.float64) for number in numbers]


_ONE, _MINUS_TWO, _HALF, _MINUS_HALF, _TWO_PI = map(_single, (1, -2, 0.5, -0.5, 2.0 * math.pi))
_FRACTION_BITS, _HALF_ROOT_BITS = map(_whole, (23, 0x3F3504F3))  # √½ in float32
_EVEN, _BIT_0, _BIT_1, _BIT_2, _TO_SIGN = map(_whole, (~1, 1, 2, 4, 29))

_LOG = _singles(
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
_LN2_HIGH, _LN2_LOW = _single(0.693359375), _single(-2.12194440e-4)
_SINE = _singles(-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)
_COSINE = _singles(2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)
_BOTH = [np.stack(pair).reshape(2, 1, 1) for pair in zip(_COSINE, _SINE, strict=True)]
# 3 · 2**28 times the power of two below: the last place of float64 is there what the last of float32 is here.
_ROUNDING = [3 * 2.0**28 * 2.0 ** np.floor(np.log2(np.abs(coefficient))) for coefficient in _BOTH[1:]]
# Few bits: exact products with small numbers
_MINUS_QUARTER_PI = _single(-0.78515625), _single(-2.4187564849853515625e-4)
(_MINUS_QUARTER_PI_REST,) = _singles(-3.77489497744594108e-8)
_FOUR_OVER_PI = _single(1.27323954473516)


def _multiply_add(product: Array, x: Array | float, addend: Array | float, narrow: Array) -> None:
    """`product * x + addend`, rounded to float32, into `narrow`; the others are float64, `product` is overwritten."""
    np.multiply(product, x, product)
    np.add(product, addend, product)
    np.copyto(narrow, product, casting="same_kind")


def _horner(coefficients: list[Array], x: Array) -> Array:
    """The polynomial at the float32 numbers of `x`, held as float64, as float32."""
    value = x * coefficients[0]
    narrow = np.empty(value.shape, single)
    np.add(value, coefficients[1], value)
    np.copyto(narrow, value, casting="same_kind")
    for coefficient in coefficients[2:]:
        np.copyto(value, narrow)
        _multiply_add(value, x, coefficient, narrow)
    return narrow


def _both_polynomials(x: Array) -> Array:
    """`_horner` of cosine and sine up to π/4, whose sums have the exponent of the coefficient that is added.

    So to round one to float32 is to add a number so large that what is no part of a float32 number falls off.
    """
    first, *coefficients = _BOTH
    value = first
    for coefficient, rounding in zip(coefficients, _ROUNDING, strict=True):
        value = value * x
        value += coefficient + rounding
        value -= rounding
    return value.astype(single)


def _log32(x: Array) -> Array:
    """log(x) for normal positive x, to Cephes' scheme: split off the exponent, polynomial around 1."""
    bits = x.view(np.int32)
    exponent = bits - _HALF_ROOT_BITS
    exponent >>= _FRACTION_BITS
    x = (bits - (exponent << _FRACTION_BITS)).view(single)  # in [√½, √2)
    x -= _ONE
    exponent = exponent.astype(single)
    square = x * x
    found = _horner(_LOG, _wide(x))
    found *= x
    _multiply_add(_wide(found), _wide(square), _wide(exponent * _LN2_LOW), found)
    square *= _HALF
    found -= square
    found += x
    exponent *= _LN2_HIGH
    found += exponent
    return found


def _sine_cosine32(x: Array) -> tuple[Array, Array]:
    """sin(x) and cos(x) for 0 <= x <= 2π, in rows: by octant, with two polynomials up to π/4, which are evaluated together."""
    octant = ((x * _FOUR_OVER_PI).astype(np.int32) + _BIT_0) & _EVEN
    turned = octant.astype(single)
    for part in _MINUS_QUARTER_PI:
        x = x + turned * part
    _multiply_add(_wide(turned), _MINUS_QUARTER_PI_REST, _wide(x), x)
    square = x * x
    wide, wide_square = _wide(x), _wide(square)
    both = _both_polynomials(wide_square)
    both *= square
    cosine, sine = both
    _multiply_add(_wide(cosine), wide_square, _wide(square * _MINUS_HALF), cosine)
    cosine += _ONE
    _multiply_add(_wide(sine), wide, wide, sine)
    sine_bits, cosine_bits = sine.view(np.int32), cosine.view(np.int32)
    exchanged = (sine_bits ^ cosine_bits) & -(octant >> _BIT_0 & _BIT_0)
    sine_bits ^= exchanged ^ (octant & _BIT_2) << _TO_SIGN  # with the sign's bit
    cosine_bits ^= exchanged ^ (~(octant - _BIT_1) & _BIT_2) << _TO_SIGN
    return sine, cosine


def _wide(x: Array) -> Array:
    return x.astype(np.float64)
