"""Losses that ask for a margin between classes: multi_margin_loss, of one right class, and multilabel_margin_loss, of several.

Rests on declare and on loss.py. Backwards are ops of their own, which PyTorch does not differentiate.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op
from autogradkit._ops.declare.declaration import UNIMPLEMENTED
from autogradkit._ops.declare.kinds import Array, Scalar
from autogradkit._ops.declare.refusals import constants, scalar_type, undifferentiated
from autogradkit._ops.making.scalars import number_in
from autogradkit._ops.network.loss import MEAN, NONE, SUM
from autogradkit.core.dtype import from_numpy_dtype
from autogradkit.core.tensor import wrap


def _require_long(target: Array) -> None:
    if target.dtype != np.int64:
        raise RuntimeError(f"expected scalar type Long but found {scalar_type(from_numpy_dtype(target.dtype))}")


def _require_single(x: Array, kernel: str) -> None:
    if x.dtype not in (np.float32, np.float64):
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{scalar_type(from_numpy_dtype(x.dtype))}'")


def _require_vectors(x: Array) -> tuple[int, int]:
    """(samples, classes); a tensor of at most one dimension is one sample."""
    if x.ndim > 2 or (x.ndim and not x.shape[-1]):
        raise RuntimeError(
            f"Expected non-empty vector or matrix with optional 0-dim batch size, but got: {list(x.shape)}"
        )
    return (x.shape[0] if x.ndim > 1 else 1), (x.shape[-1] if x.ndim else 1)


def _divided(reduction: int, count: int) -> int:
    return max(count, 1) if reduction == MEAN else 1


def _to_result(losses: Array, reduction: int, out: Array) -> None:
    if reduction == NONE:
        np.copyto(out, losses.reshape(out.shape))
    else:
        np.copyto(out, np.add.reduce(losses) / _divided(reduction, len(losses)))


# -- multi_margin_loss -------------------------------------------------------------------------------------------------


def _multi_meta(self: Array, target: Array, p: float, margin: float, weight: Array | None, reduction: int) -> Any:
    if p not in (1, 2):
        raise RuntimeError("only p == 1 and p == 2 supported")
    count, classes = _require_vectors(self)
    if target.ndim > 1 or target.size != count:
        raise RuntimeError(
            "multi_margin_loss: target tensor should be 1-D with size equal to the number of input samples (batch size). "
            f"Expected target size [{count}], but got {list(target.shape)}. Input has shape {list(self.shape)}."
        )
    if weight is not None and (weight.ndim > 1 or weight.size != classes):
        raise RuntimeError(f"inconsistent weight size, expected {classes} but got {list(weight.shape)}")
    _require_single(self, "multi_margin_loss_cpu_kernel")
    number_in(self, margin)  # which refuses
    _require_long(target)
    if weight is not None and weight.dtype != self.dtype:
        expected, found = (scalar_type(from_numpy_dtype(each.dtype)) for each in (self, weight))
        raise RuntimeError(f"expected scalar type {expected} but found {found}")
    if target.size and not 0 <= target.min() <= target.max() < classes:
        raise RuntimeError("target out of range")
    return ((count,) if reduction == NONE and target.ndim else ()), self.dtype


def _above_zero(x: Array) -> Array:
    """x where it is above 0, else 0: a NaN is not, as in C++."""
    return np.where(x > 0, x, x.dtype.type(0))


def _excess(self: Array, target: Array, margin: Any) -> tuple[Array, Array]:
    """(how much of the margin each wrong class of each sample lacks, the right classes)."""
    x, right = self.reshape(target.size, self.shape[-1] if self.ndim else 1), target.reshape(-1, 1)
    lacking = _above_zero(number_in(self, margin) - np.take_along_axis(x, right, 1) + x)
    np.put_along_axis(lacking, right, 0, 1)
    return lacking, right


@op(
    variants="",
    meta=_multi_meta,
    refuse=constants("multi_margin_loss", weight=4),
    samples=lambda t: [
        (t(3, 4), wrap(np.array([1, 0, 3])), p, 1.0, w, r)
        for p, w, r in ((1, None, MEAN), (2, None, NONE), (2, None, SUM))
    ],
    vjp={
        "self": lambda g, self, target, p, margin, weight, reduction: k.multi_margin_loss_backward(
            g, self, target, p, margin, weight, reduction
        )
    },
    rule="∂self = ∂ times the slope of each lack of margin, taken from the right class",
)
def multi_margin_loss(
    self: Array,
    target: Array,
    p: Scalar = 1,
    margin: Scalar = 1,
    weight: Array | None = None,
    reduction: int = 1,
    *,
    out: Array,
) -> None:
    """Σ max(0, margin − x[right] + x[other])ᵖ over the other classes, over their number, reduced."""
    lacking, right = _excess(self, target, margin)
    losses = np.add.reduce(lacking if p == 1 else lacking * lacking, 1) / lacking.shape[1]
    _to_result(losses if weight is None else losses * weight.reshape(-1)[right[:, 0]], reduction, out)


@op(
    variants="",
    node=UNIMPLEMENTED,
    meta=lambda grad_output, self, *_: (self.shape, self.dtype),
    vjp=dict.fromkeys(("grad_output", "self"), undifferentiated("multi_margin_loss_backward")),
)
def multi_margin_loss_backward(
    grad_output: Array,
    self: Array,
    target: Array,
    p: Scalar,
    margin: Scalar,
    weight: Array | None = None,
    reduction: int = 1,
    *,
    out: Array,
) -> None:
    """The gradient of each class."""
    lacking, right = _excess(self, target, margin)
    slope = np.where(lacking > 0, 1, 0) if p == 1 else 2 * lacking
    slope = slope.astype(self.dtype) / lacking.shape[1]
    if weight is not None:
        slope *= weight.reshape(-1)[right]
    np.put_along_axis(slope, right, 0 - np.add.reduce(slope, 1, keepdims=True), 1)
    found = slope * grad_output.reshape(-1, 1) / _divided(reduction, len(slope))
    np.copyto(out, found.reshape(out.shape))


# -- multilabel_margin_loss --------------------------------------------------------------------------------------------


def _multilabel_meta(self: Array, target: Array, reduction: int) -> Any:
    count, classes = _require_vectors(self)
    if target.shape != self.shape and not (self.ndim <= 1 and target.ndim <= 1 and target.size == classes):
        raise RuntimeError(f"inconsistent target size: {list(target.shape)} for input of size: {list(self.shape)}")
    if target.dtype.kind == "c":
        raise NotImplementedError(f"\"min_all\" not implemented for '{scalar_type(from_numpy_dtype(target.dtype))}'")
    if (
        target.size and not -1 <= int(target.min()) <= int(target.max()) < classes
    ):  # fractions are cut off, as in PyTorch
        raise RuntimeError("argument #2 'target' is out of range")
    _require_single(self, "multilabel_margin_loss_forward_out_frame")
    if target.size:
        _require_long(target)
    return ((count,) if reduction == NONE and self.ndim > 1 else (), self.dtype), (target.shape, self.dtype)


def _lack(self: Array, target: Array) -> tuple[Array, Array, Array]:
    """(N × targets × classes: how much of the margin of 1 is lacking, the targets, which classes are some)."""
    y = target.reshape(-1, target.shape[-1] if target.ndim else 1)
    x = self.reshape(y.shape)
    counts = np.logical_and.accumulate(y >= 0, 1)  # up to the first -1
    right = np.where(counts, y, 0).astype(np.int64, copy=False)
    among = np.zeros(y.shape, bool)
    np.logical_or.at(among, (np.arange(len(y))[:, None], right), counts)
    lacking = 1 - np.take_along_axis(x, right, 1)[:, :, None] + x[:, None, :]
    lacking = np.where(counts[:, :, None] & ~among[:, None, :], _above_zero(lacking), x.dtype.type(0))
    return lacking, right, among


@op(
    variants="",
    node="MultilabelMarginLossBackward0",
    label="multilabel_margin_loss",
    meta=_multilabel_meta,
    outputs="output is_target",
    differentiable_outputs=1,
    samples=lambda t: [(t(2, 4), wrap(np.array([[3, 0, -1, 1], [1, -1, 0, 0]])), r) for r in (NONE, MEAN, SUM)],
    vjp={
        "self": lambda g, self, target, reduction, is_target: k.multilabel_margin_loss_backward(
            g, self, target, reduction, is_target
        )
    },
    rule="∂self = ∂ times the slope of each lack of margin, taken from the right classes",
)
def multilabel_margin_loss_forward(self: Array, target: Array, reduction: int, *, out: tuple[Array, Array]) -> None:
    """Σ max(0, 1 − x[right] + x[other]) over right and other classes, over their number, reduced; and which are right."""
    lacking, _, among = _lack(self, target)
    _to_result(np.add.reduce(lacking, (1, 2)) / max(lacking.shape[2], 1), reduction, out[0])
    np.copyto(out[1], among.reshape(out[1].shape))


@op(
    variants="",
    node=UNIMPLEMENTED,
    meta=lambda grad_output, self, *_: (self.shape, self.dtype),
    vjp=dict.fromkeys(("grad_output", "self"), undifferentiated("multilabel_margin_loss_backward")),
)
def multilabel_margin_loss_backward(
    grad_output: Array, self: Array, target: Array, reduction: int, is_target: Array, *, out: Array
) -> None:
    """The gradient of each class."""
    lacking, right, _ = _lack(self, target)
    count, _, classes = lacking.shape
    active = (lacking > 0).astype(self.dtype)
    slope = np.add.reduce(active, 1)
    np.subtract.at(slope, (np.arange(count)[:, None], right), np.add.reduce(active, 2))
    found = slope / classes * grad_output.reshape(-1, 1) / _divided(reduction, count)
    np.copyto(out, found.reshape(out.shape))


@op(variants="", composition=True)
def multilabel_margin_loss(self: Array, target: Array, reduction: int = 1) -> Any:
    """The loss of `multilabel_margin_loss_forward` alone."""
    return multilabel_margin_loss_forward.straight(self, target, reduction)[0]
