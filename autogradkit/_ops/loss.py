"""Softmax and the losses: log_softmax, softmax, nll_loss, mse_loss, each with its backward as an op of its own.

Rests on op. `cross_entropy` and what else is composed of these stands in `nn.functional`. `reduction` is PyTorch's number:
0 none, 1 mean, 2 sum.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import k
from autogradkit._ops.op import Array, composite, op
from autogradkit.core import dtype as dtypes
from autogradkit.core.dtype import SCALAR_TYPE_NAMES, from_numpy_dtype, result_type
from autogradkit.core.strides import wrap_dim
from autogradkit.core.tensor import Tensor, wrap

NONE, MEAN, SUM = 0, 1, 2


# -- negative log-likelihood -------------------------------------------------------------------------------------------


def _check_target(self: Array, target: Array, weight: Array | None, spatial: bool) -> None:
    classes = self.shape[-1] if self.ndim < 2 else self.shape[1]
    if spatial and target.ndim != 3:
        raise RuntimeError(
            f"only batches of spatial targets supported (3D tensors) but got targets of dimension: {target.ndim}"
        )
    if spatial and (self.shape[0], *self.shape[2:]) != target.shape:
        raise RuntimeError(f"size mismatch (got input: {list(self.shape)} , target: {list(target.shape)}")
    if not spatial and target.ndim > 1:
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    if not spatial and self.ndim == 2 and target.shape != self.shape[:1]:
        raise RuntimeError(f"size mismatch (got input: {list(self.shape)}, target: {list(target.shape)})")
    if target.dtype not in (np.int64, np.uint8):
        raise RuntimeError(
            "expected target dtype to be Long or Byte, but got " + SCALAR_TYPE_NAMES[from_numpy_dtype(target.dtype)]
        )
    if weight is not None and weight.shape != (classes,):
        raise RuntimeError(
            f"weight tensor should be defined either for all {classes} classes or no classes but got weight tensor of "
            f"shape: {list(weight.shape)}"
        )


def _places(self: Array, target: Array, ignore_index: int) -> tuple[tuple[Array, ...], Array]:
    """The index of each target's log-probability, and which targets count. Raises IndexError for a class too many."""
    classes = self.shape[-1] if self.ndim < 2 else self.shape[1]
    chosen = target.reshape(-1).astype(np.int64, copy=False)
    counts = chosen != ignore_index
    outside = ((chosen < 0) | (chosen >= classes)) & counts
    if outside.any():
        raise IndexError(f"Target {chosen[outside][0]} is out of bounds.")
    if not counts.all():
        chosen = np.where(counts, chosen, 0)
    if self.ndim < 2:
        return (chosen,), counts
    samples, *inner = np.unravel_index(np.arange(chosen.size), target.shape) if target.size else (chosen,)
    return (samples, chosen, *inner), counts


def _weights(places: tuple[Array, ...], counts: Array, weight: Array | None, numpy_dtype: np.dtype[Any]) -> Array:
    chosen = places[min(1, len(places) - 1)]
    each = counts.astype(numpy_dtype)
    return each if weight is None else each * weight[chosen]


def _all_count(self: Array, target: Array, weight: Array | None, ignore_index: int) -> bool:
    """Whether this is the usual case: a batch of rows, every target a class, none ignored, all weights 1."""
    if self.ndim != 2 or weight is not None or target.dtype != np.int64 or not target.size:
        return False
    classes = self.shape[1]
    if 0 <= ignore_index < classes:
        return False
    return bool(np.minimum.reduce(target) >= 0 and np.maximum.reduce(target) < classes)


def _nll(self: Array, target: Array, weight: Array | None, reduction: int, ignore_index: int) -> tuple[Array, Array]:
    if _all_count(self, target, weight, ignore_index):
        count = len(target)
        losses = -self[np.arange(count), target]
        if reduction == NONE:
            return losses, np.zeros((), self.dtype)
        summed = np.add.reduce(losses)
        total = np.asarray(count, self.dtype)
        return np.asarray(summed / total if reduction == MEAN else summed, self.dtype), total
    places, counts = _places(self, target, ignore_index)
    weights = _weights(places, counts, weight, self.dtype)
    losses = -self[places] * weights
    losses[~counts] = 0
    total = np.asarray(np.add.reduce(weights), self.dtype)
    if reduction == NONE:
        return losses.reshape(target.shape), np.zeros((), self.dtype)
    summed = np.asarray(np.add.reduce(losses), self.dtype)
    return (np.asarray(summed / total) if reduction == MEAN else summed), total


def _nll_samples(t: Any) -> list[tuple[Any, ...]]:
    target = wrap(np.array([2, 0, -100, 1]))
    weight = wrap(np.array([0.5, 1.0, 2.0]))
    return [
        (t(4, 3), target, None, MEAN, -100),
        (t(4, 3), wrap(np.array([2, 0, 1, 1])), weight, NONE, 1),
        (t(4, 3), target, weight, SUM, -100),
        (t(3), wrap(np.array(1)), weight, MEAN, -100),
    ]


