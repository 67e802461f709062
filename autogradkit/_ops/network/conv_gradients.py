"""The gradients of a convolution for a part of the batch, its own gradient laid out as planes.

Rests on core.blas and conv_layout; `conv_kernels.py` goes through the parts. Products are added as they are made to where they
belong: kernel rows that meet the same input row to that, output rows to the one gradient of the weight.

Shapes: G groups, Cg and Og channels per group, Hp and Wp the padded input's rows and columns, L = N·Wo the columns of one
output row of the whole part. `planes` is G × Og × Ho × L; in memory rows come before channels unless there are many of these.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from autogradkit._ops.network.conv_layout import batch_innermost, channels_first, columns_of, grid_of, planes_of
from autogradkit._ops.network.window import Window
from autogradkit.core.blas import add_products, matmul, repeated
from autogradkit.core.memory import empty

Array = np.ndarray[Any, Any]

_SHORT = 128  # columns of a row of the batch up to which products are made together and added up afterwards
MANY_CHANNELS = 64  # of the output, from which the gradient is laid out by channel rather than by row
_MANY = 32  # output channels of a group from which the gradients of the weight are added up by the product itself


def input_gradient(planes: Array, weight: Array, window: Window, wo: int, by_channel: bool, out: Array) -> None:
    """Write that with respect to the input (N×C×H×W); `by_channel` says how the planes lie."""
    (_, sw), (ph, pw), (_, dw) = window.stride, window.padding, window.dilation
    n, _, height, width = out.shape
    _, cg, _, kw = weight.shape
    g = window.groups
    tall = height + 2 * ph
    # Added up in two stages, over the kernel's rows and then over its columns: kh + kw sums instead of kh·kw, the first of
    # them by the products themselves.
    lead = (g, cg, kw, tall) if by_channel else (g, tall, cg, kw)
    strips, grid = grid_of(lead, n, wo, batch_innermost(n, wo), planes.dtype)
    strips.fill(0)
    if by_channel:
        _add_planes(planes, weight, window, strips.reshape(g, cg * kw, -1))
    else:
        _add_rows(planes, weight, window, strips.reshape(g, tall, cg * kw, -1))
        grid = np.moveaxis(grid, 1, 3)
    memory, wide = planes_of((g, cg, height), by_channel, n, width + 2 * pw, batch_innermost(n, wo), planes.dtype)
    memory.fill(0)
    for j in range(kw):
        part = wide[..., dw * j : dw * j + sw * (wo - 1) + 1 : sw]
        np.add(part, grid[:, :, j, ph : ph + height], out=part)
    np.copyto(channels_first(out, g), wide[..., pw : pw + width])


def _add_planes(planes: Array, weight: Array, window: Window, strips: Array) -> None:
    """To the strips, G × (Cg·kw) × (Hp·L), the gradient of each kernel row: one product for all the output's rows."""
    (sh, _), (dh, _) = window.stride, window.dilation
    _, cg, kh, kw = weight.shape
    g, og, ho, columns = planes.shape
    together = ho if sh == 1 else 1  # rows of the output that are neighbours in the input, too
    matrices = _turned(weight, g).reshape(g, kh, 1, cg * kw, og)
    group, channel, row, item = planes.strides
    rows = as_strided(planes, (g, 1, ho // together, og, together * columns), (group, 0, together * row, channel, item))
    group, channel, item = strips.strides
    shape = (g, kh, ho // together, cg * kw, together * columns)
    add_products(
        matrices, rows, as_strided(strips, shape, (group, dh * columns * item, sh * columns * item, channel, item))
    )


def _add_rows(planes: Array, weight: Array, window: Window, strips: Array) -> None:
    """To the strips, G × Hp × (Cg·kw) × L, the gradient of each output row: one product for all the kernel's rows."""
    (sh, _), (dh, _) = window.stride, window.dilation
    _, cg, kh, kw = weight.shape
    g, og, ho, columns = planes.shape
    if columns < _SHORT:
        made = matmul(_turned(weight, g).reshape(g, 1, -1, og), planes.swapaxes(1, 2))
        made = made.reshape(g, ho, kh, cg * kw, columns)
        for i in range(kh):
            part = strips[:, dh * i : dh * i + sh * (ho - 1) + 1 : sh]
            np.add(part, made[:, :, i], out=part)
        return
    reach = kh if dh == 1 else 1  # kernel rows that are neighbours in the input, too
    matrices = _turned(weight, g).reshape(g, 1, kh // reach, reach * cg * kw, og)
    group, row, inner, item = strips.strides
    shape = (g, ho, kh // reach, reach * cg * kw, columns)
    add_products(
        matrices, planes.swapaxes(1, 2)[:, :, None], as_strided(strips, shape, (group, sh * row, dh * row, inner, item))
    )


def _turned(weight: Array, g: int) -> Array:
    """The weight as G × kh × Cg × kw × Og."""
    o, cg, kh, kw = weight.shape
    return np.ascontiguousarray(weight.reshape(g, o // g, cg, kh, kw).transpose(0, 3, 2, 4, 1))


def input_gradient_of_single_channels(gradient: Array, weight: Array, window: Window, out: Array) -> None:
    """With one channel in and one out for each group: what each number of the kernel gives, added. Products pay only for more."""
    (sh, sw), (ph, pw), (dh, dw) = window.stride, window.padding, window.dilation
    n, c, height, width = out.shape
    _, ho, _, wo = gradient.shape
    wide = np.zeros((c, height + 2 * ph, n, width + 2 * pw), out.dtype)
    for i, j in np.ndindex(*weight.shape[1:]):
        part = wide[:, dh * i : dh * i + sh * (ho - 1) + 1 : sh, :, dw * j : dw * j + sw * (wo - 1) + 1 : sw]
        np.add(part, weight[:, i, j].reshape(-1, 1, 1, 1) * gradient, out=part)
    np.copyto(channels_first(out, c)[:, 0], wide[:, ph : ph + height, :, pw : pw + width])


def weight_gradient(planes: Array, strips: Array, shape: tuple[int, ...], window: Window) -> Array:
    """That with respect to the weight, O×Cg×kh×kw, from the strips of the input."""
    _, cg, kh, kw = shape
    g, og, ho, columns = planes.shape
    step = window.stride[0]
    gradient = empty(shape, planes.dtype)
    target = gradient.reshape(g, og, cg, kh, kw).transpose(0, 1, 3, 2, 4)
    if og > _MANY:
        against = columns_of(strips, kh, ho, 1, window)
        total = np.zeros((g, kh * cg * kw, og), planes.dtype)
        add_products(against.swapaxes(0, 1), planes.transpose(2, 0, 3, 1), repeated(total, ho))
        np.copyto(target, total.reshape(g, kh, cg, kw, og).transpose(0, 4, 1, 2, 3))
        return gradient
    # A product of few rows wastes the processor: two output rows against one more step of the input are quicker, though
    # half of what comes out is not wanted.
    together = 2 if og <= 8 and ho % 2 == 0 and window.dilation[0] == 1 else 1
    reach = kh + (together - 1) * step
    blocks = planes.swapaxes(1, 2)
    against = columns_of(strips, reach, ho, together, window)
    if together == 1:
        total = matmul(against, blocks.transpose(0, 1, 3, 2)).sum(axis=1).transpose(0, 2, 1)
    else:
        blocks = blocks.reshape(g, ho // together, together * og, columns)
        total = matmul(blocks, against.transpose(0, 1, 3, 2)).sum(axis=1)
    total = total.reshape(g, together, og, reach, cg, kw)
    np.copyto(target, total[:, 0, :, :kh])
    if together == 2:
        np.add(target, total[:, 1, :, step:], out=target)
    return gradient
