"""Maxima to a given size, with their positions, in one, two and three dimensions.

Where all windows are of one size, as mostly, they are windows of an ordinary pooling. Rests on declare, adaptive_windows and
pool_kernels; `nn.functional` publishes them.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op
from autogradkit._ops.declare.kinds import Array, Pair, Single, Triple
from autogradkit._ops.network.adaptive_windows import (
    Shape,
    ends,
    even_window,
    require_floats,
    require_sizes,
    result_spec,
    spread_spec,
)
from autogradkit._ops.network.pool_kernels import max_pool, picked, scatter_to_positions
from autogradkit._ops.network.pool_windows import require_one_int
from autogradkit._ops.views.dimensions import squeeze_dim, unsqueeze
from autogradkit.core.tensor import wrap

_FEW = 16  # places of a window up to which comparing one after the other is quicker than gathering them


def _max_meta(dims: int, x: Array, output_size: Shape) -> Any:
    name = f"adaptive_max_pool{dims}d"
    if len(output_size) != dims:
        raise RuntimeError(f"{name}(): internal error: output_size.size() must be {dims}")
    if x.ndim not in (dims + 1, dims + 2):
        raise RuntimeError(f"{name}(): Expected {dims + 1}D or {dims + 2}D tensor, but got: {list(x.shape)}")
    require_sizes(f"{name}(): Expected input", "input has", x)
    for each in output_size:
        if each < 0:
            raise RuntimeError(
                f"Trying to create tensor with negative dimension {each}: {[*x.shape[:-dims], *output_size]}"
            )
    require_floats(x, name if dims == 2 else f"{name}_cpu")
    spec = result_spec(x, output_size, dims)
    return spec, (spec[0], np.dtype(np.int64), *spec[2:])


@functools.lru_cache(256)
def _seen(sizes: Shape, counts: Shape) -> Array:
    """The positions in a plane that each window sees, as windows × places; short windows see their last place again."""
    dims = len(sizes)
    total: Any = 0
    for at, (n, count) in enumerate(zip(sizes, counts, strict=True)):
        first, last = ends(n, count)
        widest = int((last - first).max(initial=1))
        places = np.minimum(first[:, None] + np.arange(widest), last[:, None] - 1)
        shape = [1] * (2 * dims)
        shape[at], shape[dims + at] = places.shape
        total = total + places.reshape(shape) * math.prod(sizes[at + 1 :])
    windows = math.prod(counts)
    return total.reshape(windows, total.size // (windows or 1))


def _maxima(x: Array, out: tuple[Array, Array], dims: int) -> None:
    counts = out[0].shape[-dims:]
    window = even_window(x.shape[-dims:], counts)
    if window is not None and math.prod(window) <= _FEW and x.size:
        max_pool(x, window, window, (0,) * dims, (1,) * dims, *out)
        return
    if not out[0].size:
        return
    seen = _seen(x.shape[-dims:], counts)
    planes = x.reshape(-1, math.prod(x.shape[-dims:]))
    found = planes.take(seen, 1)
    chosen = found.argmax(-1)
    values, positions = picked(planes, seen, chosen)
    if np.isnan(np.maximum.reduce(values, None)):  # of equal numbers the first counts, of NaNs the last
        nan = np.isnan(found[..., ::-1])
        chosen = np.where(nan.any(-1), seen.shape[-1] - 1 - nan.argmax(-1), chosen)
        values, positions = picked(planes, seen, chosen)
    np.copyto(out[0], values.reshape(out[0].shape))
    np.copyto(out[1], positions.reshape(out[1].shape))


@op(
    variants="",
    node="AdaptiveMaxPool2DBackward0",
    meta=lambda self, output_size: _max_meta(2, self, output_size),
    outputs="result0 result1",
    differentiable_outputs=1,
    samples=lambda t: [(t(2, 5, 4), (3, 2)), (t(1, 2, 3, 3), (3, 4))],
    vjp={"self": lambda g, self, result1: k.adaptive_max_pool2d_backward(g, self, result1)},
    rule="∂self = ∂ at each window's maximum, added where windows meet",
)
def adaptive_max_pool2d(self: Array, output_size: Pair, *, out: tuple[Array, Array]) -> None:
    """The maxima of windows that fit themselves, and their positions."""
    _maxima(self, out, 2)


@op(
    variants="",
    node="AdaptiveMaxPool2DBackwardBackward0",
    meta=lambda grad_output, self, indices: spread_spec("adaptive_max_pool", grad_output, self, 2),
    samples=lambda t: [(t(1, 1, 2), t(1, 2, 3), wrap(np.array([[[1, 4]]])))],
    vjp={
        "grad_output": lambda g, indices: k.values_at_indices(g, indices),
        "self": lambda g, self: k.zeros_like(self),
    },
    rule="∂grad_output = ∂ at each window's maximum\n∂self = 0",
)
def adaptive_max_pool2d_backward(grad_output: Array, self: Array, indices: Array, *, out: Array) -> None:
    """Each gradient at the place that its maximum came from, zeros elsewhere."""
    scatter_to_positions(grad_output, indices, 2, out)


@op(
    variants="",
    node="AdaptiveMaxPool3DBackward0",
    meta=lambda self, output_size: _max_meta(3, self, output_size),
    outputs="result0 result1",
    differentiable_outputs=1,
    samples=lambda t: [(t(2, 5, 4, 3), (3, 2, 2)), (t(1, 2, 3, 3, 3), (3, 4, 1))],
    vjp={"self": lambda g, self, result1: k.adaptive_max_pool3d_backward(g, self, result1)},
    rule="∂self = ∂ at each window's maximum, added where windows meet",
)
def adaptive_max_pool3d(self: Array, output_size: Triple, *, out: tuple[Array, Array]) -> None:
    """The maxima of windows that fit themselves, and their positions."""
    _maxima(self, out, 3)


@op(
    variants="",
    node="AdaptiveMaxPool3DBackwardBackward0",
    meta=lambda grad_output, self, indices: spread_spec("adaptive_max_pool", grad_output, self, 3),
    samples=lambda t: [(t(1, 1, 1, 2), t(1, 2, 2, 3), wrap(np.array([[[[1, 4]]]])))],
    vjp={
        "grad_output": lambda g, indices: k.values_in_volumes(g, indices),
        "self": lambda g, self: k.zeros_like(self),
    },
    rule="∂grad_output = ∂ at each window's maximum\n∂self = 0",
)
def adaptive_max_pool3d_backward(grad_output: Array, self: Array, indices: Array, *, out: Array) -> None:
    """Each gradient at the place that its maximum came from, zeros elsewhere."""
    scatter_to_positions(grad_output, indices, 3, out)


@op(variants="function", composition=True)
def adaptive_max_pool1d(self: Array, output_size: Single) -> Any:
    """The maxima of as many windows of sequences (N, C, L) or (C, L) as are asked for, and their positions.

    >>> import autogradkit as torch
    >>> torch.adaptive_max_pool1d(torch.tensor([[1.0, 3.0, 5.0, 9.0]]), 2)
    (tensor([[3., 9.]]), tensor([[1, 3]]))
    """
    x: Any = self
    if x.ndim not in (2, 3):
        raise RuntimeError(
            f"Expected 2 to 3 dimensions, but got {x.ndim}-dimensional tensor for argument #1 'self' (while checking "
            "arguments for adaptive_max_pool1d)"
        )
    require_one_int("adaptive_max_pool1d", "output_size", output_size)
    require_sizes("adaptive_max_pool1d(): Expected input", "input has", x._array)
    found = adaptive_max_pool2d(unsqueeze.straight(x, -2), (1, *output_size))
    return tuple([squeeze_dim.straight(each, -2) for each in found])
