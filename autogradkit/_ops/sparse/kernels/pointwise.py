"""Kernels of sums, products and quotients with sparse operands, and of the functions that keep 0.

Rests on declare's registry and on parts. A function of one operand is the op's own kernel, run on the values.
"""

from __future__ import annotations

from typing import Any, Never

import numpy as np

from autogradkit._ops.declare import memory
from autogradkit._ops.declare.sparse import KERNELS, kernel, no_kernel
from autogradkit._ops.sparse.kernels.parts import gathered
from autogradkit.core.dtype import from_numpy_dtype, promote_types
from autogradkit.core.sparse import SparseArray
from autogradkit.core.storage import Array

# -- functions of one operand --------------------------------------------------------------------------------------------


@kernel(
    "abs", "asin", "asinh", "atan", "atanh", "ceil", "deg2rad", "erf", "erfinv", "expm1", "floor", "frac", "isinf", "isnan",
    "isneginf", "isposinf", "log1p", "nan_to_num", "rad2deg", "relu", "sgn", "sign", "signbit", "sin", "sinh", "sqrt", "tan",
    "tanh", "trunc",
)  # fmt: skip
def of_coalesced(op: Any, self: SparseArray, *rest: Any) -> SparseArray:
    """What is computed of each value, once all that stand at one place were added up."""
    known = self.coalesced()
    return known.with_values(memory.compute(op, (known.values, *rest)))


@kernel("round")
def round_(op: Any, self: SparseArray, *decimals: int) -> SparseArray:
    if decimals:
        raise no_kernel("round.decimals", "SparseCPU")
    return of_coalesced(op, self)


def _in_place(name: str) -> None:
    @kernel(name + "_")
    def edit(op: Any, self: SparseArray, *rest: Any) -> SparseArray:
        if not self.is_coalesced:
            raise RuntimeError(f"{name}_ requires coalesced input")
        return KERNELS[name](op, self, *rest)


for _name in (
    "abs", "asin", "asinh", "atan", "atanh", "ceil", "deg2rad", "erf", "erfinv", "expm1", "floor", "frac", "log1p",
    "nan_to_num", "rad2deg", "relu", "round", "sgn", "sign", "sin", "sinh", "sqrt", "tan", "tanh", "trunc",
):  # fmt: skip
    _in_place(_name)


@kernel("neg")
def neg(op: Any, self: SparseArray) -> SparseArray:
    return self.with_values(memory.compute(op, (self.values,)))


@kernel("mul_")
def mul_(op: Any, self: Any, other: Any) -> Any:
    """As `mul`; PyTorch forgets that an operand was coalesced, unless both are sparse."""
    made = mul(op, self, other)
    return made if other.__class__ is SparseArray else SparseArray(made.indices, made.values, made.shape)


@kernel("pow_")
def power_(_op: Any, *_: Any) -> Never:
    raise no_kernel("pow_.Scalar", "SparseCPU")


@kernel("pow")
def power(op: Any, self: Any, exponent: Any) -> SparseArray:
    if self.__class__ is not SparseArray:
        raise no_kernel("pow.Scalar", "SparseCPU")
    if isinstance(exponent, (SparseArray, np.ndarray)):
        raise no_kernel("pow.Tensor_Tensor", "SparseCPU")
    if not exponent:
        raise RuntimeError("pow: exponent 0 of a sparse tensor would make a dense one")
    return of_coalesced(op, self, exponent)


# -- products and quotients ----------------------------------------------------------------------------------------------


@kernel("mul", "mul_by_number")
def mul(op: Any, self: Any, other: Any) -> SparseArray:
    if other.__class__ is not SparseArray:
        return _scaled(op, self, other)
    return _product_at_common_places(op, self, other) if self.__class__ is SparseArray else _scaled(op, other, self)


def _scaled(op: Any, self: SparseArray, other: Any) -> SparseArray:
    """A sparse array times numbers: one, or one for each element."""
    if isinstance(other, np.ndarray) and other.ndim:
        pairs = zip(other.shape[::-1], self.shape[::-1], strict=False)
        pairs = zip(other.shape[::-1], self.shape[::-1], strict=False)
        if other.ndim > self.ndim or any(n not in (1, size) for n, size in pairs):
            raise RuntimeError(
                f"mul(sparse, dense): the dense operand of size {list(other.shape)} must expand to {list(self.shape)}"
            )
        other = gathered(np.broadcast_to(other, self.shape), self)
    return self.with_values(memory.compute(op, (self.values, other)))


def _product_at_common_places(op: Any, self: SparseArray, other: SparseArray) -> SparseArray:
    """The product at the places of the one that has fewer, or is not coalesced, as PyTorch chooses; it may be 0 there."""
    if self.shape != other.shape or self.sparse_dim != other.sparse_dim:
        raise RuntimeError(
            "sparse_binary_op_intersection_cpu(): expects sparse inputs with equal dimensionality, number of sparse "
            "dimensions, and shape of sparse dimensions"
        )
    first = not self.is_coalesced if self.is_coalesced != other.is_coalesced else self.nnz < other.nnz
    source, searched = (self, other) if first else (other, self)
    return source.with_values(memory.compute(op, (source.values, gathered(searched, source))))


def _require_divisor(self: Any, other: Any) -> None:
    if self.__class__ is not SparseArray or getattr(other, "ndim", 0):
        raise RuntimeError(
            "Sparse division requires a scalar or zero-dim dense tensor divisor "
            f"(got shape {list(other.shape)} for divisor)"
        )


