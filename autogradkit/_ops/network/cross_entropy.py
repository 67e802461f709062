"""The cross entropy of logits, over log_softmax and the negative log-likelihood, or of class probabilities.

Rests on softmax and likelihood; `nn.functional` calls `cross_entropy_loss`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autogradkit._ops.declare import op
from autogradkit._ops.declare.call import Call
from autogradkit._ops.declare.kinds import Array, SymInt
from autogradkit._ops.declare.refusals import scalar_type
from autogradkit._ops.declare.source import Source
from autogradkit._ops.network.likelihood import nll_loss_forward, nll_loss_nd, write_likelihood
from autogradkit._ops.network.loss import MEAN, NONE
from autogradkit._ops.network.softmax import along, log_softmax_along, log_softmax_of
from autogradkit._ops.pointwise.arithmetic import mul_by_number
from autogradkit._ops.pointwise.division import div_by_number


def _entropy_of_rows(
    x: Array, target: Array, weight: Array | None, reduction: int, ignore_index: int, into: tuple[Array, Array, Array]
) -> None:
    """Write the log-probabilities of rows, the loss, and the number that "mean" divides by."""
    log_probabilities, losses, total = into
    along(1, log_softmax_of, x, log_probabilities)
    write_likelihood(log_probabilities, target, weight, reduction, ignore_index, losses, total)


def _write_lane(s: Source, call: Call, depth: int) -> None:
    """Contiguous rows of logits and the class of each, and maybe weights: both nodes without the calls between."""
    x, classes, weight, reduction, ignored, smoothing = call.values.values()
    s.scope |= {"int64": np.dtype(np.int64), "entropy": _entropy_of_rows}
    s.emit(depth, f"lay = {x}._layout or layout_of({x})", f"places = {classes}._array")
    # A weight that is no view and requires no gradient, one number for each class.
    fits = f"({weight}._layout or layout_of({weight})) == (lay[0][1:], lay[1])"
    plain = f"({weight} is None or ({fits} and not {weight}._requires_grad and {weight}._view is None))"
    s.emit(
        depth,
        f"if lay and lay.__class__ is tuple and {smoothing} == 0.0 and len(lay[0]) == 2 and places.__class__ is ndarray "
        f"and places.shape == lay[0][:1] and lay[1].itemsize > 2 and places.dtype is int64 and {plain}:",
    )
    depth += 1
    s.emit(depth, "q, n = np_empty(*lay), np_empty((), lay[1])")
    s.emit(depth, f"r = np_empty(() if {reduction} else places.shape, lay[1])")
    s.emit(depth, f"weights = None if {weight} is None else {weight}._array")
    s.emit_quiet(depth, "", "entropy", f"{x}._array, places, weights, {reduction}, {ignored}, (q, r, n)")
    s.new_tensor(depth, "p", "q", "lay")
    softmax = Call(log_softmax_along, 90, {"self": x, "dim": "1", "half_to_float": "False"})
    s.new_node(depth, softmax, ["p"], ["q"], "lay", "True")
    s.new_tensor(depth, "total", "n")
    s.new_tensor(depth, "o", "r")
    given = {"self": "p", "target": classes, "weight": weight, "reduction": reduction, "ignore_index": ignored}
    s.new_node(depth, Call(nll_loss_forward, 91, given), ["o", "total"], ["r", "n"])
    s.emit(depth, "return o")


@op(variants="", composition=True, lane=_write_lane)
def cross_entropy_loss(
    self: Array,
    target: Array,
    weight: Array | None = None,
    reduction: int = 1,
    ignore_index: SymInt = -100,
    label_smoothing: float = 0.0,
) -> Any:
    """The cross entropy of logits (N, C, ...) or (C) against class indices, or against class probabilities."""
    x: Any = self
    classes: Any = target
    class_dim = 0 if x._array.ndim == 1 else 1
    if x._array.shape == classes._array.shape:
        return _against_probabilities(x, classes, weight, reduction, ignore_index, label_smoothing, class_dim)
    if label_smoothing > 0.0:
        return _smoothed(x, classes, weight, reduction, ignore_index, label_smoothing, class_dim)
    return nll_loss_nd.kernel(log_softmax_along.straight(x, class_dim, False), classes, weight, reduction, ignore_index)


def _require_probability(label_smoothing: float) -> None:
    if label_smoothing > 1.0:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing:g}")


def _along(weight: Any, class_dim: int, ndim: int) -> Any:
    return weight.view([weight.shape[0] if dim == class_dim else 1 for dim in range(ndim)])


def _against_probabilities(
    x: Any, target: Any, weight: Any, reduction: int, ignore_index: int, label_smoothing: float, class_dim: int
) -> Any:
    if not target.is_floating_point():
        raise RuntimeError(
            f"Expected floating point type for target with class probabilities, got {scalar_type(target.dtype)}"
        )
    if ignore_index >= 0:
        raise RuntimeError("ignore_index is not supported for floating point target")
    _require_probability(label_smoothing)
    if not x._array.ndim:
        raise IndexError(f"Dimension specified as {class_dim} but tensor has no dimensions")
    classes = x.shape[class_dim]
    if weight is not None and weight.shape != (classes,):
        raise RuntimeError(
            f"cross_entropy: weight tensor should be defined either for all {classes} classes or no classes but got "
            f"weight tensor of shape: {list(weight.shape)}"
        )
    log_probabilities: Any = log_softmax_along(x, class_dim, False)
    if label_smoothing > 0.0:
        target = mul_by_number(target, 1 - label_smoothing) + _share(label_smoothing, classes)
    terms = log_probabilities * target
    if weight is not None:
        terms = terms * _along(weight, class_dim, x.ndim)
    if reduction == NONE:
        return -terms.sum(class_dim)
    total = -terms.sum()
    return div_by_number(total, x.numel() / classes if classes else 0) if reduction == MEAN else total


def _share(label_smoothing: float, classes: int) -> float:
    """What each class gets of the smoothing; infinite where there is none, as in C++."""
    return label_smoothing / classes if classes else math.inf


def _smoothed(
    x: Any, target: Any, weight: Any, reduction: int, ignore_index: int, label_smoothing: float, class_dim: int
) -> Any:
    _require_probability(label_smoothing)
    log_probabilities: Any = log_softmax_along(x, class_dim, False)
    certain = nll_loss_nd(log_probabilities, target, weight, reduction, ignore_index)
    if weight is not None:
        uniform = -(log_probabilities * _along(weight, class_dim, x.ndim)).sum(class_dim)
    else:
        uniform = -log_probabilities.sum(class_dim)
    ignored = target == ignore_index
    uniform.masked_fill_(ignored, 0.0)
    if reduction != NONE:
        uniform = uniform.sum()
    if reduction == MEAN:
        kept = ~ignored
        count = kept.sum() if weight is None else weight.gather(0, target.masked_select(kept).flatten()).sum()
        uniform = uniform / count
    share = _share(label_smoothing, x.shape[class_dim])
    return mul_by_number(certain, 1 - label_smoothing) + mul_by_number(uniform, share)
