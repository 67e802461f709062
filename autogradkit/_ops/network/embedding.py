"""Rows of a table picked by number, and numbers as rows of ones and zeros: embedding and one_hot.

Rests on declare and selection's `add_rows`; `nn.functional` publishes both.
"""

from __future__ import annotations

import math
from operator import setitem
from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op
from autogradkit._ops.declare.kinds import Array, SymInt
from autogradkit._ops.declare.refusals import scalar_type
from autogradkit._ops.reduction.norms import refuse_empty
from autogradkit._ops.selection.indexing import add_rows
from autogradkit.core.dtype import from_numpy_dtype
from autogradkit.core.steps import Step
from autogradkit.core.tensor import wrap
from autogradkit.engine.naming import tensor_type


def _require_indices(indices: Array, number: int, name: str) -> None:
    if indices.dtype != np.int64 and indices.dtype != np.int32:
        raise RuntimeError(
            f"Expected tensor for argument #{number} 'indices' to have one of the following scalar types: Long, Int; but "
            f"got {tensor_type(indices)} instead (while checking arguments for {name})"
        )


def _embedding_meta(
    weight: Array, indices: Array, padding_idx: int, scale_grad_by_freq: bool, sparse: bool
) -> tuple[tuple[int, ...], np.dtype[Any]]:
    if weight.ndim != 2:
        raise RuntimeError("'weight' must be 2-D")
    _require_indices(indices, 1, "embedding")
    if indices.size and not weight.shape[0]:
        raise RuntimeError("index_select(): self indexing axis dim should be positive")
    if indices.size and not 0 <= indices.min() <= indices.max() < weight.shape[0]:
        raise IndexError("index out of range in self")
    return (*indices.shape, weight.shape[1]), weight.dtype


def _to_table(
    g: Any, indices: Any, padding_idx: int, scale_grad_by_freq: bool, sparse: bool, weight_sym_sizes: tuple[int, int]
) -> Any:
    if sparse:
        return k.embedding_sparse_backward(g, indices, weight_sym_sizes[0], padding_idx, scale_grad_by_freq)
    return k.embedding_dense_backward(g, indices, weight_sym_sizes[0], padding_idx, scale_grad_by_freq)


@op(
    variants="function",
    meta=_embedding_meta,
    real_gradient=True,
    out=False,
    samples=lambda t: [(t(4, 3), wrap(np.array([[2, 0], [2, 1]]))), (t(3, 2), wrap(np.array(1)), 2)],
    vjp={"weight": _to_table},
    rule="∂weight = ∂ added at the rows of the indices, 0 elsewhere",
)
def embedding(
    weight: Array,
    indices: Array,
    padding_idx: SymInt = -1,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
    *,
    out: Array,
) -> None:
    """Row `indices[...]` of `weight` (V, D) for every index: (..., D). The row `padding_idx` gets no gradient.

    With `sparse` the gradient of `weight` is a sparse tensor. Prefer `nn.functional.embedding`. Raises IndexError for a
    number without a row, RuntimeError where `weight` is no matrix or `indices` are no integers.

    >>> import autogradkit as torch
    >>> torch.embedding(torch.tensor([[0.0, 0.0], [1.0, 2.0]]), torch.tensor([1, 0]))
    tensor([[1., 2.],
            [0., 0.]])
    """
    np.take(weight, indices, 0, out, "clip")  # "raise" would work on a copy of out


def rows_of(g: Any, indices: Any, padding_idx: int) -> Any:
    """The rows of a gradient of the table at the indices, zeros for those that got none."""
    rows = k.embedding(g, indices)
    if padding_idx < 0:
        return rows
    return k.where(k.reshape(indices != padding_idx, (*indices.shape, 1)), rows, k.zeros_like(rows))


