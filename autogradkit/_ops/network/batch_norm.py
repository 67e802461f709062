"""batch_norm: each channel standardised over the batch and all places, with running statistics for evaluation; instance_norm.

Rests on declare, standardising.py and channel_parts.py. `nn.functional` calls them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op
from autogradkit._ops.declare.declaration import UNIMPLEMENTED
from autogradkit._ops.declare.kinds import Array, Bools
from autogradkit._ops.declare.refusals import constants, undifferentiated
from autogradkit._ops.making.scalars import number_in
from autogradkit._ops.network.channel_parts import (
    finish,
    in_channels,
    memory,
    moments_of,
    write_slope,
    write_times_plus,
)
from autogradkit._ops.network.channels_last import image_spec, prefers_channels_last
from autogradkit._ops.network.standardising import (
    double_backward,
    require_alike,
    require_floating,
    rstd_of,
    wide,
)
from autogradkit.core.dtype import is_half
from autogradkit.core.shapes import dim_of_size
from autogradkit.core.strides import move_dim
from autogradkit.engine.modes import no_grad


def _by_channel(x: Array) -> Array:
    """As batch × channels × places."""
    return x.reshape(x.shape[0], x.shape[1], -1)


def _column(values: Any, x: Any) -> Any:
    """One number a channel, to broadcast against x."""
    return k.reshape(values, (1, -1, *(1,) * (x.ndim - 2)))


def _axes(x: Any) -> tuple[int, ...]:
    return (0, *range(2, x.ndim))


def _stats_dtype(x: Array, *parameters: Array | None) -> np.dtype[Any]:
    first = next((each.dtype for each in parameters if each is not None), x.dtype)
    return first if is_half(x.dtype) else x.dtype  # halves may have statistics in float32


def _check(
    input: Array, weight: Array | None, bias: Array | None, running_mean: Array | None, running_var: Array | None,
    training: bool, momentum: float, eps: float,
) -> Any:  # fmt: skip
    channels = input.shape[dim_of_size(1, input.ndim)]
    if training and (running_mean is None) != (running_var is None):
        raise ValueError("running_mean and running_var must either both be None or neither be None")
    for name, each in (("running_mean", running_mean), ("running_var", running_var)):
        if each is None and not training:
            raise RuntimeError(f"{name} must be defined in evaluation mode")
        if each is not None and each.size != channels:
            raise RuntimeError(f"{name} should contain {channels} elements not {each.size}")
    for name, each in (("weight", weight), ("bias", bias)):
        if each is not None and each.size != channels:
            raise RuntimeError(f"{name} should contain {channels} elements not {each.size}")
    require_floating(input, "batch_norm")
    require_alike(input, weight, bias, running_mean, running_var)
    if training and not input.size:
        raise RuntimeError(f"input tensor must have at least one element, but got input_sizes = {list(input.shape)}")
    kind = _stats_dtype(input, weight, bias, running_mean, running_var)
    stats = ((channels if training else 0,), kind)
    # Here strides of dimensions of size one do not matter.
    last = prefers_channels_last(input) or (input.ndim in (4, 5) and move_dim(input, 1, -1).flags.c_contiguous)
    innermost = last and not input.flags.c_contiguous
    return image_spec(input.shape, input.dtype, innermost), stats, stats


def _backward(
    g: Any, input: Any, weight: Any, running_mean: Any, running_var: Any, result1: Any, result2: Any, training: bool,
    eps: float, needs: Any,
) -> Any:  # fmt: skip
    given = input, weight, running_mean, running_var, result1, result2, training, eps, needs
    found = k.native_batch_norm_backward(g, *given)
    return tuple([each if need else None for each, need in zip(found, needs, strict=True)])


def _rstd_of(variance: Array, eps: float, x: Array) -> Array:
    """In double precision, rounded once."""
    return rstd_of(variance.astype(np.float64, copy=False), eps).astype(x.dtype)


@op(
    variants="function",
    label="batch_norm",
    node="NativeBatchNormBackward0",
    meta=_check,
    refuse=constants("native_batch_norm", running_mean=3, running_var=4),
    writes="running_mean running_var",
    outputs="result0 result1 result2",
    differentiable_outputs=1,
    samples=lambda t: [
        (t(3, 2, 2), t(2), t(2), None, None, True, 0.1, 1e-5),
        (t(4, 2), None, None, None, None, True, 0.1, 1e-5),
    ],
    group=("input weight bias", _backward),
    rule=(
        "∂input = ∂ · weight over the deviation, less what leaves mean and deviation as they are\n"
        "∂weight = Σ(∂ · standardised input), over batch and places\n∂bias = Σ∂, over batch and places"
    ),
)
def native_batch_norm(
    input: Array,
    weight: Array | None,
    bias: Array | None,
    running_mean: Array | None,
    running_var: Array | None,
    training: bool,
    momentum: float,
    eps: float,
    *,
    out: tuple[Array, Array, Array],
) -> None:
    """(standardised input · weight + bias, mean, 1 / deviation); in training the running statistics move by `momentum`.

    >>> import autogradkit as torch
    >>> torch.native_batch_norm(torch.tensor([[1.0], [3.0]]), None, None, None, None, True, 0.1, 0.0)
    (tensor([[-1.],
            [ 1.]]), tensor([2.]), tensor([1.]))
    """
    if not input.size:
        for each in out[1:]:
            each.fill(0)
        return
    x = wide(_by_channel(input))
    if training:
        mean, variance = moments_of(x)
        rstd = _rstd_of(variance, eps, x)
        out[1][...], out[2][...] = mean.reshape(-1), rstd.reshape(-1)
        if out[1].dtype is not x.dtype:  # as they are saved: maybe of half precision
            mean, rstd = (wide(each).reshape(1, -1, 1) for each in out[1:])
    else:
        assert running_mean is not None
        assert running_var is not None
        mean, variance = (wide(each).reshape(1, -1, 1) for each in (running_mean, running_var))
        rstd = _rstd_of(variance, eps, x)
    scale = rstd if weight is None else rstd * wide(weight).reshape(1, -1, 1)
    shift = (0 if bias is None else wide(bias).reshape(1, -1, 1)) - mean * scale
    made = memory(x, out[0])
    write_times_plus(x, scale, shift, input.dtype == np.float32 and input.flags.c_contiguous, made)
    finish(made, out[0])
    if training:
        _move(running_mean, running_var, mean, variance, x, momentum)


def _move(
    running_mean: Array | None, running_var: Array | None, mean: Array, variance: Array, x: Array, momentum: float
) -> None:
    count = x.shape[0] * x.shape[2]
    unbiased = _times(variance, count / (count - 1)) if count > 1 else variance * np.nan
    for running, now in ((running_mean, mean), (running_var, unbiased)):
        if running is not None:
            running = running[: now.size]  # `batch_norm_update_stats` takes longer ones, of which the rest stays
            now = now.reshape(-1)
            one_by_one = not running.strides[0]  # expanded: each channel sees what the one before it wrote
            for part in [slice(at, at + 1) for at in range(now.size)] if one_by_one else [slice(None)]:
                running[part] = _times(running[part], 1 - momentum) + _times(now[part], momentum)


def _times(x: Array, number: float) -> Array:
    return x * (number_in(x, number) if x.dtype.kind == "f" else number)  # bfloat16 goes to float32


def _stats_meta(input: Array, running_mean: Array | None, running_var: Array | None, momentum: float) -> Any:
    require_floating(input, "batch_norm_update_stats_cpu")
    channels = input.shape[dim_of_size(1, input.ndim)]
    if not input.size:
        raise RuntimeError(f"input tensor must have at least one element, but got input_sizes = {list(input.shape)}")
    require_alike(input, running_mean, running_var)
    for running in (running_mean, running_var):
        if running is not None and running.ndim != 1:
            raise RuntimeError(f"TensorAccessor expected 1 dims but tensor has {running.ndim}")
        if running is not None and running.size < channels:
            raise RuntimeError(f"running statistics should contain {channels} elements not {running.size}")
    kind = _stats_dtype(input, running_mean, running_var)
    return ((channels,), kind), ((channels,), kind)


@op(
    variants="function",
    node=UNIMPLEMENTED,
    meta=_stats_meta,
    out=False,
    writes="running_mean running_var",
    outputs="result0 result1",
    vjp=dict.fromkeys(("input", "running_mean", "running_var"), undifferentiated("batch_norm_update_stats")),
)
def batch_norm_update_stats(
    input: Array, running_mean: Array | None, running_var: Array | None, momentum: float, *, out: tuple[Array, Array]
) -> None:
    """(mean, variance) of each channel; the running statistics move by `momentum`.

    >>> import autogradkit as torch
    >>> torch.batch_norm_update_stats(torch.tensor([[1.0], [3.0]]), None, None, 0.1)
    (tensor([2.]), tensor([1.]))
    """
    x = wide(_by_channel(input))
    mean, variance = moments_of(x)
    for result, each in zip(out, (mean, variance), strict=True):
        np.copyto(result, each.reshape(-1), casting="unsafe")
    _move(running_mean, running_var, mean, variance, x, momentum)


def _backward_meta(
    grad_out: Array, input: Array, weight: Array | None, running_mean: Any, running_var: Any, save_mean: Any,
    save_invstd: Any, train: bool, eps: float, output_mask: tuple[bool, ...],
) -> Any:  # fmt: skip
    kind = input.dtype if weight is None else weight.dtype
    return (
        image_spec(input.shape, input.dtype, prefers_channels_last(input)),
        ((input.shape[1] if output_mask[1] else 0,), kind),
        ((input.shape[1] if output_mask[2] else 0,), kind),
    )


def _backward_backward(
    g: Any, grad_out: Any, input: Any, weight: Any, running_mean: Any, running_var: Any, save_mean: Any,
    save_invstd: Any, train: bool, eps: float, output_mask: Any, needs: Any,
) -> Any:  # fmt: skip
    if train:
        mean, rstd = (_column(each, input) for each in (save_mean, save_invstd))
    else:
        mean, rstd = _column(running_mean, input), (_column(running_var, input) + eps) ** -0.5
    of_input, of_weight, of_bias = g
    wanted = [of_input] + [
        None if each is None or not asked else _column(each, input)
        for each, asked in zip((of_weight, of_bias), output_mask[1:], strict=True)
    ]
    scale = None if weight is None else _column(weight, input)
    to_g, to_x, to_weight = double_backward(wanted, grad_out, input, scale, mean, rstd, _axes(input), fixed=not train)
    if to_weight is not None:
        to_weight = k.sum_dims(to_weight, _axes(input), False)
    return tuple([each if need else None for each, need in zip((to_g, to_x, to_weight), needs, strict=True)])


@op(
    variants="",
    node="NativeBatchNormBackwardBackward0",
    meta=_backward_meta,
    outputs="result0 result1 result2",
    group=("grad_out input weight", _backward_backward),
    rule=(
        "∂grad_out = what the gradients of input, weight and bias give\n∂input = as the formula of the gradient changes\n"
        "∂weight = Σ of ∂result0 · standardised grad_out, over batch and places"
    ),
)
def native_batch_norm_backward(
    grad_out: Array,
    input: Array,
    weight: Array | None,
    running_mean: Array | None,
    running_var: Array | None,
    save_mean: Array | None,
    save_invstd: Array | None,
    train: bool,
    eps: float,
    output_mask: Bools,
    *,
    out: tuple[Array, Array, Array],
) -> None:
    """The gradients of input, weight and bias; empty for those that the mask leaves out."""
    if not input.size:
        for each in out:
            each.fill(0)
        return
    x, g = wide(_by_channel(input)), wide(_by_channel(grad_out))
    if train:
        assert save_mean is not None
        assert save_invstd is not None
        mean, rstd = (wide(each).reshape(1, -1, 1) for each in (save_mean, save_invstd))
    else:
        assert running_mean is not None
        assert running_var is not None
        mean = wide(running_mean).reshape(1, -1, 1)
        rstd = _rstd_of(wide(running_var).reshape(1, -1, 1), eps, x)
    scale = rstd if weight is None else rstd * wide(weight).reshape(1, -1, 1)
    totals, products = np.empty(rstd.shape, g.dtype), np.empty(rstd.shape, g.dtype)
    made = memory(x, out[0])
    for each in in_channels(x, g, mean, rstd, scale, totals, products, made):
        write_slope(*each, train=train, wanted=output_mask[0])
    if output_mask[0]:
        finish(made, out[0])
    if output_mask[1]:
        out[1][...] = (products * rstd).reshape(-1)
    if output_mask[2]:
        out[2][...] = totals.reshape(-1)


@op(variants="function", composition=True)
def batch_norm(
    input: Array,
    weight: Array | None,
    bias: Array | None,
    running_mean: Array | None,
    running_var: Array | None,
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
) -> Any:
    """Each channel (dimension 1) less its mean, over its deviation, times `weight`, plus `bias`.

    In training mean and deviation are those of the batch, and the running ones move towards them by `momentum`, in place;
    else the running ones count. Prefer the function of `nn.functional`. Raises RuntimeError where sizes or dtypes do not fit.

    >>> import autogradkit as torch
    >>> torch.batch_norm(torch.tensor([[1.0], [3.0]]), None, None, None, None, True, 0.1, 0.0, False)
    tensor([[-1.],
            [ 1.]])
    """
    x: Any = input
    if not x.numel():
        return _of_nothing(x, weight, bias)
    return native_batch_norm.straight(input, weight, bias, running_mean, running_var, training, momentum, eps)[0]


def _of_nothing(x: Any, weight: Any, bias: Any) -> Any:
    """What has no elements is copied, whatever its dtype, and meets the first weight and bias, for the graph's sake."""
    found = x.clone()
    if weight is not None:
        found = found * weight[0]
    return found if bias is None else found + bias[0]


