"""Elements by their position in the row-major order of all: take, put.

Rests on declare, gather and index_select.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op
from autogradkit._ops.declare.kinds import Array
from autogradkit._ops.declare.overlaps import require_disjoint
from autogradkit._ops.declare.writing import saying
from autogradkit._ops.selection.gather import scalar_name
from autogradkit._ops.selection.index_select import lined_up
from autogradkit.core.tensor import wrap

_require_takers_dtype = saying(
    "take(): self and out expected to have the same dtype, but got self.dtype = {result} and out.dtype = {out}"
)


def _require_long(self: Any, index: Any) -> None:
    if index._array.dtype != np.int64:
        raise RuntimeError(f"take(): Expected a long tensor for index, but got {scalar_name(index._array)}")


def _take_meta(self: Array, index: Array) -> Any:
    if not self.size and index.size:
        raise IndexError("take(): tried to take from an empty tensor")
    bad = index[(index < -self.size) | (index >= self.size)]
    if bad.size:
        raise IndexError(f"out of range: tried to access index {int(bad.flat[0])} on a tensor of {self.size} elements.")
    return index.shape, self.dtype


def _take_backward(g: Any, self: Any, index: Any) -> Any:
    flat = k.reshape(k.new_zeros(g, self.shape), (-1,))
    return k.reshape(k.index_put(flat, (index,), g, True), self.shape)


@op(
    out_dtype=_require_takers_dtype,
    refuse=_require_long,
    refuse_out=lambda out, self, index: _require_takers_dtype(self._array.dtype, out._array.dtype),  # before any number
    apart="given",
    meta=_take_meta,
    samples=lambda t: [(t(2, 3), wrap(np.array([[5, 0], [5, 2]])))],
    gradient_version=1,
    vjp={"self": _take_backward},
    rule="∂self = ∂ added at the index, 0 elsewhere",
)
def take(self: Array, index: Array, *, out: Array) -> None:
    """The elements at these positions of the row-major order, in the shape of `index`.

    >>> import autogradkit as torch
    >>> torch.take(torch.tensor([[1, 2], [3, 4]]), torch.tensor([0, 3]))
    tensor([1, 4])
    """
    np.copyto(out, self.reshape(-1)[index])


def _require_puttable(self: Any, index: Any, source: Any, accumulate: bool) -> None:
    self, index, source = self._array, index._array, source._array
    if index.dtype != np.int64:
        raise RuntimeError(f"put_(): Expected a long tensor for index, but got {scalar_name(index)}")
    if self.dtype != source.dtype:
        raise RuntimeError(
            f"put_(): self and source expected to have the same dtype, but got self.dtype = {scalar_name(self)} and "
            f"source.dtype = {scalar_name(source)}"
        )
    if source.size != index.size:
        raise IndexError(
            "put_(): Expected source and index to have the same number of elements, but got source.numel() = "
            f"{source.size}, index.numel() = {index.size}"
        )
    if not self.size and index.size:
        raise IndexError("put_(): Tried to put elements into an empty tensor")


@op(
    in_place=True,
    out=False,
    edits=True,
    refuse=_require_puttable,
    overlaps=require_disjoint,
    samples=lambda t: [
        (t(2, 3), wrap(np.array([5, -6])), t(2)),
        (t(2, 3), wrap(np.array([[5, 0], [5, 2]])), t(2, 2), True),
    ],
    vjp={
        "self": lambda g, index, source_sym_sizes, accumulate: (
            g if accumulate else k.put(g, index, k.new_zeros(g, source_sym_sizes))
        ),
        "source": lambda g, index, source: k.reshape(k.take(g, index), source.shape),
    },
    rule="∂self = ∂, 0 at the index (if nothing accumulates)\n∂source = ∂ at the index",
)
def put(self: Array, index: Array, source: Array, accumulate: bool = False, *, out: Array) -> None:
    """A copy with the elements of `source` at these positions of the row-major order, or with `accumulate` added there.

    >>> import autogradkit as torch
    >>> torch.tensor([[1, 2], [3, 4]]).put(torch.tensor([0, -1]), torch.tensor([7, 9]))
    tensor([[7, 2],
            [3, 9]])
    """
    bad = index[(index < -self.size) | (index >= self.size)]
    if bad.size:
        raise IndexError(f"out of range: tried to access index {int(bad.flat[0])} on a tensor of {self.size} elements.")
    if not index.size:
        return
    target = lined_up(out)
    places = np.unravel_index(index.reshape(-1) % self.size, target.shape)
    if accumulate:
        np.add.at(target, places, source.reshape(-1))
    else:
        target[places] = source.reshape(-1)
