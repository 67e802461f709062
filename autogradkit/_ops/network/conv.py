"""Convolution: the op `convolution`, its gradients as an op of their own, and `conv2d` over them.

Rests on declare, padding and conv_kernels. `nn.functional` offers `conv2d`, `nn.Conv2d` uses it.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from autogradkit._ops.declare import function, k, op
from autogradkit._ops.declare.kinds import Array, Bools, Ints, Pair
from autogradkit._ops.declare.refusals import scalar_type
from autogradkit._ops.network.conv_kernels import Window, convolve, convolve_backward, image_spec, prefers_channels_last
from autogradkit._ops.network.padding import constant_pad_nd
from autogradkit._ops.views.dimensions import squeeze_dim, unsqueeze
from autogradkit.core.dtype import from_numpy_dtype
from autogradkit.engine.naming import tensor_type

Shape = tuple[int, ...]

_CPP_NAMES = {
    "float32": "float",
    "float64": "double",
    "int64": "long int",
    "int32": "int",
    "int16": "short int",
    "int8": "signed char",
    "uint8": "unsigned char",
    "bool": "bool",
    "float16": "c10::Half",
    "bfloat16": "c10::BFloat16",
    "complex64": "c10::complex<float>",
    "complex128": "c10::complex<double>",
}


# What follows from sizes alone is checked and worked out once for each.


@functools.lru_cache(1024)
def _window(stride: Shape, padding: Shape, dilation: Shape, groups: int) -> Window:
    if groups <= 0:
        raise RuntimeError("non-positive groups is not supported")
    window = Window(_pair(stride, "stride"), _pair(padding, "padding"), _pair(dilation, "dilation"), groups)
    if min(window.padding) < 0:
        raise RuntimeError("negative padding is not supported")
    if min(window.stride) <= 0:
        raise RuntimeError("non-positive stride is not supported")
    if min(window.dilation) <= 0:
        # PyTorch's text for zero is its backends' affair; this is that of batches in float32.
        zero = min(window.dilation) == 0
        raise RuntimeError("non-positive dilation is not supported" if zero else "dilation should be greater than zero")
    return window


def _pair(values: Shape, name: str) -> tuple[int, int]:
    if len(values) == 1:
        return values[0], values[0]
    if len(values) != 2:
        raise RuntimeError(
            f"expected {name} to be a single integer value or a list of 2 values to match the convolution dimensions, "
            f"but got {name}={list(values)}"
        )
    return values[0], values[1]


@functools.lru_cache(4096)
def _result_shape(x: Shape, weight: Shape, bias: Shape | None, window: Window) -> Shape:
    if len(weight) < 3:
        raise RuntimeError("weight should have at least three dimensions")
    if len(weight) != 4:
        raise NotImplementedError(f"a convolution of images wants a 4-d weight, but got one of size {list(weight)}")
    if len(x) != 4:
        raise RuntimeError(
            f"Expected 4-dimensional input for 4-dimensional weight {list(weight)}, but got {len(x)}-dimensional input of "
            f"size {list(x)} instead"
        )
    groups, shape = window.groups, list(weight)
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
    if x[1] != weight[1] * groups:
        raise RuntimeError(
            f"Given groups={groups}, weight of size {shape}, expected input{list(x)} to have "
            f"{weight[1] * groups} channels, but got {x[1]} channels instead"
        )
    if bias is not None and bias != weight[:1]:
        raise RuntimeError(
            f"Given weight of size {shape}, expected bias to be 1-dimensional with {shape[0]} elements, but got bias of "
            f"size {list(bias)} instead"
        )
    padded = [n + 2 * p for n, p in zip(x[2:], window.padding, strict=True)]
    kernel = [d * (n - 1) + 1 for n, d in zip(weight[2:], window.dilation, strict=True)]
    if padded[0] < kernel[0] or padded[1] < kernel[1]:
        raise RuntimeError(
            f"Calculated padded input size per channel: ({padded[0]} x {padded[1]}). Kernel size: ({kernel[0]} x "
            f"{kernel[1]}). Kernel size can't be greater than actual input size"
        )
    return (x[0], weight[0], *window.output_size((x[2], x[3]), (weight[2], weight[3])))


def _uses_onednn(x: Array, weight: Array, window: Window) -> bool:
    """Whether PyTorch hands a float32 convolution to oneDNN, which has texts of its own."""
    kernel = weight.shape[2:]
    small = window.stride == window.dilation == (1, 1) and x.shape[0] < 16 and kernel == (1, 1)
    large = window.groups > 1 or min(kernel) > 3 or x.shape[0] > 1 or x.size > 20480
    return x.dtype == np.float32 and large and not small


def _refuse_dtypes(x: Array, weight: Array, bias: Array | None, window: Window) -> None:
    if bias is not None and bias.dtype != x.dtype:
        names = [_CPP_NAMES[each.dtype.name] for each in (x, bias)]
        raise RuntimeError(f"Input type ({names[0]}) and bias type ({names[1]}) should be the same")
    kind, dilated = from_numpy_dtype(x.dtype), max(window.dilation) > 1
    if x.size and (x.dtype.kind == "b" or (dilated and x.dtype.kind in "iu" and kind.name != "int64")):
        kernel = "slow_conv_dilated<>" if dilated else "slow_conv2d_cpu"
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{scalar_type(kind)}'")
    if x.dtype == weight.dtype:
        return
    if _uses_onednn(x, weight, window) or x.dtype.kind == "c":
        end = "" if x.dtype.kind == "c" else " or input should be a MKLDNN tensor and weight is a dense tensor"
        raise RuntimeError(
            f"Input type ({tensor_type(x)}) and weight type ({tensor_type(weight)}) should be the same{end}"
        )
    found = scalar_type(from_numpy_dtype(weight.dtype))
    raise RuntimeError(f"expected scalar type {scalar_type(kind)} but found {found}")


def _convolution_meta(
    input: Array, weight: Array, bias: Array | None, stride: Shape, padding: Shape, dilation: Shape, transposed: bool,
    output_padding: Shape, groups: int,
) -> Any:  # fmt: skip
    if output_padding and min(output_padding) < 0 <= min(padding) and groups > 0:
        raise RuntimeError("negative output_padding is not supported")
    window = _window(stride, padding, dilation, groups)
    if transposed:
        if weight.ndim == 4 and input.ndim != 4:
            _result_shape(input.shape, weight.shape, None, window)
        raise NotImplementedError("transposed convolution is not available")
    shape = _result_shape(input.shape, weight.shape, None if bias is None else bias.shape, window)
    if (
        input.dtype is not weight.dtype
        or (bias is not None and bias.dtype is not input.dtype)
        or input.dtype.kind in "biu"
    ):
        _refuse_dtypes(input, weight, bias, window)
    return image_spec(shape, input.dtype, prefers_channels_last(input, weight))


def _to_operands(
    g: Any, input: Any, weight: Any, bias_sym_sizes_opt: Any, stride: Any, padding: Any, dilation: Any, transposed: bool,
    output_padding: Any, groups: int, needs: Any,
) -> Any:  # fmt: skip
    how = (stride, padding, dilation, transposed, output_padding, groups)
    found = k.convolution_backward(g, k.conj(input), k.conj(weight), bias_sym_sizes_opt, *how, needs)
    return tuple([each if need else None for each, need in zip(found, needs, strict=True)])


@op(
    label="conv2d",
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
    groups: int,
    *,
    out: Array,
) -> None:
    """Slide the kernels of `weight` over a batch of images: (N, C, H, W) and (O, C/groups, kh, kw) → (N, O, H', W').

    Prefer `conv2d`. H' = (H + 2·padding − dilation·(kh − 1) − 1) // stride + 1. Raises RuntimeError where shapes clash and
    NotImplementedError for `transposed=True`.

    >>> import autogradkit as torch
    >>> x = torch.arange(9.0).reshape(1, 1, 3, 3)
    >>> torch.convolution(x, torch.ones(1, 1, 2, 2), None, (1, 1), (0, 0), (1, 1), False, (0, 0), 1)
    tensor([[[[ 8., 12.],
              [20., 24.]]]])
    """
    convolve(input, weight, bias, _window(stride, padding, dilation, groups), out)


def _backward_meta(
    grad_output: Array, input: Array, weight: Array, bias_sizes: Shape | None, stride: Shape, padding: Shape,
    dilation: Shape, transposed: bool, output_padding: Shape, groups: int, output_mask: tuple[bool, ...],
) -> Any:  # fmt: skip
    nothing = (0,), input.dtype
    to_input, to_weight, to_bias = output_mask
    innermost = prefers_channels_last(input, weight)
    return (
        image_spec(input.shape, input.dtype, innermost) if to_input else nothing,
        image_spec(weight.shape, weight.dtype, innermost) if to_weight else nothing,
        (bias_sizes or weight.shape[:1], weight.dtype) if to_bias else nothing,
    )


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
        channels = k.reshape(of_bias, (1, grad_output.shape[1], 1, 1))
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
    groups: int,
    output_mask: Bools,
    *,
    out: tuple[Array, Array, Array],
) -> None:
    """The gradients of `convolution` with respect to input, weight and bias; empty for those that the mask leaves out."""
    given = [each if wanted else None for each, wanted in zip(out, output_mask, strict=True)]
    convolve_backward(grad_output, input, weight, _window(stride, padding, dilation, groups), *given)


# -- conv2d ------------------------------------------------------------------------------------------------------------

_ZEROS = (0, 0)
conv2d = function("conv2d", variants="function")


@conv2d.overload(composition=True)
def _(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Pair = (1, 1),
    padding: Pair = (0, 0),
    dilation: Pair = (1, 1),
    groups: int = 1,
) -> Any:
    """2-D convolution (cross-correlation) of images (N, C, H, W), or of one image (C, H, W), with `weight`.

    `weight` is (O, C/groups, kh, kw), `bias` (O). `padding` may be "valid" (none) or "same" (the result keeps H and W).
    Raises RuntimeError where shapes or dtypes clash.

    >>> import autogradkit as torch
    >>> torch.conv2d(torch.ones(1, 3, 3), torch.ones(2, 1, 3, 3), padding="same").shape
    torch.Size([2, 3, 3])
    """
    if input.ndim == 4 and weight.ndim == 4:
        return convolution.straight(input, weight, bias, stride, padding, dilation, False, _ZEROS, groups)
    _require_images(input, weight, stride)
    x = unsqueeze.straight(input, 0)
    return squeeze_dim.straight(
        convolution.straight(x, weight, bias, stride, padding, dilation, False, _ZEROS, groups), 0
    )


def _require_images(x: Any, weight: Any, stride: Shape) -> None:
    if x.ndim not in (3, 4):
        raise RuntimeError(
            f"Expected 3D (unbatched) or 4D (batched) input to conv2d, but got input of size: {list(x.shape)}"
        )
    if weight.ndim != 4:
        raise RuntimeError(
            f"expected stride to be a single integer value or a list of {weight.ndim - 2} values to match the "
            f"convolution dimensions, but got stride={list(stride)}"
        )


@conv2d.overload(composition=True)
def _(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Pair = (1, 1),
    padding: str = "valid",
    dilation: Pair = (1, 1),
    groups: int = 1,
) -> Any:
    if padding == "same" and 2 < weight.ndim < input.ndim:
        raise RuntimeError(
            f"Expected {weight.ndim}-dimensional input for {weight.ndim}-dimensional weight{list(weight.shape)}, but got "
            f"{input.ndim}-dimensional input of size {list(input.shape)} instead"
        )
    _require_images(input, weight, stride)
    batched = input.ndim == 4
    x = input if batched else unsqueeze.straight(input, 0)
    around = _ZEROS
    if padding == "same":
        if _pair(stride, "stride") != (1, 1):
            raise RuntimeError("padding='same' is not supported for strided convolutions")
        spread = _pair(dilation, "dilation")
        down, across = (d * (n - 1) for n, d in zip(weight.shape[2:], spread, strict=True))
        if down % 2 or across % 2:
            # An even kernel needs one more row or column after than before.
            x = constant_pad_nd.straight(x, (0, across % 2, 0, down % 2))
        around = down // 2, across // 2
    elif padding != "valid":
        raise RuntimeError(f"Invalid padding string: '{padding}'")
    result = convolution.straight(x, weight, bias, stride, around, dilation, False, _ZEROS, groups)
    return result if batched else squeeze_dim.straight(result, 0)
