"""Max pooling in any number of dimensions: the largest value of each window, where it lay, and the way back.

Rests on NumPy, core.memory and core.threads; `pool.py` and `max_pools.py` declare the ops and make the arrays that are written
into. The windows are never gathered: each place in the window is one strided slice of the input, and the slices are compared
with one another.

A place is the distance, in the plane or volume, from its window's first element. Places are compared in ascending order, so the
last that beat its forerunners is the largest that did: a product and a maximum of small integers remember it, where a
masked copy of positions would take most of the time.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autogradkit.core.bits import FEW
from autogradkit.core.memory import empty
from autogradkit.core.remembering import remember_small
from autogradkit.core.threads import get_num_threads, on_threads, slices

Array = np.ndarray[Any, Any]
Sizes = tuple[int, ...]
# Kernel and stride of windows that share places: for positions of which nobody knows who found them
OVERLAPPING = (2,), (1,)
Places = list[tuple[Any, Array]]  # where in the padded input a place of all windows is, and its distance

_WORTH_THREADS = 1 << 18  # windows
_WORTH_COMPARING = 1 << 12  # places of windows


def max_pool(
    x: Array, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, out_values: Array, out_positions: Array
) -> None:
    """Write the maxima of x (N×C×H×W, say) and their positions in the H·W plane (int64), both N×C×Ho×Wo.

    As many last dimensions are pooled as the kernel has sizes. The first of equal values counts; a NaN beats every number and
    every earlier NaN.
    """
    dims = len(kernel)
    sizes, result = x.shape[-dims:], out_values.shape[-dims:]
    starts = _starts(result, stride, padding, sizes)
    # ceil_mode lets the last windows reach past the padding: those places count as padding too.
    beyond = [
        max(0, (count - 1) * s + d * (k - 1) + 1 - n - p)
        for count, s, d, k, n, p in zip(result, stride, dilation, kernel, sizes, padding, strict=True)
    ]
    first: Array | int = 0
    if any(padding) or any(beyond):
        lowest = -np.inf if x.dtype.kind in "fV" else np.iinfo(x.dtype).min
        whole = [p + n + more for p, n, more in zip(padding, sizes, beyond, strict=True)]
        padded = np.full((*x.shape[:-dims], *whole), lowest, x.dtype)
        padded[(..., *[slice(p, p + n) for p, n in zip(padding, sizes, strict=True)])] = x
        x = padded
        first = _first_inside(result, stride, padding, dilation, sizes)
    elif _pool_few(x, kernel, stride, dilation, out_values, out_positions):
        return
    places = _places(kernel, dilation, sizes, stride, result)

    def pool_share(share: slice) -> None:
        values, positions = out_values[share], out_positions[share]
        found = _compare(x[share], places, first, values, False)
        if x.dtype.kind in "fV" and values.size and np.isnan(np.maximum.reduce(values, None)):
            found = _compare(x[share], places, first, values, True)
        np.add(found, starts, positions)

    _share(pool_share, out_values)


def _pool_few(x: Array, kernel: Sizes, stride: Sizes, dilation: Sizes, out_values: Array, out_positions: Array) -> bool:
    """`max_pool` without padding of few numbers, in a fixed number of calls: gathered, which of many would be slow.

    Whether it was done; numbers of half precision, and NaNs, are left to the comparison of places.
    """
    count = math.prod(kernel)
    if not 0 < out_values.size * count <= _WORTH_COMPARING or x.dtype.kind not in "fiu":
        return False
    dims = len(kernel)
    sizes, result = x.shape[-dims:], out_values.shape[-dims:]
    seen = _seen(kernel, dilation, sizes, stride, result)
    flat = x.reshape(-1, math.prod(sizes))
    chosen = flat.take(seen, 1).reshape(-1, count).argmax(1).reshape(len(flat), len(seen))
    values, positions = picked(flat, seen, chosen)
    if x.dtype.kind == "f" and np.isnan(np.maximum.reduce(values, None)):
        return False
    out_values[...] = values.reshape(out_values.shape)
    out_positions[...] = positions.reshape(out_positions.shape)
    return True


def picked(planes: Array, seen: Array, chosen: Array) -> tuple[Array, Array]:
    """(what each window of each plane has at the place that it chose, the positions of these): both planes × windows.

    Planes are rows, `seen` has the positions that each window sees, as windows × places.
    """
    positions = seen.reshape(-1).take(chosen + _starts_of_planes(*seen.shape).T)
    return planes.reshape(-1).take(positions + _starts_of_planes(*planes.shape)), positions


def _share(work: Callable[[slice], None], pooled: Array) -> None:
    """Call `work` with all of the first dimension, or with parts of it on several threads."""
    if pooled.size < _WORTH_THREADS:
        work(slice(None))
        return
    threads = get_num_threads()
    list(on_threads(work, slices(len(pooled), threads), threads))


def _compare(x: Array, places: Places, first: Array | int, values: Array, nans: bool) -> Array:
    """Fill `values` with the maxima; returns their places. `first` is the place that counts where nothing is greater."""
    kind = places[-1][1].dtype
    candidate = np.empty_like(values)
    better = np.empty_like(values, bool)
    found = np.empty_like(values, kind)
    marked = better.view(np.uint8) if kind == np.uint8 else np.empty_like(found)
    found[...] = first
    values[...] = x[places[0][0]]
    for index, place in places[1:]:
        candidate[...] = x[index]
        np.greater(candidate, values, better)
        if nans:
            better |= np.isnan(candidate)
        # Of equal values `maximum` gives the second: so of 0 and -0 the first stays.
        np.maximum(candidate, values, out=values)
        if values.size <= FEW:
            np.copyto(found, place, where=better)
        else:
            np.multiply(better.view(np.uint8), place, marked)
            np.maximum(found, marked, out=found)
    return found


def are_disjoint(kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes) -> bool:
    """Whether no two windows share a place."""
    return all(gap * (size - 1) < step for size, step, gap in zip(kernel, stride, dilation, strict=True))


def _flat(along: Sequence[Any], sizes: Sizes) -> Any:
    """The positions in a plane or volume of such sizes of what has these coordinates along each dimension."""
    return functools.reduce(lambda flat, each: flat * each[0] + each[1], zip(sizes, along, strict=True), 0)


@functools.lru_cache(256)
def _places(kernel: Sizes, dilation: Sizes, sizes: Sizes, stride: Sizes, result: Sizes) -> Places:
    offsets = list(itertools.product(*[range(0, d * k, d) for k, d in zip(kernel, dilation, strict=True)]))
    reaches = [s * (count - 1) + 1 for s, count in zip(stride, result, strict=True)]
    kind = np.min_scalar_type(_flat(offsets[-1], sizes))
    return [
        (
            (..., *[slice(at, at + reach, s) for at, reach, s in zip(each, reaches, stride, strict=True)]),
            np.asarray(_flat(each, sizes), kind),
        )
        for each in offsets
    ]


@remember_small
def _starts(result: Sizes, stride: Sizes, padding: Sizes, sizes: Sizes) -> Array:
    """The position, perhaps before the input's first, of each window's first element."""
    along = [np.arange(n) * s - p for n, s, p in zip(result, stride, padding, strict=True)]
    return _flat(np.ix_(*along), sizes)


@remember_small
def _first_inside(result: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, sizes: Sizes) -> Array:
    """The first place of each window that is no padding: it counts where nothing is greater than -inf."""
    along = [
        -np.minimum((np.arange(n) * s - p) // d, 0) * d
        for n, s, p, d in zip(result, stride, padding, dilation, strict=True)
    ]
    return _flat(np.ix_(*along), sizes)


@remember_small
def _seen(kernel: Sizes, dilation: Sizes, sizes: Sizes, stride: Sizes, result: Sizes) -> Array:
    """The positions that each window sees, as windows × places."""
    offsets = np.array([int(place) for _, place in _places(kernel, dilation, sizes, stride, result)])
    windows = _starts(result, stride, (0,) * len(kernel), sizes).reshape(-1, 1)
    return windows + offsets


@remember_small
def _starts_of_planes(planes: int, size: int) -> Array:
    return np.arange(planes)[:, None] * size


def scatter_to_positions(gradient: Array, positions: Array, dims: int, out: Array, *, disjoint: bool = False) -> None:
    """Write zeros into `out`, and add each gradient at its position in the last `dims` dimensions, taken as one.

    `disjoint`: no position occurs twice.
    """
    result = out if out.flags.c_contiguous else empty(out.shape, out.dtype)
    result.fill(0)
    flat = result.reshape(-1)
    planes, size = math.prod(out.shape[:-dims]), math.prod(out.shape[-dims:])
    rows = (planes, math.prod(positions.shape[-dims:]))
    starts = _starts_of_planes(planes, size)
    values, places = gradient.reshape(rows), positions.reshape(rows)

    def scatter_share(share: slice) -> None:
        at = (places[share] + starts[share]).reshape(-1)
        if disjoint:
            flat[at] = values[share].reshape(-1)
        else:
            np.add.at(flat, at, values[share].reshape(-1))

    _share(scatter_share, values)
    if result is not out:
        np.copyto(out, result)


def gather_from_positions(x: Array, positions: Array, dims: int, out: Array) -> None:
    """Write what x has at the positions in its last `dims` dimensions, taken as one, into `out`."""
    planes = math.prod(x.shape[:-dims])
    sizes = [math.prod(each.shape[-dims:]) for each in (x, positions)]
    found = np.take_along_axis(x.reshape(planes, sizes[0]), positions.reshape(planes, sizes[1]), axis=1)
    np.copyto(out, found.reshape(positions.shape))
