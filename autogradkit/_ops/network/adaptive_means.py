"""Means to a given size in one, two and three dimensions.

Where all windows are of one size, as mostly, they are dimensions of their own. Rests on declare and adaptive_windows;
`nn.functional` publishes them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op
from autogradkit._ops.declare.kinds import Array, Pair, Single, Triple
from autogradkit._ops.declare.refusals import real_gradients
from autogradkit._ops.making.scalars import number_in
from autogradkit._ops.network.adaptive_windows import (
    Shape,
    ends,
    even_window,
    require_floats,
    require_sizes,
    result_spec,
    spread_spec,
    windows_of,
)
from autogradkit._ops.network.channels_last import prefers_channels_last
from autogradkit._ops.network.pool_windows import require_one_int
from autogradkit._ops.network.rounding import write_whole
from autogradkit._ops.views.dimensions import squeeze_dim, unsqueeze
from autogradkit.core.strides import channels_last_strides, move_dim


def _mean_meta(dims: int, x: Array, output_size: Shape) -> Any:
    name = f"adaptive_avg_pool{dims}d"
    if len(output_size) != dims:
        raise RuntimeError(f"{name}: output_size must be {dims}")
    if min(output_size) < 0:
        first, *rest = output_size
        shown = f"{{{first}, {', '.join(map(str, rest))}}}" if dims == 2 else f"{{{first}, {','.join(map(str, rest))}}}"
        raise RuntimeError(f"{name}: elements of output_size must be greater than or equal to 0 but received {shown}")
    if dims == 3:
        require_sizes(f"{name}(): Expected input", "input has", x)
    if x.ndim not in (dims + 1, dims + 2):
        raise RuntimeError(f"{name}(): Expected {dims + 1}D or {dims + 2}D tensor, but got {list(x.shape)}")
    if dims == 2:
        require_sizes(f"{name}(): Expected input", "input has", x, x.ndim - 2)
    if dims == 3:
        require_floats(x, f"{name}_cpu")
    elif math.prod(x.shape[:-2]) * math.prod(output_size):  # PyTorch's kernel is not called for nothing
        require_floats(x, name)
    return result_spec(x, output_size, dims)


def _means(x: Array, sizes: Shape) -> Array:
    """Sums of neighbours over how many they are: of windows of one size in PyTorch's order, else dimension by dimension."""
    window = even_window(x.shape[-len(sizes) :], sizes)
    if window is not None:
        return _even_means(x, sizes, window)
    for at, count in enumerate(sizes):
        axis = x.ndim - len(sizes) + at
        if count == x.shape[axis]:  # windows of one element
            continue
        first, last = ends(x.shape[axis], count)
        if not count:
            x = np.take(x, [], axis)
            continue
        end = np.zeros_like(np.take(x, [0], axis))
        pairs = np.stack([first, last], 1).reshape(-1)
        total = np.add.reduceat(np.concatenate([x, end], axis), pairs, axis)
        x = np.take(total, np.arange(0, 2 * count, 2), axis)
        x = x / (last - first).astype(x.dtype).reshape(-1, *(1,) * (x.ndim - 1 - axis))
    return x


def _even_means(x: Array, sizes: Shape, window: Shape) -> Array:
    seen = windows_of(x, sizes, window)
    inner = range(
        seen.ndim - 2 * len(sizes) + 1, seen.ndim, 2
    )  # the places in the windows, which are added one after the other
    outer = [axis for axis in range(seen.ndim) if axis not in inner]
    places = np.ascontiguousarray(seen.transpose(*inner, *outer)).reshape(
        math.prod(window), *x.shape[: -len(sizes)], *sizes
    )
    total = np.add.reduce(places, 0, initial=0)
    for size in window:
        total /= number_in(x, float(size))
    return total


def _spread_means(g: Array, sizes: Shape) -> Array:
    counts = g.shape[-len(sizes) :]
    window = even_window(sizes, counts)
    if window is not None:
        for size in window:
            g = g / number_in(g, float(size))
        spread = np.empty((*g.shape[: -len(sizes)], *sizes), g.dtype)
        np.add(windows_of(g, counts, (1,) * len(sizes)), number_in(g, 0), windows_of(spread, counts, window))  # no -0
        return spread
    for at, n in enumerate(sizes):
        axis = g.ndim - len(sizes) + at
        first, last = ends(n, g.shape[axis])
        moved = move_dim(g, axis, -1)
        moved = moved / (last - first).astype(g.dtype)
        spread = np.zeros((*moved.shape[:-1], n), g.dtype)
        for at_window, (start, end) in enumerate(zip(first.tolist(), last.tolist(), strict=True)):
            spread[..., start:end] += moved[..., at_window : at_window + 1]
        g = move_dim(spread, -1, axis)
    return g


