"""Convolution of samples that are unfolded whole: one small sample alone, and samples of which a place sees few numbers.

Rests on core.blas; `conv_kernels.py` decides. Shapes as there.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from autogradkit._ops.network.window import Window
from autogradkit.core.blas import matmul
from autogradkit.core.memory import empty

Array = np.ndarray[Any, Any]
Pair = tuple[int, int]

_SMALL = 1 << 20  # bytes up to which a sample alone is unfolded whole
_FEW = 32  # numbers under the kernel
_SEVERAL = 16  # output channels


# -- a small sample alone ----------------------------------------------------------------------------------------------


def convolve_small_sample(x: Array, weight: Array, bias: Array | None, window: Window, out: Array) -> None:
    """As `conv_kernels.convolve`, for one small sample."""
    o, _, kh, kw = weight.shape
    g = window.groups
    _, _, ho, wo = out.shape
    product = matmul(weight.reshape(g, o // g, -1), _unfolded(x, (kh, kw), (ho, wo), window)).reshape(1, o, ho, wo)
    if bias is None:
        np.copyto(out, product)
    else:
        np.add(product, bias[:, None, None], out=out)


def is_small_sample(x: Array, weight: Array, result: Array) -> bool:
    """Whether there is one sample, and so little of it that unfolding it whole is quickest."""
    n, c, _, _ = x.shape
    _, _, kh, kw = weight.shape
    _, _, ho, wo = result.shape
    return n == 1 and c * kh * kw * ho * wo * x.itemsize <= _SMALL


def _unfolded(x: Array, kernel: Pair, size: Pair, window: Window) -> Array:
    """One sample as G × (Cg·kh·kw) × (Ho·Wo): what the kernel sees at each place of the output."""
    (sh, sw), (ph, pw), (dh, dw) = window.stride, window.padding, window.dilation
    _, c, height, width = x.shape
    if ph or pw:
        plane = np.zeros((c, height + 2 * ph, width + 2 * pw), x.dtype)
        plane[:, ph : ph + height, pw : pw + width] = x[0]
    else:
        plane = np.ascontiguousarray(x[0])
    channel, row, column = plane.strides
    columns = empty((c, *kernel, *size), x.dtype)
    strides = (channel, dh * row, dw * column, sh * row, sw * column)
    np.copyto(columns, np.ndarray(columns.shape, x.dtype, plane, 0, strides))
    return columns.reshape(window.groups, -1, size[0] * size[1])


def differentiate_small_sample(
    gradient: Array,
    x: Array,
    weight: Array,
    window: Window,
    to_x: Array | None,
    to_weight: Array | None,
    to_bias: Array | None,
) -> None:
    (sh, sw), (ph, pw), (dh, dw) = window.stride, window.padding, window.dilation
    o, cg, kh, kw = weight.shape
    g = window.groups
    _, _, height, width = x.shape
    _, _, ho, wo = gradient.shape
    rows = gradient.reshape(g, o // g, ho * wo)
    if to_x is not None:
        matrix = weight.reshape(g, o // g, cg, kh, kw).transpose(0, 3, 4, 2, 1).reshape(g, kh * kw * cg, o // g)
        unfolded = matmul(matrix, rows).reshape(g, kh, kw * cg, ho, wo)
        tall = np.zeros((g, kw * cg, height + 2 * ph, wo), x.dtype)
        for i in range(kh):
            part = tall[:, :, dh * i : dh * i + sh * (ho - 1) + 1 : sh]
            np.add(part, unfolded[:, i], out=part)
        tall = tall.reshape(g, kw, cg, height + 2 * ph, wo)
        wide = np.zeros((g, cg, height, width + 2 * pw), x.dtype)
        for j in range(kw):
            part = wide[..., dw * j : dw * j + sw * (wo - 1) + 1 : sw]
            np.add(part, tall[:, j, :, ph : ph + height], out=part)
        np.copyto(to_x, wide[..., pw : pw + width].reshape(x.shape))
    if to_weight is not None:
        columns = _unfolded(x, (kh, kw), (ho, wo), window)
        np.copyto(to_weight, matmul(rows, columns.swapaxes(1, 2)).reshape(weight.shape))
    if to_bias is not None:
        np.add.reduce(rows.reshape(o, ho * wo), 1, out=to_bias)


# -- few numbers under the kernel --------------------------------------------------------------------------------------


def sees_little(weight: Array, window: Window) -> bool:
    """Whether a place of the output sees so few numbers that unfolding them whole costs less than copying the output."""
    o, c, kh, kw = weight.shape
    return window.groups == 1 and c * kh * kw <= _FEW and o >= _SEVERAL and weight.dtype.char in "fd"


def convolve_little(x: Array, weight: Array, bias: Array | None, window: Window, out: Array) -> None:
    """Each sample unfolded whole, with ones for the bias: the product is the output as it lies."""
    (sh, sw), (ph, pw), (dh, dw) = window.stride, window.padding, window.dilation
    n, c, height, width = x.shape
    o, _, kh, kw = weight.shape
    _, _, ho, wo = out.shape
    seen = c * kh * kw
    tall, wide = height + 2 * ph, width + 2 * pw
    together = min(n, max(1, _SMALL // ((seen + 1) * ho * wo * x.itemsize)))
    padded = np.zeros((together, c, tall, wide), x.dtype) if ph or pw else None
    columns = empty((together, seen + 1, ho, wo), x.dtype)
    columns[:, seen] = 1
    matrix = np.zeros((1, o, seen + 1), x.dtype)
    matrix[..., :seen] = weight.reshape(o, seen)
    if bias is not None:
        matrix[..., seen] = bias
    for start in range(0, n, together):
        planes, into = x[start : start + together], out[start : start + together]
        count = len(planes)
        if padded is not None:
            padded[:count, :, ph : ph + height, pw : pw + width] = planes
            planes = padded[:count]
        sample, channel, row, column = planes.strides
        inside = columns[:count, :seen].reshape(count, c, kh, kw, ho, wo)
        strides = (sample, channel, dh * row, dw * column, sh * row, sw * column)
        np.copyto(inside, as_strided(planes, inside.shape, strides, writeable=False))
        matmul(matrix, columns[:count].reshape(count, seen + 1, ho * wo), into.reshape(count, o, ho * wo))
