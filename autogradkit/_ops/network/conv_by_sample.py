"""The gradients of a convolution, one sample after the other, where its kernel is small and moves by one place over large planes.

Rests on core.blas; `conv_kernels.py` decides. The padded input is taken as flat planes, and the output as planes with as many
columns, of which the last few are none: then every number of the kernel sees the whole plane, only shifted. So both what
is unfolded and what is folded goes along a plane at a time instead of along a row, and what is unfolded of one sample stays in
the cache. In the columns that are none the gradient is 0, which says nothing where it meets an infinity or a NaN: whoever
calls looks out for those.

Shapes: C channels in and O out, Hp and Wp the padded input's rows and columns, P = Ho·Wp places of the output.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from autogradkit._ops.network.window import Window
from autogradkit.core.blas import matmul
from autogradkit.core.memory import empty

Array = np.ndarray[Any, Any]

_LARGE_PLANE = 256  # places
_SMALL_KERNEL = 9
_MANY_CHANNELS = 32
_FITS = 1 << 21  # bytes of what is unfolded of a sample


def goes_by_sample(x: Array, weight: Array, gradient: Array, window: Window) -> bool:
    """Whether these gradients are quicker sample by sample; all of `weight` has to be finite for it."""
    o, c, kh, kw = weight.shape
    places = gradient.shape[2] * (x.shape[3] + 2 * window.padding[1])
    return (
        (window.stride, window.groups) == ((1, 1), 1)
        and kh * kw <= _SMALL_KERNEL
        and min(o, c) >= _MANY_CHANNELS
        and places >= _LARGE_PLANE
        and kh * kw * c * places * x.itemsize <= _FITS
        and x.dtype.char in "fd"
        and bool(np.isfinite(weight).all())
    )


def gradients(
    gradient: Array,
    x: Array,
    weight: Array,
    window: Window,
    to_x: Array | None,
    wants_weight: bool,
    wants_bias: bool,
) -> tuple[Array | None, Array | None]:
    """Those with respect to weight (O×C×kh×kw) and bias (O), where they are wanted; that with respect to x goes into `to_x`."""
    o, c, kh, kw = weight.shape
    wide = x.shape[3] + 2 * window.padding[1]
    whole, rows = _spread(gradient, wide)
    size = gradient.shape[2:]
    unfold = _unfolding(x, (kh, kw), size, window) if wants_weight else None
    fold = None if to_x is None else _folding(to_x, weight, rows.shape[1], window)
    of_weight, of_bias = np.zeros((o, kh * kw * c), x.dtype), np.zeros(o, x.dtype)
    for number, sample in enumerate(gradient):
        np.copyto(whole, sample)
        if unfold is not None:
            np.add(of_weight, matmul(rows, unfold(x[number]).T), out=of_weight)
        if wants_bias:
            np.add(of_bias, np.add.reduce(rows, 1), out=of_bias)
        if fold is not None and to_x is not None:
            fold(rows, to_x[number])
    shaped = of_weight.reshape(o, kh, kw, c).transpose(0, 3, 1, 2)
    return shaped if wants_weight else None, of_bias if wants_bias else None


def _folding(out: Array, weight: Array, places: int, window: Window) -> Callable[[Array, Array], None]:
    """What writes a sample's gradient with respect to the input from its gradient's rows (O × P), for an input as `out`."""
    _, c, height, width = out.shape
    o, _, kh, kw = weight.shape
    (ph, pw), (dh, dw) = window.padding, window.dilation
    tall, wide = height + 2 * ph, width + 2 * pw
    farthest = (kh - 1) * dh * wide + (kw - 1) * dw
    matrix = np.ascontiguousarray(weight.transpose(2, 3, 1, 0).reshape(-1, o))
    # Between the rows stay as many zeros as the farthest shift reads beyond a row.
    pitch = places + farthest
    memory = empty((farthest + len(matrix) * pitch,), out.dtype)
    memory[:farthest] = 0
    unfolded = memory[farthest:].reshape(len(matrix), pitch)
    unfolded[:, places:] = 0
    unit = out.itemsize
    strides = [unit * each for each in (kw * c * pitch - dh * wide, c * pitch - dw, pitch, 1)]
    shifted = as_strided(unfolded, (kh, kw, c, tall * wide), strides)
    plane = empty((c, tall * wide), out.dtype)
    inside = plane.reshape(c, tall, wide)[:, ph : ph + height, pw : pw + width]

    def fold(rows: Array, into: Array) -> None:
        matmul(matrix, rows, unfolded[:, :places])
        np.add.reduce(shifted, axis=(0, 1), out=plane)
        np.copyto(into, inside)

    return fold


def _unfolding(x: Array, kernel: tuple[int, int], size: tuple[int, ...], window: Window) -> Callable[[Array], Array]:
    """What makes of a sample of x what the kernel sees, (kh·kw·C) × P for an output of this size; always in the same memory."""
    _, c, height, width = x.shape
    kh, kw = kernel
    ho, wo = size
    (ph, pw), (dh, dw) = window.padding, window.dilation
    tall, wide = height + 2 * ph, width + 2 * pw
    places = ho * wide
    seen = places - (wide - wo)  # up to the last that is in the output
    columns = empty((kh, kw, c, places), x.dtype)
    columns[..., seen:] = 0
    plane = np.zeros((c, tall, wide), x.dtype)
    inside = plane[:, ph : ph + height, pw : pw + width]
    shifted = as_strided(
        plane, (kh, kw, c, seen), [x.itemsize * each for each in (dh * wide, dw, tall * wide, 1)], writeable=False
    )

    def unfold(sample: Array) -> Array:
        np.copyto(inside, sample)
        np.copyto(columns[..., :seen], shifted)
        return columns.reshape(-1, places)

    return unfold


def _spread(gradient: Array, wide: int) -> tuple[Array, Array]:
    """Memory for one sample of the gradient, O×Ho×Wo, and the same as O × P: with `wide` columns, 0 where there are none."""
    _, o, ho, wo = gradient.shape
    memory = np.zeros((o, ho, wide), gradient.dtype)
    return memory[:, :, :wo], memory.reshape(o, -1)
