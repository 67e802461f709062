"""ctc_loss: how likely a sequence of labels is, over all its alignments with a longer sequence of predictions.

Rests on declare and on loss.py. The labels with a blank before, between and after them are states; sums over alignments go from
state to state, a step of time at a time, for all sequences of the batch and all states at once.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import function, k, op
from autogradkit._ops.declare.declaration import UNIMPLEMENTED
from autogradkit._ops.declare.kinds import Array, Ints
from autogradkit._ops.declare.refusals import scalar_type, undifferentiated
from autogradkit._ops.network.loss import MEAN, SUM
from autogradkit._ops.pointwise.choice import where
from autogradkit.core.dtype import from_numpy_dtype, int64
from autogradkit.core.tensor import wrap

Lengths = tuple[int, ...]


def _require_lengths(name: str, lengths: Lengths, most: int | None, end: str) -> None:
    """Refuses the first that is no length, or more than `most`."""
    for length in lengths:
        if length < 0:
            raise RuntimeError(f"Expected {name} to have value at least 0, but got value {length} {end}")
        if most is not None and length > most:
            raise RuntimeError(f"Expected {name} to have value at most {most}, but got value {length} {end}")


def _check(
    log_probs: Array, targets: Array, input_lengths: Lengths, target_lengths: Lengths, blank: int, zero_infinity: bool
) -> Any:
    if log_probs.dtype not in (np.float32, np.float64):
        raise NotImplementedError(
            f"\"ctc_loss_cpu\" not implemented for '{scalar_type(from_numpy_dtype(log_probs.dtype))}'"
        )
    if not log_probs.size:
        raise RuntimeError("log_probs tensor must not be empty")
    end = "(while checking arguments for ctc_loss_allocate_outputs)"
    if log_probs.ndim != 3:
        raise RuntimeError(
            f"Expected 3-dimensional tensor, but got {log_probs.ndim}-dimensional tensor for argument #1 'log_probs' {end}"
        )
    if targets.ndim not in (1, 2):
        raise RuntimeError(
            f"Expected 1 to 2 dimensions, but got {targets.ndim}-dimensional tensor for argument #2 'targets' {end}"
        )
    times, batch, classes = log_probs.shape
    if not 0 <= blank < classes:
        raise RuntimeError("blank must be in label range")
    for name, lengths in (("input_lengths", input_lengths), ("target_lengths", target_lengths)):
        if len(lengths) != batch:
            raise RuntimeError(f"{name} must be of size batch_size")
    _require_lengths("target_lengths", target_lengths, None, end)
    longest = max(target_lengths, default=0)
    if targets.ndim == 1:
        if targets.size != sum(target_lengths):
            raise RuntimeError(
                f"Expected tensor to have size {sum(target_lengths)} at dimension 0, but got size {targets.size} for "
                f"argument #2 'targets' {end}"
            )
    elif len(targets) != batch:
        raise RuntimeError(
            f"Expected tensor to have size {batch} at dimension 0, but got size {len(targets)} for argument #2 'targets' {end}"
        )
    elif targets.shape[1] < longest:
        raise RuntimeError(
            f"Expected tensor to have size at least {longest} at dimension 1, but got size {targets.shape[1]} for argument "
            f"#2 'targets' {end}"
        )
    _require_lengths("input_lengths", input_lengths, times, end)
    outside = targets[(targets < 0) | (targets >= classes)]
    if outside.size:  # where PyTorch reads what is no prediction
        raise IndexError(f"Target {outside[0]} is out of bounds.")
    return ((batch,), log_probs.dtype), ((batch, times, 2 * longest + 1), log_probs.dtype)


def _states(targets: Array, lengths: Lengths, blank: int) -> tuple[Array, Array]:
    """(the label of each state of each sequence, whether the state before the one before may be left for it)."""
    longest = max(lengths, default=0)
    found = np.full((len(lengths), 2 * longest + 1), blank, np.int64)
    skips = np.zeros(found.shape, bool)
    start = 0
    for row, length in enumerate(lengths):  # of each sequence, not of each element
        labels = targets[start : start + length] if targets.ndim == 1 else targets[row, :length]
        found[row, 1 : 2 * length : 2] = labels
        # The blank between two labels, unless they are alike; a label may be the blank itself.
        own = found[row, 1 : 2 * length : 2]
        skips[row, 3 : 2 * length : 2] = own[1:] != own[:-1]
        start += length
    return found, skips


def _shifted(x: Array, by: int) -> Array:
    """Along the states, with nothing at the beginning."""
    found = np.full_like(x, -np.inf)
    found[:, by:] = x[:, : x.shape[1] - by]
    return found


def _added(*terms: Array) -> Array:
    """The logarithm of the sum of exponentials, in PyTorch's steps: of numbers that are no probabilities they show."""
    most = terms[0]
    for each in terms[1:]:
        most = np.where(each > most, each, most)
    most = np.where(most == -np.inf, most.dtype.type(0), most)
    total = np.exp(terms[0] - most)
    for each in terms[1:]:
        total = total + np.exp(each - most)
    return np.log(total) + most


