"""The rectifier and its backward: a NaN passes both ways, a closed unit sends exactly 0. PyTorch's to the bit in float32
and float64.

Rests on NumPy only; `activation.py` declares the ops. `out` of the backward shares no memory with what is read.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

_ROW = 1024
LARGE = 16 * _ROW  # elements from which a row of zeros pays
ZERO = np.zeros((), np.float32)
_BITS = {size: np.dtype(f"i{size}") for size in (1, 2, 4, 8)}


@functools.cache
def _zeros(dtype: np.dtype[Any]) -> tuple[Array, Array]:
    return np.zeros((), dtype), np.zeros(_ROW, dtype)


def relu(x: Array, out: Array) -> None:
    """Write x where it is above 0, or NaN, and 0 elsewhere; -0 stays -0."""
    zero, row = _zeros(x.dtype)
    if x.size < LARGE or not (x.flags.c_contiguous and out.flags.c_contiguous):
        np.maximum(zero, x, out=out)
        return
    # NumPy is about twice as quick against a row of zeros as against one zero.
    whole = x.size - x.size % _ROW
    flat, into = x.reshape(-1), out.reshape(-1)
    np.maximum(row, flat[:whole].reshape(-1, _ROW), out=into[:whole].reshape(-1, _ROW))
    if whole < x.size:
        np.maximum(zero, flat[whole:], out=into[whole:])


def relu_backward(gradient: Array, result: Array, out: Array) -> None:
    """Write the gradient where `result`, which `relu` gave, is not 0, and 0 elsewhere, whatever the gradient is there.

    A product of floats would make NaN of an infinite gradient, and masked copies are ten times slower: so the gradient's bits
    are multiplied, as integers, by 0 or 1.
    """
    zero, _ = _zeros(result.dtype)
    bits = _BITS[out.itemsize]
    into = out.view(bits)
    np.copyto(into, np.not_equal(result, zero))
    np.multiply(into, gradient.view(bits), into)
