"""Convolution: the op `convolution` in one, two or three dimensions, transposed or not, and its gradients as an op of their own.

Rests on declare, conv_dimensions and conv_refusals; convolutions.py has what `nn.functional` offers.
"""

from __future__ import annotations

from typing import Any

from autogradkit._ops.declare import k, op
from autogradkit._ops.declare.kinds import Array, Bools, Ints, SymInt
from autogradkit._ops.network.channels_last import image_spec, prefers_channels_last
from autogradkit._ops.network.conv_dimensions import convolution_of, gradients_of
from autogradkit._ops.network.conv_refusals import (
    for_each,
    refuse_dtypes,
    refuse_mixed,
    refuse_small,
    result_shape,
    scalar_type_of,
    transposed_shape,
    window_of,
)

Shape = tuple[int, ...]


def _convolution_meta(
    input: Array, weight: Array, bias: Array | None, stride: Shape, padding: Shape, dilation: Shape, transposed: bool,
    output_padding: Shape, groups: int,
) -> Any:  # fmt: skip
    if output_padding and min(output_padding) < 0 <= min(padding) and groups > 0:
        raise RuntimeError("negative output_padding is not supported")
    if input.dtype.kind == "c":  # its parts are asked for before anything is looked at
        refuse_mixed(input, weight, bias, transposed)
    window = window_of(stride, padding, dilation, groups, weight.ndim - 2)
    biases = None if bias is None else bias.shape
    if transposed:
        more = for_each(output_padding, "output_padding", max(1, weight.ndim - 2))
        shape = transposed_shape(input.shape, weight.shape, biases, window, more)
        if min(shape[2:]) <= 0:
            refuse_small(input, weight, shape[2:], window)
    else:
        shape = result_shape(input.shape, weight.shape, biases, window)
    if (
        input.dtype is not weight.dtype
        or (bias is not None and bias.dtype is not input.dtype)
        or input.dtype.kind in "biu"
    ):
        refuse_dtypes(input, weight, bias, window, transposed)
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
    window = window_of(stride, padding, dilation, groups, weight.ndim - 2)
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
    window = window_of(stride, padding, dilation, groups, weight.ndim - 2)
    shape = result_shape(input.shape, weight.shape, None, window)
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
            raise RuntimeError(f"expected scalar type {scalar_type_of(input)} but found {scalar_type_of(other)}")


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
    window = window_of(stride, padding, dilation, groups, weight.ndim - 2)
    gradients_of(grad_output, input, weight, window, transposed, *given)
