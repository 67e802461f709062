"""Maxima of windows of sequences and volumes: max_pool1d, max_pool3d; and max_unpool, which puts them back.

Rests on declare, pool, pool_kernels and pool_windows. `nn.functional` publishes them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op
from autogradkit._ops.declare.kinds import Array, Pair, Single, Triple
from autogradkit._ops.declare.refusals import real_gradients, scalar_type
from autogradkit._ops.network.channels_last import image_spec, prefers_channels_last
from autogradkit._ops.network.pool import max_pool2d_with_indices, picked_spec
from autogradkit._ops.network.pool_kernels import (
    OVERLAPPING,
    are_disjoint,
    gather_from_positions,
    max_pool,
    scatter_to_positions,
)
from autogradkit._ops.network.pool_windows import (
    pooled_shape,
    pooled_size,
    require_batch,
    require_one_int,
    spread_window,
    window_of,
)
from autogradkit._ops.views.dimensions import squeeze_dim, unsqueeze
from autogradkit.core.dtype import from_numpy_dtype
from autogradkit.core.tensor import wrap
from autogradkit.engine.modes import MODE
from autogradkit.engine.ownership import set_version

Shape = tuple[int, ...]


# -- max_pool1d --------------------------------------------------------------------------------------------------------


def _require_sequence(x: Any) -> None:
    """Raise RuntimeError for what has no windows."""
    if x.ndim not in (2, 3) or 0 in x.shape[-2:]:
        raise RuntimeError(
            "max_pool1d: Expected 2D or 3D (batch mode) tensor with optional 0 dim batch size for input, but "
            f"got:{list(x.shape)}"
        )


@op(variants="function", composition=True)
def max_pool1d_with_indices(
    self: Array,
    kernel_size: Single,
    stride: Single = (),  # type: ignore[assignment]
    padding: Single = (0,),
    dilation: Single = (1,),
    ceil_mode: bool = False,
) -> Any:
    """As `max_pool1d`, with the position of each maximum.

    >>> import autogradkit as torch
    >>> torch.max_pool1d_with_indices(torch.tensor([[1.0, 3.0, 5.0, 2.0]]), 2)
    (tensor([[3., 5.]]), tensor([[1, 2]]))
    """
    x: Any = self
    if x.ndim not in (2, 3):
        raise RuntimeError(
            f"Expected 2 to 3 dimensions, but got {x.ndim}-dimensional tensor for argument #1 'self' (while checking "
            "arguments for max_pool1d)"
        )
    for name, each in (("kernel_size", kernel_size), ("stride", stride or kernel_size), ("padding", padding)):
        require_one_int("max_pool1d", name, each)
    require_one_int("max_pool1d", "dilation", dilation)
    step = (1, *stride) if stride else (1, *kernel_size)
    found = max_pool2d_with_indices(
        unsqueeze.straight(x, -2), (1, *kernel_size), step, (0, *padding), (1, *dilation), ceil_mode
    )
    return tuple([squeeze_dim.straight(each, -2) for each in found])


def _values_meta(
    self: Array, kernel_size: Shape, stride: Shape, padding: Shape, dilation: Shape, ceil_mode: bool
) -> Any:
    count = pooled_size(self.shape[-1], kernel_size[0], stride[0], padding[0], dilation[0], ceil_mode)
    return (*self.shape[:-1], count), self.dtype


@op(variants="", label="max_pool1d", meta=_values_meta, out=False)
def max_pool1d_values(
    self: Array, kernel_size: Single, stride: Single, padding: Single, dilation: Single, ceil_mode: bool, *, out: Array
) -> None:
    """The maxima alone, as nobody will ask for a gradient. What is given fits."""
    places = np.empty(out.shape, np.int64)
    given = [(0, *padding), (1, *dilation)]
    max_pool2d_with_indices.kernel(
        self[..., None, :],
        (1, *kernel_size),
        (1, *stride),
        *given,
        ceil_mode,
        out=(out[..., None, :], places[..., None, :]),
    )


@op(variants="function", composition=True)
def max_pool1d(
    self: Array,
    kernel_size: Single,
    stride: Single = (),  # type: ignore[assignment]
    padding: Single = (0,),
    dilation: Single = (1,),
    ceil_mode: bool = False,
) -> Any:
    """The largest value of each window of sequences (N, C, L) or (C, L); `stride` is `kernel_size` unless given.

    Raises RuntimeError where the window does not fit.

    >>> import autogradkit as torch
    >>> torch.max_pool1d(torch.tensor([[1.0, 3.0, 5.0, 2.0]]), 2)
    tensor([[3., 5.]])
    """
    x: Any = self
    _require_sequence(x)
    given = {"kernel_size": kernel_size, "stride": stride or kernel_size, "padding": padding, "dilation": dilation}
    for name, each in given.items():
        if len(each) != 1:
            omitted, comma = "None, " if name == "stride" else "", "," if name in ("stride", "padding") else ""
            raise RuntimeError(
                f"max_pool1d() {name} must be {omitted}an int, list of ints{comma} or tuple of ints of size 1 but got size "
                f"{len(each)}"
            )
    size, step, pad, gap = (each[0] for each in given.values())
    for name, value in (("kernel_size", size), ("stride", step)):
        if value <= 0:
            raise RuntimeError(f"max_pool1d() {name} must be greater than zero, but got {value}")
    if pad < 0:
        raise RuntimeError(f"max_pool1d() padding must be non-negative, but got {pad}")
    if pad > size // 2:
        raise RuntimeError(
            f"max_pool1d() padding should be at most half of kernel size, but got padding={pad} and kernel_size={size}"
        )
    if gap <= 0:
        raise RuntimeError(f"max_pool1d() dilation must be greater than zero, but got {gap}")
    count = pooled_size(x.shape[-1], size, step, pad, gap, ceil_mode)
    if count <= 0:
        raise RuntimeError(f"max_pool1d() Invalid computed output size: {count}")
    recorded = MODE.grad and x.requires_grad  # then PyTorch has the places found, by another kernel
    if x._array.dtype.kind not in "fV" and not recorded:
        raise NotImplementedError(f"\"max_pool1d_impl\" not implemented for '{scalar_type(x.dtype)}'")
    if recorded:
        return max_pool1d_with_indices(x, kernel_size, stride, padding, dilation, ceil_mode)[0]
    found = max_pool1d_values(x, kernel_size, stride or kernel_size, padding, dilation, ceil_mode)
    if x.ndim == 2:  # PyTorch takes the batch that it had added away again in place
        set_version(found, 1)
    return found


# -- max_pool3d --------------------------------------------------------------------------------------------------------


def _volume_meta(
    self: Array, kernel_size: Shape, stride: Shape, padding: Shape, dilation: Shape, ceil_mode: bool
) -> Any:
    spread_window("max_pool3d", 3, kernel_size, stride, padding, dilation)
    require_batch(3, self.ndim)
    window = window_of("max_pool3d", 3, kernel_size, stride, padding, dilation)
    shape = pooled_shape(self.shape, window, ceil_mode, "max_pool3d_with_indices_out_cpu_template()")
    if self.ndim == 4 and prefers_channels_last(self):
        raise RuntimeError("Unsupported memory format. Supports only ChannelsLast3d, Contiguous")
    if self.dtype.kind not in "fiuV":
        raise NotImplementedError(f"\"max_pool3d\" not implemented for '{scalar_type(from_numpy_dtype(self.dtype))}'")
    innermost = prefers_channels_last(self)
    return image_spec(shape, self.dtype, innermost), image_spec(shape, np.dtype(np.int64), innermost)


@op(
    variants="",
    label="max_pool3d",
    node="MaxPool3DWithIndicesBackward0",
    meta=_volume_meta,
    outputs="result0 result1",
    differentiable_outputs=1,
    samples=lambda t: [
        (t(2, 4, 4, 4), (2, 2, 2), (), (0, 0, 0), (1, 1, 1), False),
        (t(1, 2, 4, 5, 3), (2, 3, 2), (2, 1, 1), (1, 1, 0), (1, 1, 2), True),
    ],
    vjp={
        "self": lambda g, self, kernel_size, stride, padding, dilation, ceil_mode, result1: (
            k.max_pool3d_with_indices_backward(g, self, kernel_size, stride, padding, dilation, ceil_mode, result1)
        )
    },
    rule="∂self = ∂ at each window's maximum, 0 elsewhere",
)
def max_pool3d_with_indices(
    self: Array,
    kernel_size: Triple,
    stride: Triple = (),  # type: ignore[assignment]
    padding: Triple = 0,  # type: ignore[assignment]
    dilation: Triple = 1,  # type: ignore[assignment]
    ceil_mode: bool = False,
    *,
    out: tuple[Array, Array],
) -> None:
    """The largest value of each window, and its position in the volume (int64)."""
    max_pool(self, *window_of("max_pool3d", 3, kernel_size, stride, padding, dilation), *out)


@op(
    variants="",
    node="MaxPool3DWithIndicesBackwardBackward0",
    meta=lambda grad_output, self, *_: image_spec(self.shape, grad_output.dtype, prefers_channels_last(self)),
    samples=lambda t: [
        (t(1, 1, 1, 2), t(1, 2, 1, 4), (2, 1, 2), (), (0, 0, 0), (1, 1, 1), False, wrap(np.array([[[[1, 6]]]]))),
    ],
    vjp={
        "grad_output": lambda g, indices: k.values_in_volumes(g, indices),
        "self": lambda g, self: k.zeros_like(self),
    },
    rule="∂grad_output = ∂ at each window's maximum\n∂self = 0",
)
def max_pool3d_with_indices_backward(
    grad_output: Array,
    self: Array,
    kernel_size: Triple,
    stride: Triple,
    padding: Triple,
    dilation: Triple,
    ceil_mode: bool,
    indices: Array,
    *,
    out: Array,
) -> None:
    """Each gradient at the place that its maximum came from, zeros elsewhere."""
    window = window_of("max_pool3d", 3, kernel_size, stride, padding, dilation)
    scatter_to_positions(grad_output, indices, 3, out, disjoint=are_disjoint(*window))


@op(
    variants="",
    meta=lambda self, indices: picked_spec(3, self, indices),
    samples=lambda t: [(t(1, 2, 1, 4), wrap(np.array([[[[1, 6]]]])))],
    vjp={
        "self": lambda g, self, indices: k.max_pool3d_with_indices_backward(
            g, self, *OVERLAPPING, (0, 0, 0), (1, 1, 1), False, indices
        )
    },
    rule="∂self = ∂ at the indices, 0 elsewhere",
)
def values_in_volumes(self: Array, indices: Array, *, out: Array) -> None:
    """The values of each volume at the positions that pooling found."""
    gather_from_positions(self, indices, 3, out)


@op(variants="function", composition=True)
def max_pool3d(
    self: Array,
    kernel_size: Triple,
    stride: Triple = (),  # type: ignore[assignment]
    padding: Triple = 0,  # type: ignore[assignment]
    dilation: Triple = 1,  # type: ignore[assignment]
    ceil_mode: bool = False,
) -> Any:
    """The largest value of each window of volumes (N, C, D, H, W) or (C, D, H, W); `stride` is `kernel_size` unless given.

    Raises RuntimeError where the window does not fit.

    >>> import autogradkit as torch
    >>> torch.max_pool3d(torch.arange(8.0).reshape(1, 2, 2, 2), 2)
    tensor([[[[7.]]]])
    """
    return max_pool3d_with_indices(self, kernel_size, stride, padding, dilation, ceil_mode)[0]


# -- max_unpool --------------------------------------------------------------------------------------------------------


def _unpool_meta(dims: int, x: Array, indices: Array, output_size: Shape) -> Any:
    if indices.dtype != np.int64:
        raise RuntimeError(
            f"elements in indices should be type int64 but got: {scalar_type(from_numpy_dtype(indices.dtype))}"
        )
    if len(output_size) != dims:
        words = {2: "two elements (height, width)", 3: "three elements (depth, height, width)"}[dims]
        raise RuntimeError(f"There should be exactly {words} in output_size, but got {len(output_size)} elements.")
    if x.ndim not in (dims + 1, dims + 2):
        raise RuntimeError(
            f"Input to max_unpooling{dims}d should be a {dims + 1}d or {dims + 2}d Tensor, but got a tensor with {x.ndim} "
            "dimensions."
        )
    if x.shape != indices.shape:
        raise RuntimeError(
            f"Expected shape of indices to be same as that of the input tensor ({list(x.shape)}) but got indices tensor "
            f"with shape: {list(indices.shape)}"
        )
    _require_planes(dims, x)
    size = math.prod(output_size)
    shape = (*x.shape[:-dims], *output_size)
    spec = image_spec(shape, x.dtype, x.ndim == 4 and dims == 2 and prefers_channels_last(x))
    if not math.prod(shape):
        return spec
    if x.dtype.kind not in "fV":
        raise NotImplementedError(
            f"\"max_unpool{dims}d\" not implemented for '{scalar_type(from_numpy_dtype(x.dtype))}'"
        )
    if indices.size and not 0 <= indices.min() <= indices.max() < size:
        wrong = indices[(indices < 0) | (indices >= size)].reshape(-1)[0]
        sizes = ", ".join(map(str, output_size))
        raise RuntimeError(
            f"Found an invalid max index: {wrong} (output volumes are of size {'x'.join(sizes.split(', '))})"
        )
    return spec


def _require_planes(dims: int, x: Array) -> None:
    for at in range(1, x.ndim):
        if not x.shape[at]:
            raise RuntimeError(
                f"max_unpooling{dims}d_forward_out_cpu(): Expected input to have non-zero size for non-batch dimensions, but "
                f"got {list(x.shape)} with dimension {at} being empty."
            )


def _unpool(x: Array, indices: Array, dims: int, out: Array) -> None:
    planes = math.prod(out.shape[:-dims])
    flat = np.zeros((planes, math.prod(out.shape[-dims:])), out.dtype)
    if not flat.size:
        return
    np.put_along_axis(flat, indices.reshape(planes, -1), x.reshape(planes, -1), 1)
    np.copyto(out, flat.reshape(out.shape))


@op(
    variants="",
    node="MaxUnpool2DBackward0",
    meta=lambda self, indices, output_size: _unpool_meta(2, self, indices, output_size),
    dtypes=real_gradients("max_unpool2d"),
    samples=lambda t: [(t(1, 1, 2), wrap(np.array([[[1, 6]]])), (2, 4))],
    vjp={"self": lambda g, indices: k.values_at_indices(g, indices)},
    rule="∂self = ∂ at the indices",
)
def max_unpool2d(self: Array, indices: Array, output_size: Pair, *, out: Array) -> None:
    """Each number at its index in a plane of `output_size`, zeros elsewhere."""
    _unpool(self, indices, 2, out)


@op(
    variants="",
    node="MaxUnpool3DBackward0",
    meta=lambda self, indices, output_size, stride, padding: _unpool_meta(3, self, indices, output_size),
    dtypes=real_gradients("max_unpool3d"),
    samples=lambda t: [(t(1, 1, 1, 2), wrap(np.array([[[[1, 6]]]])), (2, 1, 4), (1, 1, 1), (0, 0, 0))],
    vjp={"self": lambda g, indices: k.values_in_volumes(g, indices)},
    rule="∂self = ∂ at the indices",
)
def max_unpool3d(
    self: Array, indices: Array, output_size: Triple, stride: Triple, padding: Triple, *, out: Array
) -> None:
    """Each number at its index in a volume of `output_size`, zeros elsewhere."""
    _unpool(self, indices, 3, out)
