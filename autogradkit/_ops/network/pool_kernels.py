"""Max pooling on N×C×H×W arrays: the largest value of each window, where it lay, and the way back.

Rests on NumPy, core.memory and core.threads; `pool.py` declares the ops and makes the arrays that are written into. The windows
are never gathered: each place in the window is one strided slice of the input, and the slices are compared with one another.

A place is the distance, in the H·W plane, from its window's first element. Places are compared in ascending order, so the
last that beat its forerunners is the largest that did: a product and a maximum of small integers remember it, where a
masked copy of positions would take most of the time.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from autogradkit.core.memory import empty
from autogradkit.core.threads import get_num_threads, on_threads, slices

Array = np.ndarray[Any, Any]
Pair = tuple[int, int]

_WORTH_THREADS = 1 << 18  # windows


def max_pool(
    x: Array, kernel: Pair, stride: Pair, padding: Pair, dilation: Pair, out_values: Array, out_positions: Array
) -> None:
    """Write the maxima of x (N×C×H×W) and their positions in the H·W plane (int64), both N×C×Ho×Wo.

    The first of equal values counts; a NaN beats every number and every earlier NaN.
    """
    _, _, height, width = x.shape
    _, _, ho, wo = out_values.shape
    (kh, kw), (ph, pw), (dh, dw) = kernel, padding, dilation
    starts = _starts(ho, wo, stride, padding, width)
    # ceil_mode lets the last windows reach past the padding: those places count as padding too.
    below = max(0, (ho - 1) * stride[0] + dh * (kh - 1) + 1 - height - ph)
    beside = max(0, (wo - 1) * stride[1] + dw * (kw - 1) + 1 - width - pw)
    first: Array | int = 0
    if ph or pw or below or beside:
        lowest = -np.inf if x.dtype.kind in "fV" else np.iinfo(x.dtype).min
        padded = np.full((*x.shape[:2], ph + height + below, pw + width + beside), lowest, x.dtype)
        padded[:, :, ph : ph + height, pw : pw + width] = x
        x = padded
        first = _first_inside(ho, wo, stride, padding, dilation, width)
    places = [(dh * i, dw * j, dh * i * width + dw * j) for i in range(kh) for j in range(kw)]

    def pool_share(share: slice) -> None:
        values, positions = out_values[share], out_positions[share]
        found = _compare(x[share], stride, places, first, values, False)
        if x.dtype.kind in "fV" and values.size and np.isnan(np.maximum.reduce(values, None)):
            found = _compare(x[share], stride, places, first, values, True)
        np.copyto(positions, found)
        np.add(positions, starts, out=positions)

    _by_samples(pool_share, out_values)


def _by_samples(work: Callable[[slice], None], pooled: Array) -> None:
    threads = 1 if pooled.size < _WORTH_THREADS else get_num_threads()
    list(on_threads(work, slices(len(pooled), threads), threads))


def _compare(
    x: Array, stride: Pair, places: list[tuple[int, int, int]], first: Array | int, values: Array, nans: bool
) -> Array:
    """Fill `values` with the maxima; returns their places. `first` is the place that counts where nothing is greater."""
    _, _, ho, wo = values.shape
    kind = np.min_scalar_type(places[-1][2])
    candidate = np.empty_like(values)
    better = np.empty_like(values, bool)
    found = np.empty_like(values, kind)
    marked = better.view(np.uint8) if kind == np.uint8 else np.empty_like(found)
    found[...] = first
    for number, (top, left, place) in enumerate(places):
        rows = slice(top, top + stride[0] * (ho - 1) + 1, stride[0])
        columns = slice(left, left + stride[1] * (wo - 1) + 1, stride[1])
        if not number:
            np.copyto(values, x[:, :, rows, columns])
            continue
        np.copyto(candidate, x[:, :, rows, columns])
        np.greater(candidate, values, out=better)
        if nans:
            better |= np.isnan(candidate)
        # Of equal values `maximum` gives the second: so of 0 and -0 the first stays.
        np.maximum(candidate, values, out=values)
        np.multiply(better.view(np.uint8), kind.type(place), out=marked)
        np.maximum(found, marked, out=found)
    return found


@functools.lru_cache(256)
def _starts(ho: int, wo: int, stride: Pair, padding: Pair, width: int) -> Array:
    """The position in the H·W plane, perhaps before it, of each window's first element."""
    rows, columns = np.arange(ho) * stride[0] - padding[0], np.arange(wo) * stride[1] - padding[1]
    return rows[:, None] * width + columns


@functools.lru_cache(256)
def _first_inside(ho: int, wo: int, stride: Pair, padding: Pair, dilation: Pair, width: int) -> Array:
    """The first place of each window that is no padding: it counts where nothing is greater than -inf."""
    rows, columns = (
        -np.minimum((np.arange(n) * s - p) // d, 0) * d
        for n, s, p, d in zip((ho, wo), stride, padding, dilation, strict=True)
    )
    return rows[:, None] * width + columns


def scatter_to_positions(gradient: Array, positions: Array, disjoint: bool, out: Array) -> None:
    """Write zeros into `out` (N×C×H×W), and add each gradient at its position in the plane it came from.

    `disjoint`: no two windows share a place.
    """
    n, c, height, width = out.shape
    result = out if out.flags.c_contiguous else empty(out.shape, out.dtype)
    result.fill(0)
    planes = np.arange(0, n * c * height * width, height * width).reshape(n, c, 1, 1)
    flat = result.reshape(-1)

    def scatter_share(share: slice) -> None:
        places = (positions[share] + planes[share]).reshape(-1)
        if disjoint:
            flat[places] = gradient[share].reshape(-1)
        else:
            np.add.at(flat, places, gradient[share].reshape(-1))

    _by_samples(scatter_share, gradient)
    if result is not out:
        np.copyto(out, result)


def gather_from_positions(x: Array, positions: Array, out: Array) -> None:
    """Write the value of each plane of x (N×C×H×W) at its positions (N×C×Ho×Wo) into `out`."""
    n, c, height, width = x.shape
    _, _, ho, wo = positions.shape
    found = np.take_along_axis(x.reshape(n, c, height * width), positions.reshape(n, c, ho * wo), axis=2)
    np.copyto(out, found.reshape(positions.shape))
