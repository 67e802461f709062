"""Numbers chosen by a condition: few by NumPy's `where`, many by way of their bits.

`where` branches at each element, and takes ten times as long where the condition changes from one to the next; what goes by bits
takes four functions more. Kernels of units and losses go through here. Rests on NumPy.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from autogradkit.core.storage import Array

_BITS = {size: np.dtype(f"i{size}") for size in (1, 2, 4, 8)}
FEW = 512  # elements up to which `where` is quicker


@functools.cache
def _zero(kind: np.dtype[Any]) -> Array:
    return np.zeros((), kind)


def _written(found: Any, out: Array | None) -> Any:
    if out is None:
        return found
    out[...] = found
    return out


def kept(condition: Any, x: Any, out: Array | None = None) -> Any:
    """`x` where the condition holds, 0 elsewhere, whatever `x` is there. `out` is of its dtype, and apart from both.

    Of up to `FEW` elements the condition may be given by numbers, and holds where they are not 0.
    """
    if x.size <= FEW:
        return _written(np.where(condition, x, _zero(x.dtype)), out)
    bits = _BITS[x.dtype.itemsize]
    if out is None:
        return (x.view(bits) * condition).astype(bits, copy=False).view(x.dtype)
    np.multiply(x.view(bits), condition, out.view(bits))
    return out


def chosen(condition: Any, x: Any, other: Any, out: Array | None = None) -> Any:
    """`x` where the condition holds, `other` elsewhere; both of one dtype, and together of the condition's shape.

    `out` is of that dtype, and may be `x`.
    """
    if x.size <= FEW:
        return _written(np.where(condition, x, other), out)
    bits = _BITS[x.dtype.itemsize]
    every_bit = np.negative(condition.view(np.int8)).astype(bits)  # or none
    found = np.bitwise_xor(x.view(bits), other.view(bits), None if out is None else out.view(bits))
    found &= every_bit
    found ^= other.view(bits)
    return found.view(x.dtype)


def signed(x: Any, sign: Any, out: Array | None = None) -> Any:
    """`x`, with its sign set where `sign` has it set: of one shape and dtype. `out` may be `x`."""
    bits = _BITS[x.dtype.itemsize]
    set_bits = sign.view(bits) & np.iinfo(bits).min
    return np.bitwise_or(x.view(bits), set_bits, None if out is None else out.view(bits)).view(x.dtype)


_UPPER_BITS = np.int64(-1 << 27)


def upper_bits(x: Any) -> Any:
    """Float64 numbers with the upper 26 of their 53 bits; 27 are left, so that a product with 26 is exact for either.

    >>> upper_bits(np.array([1 + 2.0**-20 + 2.0**-40])) - 1 == 2.0**-20
    array([ True])
    """
    return (x.view(np.int64) & _UPPER_BITS).view(np.float64)
