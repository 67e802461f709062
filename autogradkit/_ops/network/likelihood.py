"""The negative log-likelihood of classes: a node with a backward of its own, and the public form over it.

Rests on declare and loss's reductions; `nn.functional` calls `nll_loss_nd`, and cross_entropy.py rests on it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op
from autogradkit._ops.declare.kinds import Array, SymInt
from autogradkit._ops.declare.refusals import constants, scalar_type
from autogradkit._ops.network.loss import MEAN, NONE
from autogradkit.core.dtype import SCALAR_TYPE_NAMES, from_numpy_dtype, is_half
from autogradkit.core.tensor import wrap

Outputs = tuple[Array, Array]
Spec = list[tuple[tuple[int, ...], np.dtype[Any]]]


def _require_classes(target: Array) -> None:
    if target.dtype != np.int64 and target.dtype != np.uint8:
        raise RuntimeError(
            "expected target dtype to be Long or Byte, but got " + SCALAR_TYPE_NAMES[from_numpy_dtype(target.dtype)]
        )


def _require_fitting(self: Array, weight: Array | None, kernel: str) -> None:
    """Raise for weights of another number or dtype, and for log-probabilities that are integers."""
    if weight is not None:
        classes = self.shape[-1] if self.ndim < 2 else self.shape[1]
        if weight.shape != (classes,):
            if self.ndim == 4:
                raise RuntimeError("weight tensor should be defined either for all or no classes")
            raise RuntimeError(
                f"weight tensor should be defined either for all {classes} classes or no classes but got weight tensor "
                f"of shape: {list(weight.shape)}"
            )
    if self.dtype.kind not in "fV":
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{scalar_type(from_numpy_dtype(self.dtype))}'")
    if weight is not None and weight.dtype != self.dtype:
        wanted, given = (scalar_type(from_numpy_dtype(each.dtype)) for each in (self, weight))
        raise RuntimeError(f"expected scalar type {wanted} but found {given}")


def _nll_meta(self: Array, target: Array, weight: Array | None, reduction: int, ignore_index: int) -> Spec:
    if self.ndim not in (1, 2):
        raise RuntimeError("input tensor should be 1D or 2D")
    if target.ndim > 1:
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    _require_classes(target)
    if self.ndim == 2 and target.shape != self.shape[:1]:
        raise RuntimeError(f"size mismatch (got input: {list(self.shape)}, target: {list(target.shape)})")
    if self.ndim == 1 and target.ndim == 1 and target.size != 1:
        raise ValueError(f"For 1D input, 1D target must have size 1, but got target size: {target.size}")
    _require_fitting(self, weight, "nll_loss_out_frame")
    return [(target.shape if reduction == NONE else (), self.dtype), ((), self.dtype)]


def _nll2d_meta(self: Array, target: Array, weight: Array | None, reduction: int, ignore_index: int) -> Spec:
    if target.ndim != 3:
        raise RuntimeError(
            f"only batches of spatial targets supported (3D tensors) but got targets of dimension: {target.ndim}"
        )
    _require_classes(target)
    if (self.shape[0], *self.shape[2:]) != target.shape:
        raise RuntimeError(f"size mismatch (got input: {list(self.shape)} , target: {list(target.shape)}")
    _require_fitting(self, weight, "nll_loss2d_forward_out_frame")
    return [(target.shape if reduction == NONE else (), self.dtype), ((), self.dtype)]


def _places(self: Array, target: Array, ignore_index: int) -> tuple[tuple[Array, ...], Array | None]:
    """The index of each target's log-probability, and which targets count, None where all do.

    Raises IndexError for a class too many.
    """
    classes = self.shape[-1] if self.ndim < 2 else self.shape[1]
    chosen = target.reshape(-1).astype(np.int64, copy=False)
    counts: Array | None = None
    if not _are_classes(chosen, classes) or 0 <= ignore_index < classes:
        known = counts = chosen != ignore_index
        outside = ((chosen < 0) | (chosen >= classes)) & known
        if outside.any():
            raise IndexError(f"Target {chosen[outside][0]} is out of bounds.")
        if not known.all():
            chosen = np.where(known, chosen, 0)
    if self.ndim < 2:
        return (chosen,), counts
    if target.ndim == 1:
        return (np.arange(len(chosen)), chosen), counts
    samples, *inner = (each.reshape(-1) for each in np.indices(target.shape))
    return (samples, chosen, *inner), counts


def _are_classes(target: Array, classes: int) -> bool:
    """Whether each number of some of int64 is a class: as unsigned numbers the negative ones are too large as well."""
    return target.size > 0 and bool(np.maximum.reduce(target.view(np.uint64), None) < classes)


def _weights(
    places: tuple[Array, ...], counts: Array | None, weight: Array | None, numpy_dtype: np.dtype[Any]
) -> Array:
    chosen = places[min(1, len(places) - 1)]
    if counts is None:
        return np.ones(chosen.shape, numpy_dtype) if weight is None else weight[chosen]
    each = counts.astype(numpy_dtype)
    return each if weight is None else each * weight[chosen]


def _usual_places(self: Array, target: Array, weight: Array | None, ignore_index: int) -> tuple[Any, Any] | None:
    """The index of what is picked in the usual case: a batch of rows, every target a class, none ignored, all weights 1."""
    if self.ndim != 2 or weight is not None or target.dtype != np.int64 or not target.size:
        return None
    classes = self.shape[1]
    if 0 <= ignore_index < classes:
        return None
    if target.shape == (1,):  # a step on one sample: numbers are quicker than arrays
        chosen = target[0]
        return (slice(1), chosen) if 0 <= chosen < classes else None
    return (np.arange(len(target)), target) if _are_classes(target, classes) else None


def _summed(losses: Array, counts: Array | None = None) -> Any:
    """The sum of the losses that count. Half precision is rounded at each step, in PyTorch's order: in cascades of sixteen."""
    if not is_half(losses.dtype):
        return np.add.reduce(losses)
    zero = losses.dtype.type(0)
    sums = [zero] * 8
    for at, loss in enumerate(losses):
        if counts is not None and not counts[at]:
            continue
        sums[0] += loss
        for level in range(7):
            if at >> 4 * level & 15:
                break
            sums[level + 1] += sums[level]
            sums[level] = zero
    total = zero
    for each in sums:
        total += each
    return total


