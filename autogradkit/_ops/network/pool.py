"""Pooling: `max_pool2d_with_indices`, its backward as an op of its own, and `max_pool2d` over them.

Rests on declare, pool_kernels and conv's layouts. `nn.functional` offers `max_pool2d`, `nn.MaxPool2d` uses it.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op
from autogradkit._ops.declare.kinds import Array, Pair
from autogradkit._ops.declare.refusals import scalar_type
from autogradkit._ops.network.conv_kernels import image_spec, prefers_channels_last
from autogradkit._ops.network.pool_kernels import gather_from_positions, max_pool, scatter_to_positions
from autogradkit.core.dtype import from_numpy_dtype
from autogradkit.core.tensor import wrap

Shape = tuple[int, ...]
Window = tuple[tuple[int, int], tuple[int, int], tuple[int, int], tuple[int, int]]

_INT64 = np.dtype(np.int64)


# What follows from sizes alone is checked and worked out once for each.


@functools.lru_cache(1024)
def _window(kernel_size: Shape, stride: Shape, padding: Shape, dilation: Shape) -> Window:
    """(kernel, stride, padding, dilation), each for rows and columns."""
    kernel = _pair(kernel_size, "kernel_size")
    step = _pair(stride, "stride", "omitted, ") if stride else kernel
    around, spread = _pair(padding, "padding"), _pair(dilation, "dilation")
    if 0 in step:
        raise RuntimeError("stride should not be zero")
    if min(kernel) <= 0:
        raise RuntimeError(f"kernel size should be greater than zero, but got kH: {kernel[0]} kW: {kernel[1]}")
    for pad, size, gap in zip(around, kernel, spread, strict=True):
        if pad < 0:
            raise RuntimeError(f"pad must be non-negative, but got pad: {pad}")
        if pad > (gap * (size - 1) + 1) // 2:
            raise RuntimeError(
                f"pad should be at most half of effective kernel size, but got pad={pad}, kernel_size={size} and "
                f"dilation={gap}"
            )
    if min(step) < 0:
        raise RuntimeError(f"stride should be greater than zero, but got dH: {step[0]} dW: {step[1]}")
    if min(spread) <= 0:
        raise RuntimeError(
            f"dilation should be greater than zero, but got dilationH: {spread[0]} dilationW: {spread[1]}"
        )
    return kernel, step, around, spread


def _pair(values: Shape, name: str, omitted: str = "") -> tuple[int, int]:
    if len(values) not in (1, 2):
        raise RuntimeError(f"max_pool2d: {name} must either be {omitted}a single int, or a tuple of two ints")
    return values[0], values[-1]


@functools.lru_cache(4096)
def _result_shape(shape: Shape, window: Window, ceil_mode: bool) -> Shape:
    if len(shape) not in (3, 4):
        raise RuntimeError("non-empty 3D or 4D (batch mode) tensor expected for input")
    if 0 in shape[-3:]:
        raise RuntimeError(
            f"Expected 3D or 4D (batch mode) tensor with optional 0 dim batch size for input, but got:{list(shape)}"
        )
    found: list[int] = []
    for n, size, step, pad, gap in zip(shape[-2:], *window, strict=True):
        reach = n + 2 * pad - gap * (size - 1) - 1
        count = (reach + (step - 1 if ceil_mode else 0)) // step + 1
        # The last window must begin inside the input or the padding before it.
        if ceil_mode and (count - 1) * step >= n + pad:
            count -= 1
        found.append(count)
    if min(found) < 1:
        channels, height, width = shape[-3:]
        raise RuntimeError(
            f"Given input size: ({channels}x{height}x{width}). Calculated output size: ({channels}x{found[0]}x{found[1]}). "
            "Output size is too small"
        )
    return (*shape[:-2], *found)


def _pooled_meta(
    self: Array, kernel_size: Shape, stride: Shape, padding: Shape, dilation: Shape, ceil_mode: bool
) -> tuple[Any, Any]:
    window = _window(kernel_size, stride, padding, dilation)
    shape = _result_shape(self.shape, window, ceil_mode)
    if self.dtype.kind not in "fiuV":
        raise NotImplementedError(f"\"max_pool2d\" not implemented for '{scalar_type(from_numpy_dtype(self.dtype))}'")
    innermost = len(shape) == 4 and prefers_channels_last(self)
    return image_spec(shape, self.dtype, innermost), image_spec(shape, _INT64, innermost)


@op(
    variants="",
    label="max_pool2d",
    node="MaxPool2DWithIndicesBackward0",
    meta=_pooled_meta,
    outputs="result0 result1",
    differentiable_outputs=1,
    samples=lambda t: [
        (t(2, 3, 6, 4), (2, 2), (), (0, 0), (1, 1), False),
        (t(3, 7, 6), (3, 2), (2, 1), (1, 1), (1, 2), True),
    ],
    vjp={
        "self": lambda g, self, kernel_size, stride, padding, dilation, ceil_mode, result1: (
            k.max_pool2d_with_indices_backward(g, self, kernel_size, stride, padding, dilation, ceil_mode, result1)
        )
    },
    rule="∂self = ∂ at each window's maximum, 0 elsewhere",
)
def max_pool2d_with_indices(
    self: Array,
    kernel_size: Pair,
    stride: Pair = (),  # type: ignore[assignment]
    padding: Pair = 0,  # type: ignore[assignment]
    dilation: Pair = 1,  # type: ignore[assignment]
    ceil_mode: bool = False,
    *,
    out: tuple[Array, Array],
) -> None:
    """The largest value of each window, and its position in the H·W plane (int64)."""
    window = _window(kernel_size, stride, padding, dilation)
    if self.ndim == 4:
        max_pool(self, *window, *out)
    else:
        max_pool(self[None], *window, out[0][None], out[1][None])


def _backward_meta(
    grad_output: Array, self: Array, kernel_size: Shape, stride: Shape, padding: Shape, dilation: Shape,
    ceil_mode: bool, indices: Array,
) -> Any:  # fmt: skip
    return image_spec(self.shape, grad_output.dtype, self.ndim == 4 and prefers_channels_last(self))


@op(
    variants="",
    node="MaxPool2DWithIndicesBackwardBackward0",
    meta=_backward_meta,
    samples=lambda t: [
        (t(1, 1, 2), t(1, 2, 4), (2, 2), (), (0, 0), (1, 1), False, wrap(np.array([[[1, 6]]]))),
    ],
    vjp={
        "grad_output": lambda g, indices: k.values_at_indices(g, indices),
        "self": lambda g, self: k.zeros_like(self),
    },
    rule="∂grad_output = ∂ at each window's maximum\n∂self = 0",
)
def max_pool2d_with_indices_backward(
    grad_output: Array,
    self: Array,
    kernel_size: Pair,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    ceil_mode: bool,
    indices: Array,
    *,
    out: Array,
) -> None:
    """Each gradient at the place that its maximum came from, zeros elsewhere."""
    kernel, steps, _, spread = _window(kernel_size, stride, padding, dilation)
    disjoint = spread[0] * (kernel[0] - 1) < steps[0] and spread[1] * (kernel[1] - 1) < steps[1]
    if out.ndim == 4:
        scatter_to_positions(grad_output, indices, disjoint, out)
    else:
        scatter_to_positions(grad_output[None], indices[None], disjoint, out[None])


@op(
    variants="",
    meta=lambda self, indices: (indices.shape, self.dtype),
    samples=lambda t: [(t(1, 2, 4), wrap(np.array([[[1, 6]]])))],
    vjp={
        "self": lambda g, self, indices: k.max_pool2d_with_indices_backward(
            g, self, (1, 1), (1, 1), (0, 0), (1, 1), False, indices
        )
    },
    rule="∂self = ∂ at the indices, 0 elsewhere",
)
def values_at_indices(self: Array, indices: Array, *, out: Array) -> None:
    """The values of each H·W plane at the positions that pooling found."""
    if self.ndim == 4:
        gather_from_positions(self, indices, out)
    else:
        gather_from_positions(self[None], indices[None], out[None])


@op(variants="function", composition=True)
def max_pool2d(
    self: Array,
    kernel_size: Pair,
    stride: Pair = (),  # type: ignore[assignment]
    padding: Pair = 0,  # type: ignore[assignment]
    dilation: Pair = 1,  # type: ignore[assignment]
    ceil_mode: bool = False,
) -> Any:
    """The largest value of each window of images (N, C, H, W) or (C, H, W).

    `stride` is `kernel_size` unless given. `ceil_mode` keeps the last, incomplete window. The first of equal values gets
    the gradient; NaN wins over numbers. Raises RuntimeError where the window does not fit.

    >>> import autogradkit as torch
    >>> torch.max_pool2d(torch.arange(16.0).reshape(1, 4, 4), 2)
    tensor([[[ 5.,  7.],
             [13., 15.]]])
    """
    step = () if stride is None else stride
    return max_pool2d_with_indices.straight(self, kernel_size, step, padding, dilation, ceil_mode)[0]
