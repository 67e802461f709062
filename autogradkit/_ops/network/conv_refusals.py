"""What convolutions refuse, in PyTorch's words and order, and the sizes of what they give; each size is worked out once.

Rests on declare, window.py and the names of dtypes; conv.py and convolutions.py ask.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from autogradkit._ops.declare.kinds import Array
from autogradkit._ops.declare.refusals import scalar_type
from autogradkit._ops.declare.writing import C_NAMES, require_castable
from autogradkit._ops.network.window import Window
from autogradkit.core.dtype import bfloat16, from_numpy_dtype
from autogradkit.engine.naming import tensor_type

Shape = tuple[int, ...]


# What follows from sizes alone is checked and worked out once for each.


@functools.lru_cache(1024)
def window_of(stride: Shape, padding: Shape, dilation: Shape, groups: int, dims: int) -> Window:
    """How a kernel goes over a place of `dims` dimensions. Raises RuntimeError for numbers that are none of a window."""
    if dims < 1:
        raise RuntimeError("weight should have at least three dimensions")
    if groups <= 0:
        raise RuntimeError("non-positive groups is not supported")
    stride, padding, dilation = (
        for_each(values, name, dims)
        for values, name in ((stride, "stride"), (padding, "padding"), (dilation, "dilation"))
    )
    window = Window(stride, padding, dilation, groups)
    if min(window.padding) < 0:
        raise RuntimeError("negative padding is not supported")
    if min(window.stride) <= 0:
        raise RuntimeError("non-positive stride is not supported")
    if min(window.dilation) < 0:
        raise RuntimeError("dilation should be greater than zero")
    return window


def for_each(values: Shape, name: str, dims: int) -> Shape:
    """One number for each dimension, from such a list or from one number for all."""
    if len(values) == 1:
        return values * dims
    if len(values) != dims:
        raise RuntimeError(
            f"expected {name} to be a single integer value or a list of {dims} values to match the convolution dimensions, "
            f"but got {name}={list(values)}"
        )
    return values


def _require_fitting(x: Shape, weight: Shape, bias: Shape | None, window: Window, transposed: bool) -> None:
    """Raise RuntimeError where a kernel, or a bias, does not fit what is convolved."""
    groups = window.groups
    if len(weight) < 3 or len(weight) > 5:
        raise NotImplementedError(
            f"a convolution wants a weight of 3 to 5 dimensions, but got one of size {list(weight)}"
        )
    if len(x) != len(weight):
        raise RuntimeError(
            f"Expected {len(weight)}-dimensional input for {len(weight)}-dimensional weight {list(weight)}, but got "
            f"{len(x)}-dimensional input of size {list(x)} instead"
        )
    shape = list(weight)
    if shape[0] < groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be at least {groups} at dimension 0, but got weight of size "
            f"{shape} instead"
        )
    if shape[0] % groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, but got weight of size "
            f"[{shape}] instead"
        )
    how = "transposed=1" if transposed else f"groups={groups}"
    expected = weight[0] if transposed else weight[1] * groups
    if x[1] != expected:
        raise RuntimeError(
            f"Given {how}, weight of size {shape}, expected input{list(x)} to have {expected} channels, but got {x[1]} "
            "channels instead"
        )
    outputs = weight[1] * groups if transposed else weight[0]
    if bias is not None and bias != (outputs,):
        raise RuntimeError(
            f"Given {'transposed=1, ' if transposed else ''}weight of size {shape}, expected bias to be 1-dimensional with "
            f"{outputs} elements, but got bias of size {list(bias)} instead"
        )
    if min(window.dilation) == 0:
        raise RuntimeError(_of_no_dilation(x, weight, window, transposed))
    if min(weight[2:]) == 0 and x[1] > 0:
        raise RuntimeError(_of_no_kernel(weight, window, transposed))


def _of_no_kernel(weight: Shape, window: Window, transposed: bool) -> str:
    """What PyTorch says of a kernel without places: the four kernels that take convolutions say it each in its way."""
    kernel = weight[2:] if len(weight) > 3 else (1, *weight[2:])
    beginning = "kernel size should be greater than zero, but got"
    if max(window.dilation) > 1 and not transposed:
        return f"{beginning} {list(kernel)}"
    if len(kernel) == 2:
        return f"{beginning} kernel_height: {kernel[0]} kernel_width: {kernel[1]}"
    if not transposed:
        return f"{beginning}: {' x '.join(map(str, kernel))} (TxHxW)"
    return (
        "non-empty 5D (n_output_plane x n_input_plane x kernel_depth x kernel_height x kernel_width) tensor expected for "
        f"weight, but got: {list(weight)}"
    )


def _of_no_dilation(x: Shape, weight: Shape, window: Window, transposed: bool) -> str:
    """What PyTorch says of a dilation of 0: in float32 another library takes batches, groups and large images."""
    large = math.prod(x[:4]) > 20480 or (len(weight) > 3 and min(weight[-2:]) > 3)
    if x[0] > 1 or window.groups > 1 or large:
        return "non-positive dilation is not supported"
    gaps = window.dilation if len(window.dilation) > 1 else (1, *window.dilation)
    names = ("dilation_depth", "dilation_height", "dilation_width")[-len(gaps) :]
    said = ", ".join(f"{name}: {gap}" for name, gap in zip(names, gaps, strict=True)) if transposed else f"{list(gaps)}"
    return f"dilation should be greater than zero, but got {said}"


@functools.lru_cache(4096)
def result_shape(x: Shape, weight: Shape, bias: Shape | None, window: Window) -> Shape:
    """The sizes of what a convolution gives. Raises RuntimeError where sizes do not fit."""
    _require_fitting(x, weight, bias, window, False)
    padded = [n + 2 * p for n, p in zip(x[2:], window.padding, strict=True)]
    kernel = [d * (n - 1) + 1 for n, d in zip(weight[2:], window.dilation, strict=True)]
    if any(n < least for n, least in zip(padded, kernel, strict=True)):
        sizes, needed = (" x ".join(map(str, each)) for each in (padded, kernel))
        raise RuntimeError(
            f"Calculated padded input size per channel: ({sizes}). Kernel size: ({needed}). Kernel size can't be greater "
            "than actual input size"
        )
    return (x[0], weight[0], *window.output_size(x[2:], weight[2:]))


@functools.lru_cache(4096)
def transposed_shape(x: Shape, weight: Shape, bias: Shape | None, window: Window, more: Shape) -> Shape:
    """The same of a transposed one, with `more` places at the end of each dimension."""
    _require_fitting(x, weight, bias, window, True)
    steps = list(zip(more, window.stride, window.dilation, strict=True))
    if any(added >= step and added >= gap for added, step, gap in steps):
        steps = [(0, 1, 1)] * (len(steps) == 1) + steps
        names = ("depth", "height", "width")[-len(steps) :]
        shown = [
            f"{what}_{name}: {each[at]}"
            for at, what in enumerate(("output_padding", "stride", "dilation"))
            for name, each in zip(names, steps, strict=True)
        ]
        raise RuntimeError(f"output padding must be smaller than either stride or dilation, but got {' '.join(shown)}")
    sizes = [
        (n - 1) * s - 2 * p + d * (k - 1) + added + 1
        for n, s, p, d, k, added in zip(
            x[2:], window.stride, window.padding, window.dilation, weight[2:], more, strict=True
        )
    ]
    return (x[0], weight[1] * window.groups, *sizes)


def _uses_onednn(x: Array, weight: Array, window: Window) -> bool:
    """Whether PyTorch hands a convolution to oneDNN, which has texts of its own."""
    kernel = weight.shape[2:]
    small = max(window.stride + window.dilation + kernel) == 1 and x.shape[0] < 16
    large = window.groups > 1 or min(kernel) > 3 or x.shape[0] > 1 or x.size > 20480
    if x.dtype == bfloat16.numpy:
        return True
    return x.dtype in (np.float32, np.complex64) and large and not small  # complex ones are made of real ones


def refuse_small(x: Array, weight: Array, sizes: Shape, window: Window) -> None:
    """Raise RuntimeError for a transposed convolution of which nothing is left."""
    if _uses_onednn(x, weight, window):
        raise RuntimeError("could not construct a memory descriptor using a format tag")
    given, made = (" x ".join(map(str, (*(1,) * (len(each) == 1), *each))) for each in (x.shape[2:], sizes))
    raise RuntimeError(
        f"Given input size per channel: ({given}). Calculated output size per channel: ({made}). Output size is too small"
    )


def _unlike(x: Array, weight: Array, end: str = "") -> RuntimeError:
    return RuntimeError(
        f"Input type ({tensor_type(x)}) and weight type ({tensor_type(weight)}) should be the same{end}"
    )


def require_bias(x: Any, bias: Any) -> None:
    """Raise RuntimeError for a bias of another dtype than what is convolved; arrays or tensors."""
    if bias is not None and bias.dtype != x.dtype:
        names = [C_NAMES[each.dtype.name] for each in (x, bias)]
        raise RuntimeError(f"Input type ({names[0]}) and bias type ({names[1]}) should be the same")


def scalar_type_of(x: Array) -> str:
    """The dtype of an array as PyTorch's refusals name it."""
    return scalar_type(from_numpy_dtype(x.dtype))


