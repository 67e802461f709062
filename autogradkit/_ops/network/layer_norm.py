"""Norms over the last dimensions of a sample: layer_norm, and rms_norm by root mean square. group_norm.py has that of channels.

Rests on declare and standardising.py. `nn.functional` calls them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op
from autogradkit._ops.declare.kinds import Array, Bools, Ints
from autogradkit._ops.declare.refusals import scalar_type
from autogradkit._ops.declare.writing import C_NAMES
from autogradkit._ops.making.options import channels_last, contiguous_format
from autogradkit._ops.making.scalars import number_in
from autogradkit._ops.network.channels_last import prefers_channels_last
from autogradkit._ops.network.standardising import (
    double_backward,
    in_samples,
    require_alike,
    require_floating,
    slopes,
    standardised,
    stats_dtype,
    wide,
)
from autogradkit.core.dtype import float32, from_numpy_dtype, is_half
from autogradkit.core.halves import convert
from autogradkit.core.warning import warn_once

Shape = tuple[int, ...]


def _require_parameters(normalized: Shape, weight: Any, bias: Any) -> None:
    if not normalized:
        raise RuntimeError(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, but got "
            "normalized_shape = []"
        )
    for name, each in (("weight", weight), ("bias", bias)):
        if each is not None and each.shape != normalized:
            raise RuntimeError(
                f"Expected {name} to be of same shape as normalized_shape, but got {name} of shape {list(each.shape)} and "
                f"normalized_shape = {list(normalized)}"
            )


def _require_last(x: Any, normalized: Shape, wanted: str) -> None:
    if x.shape[max(0, x.ndim - len(normalized)) :] != normalized:
        sizes = wanted.format(", ".join(map(str, normalized)))
        raise RuntimeError(
            f"Given normalized_shape={list(normalized)}, expected input with shape [{sizes}], but got input of "
            f"size{list(x.shape)}"
        )


def _inner(x: Any, normalized: Shape) -> tuple[int, ...]:
    """The dimensions that are standardised."""
    return tuple(range(x.ndim - len(normalized), x.ndim))


def _outer(x: Any, normalized: Shape) -> tuple[int, ...]:
    return tuple(range(x.ndim - len(normalized)))


# -- layer_norm --------------------------------------------------------------------------------------------------------


def _layer_meta(input: Array, normalized_shape: Shape, weight: Array | None, bias: Array | None, eps: float) -> Any:
    require_alike(input, weight, bias)
    _require_parameters(normalized_shape, weight, bias)
    _require_last(input, normalized_shape, "*, {}")
    require_floating(input, "LayerNormKernelImpl")
    stats = (*input.shape[: -len(normalized_shape)], *(1,) * len(normalized_shape))
    kind = stats_dtype(input, weight, bias)
    return (input.shape, input.dtype), (stats, kind), (stats, kind)


def _layer_vjp(
    g: Any, input: Any, normalized_shape: Shape, result1: Any, result2: Any, weight: Any, bias: Any, needs: Any
) -> Any:
    found = k.native_layer_norm_backward(g, input, normalized_shape, result1, result2, weight, bias, needs)
    return tuple([each if need else None for each, need in zip(found, needs, strict=True)])


@op(
    variants="function",
    out=False,
    label="layer_norm",
    node="NativeLayerNormBackward0",
    meta=_layer_meta,
    outputs="result0 result1 result2",
    differentiable_outputs=1,
    samples=lambda t: [(t(2, 3, 4), (4,), t(4), t(4), 1e-5), (t(2, 2, 3), (2, 3), None, None, 1e-5)],
    group=("input weight bias", _layer_vjp),
    rule=(
        "∂input = ∂ · weight over the deviation, less what leaves mean and deviation as they are\n"
        "∂weight = Σ(∂ · standardised input), over the samples\n∂bias = Σ∂, over the samples"
    ),
)
def native_layer_norm(
    input: Array,
    normalized_shape: Ints,
    weight: Array | None,
    bias: Array | None,
    eps: float,
    *,
    out: tuple[Array, Array, Array],
) -> None:
    """(standardised input · weight + bias, mean, 1 / deviation).

    >>> import autogradkit as torch
    >>> torch.native_layer_norm(torch.tensor([1.0, 3.0]), (2,), None, None, 0.0)
    (tensor([-1.,  1.]), tensor([2.]), tensor([1.]))
    """
    if not input.size:
        return
    x = np.ascontiguousarray(wide(input))  # as in PyTorch, so that sums do not depend on strides
    shift = number_in(x, 0) if bias is None else bias  # so that no -0 is left, as in PyTorch
    direct = out if input.dtype == x.dtype else None
    made = standardised(x, _inner(input, normalized_shape), eps, weight, shift, direct)
    if direct is None:
        for each, numbers in zip(out, made, strict=True):
            convert(numbers, each)


def _layer_backward_meta(
    grad_out: Array, input: Array, normalized_shape: Shape, mean: Any, rstd: Any, weight: Array | None,
    bias: Array | None, output_mask: tuple[bool, ...],
) -> Any:  # fmt: skip
    kind = input.dtype if weight is None else weight.dtype
    if weight is None and mean.dtype != input.dtype:  # of halves with a float32 bias alone
        expected, found = (scalar_type(from_numpy_dtype(each.dtype)) for each in (input, mean))
        raise RuntimeError(f"expected scalar type {expected} but found {found}")
    return (
        (input.shape, input.dtype),
        (normalized_shape if output_mask[1] else (0,), kind),
        (normalized_shape if output_mask[2] else (0,), kind),
    )


def _layer_double(
    g: Any, grad_out: Any, input: Any, normalized_shape: Shape, mean: Any, rstd: Any, weight: Any, output_mask: Any,
    needs: Any,
) -> Any:  # fmt: skip
    given = [each if asked else None for each, asked in zip(g, (True, *output_mask[1:]), strict=True)]
    found = double_backward(given, grad_out, input, weight, mean, rstd, _inner(input, normalized_shape))
    to_g, to_x, to_weight = found
    outer = _outer(input, normalized_shape)
    if to_weight is not None and outer:
        to_weight = k.sum_dims(to_weight, outer, False)
    return tuple([each if need else None for each, need in zip((to_g, to_x, to_weight), needs, strict=True)])


@op(
    variants="",
    node="NativeLayerNormBackwardBackward0",
    meta=_layer_backward_meta,
    outputs="result0 result1 result2",
    group=("grad_out input weight", _layer_double),
    rule=(
        "∂grad_out = what the gradients of input, weight and bias give\n∂input = as the formula of the gradient changes\n"
        "∂weight = Σ of ∂result0 · standardised grad_out, over the samples"
    ),
)
def native_layer_norm_backward(
    grad_out: Array,
    input: Array,
    normalized_shape: Ints,
    mean: Array,
    rstd: Array,
    weight: Array | None,
    bias: Array | None,
    output_mask: Bools,
    *,
    out: tuple[Array, Array, Array],
) -> None:
    """The gradients of input, weight and bias; empty for those that the mask leaves out."""
    inner, outer = _inner(input, normalized_shape), _outer(input, normalized_shape)
    operands = [np.ascontiguousarray(wide(each)) for each in (grad_out, input, mean, rstd)]
    if output_mask[0]:
        for into, g, x, mean, rstd in in_samples(inner, out[0], *operands):
            _write_layer_slope(g, x, mean, rstd, weight, inner, into)
    if output_mask[1]:
        by_weight = np.empty_like(operands[1])
        for into, g, x, mean, rstd in in_samples(inner, by_weight, *operands):
            np.multiply(x, rstd, into)
            np.subtract(into, rstd * mean, into)
            np.multiply(g, into, into)
        out[1][...] = np.add.reduce(by_weight, outer)
    if output_mask[2]:
        out[2][...] = np.add.reduce(operands[0], outer)


def _write_layer_slope(
    g: Array, x: Array, mean: Array, rstd: Array, weight: Array | None, inner: tuple[int, ...], out: Array
) -> None:
    weighted = g if weight is None else g * weight
    found = weighted * x
    along = np.add.reduce(found, inner, keepdims=True)
    total = np.add.reduce(weighted, inner, keepdims=True)
    by_x, rest = slopes(total, along, mean, rstd, math.prod([x.shape[axis] for axis in inner]))
    np.multiply(weighted, rstd, found)
    found += x * by_x
    found += rest
    convert(found, out)


@op(variants="function", composition=True)
def layer_norm(
    input: Array,
    normalized_shape: Ints,
    weight: Array | None = None,
    bias: Array | None = None,
    eps: float = 1e-5,
    cudnn_enable: bool = True,
) -> Any:
    """The last dimensions, of sizes `normalized_shape`, less their mean, over their deviation, times `weight`, plus `bias`.

    Raises RuntimeError where sizes or dtypes do not fit.

    >>> import autogradkit as torch
    >>> torch.layer_norm(torch.tensor([[1.0, 3.0]]), (2,), eps=0.0)
    tensor([[-1.,  1.]])
    """
    return native_layer_norm.straight(input, normalized_shape, weight, bias, eps)[0]


# -- rms_norm ----------------------------------------------------------------------------------------------------------


@op(variants="function", composition=True)
def rms_norm(input: Array, normalized_shape: Ints, weight: Array | None = None, eps: float | None = None) -> Any:
    """The last dimensions, of sizes `normalized_shape`, over the root of their mean square, times `weight`.

    Without `eps` it is the dtype's own. Raises RuntimeError where the sizes do not fit.

    >>> import autogradkit as torch
    >>> torch.rms_norm(torch.tensor([3.0, 4.0, 5.0]), (3,))
    tensor([0.7348, 0.9798, 1.2247])
    """
    x: Any = input
    _require_parameters(normalized_shape, weight, None)
    if x.ndim < len(normalized_shape):
        raise ValueError(f"Input tensor must have at least {len(normalized_shape)} dimensions, but got {x.ndim}")
    _require_last(x, normalized_shape, "*{}")
    if weight is not None and weight.dtype != x.dtype:
        given, other = (C_NAMES[from_numpy_dtype(each._array.dtype).name] for each in (x, weight))  # type: ignore[union-attr]
        warn_once(
            f"Mismatch dtype between input and weight: input dtype = {given}, weight dtype = {other}, Cannot dispatch to fused "
            "implementation.",
            what="a mismatch of input and weight",
        )
    if not (x.is_floating_point() or x.is_complex()):
        raise NotImplementedError(f"\"rms_norm\" not implemented for '{scalar_type(x.dtype)}'")
    single = x.to(float32) if is_half(x._array.dtype) else x
    least = float(np.finfo(single._array.dtype).eps) if eps is None else eps
    root = ((single**2).mean(_inner(x, normalized_shape), True) + least).rsqrt()
    found = single * root
    if weight is not None:
        found = found * weight
    innermost = x.ndim == 4 and prefers_channels_last(x._array)
    return found.contiguous(memory_format=channels_last if innermost else contiguous_format).to(x.dtype)
