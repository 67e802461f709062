"""Losses of a distance: mse_loss, smooth_l1_loss and huber_loss, nodes with a backward of their own, and l1_loss over other ops.

Rests on declare. `nn.functional` calls them after it has made both operands of one shape. `reduction` is PyTorch's number:
0 none, 1 mean, 2 sum; the likelihoods use the same.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op
from autogradkit._ops.declare.kinds import Array
from autogradkit._ops.declare.refusals import scalar_type
from autogradkit._ops.declare.writing import require_castable
from autogradkit.core.bits import chosen
from autogradkit.core.clip import clip
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.dtype import from_numpy_dtype, is_half, result_type
from autogradkit.core.halves import convert, widened
from autogradkit.core.shapes import broadcast_shapes
from autogradkit.core.strides import dense_strides_like, element_strides, output_strides

NONE, MEAN, SUM = 0, 1, 2


def common_dtype(a: Array, b: Array) -> Dtype:
    return result_type([(from_numpy_dtype(each.dtype), 2 if each.ndim else 1) for each in (a, b)])


def require_floats(common: Dtype, kernel: str) -> np.dtype[Any]:
    if common.numpy.kind not in "fV":
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{scalar_type(common)}'")
    return common.numpy


def _distance(a: Array, b: Array, out: Array | None, numpy_dtype: np.dtype[Any]) -> Array:
    """a − b, computed in that dtype."""
    return np.subtract(a.astype(numpy_dtype, copy=False), b.astype(numpy_dtype, copy=False), out)


def write_reduced(losses: Array, reduction: int, out: Array) -> None:
    """The sum, or the mean; halves are added in float32."""
    total = np.add.reduce(losses, None, dtype=np.float32 if losses.dtype.itemsize == 2 else losses.dtype)
    np.copyto(out, total / losses.size if reduction == MEAN else total, casting="unsafe")


def _mse_meta(self: Array, target: Array, reduction: int) -> Any:
    alike = self.dtype is target.dtype and self.dtype.kind in "fV"
    kind = self.dtype if alike else require_floats(common_dtype(self, target), "mse_cpu")
    if reduction != NONE:
        return (), kind
    shape = broadcast_shapes(self.shape, target.shape)
    return shape, kind, output_strides([(each.shape, element_strides(each)) for each in (self, target)], shape)


def _mse_backward_meta(grad_output: Array, self: Array, target: Array, reduction: int) -> Any:
    return self.shape, require_floats(common_dtype(self, target), "mse_cpu")


@op(
    variants="",
    meta=_mse_meta,
    samples=lambda t: [(t(2, 3), t(2, 3), r) for r in (NONE, MEAN, SUM)],
    vjp={
        "self": lambda g, self, target, reduction: k.mse_loss_backward(g, self, target, reduction),
        "target": lambda g, self, target, reduction: k.mse_loss_backward(g, target, self, reduction),
    },
    rule="∂self = ∂ · 2 · (self − target) / n\n∂target = ∂ · 2 · (target − self) / n",
)
def mse_loss(self: Array, target: Array, reduction: int = 1, *, out: Array) -> None:
    """(self − target)², reduced; both of one shape."""
    squares = _distance(self, target, out if reduction == NONE else None, out.dtype)
    squares = np.multiply(squares, squares, out if reduction == NONE else None)
    if reduction != NONE:
        write_reduced(squares, reduction, out)


@op(
    variants="",
    meta=_mse_backward_meta,
    samples=lambda t: [(t(), t(2, 3), t(2, 3), MEAN), (t(2, 3), t(2, 3), t(2, 3), NONE)],
    vjp={
        "grad_output": lambda g, self, target, reduction: g * (self - target) * _slope(self, reduction),
        "self": lambda g, grad_output, self, reduction: g * grad_output * _slope(self, reduction),
        "target": lambda g, grad_output, self, reduction: -(g * grad_output * _slope(self, reduction)),
    },
    rule=(
        "∂grad_output = ∂ · 2 · (self − target) / n\n∂self = ∂ · 2 · grad_output / n\n∂target = −∂ · 2 · grad_output / n"
    ),
)
def mse_loss_backward(grad_output: Array, self: Array, target: Array, reduction: int, *, out: Array) -> None:
    """The gradient of the squared error with respect to `self`."""
    _distance(self, target, out, out.dtype)
    np.multiply(out, grad_output * out.dtype.type(_slope(out, reduction)), out)


def share(x: Any, reduction: int) -> float:
    """How much of the result each element's loss is."""
    return 1 / (math.prod(x.shape) or 1) if reduction == MEAN else 1


