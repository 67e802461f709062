"""Counts, differences and what is distinct: count_nonzero, bincount, diff, unique, unique_consecutive, trace.

Rests on declare; the sizes of `unique` and `bincount` depend on what the tensor holds, so their kernels allocate.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autogradkit._ops.declare import UNIMPLEMENTED, function, k, op, python_function, python_method
from autogradkit._ops.declare.kinds import Array, Dim, Ints, SymInt
from autogradkit._ops.declare.memory import real_part
from autogradkit._ops.declare.refusals import not_differentiated, not_implemented, undifferentiated
from autogradkit._ops.making.copies import copy_
from autogradkit._ops.making.filled import zeros_like
from autogradkit.core.dtype import SCALAR_TYPE_NAMES
from autogradkit.core.frames import shorten
from autogradkit.core.shapes import wrap_dim
from autogradkit.core.strides import move_dim
from autogradkit.core.tensor import Tensor

_INT64 = np.dtype(np.int64)


def _trace_meta(self: Array) -> Any:
    if self.ndim != 2:
        raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {self.ndim}")
    return (), _INT64 if self.dtype.kind in "biu" else self.dtype


def _trace_backward(g: Any, self_sym_sizes: tuple[int, int]) -> Any:
    return k.diagonal_backward(k.expand(g, (min(self_sym_sizes),)), self_sym_sizes, 0, 0, 1)


@op(
    out=False,
    meta=_trace_meta,
    dtypes=not_implemented("trace", "b"),
    samples=lambda t: [(t(3, 3),), (t(2, 4),)],
    gradient_version=2,
    vjp={"self": _trace_backward},
    rule="∂self = ∂ on the diagonal, 0 elsewhere",
)
def trace(self: Array, *, out: Array) -> None:
    """The sum of a matrix's diagonal.

    >>> import autogradkit as torch
    >>> torch.trace(torch.tensor([[1, 2], [3, 4]]))
    tensor(5)
    """
    wide = np.dtype(np.float32) if k.is_half(out) else out.dtype
    np.copyto(out, np.trace(self, dtype=wide), casting="unsafe")


count_nonzero = function("count_nonzero")


@count_nonzero.overload(reduces=True, result_dtype=lambda _numpy, _dtype: _INT64, out=False)
def _(self: Array, dim: Dim | None = None, *, out: Array) -> None:
    """How many elements (along `dim`) are not zero.

    >>> import autogradkit as torch
    >>> torch.count_nonzero(torch.tensor([0, 3, 0, 5]))
    tensor(2)
    """
    np.copyto(out, np.count_nonzero(self, axis=dim))


@count_nonzero.overload(reduces=True, result_dtype=lambda _numpy, _dtype: _INT64, out=False)
def _(self: Array, dim: Ints, *, out: Array) -> None:
    np.copyto(out, np.count_nonzero(self, axis=dim))


@op(composition=True, out=True)
def diff(self: Tensor, n: int = 1, dim: int = -1, prepend: Tensor | None = None, append: Tensor | None = None) -> Any:
    """The differences of neighbours along `dim`, taken `n` times.

    >>> import autogradkit as torch
    >>> torch.diff(torch.tensor([1, 4, 9]))
    tensor([3, 5])
    """
    tensor: Any = self
    if not tensor.ndim:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    if n == 0:  # whatever the dimension, at which PyTorch does not look then
        return copy_.in_place_call(zeros_like(tensor), tensor)
    at = wrap_dim(dim, tensor.ndim)
    if any(each is not None and each.ndim != tensor.ndim for each in (prepend, append)):
        raise RuntimeError("diff expects prepend or append to be the same dimension as input")
    for each in (prepend, append):
        for place, (size, found) in enumerate(zip(tensor.shape, each.shape, strict=True) if each is not None else ()):
            if place != at and size != found:
                raise RuntimeError(
                    "diff expects the shape of tensor to prepend or append to match that of input except along the "
                    f"differencing dimension; input.size({place}) = {size}, but got tensor.size({place}) = {found}"
                )
    parts = [each for each in (prepend, tensor, append) if each is not None]
    result: Any = k.cat(parts, at) if len(parts) > 1 else tensor
    for _ in range(n):
        size = result.shape[at]
        if size == 0:
            break
        later, earlier = result.narrow(at, 1, size - 1), result.narrow(at, 0, size - 1)
        result = later ^ earlier if result.dtype.name == "bool" else later - earlier
    return result


@python_function("unique")
def _return_output(  # the name that PyTorch's refusals say
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """The distinct elements (or distinct places of `dim`) in order; on demand where each stood, and how often.

    >>> import autogradkit as torch
    >>> torch.unique(torch.tensor([3, 1, 3]), return_counts=True)
    (tensor([1, 3]), tensor([1, 2]))
    """
    try:
        options = {"sorted": sorted, "return_inverse": return_inverse, "return_counts": return_counts}
        found = unique_elements.owner(input, **options) if dim is None else unique_places.owner(input, dim, **options)
        return _requested(found, return_inverse, return_counts)
    except BaseException as error:
        shorten(error)
        raise


@python_method("unique")
def unique_method(
    self: Tensor, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The distinct elements; see `autogradkit.unique`."""
    return _return_output(self, sorted, return_inverse, return_counts, dim)


