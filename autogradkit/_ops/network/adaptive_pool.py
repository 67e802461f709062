"""Poolings to a given size, whose windows fit themselves: means and maxima in one, two and three dimensions.

Window i of m over n places begins at ⌊i·n/m⌋ and ends before ⌈(i+1)·n/m⌉. Where all are of one size, as mostly, they are windows
of an ordinary pooling. Rests on declare and pool_kernels; `nn.functional` publishes them.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op
from autogradkit._ops.declare.kinds import Array, Pair, Single, Triple
from autogradkit._ops.declare.refusals import real_gradients, scalar_type
from autogradkit._ops.making.scalars import number_in
from autogradkit._ops.network.channels_last import image_spec, prefers_channels_last
from autogradkit._ops.network.pool_kernels import max_pool, picked, scatter_to_positions
from autogradkit._ops.network.pool_windows import require_one_int
from autogradkit._ops.network.rounding import write_whole
from autogradkit._ops.views.dimensions import squeeze_dim, unsqueeze
from autogradkit.core.dtype import from_numpy_dtype
from autogradkit.core.strides import channels_last_strides, move_dim
from autogradkit.core.tensor import wrap

Shape = tuple[int, ...]
_FEW = 16  # places of a window up to which comparing one after the other is quicker than gathering them


@functools.lru_cache(256)
def _ends(n: int, count: int) -> tuple[Array, Array]:
    """(where the windows begin, where they end)."""
    places = np.arange(count)
    return places * n // max(count, 1), -(-(places + 1) * n // max(count, 1))


def _even(sizes: Shape, counts: Shape) -> Shape | None:
    """The size of the windows, if they lie side by side and are of one."""
    if all(count and n % count == 0 for n, count in zip(sizes, counts, strict=True)):
        return tuple([n // count for n, count in zip(sizes, counts, strict=True)])
    return None


def _windows(x: Array, counts: Shape, window: Shape) -> Array:
    """Each dimension that is pooled as two: which window, and the place in it; a view, if `x` is contiguous."""
    pairs = [each for pair in zip(counts, window, strict=True) for each in pair]
    return x.reshape(*x.shape[: -len(counts)], *pairs)


def _spec(x: Array, sizes: Shape, dims: int) -> Any:
    return image_spec((*x.shape[:-dims], *sizes), x.dtype, x.ndim == 4 and dims == 2 and prefers_channels_last(x))


def _require_sizes(begins: str, whose: str, x: Array, first: int = 1) -> None:
    """Raise RuntimeError where a dimension from the `first` on has no elements."""
    for at in range(first, x.ndim):
        if not x.shape[at]:
            raise RuntimeError(
                f"{begins} to have non-zero size for non-batch dimensions, but {whose} sizes {list(x.shape)} with dimension "
                f"{at} being empty"
            )


def _spread_spec(name: str, g: Array, x: Array, dims: int) -> Any:
    """Of a gradient of x, which PyTorch refuses to make of nothing."""
    _require_sizes(f"{name}{dims}d_backward(): Expected grad_output", "grad_output has", g)
    return _spec(x, x.shape[-dims:], dims)


def _require_floats(x: Array, name: str) -> None:
    if x.dtype.kind not in "fV":
        raise NotImplementedError(f"\"{name}\" not implemented for '{scalar_type(from_numpy_dtype(x.dtype))}'")


# -- means -------------------------------------------------------------------------------------------------------------


def _mean_meta(dims: int, x: Array, output_size: Shape) -> Any:
    name = f"adaptive_avg_pool{dims}d"
    if len(output_size) != dims:
        raise RuntimeError(f"{name}: output_size must be {dims}")
    if min(output_size) < 0:
        first, *rest = output_size
        shown = f"{{{first}, {', '.join(map(str, rest))}}}" if dims == 2 else f"{{{first}, {','.join(map(str, rest))}}}"
        raise RuntimeError(f"{name}: elements of output_size must be greater than or equal to 0 but received {shown}")
    if dims == 3:
        _require_sizes(f"{name}(): Expected input", "input has", x)
    if x.ndim not in (dims + 1, dims + 2):
        raise RuntimeError(f"{name}(): Expected {dims + 1}D or {dims + 2}D tensor, but got {list(x.shape)}")
    if dims == 2:
        _require_sizes(f"{name}(): Expected input", "input has", x, x.ndim - 2)
    if dims == 3:
        _require_floats(x, f"{name}_cpu")
    elif math.prod(x.shape[:-2]) * math.prod(output_size):  # PyTorch's kernel is not called for nothing
        _require_floats(x, name)
    return _spec(x, output_size, dims)


def _means(x: Array, sizes: Shape) -> Array:
    """Sums of neighbours over how many they are: of windows of one size in PyTorch's order, else dimension by dimension."""
    window = _even(x.shape[-len(sizes) :], sizes)
    if window is not None:
        return _even_means(x, sizes, window)
    for at, count in enumerate(sizes):
        axis = x.ndim - len(sizes) + at
        if count == x.shape[axis]:  # windows of one element
            continue
        first, last = _ends(x.shape[axis], count)
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
    seen = _windows(x, sizes, window)
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
    window = _even(sizes, counts)
    if window is not None:
        for size in window:
            g = g / number_in(g, float(size))
        spread = np.empty((*g.shape[: -len(sizes)], *sizes), g.dtype)
        np.add(_windows(g, counts, (1,) * len(sizes)), number_in(g, 0), _windows(spread, counts, window))  # no -0
        return spread
    for at, n in enumerate(sizes):
        axis = g.ndim - len(sizes) + at
        first, last = _ends(n, g.shape[axis])
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
    meta=lambda grad_output, self: _spread_spec("adaptive_avg_pool", grad_output, self, 2),
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
    meta=lambda grad_output, self: _spread_spec("adaptive_avg_pool", grad_output, self, 3),
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


