"""Reading images and volumes at the places of a grid, the gradient of that, and the gradient of the gradient.

A mode is told by its taps along one dimension, each a place with a weight, its slope and its curvature; taps of all dimensions
together are the corners that a number is made of. Rests on NumPy; grid_sampling.py declares the ops. Places are counted in the
order of the input's dimensions, while the last dimension of a grid has x first.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from autogradkit.core.bits import kept
from autogradkit.core.storage import Array

BILINEAR, NEAREST, BICUBIC = 0, 1, 2
ZEROS, BORDER, REFLECTION = 0, 1, 2
Tap = tuple[Array, Array, Array, Array]  # place, weight, slope and curvature of the weight


def _reflected(x: Array, low: float, high: float) -> tuple[Array, Array]:
    """Coordinates thrown back between two walls, and the sign of their slope."""
    span = high - low
    if not span:
        return np.zeros_like(x), np.zeros_like(x)
    away = np.abs(x - low)
    flips, extra = np.floor(away / span), np.fmod(away, span)
    back = flips % 2 == 1
    sign = np.where(x < low, -1, 1) * np.where(back, -1, 1)
    return np.where(back, span - extra, extra) + low, sign.astype(x.dtype)


def _padded(x: Array, n: int, padding: int, aligned: bool, dims: int) -> tuple[Array, Array]:
    """Coordinates brought into the input, and the slope of that; NaN is the first place of images, the last of volumes."""
    slope = np.ones_like(x)
    if padding == ZEROS:
        return x, slope
    if padding == REFLECTION:
        x, slope = _reflected(x, 0, n - 1) if aligned else _reflected(x, -0.5, n - 0.5)
    inside = (x > 0) & (x < n - 1)
    return np.fmin((np.fmax if dims == 2 else np.maximum)(x, 0), n - 1), slope * inside


def _cubic_weights(part: Array) -> list[tuple[Array, Array, Array]]:
    """(weight, slope, curvature) of the four places around."""
    a = -0.75

    def near(x: Array, sign: int) -> tuple[Array, Array, Array]:
        return (
            ((a + 2) * x - (a + 3)) * x * x + 1,
            sign * (3 * (a + 2) * x - 2 * (a + 3)) * x,
            6 * (a + 2) * x - 2 * (a + 3),
        )

    def far(x: Array, sign: int) -> tuple[Array, Array, Array]:
        return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a, sign * ((3 * a * x - 10 * a) * x + 8 * a), 6 * a * x - 10 * a

    return [far(part + 1, 1), near(part, 1), near(1 - part, -1), far(2 - part, -1)]


def _taps(grid: Array, n: int, mode: int, padding: int, aligned: bool, dims: int) -> list[Tap]:
    """Along one of the dimensions, of n places, for coordinates between −1 and 1."""
    scale = grid.dtype.type((n - 1) / 2 if aligned else n / 2)
    x = (grid + 1) * scale if aligned else (grid + 1) * scale - grid.dtype.type(0.5)
    if mode == BICUBIC:
        first = np.floor(x)
        places = [_padded(first + offset, n, padding, aligned, dims)[0] for offset in (-1, 0, 1, 2)]
        weights = _cubic_weights(x - first)
        return [(p, w, s * scale, c * scale * scale) for p, (w, s, c) in zip(places, weights, strict=True)]
    x, slope = _padded(x, n, padding, aligned, dims)
    if mode == NEAREST:
        return [(np.rint(x), np.ones_like(x), np.zeros_like(x), np.zeros_like(x))]
    first = np.floor(x)
    part, slope = x - first, slope * scale
    flat = np.zeros_like(x)
    return [(first, 1 - part, -slope, flat), (first + 1, part, slope, flat)]


def _corners(
    sizes: tuple[int, ...], grid: Array, mode: int, padding: int, aligned: bool
) -> Iterator[tuple[Array, Array, tuple[Tap, ...]]]:
    """For each corner: the flat place (0 where there is none), whether it is in the input, its taps."""
    dims = len(sizes)
    by_dim = [_taps(grid[..., dims - 1 - at], n, mode, padding, aligned, dims) for at, n in enumerate(sizes)]
    for taps in itertools.product(*by_dim):
        inside = functools.reduce(
            np.logical_and, [(place >= 0) & (place <= n - 1) for (place, *_), n in zip(taps, sizes, strict=True)]
        )
        flat: Any = 0
        for (place, *_), n in zip(taps, sizes, strict=True):
            flat = flat * n + np.where(inside, place, 0).astype(np.int64)
        yield flat, inside, taps


def _in_rows(x: Array) -> Array:
    """Each channel of each sample as a row, one after the other in memory."""
    return np.ascontiguousarray(x.reshape(*x.shape[:2], math.prod(x.shape[2:])))


def _places(grid: Array) -> Array:
    """The coordinates of each sample, one place after the other."""
    return grid.reshape(len(grid), math.prod(grid.shape[1:-1]), grid.shape[-1])


def _in_all(flat: Array, at: Array) -> Array:
    """The places of each sample in every channel, counted from the first element of all."""
    batch, channels, size = flat.shape
    return np.arange(0, batch * channels * size, max(1, size)).reshape(batch, channels, 1) + at[:, None]


def _read(flat: Array, at: Array) -> Array:
    """The elements of every channel at the places of its sample."""
    return flat.reshape(-1).take(_in_all(flat, at))


def _add(flat: Array, at: Array, values: Array) -> None:
    """Add to the elements of every channel at the places of its sample, in one row, which NumPy does ten times as fast."""
    np.add.at(flat.reshape(-1), _in_all(flat, at).reshape(-1), values.reshape(-1))


def sample_at(x: Array, grid: Array, mode: int, padding: int, aligned: bool, out: Array) -> None:
    batch, channels, *sizes = x.shape
    flat, places = _in_rows(x), _places(grid)
    total = np.zeros((batch, channels, places.shape[1]), x.dtype)
    for at, inside, taps in _corners(tuple(sizes), places, mode, padding, aligned):
        weight = functools.reduce(np.multiply, [tap[1] for tap in taps]) * inside
        found = kept(inside[:, None], _read(flat, at))
        found *= weight[:, None]
        # Where a coordinate is no number, PyTorch's kernel of volumes adds nothing, that of images 0 times it.
        total += found if len(sizes) == 2 else np.where(inside[:, None], found, 0)
    np.copyto(out, total.reshape(out.shape))


def spread_from(
    g: Array, x: Array, grid: Array, mode: int, padding: int, aligned: bool, to_x: Array | None, to_grid: Array | None
) -> None:
    sizes = x.shape[2:]
    dims = len(sizes)
    places = _places(grid)
    flat, given = _in_rows(x), _in_rows(g)
    spread = np.zeros_like(flat)
    slopes = np.zeros(places.shape, grid.dtype)
    for at, inside, taps in _corners(sizes, places, mode, padding, aligned):
        weights = [tap[1] for tap in taps]
        if to_x is not None:
            weight = np.where(inside, functools.reduce(np.multiply, weights), weights[0].dtype.type(0))
            _add(spread, at, given * weight[:, None])
        if to_grid is not None:
            along = np.add.reduce(given * kept(inside[:, None], _read(flat, at)), 1)
            for dim in range(dims):
                found = along * _derived(taps, dim)
                slopes[..., dims - 1 - dim] += found if dims == 2 else np.where(inside, found, 0)
    if to_x is not None:
        np.copyto(to_x, spread.reshape(x.shape))
    if to_grid is not None:
        np.copyto(to_grid, slopes.reshape(grid.shape))


def _derived(taps: tuple[Tap, ...], *dims: int) -> Array:
    """The weight of a corner, derived once for each time that a dimension is named."""
    return functools.reduce(np.multiply, [tap[1 + dims.count(at)] for at, tap in enumerate(taps)])


def spread_twice(
    to_x: Array, to_grid: Array, g: Array, x: Array, grid: Array, how: tuple[int, int, bool], out: tuple[Array, ...]
) -> None:
    """From the gradients of both gradients those of g, x and grid."""
    sizes = x.shape[2:]
    dims = len(sizes)
    places, turns = _places(grid), _places(to_grid)[..., ::-1]
    flat, given, aimed = (_in_rows(each) for each in (x, g, to_x))
    of_g, of_x, of_grid = np.zeros_like(given), np.zeros_like(flat), np.zeros(places.shape, grid.dtype)
    for at, inside, taps in _corners(sizes, places, *how):
        values, aims = (kept(inside[:, None], _read(each, at)) for each in (flat, aimed))
        turned: Any = sum(turns[..., dim] * _derived(taps, dim) for dim in range(dims)) * inside
        of_g += aims * _derived(taps)[:, None] + values * turned[:, None]
        _add(of_x, at, given * turned[:, None])
        by_aim, by_value = np.add.reduce(given * aims, 1), np.add.reduce(given * values, 1)
        for dim in range(dims):
            bent: Any = sum(turns[..., other] * _derived(taps, dim, other) for other in range(dims))
            of_grid[..., dims - 1 - dim] += by_aim * _derived(taps, dim) + by_value * bent
    for each, made in zip(out, (of_g, of_x, of_grid), strict=True):
        np.copyto(each, made.reshape(each.shape))
