"""Rules of layers and losses: the batch joins the dimension that such ops have for batches, or takes its place."""

from __future__ import annotations

import math
from typing import Any

from autogradkit._ops.batching.elements import aligned, rank_of, view_or_copy
from autogradkit._ops.declare.batched import Samples, rule, spread
from autogradkit.core.batched import Batch
from autogradkit.core.tensor import Tensor


def joined(value: Any, batch: Batch) -> Any:
    """All samples of a tensor with a batch of its own, as one batch."""
    shape = value.shape
    return view_or_copy(spread(value, batch), (batch.size * shape[0], *shape[1:]))


def parted(tensor: Any, batch: Batch) -> Any:
    """The other way around."""
    size, *rest = tensor._array.shape
    return view_or_copy(tensor, (batch.size, size // batch.size if batch.size else 0, *rest))


# How many dimensions there are with a batch's.
_FULL = {"1d": 3, "2d": 4, "3d": 5}


@rule(
    "max_pool2d_with_indices", "max_pool3d_with_indices", "max_pool2d_with_indices_backward", "max_pool3d_with_indices_backward",
    "values_at_indices", "values_in_volumes", "max_pool1d_values", "_adaptive_avg_pool2d", "_adaptive_avg_pool3d",
    "_adaptive_avg_pool2d_backward", "_adaptive_avg_pool3d_backward", "adaptive_max_pool2d", "adaptive_max_pool3d",
    "adaptive_max_pool2d_backward", "adaptive_max_pool3d_backward", "avg_pool2d", "avg_pool3d", "avg_pool2d_backward",
    "avg_pool3d_backward", "reflection_pad1d", "reflection_pad2d", "reflection_pad3d", "reflection_pad1d_backward",
    "reflection_pad2d_backward", "reflection_pad3d_backward", "replication_pad1d", "replication_pad2d", "replication_pad3d",
    "replication_pad1d_backward", "replication_pad2d_backward", "replication_pad3d_backward", "upsample_nearest1d",
    "upsample_nearest2d", "upsample_nearest3d", "_upsample_nearest_exact1d", "_upsample_nearest_exact2d",
    "_upsample_nearest_exact3d", "upsample_linear1d", "upsample_bilinear2d", "upsample_trilinear3d", "upsample_bicubic2d",
    "_upsample_bilinear2d_aa", "_upsample_bicubic2d_aa",
)  # fmt: skip
def _of_planes(op: Any, batch: Batch, values: list[Any]) -> Any:
    name = op.owner.name
    full = (
        4
        if name == "values_at_indices"
        else 5
        if name == "values_in_volumes"
        else next(rank for says, rank in _FULL.items() if says in name)
    )
    tensors = [each for each in values if isinstance(each, (Samples, Tensor))]
    ranks = {len(each.shape) for each in tensors}
    if ranks == {full - 1}:
        return op.run_dual([spread(each, batch) if isinstance(each, (Samples, Tensor)) else each for each in values])
    if ranks != {full} or not batch.size:
        return None
    made = op.run_dual([joined(each, batch) if isinstance(each, (Samples, Tensor)) else each for each in values])
    return parted(made, batch) if isinstance(made, Tensor) else [parted(each, batch) for each in made]


@rule("convolution")
def _convolution(op: Any, batch: Batch, values: list[Any]) -> Any:
    """With weights in common one convolution of all samples; else one of groups, a group for each sample."""
    given, weight, bias, stride, padding, dilation, transposed, output_padding, groups = values
    rest = (stride, padding, dilation, transposed, output_padding)
    if not batch.size:
        return None
    if not isinstance(weight, Samples) and not isinstance(bias, Samples):
        return parted(op.run_dual([joined(given, batch), weight, bias, *rest, groups]), batch)
    biases = None if bias is None else joined(bias, batch)
    made = op.run_dual([_side_by_side(given, batch), joined(weight, batch), biases, *rest, groups * batch.size])
    return _one_by_one(made, batch)


@rule("convolution_backward")
def _convolution_backward(op: Any, batch: Batch, values: list[Any]) -> Any:
    """One backward of a group for each sample; with the weights in common, the input's is one of all samples."""
    gradient, given, weight, bias_sizes, *rest, groups, wanted = values
    if not batch.size:
        return None
    to_input, to_weight, to_bias = wanted
    made: list[Any] = [spread(given, batch).new_zeros((batch.size, 0)) for _ in wanted]
    if to_input and not isinstance(weight, Samples):
        whole = op.run_dual([
            joined(gradient, batch), joined(given, batch), weight, bias_sizes, *rest, groups, (True, False, False),
        ])  # fmt: skip
        made[0], to_input = parted(whole[0], batch), False
    if to_input or to_weight:
        side_by_side = [_side_by_side(each, batch) for each in (gradient, given)]
        weights = joined(weight, batch)
        found = op.run_dual([*side_by_side, weights, None, *rest, groups * batch.size, (to_input, to_weight, False)])
        if to_input:
            made[0] = _one_by_one(found[0], batch)
        if to_weight:
            made[1] = parted(found[1], batch)
    if to_bias:
        everything = spread(gradient, batch)
        made[2] = everything.sum((1, *range(3, everything.ndim)))
    return made


def _side_by_side(value: Any, batch: Batch) -> Any:
    """The channels of all samples, each with a batch of its own, as channels of one batch."""
    count, channels, *sizes = value.shape
    return view_or_copy(spread(value, batch).transpose(0, 1), (count, batch.size * channels, *sizes))


def _one_by_one(tensor: Any, batch: Batch) -> Any:
    """The other way around."""
    count, channels, *sizes = tensor._array.shape
    return view_or_copy(tensor, (count, batch.size, channels // batch.size, *sizes)).transpose(0, 1)


@rule("dropout", "feature_dropout")
def _dropout(op: Any, batch: Batch, values: list[Any]) -> Any:
    """One draw for all samples, where it is to be the same for each."""
    given, p, train = values
    if not train or not p:
        return given.all
    if batch.randomness != "same":
        return None
    return given.all * op.run_dual([given.all.new_ones(given.shape), p, train])


@rule("native_batch_norm")
def _batch_norm(op: Any, batch: Batch, values: list[Any]) -> Any:
    given, training = values[0], values[op.index["training"]]
    if training and isinstance(given, Samples) and any(isinstance(each, Tensor) for each in values[3:5]):
        raise RuntimeError(
            "Batch norm got a batched tensor as input while the running_mean or running_var, which will be updated in place, "
            "were not batched.\nIf you are using a module and do not need eval mode, please set `track_running_stats` to be "
            "False.If you are using a prebuilt module and do not need eval mode, please see the functorch website for resources "
            "on how to patch your module to work with vmap"
        )
    if training or any(isinstance(each, Samples) for each in values[1:]) or not batch.size:
        return None
    made, *kept = op.run_dual([joined(given, batch), *values[1:]])
    return [parted(made, batch), *[spread(each, batch) for each in kept]]


@rule("embedding")
def _embedding(op: Any, batch: Batch, values: list[Any]) -> Any:
    weight, indices, *rest = values
    if isinstance(weight, Samples):
        if any(each is not False and each != -1 for each in rest):
            return None
        return None if isinstance(indices, Samples) else weight.all[:, indices]
    return op.run_dual([weight, indices.all, *rest])


@rule("native_layer_norm")
def _layer_norm(op: Any, batch: Batch, values: list[Any]) -> Any:
    given, shape, weight, bias, eps = values
    if not isinstance(given, Samples):
        return None
    if not isinstance(weight, Samples) and not isinstance(bias, Samples):
        return op.run_dual([given.all, shape, weight, bias, eps])
    normed, mean, scale = op.run_dual([given.all, shape, None, None, eps])
    normed = normed if weight is None else normed * aligned(weight, given.ndim)
    return [normed if bias is None else normed + aligned(bias, given.ndim), mean, scale]


# -- losses ------------------------------------------------------------------------------------------------------------


@rule(
    "mse_loss", "huber_loss", "smooth_l1_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits", "soft_margin_loss",
)  # fmt: skip
def _loss(op: Any, batch: Batch, values: list[Any]) -> Any:
    """The losses of elements, then their mean or sum in each sample."""
    at = op.index["reduction"]
    reduction = values[at]
    tensors = [each for each in values if isinstance(each, (Samples, Tensor))]
    rank = max(rank_of(each) for each in tensors)
    whole = [
        each
        if not isinstance(each, (Samples, Tensor))
        else spread(each, batch)
        if i < 2 and rank_of(each) == rank
        else aligned(each, rank)
        for i, each in enumerate(values)
    ]
    whole[at] = 0
    each = op.run_dual(whole)
    if not reduction or not rank:
        return each
    rows = view_or_copy(each, (batch.size, math.prod(each._array.shape[1:])))
    return rows.mean(1) if reduction == 1 else rows.sum(1)


@rule("nll_loss_forward")
def _nll_loss(op: Any, batch: Batch, values: list[Any]) -> Any:
    """The losses of all targets, then their weighted mean or sum in each sample."""
    logarithms, target, weight, reduction, ignored = values
    if isinstance(weight, Samples) or len(target.shape) > 1 or len(logarithms.shape) == 1 != 1 + len(target.shape):
        return None
    rows = spread(logarithms, batch)
    targets = view_or_copy(spread(target, batch), (-1,)) if batch.size else spread(target, batch).reshape(0)
    each, _ = op.run_dual(
        [view_or_copy(rows, (-1, rows.shape[-1])) if batch.size else rows, targets, weight, 0, ignored]
    )
    each = view_or_copy(each, (batch.size, -1)) if batch.size else each
    counts = (targets != ignored).to(each.dtype)
    if weight is not None:
        counts = counts * weight[targets.where(targets != ignored, 0)]
    total = view_or_copy(counts, each._array.shape).sum(1)
    if not reduction:
        return [each if len(target.shape) else each.squeeze(1), total.new_zeros(batch.size)]
    return [each.sum(1) / total if reduction == 1 else each.sum(1), total]