@op(
    name="_adaptive_avg_pool2d",
    variants="",
    label="adaptive_avg_pool2d",
    node="AdaptiveAvgPool2DBackward0",
    meta=lambda self, output_size: _mean_meta(2, self, output_size),
    dtypes=real_gradients("_adaptive_avg_pool2d"),
    out=False,
    samples=lambda t: [(t(2, 5, 4), (3, 2)), (t(1, 2, 3, 3), (3, 4))],
    vjp={"self": lambda g, self: k.adaptive_avg_pool2d_backward(g, self)},
    rule="∂self = ∂ over the size of each window, added where windows meet",
)
def adaptive_avg_pool2d_node(self: Array, output_size: Pair, *, out: Array) -> None:
    """The means of windows that fit themselves."""
    write_whole(out, lambda x: _means(x, output_size), self)


@op(
    name="_adaptive_avg_pool2d_backward",
    variants="",
    node="AdaptiveAvgPool2DBackwardBackward0",
    meta=lambda grad_output, self: spread_spec("adaptive_avg_pool", grad_output, self, 2),
    samples=lambda t: [(t(2, 2, 2), t(2, 3, 3))],
    vjp={
        "grad_output": lambda g, grad_output_sym_sizes: k.adaptive_avg_pool2d_node(g, grad_output_sym_sizes[-2:]),
        "self": lambda g, self: k.zeros_like(self),
    },
    rule="∂grad_output = the means of ∂\n∂self = 0",
)
def adaptive_avg_pool2d_backward(grad_output: Array, self: Array, *, out: Array) -> None:
    """Each gradient, over the size of its window, at every place of it."""
    write_whole(out, lambda g: _spread_means(g, self.shape[-2:]), grad_output)


def _whole_mean(x: Any, dims: int) -> Any:
    mean = x.mean(tuple(range(-1, -1 - dims, -1)), True)
    if x.ndim == dims + 2 and prefers_channels_last(x._memory):
        mean.as_strided_(mean.shape, channels_last_strides(mean.shape))
    return mean


@op(variants="", composition=True)
def adaptive_avg_pool2d(self: Array, output_size: Pair) -> Any:
    """The means of windows that fit themselves; one window is a mean as any, though its strides say where the channels are."""
    x: Any = self
    if tuple(output_size) == (1, 1):
        return _whole_mean(x, 2)
    return adaptive_avg_pool2d_node(x, output_size)


@op(
    name="_adaptive_avg_pool3d",
    variants="",
    label="adaptive_avg_pool3d",
    node="AdaptiveAvgPool3DBackward0",
    meta=lambda self, output_size: _mean_meta(3, self, output_size),
    out=False,
    samples=lambda t: [(t(2, 5, 4, 3), (3, 2, 2)), (t(1, 2, 3, 3, 3), (3, 4, 1))],
    vjp={"self": lambda g, self: k.adaptive_avg_pool3d_backward(g, self)},
    rule="∂self = ∂ over the size of each window, added where windows meet",
)
def adaptive_avg_pool3d_node(self: Array, output_size: Triple, *, out: Array) -> None:
    """The means of windows that fit themselves."""
    write_whole(out, lambda x: _means(x, output_size), self)


@op(
    name="_adaptive_avg_pool3d_backward",
    variants="",
    node="AdaptiveAvgPool3DBackwardBackward0",
    meta=lambda grad_output, self: spread_spec("adaptive_avg_pool", grad_output, self, 3),
    samples=lambda t: [(t(2, 2, 2, 2), t(2, 3, 3, 3))],
    vjp={
        "grad_output": lambda g, grad_output_sym_sizes: k.adaptive_avg_pool3d_node(g, grad_output_sym_sizes[-3:]),
        "self": lambda g, self: k.zeros_like(self),
    },
    rule="∂grad_output = the means of ∂\n∂self = 0",
)
def adaptive_avg_pool3d_backward(grad_output: Array, self: Array, *, out: Array) -> None:
    """Each gradient, over the size of its window, at every place of it."""
    write_whole(out, lambda g: _spread_means(g, self.shape[-3:]), grad_output)


@op(variants="", composition=True)
def adaptive_avg_pool3d(self: Array, output_size: Triple) -> Any:
    """The means of windows that fit themselves; one window is a mean as any, as it is in two dimensions."""
    x: Any = self
    if tuple(output_size) == (1, 1, 1):
        return _whole_mean(x, 3)
    return adaptive_avg_pool3d_node(x, output_size)


@op(variants="function", composition=True)
def adaptive_avg_pool1d(self: Array, output_size: Single) -> Any:
    """The means of as many windows of sequences (N, C, L) or (C, L) as are asked for.

    >>> import autogradkit as torch
    >>> torch.adaptive_avg_pool1d(torch.tensor([[1.0, 3.0, 5.0, 9.0]]), 2)
    tensor([[2., 7.]])
    """
    x: Any = self
    if x.ndim not in (2, 3):
        raise RuntimeError(
            f"Expected 2 to 3 dimensions, but got {x.ndim}-dimensional tensor for argument #1 'self' (while checking "
            "arguments for adaptive_avg_pool1d)"
        )
    require_one_int("adaptive_avg_pool1d", "output_size", output_size)
    return squeeze_dim.straight(adaptive_avg_pool2d(unsqueeze.straight(x, -2), (1, *output_size)), -2)