def _require_dimensions(self: Tensor, dim: int, *_options: Any) -> None:
    if not self.ndim and self._array.dtype.kind != "c":
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")


def _requested(found: Any, return_inverse: bool, return_counts: bool) -> Any:
    results = [each for each, asked in zip(found, (True, return_inverse, return_counts), strict=True) if asked]
    return results[0] if len(results) == 1 else tuple(results)


@op(
    name="_unique2",
    node="Unique2Backward0",
    variants="",
    out=False,
    dtypes=not_implemented("unique", "c"),
    outputs="output inverse_indices counts",
    differentiable_outputs=1,
    vjp={"self": not_differentiated("_unique2")},
    rule="∂self is not implemented in PyTorch",
)
def unique_elements(self: Array, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False) -> Any:
    """The distinct elements in order, and if wanted where each element went, and how often each stood."""
    line = self.reshape(-1)
    if line.dtype.kind in "iu" and line.itemsize > 2 and not return_inverse:  # which are the same in any order
        return _runs(np.sort(line), None, self.shape, return_inverse, return_counts)
    whole = line.dtype.kind in "iub" and line.itemsize > 2
    order = np.argsort(_comparable(line), kind=None if whole else "stable")
    return _runs(line[order], order, self.shape, return_inverse, return_counts)


@op(
    name="unique_dim",
    variants="",
    out=False,
    refuse=_require_dimensions,
    dtypes=not_implemented("unique_dim", "c"),
    outputs="output inverse_indices counts",
    differentiable_outputs=1,
    vjp={"self": not_differentiated("unique_dim")},
    rule="∂self is not implemented in PyTorch",
)
def unique_places(
    self: Array, dim: Dim, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False
) -> Any:
    """The distinct places of a dimension in order, where each place went, and how often each stood."""
    _require_places(self, dim)
    return _distinct(self, dim)


