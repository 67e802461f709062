"""Poolings by a factor that is no whole number: each plane has windows of its own, whose places a drawn number shifts.

With the number u, in [0, 1), and α = (n − kernel) / (m − 1), window i of m over n places begins at ⌊(i + u)·α⌋ − ⌊u·α⌋, the last
one at n − kernel. Rests on declare and pool_kernels; `nn.functional` draws the numbers.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op
from autogradkit._ops.declare.kinds import Array, Pair, Triple
from autogradkit._ops.declare.refusals import scalar_type
from autogradkit._ops.network.pool_kernels import scatter_to_positions
from autogradkit.core.dtype import from_numpy_dtype
from autogradkit.core.tensor import wrap

Shape = tuple[int, ...]
_NAMES = ("time", "height", "width")


def _meta(dims: int, x: Array, kernel_size: Shape, output_size: Shape, random_samples: Array) -> Any:
    name = f"fractional_max_pool{dims}d{'_out' * (dims == 3)}"
    ints = "Ints" if dims == 2 else "three Ints"
    for what, given in (("kernel_size", kernel_size), ("output_size", output_size)):
        if len(given) != dims:
            raise RuntimeError(f"fractional_max_pool{dims}d: {what} must either be a single Int or tuple of {ints}")
    if x.ndim not in (dims + 1, dims + 2):
        raise RuntimeError(f"{name}(): Expected {dims + 1}D or {dims + 2}D tensor, but got: {list(x.shape)}")
    for at in range(1, x.ndim):
        if not x.shape[at]:
            raise RuntimeError(
                f"{name}(): Expected input to have non-zero size for non-batch dimensions, but got{list(x.shape)} with "
                f"dimension {at} being empty."
            )
    for what, size, wanted, n in zip(_NAMES[-dims:], kernel_size, output_size, x.shape[-dims:], strict=True):
        if wanted + size - (dims == 2) > n:  # in volumes PyTorch wants one more
            raise RuntimeError(f"{name}(): pool {what} {size} too large relative to input {what} {n}")
    _require_samples(dims, x, random_samples)
    shape = (*x.shape[:-dims], *output_size)
    if min(output_size) < 0:
        raise RuntimeError(f"Trying to create tensor with negative dimension {min(output_size)}: {list(shape)}")
    if x.dtype.kind not in "fV":
        kernel, kind = f"fractional_max_pool{dims}d_out_frame", scalar_type(from_numpy_dtype(x.dtype))
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{kind}'")
    return (shape, x.dtype), (shape, np.dtype(np.int64))


def _require_samples(dims: int, x: Array, drawn: Array) -> None:
    """Raise RuntimeError where there is no number for each plane and dimension."""
    if drawn.dtype != x.dtype:
        raise RuntimeError("Expect _random_samples to have the same dtype as input")
    if drawn.ndim != 3:
        raise RuntimeError(f"Expect _random_samples to have 3 dimensions, got {drawn.ndim}")
    planes = (1, *x.shape)[-dims - 2 : -dims]
    if drawn.shape[0] < planes[0]:
        raise RuntimeError("Expect _random_samples.size(0) no less then input batch size.")
    if drawn.shape[1] != planes[1]:
        raise RuntimeError("Expect _random_samples.size(1) equals to input channel size.")
    if drawn.shape[2] != dims:
        raise RuntimeError(f"Expect _random_samples.size(2) equals to {dims}; got {drawn.shape[2]}.")


def _begins(drawn: Array, n: int, size: int, count: int) -> Array:
    """(planes, count): where the windows of each plane begin."""
    begins = np.full((len(drawn), count), n - size)
    if count > 1:
        step = np.divide(drawn.dtype.type(n - size), drawn.dtype.type(count - 1))
        places = np.arange(count - 1).astype(drawn.dtype)
        begins[:, :-1] = ((places + drawn[:, None]) * step).astype(int) - (drawn * step).astype(int)[:, None]
    return begins


def _maxima(x: Array, kernel: Shape, drawn: Array, out: tuple[Array, Array]) -> None:
    dims, counts = len(kernel), out[0].shape[-len(kernel) :]
    planes = math.prod(x.shape[:-dims])
    if not out[0].size:
        return
    numbers = drawn.reshape(-1, dims)[:planes]
    if dims == 2:
        numbers = numbers[:, ::-1]  # that of the width comes first
    seen: Any = 0  # (planes, *counts, *kernel): the positions that each window sees
    for at, (n, size, count) in enumerate(zip(x.shape[-dims:], kernel, counts, strict=True)):
        places = _begins(numbers[:, at], n, size, count)[:, :, None] + np.arange(size)
        shape = [planes, *(1,) * (2 * dims)]
        shape[1 + at], shape[1 + dims + at] = count, size
        seen = seen + places.reshape(shape) * math.prod(x.shape[x.ndim - dims + at + 1 :])
    seen = seen.reshape(planes, math.prod(counts), -1)
    values = np.take_along_axis(x.reshape(planes, 1, -1), seen, -1)
    # Of equal numbers the first counts, of NaNs the last.
    nan = np.isnan(values[..., ::-1])
    chosen = np.where(nan.any(-1), values.shape[-1] - 1 - np.argmax(nan, -1), np.argmax(values, -1))[..., None]
    np.copyto(out[0], np.take_along_axis(values, chosen, -1).reshape(out[0].shape))
    np.copyto(out[1], np.take_along_axis(seen, chosen, -1).reshape(out[1].shape))


def _random_samples(t: Any, *shape: int) -> Any:
    """Numbers in [0, 1) that are no operands to differentiate by."""
    return t(*shape, low=0.1, high=0.9).detach()


@op(
    variants="",
    node="FractionalMaxPool2DBackward0",
    meta=lambda self, kernel_size, output_size, random_samples: _meta(
        2, self, kernel_size, output_size, random_samples
    ),
    outputs="result0 result1",
    differentiable_outputs=1,
    samples=lambda t: [
        (t(2, 3, 7, 5), (2, 3), (3, 2), _random_samples(t, 2, 3, 2)),
        (t(2, 5, 5), (2, 2), (4, 1), _random_samples(t, 1, 2, 2)),
    ],
    vjp={
        "self": lambda g, self, kernel_size, output_size, result1: k.fractional_max_pool2d_backward(
            g, self, kernel_size, output_size, result1
        )
    },
    rule="∂self = ∂ at each window's maximum, added where windows meet",
)
def fractional_max_pool2d(
    self: Array, kernel_size: Pair, output_size: Pair, random_samples: Array, *, out: tuple[Array, Array]
) -> None:
    """The maxima of windows whose places are shifted by drawn numbers, (N, C, 2) of them, and their positions."""
    _maxima(self, kernel_size, random_samples, out)


@op(
    variants="",
    node="FractionalMaxPool2DBackwardBackward0",
    meta=lambda grad_output, self, *_: (self.shape, grad_output.dtype),
    samples=lambda t: [
        (t(1, 1, 2), t(1, 2, 3), (1, 2), (1, 2), wrap(np.array([[[1, 4]]]))),
    ],
    vjp={
        "grad_output": lambda g, indices: k.values_at_indices(g, indices),
        "self": lambda g, self: k.zeros_like(self),
    },
    rule="∂grad_output = ∂ at each window's maximum\n∂self = 0",
)
def fractional_max_pool2d_backward(
    grad_output: Array, self: Array, kernel_size: Pair, output_size: Pair, indices: Array, *, out: Array
) -> None:
    """Each gradient at the place that its maximum came from, zeros elsewhere."""
    scatter_to_positions(grad_output, indices, 2, out)


@op(
    variants="",
    node="FractionalMaxPool3DBackward0",
    meta=lambda self, kernel_size, output_size, random_samples: _meta(
        3, self, kernel_size, output_size, random_samples
    ),
    outputs="result0 result1",
    differentiable_outputs=1,
    samples=lambda t: [
        (t(1, 2, 5, 5, 4), (2, 3, 1), (3, 2, 3), _random_samples(t, 1, 2, 3)),
        (t(2, 4, 3, 4), (2, 2, 2), (2, 1, 2), _random_samples(t, 1, 2, 3)),
    ],
    vjp={
        "self": lambda g, self, kernel_size, output_size, result1: k.fractional_max_pool3d_backward(
            g, self, kernel_size, output_size, result1
        )
    },
    rule="∂self = ∂ at each window's maximum, added where windows meet",
)
def fractional_max_pool3d(
    self: Array, kernel_size: Triple, output_size: Triple, random_samples: Array, *, out: tuple[Array, Array]
) -> None:
    """The maxima of windows whose places are shifted by drawn numbers, (N, C, 3) of them, and their positions."""
    _maxima(self, kernel_size, random_samples, out)


@op(
    variants="",
    node="FractionalMaxPool3DBackwardBackward0",
    meta=lambda grad_output, self, *_: (self.shape, grad_output.dtype),
    samples=lambda t: [
        (t(1, 1, 1, 2), t(1, 2, 2, 3), (1, 1, 2), (1, 1, 2), wrap(np.array([[[[1, 4]]]]))),
    ],
    vjp={
        "grad_output": lambda g, indices: k.values_in_volumes(g, indices),
        "self": lambda g, self: k.zeros_like(self),
    },
    rule="∂grad_output = ∂ at each window's maximum\n∂self = 0",
)
def fractional_max_pool3d_backward(
    grad_output: Array, self: Array, kernel_size: Triple, output_size: Triple, indices: Array, *, out: Array
) -> None:
    """Each gradient at the place that its maximum came from, zeros elsewhere."""
    scatter_to_positions(grad_output, indices, 3, out)
