"""Convolution on contiguous N×C×H×W arrays: the result, and its gradients, each by a few matrix products.

Rests on core.blas and conv_layout; `conv_gradients` has the gradients, `conv_whole` and `conv_pointwise` what goes another way,
and `conv.py` declares the ops. The input is unfolded along the width alone: `strips` holds, for each padded input row, the C·kw
values under the kernel's columns at every output column. The kernel's rows need no copy of their own, because kh neighbouring
input rows lie one after the other: the matrix that output row i multiplies is the slice of strips from row i·stride on. That is
kw copies of the input instead of kh·kw, and stays in the cache.

Shapes: G groups, Cg and Og channels per group, Hp and Wp the padded input's rows and columns, L = N·Wo the columns of one
output row of the whole batch.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.network import conv_pointwise
from autogradkit._ops.network.conv_gradients import (
    MANY_CHANNELS,
    input_gradient,
    input_gradient_of_single_channels,
    weight_gradient,
)
from autogradkit._ops.network.conv_layout import (
    batch_innermost,
    channels_first,
    columns_of,
    grid_of,
    matrix_of,
    planes_of,
    rows_first,
    strips_of,
)
from autogradkit._ops.network.conv_whole import (
    convolve_little,
    convolve_small_sample,
    differentiate_small_sample,
    is_small_sample,
    sees_little,
)
from autogradkit._ops.network.window import Window
from autogradkit.core.blas import matmul
from autogradkit.core.threads import get_num_threads, on_threads, slices

Array = np.ndarray[Any, Any]

_LARGE = 1 << 17  # bytes of a sample's strips from which few samples are worked on at a time
_WORTH_THREADS = 1 << 26  # multiplications
_LEAST_PARTS = 2


def convolve(x: Array, weight: Array, bias: Array | None, window: Window, out: Array) -> None:
    """Write the convolution of x (N×C×H×W) with weight (O×Cg×kh×kw), plus bias (O), into `out` (N×O×Ho×Wo)."""
    if not x.size or not out.size:
        out[...] = 0 if bias is None else bias[:, None, None]
        return
    o, _, kh, kw = weight.shape
    g = window.groups
    _, _, ho, wo = out.shape
    if is_small_sample(x, weight, out):
        convolve_small_sample(x, weight, bias, window, out)
        return
    matrix = matrix_of(weight, g)
    pointwise, few = conv_pointwise.is_pointwise(weight, window), sees_little(weight, window)

    def convolve_part(part: slice) -> None:
        if pointwise:
            conv_pointwise.convolve(x[part], weight, bias, g, out[part])
            return
        if few:
            convolve_little(x[part], weight, bias, window, out[part])
            return
        n = part.stop - part.start
        rows, grid = grid_of((g, ho, o // g), n, wo, batch_innermost(n, wo), x.dtype)
        matmul(matrix, columns_of(strips_of(x[part], kw, wo, window), kh, ho, 1, window), rows)
        if bias is not None:
            np.add(rows, bias.reshape(g, 1, o // g, 1), out=rows)
        np.copyto(rows_first(out[part], g), grid)

    threads = _threads(weight, out)
    list(on_threads(convolve_part, _parts(x, weight, out), threads))


def convolve_backward(
    gradient: Array,
    x: Array,
    weight: Array,
    window: Window,
    to_x: Array | None,
    to_weight: Array | None,
    to_bias: Array | None,
) -> None:
    """Write the gradients with respect to x, weight and bias into the arrays given for them."""
    if not x.size or not gradient.size:
        for out in (to_x, to_weight, to_bias):
            if out is not None:
                out.fill(0)
        return
    if is_small_sample(x, weight, gradient):
        differentiate_small_sample(gradient, x, weight, window, to_x, to_weight, to_bias)
        return
    o, _, _, kw = weight.shape
    g = window.groups
    _, _, ho, wo = gradient.shape
    by_channel = o // g >= MANY_CHANNELS

    def differentiate_part(part: slice) -> tuple[Array | None, Array | None]:
        """The part's share of the gradients with respect to weight and bias; that with respect to x is written."""
        n = part.stop - part.start
        planes, grid = planes_of((g, o // g, ho), by_channel, n, wo, batch_innermost(n, wo), x.dtype)
        np.copyto(grid, channels_first(gradient[part], g))
        if to_x is not None and weight.shape[:2] == (g, 1):
            input_gradient_of_single_channels(grid[:, 0], weight[:, 0], window, to_x[part])
        elif to_x is not None:
            input_gradient(planes, weight, window, wo, by_channel, to_x[part])
        of_weight = of_bias = None
        if to_weight is not None:
            of_weight = weight_gradient(planes, strips_of(x[part], kw, wo, window), weight.shape, window)
        if to_bias is not None:
            of_bias = matmul(planes.swapaxes(1, 2), np.ones(planes.shape[3], planes.dtype)).sum(axis=1).reshape(o)
        return of_weight, of_bias

    def differentiate_pointwise(part: slice) -> tuple[Array | None, Array | None]:
        """The same of a kernel of one place."""
        into = None if to_x is None else to_x[part]
        wanted = (to_weight is not None, to_bias is not None)
        return conv_pointwise.gradients(gradient[part], x[part], weight, g, into, *wanted)

    totals = (to_weight, to_bias)
    for total in totals:
        if total is not None:
            total.fill(0)
    threads = _threads(weight, gradient)
    differentiate = differentiate_pointwise if conv_pointwise.is_pointwise(weight, window) else differentiate_part
    for shares in on_threads(differentiate, _parts(x, weight, gradient), threads):
        for total, share in zip(totals, shares, strict=True):
            if total is not None and share is not None:
                np.add(total, share, out=total)


# -- a batch -----------------------------------------------------------------------------------------------------------


def _threads(weight: Array, result: Array) -> int:
    """On how many threads a convolution, or a gradient of it, pays."""
    return 1 if _multiplications(weight, result) < _WORTH_THREADS else get_num_threads()


def _multiplications(weight: Array, result: Array) -> int:
    return result.size * weight[0].size


def _parts(x: Array, weight: Array, result: Array) -> list[slice]:
    """The batch in parts of nearly one size, small enough that what is unfolded of one stays in the cache.

    Where that is too much for any part, small ones still keep the memory for it within what the C library gives again. What
    threads pay for is in some parts at least, however many threads there are: sums over the parts are the same then.
    """
    n, c, height, _ = x.shape
    unfolded = c * height * weight.shape[3] * result.shape[3] * x.itemsize
    wanted = 64 if c <= 2 else 32 if unfolded < _LARGE else 16
    least = 1 if _multiplications(weight, result) < _WORTH_THREADS else _LEAST_PARTS
    return slices(n, max(least, round(n / wanted)))
