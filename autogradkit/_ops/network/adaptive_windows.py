"""The windows of poolings to a given size, which fit themselves, and what all of these poolings require.

Window i of m over n places begins at ⌊i·n/m⌋ and ends before ⌈(i+1)·n/m⌉. Rests on channels_last; adaptive_means and
adaptive_maxima use it.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from autogradkit._ops.declare.kinds import Array
from autogradkit._ops.declare.refusals import scalar_type
from autogradkit._ops.network.channels_last import image_spec, prefers_channels_last
from autogradkit.core.dtype import from_numpy_dtype

Shape = tuple[int, ...]


@functools.lru_cache(256)
def ends(n: int, count: int) -> tuple[Array, Array]:
    """(where the windows begin, where they end)."""
    places = np.arange(count)
    return places * n // max(count, 1), -(-(places + 1) * n // max(count, 1))


def even_window(sizes: Shape, counts: Shape) -> Shape | None:
    """The size of the windows, if they lie side by side and are of one."""
    if all(count and n % count == 0 for n, count in zip(sizes, counts, strict=True)):
        return tuple([n // count for n, count in zip(sizes, counts, strict=True)])
    return None


def windows_of(x: Array, counts: Shape, window: Shape) -> Array:
    """Each dimension that is pooled as two: which window, and the place in it; a view, if `x` is contiguous."""
    pairs = [each for pair in zip(counts, window, strict=True) for each in pair]
    return x.reshape(*x.shape[: -len(counts)], *pairs)


def result_spec(x: Array, sizes: Shape, dims: int) -> Any:
    return image_spec((*x.shape[:-dims], *sizes), x.dtype, x.ndim == 4 and dims == 2 and prefers_channels_last(x))


def require_sizes(begins: str, whose: str, x: Array, first: int = 1) -> None:
    """Raise RuntimeError where a dimension from the `first` on has no elements."""
    for at in range(first, x.ndim):
        if not x.shape[at]:
            raise RuntimeError(
                f"{begins} to have non-zero size for non-batch dimensions, but {whose} sizes {list(x.shape)} with dimension "
                f"{at} being empty"
            )


def spread_spec(name: str, g: Array, x: Array, dims: int) -> Any:
    """Of a gradient of x, which PyTorch refuses to make of nothing."""
    require_sizes(f"{name}{dims}d_backward(): Expected grad_output", "grad_output has", g)
    return result_spec(x, x.shape[-dims:], dims)


def require_floats(x: Array, name: str) -> None:
    if x.dtype.kind not in "fV":
        raise NotImplementedError(f"\"{name}\" not implemented for '{scalar_type(from_numpy_dtype(x.dtype))}'")