def _spread(x: Array, skips: Array) -> Array:
    """The logarithm of the sum over the states that lead to each."""
    return _added(x, _shifted(x, 1), np.where(skips, _shifted(x, 2), -np.inf).astype(x.dtype, copy=False))


def _within(states: Array, lengths: Lengths) -> Array:
    return np.arange(states.shape[1]) < 2 * np.asarray(lengths, np.int64)[:, None] + 1


def _last_states(alpha: Array, input_lengths: Lengths, target_lengths: Lengths) -> Array:
    """log p of each sequence, from the sums of its last step."""
    rows, ends = np.arange(len(alpha)), 2 * np.asarray(target_lengths, np.int64)
    times = np.asarray(input_lengths, np.int64)
    at = alpha[rows, times - 1]
    last, before = at[rows, ends], np.where(ends > 0, at[rows, ends - 1], -np.inf).astype(at.dtype)
    return np.where(times > 0, _added(last, before), np.where(ends > 0, -np.inf, 0))


@op(
    name="_ctc_loss",
    variants="",
    label="ctc_loss",
    node="CtcLossBackward0",
    meta=_check,
    outputs="result0 result1",
    differentiable_outputs=1,
    samples=lambda t: [(t(5, 2, 4), wrap(np.array([[1, 2], [3, 0]])), (5, 4), (2, 1), 0, False)],
    vjp={
        "log_probs": lambda g, log_probs, targets, input_lengths, target_lengths, result0, result1, blank, zero_infinity: (
            k.ctc_loss_backward(
                g, log_probs, targets, input_lengths, target_lengths, result0, result1, blank, zero_infinity
            )
        )
    },
    rule="∂log_probs = ∂ times (exp(log_probs) − the share of alignments through each label at each time)",
    unmeasured="takes logarithms of shares that make 1 together, and cannot be moved one by one",
)
def ctc_loss_forward(
    log_probs: Array,
    targets: Array,
    input_lengths: Ints,
    target_lengths: Ints,
    blank: int = 0,
    zero_infinity: bool = False,
    *,
    out: tuple[Array, Array],
) -> None:
    """−log p of each sequence, and the logarithms of the sums over the alignments up to each time and state."""
    labels, skips = _states(targets, target_lengths, blank)
    alpha = out[1]
    alpha.fill(-np.inf)
    outside = ~_within(labels, target_lengths)
    emitted = np.take_along_axis(log_probs.transpose(1, 0, 2), labels[:, None, :], 2)
    if alpha.shape[1]:
        alpha[:, 0, :2] = emitted[:, 0, :2]
        alpha[:, 0][outside] = -np.inf
    for t in range(1, alpha.shape[1]):
        alpha[:, t] = _spread(alpha[:, t - 1], skips) + emitted[:, t]
        alpha[:, t][outside] = -np.inf
    np.negative(_last_states(alpha, input_lengths, target_lengths), out[0])