def refuse_mixed(x: Array, weight: Array, bias: Array | None, transposed: bool) -> None:
    """Raise RuntimeError where a weight, or a bias, has another dtype than what is convolved."""
    if weight.dtype != x.dtype:
        raise _unlike(x, weight)
    if not transposed:  # whose bias nobody looks at
        require_bias(x, bias)


def refuse_dtypes(x: Array, weight: Array, bias: Array | None, window: Window, transposed: bool) -> None:
    """Raise what PyTorch raises of these dtypes, if it convolves none of them: the kernel that it would take says so."""
    kind, dilated = from_numpy_dtype(x.dtype), max(window.dilation) > 1
    narrow = x.dtype.kind in "iu" and kind.name != "int64"
    if x.size and (x.dtype.kind == "b" or (narrow and (dilated or transposed))):
        kernel = "slow_conv_dilated<>" if dilated else "compute_columns3d" if x.ndim == 5 else "slow_conv2d_cpu"
        if kernel == "compute_columns3d" and max(*weight.shape[2:], *window.stride) == 1 and not any(window.padding):
            kernel = "slow_conv3d_cpu"  # each place is a column as it is
        if transposed:
            kernel = f"slow_conv_transpose{max(2, x.ndim - 2)}d_out_cpu"
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{scalar_type(kind)}'")
    if x.dtype == weight.dtype:
        if not transposed:
            require_bias(x, bias)
        elif x.ndim == 5 and bias is not None and bias.dtype != x.dtype:
            raise RuntimeError(f"expected scalar type {scalar_type(kind)} but found {scalar_type_of(bias)}")
        elif bias is not None:
            require_castable(bias.dtype, x.dtype)
        return
    if _uses_onednn(x, weight, window):
        raise _unlike(x, weight, " or input should be a MKLDNN tensor and weight is a dense tensor")
    raise RuntimeError(f"expected scalar type {scalar_type(kind)} but found {scalar_type_of(weight)}")
