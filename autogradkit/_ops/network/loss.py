"""Losses of a distance: mse_loss, a node with a backward of its own, and l1_loss over other ops.

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
from autogradkit.core.dtype import from_numpy_dtype, result_type
from autogradkit.core.strides import broadcast_shapes, element_strides, output_strides

NONE, MEAN, SUM = 0, 1, 2


def _common_dtype(a: Array, b: Array) -> np.dtype[Any]:
    kinds = [(from_numpy_dtype(each.dtype), 2 if each.ndim else 1) for each in (a, b)]
    common = result_type(kinds)
    if common.numpy.kind != "f":
        raise NotImplementedError(f"\"mse_cpu\" not implemented for '{scalar_type(common)}'")
    return common.numpy


def _mse_meta(self: Array, target: Array, reduction: int) -> Any:
    kind = self.dtype if self.dtype is target.dtype and self.dtype.kind == "f" else _common_dtype(self, target)
    if reduction != NONE:
        return (), kind
    shape = broadcast_shapes(self.shape, target.shape)
    return shape, kind, output_strides([(each.shape, element_strides(each)) for each in (self, target)], shape)


def _mse_backward_meta(grad_output: Array, self: Array, target: Array, reduction: int) -> Any:
    return self.shape, _common_dtype(self, target)


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
    squares = np.subtract(self, target, out if reduction == NONE else None, dtype=out.dtype)
    squares = np.multiply(squares, squares, out if reduction == NONE else None)
    if reduction != NONE:
        np.add.reduce(squares, None, out=out)
    if reduction == MEAN:
        out /= squares.size


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
    np.subtract(self, target, out, dtype=out.dtype)
    np.multiply(out, grad_output * out.dtype.type(_slope(out, reduction)), out)


def _slope(x: Any, reduction: int) -> float:
    return 2 / (math.prod(x.shape) or 1) if reduction == MEAN else 2


@op(variants="", composition=True)
def l1_loss(self: Array, target: Array, reduction: int = 1) -> Any:
    """|self − target|, reduced."""
    a: Any = self
    distance = (a - target).abs()
    return distance if reduction == NONE else distance.mean() if reduction == MEAN else distance.sum()
