"""Averages of windows: avg_pool2d and avg_pool3d with backwards that are ops of their own, and avg_pool1d over them.

Rests on declare and pool_windows. `nn.functional` publishes them.
"""

from __future__ import annotations

import functools
import itertools
from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op
from autogradkit._ops.declare.kinds import Array, Pair, Single, Triple
from autogradkit._ops.declare.refusals import scalar_type
from autogradkit._ops.making.scalars import number_in
from autogradkit._ops.network.channels_last import image_spec, prefers_channels_last
from autogradkit._ops.network.pool_windows import (
    Window,
    pooled_shape,
    require_batch,
    require_one_int,
    spread_window,
    window_of,
)
from autogradkit._ops.network.rounding import write_whole, write_whole_by
from autogradkit._ops.views.dimensions import squeeze_dim, unsqueeze
from autogradkit.core.dtype import from_numpy_dtype, is_half
from autogradkit.core.shapes import dim_of_size

Shape = tuple[int, ...]


def _meta(
    dims: int, x: Array, kernel_size: Shape, stride: Shape, padding: Shape, ceil_mode: bool, divisor: int | None
) -> Any:
    name = f"avg_pool{dims}d"
    spread_window(name, dims, kernel_size, stride, padding)
    if dims == 3:
        require_batch(dims, x.ndim)
    if divisor == 0:
        raise RuntimeError("divisor must be not zero")
    if dims == 2:
        dim_of_size(-3, x.ndim)  # PyTorch asks for the size of the channels first
    window = window_of(name, dims, kernel_size, stride, padding)
    if dims == 2 and x.ndim not in (3, 4):
        raise RuntimeError(
            f"Expected 3D or 4D (batch mode) tensor with optional 0 dim batch size for input, but got:{list(x.shape)}"
        )
    if dims == 3 and x.ndim in (4, 5) and 0 not in x.shape[-4:]:
        _require_room(x.shape[-3:], window[0])
    shape = pooled_shape(x.shape, window, ceil_mode, "avg_pool3d()")
    if x.dtype != np.int64 and (x.dtype.kind not in "fV" or (dims == 3 and is_half(x.dtype))):
        kernel = "avg_pool2d" if dims == 2 else "avg_pool3d_out_frame"
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{scalar_type(from_numpy_dtype(x.dtype))}'")
    return image_spec(shape, x.dtype, x.ndim == 4 and dims == 2 and prefers_channels_last(x))


def _require_room(sizes: Shape, kernel: Shape) -> None:
    """Raise RuntimeError for a volume that is smaller than the window, whatever padding is around it."""
    if any(n < size for n, size in zip(sizes, kernel, strict=True)):
        shown = [
            " ".join(f"{prefix}{letter}: {n}" for letter, n in zip("THW", each, strict=True))
            for prefix, each in (("", sizes), ("k", kernel))
        ]
        raise RuntimeError(f"input image ({shown[0]}) smaller than kernel size ({shown[1]})")


@functools.lru_cache(256)
def _divisors(
    sizes: Shape, result: Shape, window: Window, padded_counts: bool, divisor: int | None, kind: np.dtype[Any]
) -> Array:
    """What the sum of each window is divided by: one number, if it is the same for all."""
    counts: Any = np.full((), 1.0 if divisor is None else divisor)
    if divisor is None:
        for at, (n, count, size, step, pad) in enumerate(zip(sizes, result, *window[:3], strict=True)):
            first = np.arange(count) * step - pad
            last = np.minimum(first + size, n + pad)
            inside = last - first if padded_counts else np.minimum(last, n) - np.maximum(first, 0)
            counts = counts * inside.reshape(-1, *(1,) * (len(sizes) - 1 - at))
    return np.asarray(counts if counts.min() != counts.max() else counts.min(), kind)


@functools.lru_cache(256)
def _places(sizes: Shape, result: Shape, window: Window) -> tuple[Shape, Any, list[Any]]:
    """(sizes that are enough for all windows, where in them the input is, what stands at each place of all windows)."""
    steps = list(zip(sizes, result, *window[:3], strict=True))
    whole = tuple([max(n + 2 * p, (count - 1) * s + size) for n, count, size, s, p in steps])
    inside = (..., *[slice(p, p + n) for n, _, _, _, p in steps])
    places = [
        (..., *[slice(i, i + s * (count - 1) + 1, s) for i, (_, count, _, s, _) in zip(place, steps, strict=True)])
        for place in itertools.product(*map(range, window[0]))
    ]
    return whole, inside, places


def _average(x: Array, window: Window, padded_counts: bool, divisor: int | None, out: Array) -> None:
    result = out.shape[-len(window[0]) :]
    sizes = x.shape[-len(result) :]
    whole, inside, places = _places(sizes, result, window)

    def body(x: Array) -> Array:
        memory = x
        if whole != sizes:
            memory = np.zeros((*x.shape[: -len(result)], *whole), x.dtype)
            memory[inside] = x
        total = memory[places[0]] + number_in(x, 0)
        for place in places[1:]:
            np.add(total, memory[place], total)
        divisors = _divisors(sizes, result, window, padded_counts, divisor, total.dtype)
        if total.dtype.kind in "iu":
            towards = (total % divisors != 0) & ((total < 0) != (divisors < 0))  # 0, as C++ divides
            return total // divisors + towards
        return total / divisors

    write_whole(out, body, x)


def _spread(g: Array, window: Window, padded_counts: bool, divisor: int | None, out: Array) -> None:
    result = g.shape[-len(window[0]) :]
    sizes = out.shape[-len(result) :]
    whole, inside, places = _places(sizes, result, window)

    def body(g: Array, out: Array) -> None:
        memory = out if whole == sizes else np.empty((*out.shape[: -len(result)], *whole), g.dtype)
        memory.fill(0)
        share = g / _divisors(sizes, result, window, padded_counts, divisor, g.dtype)
        for place in places:
            into = memory[place]
            np.add(into, share, into)
        if memory is not out:
            out[...] = memory[inside]

    write_whole_by(out, body, g)


