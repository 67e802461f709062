"""Convolution in one, two or three dimensions, and transposed, by the kernels of two dimensions.

A sequence is an image one row high. A volume is convolved plane by plane of the kernel: for each, the planes of the input that
it meets are a batch of images. A transposed convolution is the gradient of a convolution with respect to its input, so that its
own gradients are a convolution again. Rests on conv_kernels; `conv.py` declares the ops.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.network.conv_kernels import convolve, convolve_backward
from autogradkit._ops.network.window import Window
from autogradkit.core.memory import empty
from autogradkit.core.storage import Array


def convolution_of(x: Array, weight: Array, bias: Array | None, window: Window, transposed: bool, out: Array) -> None:
    """Write the convolution of x (N×C×…) with weight, plus bias, into `out`."""
    if not transposed:
        _forward(x, weight, bias, window, out)
        return
    if x.size and out.size:
        _backward(x, out, weight, window, out, None, None)
    else:
        out.fill(0)
    if bias is not None:
        out += bias.reshape(-1, *(1,) * (out.ndim - 2))


def gradients_of(
    gradient: Array,
    x: Array,
    weight: Array,
    window: Window,
    transposed: bool,
    to_x: Array | None,
    to_weight: Array | None,
    to_bias: Array | None,
) -> None:
    """Write the gradients with respect to x, weight and bias into the arrays given for them."""
    if not transposed:
        _backward(gradient, x, weight, window, to_x, to_weight, to_bias)
        return
    if to_x is not None:
        _forward(gradient, weight, None, window, to_x)
    if to_weight is not None:
        _backward(x, gradient, weight, window, None, to_weight, None)
    if to_bias is not None:
        np.copyto(to_bias, np.add.reduce(gradient, (0, *range(2, gradient.ndim))))


def _forward(x: Array, weight: Array, bias: Array | None, window: Window, out: Array) -> None:
    if x.ndim == 4:
        convolve(x, weight, bias, window, out)
    elif x.ndim == 3:
        convolve(x[:, :, None], weight[:, :, None], bias, _of_one_row(window), out[:, :, None])
    else:
        total: Any = 0
        for i, part in _planes(_deep(x, window), weight, window, out.shape[2]):
            images = _as_images(part)
            made = empty((len(images), out.shape[1], *out.shape[3:]), out.dtype)
            convolve(images, weight[:, :, i], None, _within(window), made)
            total = made if i == 0 else total + made
        np.copyto(_planes_first(out), total.reshape(_planes_first(out).shape))
        if bias is not None:
            out += bias[:, None, None, None]


def _backward(
    gradient: Array,
    x: Array,
    weight: Array,
    window: Window,
    to_x: Array | None,
    to_weight: Array | None,
    to_bias: Array | None,
) -> None:
    if x.ndim == 4:
        convolve_backward(gradient, x, weight, window, to_x, to_weight, to_bias)
    elif x.ndim == 3:
        rows = [None if each is None else each[:, :, None] for each in (gradient, x, weight, to_x, to_weight)]
        convolve_backward(*rows[:3], _of_one_row(window), *rows[3:], to_bias)  # type: ignore[arg-type]
    else:
        _volume_backward(gradient, x, weight, window, to_x, to_weight, to_bias)


def _volume_backward(
    gradient: Array,
    x: Array,
    weight: Array,
    window: Window,
    to_x: Array | None,
    to_weight: Array | None,
    to_bias: Array | None,
) -> None:
    images = _as_images(gradient)
    # Where only the input's gradient is asked for, nothing is read from the input, and its own memory may be the result.
    deep = _deep(x, window) if to_weight is not None else np.broadcast_to(x.dtype.type(0), _deep_shape(x, window))
    collected = None if to_x is None else np.zeros(_deep_shape(x, window), x.dtype)
    for i, part in _planes(deep, weight, window, gradient.shape[2]):
        given = _as_images(part)
        spread = None if collected is None else np.empty(given.shape, x.dtype)
        slope = None if to_weight is None else np.empty((*weight.shape[:2], *weight.shape[3:]), x.dtype)
        convolve_backward(images, given, np.ascontiguousarray(weight[:, :, i]), _within(window), spread, slope, None)
        if collected is not None and spread is not None:
            met = _planes_first(_met(collected, i, window, gradient.shape[2]))
            met += spread.reshape(met.shape)
        if to_weight is not None:
            to_weight[:, :, i] = slope
    if to_x is not None and collected is not None:
        before = window.padding[0]
        np.copyto(to_x, collected[:, :, before : before + x.shape[2]])
    if to_bias is not None:
        np.copyto(to_bias, np.add.reduce(gradient, (0, 2, 3, 4)))


def _of_one_row(window: Window) -> Window:
    return Window((1, *window.stride), (0, *window.padding), (1, *window.dilation), window.groups)


def _within(window: Window) -> Window:
    """How the kernel moves in a plane."""
    return Window(window.stride[1:], window.padding[1:], window.dilation[1:], window.groups)


def _deep_shape(x: Array, window: Window) -> tuple[int, ...]:
    return (*x.shape[:2], x.shape[2] + 2 * window.padding[0], *x.shape[3:])


def _deep(x: Array, window: Window) -> Array:
    """With the planes of padding before and behind it."""
    before = window.padding[0]
    if not before:
        return x
    padded = np.zeros(_deep_shape(x, window), x.dtype)
    padded[:, :, before : before + x.shape[2]] = x
    return padded


def _met(deep: Array, i: int, window: Window, count: int) -> Array:
    """The planes that plane i of the kernel meets."""
    first, step = window.dilation[0] * i, window.stride[0]
    return deep[:, :, first : first + step * (count - 1) + 1 : step]


def _planes(deep: Array, weight: Array, window: Window, count: int) -> Any:
    return [(i, _met(deep, i, window, count)) for i in range(weight.shape[2])]


def _planes_first(volume: Array) -> Array:
    return volume.transpose(0, 2, 1, 3, 4)


def _as_images(volume: Array) -> Array:
    planes = _planes_first(volume)
    return planes.reshape(-1, *planes.shape[2:])
