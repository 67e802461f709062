"""Convolution: the op `convolution`, its gradients as an op of their own, and `conv2d` over them.

Rests on op and conv_kernels. `nn.functional` offers `conv2d`, `nn.Conv2d` uses it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.conv_kernels import Window, convolve, convolve_backward, images, prefers_channels_last
from autogradkit._ops.declare import k
from autogradkit._ops.op import Array, composite, op
from autogradkit.core.dtype import SCALAR_TYPE_NAMES, from_numpy_dtype
from autogradkit.core.memory import empty
from autogradkit.core.tensor import Tensor


@op(
    method=False,
    samples=lambda t: [
        (t(2, 3, 6, 5), t(4, 3, 3, 2), t(4), (1, 1), (0, 0), (1, 1), False, (0, 0), 1),
        (t(2, 4, 6, 5), t(6, 2, 3, 3), t(6), (2, 1), (1, 2), (1, 1), False, (0, 0), 2),
        (t(1, 2, 7, 6), t(2, 2, 2, 2), t(2), (1, 2), (0, 1), (2, 3), False, (0, 0), 1),
    ],
)
def convolution(
    input: Array,
    weight: Array,
    bias: Array | None,
    stride: tuple[int, int],
    padding: tuple[int, int],
    dilation: tuple[int, int],
    transposed: bool,
    output_padding: tuple[int, int],
    groups: int,
) -> Array:
    """Slide the kernels of `weight` over a batch of images: (N, C, H, W) and (O, C/groups, kh, kw) → (N, O, H', W').

    Prefer `conv2d`. H' = (H + 2·padding − dilation·(kh − 1) − 1) // stride + 1. Raises RuntimeError where shapes clash and
    NotImplementedError for `transposed=True`.

    >>> import autogradkit as torch
    >>> x = torch.arange(9.0).reshape(1, 1, 3, 3)
    >>> torch.convolution(x, torch.ones(1, 1, 2, 2), None, (1, 1), (0, 0), (1, 1), False, (0, 0), 1)
    tensor([[[[ 8., 12.],
              [20., 24.]]]])
    """
    if transposed or any(output_padding):
        raise NotImplementedError("transposed convolution is not available")
    window = Window(stride, padding, dilation, groups)
    _check(input, weight, bias, window)
    size = window.output_size(input.shape[2:], weight.shape[2:])
    shape = (input.shape[0], weight.shape[0], *size)
    result = images(shape, input.dtype, prefers_channels_last(input, weight))
    convolve(input, weight, bias, window, result)
    return result


_CPP_NAMES = {
    "float32": "float",
    "float64": "double",
    "int64": "long int",
    "int32": "int",
    "int16": "short int",
    "int8": "signed char",
    "uint8": "unsigned char",
    "complex64": "c10::complex<float>",
    "complex128": "c10::complex<double>",
}


def _check(x: Array, weight: Array, bias: Array | None, window: Window) -> None:
    groups = window.groups
    if groups <= 0:
        raise RuntimeError("non-positive groups is not supported")
    if min(window.padding) < 0:
        raise RuntimeError("negative padding is not supported")
    if min(window.stride) <= 0:
        raise RuntimeError("non-positive stride is not supported")
    if min(window.dilation) <= 0:
        raise RuntimeError("non-positive dilation is not supported")
    shape = list(weight.shape)
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
    if x.shape[1] != weight.shape[1] * groups:
        raise RuntimeError(
            f"Given groups={groups}, weight of size {shape}, expected input{list(x.shape)} to have "
            f"{weight.shape[1] * groups} channels, but got {x.shape[1]} channels instead"
        )
    if bias is not None and bias.shape != weight.shape[:1]:
        raise RuntimeError(
            f"Given weight of size {shape}, expected bias to be 1-dimensional with {shape[0]} elements, but got bias of "
            f"size {list(bias.shape)} instead"
        )
    padded = [n + 2 * p for n, p in zip(x.shape[2:], window.padding, strict=True)]
    kernel = [d * (n - 1) + 1 for n, d in zip(weight.shape[2:], window.dilation, strict=True)]
    if padded[0] < kernel[0] or padded[1] < kernel[1]:
        raise RuntimeError(
            f"Calculated padded input size per channel: ({padded[0]} x {padded[1]}). Kernel size: ({kernel[0]} x "
            f"{kernel[1]}). Kernel size can't be greater than actual input size"
        )
    if x.dtype != weight.dtype:
        names = [SCALAR_TYPE_NAMES[from_numpy_dtype(each.dtype)].title() for each in (x, weight)]
        raise RuntimeError(f"expected scalar type {names[0]} but found {names[1]}")
    if bias is not None and bias.dtype != x.dtype:
        names = [_CPP_NAMES.get(each.dtype.name, each.dtype.name) for each in (x, bias)]
        raise RuntimeError(f"Input type ({names[0]}) and bias type ({names[1]}) should be the same")


@op(
    method=False,
    function=False,
    node="ConvolutionBackwardBackward0",
    outputs=("grad_input", "grad_weight", "grad_bias"),
    samples=lambda t: [
        (t(2, 4, 4, 4), t(2, 3, 6, 5), t(4, 3, 3, 2), (1, 1), (0, 0), (1, 1), False, (0, 0), 1, (True, True, True)),
    ],
)
def convolution_backward(
    grad_output: Array,
    input: Array,
    weight: Array,
    stride: tuple[int, int],
    padding: tuple[int, int],
    dilation: tuple[int, int],
    transposed: bool,
    output_padding: tuple[int, int],
    groups: int,
    output_mask: tuple[bool, bool, bool],
) -> tuple[Array, ...]:
    """The gradients of `convolution` with respect to input, weight and bias; empty for those that the mask leaves out."""
    window = Window(stride, padding, dilation, groups)
    channels_last = prefers_channels_last(input, weight)
    to_input, to_weight = (
        images(each.shape, each.dtype, channels_last) if wanted else None
        for each, wanted in zip((input, weight), output_mask, strict=False)
    )
    to_bias = empty(weight.shape[:1], weight.dtype) if output_mask[2] else None
    convolve_backward(grad_output, input, weight, window, to_input, to_weight, to_bias)
    return tuple(empty((0,), input.dtype) if each is None else each for each in (to_input, to_weight, to_bias))


@convolution.group_vjp("input", "weight", "bias")
def _convolution_vjp(
    g, input, weight, bias_sym_sizes_opt, stride, padding, dilation, transposed, output_padding, groups, needs
):  # type: ignore[no-untyped-def]
    how = (stride, padding, dilation, transposed, output_padding, groups)
    found = k.convolution_backward(g, input, weight, *how, needs)
    return tuple(each if need else None for each, need in zip(found, needs, strict=True))


@convolution_backward.group_vjp("grad_output", "input", "weight")
def _convolution_backward_vjp(
    g, grad_output, input, weight, stride, padding, dilation, transposed, output_padding, groups, output_mask, needs
):  # type: ignore[no-untyped-def]
    how = (stride, padding, dilation, transposed, output_padding, groups)
    of_input, of_weight, of_bias = (each if asked else None for each, asked in zip(g, output_mask, strict=True))
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
        to_input = k.convolution_backward(grad_output, input, of_weight, *how, (True, False, False))[0]
    if needs[2] and of_input is not None:
        to_weight = k.convolution_backward(grad_output, of_input, weight, *how, (False, True, False))[1]
    return to_output if needs[0] else None, to_input, to_weight


def _pair(value: Any, name: str) -> tuple[int, int]:
    values = [value] if isinstance(value, int | np.integer) else list(value)
    if len(values) == 1:
        values *= 2
    if len(values) != 2:
        raise RuntimeError(
            f"expected {name} to be a single integer value or a list of 2 values to match the convolution dimensions, "
            f"but got {name}={values}"
        )
    return int(values[0]), int(values[1])


@composite(method=False)
def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | tuple[int, ...] = 1,
    padding: int | tuple[int, ...] | str = 0,
    dilation: int | tuple[int, ...] = 1,
    groups: int = 1,
) -> Tensor:
    """2-D convolution (cross-correlation) of images (N, C, H, W), or of one image (C, H, W), with `weight`.

    `weight` is (O, C/groups, kh, kw), `bias` (O). `padding` may be "valid" (none) or "same" (the result keeps H and W).
    Raises RuntimeError where shapes or dtypes clash.

    >>> import autogradkit as torch
    >>> torch.conv2d(torch.ones(1, 3, 3), torch.ones(2, 1, 3, 3), padding="same").shape
    torch.Size([2, 3, 3])
    """
    if not isinstance(input, Tensor) or not isinstance(weight, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance]
        given = ", ".join(type(each).__name__ for each in (input, weight))
        raise TypeError(
            f"conv2d() received an invalid combination of arguments - got ({given}), but expected one of:\n"
            " * (Tensor input, Tensor weight, Tensor bias = None, tuple of ints stride = 1, tuple of ints padding = 0, "
            "tuple of ints dilation = 1, int groups = 1)"
        )
    if weight._array.ndim == 4 and input._array.ndim not in (3, 4):
        raise RuntimeError(
            f"Expected 3D (unbatched) or 4D (batched) input to conv2d, but got input of size: {list(input.shape)}"
        )
    if weight._array.ndim != 4:
        raise RuntimeError(
            f"expected stride to be a single integer value or a list of {weight._array.ndim - 2} values to match the "
            f"convolution dimensions, but got stride={list(_pair(stride, 'stride'))}"
        )
    strides, spread = _pair(stride, "stride"), _pair(dilation, "dilation")
    batched = input._array.ndim == 4
    x = input if batched else input.unsqueeze(0)  # type: ignore[attr-defined]
    if isinstance(padding, str):
        x, around = _named_padding(x, weight, padding, strides, spread)
    else:
        around = _pair(padding, "padding")
    result = convolution(x, weight, bias, strides, around, spread, False, (0, 0), groups)
    return result if batched else result.squeeze(0)


def _named_padding(
    x: Tensor, weight: Tensor, padding: str, stride: tuple[int, int], dilation: tuple[int, int]
) -> tuple[Tensor, tuple[int, int]]:
    if padding == "valid":
        return x, (0, 0)
    if padding != "same":
        raise RuntimeError(f"Invalid padding string: '{padding}'")
    if stride != (1, 1):
        raise RuntimeError("padding='same' is not supported for strided convolutions")
    down, across = (d * (n - 1) for n, d in zip(weight._array.shape[2:], dilation, strict=True))
    if down % 2 or across % 2:
        # An even kernel needs one more row or column after than before.
        x = pad(x, (0, across % 2, 0, down % 2))
    return x, (down // 2, across // 2)


@op(
    method=False,
    name="constant_pad_nd",
    node="ConstantPadNdBackward0",
    samples=lambda t: [(t(2, 3), (1, 2, 0, -1)), (t(2, 3), (2, 0), 1.5)],
)
def constant_pad_nd(self: Array, pad: tuple[int, ...], value: float = 0) -> Array:
    """The tensor with `value` around it; `pad` holds (before, after) for the last dimension, then the one before it.

    A negative number cuts away. Raises RuntimeError where `pad` does not fit the dimensions.

    >>> import autogradkit as torch
    >>> torch.constant_pad_nd(torch.ones(2), (1, 2))
    tensor([0., 1., 1., 0., 0.])
    """
    if len(pad) % 2:
        raise RuntimeError(f"Length of pad must be even but instead it equals {len(pad)}")
    if len(pad) > 2 * self.ndim:
        raise RuntimeError(
            f"Length of pad should be no more than twice the number of dimensions of the input. Pad length is {len(pad)} "
            f"while the input has {self.ndim} dimensions."
        )
    around = [(0, 0)] * (self.ndim - len(pad) // 2) + list(zip(pad[-2::-2], pad[::-2], strict=True))
    shape = [n + before + after for n, (before, after) in zip(self.shape, around, strict=True)]
    for dim, (n, size) in enumerate(zip(self.shape, shape, strict=True)):
        if size < 0:
            raise RuntimeError(
                f"The input size {n}, plus negative padding {around[dim][0]} and {around[dim][1]}, resulted in a negative "
                f"output size, which is invalid. Check dimension {dim} of your input."
            )
    result = np.full(shape, value, self.dtype)
    inside = tuple(
        slice(max(before, 0), size - max(after, 0)) for size, (before, after) in zip(shape, around, strict=True)
    )
    kept = tuple(
        slice(max(-before, 0), n - max(-after, 0)) for n, (before, after) in zip(self.shape, around, strict=True)
    )
    result[inside] = self[kept]
    return result


constant_pad_nd.vjp(self=lambda g, pad: k.constant_pad_nd(g, tuple(-n for n in pad), 0))


def pad(input: Tensor, pad: tuple[int, ...], mode: str = "constant", value: float | None = None) -> Tensor:
    """`input` with a constant `value` (0) around it: (before, after) for the last dimension, then the one before it.

    Raises NotImplementedError for a `mode` other than "constant".

    >>> import autogradkit as torch
    >>> torch.nn.functional.pad(torch.ones(1, 2), (1, 0))
    tensor([[0., 1., 1.]])
    """
    if mode != "constant":
        raise NotImplementedError(f"padding mode '{mode}' is not available")
    return constant_pad_nd(input, tuple(pad), 0 if value is None else value)