def write_likelihood(
    self: Array, target: Array, weight: Array | None, reduction: int, ignore_index: int, losses: Array, total: Array
) -> None:
    """Write the loss, and the sum of the weights that "mean" divides by."""
    usual = _usual_places(self, target, weight, ignore_index)
    if usual is not None:
        count = len(target)
        picked = self[usual]
        if reduction == NONE:
            np.negative(picked, losses)
        else:
            summed = 0 - (picked[0] if count == 1 else _summed(picked))
            losses.fill(summed / count if reduction == MEAN else summed)
        total.fill(0 if reduction == NONE else count)
        return
    places, counts = _places(self, target, ignore_index)
    weights = _weights(places, counts, weight, self.dtype)
    each = -self[places] * weights
    if counts is not None:
        each[~counts] = 0
    if reduction == NONE:
        np.copyto(losses, each.reshape(target.shape))
        total.fill(0)
        return
    each += 0  # no sum is -0
    if weight is None:
        total.fill(each.size if counts is None else counts.sum())
    else:
        total.fill(_summed(weights, counts))
    losses.fill(_summed(each, counts))
    if reduction == MEAN:
        losses /= total


def _nll_samples(t: Any) -> list[tuple[Any, ...]]:
    target = wrap(np.array([2, 0, -100, 1]))
    weight = wrap(np.array([0.5, 1.0, 2.0]))
    return [
        (t(4, 3), target, None, MEAN, -100),
        (t(4, 3), wrap(np.array([2, 0, 1, 1])), weight, NONE, 1),
        (t(4, 3), target, weight, 2, -100),
        (t(3), wrap(np.array(1)), weight, MEAN, -100),
    ]


_VJP = {
    "self": lambda g, self, target, weight, reduction, ignore_index, total_weight: k.nll_loss_backward(
        g, self, target, weight, reduction, ignore_index, total_weight
    )
}
_RULE = "∂self = −∂ / n at the target of each sample, 0 elsewhere"


