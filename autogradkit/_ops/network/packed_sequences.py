"""Sequences of different lengths in one tensor: padded to one length, or packed, the rows of all steps one after the other.

Rests on declare and views; `nn/utils/rnn.py` calls it. What is padded is filled part by part, as in PyTorch, whose graph shows a
CopySlices for each.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op
from autogradkit._ops.declare.kinds import Array, Ints, Scalar, Tensors
from autogradkit._ops.declare.refusals import scalar_type
from autogradkit._ops.making.filled import full
from autogradkit.core.dtype import from_numpy_dtype
from autogradkit.core.tensor import Tensor, wrap

# -- packing -----------------------------------------------------------------------------------------------------------


def _sizes(lengths: Array) -> Array:
    """How many sequences have each step; the lengths are sorted, the longest first."""
    return (lengths[None] > np.arange(lengths[0])[:, None]).sum(1)


def _packed_rows(sizes: Any, batch: int) -> Array:
    """Where the rows of what is packed lie in a batch of (steps, sequences)."""
    steps = np.repeat(np.arange(len(sizes)), sizes)
    firsts = np.repeat(np.cumsum(sizes) - sizes, sizes)
    return steps * batch + np.arange(len(steps)) - firsts


def _pack_meta(input: Array, lengths: Array, batch_first: bool) -> Any:
    if not input.size:
        raise RuntimeError("Cannot pack empty tensors.")
    if lengths.ndim != 1 or lengths.dtype != np.int64:
        raise RuntimeError(
            f"'lengths' argument should be a 1D CPU int64 tensor, but got {lengths.ndim}D cpu "
            f"{scalar_type(from_numpy_dtype(lengths.dtype))} tensor"
        )
    batch = input.shape[0 if batch_first else 1]
    if len(lengths) != batch:
        raise RuntimeError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {len(lengths)} (batch_size={batch})"
        )
    if (lengths[1:] > lengths[:-1]).any():
        raise RuntimeError(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can pass "
            "`enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to sidestep this requirement if you do not need "
            "ONNX exportability."
        )
    if lengths[-1] <= 0:
        raise RuntimeError(
            "Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0"
        )
    # A length beyond the input ends with it
    rows = int(np.minimum(lengths, input.shape[1 if batch_first else 0]).sum())
    return ((rows, *input.shape[2:]), input.dtype), ((int(lengths[0]),), np.dtype(np.int64))


@op(
    variants="",
    meta=lambda grad, input_size, lengths, batch_first: (input_size, grad.dtype),
    out=False,
    samples=lambda t: [(t(4, 2), (3, 2, 2), _lengths(3, 1), False), (t(8), (3, 4), _lengths(4, 2, 2), True)],
    vjp={"grad": lambda g, lengths, batch_first: k.pack_padded_sequence(g, lengths, batch_first)[0]},
    rule="∂grad = ∂ of each row, packed again",
)
def packed_sequence_backward(grad: Array, input_size: Ints, lengths: Array, batch_first: bool, *, out: Array) -> None:
    """The gradient of each row where the row stood, and zeros at the padding."""
    by_step = out.swapaxes(0, 1) if batch_first else out
    steps, batch, *rest = by_step.shape
    filled = np.zeros((steps * batch, *rest), out.dtype)
    filled[_packed_rows(_sizes(lengths)[:steps], batch)] = grad
    by_step[...] = filled.reshape(by_step.shape)


@op(
    name="_pack_padded_sequence",
    variants="",
    meta=_pack_meta,
    outputs="result0 result1",
    differentiable_outputs=1,
    out=False,
    samples=lambda t: [(t(3, 2, 2), _lengths(3, 1), False), (t(3, 4), _lengths(4, 2, 2), True)],
    vjp={
        "input": lambda g, input_sym_sizes, lengths, batch_first: k.packed_sequence_backward(
            g, input_sym_sizes, lengths, batch_first
        )
    },
    rule="∂input = ∂ of each row where the row stood, 0 at the padding",
)
def pack_padded_sequence(input: Array, lengths: Array, batch_first: bool, *, out: tuple[Array, Array]) -> None:
    """(the rows of all steps one after the other, how many sequences have each step)."""
    by_step = input.swapaxes(0, 1) if batch_first else input
    sizes = _sizes(lengths)
    rows = _packed_rows(sizes[: len(by_step)], by_step.shape[1])
    np.take(by_step.reshape(-1, *by_step.shape[2:]), rows, 0, out[0])
    out[1][...] = sizes


def _lengths(*values: int) -> Tensor:
    return wrap(np.array(values))


# -- padding -----------------------------------------------------------------------------------------------------------


@op(name="_pad_packed_sequence", variants="", composition=True)
def pad_packed_sequence(
    data: Tensor, batch_sizes: Tensor, batch_first: bool, padding_value: Scalar, total_length: int
) -> tuple[Any, Any]:
    """(the padded batch, the lengths of the sequences)."""
    x: Any = data
    if batch_sizes.ndim != 1:
        raise RuntimeError(
            f"'lengths' argument should be a 1D CPU int64 tensor, but got {batch_sizes.ndim}D cpu Long tensor"
        )
    sizes = batch_sizes.tolist()
    steps, batch = max(len(sizes), total_length), sizes[0]
    padded = full.owner((steps, batch, *x.shape[1:]), padding_value, dtype=x.dtype)
    # Steps that as many sequences have are copied at once.
    start = row = 0
    for t, size in enumerate([*sizes[1:], 0]):
        if size != sizes[t]:
            stop = t + 1
            count = (stop - start) * sizes[t]
            part = x[row : row + count].view((stop - start, sizes[t], *x.shape[1:]))
            padded[start:stop, : sizes[t]].copy_(part)
            start, row = stop, row + count
    lengths = wrap((np.array(sizes)[:, None] > np.arange(batch)).sum(0))
    return (padded.transpose(0, 1) if batch_first else padded), lengths


@op(variants="", composition=True)
def pad_sequence(
    sequences: Tensors, batch_first: bool = False, padding_value: float = 0.0, padding_side: str = "right"
) -> Any:
    """Sequences of any lengths as one batch, padded at the end or at the beginning."""
    if not sequences:
        raise RuntimeError("received an empty list of sequences")
    if padding_side not in ("left", "right"):
        raise RuntimeError(f"Expected padding_side to be one of left or right, but got {padding_side}.")
    given: Any = sequences
    if not given[0].ndim:  # a number, of which a batch of sequences is often made by mistake
        raise RuntimeError("ArrayRef: invalid slice, N = 1; size = 0")
    longest = max(each.size(0) for each in given)
    leading = (len(given), longest) if batch_first else (longest, len(given))
    padded = full.owner((*leading, *given[0].shape[1:]), padding_value, dtype=given[0].dtype)
    for number, each in enumerate(given):
        start = longest - each.size(0) if padding_side == "left" else 0
        place = slice(start, start + each.size(0))
        padded[(number, place) if batch_first else (place, number)].copy_(each)
    return padded