@python_function("unique_consecutive")
def _consecutive_return_output(
    input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The elements (or places of `dim`) that differ from those before them; on demand where each went, and how many are alike.

    >>> import autogradkit as torch
    >>> torch.unique_consecutive(torch.tensor([1, 1, 3, 1]), return_counts=True)
    (tensor([1, 3, 1]), tensor([2, 1, 1]))
    """
    try:
        options = {"return_inverse": return_inverse, "return_counts": return_counts, "dim": dim}
        return _requested(unique_runs.owner(input, **options), return_inverse, return_counts)
    except BaseException as error:
        shorten(error)
        raise


@python_method("unique_consecutive")
def unique_consecutive_method(
    self: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The elements that differ from those before them; see `autogradkit.unique_consecutive`."""
    return _consecutive_return_output(self, return_inverse, return_counts, dim)


def _refuse_runs(self: Tensor, return_inverse: bool, return_counts: bool, dim: int | None) -> None:
    not_implemented("unique" if dim is None else "unique_dim", "c")(self)
    if dim is not None:
        _require_dimensions(self, dim)


@op(
    name="unique_consecutive",
    variants="",
    out=False,
    refuse=_refuse_runs,
    outputs="output inverse_indices counts",
    differentiable_outputs=1,
    vjp={"self": not_differentiated("unique_consecutive")},
    rule="∂self is not implemented in PyTorch",
)
def unique_runs(self: Array, return_inverse: bool = False, return_counts: bool = False, dim: Dim | None = None) -> Any:
    """The elements that differ from those before them, where each element went, and how many are alike."""
    if dim is None:
        return _runs(self.reshape(-1), None, self.shape, return_inverse, return_counts)
    _require_places(self, dim)
    return _distinct(self, dim, in_order=False)


def _require_places(array: Array, dim: int) -> None:
    if array.shape.count(0) > 1:
        raise RuntimeError("Number of zero sized dimensions is more than one, so unique cannot be applied ")
    if 0 in array.shape[:dim] + array.shape[dim + 1 :]:
        raise RuntimeError("There are 0 sized dimensions, and they aren't selected, so unique cannot be applied")


def _comparable(array: Array) -> Array:
    return array.astype(np.float32) if array.dtype.kind == "V" else array


def _runs(
    line: Array, order: Array | None, shape: tuple[int, ...], return_inverse: bool, return_counts: bool
) -> tuple[Array, Array, Array]:
    """The first of those alike side by side, and what is wanted of the others, else empty, as in PyTorch.

    `order` says where the elements stood, `shape` in what sizes.
    """
    first = np.ones(line.size, np.bool_)  # of those alike; a NaN is like no other
    compared = _comparable(line)
    np.not_equal(compared[1:], compared[:-1], out=first[1:])
    inverse = counts = np.empty(0, np.int64)
    if return_inverse:
        inverse = first.cumsum()
        inverse -= 1
        if order is not None:
            sorted_inverse, inverse = inverse, np.empty_like(inverse)
            inverse[order] = sorted_inverse
        inverse = inverse.reshape(shape)
    if return_counts:
        counts = np.diff(np.flatnonzero(first), append=line.size)
    return line[first], inverse, counts


def _distinct(array: Array, dim: int, in_order: bool = True) -> tuple[Array, Array, Array]:
    places = move_dim(array, dim, 0)
    rows = _comparable(places.reshape(len(places), math.prod(places.shape[1:])))
    order = np.lexsort(rows.T[::-1]) if len(rows) and in_order else np.arange(len(rows))
    first = np.ones(len(rows), np.bool_)  # of those alike; a NaN is like no other
    first[1:] = (rows[order[1:]] != rows[order[:-1]]).any(1)
    inverse = np.empty(len(rows), np.int64)
    inverse[order] = first.cumsum() - 1
    counts = np.diff(np.flatnonzero(np.append(first, True)))
    values = places[order[first]]  # laid out with the places of `dim` outermost, as PyTorch gathers them
    values = move_dim(values.reshape(-1).reshape(values.shape), 0, dim)  # in the strides of its sizes, ones too
    return values, inverse, counts


def _refuse_counts(self: Tensor, _weights: Tensor | None, minlength: int) -> None:
    numbers = self._array
    if numbers.dtype.kind not in "iu":
        raise NotImplementedError(f"\"bincount_cpu\" not implemented for '{SCALAR_TYPE_NAMES[self.dtype]}'")
    if minlength < 0:
        raise RuntimeError("minlength should be >= 0")
    if numbers.ndim != 1 or (numbers.size and numbers.min() < 0):
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")


@op(
    node=UNIMPLEMENTED,
    refuse=_refuse_counts,
    out=False,
    vjp={"weights": undifferentiated("bincount")},
    rule="∂weights is not implemented in PyTorch",
)
def bincount(self: Array, weights: Array | None = None, minlength: SymInt = 0) -> Array:
    """How often each number 0, 1, 2 … occurs in a vector, or the sum of its `weights`.

    >>> import autogradkit as torch
    >>> torch.bincount(torch.tensor([0, 2, 2]))
    tensor([1, 0, 2])
    """
    if weights is None:
        return np.bincount(self, minlength=minlength)
    if weights.shape != self.shape:
        raise RuntimeError("weights should be 1-d and have the same length as input")
    if not self.size:
        return np.zeros(minlength, np.int64)
    if weights.dtype.kind == "c":
        weights = real_part(weights).astype(np.float64)
    totals = np.bincount(self, weights, minlength)
    return totals.astype(np.float32) if weights.dtype == np.float32 else totals
