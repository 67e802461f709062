"""Max pooling on N×C×H×W arrays: the largest value of each window, where it lay, and the way back.

Rests on NumPy only; `pool.py` declares the ops. The windows are never gathered: each place in the window is one strided
slice of the input, and the slices are compared with one another.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Pair = tuple[int, int]


def max_pool(x: Array, kernel: Pair, stride: Pair, padding: Pair, dilation: Pair, size: Pair) -> tuple[Array, Array]:
    """The maxima (N×C×Ho×Wo, `size` = (Ho, Wo)) and their positions in the H·W plane, as int64.

    The first of equal values counts; a NaN beats every number and every earlier NaN.
    """
    if kernel == stride == (2, 2) and padding == (0, 0) and dilation == (1, 1) and x.dtype.kind == "f":
        fits = 2 * size[0] <= x.shape[2] and 2 * size[1] <= x.shape[3]
        if fits and x.size:
            values, positions = _pool_quarters(x, size)
            if not np.isnan(values.max()):
                return values, positions
    return _pool_windows(x, kernel, stride, padding, dilation, size)


def _pool_quarters(x: Array, size: Pair) -> tuple[Array, Array]:
    # Each of the window's four places as an array of its own: what follows runs over contiguous memory.
    n, c, _, width = x.shape
    ho, wo = size
    quarters = np.empty((2, 2, n, c, ho, wo), x.dtype)
    np.copyto(quarters, x[:, :, : 2 * ho, : 2 * wo].reshape(n, c, ho, 2, wo, 2).transpose(3, 5, 0, 1, 2, 4))
    (upper_left, upper_right), (lower_left, lower_right) = quarters
    upper, lower = np.maximum(upper_left, upper_right), np.maximum(lower_left, lower_right)
    right_above = np.greater(upper_right, upper_left).view(np.uint8)
    place = np.greater(lower_right, lower_left).view(np.uint8)
    is_lower = np.greater(lower, upper).view(np.uint8)
    # place = is_lower ? 2 + right_below : right_above, in bits.
    place ^= right_above
    place &= is_lower
    place ^= right_above
    place += is_lower
    place += is_lower
    positions = np.take(np.array([0, 1, width, width + 1], np.int64), place, mode="clip")
    positions += np.arange(0, 2 * ho * width, 2 * width)[:, None] + np.arange(0, 2 * wo, 2)
    return np.maximum(upper, lower, out=upper), positions


def _pool_windows(
    x: Array, kernel: Pair, stride: Pair, padding: Pair, dilation: Pair, size: Pair
) -> tuple[Array, Array]:
    n, c, height, width = x.shape
    (kh, kw), (sh, sw), (ph, pw), (dh, dw), (ho, wo) = kernel, stride, padding, dilation, size
    floating = x.dtype.kind == "f"
    lowest = -np.inf if floating else np.iinfo(x.dtype).min
    # ceil_mode lets the last windows reach past the padding: those places count as padding too.
    below = max(0, (ho - 1) * sh + dh * (kh - 1) + 1 - height - ph)
    beside = max(0, (wo - 1) * sw + dw * (kw - 1) + 1 - width - pw)
    padded = np.full((n, c, ph + height + below, pw + width + beside), lowest, x.dtype)
    padded[:, :, ph : ph + height, pw : pw + width] = x
    values = np.full((n, c, ho, wo), lowest, x.dtype)
    rows, columns = np.arange(ho) * sh - ph, np.arange(wo) * sw - pw
    # Where nothing is greater than -inf, the first place of the window that is no padding counts.
    first = _first_inside(rows, dh)[:, None] * width + _first_inside(columns, dw)
    positions = np.empty((n, c, ho, wo), np.int64)
    positions[...] = first
    for i in range(kh):
        for j in range(kw):
            top, at = dh * i, dw * j
            candidate = padded[:, :, top : top + sh * (ho - 1) + 1 : sh, at : at + sw * (wo - 1) + 1 : sw]
            better = candidate > values
            if floating:
                better |= np.isnan(candidate)
            np.copyto(values, candidate, where=better)
            place = (rows + top)[:, None] * width + (columns + at)
            np.copyto(positions, np.broadcast_to(place, positions.shape), where=better)
    return values, positions


def _first_inside(start: Array, dilation: int) -> Array:
    return np.where(start < 0, start + -(start // dilation) * dilation, start)


def scatter_to_positions(gradient: Array, positions: Array, shape: tuple[int, ...], disjoint: bool) -> Array:
    """Each gradient added at its position in the plane it came from. `disjoint`: no two windows share a place."""
    n, c, height, width = shape
    result = np.zeros(shape, gradient.dtype)
    planes = np.arange(0, n * c * height * width, height * width).reshape(n, c, 1, 1)
    places = (positions + planes).reshape(-1)
    flat = result.reshape(-1)
    if disjoint:
        flat[places] = gradient.reshape(-1)
    else:
        np.add.at(flat, places, gradient.reshape(-1))
    return result


def gather_from_positions(x: Array, positions: Array) -> Array:
    """The value of each plane of x at its positions."""
    n, c, ho, wo = positions.shape
    found = np.take_along_axis(x.reshape(n, c, -1), positions.reshape(n, c, ho * wo), axis=2)
    return found.reshape(positions.shape)
