"""Runs of neighbouring elements reduced to one each: segment_reduce, whose segments are told by lengths or by offsets.

Rests on declare; declared when somebody asks for a name of it (`_ops.unloaded`). As PyTorch does,
elements are taken one after the other, in the tensor's own dtype.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import UNIMPLEMENTED, k, op
from autogradkit._ops.declare.kinds import Array, Scalar
from autogradkit._ops.declare.refusals import scalar_type, undifferentiated
from autogradkit._ops.making.scalars import scalar_array
from autogradkit.core.dtype import from_numpy_dtype
from autogradkit.core.shapes import wrap_dim
from autogradkit.core.tensor import wrap

_KINDS = {"sum": "sum", "mean": "mean", "prod": "prod", "max": "max", "amax": "max", "min": "min", "amin": "min"}
_UFUNCS = {"sum": np.add, "mean": np.add, "prod": np.multiply, "max": np.maximum, "min": np.minimum}
_FIRST = {"sum": 0, "mean": 0, "prod": 1, "max": -np.inf, "min": np.inf}


def _not_implemented(kernel: str, array: Array) -> NotImplementedError:
    return NotImplementedError(f"\"{kernel}\" not implemented for '{scalar_type(from_numpy_dtype(array.dtype))}'")


def _unmet(condition: str) -> RuntimeError:
    return RuntimeError(
        f"Expected {condition} to be true, but got false.  (Could this error message be improved?  If so, please report an "
        "enhancement request to PyTorch.)"
    )


def _require_lengths(lengths: Array, data: Array, axis: int) -> None:
    if not lengths.size:
        raise RuntimeError(
            "min(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the 'dim' "
            "argument."
        )
    if lengths.min() < 0:
        raise RuntimeError("lengths contains negative value!")
    if (lengths.sum(-1) != data.shape[axis]).any():
        raise RuntimeError(
            "segment_reduce(): Expected all rows of lengths along axis to sum to data.size(lengths.dim()-1) when !unsafe."
        )


def _meta(
    data: Array, reduce: str, lengths: Array | None, indices: Array | None, offsets: Array | None, axis: int,
    unsafe: bool, initial: Any,
) -> Any:  # fmt: skip
    axis = wrap_dim(axis, data.ndim)
    if indices is not None:
        raise RuntimeError("segment_reduce(): indices based reduction is not supported yet.")
    if reduce not in _KINDS:
        raise RuntimeError(f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}")
    name, marks = ("lengths", lengths) if offsets is None else ("offsets", offsets)
    if marks is None:
        raise RuntimeError("segment_reduce(): Either lengths or offsets must be defined.")
    if data.ndim < marks.ndim:
        raise _unmet(f"data.dim() >= {name}_value.dim()")
    if axis != marks.ndim - 1:
        raise RuntimeError(f"segment_reduce(): Expected axis to be the last dimension of {name} but got {axis}.")
    if name == "lengths" and not unsafe:
        _require_lengths(marks, data, axis)
    if marks.shape[:-1] != data.shape[:axis]:
        raise RuntimeError(f"segment_reduce(): rows of {name} {list(marks.shape)} for data of size {list(data.shape)}")
    if marks.dtype not in (np.int32, np.int64):
        raise _not_implemented(f"_segment_reduce_{name}_cpu_kernel1", marks)
    if data.dtype.kind not in "fV":
        raise _not_implemented("_segment_reduce_cpu", data)
    if initial is not None:
        scalar_array(initial, from_numpy_dtype(data.dtype))  # which refuses what the dtype does not hold
    if (_counts(lengths, offsets) < 0).any():
        raise _unmet("segment_length >= 0")
    segments = marks.shape[-1] - (name == "offsets")
    return (*marks.shape[:-1], segments, *data.shape[axis + 1 :]), data.dtype


def _counts(lengths: Array | None, offsets: Array | None) -> Array:
    if offsets is not None:
        return np.diff(offsets)
    assert lengths is not None
    return lengths


def _segments(lengths: Array | None, offsets: Array | None, axis: int, data: Array) -> tuple[Array, Array, Array]:
    """(which rows of the data are in a segment, of which one each is; how many there are in each), over all rows of marks."""
    counts = _counts(lengths, offsets)
    counts = counts.reshape(-1, counts.shape[-1])
    first = np.zeros(len(counts), np.int64) if offsets is None else offsets.reshape(len(counts), -1)[:, 0]
    owner = np.repeat(np.arange(counts.size), counts.reshape(-1))
    inside = [np.arange(begin, begin + each.sum()) for begin, each in zip(first, counts, strict=True)]
    rows = [row * data.shape[axis] + each for row, each in enumerate(inside)]
    return np.concatenate([np.empty(0, np.int64), *rows]), owner, counts.reshape(-1)


def _rows(array: Array, axis: int) -> Array:
    """With the dimensions up to `axis` as one."""
    return array.reshape(-1, *array.shape[axis + 1 :])


def _column(numbers: Array, beside: Array) -> Array:
    return numbers.reshape(-1, *(1,) * (beside.ndim - 1)).astype(beside.dtype)


@op(
    variants="function",
    meta=_meta,
    out=False,
    samples=lambda t: [
        (t(6, 2), reduce, wrap(np.array([2, 1, 3])), None, None, 0, False, 2.0 if reduce == "prod" else None)
        for reduce in ("sum", "mean", "prod", "amax")
    ],
    vjp={
        "data": lambda g, result, data, reduce, lengths, offsets, axis, initial: k._segment_reduce_backward(
            g, result, data, reduce, lengths=lengths, offsets=offsets, axis=axis, initial=initial
        )
    },
    rule="∂data = ∂ of its segment: as it is for a sum, times the others for a product, to the largest for a maximum",
)
def segment_reduce(
    data: Array,
    reduce: str,
    *,
    lengths: Array | None = None,
    indices: Array | None = None,
    offsets: Array | None = None,
    axis: int = 0,
    unsafe: bool = False,
    initial: Scalar | None = None,
    out: Array,
) -> None:
    """The sum, mean, product, maximum or minimum ("sum", "mean", "prod", "max", "min") of each segment along `axis`.

    Segments follow one another, with these `lengths`, or from each of `offsets` to the next; `initial` is what each begins with.
    Raises RuntimeError where they do not cover the data, unless `unsafe`.

    >>> import autogradkit as torch
    >>> torch.segment_reduce(torch.tensor([1.0, 2.0, 3.0]), "sum", lengths=torch.tensor([2, 1]))
    tensor([3., 3.])
    """
    kind, axis = _KINDS[reduce], wrap_dim(axis, data.ndim)
    rows, owner, counts = _segments(lengths, offsets, axis, data)
    found = np.full(_rows(out, axis).shape, _FIRST[kind] if initial is None else initial, out.dtype)
    _UFUNCS[kind].at(found, owner, _rows(data, axis)[rows])
    if kind == "mean":
        empty = (counts == 0) & (initial is not None)
        found /= _column(np.where(empty, 1, counts), found)
    np.copyto(out, found.reshape(out.shape))


@op(
    variants="",
    node=UNIMPLEMENTED,
    meta=lambda grad, output, data, reduce, lengths, offsets, axis, initial: (data.shape, data.dtype),
    out=False,
    vjp={"grad output data": undifferentiated("_segment_reduce_backward")},
)
def _segment_reduce_backward(
    grad: Array,
    output: Array,
    data: Array,
    reduce: str,
    *,
    lengths: Array | None = None,
    offsets: Array | None = None,
    axis: int = 0,
    initial: Scalar | None = None,
    out: Array,
) -> None:
    """The gradient of the data; what is in no segment has none. Equal extremes share theirs."""
    kind, axis = _KINDS[reduce], wrap_dim(axis, data.ndim)
    rows, owner, counts = _segments(lengths, offsets, axis, data)
    x = _rows(data, axis)[rows]
    g, result = (_rows(each, axis)[owner] for each in (grad, output))
    if kind == "mean":
        g = g / _column(counts, g)[owner] if len(owner) else g
    elif kind == "prod":
        others = _others(x, counts, 1 if initial is None else initial)
        g = np.where((x == 0) | np.isnan(x), g * others, g * result / x)
    elif kind != "sum":
        extreme = (x == result) | np.isnan(x)
        ties = np.zeros(_rows(output, axis).shape, np.int64)
        np.add.at(ties, owner, extreme)
        g = np.where(extreme, g / np.maximum(ties, 1)[owner].astype(g.dtype), 0)
    found = np.zeros(_rows(data, axis).shape, data.dtype)
    found[rows] = g
    np.copyto(out, found.reshape(out.shape))


def _others(x: Array, counts: Array, initial: Any) -> Array:
    """Of each element the product of all others in its segment."""
    before, after = np.empty_like(x), np.empty_like(x)
    ends = np.cumsum(counts)
    for end, count in zip(ends, counts, strict=True):
        part = x[end - count : end]
        if count:
            before[end - count], after[end - 1] = initial, 1
            before[end - count + 1 : end] = initial * np.multiply.accumulate(part[:-1], 0)
            after[end - count : end - 1] = np.multiply.accumulate(part[:0:-1], 0)[::-1]
    return before * after
