"""group_norm: standardised over groups of channels of a sample.

Rests on declare and standardising.py. `nn.functional` calls it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op
from autogradkit._ops.declare.kinds import Array, Bools, SymInt
from autogradkit._ops.making.options import channels_last, channels_last_3d
from autogradkit._ops.network.channels_last import image_spec, prefers_channels_last
from autogradkit._ops.network.standardising import (
    double_backward,
    require_alike,
    require_floating,
    require_mixable,
    slopes,
    standardised,
    stats_dtype,
    wide,
)
from autogradkit.core.strides import move_dim

Shape = tuple[int, ...]


def _grouped(x: Any, N: int, C: int, group: int) -> Any:
    """As batch × groups × channels of a group × places; `x` itself may have any sizes of as many elements."""
    return k.reshape(x, (N, group, C // group, -1))


def _group_check(x: Any, channels: int, weight: Any, bias: Any, group: int) -> None:
    if group <= 0:
        raise RuntimeError(f"Expected num groups to be greater than 0, got {group}")
    if channels % group:
        raise RuntimeError(
            "Expected number of channels in input to be divisible by num_groups, but got input of shape "
            f"{list(x.shape)} and num_groups={group}"
        )
    for name, each in (("weight", weight), ("bias", bias)):
        if each is not None and each.shape != (channels,):
            raise RuntimeError(
                f"Expected {name} to be a vector of size equal to the number of channels in input, but got {name} of shape "
                f"{[0] if weight is None else list(weight.shape)} and input of shape {list(x.shape)}"
            )


def _is_channels_last(x: Any) -> bool:
    return x.ndim in (4, 5) and bool(move_dim(x, 1, -1).flags.c_contiguous)


def _group_meta(
    input: Array,
    weight: Array | None,
    bias: Array | None,
    N: int,
    C: int,
    HxW: int,
    group: int,
    eps: float,
) -> Any:
    _group_check(input, C, weight, bias, group)
    if not (input.flags.c_contiguous or _is_channels_last(input)):
        raise RuntimeError(
            "Expected X.is_contiguous(memory_format) to be true, but got false.  (Could this error message be improved?  If so, "
            "please report an enhancement request to PyTorch.)"
        )
    require_mixable(input, weight, bias)
    require_floating(input, "GroupNormKernelImpl")
    if input.size != N * C * HxW:
        raise RuntimeError(
            "Expected X.numel() == N * C * HxW to be true, but got false.  (Could this error message be improved?  If so, please "
            "report an enhancement request to PyTorch.)"
        )
    require_alike(input, weight, bias)
    stats = (N, group), stats_dtype(input, weight, bias)
    return image_spec(input.shape, input.dtype, prefers_channels_last(input)), stats, stats


def _by_steps(
    g: Any, input: Any, weight: Any, mean: Any, rstd: Any, N: int, C: int, HxW: int, group: int, needs: Any
) -> Any:
    """The gradients of input, weight and bias where they are to be differentiated again: made of ops, as PyTorch makes them.

    In half precision each step is rounded, and the cube of 1 over a small deviation is infinite.
    """
    grouped, x = (k.reshape(each, (N, group, C // group, HxW)) for each in (g, input))
    mean, rstd = (k.reshape(each, (N, group, 1, 1)) for each in (mean, rstd))
    along, total = (k.sum_dims(each, (3,), True) for each in (grouped * x, grouped))  # of each channel
    to_input = to_weight = to_bias = None
    if needs[0]:
        scale, scaled_along, scaled_total = rstd, along, total
        if weight is not None:
            by = k.reshape(weight, (1, group, C // group, 1))
            scale, scaled_along, scaled_total = rstd * by, along * by, total * by
        of_deviation, of_mean = (k.sum_dims(each, (2,), True) for each in (scaled_along, scaled_total))
        share = 1.0 / (C // group * HxW)
        by_x = (of_mean * mean - of_deviation) * (rstd * rstd * rstd) * share
        to_input = k.reshape(scale * grouped + by_x * x + (-by_x * mean - of_mean * rstd * share), input.shape)
    if needs[1]:
        to_weight = k.reshape(k.sum_dims((along - total * mean) * rstd, (0,), False), (C,))
    if needs[2]:
        to_bias = k.reshape(k.sum_dims(total, (0,), False), (C,))
    return to_input, to_weight, to_bias


def _group_vjp(
    g: Any,
    input: Any,
    weight: Any,
    result1: Any,
    result2: Any,
    N: int,
    C: int,
    HxW: int,
    group: int,
    needs: Any,
) -> Any:
    of_result, of_mean, of_rstd = g
    to_input = to_weight = to_bias = None
    if of_result is not None and k.is_differentiated(of_result):
        to_input, to_weight, to_bias = _by_steps(of_result, input, weight, result1, result2, N, C, HxW, group, needs)
    elif of_result is not None:
        made = k.native_group_norm_backward(of_result, input, result1, result2, weight, N, C, HxW, group, needs)
        to_input, to_weight, to_bias = [each if need else None for each, need in zip(made, needs, strict=True)]
    if needs[0] and of_mean is not None and of_rstd is not None:  # of one alone PyTorch passes over what reaches it
        columns = [k.reshape(each, (N, group, 1, 1)) for each in (result1, result2, of_mean, of_rstd)]
        mean, rstd, of_mean, of_rstd = columns
        slope = (of_mean - (_grouped(input, N, C, group) - mean) * rstd * rstd * rstd * of_rstd) / (C // group * HxW)
        slope = k.reshape(slope, input.shape)
        to_input = slope if to_input is None else to_input + slope
    return to_input, to_weight, to_bias


@op(
    variants="function",
    out=False,
    label="group_norm",
    meta=_group_meta,
    outputs="result0 result1 result2",
    samples=lambda t: [(t(2, 4, 3), t(4), t(4), 2, 4, 3, 2, 1e-5), (t(2, 2, 3), None, None, 2, 2, 3, 1, 1e-5)],
    group=("input weight bias", _group_vjp),
    rule=(
        "∂input = ∂ · weight over the deviation, less what leaves mean and deviation as they are\n"
        "∂weight = Σ(∂ · standardised input), over samples and places\n∂bias = Σ∂, over samples and places"
    ),
)
def native_group_norm(
    input: Array,
    weight: Array | None,
    bias: Array | None,
    N: SymInt,
    C: SymInt,
    HxW: SymInt,
    group: int,
    eps: float,
    *,
    out: tuple[Array, Array, Array],
) -> None:
    """(each group of channels standardised, times `weight`, plus `bias`; mean, 1 / deviation).

    >>> import autogradkit as torch
    >>> torch.native_group_norm(torch.tensor([[1.0, 3.0]]), None, None, 1, 2, 1, 1, 0.0)
    (tensor([[-1.,  1.]]), tensor([[2.]]), tensor([[1.]]))
    """
    if not input.size:
        out[1].fill(0)
        out[2].fill(np.nan)
        return
    by, plus = [each if each is None else each.reshape(group, -1, 1) for each in (weight, bias)]
    x = wide(_grouped(input, N, C, group))
    if x.dtype is input.dtype and out[0].flags.c_contiguous:
        stats = (N, group, 1, 1)
        standardised(x, (2, 3), eps, by, plus, (out[0].reshape(x.shape), out[1].reshape(stats), out[2].reshape(stats)))
        return
    for each, made in zip(out, standardised(x, (2, 3), eps, by, plus), strict=True):
        np.copyto(each, made.reshape(each.shape), casting="unsafe")


def _group_backward_meta(
    grad_out: Array, input: Array, mean: Any, rstd: Any, weight: Array | None, N: int, C: int, HxW: int, group: int,
    output_mask: tuple[bool, ...],
) -> Any:  # fmt: skip
    kind = input.dtype if weight is None else weight.dtype
    if weight is None and mean.dtype != input.dtype and output_mask[2]:  # likewise
        raise RuntimeError("tensor does not have a device")
    return (
        image_spec(input.shape, input.dtype, prefers_channels_last(input)),
        ((C if output_mask[1] else 0,), kind),
        ((C if output_mask[2] else 0,), kind),
    )


def _group_double(
    gradients: Any, grad_out: Any, input: Any, mean: Any, rstd: Any, weight: Any, N: int, C: int, group: int, output_mask: Any,
    needs: Any,
) -> Any:  # fmt: skip
    def column(values: Any) -> Any:
        return k.reshape(values, (1, group, C // group, 1))

    of_input, of_weight, of_bias = gradients
    given = [None if of_input is None else _grouped(of_input, N, C, group)] + [
        None if each is None or not asked else column(each)
        for each, asked in zip((of_weight, of_bias), output_mask[1:], strict=True)
    ]
    scale = None if weight is None else column(weight)
    mean, rstd = (k.reshape(each, (*each.shape, 1, 1)) for each in (mean, rstd))
    g, x = (_grouped(each, N, C, group) for each in (grad_out, input))
    found = double_backward(given, g, x, scale, mean, rstd, (2, 3))
    to_g, to_x = (None if each is None else k.reshape(each, input.shape) for each in found[:2])
    to_weight = None if found[2] is None else k.reshape(k.sum_dims(found[2], (0, 3), False), (C,))
    return tuple([each if need else None for each, need in zip((to_g, to_x, to_weight), needs, strict=True)])


@op(
    variants="",
    node="NativeGroupNormBackwardBackward0",
    meta=_group_backward_meta,
    outputs="result0 result1 result2",
    group=("grad_out input weight", _group_double),
    rule=(
        "∂grad_out = what the gradients of input, weight and bias give\n∂input = as the formula of the gradient changes\n"
        "∂weight = Σ of ∂result0 · standardised grad_out, over samples and places"
    ),
)
def native_group_norm_backward(
    grad_out: Array,
    input: Array,
    mean: Array,
    rstd: Array,
    weight: Array | None,
    N: SymInt,
    C: SymInt,
    HxW: SymInt,
    group: int,
    output_mask: Bools,
    *,
    out: tuple[Array, Array, Array],
) -> None:
    """The gradients of input, weight and bias; empty for those that the mask leaves out."""
    if not input.size:
        for each in out:
            each.fill(0)
        return
    g, x = (wide(_grouped(each, N, C, group)) for each in (grad_out, input))
    mean, rstd = (wide(each)[..., None] for each in (mean, rstd))
    totals, along = np.add.reduce(g, 3), np.add.reduce(g * x, 3)  # of each channel
    if output_mask[0]:
        scale = x.dtype.type(1) if weight is None else wide(weight).reshape(1, group, -1)
        total, product = (np.add.reduce(each * scale, 2, keepdims=True) for each in (totals, along))
        by_x, rest = slopes(total, product, mean, rstd, math.prod(x.shape[2:]))
        found = g * (rstd * scale)[..., None] + x * by_x[..., None] + rest[..., None]
        np.copyto(out[0], found.reshape(input.shape), casting="unsafe")
    if output_mask[1]:
        np.copyto(out[1], np.add.reduce((along - totals * mean) * rstd, 0).reshape(-1), casting="unsafe")
    if output_mask[2]:
        np.copyto(out[2], np.add.reduce(totals, 0).reshape(-1), casting="unsafe")


@op(variants="function", composition=True)
def group_norm(
    input: Array,
    num_groups: int,
    weight: Array | None = None,
    bias: Array | None = None,
    eps: float = 1e-5,
    cudnn_enabled: bool = True,
) -> Any:
    """Each of `num_groups` groups of channels (dimension 1) less its mean, over its deviation, times `weight`, plus `bias`.

    Raises RuntimeError where sizes or dtypes do not fit.

    >>> import autogradkit as torch
    >>> torch.group_norm(torch.tensor([[1.0, 3.0]]), 1, eps=0.0)
    tensor([[-1.,  1.]])
    """
    x: Any = input
    batch, channels = x.size(0), x.size(1)
    if not x.is_contiguous():
        _group_check(x, channels, weight, bias, num_groups)
        last = channels_last if x.ndim == 4 else channels_last_3d
        if x.ndim not in (4, 5) or not x.is_contiguous(memory_format=last):
            x = x.contiguous()
    places = math.prod(tuple(x.shape)[2:])
    return native_group_norm.straight(x, weight, bias, batch, channels, places, num_groups, eps)[0]