def _slope(x: Any, reduction: int) -> float:
    return 2 * share(x, reduction)


def _bent(distance: Array, bound: float) -> Array:
    """distance² / 2 below the bound, bound · (distance − bound / 2) from there."""
    if distance.dtype.char in "fd":
        near = clip(distance, -math.inf, bound)
        return (distance - near / 2) * near  # below the bound the difference is half of the distance, exactly
    beyond = bound * (distance - bound / 2)
    return chosen(distance < bound, (distance * distance / 2).astype(beyond.dtype, copy=False), beyond)


def _huber_meta(self: Array, target: Array, reduction: int, delta: float) -> Any:
    if not delta > 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    common = common_dtype(self, target)
    require_castable(common.numpy, self.dtype)
    require_floats(common, "huber_cpu")
    if reduction != NONE:
        return (), self.dtype
    shape = broadcast_shapes(self.shape, target.shape)
    return shape, self.dtype, dense_strides_like(shape, element_strides(np.broadcast_to(self, shape)))


def _huber_backward_meta(grad_output: Array, self: Array, target: Array, reduction: int, delta: float) -> Any:
    if target.dtype != self.dtype:
        found, expected = (scalar_type(from_numpy_dtype(each.dtype)) for each in (target, self))
        raise RuntimeError(f"Found dtype {found} but expected {expected}")
    return self.shape, self.dtype


@op(
    variants="",
    meta=_huber_meta,
    samples=lambda t: [(t(2, 3), t(2, 3), r, delta) for r in (NONE, MEAN, SUM) for delta in (0.5, 1.5)],
    vjp={
        "self": lambda g, self, target, reduction, delta: k.huber_loss_backward(g, self, target, reduction, delta),
        "target": lambda g, self, target, reduction, delta: k.huber_loss_backward(g, target, self, reduction, delta),
    },
    rule=(
        "∂self = ∂ · (self − target) / n, at most ± ∂ · delta / n\n"
        "∂target = ∂ · (target − self) / n, at most ± ∂ · delta / n"
    ),
)
def huber_loss(self: Array, target: Array, reduction: int = 1, delta: float = 1.0, *, out: Array) -> None:
    """(self − target)² / 2 nearer than delta, delta · (|self − target| − delta / 2) beyond, reduced."""
    losses = _bent(np.abs(_distance(self, target, None, out.dtype)), delta)
    if reduction == NONE:
        np.copyto(out, losses)
    else:
        write_reduced(losses, reduction, out)


@op(
    variants="",
    meta=_huber_backward_meta,
    samples=lambda t: [(t(), t(2, 3), t(2, 3), MEAN, 0.5), (t(2, 3), t(2, 3), t(2, 3), NONE, 1.0)],
    vjp={
        "grad_output": lambda g, self, target, reduction, delta: k.huber_loss_backward(
            g, self, target, reduction, delta
        ),
        "self": lambda g, grad_output, self, target, reduction, delta: _where_square(
            g * grad_output, self, target, reduction, delta
        ),
        "target": lambda g, grad_output, self, target, reduction, delta: (
            -_where_square(g * grad_output, self, target, reduction, delta)
        ),
    },
    rule=(
        "∂grad_output = ∂ · (self − target) / n, at most ± ∂ · delta / n\n"
        "∂self = ∂ · grad_output / n where |self − target| < delta, else 0\n"
        "∂target = −∂ · grad_output / n where |self − target| < delta, else 0"
    ),
)
def huber_loss_backward(
    grad_output: Array, self: Array, target: Array, reduction: int, delta: float, *, out: Array
) -> None:
    """The gradient of the Huber loss with respect to `self`."""
    _distance(self, target, out, out.dtype)
    np.clip(out, -delta, delta, out)
    np.multiply(out, grad_output * out.dtype.type(share(out, reduction)), out)


def _where_square(g: Any, self: Any, target: Any, reduction: int, delta: float) -> Any:
    return k.where(k.abs(self - target) < delta, g * share(self, reduction), 0.0)


# -- smooth_l1_loss ----------------------------------------------------------------------------------------------------