@kernel("div")
def div(op: Any, self: Any, other: Any, rounding_mode: str | None = None) -> SparseArray:
    _require_divisor(self, other)
    if rounding_mode is None:
        return self.with_values(memory.compute(op, (self.values, other)))
    known = self.coalesced()
    return known.with_values(memory.compute(op, (known.values, other, rounding_mode)))


@kernel("floor_divide")
def floor_divide(op: Any, self: Any, other: Any) -> SparseArray:
    _require_divisor(self, other)
    known = self.coalesced()
    return known.with_values(memory.compute(op, (known.values, other)))


# -- sums ----------------------------------------------------------------------------------------------------------------


@kernel("add")
def add(_op: Any, self: Any, other: Any, alpha: Any = 1) -> Any:
    if self.__class__ is not SparseArray:
        return _into_dense(np.asarray(self), other, alpha)
    if other.__class__ is not SparseArray:
        raise RuntimeError("add(sparse, dense) is not supported. Use add(dense, sparse) instead.")
    return _merged(self, other, alpha)


@kernel("sub")
def sub(op: Any, self: Any, other: Any, alpha: Any = 1) -> Any:
    return add(op, self, other, -alpha)


@kernel("rsub")
def rsub(op: Any, self: Any, other: Any, alpha: Any = 1) -> Any:
    if isinstance(other, (SparseArray, np.ndarray)):
        raise no_kernel("rsub.Tensor", "SparseCPU")
    return add(op, other, self, -alpha)


def _common(one: Any, other: Any) -> np.dtype[Any]:
    return promote_types(from_numpy_dtype(one.dtype), from_numpy_dtype(other.dtype)).numpy


def _times(values: Array, alpha: Any) -> Array:
    """The values times a number, which wraps round in unsigned integers as in PyTorch."""
    return values if alpha == 1 else values * np.asarray(alpha).astype(values.dtype)


def _into_dense(self: Array, other: SparseArray, alpha: Any) -> Array:
    if self.shape != other.shape:
        raise RuntimeError(
            f"add: expected 'self' and 'other' to have same size, but self has size {list(self.shape)} while other has size "
            f"{list(other.shape)} (FYI: dense-sparse addition does not currently support broadcasting)"
        )
    total = self.astype(_common(self, other))
    known = other.coalesced()
    at = tuple(known.indices) if known.sparse_dim else ...
    total[at] += _times(known.values, alpha).reshape(total[at].shape)
    return total


def _merged(self: SparseArray, other: SparseArray, alpha: Any) -> SparseArray:
    """The sum of two sparse arrays: their places in turn, the smaller one first, as PyTorch merges them."""
    if self.shape != other.shape:
        raise RuntimeError(
            f"add: expected sizes of 'self' and 'other' to match, but {list(self.shape)} != {list(other.shape)}"
        )
    if self.sparse_dim != other.sparse_dim:
        raise RuntimeError(
            "add: expected 'self' and 'other' to have same number of sparse dimensions, but "
            f"{self.sparse_dim} != {other.sparse_dim}"
        )
    kind = _common(self, other)
    one, two = self.values.astype(kind, copy=False), other.values.astype(kind, copy=False)
    two = _times(two, alpha)
    known = self.is_coalesced and other.is_coalesced
    if not (self.values.flags.c_contiguous and other.values.flags.c_contiguous):
        return SparseArray(np.hstack((self.indices, other.indices)), np.concatenate((one, two)), self.shape)
    if np.array_equal(self.indices, other.indices):
        return SparseArray(_cut(self.indices, other.nnz), one + two, self.shape, known)
    first, second = self.places(), other.places()
    if known:
        order = np.union1d(first, second)
        total = np.zeros((len(order), *one.shape[1:]), kind)
        total[np.searchsorted(order, first)] += one
        total[np.searchsorted(order, second)] += two
        sizes = self.shape[: self.sparse_dim]
        indices = np.array(np.unravel_index(order, sizes), np.int64).reshape(len(sizes), -1)
        return SparseArray(_cut(indices, self.nnz + other.nnz - len(order)), total, self.shape, True)
    picks = _in_turn(first.tolist(), second.tolist())
    total = np.zeros((len(picks), *one.shape[1:]), kind)
    columns: list[Array] = []
    for at, (i, j) in enumerate(picks):
        if i is not None:
            total[at] += one[i]
        if j is not None:
            total[at] += two[j]
        columns.append(self.indices[:, i] if i is not None else other.indices[:, j])
    return SparseArray(np.stack(columns, 1), total, self.shape)


def _cut(indices: Array, left: int) -> Array:
    """Indices in memory that is as long as PyTorch's: with room for both operands' places."""
    room = np.empty((indices.shape[0], indices.shape[1] + left), np.int64)
    room[:, : indices.shape[1]] = indices
    return room[:, : indices.shape[1]]


def _in_turn(first: list[int], second: list[int]) -> list[tuple[int | None, int | None]]:
    """Which of two lists comes next, at the head of each; both where these are equal."""
    picks: list[tuple[int | None, int | None]] = []
    i = j = 0
    while i < len(first) and j < len(second):
        a, b = first[i], second[j]
        picks.append((i if a <= b else None, j if b <= a else None))
        i += a <= b
        j += b <= a
    picks += [(at, None) for at in range(i, len(first))]
    picks += [(None, at) for at in range(j, len(second))]
    return picks
