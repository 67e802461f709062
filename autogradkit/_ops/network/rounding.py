"""What kernels of networks compute, written into their result: numbers of half precision go through float32 and are rounded once.

Where something holds for some elements and not for others, `chosen` and `kept` go by the bits of the numbers: NumPy's `where`
branches at each element, and takes ten times as long where the condition changes from one to the next. Rests on core's dtypes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autogradkit.core.dtype import is_half
from autogradkit.core.storage import Array


def write(out: Array, body: Callable[..., Any], *arrays: Array) -> None:
    """Write what `body` makes of the arrays into `out`."""
    if is_half(out.dtype):
        arrays = tuple([each.astype(np.float32) for each in arrays])
    np.copyto(out, body(*arrays), casting="unsafe")


_BITS = {size: np.dtype(f"i{size}") for size in (1, 2, 4, 8)}


def kept(condition: Any, x: Any) -> Any:
    """`x` where the condition holds, 0 elsewhere, whatever `x` is there."""
    bits = _BITS[x.dtype.itemsize]
    return (x.view(bits) * condition).astype(bits, copy=False).view(x.dtype)


def chosen(condition: Any, x: Any, other: Any) -> Any:
    """`x` where the condition holds, `other` elsewhere; both of one dtype, and together of the condition's shape."""
    bits = _BITS[x.dtype.itemsize]
    every_bit = np.negative(condition.view(np.int8)).astype(bits)  # or none
    found = x.view(bits) ^ other.view(bits)
    found &= every_bit
    found ^= other.view(bits)
    return found.view(x.dtype)


def signed(x: Any, sign: Any) -> Any:
    """`x`, with its sign set where `sign` has it set: of one shape and dtype."""
    bits = _BITS[x.dtype.itemsize]
    return (x.view(bits) | (sign.view(bits) & np.iinfo(bits).min)).view(x.dtype)