@op(
    variants="",
    node="AvgPool2DBackward0",
    meta=lambda self, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override: _meta(
        2, self, kernel_size, stride, padding, ceil_mode, divisor_override
    ),
    samples=lambda t: [
        (t(2, 5, 4), (2, 2), (), (0, 0), False, True, None),
        (t(1, 2, 5, 6), (3, 2), (2, 1), (1, 1), True, False, None),
    ],
    vjp={
        "self": lambda g, self, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override: (
            k.avg_pool2d_backward(g, self, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
        )
    },
    rule="∂self = ∂ over the number that each window counts, added where windows meet",
)
def avg_pool2d(
    self: Array,
    kernel_size: Pair,
    stride: Pair = (),  # type: ignore[assignment]
    padding: Pair = 0,  # type: ignore[assignment]
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
    *,
    out: Array,
) -> None:
    """The mean of each window."""
    window = window_of("avg_pool2d", 2, kernel_size, stride, padding)
    _average(self, window, count_include_pad, divisor_override, out)


@op(
    variants="",
    node="AvgPool2DBackwardBackward0",
    meta=lambda grad_output, self, *_: image_spec(
        self.shape, grad_output.dtype, self.ndim == 4 and prefers_channels_last(self)
    ),
    samples=lambda t: [(t(2, 2, 2), t(2, 4, 4), (2, 2), (), (0, 0), False, True, None)],
    vjp={
        "grad_output": lambda g, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override: (
            k.avg_pool2d(g, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
        ),
        "self": lambda g, self: k.zeros_like(self),
    },
    rule="∂grad_output = the mean of ∂ in each window\n∂self = 0",
)
def avg_pool2d_backward(
    grad_output: Array,
    self: Array,
    kernel_size: Pair,
    stride: Pair,
    padding: Pair,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
    *,
    out: Array,
) -> None:
    """Each gradient, over the number that its window counts, at every place of the window."""
    window = window_of("avg_pool2d", 2, kernel_size, stride, padding)
    _spread(grad_output, window, count_include_pad, divisor_override, out)


@op(
    variants="",
    node="AvgPool3DBackward0",
    meta=lambda self, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override: _meta(
        3, self, kernel_size, stride, padding, ceil_mode, divisor_override
    ),
    samples=lambda t: [
        (t(2, 4, 5, 4), (2, 2, 2), (), (0, 0, 0), False, True, None),
        (t(1, 2, 3, 5, 4), (3, 3, 2), (2, 2, 1), (1, 1, 1), True, False, None),
    ],
    vjp={
        "self": lambda g, self, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override: (
            k.avg_pool3d_backward(g, self, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
        )
    },
    rule="∂self = ∂ over the number that each window counts, added where windows meet",
)
def avg_pool3d(
    self: Array,
    kernel_size: Triple,
    stride: Triple = (),  # type: ignore[assignment]
    padding: Triple = 0,  # type: ignore[assignment]
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
    *,
    out: Array,
) -> None:
    """The mean of each window."""
    window = window_of("avg_pool3d", 3, kernel_size, stride, padding)
    _average(self, window, count_include_pad, divisor_override, out)


@op(
    variants="",
    node="AvgPool3DBackwardBackward0",
    meta=lambda grad_output, self, *_: image_spec(self.shape, grad_output.dtype, False),
    samples=lambda t: [(t(2, 2, 2, 2), t(2, 4, 4, 4), (2, 2, 2), (), (0, 0, 0), False, True, None)],
    vjp={
        "grad_output": lambda g, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override: (
            k.avg_pool3d(g, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
        ),
        "self": lambda g, self: k.zeros_like(self),
    },
    rule="∂grad_output = the mean of ∂ in each window\n∂self = 0",
)
def avg_pool3d_backward(
    grad_output: Array,
    self: Array,
    kernel_size: Triple,
    stride: Triple,
    padding: Triple,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
    *,
    out: Array,
) -> None:
    """Each gradient, over the number that its window counts, at every place of the window."""
    window = window_of("avg_pool3d", 3, kernel_size, stride, padding)
    _spread(grad_output, window, count_include_pad, divisor_override, out)


@op(variants="function", composition=True)
def avg_pool1d(
    self: Array,
    kernel_size: Single,
    stride: Single = (),  # type: ignore[assignment]
    padding: Single = (0,),
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Any:
    """The mean of each window of sequences (N, C, L) or (C, L); `stride` is `kernel_size` unless given.

    Raises RuntimeError where the window does not fit.

    >>> import autogradkit as torch
    >>> torch.avg_pool1d(torch.tensor([[1.0, 3.0, 5.0, 9.0]]), 2)
    tensor([[2., 7.]])
    """
    x: Any = self
    if x.ndim not in (2, 3):
        raise RuntimeError(
            "Expected 2 to 3 dimensions, but got " + f"{x.ndim}-dimensional tensor for argument #1 'self' "
            "(while checking arguments for avg_pool1d)"
        )
    for name, each, omitted in (
        ("kernel_size", kernel_size, False),
        ("stride", stride, True),
        ("padding", padding, False),
    ):
        if each or not omitted:
            require_one_int("avg_pool1d", name, each)
    step = (1, *stride) if stride else ()
    found = avg_pool2d(unsqueeze.straight(x, -2), (1, *kernel_size), step, (0, *padding), ceil_mode, count_include_pad)
    return squeeze_dim.straight(found, -2)
