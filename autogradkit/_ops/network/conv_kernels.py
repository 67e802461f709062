"""Convolution on contiguous N×C×H×W arrays: the result, and its gradients, each by one batched matrix product.

Rests on core.blas; `conv_by_sample` has a quicker way for some gradients, and `conv.py` declares the ops. The input is unfolded
along the width alone: `strips` holds, for each padded input row, the C·kw values under the kernel's columns at every output
column. The kernel's rows need no copy of their own, because kh neighbouring input rows lie one after the other: the matrix that
output row i multiplies is the slice of strips from row i·stride on. That is kw copies of the input instead of kh·kw, and stays
in the cache. A small sample alone, and what sees few numbers at each place, is unfolded whole.

Shapes: G groups, Cg and Og channels per group, Hp and Wp the padded input's rows and columns, L = N·Wo the columns of one
output row of the whole batch.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from autogradkit._ops.network import conv_by_sample
from autogradkit._ops.network.window import Window
from autogradkit.core.blas import matmul
from autogradkit.core.memory import empty
from autogradkit.core.threads import get_num_threads, on_threads, slices

Array = np.ndarray[Any, Any]
Pair = tuple[int, int]

_SMALL = 1 << 20  # bytes up to which a sample alone is unfolded whole
_LARGE = 1 << 17  # bytes of a sample's strips from which few samples are worked on at a time
_WORTH_THREADS = 1 << 26  # multiplications
_FEW = 32  # numbers under the kernel
_SEVERAL = 16  # output channels
_LEAST_PARTS = 2


def convolve(x: Array, weight: Array, bias: Array | None, window: Window, out: Array) -> None:
    """Write the convolution of x (N×C×H×W) with weight (O×Cg×kh×kw), plus bias (O), into `out` (N×O×Ho×Wo)."""
    if not x.size or not out.size:
        out[...] = 0 if bias is None else bias[:, None, None]
        return
    o, _, kh, kw = weight.shape
    g = window.groups
    _, _, ho, wo = out.shape
    if _is_small_sample(x, weight, out):
        product = matmul(weight.reshape(g, o // g, -1), _unfolded(x, (kh, kw), (ho, wo), window))
        product = product.reshape(1, o, ho, wo)
        if bias is None:
            np.copyto(out, product)
        else:
            np.add(product, bias[:, None, None], out=out)
        return
    matrix = _matrix(weight, g)
    few = _sees_little(weight, window)

    def convolve_part(part: slice) -> None:
        if few:
            _convolve_little(x[part], weight, bias, window, out[part])
            return
        n = part.stop - part.start
        rows, grid = _grid((g, ho, o // g), n, wo, _batch_innermost(n, wo), x.dtype)
        matmul(matrix, _columns(_strips(x[part], kw, wo, window), kh, ho, 1, window), rows)
        if bias is not None:
            np.add(rows, bias.reshape(g, 1, o // g, 1), out=rows)
        np.copyto(_by_row(out[part], g), grid)

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
    if _is_small_sample(x, weight, gradient):
        _small_sample_backward(gradient, x, weight, window, to_x, to_weight, to_bias)
        return
    o, _, _, kw = weight.shape
    g = window.groups
    _, _, ho, wo = gradient.shape
    matrix = _matrix(weight, g).swapaxes(2, 3)

    def differentiate_part(part: slice) -> tuple[Array | None, Array | None]:
        """The part's share of the gradients with respect to weight and bias; that with respect to x is written."""
        n = part.stop - part.start
        rows, grid = _grid((g, ho, o // g), n, wo, _batch_innermost(n, wo), x.dtype)
        np.copyto(grid, _by_row(gradient[part], g))
        if to_x is not None and weight.shape[:2] == (g, 1):
            _input_gradient_of_single_channels(grid, weight[:, 0], window, to_x[part])
        elif to_x is not None:
            _input_gradient(rows, matrix, weight.shape, window, wo, to_x[part])
        of_weight = of_bias = None
        if to_weight is not None:
            of_weight = _weight_gradient(rows, _strips(x[part], kw, wo, window), weight.shape, window)
        if to_bias is not None:
            of_bias = matmul(rows, np.ones(rows.shape[3], rows.dtype)).sum(axis=1).reshape(o)
        return of_weight, of_bias

    def differentiate_samples(part: slice) -> tuple[Array | None, Array | None]:
        """The same, sample by sample."""
        into = None if to_x is None else to_x[part]
        wanted = (to_weight is not None, to_bias is not None)
        shares = conv_by_sample.gradients(gradient[part], x[part], weight, window, into, *wanted)
        if shares[0] is not None and np.isnan(shares[0]).any():  # perhaps of an infinity beside the output
            return differentiate_part(part)
        return shares

    totals = (to_weight, to_bias)
    for total in totals:
        if total is not None:
            total.fill(0)
    threads = _threads(weight, gradient)
    by_sample = conv_by_sample.goes_by_sample(x, weight, gradient, window)
    differentiate = differentiate_samples if by_sample else differentiate_part
    for shares in on_threads(differentiate, _parts(x, weight, gradient), threads):
        for total, share in zip(totals, shares, strict=True):
            if total is not None and share is not None:
                np.add(total, share, out=total)


# -- a small sample alone ----------------------------------------------------------------------------------------------


def _is_small_sample(x: Array, weight: Array, result: Array) -> bool:
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


def _small_sample_backward(
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


def _sees_little(weight: Array, window: Window) -> bool:
    """Whether a place of the output sees so few numbers that unfolding them whole costs less than copying the output."""
    o, c, kh, kw = weight.shape
    return window.groups == 1 and c * kh * kw <= _FEW and o >= _SEVERAL and weight.dtype.char in "fd"


def _convolve_little(x: Array, weight: Array, bias: Array | None, window: Window, out: Array) -> None:
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


def _input_gradient(rows: Array, matrix: Array, kernel: tuple[int, ...], window: Window, wo: int, out: Array) -> None:
    (sh, sw), (ph, pw), (dh, dw) = window.stride, window.padding, window.dilation
    n, _, height, width = out.shape
    _, cg, kh, kw = kernel
    g, ho, _, columns = rows.shape
    unfolded = matmul(matrix, rows).reshape(g, ho, kh, cg * kw, columns)
    # Added up in two stages, over the kernel's rows and then over its columns: kh + kw sums instead of kh·kw.
    transposed = _batch_innermost(n, wo)
    strips, grid = _grid((g, height + 2 * ph, cg, kw), n, wo, transposed, rows.dtype)
    folded = strips.reshape(g, height + 2 * ph, cg * kw, columns)
    for i in range(kh):
        part = folded[:, dh * i : dh * i + sh * (ho - 1) + 1 : sh]
        if i:
            np.add(part, unfolded[:, :, i], out=part)
        elif sh == 1:
            np.copyto(part, unfolded[:, :, 0])
            folded[:, ho:] = 0
        else:
            folded.fill(0)
            np.copyto(part, unfolded[:, :, 0])
    memory, wide = _grid((g, height, cg), n, width + 2 * pw, transposed, rows.dtype)
    memory.fill(0)
    for j in range(kw):
        part = wide[..., dw * j : dw * j + sw * (wo - 1) + 1 : sw]
        np.add(part, grid[:, ph : ph + height, :, j], out=part)
    np.copyto(_by_row(out, g), wide[..., pw : pw + width])


def _input_gradient_of_single_channels(gradient: Array, weight: Array, window: Window, out: Array) -> None:
    """With one channel in and one out for each group: what each number of the kernel gives, added. Products pay only for more."""
    (sh, sw), (ph, pw), (dh, dw) = window.stride, window.padding, window.dilation
    n, c, height, width = out.shape
    _, ho, _, _, wo = gradient.shape
    wide = np.zeros((c, height + 2 * ph, 1, n, width + 2 * pw), out.dtype)
    for i, j in np.ndindex(*weight.shape[1:]):
        part = wide[:, dh * i : dh * i + sh * (ho - 1) + 1 : sh, ..., dw * j : dw * j + sw * (wo - 1) + 1 : sw]
        np.add(part, weight[:, i, j].reshape(-1, 1, 1, 1, 1) * gradient, out=part)
    np.copyto(_by_row(out, c), wide[:, ph : ph + height, ..., pw : pw + width])


def _weight_gradient(rows: Array, strips: Array, shape: tuple[int, ...], window: Window) -> Array:
    _, cg, kh, kw = shape
    g, ho, og, columns = rows.shape
    step = window.stride[0]
    # A product of few rows wastes the processor: two output rows against one more step of the input are quicker, though
    # half of what comes out is not wanted.
    together = 2 if og <= 8 and ho % 2 == 0 and window.dilation[0] == 1 else 1
    reach = kh + (together - 1) * step
    blocks = rows.reshape(g, ho // together, together * og, columns)
    against = _columns(strips, reach, ho, together, window)
    if together == 1:
        total = matmul(against, blocks.transpose(0, 1, 3, 2)).sum(axis=1).transpose(0, 2, 1)
    else:
        total = matmul(blocks, against.transpose(0, 1, 3, 2)).sum(axis=1)
    total = total.reshape(g, together, og, reach, cg, kw)
    gradient = empty(shape, rows.dtype)
    target = gradient.reshape(g, og, cg, kh, kw).transpose(0, 1, 3, 2, 4)
    np.copyto(target, total[:, 0, :, :kh])
    if together == 2:
        np.add(target, total[:, 1, :, step:], out=target)
    return gradient


def _batch_innermost(n: int, wo: int) -> bool:
    # Short runs of memory are slow to copy: where rows are short, the samples of the batch lie side by side instead.
    return wo < 16 <= n


def _grid(lead: tuple[int, ...], n: int, columns: int, transposed: bool, dtype: np.dtype[Any]) -> tuple[Array, Array]:
    """Memory of shape lead × (n·columns), and the same as lead × n × columns; `transposed` puts n innermost."""
    if transposed:
        memory = empty((*lead, columns, n), dtype)
        return memory.reshape(*lead, columns * n), memory.swapaxes(-1, -2)
    memory = empty((*lead, n, columns), dtype)
    return memory.reshape(*lead, n * columns), memory


def _by_row(x: Array, g: int) -> Array:
    """N × C × H × W seen as G × H × Cg × N × W."""
    n, c, height, width = x.shape
    return x.reshape(n, g, c // g, height, width).transpose(1, 3, 2, 0, 4)


def _matrix(weight: Array, g: int) -> Array:
    """The weight as G × 1 × Og × (kh·Cg·kw)."""
    o, cg, kh, kw = weight.shape
    return weight.reshape(g, o // g, cg, kh, kw).transpose(0, 1, 3, 2, 4).reshape(g, 1, o // g, kh * cg * kw)


def _strips(x: Array, kw: int, wo: int, window: Window) -> Array:
    """G × Hp × (Cg·kw) × L: each padded input row, unfolded along the width."""
    (_, sw), (ph, pw), (_, dw) = window.stride, window.padding, window.dilation
    n, c, height, width = x.shape
    g = window.groups
    rows = _by_row(x, g)
    transposed = _batch_innermost(n, wo)
    strips, grid = _grid((g, height + 2 * ph, c // g, kw), n, wo, transposed, x.dtype)
    if ph or pw or transposed:
        memory, padded = _grid((g, height + 2 * ph, c // g), n, width + 2 * pw, transposed, x.dtype)
        if ph or pw:
            memory.fill(0)
        np.copyto(padded[:, ph : ph + height, ..., pw : pw + width], rows)
        rows = padded
    group, row, channel, sample, column = rows.strides
    np.copyto(grid, as_strided(rows, grid.shape, (group, row, channel, dw * column, sample, sw * column)))
    return strips.reshape(g, height + 2 * ph, c // g * kw, n * wo)


def _columns(strips: Array, reach: int, ho: int, together: int, window: Window) -> Array:
    """G × Ho/together × (reach·Cg·kw) × L: the matrix that `together` output rows multiply, `reach` input rows high.

    No copy unless the kernel's rows are dilated.
    """
    g, _, unfolded, columns = strips.shape
    group, row, inner, item = strips.strides
    strides = (group, together * window.stride[0] * row, window.dilation[0] * row, inner, item)
    overlapping = as_strided(strips, (g, ho // together, reach, unfolded, columns), strides)
    return overlapping.reshape(g, ho // together, reach * unfolded, columns)