@op(
    variants="",
    node="NllLossBackward0",
    label="nll_loss",
    usual={"reduction": MEAN, "ignore_index": -100},
    meta=_nll_meta,
    refuse=constants("nll_loss_forward", weight=2),
    outputs="output total_weight",
    differentiable_outputs=1,
    samples=_nll_samples,
    vjp=_VJP,
    rule=_RULE,
)
def nll_loss_forward(
    self: Array, target: Array, weight: Array | None, reduction: int, ignore_index: SymInt, *, out: Outputs
) -> None:
    """−weight[target] · self[target], for (N, C) or (C) log-probabilities, and the sum of the weights."""
    write_likelihood(self, target, weight, reduction, ignore_index, *out)


@op(
    variants="",
    node="NllLoss2DBackward0",
    label="nll_loss",
    usual={"reduction": MEAN, "ignore_index": -100},
    meta=_nll2d_meta,
    refuse=constants("nll_loss2d_forward", weight=2),
    outputs="output total_weight",
    differentiable_outputs=1,
    samples=lambda t: [(t(2, 3, 1, 2), wrap(np.array([[[2, 0]], [[1, -100]]])), None, MEAN, -100)],
    vjp=_VJP,
    rule=_RULE,
)
def nll_loss2d_forward(
    self: Array, target: Array, weight: Array | None, reduction: int, ignore_index: SymInt, *, out: Outputs
) -> None:
    """−weight[target] · self[target], for (N, C, H, W) log-probabilities, and the sum of the weights."""
    write_likelihood(self, target, weight, reduction, ignore_index, *out)


@op(
    variants="",
    meta=lambda grad_output, self, target, weight, reduction, ignore_index, total_weight: (self.shape, self.dtype),
    samples=lambda t: [(t(), t(4, 3), wrap(np.array([2, 0, -100, 1])), None, MEAN, -100, wrap(np.array(3.0)))],
    vjp={
        "grad_output": lambda g, target, weight, reduction, ignore_index: (
            k.nll_loss2d_forward if g.ndim == 4 else k.nll_loss_forward
        )(g, target, weight, reduction, ignore_index)[0],
        "self": lambda g: k.zeros_like(g),
    },
    rule="∂grad_output = −∂ / n at each target, added up\n∂self = 0",
)
def nll_loss_backward(
    grad_output: Array,
    self: Array,
    target: Array,
    weight: Array | None,
    reduction: int,
    ignore_index: SymInt,
    total_weight: Array,
    *,
    out: Array,
) -> None:
    """The gradient of the negative log-likelihood: −weight at each target's place."""
    out.fill(0)
    usual = _usual_places(self, target, weight, ignore_index)
    if usual is not None:
        out[usual] = -grad_output / total_weight if reduction == MEAN else -grad_output
        return
    places, counts = _places(self, target, ignore_index)
    weights = _weights(places, counts, weight, self.dtype)
    if reduction == MEAN:
        weights /= total_weight
    slope = -weights * grad_output.reshape(-1)
    out[places] = slope if counts is None else np.where(counts, slope, 0)


# -- over these --------------------------------------------------------------------------------------------------------


@op(variants="", composition=True)
def nll_loss_nd(
    self: Array, target: Array, weight: Array | None = None, reduction: int = 1, ignore_index: SymInt = -100
) -> Any:
    """The negative log-likelihood of log-probabilities (N, C), (C) or (N, C, ...)."""
    x: Any = self
    classes: Any = target
    given, wanted = x._array.shape, classes._array.shape
    dims = len(given)
    if dims == 0:
        raise ValueError(f"Expected 1 or more dimensions (got {dims})")
    batch = wanted[0] if wanted else 0
    if dims != 1 and batch != given[0]:
        raise ValueError(f"Expected input batch_size ({given[0]}) to match target batch_size ({batch}).")
    if dims <= 2:
        return nll_loss_forward.straight(x, classes, weight, reduction, ignore_index)[0]
    if dims == 4:
        return nll_loss2d_forward.straight(x, classes, weight, reduction, ignore_index)[0]
    expected = (given[0], *given[2:])
    if wanted != expected:
        raise RuntimeError(f"Expected target size {list(expected)}, got {list(wanted)}")
    flat, places = x.reshape(given[0], given[1], 1, -1), classes.reshape(given[0], 1, -1)
    losses = nll_loss2d_forward.straight(flat, places, weight, reduction, ignore_index)[0]
    return losses.reshape(expected) if reduction == NONE else losses
