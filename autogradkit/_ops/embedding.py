"""Rows of a table picked by number, and numbers as rows of ones and zeros: embedding and one_hot.

Rests on op and indexing; `nn.functional` publishes both.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import k
from autogradkit._ops.op import Array, op
from autogradkit._ops.selection.indexing import add_rows
from autogradkit.core.dtype import from_numpy_dtype
from autogradkit.core.tensor import wrap


@op(method=False, function=False, samples=lambda t: [(t(4, 3), wrap(np.array([[2, 0], [2, 1]])))])
def embedding(
    weight: Array, indices: Array, padding_idx: int = -1, scale_grad_by_freq: bool = False, sparse: bool = False
) -> Array:
    """Row `indices[...]` of `weight` (V, D) for every index: (..., D). The row `padding_idx` gets no gradient."""
    if weight.ndim != 2:
        raise RuntimeError("'weight' must be 2-D")
    if indices.dtype != np.int64 and indices.dtype != np.int32:
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got "
            f"{from_numpy_dtype(indices.dtype).tensor_type} instead (while checking arguments for embedding)"
        )
    if indices.size and not 0 <= indices.min() <= indices.max() < weight.shape[0]:
        raise IndexError("index out of range in self")
    return np.ascontiguousarray(weight)[indices] if indices.ndim else weight[int(indices)].copy()


@op(
    method=False, function=False,
    samples=lambda t: [(t(2, 2, 3), wrap(np.array([[2, 0], [2, 1]])), 4, padding, False) for padding in (-1, 2)],
)  # fmt: skip
def embedding_backward(
    grad: Array, indices: Array, num_weights: int, padding_idx: int, scale_grad_by_freq: bool
) -> Array:
    """The gradient of the table: what arrived for each row, added up."""
    width = grad.shape[-1]
    total = np.zeros((num_weights, width), grad.dtype)
    rows = indices.reshape(-1)
    values = grad.reshape(-1, width)
    if scale_grad_by_freq:
        values = values / np.bincount(rows, minlength=num_weights)[rows, None].astype(grad.dtype)
    if rows.size:
        add_rows(total, rows, values)
    if padding_idx >= 0:
        total[padding_idx] = 0
    return total


def _to_table(
    g: Any, indices: Any, padding_idx: int, scale_grad_by_freq: bool, weight_sym_sizes: tuple[int, int]
) -> Any:
    return k.embedding_backward(g, indices, weight_sym_sizes[0], padding_idx, scale_grad_by_freq)


embedding.vjp(weight=_to_table)
embedding_backward.vjp(
    grad=lambda g, indices, padding_idx: k.where(
        k.unsqueeze(indices != padding_idx, -1), k.embedding(g, indices, padding_idx), 0.0
    )
)


@op(method=False, function=False)
def one_hot(self: Array, num_classes: int = -1) -> Array:
    """For every class number a vector of `num_classes` zeros with a one at that place, as int64: (*) → (*, C).

    Without `num_classes` there are as many as the largest number asks for. Raises RuntimeError for other numbers.

    >>> import autogradkit as torch
    >>> torch.nn.functional.one_hot(torch.tensor([0, 2]))
    tensor([[1, 0, 0],
            [0, 0, 1]])
    """
    if self.dtype != np.int64:
        raise RuntimeError("one_hot is only applicable to index tensor of type LongTensor.")
    if not self.size:
        if num_classes <= 0:
            raise RuntimeError("Can not infer total number of classes from empty tensor.")
        return np.zeros((*self.shape, num_classes), np.int64)
    if self.min() < 0:
        raise RuntimeError("Class values must be non-negative.")
    if num_classes == -1:
        num_classes = int(self.max()) + 1
    elif self.max() >= num_classes:
        raise RuntimeError("Class values must be smaller than num_classes.")
    return (self[..., None] == np.arange(num_classes)).astype(np.int64)