@op(variants="function", composition=True)
def instance_norm(
    input: Array,
    weight: Array | None,
    bias: Array | None,
    running_mean: Array | None,
    running_var: Array | None,
    use_input_stats: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
) -> Any:
    """As `batch_norm`, each channel of each sample by itself; running statistics are means over the samples.

    >>> import autogradkit as torch
    >>> torch.instance_norm(torch.tensor([[[1.0, 3.0]]]), None, None, None, None, True, 0.1, 0.0, False)
    tensor([[[-1.,  1.]]])
    """
    if not use_input_stats and (running_mean is None or running_var is None):
        raise RuntimeError("Expected running_mean and running_var to be defined when use_input_stats is false")
    x: Any = input
    kind = (x if weight is None else weight).dtype
    casts = running_mean is not None and running_mean.dtype != kind
    if casts and running_var is None:
        raise RuntimeError(
            "Expected a proper Tensor but got None (or an undefined Tensor in C++) for argument #0 'self'"
        )
    batch, channels = x.size(0), x.size(1)
    repeated: list[Any] = [
        None if each is None else each.repeat(batch) for each in (weight, bias, running_mean, running_var)
    ]
    if casts:
        repeated[2:] = [each.to(kind) for each in repeated[2:]]
    flat = x.contiguous().view(1, batch * channels, *x.shape[2:])
    found = batch_norm(flat, *repeated, use_input_stats, momentum, eps, cudnn_enabled)
    if use_input_stats:
        with no_grad():
            for running, now in zip((running_mean, running_var), repeated[2:], strict=True):
                if running is not None:
                    running.copy_(now.view(batch, channels).mean(0))  # type: ignore[attr-defined]
    return found.view(x.shape)
