"""Convolution: the op `convolution` in one, two or three dimensions, transposed or not, and its gradients as an op of their own.

Rests on declare and conv_dimensions; convolutions.py has what `nn.functional` offers.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op
from autogradkit._ops.declare.kinds import Array, Bools, Ints, SymInt
from autogradkit._ops.declare.refusals import scalar_type
from autogradkit._ops.declare.writing import C_NAMES, require_castable
from autogradkit._ops.network.channels_last import image_spec, prefers_channels_last
from autogradkit._ops.network.conv_dimensions import convolution_of, gradients_of
from autogradkit._ops.network.window import Window
from autogradkit.core.dtype import bfloat16, from_numpy_dtype
from autogradkit.engine.naming import tensor_type

Shape = tuple[int, ...]


# What follows from sizes alone is checked and worked out once for each.


@functools.lru_cache(1024)
def _window(stride: Shape, padding: Shape, dilation: Shape, groups: int, dims: int) -> Window:
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
def _result_shape(x: Shape, weight: Shape, bias: Shape | None, window: Window) -> Shape:
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
def _transposed_shape(x: Shape, weight: Shape, bias: Shape | None, window: Window, more: Shape) -> Shape:
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


def _refuse_small(x: Array, weight: Array, sizes: Shape, window: Window) -> None:
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


def _scalar_type(x: Array) -> str:
    return scalar_type(from_numpy_dtype(x.dtype))


def _refuse_mixed(x: Array, weight: Array, bias: Array | None, transposed: bool) -> None:
    if weight.dtype != x.dtype:
        raise _unlike(x, weight)
    if not transposed:  # whose bias nobody looks at
        require_bias(x, bias)


def _refuse_dtypes(x: Array, weight: Array, bias: Array | None, window: Window, transposed: bool) -> None:
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
            raise RuntimeError(f"expected scalar type {scalar_type(kind)} but found {_scalar_type(bias)}")
        elif bias is not None:
            require_castable(bias.dtype, x.dtype)
        return
    if _uses_onednn(x, weight, window):
        raise _unlike(x, weight, " or input should be a MKLDNN tensor and weight is a dense tensor")
    raise RuntimeError(f"expected scalar type {scalar_type(kind)} but found {_scalar_type(weight)}")


def _convolution_meta(
    input: Array, weight: Array, bias: Array | None, stride: Shape, padding: Shape, dilation: Shape, transposed: bool,
    output_padding: Shape, groups: int,
) -> Any:  # fmt: skip
    if output_padding and min(output_padding) < 0 <= min(padding) and groups > 0:
        raise RuntimeError("negative output_padding is not supported")
    if input.dtype.kind == "c":  # its parts are asked for before anything is looked at
        _refuse_mixed(input, weight, bias, transposed)
    window = _window(stride, padding, dilation, groups, weight.ndim - 2)
    biases = None if bias is None else bias.shape
    if transposed:
        more = for_each(output_padding, "output_padding", max(1, weight.ndim - 2))
        shape = _transposed_shape(input.shape, weight.shape, biases, window, more)
        if min(shape[2:]) <= 0:
            _refuse_small(input, weight, shape[2:], window)
    else:
        shape = _result_shape(input.shape, weight.shape, biases, window)
    if (
        input.dtype is not weight.dtype
        or (bias is not None and bias.dtype is not input.dtype)
        or input.dtype.kind in "biu"
    ):
        _refuse_dtypes(input, weight, bias, window, transposed)
    return image_spec(shape, input.dtype, prefers_channels_last(input, weight))


def _to_operands(
    g: Any, input: Any, weight: Any, bias_sym_sizes_opt: Any, stride: Any, padding: Any, dilation: Any, transposed: bool,
    output_padding: Any, groups: int, needs: Any,
) -> Any:  # fmt: skip
    how = (stride, padding, dilation, transposed, output_padding, groups)
    found = k.convolution_backward(g, k.conj(input), k.conj(weight), bias_sym_sizes_opt, *how, needs)
    return tuple([each if need else None for each, need in zip(found, needs, strict=True)])


@op(
    label="conv{stride}d",
    usual={
        "stride": (1, 1),
        "padding": (0, 0),
        "dilation": (1, 1),
        "transposed": False,
        "output_padding": (0, 0),
        "groups": 1,
    },
    variants="function",
    meta=_convolution_meta,
    out=False,
    samples=lambda t: [
        (t(2, 3, 6, 5), t(4, 3, 3, 2), t(4), (1, 1), (0, 0), (1, 1), False, (0, 0), 1),
        (t(2, 4, 6, 5), t(6, 2, 3, 3), t(6), (2, 1), (1, 2), (1, 1), False, (0, 0), 2),
        (t(1, 2, 7, 6), t(2, 2, 2, 2), t(2), (1, 2), (0, 1), (2, 3), False, (0, 0), 1),
        (t(2, 2, 6), t(3, 2, 2), t(3), (2,), (1,), (1,), False, (0,), 1),
        (t(2, 2, 3, 4), t(2, 3, 2, 2), t(3), (2, 1), (0, 1), (1, 2), True, (1, 0), 1),
        (t(1, 2, 3, 4, 3), t(2, 1, 2, 2, 2), t(2), (1, 2, 1), (1, 0, 0), (1, 1, 2), False, (0, 0, 0), 2),
    ],
    group=("input weight bias", _to_operands),
    rule="∂input = ∂ ⋆ weight, turned by 180°\n∂weight = input ⋆ ∂\n∂bias = Σ∂, over samples and places",
)
def convolution(
    input: Array,
    weight: Array,
    bias: Array | None,
    stride: Ints,
    padding: Ints,
    dilation: Ints,
    transposed: bool,
    output_padding: Ints,
    groups: SymInt,
    *,
    out: Array,
) -> None:
    """Slide the kernels of `weight` over a batch of images: (N, C, H, W) and (O, C/groups, kh, kw) → (N, O, H', W').

    Prefer `conv2d` and its siblings. H' = (H + 2·padding − dilation·(kh − 1) − 1) // stride + 1. `transposed` is the gradient
    of such a convolution with respect to its input. Raises RuntimeError where shapes clash.

    >>> import autogradkit as torch
    >>> x = torch.arange(9.0).reshape(1, 1, 3, 3)
    >>> torch.convolution(x, torch.ones(1, 1, 2, 2), None, (1, 1), (0, 0), (1, 1), False, (0, 0), 1)
    tensor([[[[ 8., 12.],
              [20., 24.]]]])
    """
    window = _window(stride, padding, dilation, groups, weight.ndim - 2)
    convolution_of(input, weight, bias, window, transposed, out)


def _backward_meta(
    grad_output: Array, input: Array, weight: Array, bias_sizes: Shape | None, stride: Shape, padding: Shape,
    dilation: Shape, transposed: bool, output_padding: Shape, groups: int, output_mask: tuple[bool, ...],
) -> Any:  # fmt: skip
    if any(output_padding) and not transposed:  # which forward is given for nothing
        raise RuntimeError(
            "output_padding is not supported for non-transposed convolutions; got: "
            + " ".join(map(str, output_padding))
        )
    nothing = (0,), input.dtype
    to_input, to_weight, to_bias = output_mask
    innermost = prefers_channels_last(input, weight)
    kept = weight.shape[2:] == (1, 1) and not prefers_channels_last(weight)  # contiguous either way
    return (
        image_spec(input.shape, input.dtype, innermost) if to_input else nothing,
        image_spec(weight.shape, weight.dtype, innermost and not kept) if to_weight else nothing,
        (bias_sizes or (weight.shape[1] * groups if transposed else weight.shape[0],), weight.dtype)
        if to_bias
        else nothing,
    )


def require_gradient(
    grad_output: Array, input: Array, weight: Array, stride: Shape, padding: Shape, dilation: Shape, groups: int
) -> None:
    """Raise RuntimeError where a convolution does not give what has this gradient; backward need not ask."""
    window = _window(stride, padding, dilation, groups, weight.ndim - 2)
    shape = _result_shape(input.shape, weight.shape, None, window)
    if grad_output.ndim != input.ndim:
        raise RuntimeError(
            "Expected input and grad_output to have the same number of dimensions, but got: "
            f"{input.ndim} and {grad_output.ndim}"
        )
    if grad_output.shape != shape:
        raise RuntimeError(
            "could not create a primitive descriptor for the convolution forward propagation primitive. Run workload with "
            "environment variable ONEDNN_VERBOSE=all to get additional diagnostic information."
        )
    for other in (weight, grad_output):
        if other.dtype != input.dtype:
            raise RuntimeError(f"expected scalar type {_scalar_type(input)} but found {_scalar_type(other)}")


def _backward_backward(
    g: Any, grad_output: Any, input: Any, weight: Any, stride: Any, padding: Any, dilation: Any, transposed: bool,
    output_padding: Any, groups: int, output_mask: Any, needs: Any,
) -> Any:  # fmt: skip
    how = (stride, padding, dilation, transposed, output_padding, groups)
    of_input, of_weight, of_bias = (each if asked else None for each, asked in zip(g, output_mask, strict=True))
    grad_output, input, weight = k.conj(grad_output), k.conj(input), k.conj(weight)
    terms = []
    if of_input is not None:
        terms.append(k.convolution(of_input, weight, None, *how))
    if of_weight is not None:
        terms.append(k.convolution(input, of_weight, None, *how))
    if of_bias is not None:
        channels = k.reshape(of_bias, (1, grad_output.shape[1], *(1,) * (len(grad_output.shape) - 2)))
        terms.append(k.expand(channels, grad_output.shape))
    to_output = terms[0]
    for term in terms[1:]:
        to_output = to_output + term
    to_input = to_weight = None
    if needs[1] and of_weight is not None:
        to_input = k.convolution_backward(grad_output, input, of_weight, None, *how, (True, False, False))[0]
    if needs[2] and of_input is not None:
        to_weight = k.convolution_backward(grad_output, of_input, weight, None, *how, (False, True, False))[1]
    return to_output if needs[0] else None, to_input, to_weight


@op(
    variants="",
    node="ConvolutionBackwardBackward0",
    meta=_backward_meta,
    outputs="grad_input grad_weight grad_bias",
    samples=lambda t: [
        (t(2, 4, 4, 4), t(2, 3, 6, 5), t(4, 3, 3, 2), (4,), (1, 1), (0, 0), (1, 1), False, (0, 0), 1, (True,) * 3),
    ],
    group=("grad_output input weight", _backward_backward),
    rule=(
        "∂grad_output = ∂grad_input ⋆ weight + input ⋆ ∂grad_weight + ∂grad_bias\n"
        "∂input = grad_output ⋆ ∂grad_weight, turned by 180°\n∂weight = ∂grad_input ⋆ grad_output"
    ),
)
def convolution_backward(
    grad_output: Array,
    input: Array,
    weight: Array,
    bias_sizes: Ints | None,
    stride: Ints,
    padding: Ints,
    dilation: Ints,
    transposed: bool,
    output_padding: Ints,
    groups: SymInt,
    output_mask: Bools,
    *,
    out: tuple[Array, Array, Array],
) -> None:
    """The gradients of `convolution` with respect to input, weight and bias; empty for those that the mask leaves out."""
    given = [each if wanted else None for each, wanted in zip(out, output_mask, strict=True)]
    window = _window(stride, padding, dilation, groups, weight.ndim - 2)
    gradients_of(grad_output, input, weight, window, transposed, *given)
