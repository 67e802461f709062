"""Pooling: `max_pool2d_with_indices`, its backward as an op of its own, and `max_pool2d` over them.

Rests on op and pool_kernels. `nn.functional` offers `max_pool2d`, `nn.MaxPool2d` uses it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.conv_kernels import images, prefers_channels_last
from autogradkit._ops.declare import k
from autogradkit._ops.op import Array, composite, op
from autogradkit._ops.pool_kernels import gather_from_positions, max_pool, scatter_to_positions
from autogradkit.core.memory import empty
from autogradkit.core.tensor import Tensor, wrap

Sizes = tuple[int, ...]


@op(
    method=False,
    function=False,
    node="MaxPool2DWithIndicesBackward0",
    outputs=("result0", "result1"),
    differentiable_outputs=1,
    samples=lambda t: [
        (t(2, 3, 6, 4), (2, 2), (), (0, 0), (1, 1), False),
        (t(3, 7, 6), (3, 2), (2, 1), (1, 1), (1, 2), True),
    ],
)
def max_pool2d_with_indices(
    self: Array, kernel_size: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, ceil_mode: bool
) -> tuple[Array, Array]:
    """The largest value of each window, and its position in the H·W plane (int64)."""
    size = _output_size(self, kernel_size, stride or kernel_size, padding, dilation, ceil_mode)
    x = self if self.ndim == 4 else self[None]
    shape = (*x.shape[:2], *size)
    innermost = self.ndim == 4 and prefers_channels_last(self)
    values, positions = images(shape, self.dtype, innermost), images(shape, np.dtype(np.int64), innermost)
    max_pool(
        x,
        (kernel_size[0], kernel_size[1]),
        (stride[0], stride[1]) if stride else (kernel_size[0], kernel_size[1]),
        (padding[0], padding[1]),
        (dilation[0], dilation[1]),
        values,
        positions,
    )
    return (values, positions) if self.ndim == 4 else (values[0], positions[0])


def _output_size(
    x: Array, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, ceil_mode: bool
) -> tuple[int, int]:
    if x.ndim not in (3, 4):
        raise RuntimeError("non-empty 3D or 4D (batch mode) tensor expected for input")
    if x.dtype.kind not in "fiu":
        raise NotImplementedError("\"max_pool2d\" not implemented for 'Bool'")
    if 0 in kernel or 0 in stride:
        raise RuntimeError("stride should not be zero")
    if min(dilation) <= 0:
        raise RuntimeError(
            f"dilation should be greater than zero, but got dilationH: {dilation[0]} dilationW: {dilation[1]}"
        )
    for pad, size, spread in zip(padding, kernel, dilation, strict=True):
        if pad < 0:
            raise RuntimeError(f"pad must be non-negative, but got pad: {pad}")
        if pad > (spread * (size - 1) + 1) // 2:
            raise RuntimeError(
                f"pad should be at most half of effective kernel size, but got pad={pad}, kernel_size={size} and "
                f"dilation={spread}"
            )
    if 0 in x.shape[-3:]:
        raise RuntimeError(
            f"Expected 3D or 4D (batch mode) tensor with optional 0 dim batch size for input, but got:{list(x.shape)}"
        )
    found: list[int] = []
    for n, size, step, pad, spread in zip(x.shape[-2:], kernel, stride, padding, dilation, strict=True):
        reach = n + 2 * pad - spread * (size - 1) - 1
        count = (reach + (step - 1 if ceil_mode else 0)) // step + 1
        # The last window must begin inside the input or the padding before it.
        if ceil_mode and (count - 1) * step >= n + pad:
            count -= 1
        found.append(count)
    if min(found) < 1:
        channels, height, width = x.shape[-3:]
        raise RuntimeError(
            f"Given input size: ({channels}x{height}x{width}). Calculated output size: ({channels}x{found[0]}x{found[1]}). "
            "Output size is too small"
        )
    return found[0], found[1]


@op(
    method=False,
    function=False,
    node="MaxPool2DWithIndicesBackwardBackward0",
    samples=lambda t: [
        (t(1, 1, 2), t(1, 2, 4), (2, 2), (), (0, 0), (1, 1), False, wrap(np.array([[[1, 6]]]))),
    ],
)
def max_pool2d_with_indices_backward(
    grad_output: Array,
    self: Array,
    kernel_size: Sizes,
    stride: Sizes,
    padding: Sizes,
    dilation: Sizes,
    ceil_mode: bool,
    indices: Array,
) -> Array:
    """Each gradient at the place that its maximum came from, zeros elsewhere."""
    steps = stride or kernel_size
    disjoint = all(d * (n - 1) < s for n, d, s in zip(kernel_size, dilation, steps, strict=True))
    if self.ndim == 3:
        grad_output, indices, shape = grad_output[None], indices[None], (1, *self.shape)
    else:
        shape = self.shape
    found = images(shape, grad_output.dtype, self.ndim == 4 and prefers_channels_last(self))
    scatter_to_positions(grad_output, indices, disjoint, found)
    return found if self.ndim == 4 else found[0]


@op(method=False, function=False, samples=lambda t: [(t(1, 2, 4), wrap(np.array([[[1, 6]]])))])
def values_at_indices(self: Array, indices: Array) -> Array:
    """The values of each H·W plane at the positions that pooling found."""
    found = empty(indices.shape, self.dtype)
    if self.ndim == 4:
        gather_from_positions(self, indices, found)
    else:
        gather_from_positions(self[None], indices[None], found[None])
    return found


max_pool2d_with_indices.vjp(
    self=lambda g, self, kernel_size, stride, padding, dilation, ceil_mode, result1: k.max_pool2d_with_indices_backward(
        g, self, kernel_size, stride, padding, dilation, ceil_mode, result1
    )
)
max_pool2d_with_indices_backward.vjp(
    grad_output=lambda g, indices: k.values_at_indices(g, indices),
    self=lambda g, self: k.zeros_like(self),
)
values_at_indices.vjp(
    self=lambda g, self, indices: k.max_pool2d_with_indices_backward(
        g, self, (1, 1), (1, 1), (0, 0), (1, 1), False, indices
    )
)


def _pair(value: Any, name: str) -> Sizes:
    values = (value,) if isinstance(value, int | np.integer) else tuple(value)
    if len(values) not in (1, 2):
        raise RuntimeError(f"max_pool2d: {name} must either be a single int, or a tuple of two ints")
    return (int(values[0]), int(values[-1]))


@composite(method=False)
def max_pool2d(
    input: Tensor,
    kernel_size: int | Sizes,
    stride: int | Sizes | None = None,
    padding: int | Sizes = 0,
    dilation: int | Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor | tuple[Tensor, Tensor]:
    """The largest value of each window of images (N, C, H, W) or (C, H, W).

    `stride` is `kernel_size` unless given. `ceil_mode` keeps the last, incomplete window. `return_indices` also gives the
    positions in the H·W plane. The first of equal values gets the gradient; NaN wins over numbers. Raises RuntimeError
    where the window does not fit.

    >>> import autogradkit as torch
    >>> torch.max_pool2d(torch.arange(16.0).reshape(1, 4, 4), 2)
    tensor([[[ 5.,  7.],
             [13., 15.]]])
    """
    values, indices = max_pool2d_with_indices(
        input,
        _pair(kernel_size, "kernel_size"),
        () if stride is None or stride == () else _pair(stride, "stride"),
        _pair(padding, "padding"),
        _pair(dilation, "dilation"),
        bool(ceil_mode),
    )
    return (values, indices) if return_indices else values
