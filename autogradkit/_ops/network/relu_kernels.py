"""The rectifier and its backward: a NaN passes both ways, a closed unit sends exactly 0. PyTorch's to the bit in float32
and float64.

Rests on core.bits, core.clip, core.steps and core.threads; `activation.py` declares the ops. `out` of the backward shares no
memory with what is read.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from autogradkit.core.bits import kept
from autogradkit.core.clip import clip
from autogradkit.core.dtype import is_half
from autogradkit.core.steps import Step
from autogradkit.core.threads import get_num_threads, on_threads, slices

Array = np.ndarray[Any, Any]

_WORTH_THREADS = 1 << 20  # elements

ZERO = np.zeros((), np.float32)
INFINITY = np.full((), np.inf, np.float32)


@functools.cache
def _zero(dtype: np.dtype[Any]) -> Array:
    return np.zeros((), dtype)


@functools.cache
def _largest(dtype: np.dtype[Any]) -> Array:
    return np.full((), np.inf if dtype.kind == "f" else np.iinfo(dtype).max, dtype)


def relu(x: Array, out: Array) -> Step:
    """The step that writes x where it is above 0, or NaN, and 0 elsewhere; -0 stays -0."""
    dtype = x.dtype
    if is_half(dtype):  # NumPy converts such numbers one by one
        bits = x.view(np.uint16)
        past_zero = bits - np.uint16(0x8001)  # from below -0: the finite, -∞, NaN; what has no minus sign comes last
        lowest = np.full((), -np.inf, dtype).view(np.uint16) - np.uint16(0x8001)
        return np.multiply, bits, past_zero > lowest, out.view(np.uint16)
    return clip, x, _zero(dtype), _largest(dtype), out


def relu_backward(gradient: Array, result: Array, out: Array) -> None:
    """Write the gradient where `result`, which `relu` gave, is not 0, and 0 elsewhere, whatever the gradient is there.

    A product of floats would make NaN of an infinite gradient, so the gradient is chosen by its bits.
    """
    threads = 1 if result.size < _WORTH_THREADS or gradient.shape != result.shape else get_num_threads()
    if threads == 1:
        kept(result.astype(bool), gradient, out)
        return

    def keep(share: slice) -> None:
        kept(result[share].astype(bool), gradient[share], out[share])

    list(on_threads(keep, slices(len(result), threads), threads))