# -- maxima ------------------------------------------------------------------------------------------------------------


def _max_meta(dims: int, x: Array, output_size: Shape) -> Any:
    name = f"adaptive_max_pool{dims}d"
    if len(output_size) != dims:
        raise RuntimeError(f"{name}(): internal error: output_size.size() must be {dims}")
    if x.ndim not in (dims + 1, dims + 2):
        raise RuntimeError(f"{name}(): Expected {dims + 1}D or {dims + 2}D tensor, but got: {list(x.shape)}")
    _require_sizes(f"{name}(): Expected input", "input has", x)
    for each in output_size:
        if each < 0:
            raise RuntimeError(
                f"Trying to create tensor with negative dimension {each}: {[*x.shape[:-dims], *output_size]}"
            )
    _require_floats(x, name if dims == 2 else f"{name}_cpu")
    spec = _spec(x, output_size, dims)
    return spec, (spec[0], np.dtype(np.int64), *spec[2:])


@functools.lru_cache(256)
def _seen(sizes: Shape, counts: Shape) -> Array:
    """The positions in a plane that each window sees, as windows × places; short windows see their last place again."""
    dims = len(sizes)
    total: Any = 0
    for at, (n, count) in enumerate(zip(sizes, counts, strict=True)):
        first, last = _ends(n, count)
        widest = int((last - first).max(initial=1))
        places = np.minimum(first[:, None] + np.arange(widest), last[:, None] - 1)
        shape = [1] * (2 * dims)
        shape[at], shape[dims + at] = places.shape
        total = total + places.reshape(shape) * math.prod(sizes[at + 1 :])
    windows = math.prod(counts)
    return total.reshape(windows, total.size // (windows or 1))


def _maxima(x: Array, out: tuple[Array, Array], dims: int) -> None:
    counts = out[0].shape[-dims:]
    window = _even(x.shape[-dims:], counts)
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
    meta=lambda grad_output, self, indices: _spread_spec("adaptive_max_pool", grad_output, self, 2),
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
    meta=lambda grad_output, self, indices: _spread_spec("adaptive_max_pool", grad_output, self, 3),
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
    _require_sizes("adaptive_max_pool1d(): Expected input", "input has", x._array)
    found = adaptive_max_pool2d(unsqueeze.straight(x, -2), (1, *output_size))
    return tuple([squeeze_dim.straight(each, -2) for each in found])