@op(
    name="nll_loss_nd",
    public="nll_loss",
    node="NllLossBackward0",
    method=False,
    function=False,
    outputs=("output", "total_weight"),
    differentiable_outputs=1,
    samples=_nll_samples,
)
def nll_loss_forward(
    self: Array, target: Array, weight: Array | None, reduction: int, ignore_index: int
) -> tuple[Array, Array]:
    """−weight[target] · self[target], for (N, C) or (C) log-probabilities, and the sum of the weights."""
    _check_target(self, target, weight, spatial=False)
    return _nll(self, target, weight, reduction, ignore_index)


@op(
    method=False,
    function=False,
    node="NllLoss2DBackward0",
    outputs=("output", "total_weight"),
    differentiable_outputs=1,
    samples=lambda t: [(t(2, 3, 1, 2), wrap(np.array([[[2, 0]], [[1, -100]]])), None, MEAN, -100)],
)
def nll_loss2d_forward(
    self: Array, target: Array, weight: Array | None, reduction: int, ignore_index: int
) -> tuple[Array, Array]:
    """−weight[target] · self[target], for (N, C, H, W) log-probabilities, and the sum of the weights."""
    _check_target(self, target, weight, spatial=True)
    return _nll(self, target, weight, reduction, ignore_index)


@op(
    method=False,
    function=False,
    node="NllLossBackwardBackward0",
    samples=lambda t: [(t(), t(4, 3), wrap(np.array([2, 0, -100, 1])), None, MEAN, -100, wrap(np.array(3.0)))],
)
def nll_loss_backward(
    grad_output: Array,
    self: Array,
    target: Array,
    weight: Array | None,
    reduction: int,
    ignore_index: int,
    total_weight: Array,
) -> Array:
    """The gradient of the negative log-likelihood: −weight at each target's place."""
    result = np.zeros(self.shape, self.dtype)
    if _all_count(self, target, weight, ignore_index):
        result[np.arange(len(target)), target] = -grad_output / total_weight if reduction == MEAN else -grad_output
        return result
    places, counts = _places(self, target, ignore_index)
    weights = _weights(places, counts, weight, self.dtype)
    if reduction == MEAN:
        weights /= total_weight
    result[places] = np.where(counts, -weights * grad_output.reshape(-1), 0)
    return result


for _forward in (nll_loss_forward, nll_loss2d_forward):
    _forward.vjp(
        self=lambda g, self, target, weight, reduction, ignore_index, total_weight: k.nll_loss_backward(
            g, self, target, weight, reduction, ignore_index, total_weight
        )
    )
nll_loss_backward.vjp(
    grad_output=lambda g, target, weight, reduction, ignore_index: (
        k.nll_loss2d_forward if g.ndim == 4 else k.nll_loss_nd
    )(g, target, weight, reduction, ignore_index)[0],
    self=lambda g: g * 0,
)


# -- squared error -----------------------------------------------------------------------------------------------------


def _reduced(losses: Array, reduction: int) -> Array:
    if reduction == NONE:
        return losses
    return np.asarray(np.mean(losses) if reduction == MEAN else np.add.reduce(losses, axis=None), losses.dtype)


def _common(a: Array, b: Array) -> tuple[Array, Array]:
    if a.dtype == b.dtype:
        return a, b
    kinds = [(from_numpy_dtype(each.dtype), 2 if each.ndim else 1) for each in (a, b)]
    common = result_type(kinds).numpy
    return a.astype(common, copy=False), b.astype(common, copy=False)


@op(method=False, function=False, samples=lambda t: [(t(2, 3), t(2, 3), r) for r in (NONE, MEAN, SUM)])
def mse_loss(self: Array, target: Array, reduction: int) -> Array:
    """(self − target)², reduced; both of one shape."""
    a, b = _common(self, target)
    difference = np.asarray(a - b)
    difference *= difference
    return _reduced(difference, reduction)


@op(
    method=False,
    function=False,
    node="MseLossBackwardBackward0",
    samples=lambda t: [(t(), t(2, 3), t(2, 3), MEAN), (t(2, 3), t(2, 3), t(2, 3), NONE)],
)
def mse_loss_backward(grad_output: Array, self: Array, target: Array, reduction: int) -> Array:
    """The gradient of the squared error with respect to `self`."""
    a, b = _common(self, target)
    result = np.asarray(a - b)
    result *= grad_output * result.dtype.type(2 / result.size if reduction == MEAN else 2)
    return result


mse_loss.vjp(
    self=lambda g, self, target, reduction: k.mse_loss_backward(g, self, target, reduction),
    target=lambda g, self, target, reduction: k.mse_loss_backward(g, target, self, reduction),
)
mse_loss_backward.vjp(
    grad_output=lambda g, self, target, reduction: g * (self - target) * _slope(self, reduction),
    self=lambda g, grad_output, self, reduction: g * grad_output * _slope(self, reduction),
    target=lambda g, grad_output, self, reduction: -(g * grad_output * _slope(self, reduction)),
)


def _slope(x: Any, reduction: int) -> float:
    count = 1
    for size in x.shape:
        count *= size
    return 2 / count if reduction == MEAN else 2
