"""Standardising by channels: a million numbers, as batch × channels × places, some channels at a time.

Rests on standardising.py and core's parts; batch_norm.py uses it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from autogradkit._ops.declare.kinds import Array
from autogradkit._ops.network.standardising import moments
from autogradkit.core.fused import fma32
from autogradkit.core.halves import convert
from autogradkit.core.parts import PART, in_slabs


def in_channels(x: Array, *arrays: Array) -> Iterable[Any]:
    """Parts of all arrays alike, some channels each, which stay in the cache; single numbers of a channel lie too far apart."""
    return ((x, *arrays),) if x.size <= PART or x.shape[2] == 1 else in_slabs(0, x, *arrays)


def write_times_plus(x: Array, scale: Array, shift: Array, fused: bool, out: Array) -> None:
    """x · scale + shift: rounded once, as PyTorch's loop over contiguous float32 has it, where both cancel and it shows."""
    fused = fused and bool(np.fmax.reduce(np.abs(shift), None) > 100)
    for part, by, plus, into in in_channels(x, scale, shift, out):
        if fused:
            np.copyto(into, fma32(part, by, plus))
        else:
            np.add(np.multiply(part, by, into), plus, into)


def moments_of(x: Array) -> tuple[Array, Array]:
    """Mean and variance (over n, in double precision) of each channel."""
    if x.size <= PART:
        return moments(x, (0, 2))[:2]
    mean, variance = np.empty((1, x.shape[1], 1), x.dtype), np.empty((1, x.shape[1], 1))
    for part, *found in in_channels(x, mean, variance):
        for into, each in zip(found, moments(part, (0, 2))[:2], strict=True):
            np.copyto(into, each)
    return mean, variance


def memory(x: Array, out: Array) -> Array:
    """Memory for a result of the sizes and dtype of `x`: that of `out`, if it is of that dtype and in that order."""
    return out.reshape(x.shape) if out.dtype == x.dtype and out.flags.c_contiguous else np.empty(x.shape, x.dtype)


def finish(made: Array, out: Array) -> None:
    """Copy what was not made in the memory of `out`."""
    if made.base is None:
        convert(made.reshape(out.shape), out)


def write_slope(
    x: Array, g: Array, mean: Array, rstd: Array, scale: Array, total: Array, along: Array, out: Array, *,
    train: bool, wanted: bool,
) -> None:  # fmt: skip
    """Σ∂ and Σ(∂ · (x − mean)) of each channel, and x's gradient where it is wanted."""
    # Gradients of what is standardised nearly cancel, so that sums are PyTorch's: in double precision.
    distance = x - mean
    product = g * distance
    total[...] = np.add.reduce(g, (0, 2), np.float64, keepdims=True)
    along[...] = np.add.reduce(product, (0, 2), np.float64, keepdims=True)
    if wanted and train:
        count = x.shape[0] * x.shape[2]
        np.subtract(g, total / count, product)
        distance *= rstd * rstd * along / count
        product -= distance
        np.multiply(product, scale, out)
    elif wanted:
        np.multiply(g, scale, out)
