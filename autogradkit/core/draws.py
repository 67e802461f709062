"""Random numbers of every distribution, each drawn from the generator's words exactly as PyTorch draws it.

Flat arrays of numbers in the order of the draws; `fill` writes them into a tensor's memory in PyTorch's order.
Rests on `core.random`, `core.gaussian`, `core.fused` and `core.openblas`; the random ops, `nn.init`, dropout and data loading
use it.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autogradkit.core.fused import affine32, fma64
from autogradkit.core.gaussian import CHUNK, logarithm, normal_blocks, normal_pairs, through, unit32, unit64
from autogradkit.core.openblas import openblas
from autogradkit.core.quiet import quiet
from autogradkit.core.random import Generator
from autogradkit.core.strides import dense_strides_like, element_strides, empty_strided

Array = np.ndarray[Any, Any]
single, double = np.dtype(np.float32), np.dtype(np.float64)

_WIDE = 1 << 28  # integer ranges from here on take words of 64 bits
_DIGITS = {"float16": 11, "bfloat16": 8, "float32": 24, "float64": 53}  # bits of a floating dtype's significand


# -- reals ------------------------------------------------------------------------------------------------------------


def unit(generator: Generator, count: int, numpy_dtype: np.dtype[Any]) -> Array:
    """Uniform in [0, 1): float64 from a 64-bit word each, float32 from a 32-bit word each, the narrower dtypes rounded.

    A narrower number that rounds to 1 becomes 0.

    >>> unit(Generator().manual_seed(0), 2, np.dtype("float32"))
    array([0.4962566, 0.7682218], dtype=float32)
    """
    if numpy_dtype == double:
        return unit64(generator.words64(count))
    if count <= CHUNK:
        draws = unit32(generator.words32(count))
    else:
        draws = _by_parts(generator, count, single, lambda size: unit32(generator.words32(size)))
    return draws if numpy_dtype == single else _below(1.0, draws.astype(numpy_dtype), 0.0)


def _by_parts(generator: Generator, count: int, numpy_dtype: np.dtype[Any], draw: Callable[[int], Array]) -> Array:
    """What `draw` gives for `count` numbers, many a part at a time: words as long as all would be memory that the system has to
    find, and leave the cache before they are looked at.
    """
    if count <= CHUNK:
        return draw(count)
    draws = np.empty(count, numpy_dtype)
    place = generator.place()
    try:
        for start in range(0, count, CHUNK):
            part = draws[start : start + CHUNK]
            part[...] = draw(part.size)
    except BaseException:  # an interrupt between two parts
        generator.back_to(place)
        raise
    return draws


def uniform(generator: Generator, count: int, numpy_dtype: np.dtype[Any], low: float, high: float) -> Array:
    """Uniform in [low, high): a draw from [0, 1) scaled and shifted with one rounding; what rounds to `high` becomes `low`."""
    if low == 0 and high == 1:
        return unit(generator, count, numpy_dtype)
    if numpy_dtype == double:
        # The exact product of large bounds would not fit: they are made smaller by a power of two.
        scale = _SMALLER if max(-low, high) > _LARGE else 1.0
        drawn = fma64(unit(generator, count, double), (high - low) * scale, low * scale) / scale
        return _below(high, drawn, low)
    draws = unit(generator, count, single)
    affine32(draws, float(single.type(high) - single.type(low)), low)  # narrower dtypes round once, at the end
    return _below(high, draws.astype(numpy_dtype, copy=False), low)


_LARGE, _SMALLER = 2.0**900, 2.0**-200


def _below(high: float, draws: Array, low: float) -> Array:
    """The draws, `low` in place of those that rounding brought up to `high`."""
    draws[draws >= draws.dtype.type(high)] = low
    return draws


def normal(
    generator: Generator, count: int, numpy_dtype: np.dtype[Any], mean: float, std: float, *, dense: bool = True
) -> Array:
    """Normal draws. `dense`: the memory to fill has no gaps, which is when 16 or more are made in blocks.

    >>> normal(Generator().manual_seed(0), 2, np.dtype("float32"), 0.0, 1.0)
    array([ 1.5409961, -0.2934289], dtype=float32)
    """
    place = generator.place()
    try:
        return _normal(generator, count, numpy_dtype, mean, std, dense)
    except BaseException:  # an interrupt between two draws, or before half of a pair is put away
        generator.back_to(place)
        raise


def _normal(
    generator: Generator, count: int, numpy_dtype: np.dtype[Any], mean: float, std: float, dense: bool
) -> Array:
    if count < 16 or not dense:
        draws = normal_pairs(generator, count)
        draws = draws + mean if std == 1 else fma64(draws, std, mean)
        return _rounded(draws, numpy_dtype)
    draws = normal_blocks(generator, count, numpy_dtype)
    if std == 1:
        draws += mean
        return draws.astype(numpy_dtype, copy=False)
    if numpy_dtype == double:
        return fma64(draws, std, mean)
    affine32(draws, std, mean)
    return draws.astype(numpy_dtype, copy=False)


def exponential(generator: Generator, count: int, numpy_dtype: np.dtype[Any], rate: float) -> Array:
    """Exponential draws, computed in float64 by inverting the distribution.

    >>> exponential(Generator().manual_seed(0), 1, np.dtype("float64"), 1.0)
    array([3.50832619])
    """
    return _rounded(-1.0 / rate * through(math.log1p, -unit64(generator.words64(count))), numpy_dtype)


def cauchy(generator: Generator, count: int, numpy_dtype: np.dtype[Any], median: float, scale: float) -> Array:
    """Cauchy draws, by inverting the distribution in float64.

    >>> cauchy(Generator().manual_seed(0), 1, np.dtype("float64"), 0.0, 1.0)
    array([10.59772933])
    """
    angle = math.pi * (unit64(generator.words64(count)) - 0.5)
    return _rounded(fma64(through(math.tan, angle), scale, median), numpy_dtype)


_LARGEST_LOGARITHM = math.log(np.finfo(np.float64).max)


def log_normal(generator: Generator, count: int, numpy_dtype: np.dtype[Any], mean: float, std: float) -> Array:
    """Numbers whose logarithm is normal with this mean and standard deviation.

    >>> log_normal(Generator().manual_seed(0), 1, np.dtype("float32"), 0.0, 1.0)
    array([4.669239], dtype=float32)
    """
    logarithms = fma64(normal_pairs(generator, count), std, mean)
    finite = np.minimum(logarithms, _LARGEST_LOGARITHM)  # beyond it Python raises
    found = np.where(logarithms > finite, np.inf, through(math.exp, finite))
    return _rounded(found, numpy_dtype)


def _rounded(draws: Array, numpy_dtype: np.dtype[Any]) -> Array:
    """Doubles in the dtype that is asked for; half precision is rounded to float32 first, as in PyTorch."""
    if numpy_dtype.itemsize == 2:
        draws = draws.astype(single)
    return draws.astype(numpy_dtype, copy=False)


# -- integers ---------------------------------------------------------------------------------------------------------


def integers(generator: Generator, count: int, low: int, high: int) -> Array:
    """Integers in [low, high) as int64: a word's remainder. Over all of int64, the word as it is.

    >>> integers(Generator().manual_seed(0), 5, 0, 10)
    array([4, 9, 3, 0, 3])
    """
    width = high - low
    words = generator.words32(count) if width < _WIDE else generator.words64(count)
    if width < 2**64:
        np.remainder(words, np.array(width, np.uint64), words)
        if low:
            np.add(words, np.array(low % 2**64, np.uint64), words)
    return words.view(np.int64)


@functools.cache
def largest_exact(numpy_dtype: np.dtype[Any]) -> int:
    """The whole number up to which `numpy_dtype` holds every one."""
    if numpy_dtype.kind == "b":
        return 1
    return int(np.iinfo(numpy_dtype).max) if numpy_dtype.kind in "iu" else 2 ** _DIGITS[numpy_dtype.name]


def any_values(generator: Generator, count: int, numpy_dtype: np.dtype[Any]) -> Array:
    """Integers from 0 over all that `numpy_dtype` holds exactly: what `random_()` without bounds draws."""
    if numpy_dtype.kind == "b":
        return generator.words32(count) & np.uint64(1) != 0
    limit = largest_exact(numpy_dtype) + 1
    words = generator.words64(count) if numpy_dtype.itemsize == 8 else generator.words32(count)
    return (words % np.uint64(limit)).astype(numpy_dtype)


def permutation(generator: Generator, count: int) -> Array:
    """The numbers from 0 to count - 1, shuffled (Fisher and Yates, from the front), as int64.

    >>> permutation(Generator().manual_seed(0), 5)
    array([4, 0, 1, 3, 2])
    """
    if count < 2:
        return np.arange(count)
    left = np.arange(count, 1, -1, dtype=np.uint64)
    words = generator.words32(count - 1) if count < 2**32 // 20 else generator.words64(count - 1)
    words %= left
    ahead = words.view(np.int64)
    library = openblas() if count >= _MANY else None
    if library is not None:
        column = np.arange(count, dtype=double)  # each is below 2**53
        library.exchange(column, ahead + np.arange(count - 1))
        return column.astype(np.int64)
    order = list(range(count))
    for place, distance in enumerate(ahead.tolist()):
        other = place + distance
        order[place], order[other] = order[other], order[place]
    return np.array(order)


_MANY = 64  # numbers from which to call LAPACK, which exchanges rows so, takes less than to shuffle by Python


# -- events -----------------------------------------------------------------------------------------------------------


def trials(generator: Generator, count: int, probability: float) -> Array:
    """How many trials it takes to succeed once, each with this probability, as float64 whole numbers from 1.

    >>> trials(Generator().manual_seed(0), 3, 0.5)
    array([1., 1., 2.])
    """
    return np.ceil(logarithm(unit64(generator.words64(count))) / math.log1p(-probability))


def chances(generator: Generator, count: int, probability: float) -> Array:
    """Booleans, each true with the same probability (`Tensor.bernoulli_(p)`, dropout): a uniform draw of 53 bits is below it.

    >>> chances(Generator().manual_seed(0), 3, 0.5)
    array([False, False,  True])
    """
    upper, lower = divmod(math.ceil(probability * 2.0**53), 2**32)

    def draw(size: int) -> Array:
        words = generator.words32(2 * size)
        bits = words[0::2] & np.uint64(2**21 - 1)
        found = bits < np.uint64(upper)
        if lower:  # where the upper bits are equal, the lower ones decide
            ties = np.flatnonzero(bits == np.uint64(upper))
            found[ties] = words[1::2][ties] < np.uint64(lower)
        return found

    return _by_parts(generator, count, np.dtype(bool), draw)


def chances_each(generator: Generator, probabilities: Array) -> Array:
    """Booleans, one for each of the flat float `probabilities`."""
    if probabilities.dtype == double:
        return unit64(generator.words64(probabilities.size)) < probabilities
    return unit32(generator.words32(probabilities.size)) < probabilities.astype(single, copy=False)


@quiet
def categories(generator: Generator, weights: Array, count: int) -> Array:
    """`count` column numbers for each row of the (rows, columns) float `weights`, with replacement, as int64.

    A search in the cumulated weights.
    """
    cumulated = np.cumsum(weights, axis=1, dtype=double if weights.dtype == double else single)
    cumulated /= cumulated[:, -1:]
    drawn = unit64(generator.words64(len(weights) * count)).reshape(-1, count)
    found = [np.searchsorted(row.astype(double), sample) for row, sample in zip(cumulated, drawn, strict=True)]
    return np.array(found, np.int64).reshape(drawn.shape)


@quiet
def races(generator: Generator, weights: Array) -> Array:
    """For each of the (rows, columns) float `weights` its ratio to an exponential draw.

    The columns with the largest ratios are drawn without replacement.
    """
    strides = dense_strides_like(weights.shape, element_strides(weights))
    divisors = empty_strided(weights.shape, strides, weights.dtype)
    return weights / fill(divisors, exponential(generator, weights.size, weights.dtype, 1.0))


# -- into memory ------------------------------------------------------------------------------------------------------


def memory_order(array: Array) -> list[int]:
    """The dimensions from the slowest to the fastest in memory: the order in which PyTorch visits the elements.

    >>> memory_order(np.zeros((2, 3)).T)
    [1, 0]
    """
    if array.ndim < 2 or array.flags.c_contiguous:
        return list(range(array.ndim))
    dense = dense_strides_like(array.shape, element_strides(array))
    return sorted(range(array.ndim), key=lambda dim: -dense[dim])


def fill(array: Array, draws: Array) -> Array:
    """Write flat `draws` into `array` in the order of its memory, and return it."""
    target = array if array.flags.c_contiguous else array.transpose(memory_order(array))
    target[...] = draws.reshape(target.shape)
    return array
