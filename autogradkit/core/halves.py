"""Many numbers of half precision to float32 and back, with the rounding of the processor's own instructions.

NumPy converts float16 numbers one by one, within its functions as well, which takes several times as long as whole steps over
their bits. Kernels of half precision, which PyTorch computes in float32 and rounds once, go through here. Rests on parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autogradkit.core.dtype import is_half
from autogradkit.core.parts import in_parts

Array = np.ndarray[Any, Any]

MANY = 4096  # elements from which on the steps pay
# The number of elements from which on it pays to compute the answers to all numbers that there are, and to look them up
MOST = 1 << 18
_INFINITE = 0x7C00  # the bits of infinity in float16; NaN lies above
_SIGN = 0x8000
# NumPy's functions that convert each number by itself. Others have whole steps for many float16 numbers; bfloat16, which another
# package gives NumPy, has them in none, though what only looks at bits is quick enough.
ONE_BY_ONE = frozenset(
    (np.add, np.subtract, np.multiply, np.true_divide, np.maximum, np.minimum, np.equal, np.not_equal, np.less, np.less_equal,
     np.greater, np.greater_equal, np.sqrt, np.cos)
)  # fmt: skip
_BY_BITS = frozenset((np.negative, np.absolute, np.conjugate, np.isnan, np.isinf, np.isfinite, np.copysign))
# A float16 number whose bits stand in the places of a float32 number is that many times too small, infinities apart.
_UP, _DOWN = np.float32(2.0**112), np.float32(2.0**-112)
_SHIFT = 13  # bits that the fraction is shorter
_TOO_LARGE = 65520.0  # the least number that becomes infinite


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
    """Write `x` into `out`, of another dtype: as NumPy casts it, but many numbers of float16 and float32 by their bits."""
    step = _STEPS.get(x.dtype.char + out.dtype.char) if out.size >= MANY and x.shape == out.shape else None
    if step is None:
        np.copyto(out, x, casting="unsafe")
    else:
        for into, part in in_parts(out, x):
            step(part, into)


def converts(ufunc: np.ufunc | None, kind: np.dtype[Any]) -> bool:
    """Whether NumPy's function, or a kernel for which None stands, converts each number of such a dtype by itself."""
    return ufunc is None or (ufunc not in _BY_BITS if kind.kind == "V" else ufunc in ONE_BY_ONE)


def by_float32(ufunc: np.ufunc, operands: Sequence[Array], out: Array) -> None:
    """Write into `out` what NumPy's function makes of the operands in float32, rounded if `out` is of half precision."""
    for into, *given in in_parts(out, *operands):
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
    if not (x.min() > -_TOO_LARGE and x.max() < _TOO_LARGE):  # NaN neither
        np.copyto(out, x, casting="unsafe")
        return
    scaled = x * _DOWN
    inexact = (scaled * _UP != x).nonzero()  # so small that float32 rounds as well
    if inexact[0].size:
        small = x[inexact]
        exact = np.abs(small)
        exact += np.float32(0.5)  # whose last place is that of float16's least numbers
        exact -= np.float32(0.5)
        scaled[inexact] = np.copysign(exact, small) * _DOWN
    bits = scaled.view(np.uint32)
    rounded = bits >> _SHIFT
    rounded &= 1
    rounded += bits
    rounded += (1 << (_SHIFT - 1)) - 1  # half of the last place, and to an even one from the middle
    rounded >>= _SHIFT
    sign = np.right_shift(rounded, 3, bits)
    sign &= _SIGN
    rounded |= sign
    np.copyto(out.view(np.uint16), rounded, casting="unsafe")


_STEPS = {"ef": _widen, "fe": _narrow}  # by NumPy's letters of float16 and float32