def _smooth_meta(self: Array, target: Array, reduction: int, beta: float) -> Any:
    if not beta >= 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    kind = require_floats(common_dtype(self, target), "smooth_l1_cpu")
    if reduction != NONE:
        return (), kind
    shape = broadcast_shapes(self.shape, target.shape)
    return shape, kind, output_strides([(each.shape, element_strides(each)) for each in (self, target)], shape)


def _smooth_backward_meta(grad_output: Array, self: Array, target: Array, reduction: int, beta: float) -> Any:
    return self.shape, common_dtype(self, target).numpy


def _where_curved(g: Any, self: Any, target: Any, reduction: int, beta: float) -> Any:
    return k.where(k.abs(self - target) < beta, k.times(g, share(self, reduction) / beta), 0.0)


@op(
    variants="",
    node="SmoothL1LossBackward0",
    meta=_smooth_meta,
    samples=lambda t: [(t(2, 3), t(2, 3), r, beta) for r in (NONE, MEAN, SUM) for beta in (0.5, 1.5)],
    vjp={
        "self": lambda g, self, target, reduction, beta: k.smooth_l1_loss_backward(g, self, target, reduction, beta),
        "target": lambda g, self, target, reduction, beta: k.smooth_l1_loss_backward(g, target, self, reduction, beta),
    },
    rule=(
        "∂self = ∂ · (self − target) / beta / n, at most ± ∂ / n\n"
        "∂target = ∂ · (target − self) / beta / n, at most ± ∂ / n"
    ),
)
def smooth_l1_loss(self: Array, target: Array, reduction: int = 1, beta: float = 1.0, *, out: Array) -> None:
    """(self − target)² / (2 · beta) nearer than beta, |self − target| − beta / 2 beyond, reduced."""
    distance = np.abs(_distance(self, target, None, out.dtype))
    if math.frexp(beta)[0] == 0.5 and out.dtype.char in "fd":  # a power of 2, by which products and quotients are exact
        losses = _bent(distance, beta) / beta
    elif beta:
        losses = chosen(distance < beta, distance * distance / 2 / beta, distance - beta / 2)
    else:
        losses = distance
    if reduction == NONE:
        np.copyto(out, losses)
    else:
        write_reduced(losses, reduction, out)


@op(
    variants="",
    node="SmoothL1LossBackwardBackward0",
    meta=_smooth_backward_meta,
    samples=lambda t: [(t(), t(2, 3), t(2, 3), MEAN, 0.5), (t(2, 3), t(2, 3), t(2, 3), NONE, 1.0)],
    vjp={
        "grad_output": lambda g, self, target, reduction, beta: k.smooth_l1_loss_backward(
            g, self, target, reduction, beta
        ),
        "self": lambda g, grad_output, self, target, reduction, beta: _where_curved(
            g * grad_output, self, target, reduction, beta
        ),
        "target": lambda g, grad_output, self, target, reduction, beta: (
            -_where_curved(g * grad_output, self, target, reduction, beta)
        ),
    },
    rule=(
        "∂grad_output = ∂ · (self − target) / beta / n, at most ± ∂ / n\n"
        "∂self = ∂ · grad_output / beta / n where |self − target| < beta, else 0\n"
        "∂target = −∂ · grad_output / beta / n where |self − target| < beta, else 0"
    ),
)
def smooth_l1_loss_backward(
    grad_output: Array, self: Array, target: Array, reduction: int, beta: float, *, out: Array
) -> None:
    """The gradient of the smooth loss with respect to `self`."""
    if is_half(out.dtype):  # rounded once, at the end
        wide = np.empty(out.shape, np.float32)
        arrays = [widened(each) for each in (grad_output, self, target)]
        smooth_l1_loss_backward.kernel(*arrays, reduction, beta, out=wide)
        convert(wide, out)
        return
    _distance(self, target, out, out.dtype)
    if beta:
        np.divide(out, beta, out)
        np.clip(out, -1, 1, out)
    else:
        np.sign(out, out)
    np.multiply(out, grad_output * out.dtype.type(share(out, reduction)), out)


@op(variants="", composition=True)
def l1_loss(self: Array, target: Array, reduction: int = 1) -> Any:
    """|self − target|, reduced."""
    a: Any = self
    return reduced((a - target).abs(), reduction)


def reduced(losses: Any, reduction: int) -> Any:
    """A tensor of losses, its mean or its sum."""
    return losses.mean() if reduction == MEAN else losses.sum() if reduction == SUM else losses
