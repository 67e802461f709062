"""How the kernels of convolution lay out a batch: rows or planes of all samples side by side, and what the kernel sees of a row.

Used by `conv_kernels.py` and `conv_gradients.py`, which say what G, Cg, Og, Hp, Wp and L are.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from autogradkit._ops.network.window import Window
from autogradkit.core.memory import empty

Array = np.ndarray[Any, Any]


def batch_innermost(n: int, wo: int) -> bool:
    """Whether the samples of the batch lie side by side rather than the columns: short runs of memory are slow to copy."""
    return wo < 16 <= n


def grid_of(lead: tuple[int, ...], n: int, columns: int, transposed: bool, dtype: np.dtype[Any]) -> tuple[Array, Array]:
    """Memory of shape lead × (n·columns), and the same as lead × n × columns; `transposed` puts n innermost."""
    if transposed:
        memory = empty((*lead, columns, n), dtype)
        return memory.reshape(*lead, columns * n), memory.swapaxes(-1, -2)
    memory = empty((*lead, n, columns), dtype)
    return memory.reshape(*lead, n * columns), memory


def planes_of(
    lead: tuple[int, int, int],
    by_channel: bool,
    n: int,
    columns: int,
    transposed: bool,
    dtype: np.dtype[Any],
) -> tuple[Array, Array]:
    """As `grid_of`, for groups × channels × rows, of which the memory has the channels first or the rows."""
    if by_channel:
        return grid_of(lead, n, columns, transposed, dtype)
    memory, grid = grid_of((lead[0], lead[2], lead[1]), n, columns, transposed, dtype)
    return memory.swapaxes(1, 2), grid.swapaxes(1, 2)


def rows_first(x: Array, g: int) -> Array:
    """N × C × H × W seen as G × H × Cg × N × W."""
    n, c, height, width = x.shape
    return x.reshape(n, g, c // g, height, width).transpose(1, 3, 2, 0, 4)


def channels_first(x: Array, g: int) -> Array:
    """N × C × H × W seen as G × Cg × H × N × W."""
    return rows_first(x, g).swapaxes(1, 2)


def matrix_of(weight: Array, g: int) -> Array:
    """The weight as G × 1 × Og × (kh·Cg·kw)."""
    o, cg, kh, kw = weight.shape
    return weight.reshape(g, o // g, cg, kh, kw).transpose(0, 1, 3, 2, 4).reshape(g, 1, o // g, kh * cg * kw)


def strips_of(x: Array, kw: int, wo: int, window: Window) -> Array:
    """G × Hp × (Cg·kw) × L: each padded input row, unfolded along the width."""
    (_, sw), (ph, pw), (_, dw) = window.stride, window.padding, window.dilation
    n, c, height, width = x.shape
    g = window.groups
    rows = rows_first(x, g)
    transposed = batch_innermost(n, wo)
    strips, grid = grid_of((g, height + 2 * ph, c // g, kw), n, wo, transposed, x.dtype)
    if ph or pw or transposed:
        memory, padded = grid_of((g, height + 2 * ph, c // g), n, width + 2 * pw, transposed, x.dtype)
        if ph or pw:
            memory.fill(0)
        np.copyto(padded[:, ph : ph + height, ..., pw : pw + width], rows)
        rows = padded
    group, row, channel, sample, column = rows.strides
    np.copyto(grid, as_strided(rows, grid.shape, (group, row, channel, dw * column, sample, sw * column)))
    return strips.reshape(g, height + 2 * ph, c // g * kw, n * wo)


def columns_of(strips: Array, reach: int, ho: int, together: int, window: Window) -> Array:
    """G × Ho/together × (reach·Cg·kw) × L: the matrix that `together` output rows multiply, `reach` input rows high.

    No copy unless the kernel's rows are dilated.
    """
    g, _, unfolded, columns = strips.shape
    group, row, inner, item = strips.strides
    strides = (group, together * window.stride[0] * row, window.dilation[0] * row, inner, item)
    overlapping = as_strided(strips, (g, ho // together, reach, unfolded, columns), strides)
    return overlapping.reshape(g, ho // together, reach * unfolded, columns)
