"""Gradients of embeddings' tables that are sparse: the rows that were taken, and no others.

Rests on declare, layouts and the embeddings of networks, whose backward calls them: loaded then (`_ops.unloaded`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import op
from autogradkit._ops.declare.kinds import Array, SymInt
from autogradkit._ops.declare.refusals import not_differentiated
from autogradkit._ops.network.embedding import rows_of
from autogradkit._ops.network.embedding_bag import MEAN
from autogradkit._ops.sparse.layouts import generally
from autogradkit.core.sparse import SparseArray


@op(
    name="_embedding_sparse_backward",
    node="SparseCooTensorWithDimsAndTensorsBackward0",
    variants="",
    out=False,
    lane=generally,
    vjp={"grad_output": lambda g, indices, padding_idx: rows_of(g.to_dense(), indices, padding_idx)},
    rule="∂grad_output = the rows of ∂ at the indices",
)
def embedding_sparse_backward(
    grad_output: Array, indices: Array, num_weights: int, padding_idx: int, scale_grad_by_freq: bool
) -> Any:
    """The gradient of an embedding's table: a row for each index, in their order."""
    if scale_grad_by_freq:
        raise RuntimeError("embedding_backward: scale_grad_by_freq not supported with sparse gradients")
    rows = indices.astype(np.int64, copy=False).reshape(-1)
    values = grad_output.reshape(rows.size, grad_output.shape[-1])
    if padding_idx != -1:
        kept = rows != padding_idx
        rows, values = rows[kept], values[kept]
    return SparseArray(rows[None], values, (num_weights, values.shape[1]))


@op(
    name="_embedding_bag_sparse_backward",
    node="EmbeddingBagBackwardBackward0",
    variants="",
    out=False,
    lane=generally,
    vjp=dict.fromkeys(("grad", "per_sample_weights"), not_differentiated("_embedding_bag_backward")),
)
def embedding_bag_sparse_backward(
    grad: Array, indices: Array, offsets: Array, offset2bag: Array, bag_size: Array, num_weights: SymInt,
    scale_grad_by_freq: bool, mode: int, per_sample_weights: Array | None, padding_idx: int = -1,
) -> Any:  # fmt: skip
    """The gradient of the table that bags were taken from: a row for each index, in their order."""
    inside = offset2bag < len(bag_size)
    indices, offset2bag = indices[inside], offset2bag[inside]
    rows = grad[offset2bag]
    if mode == MEAN:
        rows = rows / bag_size[offset2bag][:, None].astype(rows.dtype)
    if per_sample_weights is not None:
        rows = rows * per_sample_weights[inside][:, None]
    return embedding_sparse_backward.kernel(rows, indices, num_weights, padding_idx, scale_grad_by_freq)