@op(
    name="_ctc_loss_backward",
    variants="",
    node=UNIMPLEMENTED,
    meta=lambda grad, log_probs, *_: (log_probs.shape, log_probs.dtype),
    vjp=dict.fromkeys(("grad", "log_probs"), undifferentiated("_ctc_loss_backward")),
)
def ctc_loss_backward(
    grad: Array,
    log_probs: Array,
    targets: Array,
    input_lengths: Ints,
    target_lengths: Ints,
    neg_log_likelihood: Array,
    log_alpha: Array,
    blank: int,
    zero_infinity: bool = False,
    *,
    out: Array,
) -> None:
    """The gradient of the predictions: what they say, less the share of alignments that go through each label."""
    labels, skips = _states(targets, target_lengths, blank)
    times, batch, _ = log_probs.shape
    by_sequence = log_probs.transpose(1, 0, 2)
    emitted = np.take_along_axis(by_sequence, labels[:, None, :], 2)
    rows, ends, lengths = (
        np.arange(batch),
        2 * np.asarray(target_lengths, np.int64),
        np.asarray(input_lengths, np.int64),
    )
    last = np.full(labels.shape, -np.inf, log_probs.dtype)
    last[rows, ends] = 0
    last[rows[ends > 0], ends[ends > 0] - 1] = 0
    outside = ~_within(labels, target_lengths)
    leaves = np.zeros_like(skips)
    leaves[:, :-2] = skips[:, 2:]
    beta = np.full((batch, times, labels.shape[1]), -np.inf, log_probs.dtype)
    following = np.full(labels.shape, -np.inf, log_probs.dtype)
    for t in range(times - 1, -1, -1):
        near = _shifted(following[:, ::-1], 1)[:, ::-1]
        far = np.where(leaves, _shifted(following[:, ::-1], 2)[:, ::-1], -np.inf).astype(near.dtype, copy=False)
        step = np.where((lengths - 1 == t)[:, None], last, _added(following, near, far)) + emitted[:, t]
        following = np.where((lengths > t)[:, None] & ~outside, step, -np.inf)
        beta[:, t] = following
    through = np.full(by_sequence.shape, -np.inf, log_probs.dtype)
    at_times = np.arange(times)[None, :]
    for state in range(labels.shape[1]):
        place = rows[:, None], at_times, labels[:, state : state + 1]
        so_far, more = through[place], log_alpha[:, :, state] + beta[:, :, state]
        through[place] = np.where(so_far == -np.inf, more, _added(so_far, more))
    # Both sums count the prediction, so it is divided by once.
    share = np.exp(through + neg_log_likelihood[:, None, None] - by_sequence)
    found = (np.exp(by_sequence) - share) * grad[:, None, None]
    found[np.arange(times) >= lengths[:, None]] = 0
    if zero_infinity:
        found[neg_log_likelihood == np.inf] = 0
    np.copyto(out, found.transpose(1, 0, 2))


class _Reduction(int):
    """The default of `reduction`: it is none, and PyTorch's refusals, which write it as the mean, have it in words."""

    in_words = "at::Reduction::Mean"


ctc_loss = function("ctc_loss", variants="function")


@ctc_loss.overload(composition=True)
def ctc_loss_of_lists(
    log_probs: Array,
    targets: Array,
    input_lengths: Ints,
    target_lengths: Ints,
    blank: int = 0,
    reduction: int = _Reduction(0),
    zero_infinity: bool = False,
) -> Any:
    """−log p of the labels `targets`, over all alignments with `log_probs` (T, N, C); `reduction` is 0 none, 1 mean or 2 sum.

    >>> import autogradkit as torch
    >>> torch.ctc_loss(torch.full((2, 1, 2), 0.5).log(), torch.tensor([[1]]), (2,), (1,))
    tensor([0.2877])
    """
    x: Any = log_probs
    y: Any = targets
    if y._array.dtype not in (np.int32, np.int64):
        y = y.to(int64)
    batched = x.ndim == 3
    if not batched:
        x = x.unsqueeze(1)
        y = y.unsqueeze(0) if y.ndim == 1 else y
    losses = ctc_loss_forward(x, y, tuple(input_lengths), tuple(target_lengths), blank, zero_infinity)[0]
    if zero_infinity:
        losses = where(losses == np.inf, 0.0, losses)
    if reduction == MEAN:
        counts = wrap(np.maximum(np.asarray(target_lengths, losses._array.dtype), 1))
        return (losses / counts).mean()
    if reduction == SUM:
        return losses.sum()
    return losses if batched else losses.squeeze(0)


@ctc_loss.overload(composition=True)
def _(
    log_probs: Array,
    targets: Array,
    input_lengths: Array,
    target_lengths: Array,
    blank: int = 0,
    reduction: int = _Reduction(0),
    zero_infinity: bool = False,
) -> Any:
    for name, each in (("input_lengths", input_lengths), ("target_lengths", target_lengths)):
        if each._array.dtype.kind not in "iu":  # type: ignore[attr-defined]
            raise RuntimeError(f"{name} must be integral")
    lengths = [tuple(np.ravel(each._array).tolist()) for each in (input_lengths, target_lengths)]  # type: ignore[attr-defined]
    return ctc_loss_of_lists(log_probs, targets, *lengths, blank, reduction, zero_infinity)
