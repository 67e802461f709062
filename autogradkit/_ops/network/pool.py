"""Pooling: `max_pool2d_with_indices`, its backward as an op of its own, and `max_pool2d` over them.

Rests on declare, pool_kernels and conv's layouts. `nn.functional` offers `max_pool2d`, `nn.MaxPool2d` uses it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op
from autogradkit._ops.declare.kinds import Array, Pair
from autogradkit._ops.declare.refusals import scalar_type
from autogradkit._ops.network.channels_last import image_spec, prefers_channels_last
from autogradkit._ops.network.pool_kernels import (
    OVERLAPPING,
    are_disjoint,
    gather_from_positions,
    max_pool,
    scatter_to_positions,
)
from autogradkit._ops.network.pool_windows import pooled_shape, require_batch, spread_window, window_of
from autogradkit.core.dtype import from_numpy_dtype
from autogradkit.core.tensor import wrap

Shape = tuple[int, ...]

_INT64 = np.dtype(np.int64)


def _pooled_meta(
    self: Array, kernel_size: Shape, stride: Shape, padding: Shape, dilation: Shape, ceil_mode: bool
) -> tuple[Any, Any]:
    spread_window("max_pool2d", 2, kernel_size, stride, padding, dilation)
    require_batch(2, self.ndim)
    window = window_of("max_pool2d", 2, kernel_size, stride, padding, dilation)
    shape = pooled_shape(self.shape, window, ceil_mode)
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
    max_pool(self, *window_of("max_pool2d", 2, kernel_size, stride, padding, dilation), *out)


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
    window = window_of("max_pool2d", 2, kernel_size, stride, padding, dilation)
    scatter_to_positions(grad_output, indices, 2, out, disjoint=are_disjoint(*window))


def picked_spec(dims: int, x: Array, indices: Array) -> Any:
    """Of what is picked at positions in the last `dims` dimensions. Raises RuntimeError where these are empty."""
    if indices.size and not math.prod(x.shape[-dims:]):
        first = indices.reshape(-1)[0]
        raise RuntimeError(f"index {first} is out of bounds for dimension {x.ndim - dims} with size 0")
    return indices.shape, x.dtype


@op(
    variants="",
    meta=lambda self, indices: picked_spec(2, self, indices),
    samples=lambda t: [(t(1, 2, 4), wrap(np.array([[[1, 6]]])))],
    vjp={
        "self": lambda g, self, indices: k.max_pool2d_with_indices_backward(
            g, self, *OVERLAPPING, (0, 0), (1, 1), False, indices
        )
    },
    rule="∂self = ∂ at the indices, 0 elsewhere",
)
def values_at_indices(self: Array, indices: Array, *, out: Array) -> None:
    """The values of each H·W plane at the positions that pooling found."""
    gather_from_positions(self, indices, 2, out)


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
