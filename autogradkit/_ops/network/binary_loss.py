"""Losses of yes and no: binary_cross_entropy, of probabilities or of logits, and soft_margin_loss.

Rests on declare and on loss.py. `nn.functional` calls them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op
from autogradkit._ops.declare.kinds import Array
from autogradkit._ops.declare.refusals import check_both, constants, real_gradients, scalar_type
from autogradkit._ops.declare.writing import require_castable, require_shape
from autogradkit._ops.network.loss import MEAN, NONE, SUM, common_dtype, require_floats, share, write_reduced
from autogradkit._ops.network.rounding import write
from autogradkit._ops.pointwise import near_one
from autogradkit._ops.pointwise.arithmetic import BOOL_NEGATION, BOOL_SUBTRACTION, BOOLS_SUBTRACTION
from autogradkit.core.dtype import from_numpy_dtype
from autogradkit.core.shapes import broadcast_shapes
from autogradkit.core.strides import dense_strides_like, element_strides
from autogradkit.core.tensor import wrap

_LEAST = -100  # no logarithm counts as less: the loss stays finite
_LEAST_SPREAD = np.float32(1e-12)  # of x · (1 − x), in float64 too


def _log(x: Array) -> Array:
    return np.maximum(np.log(x), x.dtype.type(_LEAST))


def _write_loss(out: Array, losses: Any, reduction: int) -> None:
    if reduction in (MEAN, SUM):
        write_reduced(losses, reduction, out)
    else:
        np.copyto(out, losses, casting="unsafe")


# -- of probabilities --------------------------------------------------------------------------------------------------


def _entropy_meta(self: Array, target: Array, weight: Array | None, reduction: int) -> Any:
    if target.dtype != self.dtype:  # a weight may have another, as the losses are multiplied by it in place
        found, expected = (scalar_type(from_numpy_dtype(a.dtype)) for a in (target, self))
        raise RuntimeError(f"Found dtype {found} but expected {expected}")
    kind = require_floats(from_numpy_dtype(self.dtype), "binary_cross_entropy")
    if reduction != NONE:
        return (), kind
    return self.shape, kind, dense_strides_like(self.shape, element_strides(self))


def _weighted(g: Any, weight: Any) -> Any:
    return g if weight is None else g * weight


def _from_target(g: Any, self: Any, target: Any, weight: Any, reduction: int) -> Any:
    odds = k.log(1 - self) - k.log(self)  # which may be infinite, though the loss is not
    return k.times(_weighted(g, weight) * odds, share(self, reduction))


@op(
    variants="",
    meta=_entropy_meta,
    refuse=constants("binary_cross_entropy", weight=2),
    samples=lambda t: [
        *[(t(2, 3, low=0.2, high=0.8), t(2, 3, low=0.1, high=0.9), None, r) for r in (NONE, MEAN, SUM)],
    ],
    vjp={
        "self": lambda g, self, target, weight, reduction: k.binary_cross_entropy_backward(
            g, self, target, weight, reduction
        ),
        "target": lambda g, self, target, weight, reduction: _from_target(g, self, target, weight, reduction),
    },
    rule=(
        "∂self = ∂ times the slope of the loss, (self − target) over self · (1 − self), weighted, over n\n"
        "∂target = ∂ times log of 1 − self, less log of self, weighted, over n"
    ),
)
def binary_cross_entropy(
    self: Array, target: Array, weight: Array | None = None, reduction: int = 1, *, out: Array
) -> None:
    """−target · log(self) − (1 − target) · log(1 − self), weighted and reduced."""
    outside = [~((each >= 0) & (each <= 1)) for each in (self, target)]
    wrong = np.flatnonzero(outside[0] | outside[1])
    if wrong.size:  # PyTorch looks at both of one element before the next
        name = "input" if outside[0].reshape(-1)[wrong[0]] else "target"
        raise RuntimeError(f"all elements of {name} should be between 0 and 1")
    wide = self.astype(np.float32) if out.dtype.itemsize == 2 else self
    losses = (target - wide.dtype.type(1)) * np.maximum(near_one.log1p(-wide), _LEAST) - target * _log(wide)
    _write_loss(out, losses if weight is None else losses * weight.astype(losses.dtype, copy=False), reduction)


def _entropy_backward_meta(grad_output: Array, self: Array, target: Array, weight: Array | None, reduction: int) -> Any:
    return self.shape, self.dtype, dense_strides_like(self.shape, element_strides(self))


def _entropy_curve(g: Any, self: Any, target: Any, weight: Any, reduction: int) -> Any:
    spread = k.clamp_min_number((1 - self) * self, 1e-12)
    curve = (self * self - k.times(self * target, 2) + target) / (spread * spread)
    return k.times(_weighted(g, weight) * curve, share(self, reduction))


def _entropy_slope(g: Any, self: Any, target: Any, weight: Any, reduction: int) -> Any:
    slope = (self - target) / k.clamp_min_number((1 - self) * self, 1e-12)
    return k.times(_weighted(g, weight) * slope, share(self, reduction))


def _entropy_by_target(g: Any, self: Any, weight: Any, reduction: int) -> Any:
    return -k.times(_weighted(g, weight) / k.clamp_min_number((1 - self) * self, 1e-12), share(self, reduction))


@op(
    variants="",
    meta=_entropy_backward_meta,
    samples=lambda t: [
        (t(), t(2, 3, low=0.2, high=0.8), t(2, 3, low=0.1, high=0.9), None, MEAN),
        (t(2, 3), t(2, 3, low=0.2, high=0.8), t(2, 3, low=0.1, high=0.9), t(2, 3).detach(), NONE),
    ],
    vjp={
        "grad_output": lambda g, self, target, weight, reduction: _entropy_slope(g, self, target, weight, reduction),
        "self": lambda g, grad_output, self, target, weight, reduction: _entropy_curve(
            g * grad_output, self, target, weight, reduction
        ),
        "target": lambda g, grad_output, self, weight, reduction: _entropy_by_target(
            g * grad_output, self, weight, reduction
        ),
    },
    rule=(
        "∂grad_output = ∂ · weight · (self − target) / (self · (1 − self)) / n\n"
        "∂self = ∂ · grad_output times the curvature of the loss\n"
        "∂target = −∂ · grad_output · weight / (self · (1 − self)) / n"
    ),
)
def binary_cross_entropy_backward(
    grad_output: Array, self: Array, target: Array, weight: Array | None = None, reduction: int = 1, *, out: Array
) -> None:
    """The gradient with respect to the probabilities."""

    def body(g: Array, x: Array, y: Array, *weight: Array) -> Array:
        of = x.dtype.type
        found = g * (x - y) / np.maximum((1 - x) * x, of(_LEAST_SPREAD)) * of(share(self, reduction))
        return found * weight[0] if weight else found

    write(out, body, grad_output, self, target, *([] if weight is None else [weight.astype(self.dtype, copy=False)]))


# -- of logits ---------------------------------------------------------------------------------------------------------


def _logits_meta(self: Array, target: Array, weight: Array | None, pos_weight: Array | None, reduction: int) -> Any:
    require_floats(from_numpy_dtype(self.dtype), "log_sigmoid_cpu")
    if pos_weight is not None and pos_weight.dtype.kind == "b":
        raise RuntimeError(BOOL_SUBTRACTION)
    if target.dtype.kind == "b":
        raise RuntimeError(BOOLS_SUBTRACTION)
    # What is edited in PyTorch must not grow: what logits become by their weights, and the losses, made of the targets.
    if pos_weight is not None:
        require_shape(self.shape, broadcast_shapes(self.shape, broadcast_shapes(pos_weight.shape, target.shape)))
    for each in (self, weight):
        if each is not None:
            require_shape(target.shape, broadcast_shapes(target.shape, each.shape))
    if pos_weight is not None:
        for each in (pos_weight, target):
            require_castable(common_dtype(self, each).numpy, self.dtype)
    for each in (self, weight):
        if each is not None:
            require_castable(common_dtype(each, target).numpy, target.dtype)
    if reduction in (MEAN, SUM):  # any other number means none
        return (), target.dtype
    return target.shape, target.dtype, dense_strides_like(target.shape, element_strides(target))


def _require_real_losses(self: Any, target: Any, weight: Any, pos_weight: Any, reduction: int) -> None:
    """Raise RuntimeError where targets make losses complex and these would be recorded, once all else fits.

    Of complex logits there is no kernel.
    """
    given = [each if each is None else each._array for each in (target, weight, pos_weight)]
    if self._array.dtype.kind != "c" and any(each is not None and each.dtype.kind == "c" for each in given):
        _logits_meta(self._array, target._array, given[1], given[2], reduction)
        real_gradients("binary_cross_entropy_with_logits")(self, target, weight, pos_weight, reduction)


def _from_logits(g: Any, self: Any, target: Any, weight: Any, pos_weight: Any, reduction: int) -> Any:
    level = k.sigmoid(self)
    if pos_weight is None:
        slope = level - target
    else:
        pull = pos_weight * target
        slope = (pull + 1 - target) * level - pull
    return _averaged(_weighted(slope * g, weight), self, reduction)


def _averaged(x: Any, self: Any, reduction: int) -> Any:
    """A gradient for each loss, of which a mean gives each its part: divided by their number, as in PyTorch."""
    return k.div_by_number(x, math.prod(self.shape) or 1) if reduction == MEAN else x


def _from_labels(g: Any, self: Any, target: Any, weight: Any, pos_weight: Any, reduction: int) -> Any:
    if pos_weight is None:
        slope = -self
    else:
        slope = k.log_sigmoid_forward(-self)[0] - pos_weight * k.log_sigmoid_forward(self)[0]
    return _averaged(_weighted(slope * g, weight), self, reduction)


@op(
    variants="function",
    meta=_logits_meta,
    refuse=check_both(
        constants("binary_cross_entropy_with_logits", weight=2, pos_weight=3),
        _require_real_losses,
    ),
    out=False,
    samples=lambda t: [
        *[(t(2, 3), t(2, 3, low=0, high=1), None, None, r) for r in (NONE, MEAN, SUM)],
    ],
    vjp={
        "self": lambda g, self, target, weight, pos_weight, reduction: _from_logits(
            g, self, target, weight, pos_weight, reduction
        ),
        "target": lambda g, self, target, weight, pos_weight, reduction: _from_labels(
            g, self, target, weight, pos_weight, reduction
        ),
    },
    rule="∂self = ∂ times sigmoid of self less target, weighted, over n\n∂target = ∂ times self, turned round, weighted, over n",
)
def binary_cross_entropy_with_logits(
    self: Array,
    target: Array,
    weight: Array | None = None,
    pos_weight: Array | None = None,
    reduction: int = 0,
    *,
    out: Array,
) -> None:
    """The binary cross entropy of sigmoid(self) with `target`, without overflow; `reduction` is 0 none, 1 mean or 2 sum.

    `pos_weight` weighs the positive targets. Prefer the function of `nn.functional`.

    >>> import autogradkit as torch
    >>> torch.binary_cross_entropy_with_logits(torch.zeros(2), torch.ones(2))
    tensor([0.6931, 0.6931])
    """
    # As PyTorch edits them: the logits' part stays of their dtype, the losses are of the targets'.
    wide = self.astype(np.float32) if self.dtype.itemsize == 2 else self
    level = (np.minimum(wide, 0) - near_one.log1p(np.exp(-np.abs(wide)))).astype(self.dtype)
    if pos_weight is not None:
        factor = (pos_weight - pos_weight.dtype.type(1)) * target + target.dtype.type(1)
        level = (level * factor).astype(self.dtype)
    losses = ((target.dtype.type(1) - target) * self).astype(target.dtype)
    losses = (losses - level).astype(target.dtype)
    _write_loss(out, losses if weight is None else (losses * weight).astype(target.dtype), reduction)


# -- soft_margin_loss --------------------------------------------------------------------------------------------------


def _soft_meta(self: Array, target: Array, reduction: int) -> Any:
    if self.dtype.kind == "b":
        raise RuntimeError(BOOL_NEGATION)
    require_shape(self.shape, broadcast_shapes(self.shape, target.shape))
    require_castable(common_dtype(self, target).numpy, self.dtype)
    if self.dtype.kind in "iu":
        require_castable(np.dtype(np.float32), self.dtype)
    if reduction != NONE:
        return (), self.dtype
    return self.shape, self.dtype, dense_strides_like(self.shape, element_strides(self))


def _soft_backward_meta(grad_output: Array, self: Array, target: Array, reduction: int) -> Any:
    if target.dtype.kind == "b":
        raise RuntimeError(BOOL_NEGATION)
    return self.shape, self.dtype


def _soft_slope(g: Any, self: Any, target: Any, reduction: int) -> Any:
    return k.times(g * target * (k.sigmoid(target * self) - 1), share(self, reduction))


def _soft_curve(g: Any, self: Any, target: Any, reduction: int) -> Any:
    level = k.sigmoid(target * self)
    return k.times(g * target * target * level * (1 - level), share(self, reduction))


@op(
    variants="",
    meta=_soft_meta,
    refuse=constants("soft_margin_loss", target=1),
    dtypes=real_gradients("soft_margin_loss"),
    samples=lambda t: [(t(2, 3), wrap(np.array([[1, -1, 1]])), r) for r in (NONE, MEAN, SUM)],
    vjp={"self": lambda g, self, target, reduction: k.soft_margin_loss_backward(g, self, target, reduction)},
    rule="∂self = −∂ · target / (1 + exp(target · self)) / n",
)
def soft_margin_loss(self: Array, target: Array, reduction: int = 1, *, out: Array) -> None:
    """log(1 + exp(−target · self)), reduced."""
    losses = (-self * target).astype(self.dtype)
    _write_loss(out, near_one.log1p(np.exp(losses)), reduction)


@op(
    variants="",
    meta=_soft_backward_meta,
    samples=lambda t: [(t(), t(2, 3), t(2, 3).detach(), MEAN), (t(2, 3), t(2, 3), t(2, 3).detach(), NONE)],
    vjp={
        "grad_output": lambda g, self, target, reduction: _soft_slope(g, self, target, reduction),
        "self": lambda g, grad_output, self, target, reduction: _soft_curve(g * grad_output, self, target, reduction),
    },
    rule=(
        "∂grad_output = −∂ · target / (1 + exp(target · self)) / n\n"
        "∂self = ∂ · grad_output times the curvature of the loss"
    ),
)
def soft_margin_loss_backward(grad_output: Array, self: Array, target: Array, reduction: int, *, out: Array) -> None:
    """The gradient with respect to `self`."""

    def body(g: Array, x: Array, y: Array) -> Array:
        power = np.exp((-y * x).astype(x.dtype, copy=False))
        if target.dtype == self.dtype:  # else of the larger dtype
            power = power.astype(self.dtype).astype(x.dtype, copy=False)
        steep = (y * power).astype(out.dtype).astype(x.dtype, copy=False)  # which half precision may not hold
        return steep * x.dtype.type(-share(self, reduction)) / (1 + power) * g

    write(out, body, grad_output, self, target)