@op(
    variants="",
    meta=lambda grad_output, indices, num_weights, padding_idx, scale_grad_by_freq: (
        (num_weights, grad_output.shape[-1]),
        grad_output.dtype,
    ),
    samples=lambda t: [(t(2, 2, 3), wrap(np.array([[2, 0], [2, 1]])), 4, 0, False)],
    vjp={"grad_output": rows_of},
    rule="∂grad_output = the rows of ∂ at the indices",
)
def embedding_dense_backward(
    grad_output: Array,
    indices: Array,
    num_weights: SymInt,
    padding_idx: SymInt,
    scale_grad_by_freq: bool,
    *,
    out: Array,
) -> None:
    """The gradient of the table: what arrived for each row, added up."""
    out.fill(0)
    rows = indices.reshape(-1)
    values = grad_output.reshape(rows.size, out.shape[1])
    if scale_grad_by_freq:
        values = values / np.bincount(rows, minlength=num_weights)[rows, None].astype(values.dtype)
    if rows.size:
        add_rows(out, rows, values)
    if 0 <= padding_idx < num_weights:
        out[padding_idx] = 0


@op(variants="", edits=True, deferred=True, out=False)
def embedding_renorm_(self: Array, indices: Array, max_norm: float, norm_type: float, *, out: Array) -> Step:
    """Scale the rows of `self` at `indices`, in place, so that none has a `norm_type`-norm above `max_norm`."""
    if out.ndim != 2:
        raise RuntimeError(
            f"Expected 2-dimensional tensor, but got {out.ndim}-dimensional tensor for argument #1 'self' (while checking "
            "arguments for embedding_renorm_)"
        )
    _require_indices(indices, 2, "embedding_renorm_")
    rows = np.unique(indices)
    if rows.size and not 0 <= rows[0] <= rows[-1] < len(out):
        at = next((each for each in rows if not -len(out) <= each < len(out)), None)
        if at is None:
            raise IndexError("index out of range in self")
        raise IndexError(f"select(): index {at} out of range for tensor of size {list(out.shape)} at dimension 0")
    if rows.size and not out.size and (norm_type < 0 or norm_type == math.inf):
        refuse_empty(out.shape, norm_type, None)
    if rows.size and out.dtype.kind in "biu":
        kind = scalar_type(from_numpy_dtype(out.dtype))
        raise RuntimeError(f"norm(): input dtype should be either floating point or complex. Got {kind} instead.")
    if k.is_half(out):
        norms = np.linalg.norm(out[rows].astype(np.float32), norm_type, 1).astype(out.dtype)
    else:
        norms = np.linalg.norm(out[rows], norm_type, 1)
    long = norms > max_norm
    factors = (max_norm / (norms[long].astype(np.float64) + 1e-7)).astype(norms.dtype)
    return setitem, out, rows[long], out[rows[long]] * factors[:, None]


def _one_hot_meta(self: Array, num_classes: int) -> tuple[tuple[int, ...], np.dtype[Any]]:
    if self.dtype != np.int64:
        raise RuntimeError("one_hot is only applicable to index tensor of type LongTensor.")
    if not self.size:
        if num_classes <= 0:
            raise RuntimeError("Can not infer total number of classes from empty tensor.")
    else:
        if self.min() < 0:
            raise RuntimeError("Class values must be non-negative.")
        if num_classes == -1:
            num_classes = int(self.max()) + 1
        elif self.max() >= num_classes:
            raise RuntimeError("Class values must be smaller than num_classes.")
    return (*self.shape, num_classes), self.dtype


# PyTorch makes zeros, by an edit, and scatters ones into them.
@op(variants="", meta=_one_hot_meta, out=False, written=lambda self, *_: 2 if self._array.size else 0)
def one_hot(self: Array, num_classes: int = -1, *, out: Array) -> None:
    """For every class number a vector of `num_classes` zeros with a one at that place, as int64: (*) → (*, C).

    Without `num_classes` there are as many as the largest number asks for. Raises RuntimeError for other numbers.

    >>> import autogradkit as torch
    >>> torch.nn.functional.one_hot(torch.tensor([0, 2]))
    tensor([[1, 0, 0],
            [0, 0, 1]])
    """
    np.equal(self[..., None], np.arange(out.shape[-1]), out=out)
