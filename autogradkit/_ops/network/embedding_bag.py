"""Rows of a table picked by number and brought together bag by bag: sums, means or maxima.

Rests on declare and selection's `add_rows`; `nn.functional.embedding_bag` calls it. The backward is an op of its own, which
PyTorch does not differentiate.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import function, k, op
from autogradkit._ops.declare.kinds import Array
from autogradkit._ops.declare.refusals import not_differentiated
from autogradkit._ops.network.rounding import write_whole
from autogradkit._ops.selection.indexing import add_rows
from autogradkit.core.tensor import Tensor, wrap
from autogradkit.engine.naming import tensor_type

SUM, MEAN, MAX = 0, 1, 2


def _require_kinds(x: Array, number: int, name: str, kinds: dict[str, Any]) -> None:
    if x.dtype.name not in kinds.values():
        raise RuntimeError(
            f"Expected tensor for argument #{number} '{name}' to have one of the following scalar types: "
            f"{', '.join(kinds)}; but got {tensor_type(x)} instead (while checking arguments for embedding_bag)"
        )


def _require_weights(weight: Array, indices: Array, mode: int, per_sample_weights: Array) -> None:
    if mode != SUM:
        raise RuntimeError("embedding_bag: per_sample_weights only supported with mode='sum'")
    if per_sample_weights.dtype != weight.dtype:
        raise RuntimeError(
            "Expected tensor for argument #1 'weight' to have the same type as tensor for argument #1 'per_sample_weights'; "
            f"but type {tensor_type(weight)} does not equal {tensor_type(per_sample_weights)} (while checking arguments for "
            "embedding_bag)"
        )
    for holds, fact in (
        (per_sample_weights.ndim == 1, "dim() == 1"),
        (per_sample_weights.size == indices.size, "numel() == indices.numel()"),
    ):
        if not holds:
            raise RuntimeError(
                f"Expected per_sample_weights.value().{fact} to be true, but got false.  (Could this error message be improved?  "
                "If so, please report an enhancement request to PyTorch.)"
            )


def _meta(
    weight: Array, indices: Array, offsets: Array, scale_grad_by_freq: bool, mode: int, sparse: bool,
    per_sample_weights: Array | None, include_last_offset: bool, padding_idx: int,
) -> Any:  # fmt: skip
    for name, each, dims in (("weight", weight, 2), ("offsets", offsets, 1)):
        if each.ndim != dims:
            raise RuntimeError(f"{name} has to be a {dims}D Tensor, but got Tensor of dimension {each.ndim}")
    if mode not in (SUM, MEAN, MAX):
        raise RuntimeError("`mode` must be sum, mean, or max.")
    whole = {"Long": "int64", "Int": "int32"}
    for each in (indices, offsets):  # PyTorch brings both to one dtype before it looks
        _require_kinds(each, 1, "indices", whole)
    _require_kinds(
        weight, 1, "weight", {"Half": "float16", "BFloat16": "bfloat16", "Float": "float32", "Double": "float64"}
    )
    if offsets.size:
        if offsets[0]:
            raise RuntimeError(
                "offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position 0. However, "
                f"got {offsets[0]}\n[ {tensor_type(offsets)}{{}} ]"
            )
        if offsets[-1] > len(indices):
            raise RuntimeError(
                f"offsets[-1] can not be greater than input's length {len(indices)} but got offsets[-1] of {offsets[-1]}"
            )
        if (offsets < 0).any():
            raise IndexError("index out of range in self")
        if (offsets[1:] < offsets[:-1]).any():
            raise RuntimeError("embedding_bag: offsets must not go down")
    elif include_last_offset:
        raise RuntimeError("include_last_offset: number of offset should be at least 1")
    if per_sample_weights is not None:
        _require_weights(weight, indices, mode, per_sample_weights)
    rows = len(weight)
    outside = (indices < 0) | (indices >= rows)
    if outside.any():
        at = int(np.argmax(outside))
        if weight.dtype == np.float64 or mode == MAX or padding_idx >= 0:  # what PyTorch has no quick kernel for
            raise RuntimeError(
                f"embedding_bag: Expected idx >= 0 && idx < num_embeddings but found idx to be {indices[at]}"
            )
        raise RuntimeError(f"Index {at} of input takes value {indices[at]} which is not in the valid range [0, {rows})")
    bags = offsets.size - bool(include_last_offset)
    whole_dtype = np.dtype(np.int64)
    largest = (bags, weight.shape[1]) if mode == MAX else (bags,)
    return (
        ((bags, weight.shape[1]), weight.dtype),
        ((indices.size,), whole_dtype),
        ((bags,), whole_dtype),
        (
            largest,
            whole_dtype,
        ),
    )


def _vjp(
    g: Any, weight: Any, indices: Any, offsets: Any, scale_grad_by_freq: bool, mode: int, sparse: bool, per_sample_weights: Any,
    padding_idx: int, result1: Any, result2: Any, result3: Any, needs: Any,
) -> Any:  # fmt: skip
    if sparse:
        table = None
        if needs[0]:
            table = k.embedding_bag_sparse_backward(
                g,
                indices,
                offsets,
                result1,
                result2,
                weight.shape[0],
                scale_grad_by_freq,
                mode,
                per_sample_weights,
                padding_idx,
            )
        if not needs[1]:
            return table, None
        return table, k.embedding_bag_backward(
            g, weight, indices, result1, result2, result3, scale_grad_by_freq, mode, per_sample_weights, padding_idx
        )[1]
    found = k.embedding_bag_backward(
        g, weight, indices, result1, result2, result3, scale_grad_by_freq, mode, per_sample_weights, padding_idx
    )
    return tuple([each if need else None for each, need in zip(found, needs, strict=True)])


@op(
    name="_embedding_bag",
    variants="",
    label="embedding_bag",
    node="EmbeddingBagBackward0",
    meta=_meta,
    outputs="result0 result1 result2 result3",
    differentiable_outputs=1,
    samples=lambda t: (
        [
            (t(4, 3), wrap(np.array([2, 0, 2, 1])), wrap(np.array([0, 3])), False, mode, False, None)
            for mode in (SUM, MEAN, MAX)
        ]
        + [(t(4, 3), wrap(np.array([2, 0, 2, 1])), wrap(np.array([0, 3])), False, SUM, False, t(4))]
    ),
    group=("weight per_sample_weights", _vjp),
    rule=(
        "∂weight = ∂ of each bag added at the rows that are in it, 0 elsewhere\n"
        "∂per_sample_weights = Σ(∂ of the bag · the row), over the row"
    ),
)
def embedding_bag(
    weight: Array,
    indices: Array,
    offsets: Array,
    scale_grad_by_freq: bool = False,
    mode: int = 0,
    sparse: bool = False,
    per_sample_weights: Array | None = None,
    include_last_offset: bool = False,
    padding_idx: int = -1,
    *,
    out: tuple[Array, Array, Array, Array],
) -> None:
    """(one row for each bag, the bag of each index, the sizes of the bags, which rows the maxima are of)."""
    result, bag_of, sizes, largest = out
    starts = offsets.astype(np.int64)
    ends = starts[1:] if include_last_offset else np.append(starts[1:], indices.size)
    bags = len(result)
    placed = np.repeat(np.arange(bags), ends[:bags] - starts[:bags])
    bag_of[: len(placed)] = placed
    bag_of[len(placed) :] = bags  # what lies behind the last offset is in none of them
    kept = (indices != padding_idx) & (bag_of < bags)
    bag, picked = bag_of[kept], indices[kept]
    np.copyto(sizes, np.bincount(bag, minlength=bags))
    largest.fill(0)

    def together(table: Array) -> Array:
        rows = table[picked]
        if mode == MAX:
            found = np.full(result.shape, -np.inf, table.dtype)
            np.maximum.at(found, bag, rows)
            at, column = np.nonzero(rows == found[bag])
            largest[bag[at[::-1]], column[::-1]] = picked[at[::-1]]  # the first of equal ones
            return np.where(sizes[:, None] > 0, found, 0)
        if per_sample_weights is not None:
            rows = rows * per_sample_weights[kept][:, None]
        found = np.zeros(result.shape, table.dtype)
        if bag.size:
            add_rows(found, bag, rows)
        return found / np.maximum(sizes, 1)[:, None].astype(table.dtype) if mode == MEAN else found

    write_whole(result, together, weight)


bags_and_positions = function("embedding_bag", variants="function")


@bags_and_positions.overload(composition=True)
def _(
    weight: Tensor,
    indices: Tensor,
    offsets: Tensor,
    scale_grad_by_freq: bool,
    mode: int,
    sparse: bool,
    per_sample_weights: Tensor | None,
    include_last_offset: bool,
    padding_idx: int | None,
) -> Any:
    rows = weight.shape[0]
    if padding_idx is not None and not -rows <= padding_idx < rows:
        raise RuntimeError(
            f"padding_idx must be within the number of embeddings, -{rows} through {rows - 1}, but got {padding_idx}"
        )
    left_out = -1 if padding_idx is None else padding_idx % rows
    given = (weight, indices, offsets, scale_grad_by_freq, mode, sparse, per_sample_weights, include_last_offset)
    return embedding_bag(*given, left_out)


@bags_and_positions.overload(composition=True)
def _(
    weight: Tensor,
    indices: Tensor,
    offsets: Tensor,
    scale_grad_by_freq: bool = False,
    mode: int = 0,
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
) -> Any:
    """(one row for each bag, the bag of each index, the sizes of the bags, which rows the maxima are of).

    `mode` is 0 for sums, 1 for means, 2 for maxima; `nn.functional.embedding_bag` is what users call.

    >>> import autogradkit as torch
    >>> torch.embedding_bag(torch.eye(2), torch.tensor([0, 1]), torch.tensor([0]))[0]
    tensor([[1., 1.]])
    """
    given = (weight, indices, offsets, scale_grad_by_freq, mode, sparse, per_sample_weights, include_last_offset)
    return embedding_bag(*given)


def _frequencies(indices: Array) -> Array:
    """What PyTorch divides each row's gradient by: the count that stands at the row's rank among all sorted numbers."""
    rows, rank, counts = np.unique(indices, return_inverse=True, return_counts=True)
    return np.repeat(counts, counts)[: len(rows)][rank]


@op(
    name="_embedding_bag_backward",
    variants="",
    node="EmbeddingBagBackwardBackward0",
    meta=lambda grad, weight, indices, *rest: (
        (weight.shape, weight.dtype),
        ((0,) if rest[-2] is None else indices.shape, weight.dtype),
    ),
    outputs="result0 result1",
    vjp=dict.fromkeys(("grad", "per_sample_weights"), not_differentiated("_embedding_bag_backward")),
)
def embedding_bag_backward(
    grad: Array,
    weight: Array,
    indices: Array,
    offset2bag: Array,
    bag_size: Array,
    maximum_indices: Array,
    scale_grad_by_freq: bool,
    mode: int,
    per_sample_weights: Array | None,
    padding_idx: int,
    *,
    out: tuple[Array, Array],
) -> None:
    """The gradients of the table and of the weights of its rows."""
    kept = (indices != padding_idx) & (offset2bag < len(bag_size))
    bag, picked = offset2bag[kept], indices[kept]
    table = np.zeros(weight.shape, weight.dtype)
    if mode == MAX:
        full = np.flatnonzero(bag_size)
        np.add.at(table, (maximum_indices[full], np.arange(weight.shape[1])), grad[full])
    else:
        rows = grad[bag]
        if mode == MEAN:
            rows = rows / bag_size[bag][:, None].astype(rows.dtype)
        if per_sample_weights is not None:
            rows = rows * per_sample_weights[kept][:, None]
        if scale_grad_by_freq:
            rows = rows / _frequencies(indices)[kept][:, None].astype(rows.dtype)
        if picked.size:
            add_rows(table, picked, rows)
    np.copyto(out[0], table)
    if per_sample_weights is not None:
        out[1].fill(0)
        out[1][kept] = np.add.reduce(grad[bag] * weight[picked], 1)
