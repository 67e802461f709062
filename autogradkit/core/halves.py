"""Many numbers of half precision to float32 and back, with the rounding of the processor's own instructions.

NumPy converts float16 numbers one by one, within its functions as well, which takes several times as long as whole steps over
their bits; so does the package that gives it bfloat16, whose arithmetic is quick. Kernels of half precision, which PyTorch
computes in float32 and rounds once, go through here. Rests on parts and processor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autogradkit.core.dtype import is_half
from autogradkit.core.parts import in_parts, in_pieces
from autogradkit.core.processor import in_whole_steps

Array = np.ndarray[Any, Any]

MANY = 4096  # elements from which on the steps pay
# The number of elements from which on it pays to compute the answers to all numbers that there are, and to look them up
MOST = 1 << 18
_INFINITE = 0x7C00  # the bits of infinity in float16; NaN lies above
_SIGN = np.uint16(0x8000)
# What NumPy does with the bits of float16 numbers on every processor, and the package that gives it bfloat16 likewise.
_BY_BITS = frozenset((np.negative, np.absolute, np.conjugate, np.isnan, np.isinf, np.isfinite, np.copysign))
# Functions of two numbers that may be made of them in float32: the rounded result is that of NumPy's own. The first
# three are quicker with bfloat16 as they are.
_QUICK_WITH_BFLOAT16 = frozenset((np.add, np.subtract, np.multiply))
_OF_TWO = _QUICK_WITH_BFLOAT16 | {
    np.true_divide, np.maximum, np.minimum, np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal
}  # fmt: skip
# A float16 number whose bits stand in the places of a float32 number is that many times too small, infinities apart.
_UP = np.float32(2.0**112)
_SHIFT = 13  # bits that the fraction is shorter
_BIAS = np.uint16((112 << 10) & 0xFFFF)  # what float32's exponent is larger by, in the place that it has in float16
_LARGE = np.uint16(0x477F)  # the upper half of the bits of float32 numbers that may become infinite
# Below this upper half of the bits float16's numbers stand at equal distances, which are so many in one.
_SMALL_BITS, _DISTANCES = np.uint16(0x3880), np.float32(2.0**24)


def widened(x: Array) -> Array:
    """A copy in float32, laid out alike.

    >>> widened(np.array([1.5, -np.inf], np.float16))
    array([ 1.5, -inf], dtype=float32)
    """
    if x.size < MANY:
        return x.astype(np.float32)
    out = np.empty_like(x, np.float32)
    convert(x, out)
    return out


def convert(x: Array, out: Array) -> None:
    """Write `x` into `out`, of another dtype: as NumPy casts it, but many numbers of float16, bfloat16 and float32 by their bits.

    Float64 becomes float16 by way of float32, as in PyTorch.
    """
    x = before_rounding(x, out.dtype)
    step = _STEPS.get(x.dtype.char + out.dtype.char) if out.size >= MANY and x.shape == out.shape else None
    if step is None:
        np.copyto(out, x, casting="unsafe")
    else:
        for into, part in in_parts(out, x):
            step(part, into)


def before_rounding(x: Array, kind: np.dtype[Any]) -> Array:
    """`x`, which is to be written where `kind` is; float64 that becomes float16 in float32, in which PyTorch rounds it first.

    >>> float(before_rounding(np.array(1 + 2.0**-11 + 2.0**-40), np.dtype("float16")).astype("float16"))
    1.0
    """
    return x.astype(np.float32) if x.dtype.char == "d" and kind.char == "e" else x


def converts(ufunc: np.ufunc | None, kind: np.dtype[Any]) -> bool:
    """Whether NumPy's function, or a kernel for which None stands, converts each number of such a dtype by itself."""
    return ufunc is None or not (
        ufunc in _BY_BITS or (kind.kind != "V" and ufunc.__name__ in in_whole_steps("float16"))
    )


def goes_by_float32(ufunc: np.ufunc, kind: np.dtype[Any]) -> bool:
    """Whether of many numbers of such a dtype `by_float32` gives what NumPy's function gives, and sooner."""
    if kind.kind == "V" and ufunc in _QUICK_WITH_BFLOAT16:
        return False
    return (ufunc in _OF_TWO or ufunc.nin == 1) and converts(ufunc, kind)


def by_float32(ufunc: Callable[..., Array], operands: Sequence[Array], out: Array) -> None:
    """Write into `out` what a function such as NumPy's makes of the operands in float32, rounded if `out` is of halves."""
    for into, *given in in_pieces(out, *operands):
        wide = [widened(x) if is_half(x.dtype) else x for x in given]
        if is_half(out.dtype):
            convert(ufunc(*wide), into)
        else:
            ufunc(*wide, out=into)


def look_up(answers: Array, x: Array, out: Array) -> None:
    """Write into `out` the answer to each number; `answers` are those to `every`."""
    np.take(answers, x.view(np.uint16), out=out, mode="wrap")


def every(kind: np.dtype[Any]) -> Array:
    """All numbers that there are of such a dtype, by their bits."""
    return np.arange(1 << 16, dtype=np.uint16).view(kind)


def _widen(x: Array, out: Array) -> None:
    if x.view(np.int16).max() >= _INFINITE or x.view(np.uint16).max() >= _SIGN | _INFINITE:
        np.copyto(out, x)
        return
    bits = out.view(np.int32)
    np.copyto(bits, x.view(np.int16))
    bits <<= _SHIFT
    bits &= ~(0b111 << 28)  # where the sign was repeated
    out *= _UP


def _narrow(x: Array, out: Array) -> None:
    bits = x.view(np.uint32)
    upper = np.right_shift(bits, 16).astype(np.uint16)
    size = upper & ~_SIGN
    if size.max() >= _LARGE:  # NaN, too
        np.copyto(out, x, casting="unsafe")
        return
    rounded = bits >> _SHIFT
    rounded &= 1
    rounded += bits
    rounded += (1 << (_SHIFT - 1)) - 1  # half of the last place, and to an even one from the middle
    rounded >>= _SHIFT
    made = out.view(np.uint16)
    np.copyto(made, rounded, casting="unsafe")
    made -= _BIAS
    made &= ~_SIGN
    small = size < _SMALL_BITS
    if small.any():  # in most parts a few
        counted = np.abs(x[small])
        counted *= _DISTANCES
        np.rint(counted, counted)
        made[small] = counted.astype(np.uint16)
    upper &= _SIGN
    made |= upper


def _widen_bfloat16(x: Array, out: Array) -> None:
    bits = out.view(np.uint32)
    np.copyto(bits, x.view(np.uint16))
    bits <<= 16


def _narrow_bfloat16(x: Array, out: Array) -> None:
    if np.isnan(np.maximum.reduce(x, None)):
        np.copyto(out, x, casting="unsafe")
        return
    bits = x.view(np.uint32)
    rounded = bits >> 16
    rounded &= 1
    rounded += bits
    rounded += (1 << 15) - 1  # half of the last place, and to an even one from the middle
    rounded >>= 16
    np.copyto(out.view(np.uint16), rounded, casting="unsafe")


# By NumPy's letters of float16 and float32, and that of bfloat16.
_STEPS = {"ef": _widen, "fe": _narrow, "Ef": _widen_bfloat16, "fE": _narrow_bfloat16}
