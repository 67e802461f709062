"""Sums and means over dimensions, tests of all or any, and the sums that undo broadcasting.

Rests on declare. A reduction's result is contiguous; its `dim` arrives at the kernel as a tuple of axes.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autogradkit._ops.declare import function, k, op
from autogradkit._ops.declare.kinds import Array, Dim, Dims, DType, Ints, Sizes
from autogradkit._ops.declare.memory import real_part
from autogradkit._ops.declare.plans import wrapped_dims
from autogradkit._ops.declare.refusals import scalar_type
from autogradkit._ops.declare.writing import require_same_dtype, saying
from autogradkit._ops.making.scalars import number_in
from autogradkit.core.dtype import FLOATING, from_numpy_dtype, is_half
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.halves import MANY, convert, widened
from autogradkit.core.tensor import Tensor


def add_up(array: Array, axis: Any, out: Array, keepdims: bool = False) -> Array:
    """Write the sum over `axis` into `out`, and return it. Half precision adds up in float32 and is rounded once."""
    if k.is_half(out):
        np.copyto(out, np.add.reduce(_wide(array), axis, np.float32, keepdims=keepdims), casting="unsafe")
        return out
    return np.add.reduce(array, axis=axis, dtype=out.dtype, out=out, keepdims=keepdims)


def _wide(array: Array) -> Array:
    return widened(array) if array.size >= MANY and k.is_half(array) else array  # of few, NumPy converts as it adds


def sum_array(array: Array, shape: tuple[int, ...]) -> Array:
    """`array` summed over the dimensions that broadcasting from `shape` added."""
    kind = array.dtype
    if k.is_half(array):
        array = widened(array)
    extra = array.ndim - len(shape)
    if extra:
        array = np.add.reduce(array, axis=tuple(range(extra)))
    repeated = tuple([i for i, size in enumerate(shape) if size == 1 and array.shape[i] != 1])
    if repeated:
        array = np.add.reduce(array, axis=repeated, keepdims=True)
    return np.asarray(array, kind)


def _one_everywhere(g: Array, sizes: tuple[int, ...]) -> Array:
    if 0 in sizes or 1 in sizes:  # whose strides are not all 0
        return k.expand(g, sizes)
    return np.ndarray(sizes, g.dtype, g, 0, (0,) * len(sizes))


@k.on_arrays(_one_everywhere)
def everywhere(g: Any, sizes: tuple[int, ...]) -> Any:
    """The gradient of what all elements were reduced to, over their shape."""
    return k.expand(g, sizes)


def spread(g: Any, sizes: tuple[int, ...], dim: Any, keepdim: bool) -> Any:
    """A reduced gradient over the shape that was reduced."""
    return k.expand(with_reduced_dims(g, sizes, dim, keepdim), sizes)


def _kept_on_arrays(g: Array, sizes: tuple[int, ...], dim: Any, keepdim: bool) -> Array:
    if keepdim or not sizes:
        return g
    axes = wrapped_dims(dim, len(sizes))
    if g.flags.c_contiguous and 1 not in sizes:  # no stride of a dimension of one element remains
        return g.reshape([1 if i in axes else n for i, n in enumerate(sizes)])
    for each in sorted(axes):
        g = k.unsqueeze(g, each)
    return g


@k.on_arrays(_kept_on_arrays)
def with_reduced_dims(g: Any, sizes: tuple[int, ...], dim: Any, keepdim: bool) -> Any:
    """A reduced gradient with the dimensions that were reduced, of size 1."""
    if not keepdim and sizes:
        for each in sorted(wrapped_dims(dim, len(sizes))):
            g = k.unsqueeze(g, each)
    return g


def summand(self: Array, kind: np.dtype[Any]) -> Array:
    """What adds up, or is multiplied, in a dtype: of complex numbers the real parts, where that is real; for half precision each
    rounded to it first."""
    if self.dtype.kind == "c" and kind.kind not in "cb":
        self = real_part(self)
    if not is_half(kind) or self.dtype == kind:
        return self
    made = np.empty_like(self, kind)
    convert(self, made)
    return made


def summed_dtype(numpy_dtype: np.dtype[Any], dtype: Dtype | None) -> np.dtype[Any]:
    """What sums and products are in: `dtype`, else int64 for integers and bools."""
    if dtype is not None:
        return dtype.numpy
    return np.dtype(np.int64) if numpy_dtype.kind in "biu" else numpy_dtype


def over_dims(t: Any) -> list[tuple[Any, ...]]:
    """Samples of a reduction over one or several dimensions."""
    return [(t(2, 3, 4), (1,)), (t(2, 3, 4), (0, -1), True), (t(3), (0,)), (t(0, 3), (0,)), (t(), (0,))]


# -- sums --------------------------------------------------------------------------------------------------------------

sum_ = function("sum")


@sum_.overload(
    reduces=np.add.reduce,
    result_dtype=summed_dtype,
    refuses_complex=True,
    out=False,
    samples=lambda t: [(t(2, 3),), (t(),), (t(0),)],
    vjp={"self": lambda g, self_sym_sizes: everywhere(g, self_sym_sizes)},
    rule="∂self = ∂, spread over the n summed elements",
)
def sum_all(self: Array, *, dtype: DType | None = None, out: Array) -> None:
    """The sum of all elements, or along one or several dimensions; integers and bools add up in int64.

    >>> import autogradkit as torch
    >>> torch.sum(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), dim=0)
    tensor([4., 6.])
    """
    add_up(summand(self, out.dtype), None, out)


@sum_.overload(
    node="SumBackward1",
    reduces=np.add.reduce,
    out_decides=True,
    out_dtype=require_same_dtype,
    result_dtype=summed_dtype,
    refuses_complex=True,
    samples=over_dims,
    vjp={"self": lambda g, self_sym_sizes, dim, keepdim: spread(g, self_sym_sizes, dim, keepdim)},
    rule="∂self = ∂, spread over the n summed elements",
)
def sum_dims(self: Array, dim: Dims | None, keepdim: bool = False, *, dtype: DType | None = None, out: Array) -> None:
    add_up(summand(self, out.dtype), dim, out, keepdim)


@op(variants="method", composition=True)
def sum_to_size(self: Tensor, size: Sizes) -> Any:
    """The tensor summed over the dimensions that broadcasting from `size` added.

    >>> import autogradkit as torch
    >>> torch.ones(2, 3).sum_to_size(1, 3)
    tensor([[2., 2., 2.]])
    """
    own = self.shape
    if not own and not size:
        return sum_all(self)  # as PyTorch: a scalar comes back summed, not as it is
    extra = len(own) - len(size)
    if extra < 0 or builtins.any(n not in (1, m) for n, m in zip(size, own[extra:], strict=True)):
        raise RuntimeError(f"size {{{list(size)}}} is not expandable to size {{{list(own)}}}.")
    if not size:
        return sum_all(self)
    repeated = [extra + i for i, n in enumerate(size) if n == 1 and own[extra + i] != 1]
    dims = (*range(extra), *repeated)
    result: Any = sum_dims(self, dims, True) if dims else self
    return result.view(size) if extra else result


# -- means -------------------------------------------------------------------------------------------------------------


def _mean_dtype(numpy_dtype: np.dtype[Any], dtype: Dtype | None) -> np.dtype[Any]:
    kind = from_numpy_dtype(numpy_dtype) if dtype is None else dtype
    if kind.category < FLOATING:
        raise RuntimeError(
            f"mean(): could not infer output dtype. {'Input' if dtype is None else 'Optional'} dtype must be either a "
            f"floating point or complex dtype. Got: {scalar_type(kind)}"
        )
    return kind.numpy


def _require_mean_dtype(out: Any, *values: Any) -> None:
    dtype: Dtype | None = values[-1]
    if len(values) > 2:
        wrapped_dims(values[1], values[0].ndim)
    if dtype is not None and dtype.category >= FLOATING and out.dtype.category >= FLOATING:
        require_same_dtype(dtype.numpy, out._array.dtype)


mean = function("mean")


@mean.overload(
    reduces=True,
    into_any=True,
    refuse_out=_require_mean_dtype,
    result_dtype=_mean_dtype,
    out_dtype=saying("mean.dtype_out(): input types can't be cast to the desired output type {out}", same=False),
    refuses_complex=True,
    samples=lambda t: [(t(2, 3),), (t(),)],
    vjp={
        "self": lambda g, self_sym_sizes: k.quotient(
            everywhere(k.in_memory(g), self_sym_sizes), math.prod(self_sym_sizes)
        )
    },
    rule="∂self = ∂ / n, spread over the n averaged elements",
)
def mean_all(self: Array, *, dtype: DType | None = None, out: Array) -> None:
    """The mean of all elements, or along one or several dimensions. Raises RuntimeError for integers.

    >>> import autogradkit as torch
    >>> torch.mean(torch.tensor([1.0, 2.0, 6.0]))
    tensor(3.)
    """
    _average(self, None, self.size, out)


def _average(self: Array, axis: Any, count: int, out: Array, keepdims: Any = False) -> None:
    """Half precision is added and divided in float32, and rounded once."""
    source = self if self.dtype.kind != "c" else summand(self, out.dtype)
    if k.is_half(out):
        total = np.add.reduce(_wide(source), axis, np.float32, keepdims=keepdims)
        np.true_divide(total, np.float32(count), out=out, casting="unsafe")
        return
    add_up: Any = np.add.reduce  # whose types ask for the word `keepdims=`, which takes as long as the sum
    add_up(source, axis, out.dtype, out, keepdims)
    np.true_divide(out, number_in(out, float(count)), out)


def _mean_backward(g: Any, self_sym_sizes: Any, dim: Any, keepdim: bool) -> Any:
    count = math.prod([self_sym_sizes[axis] for axis in wrapped_dims(dim, len(self_sym_sizes))])
    return k.quotient(spread(k.in_memory(g), self_sym_sizes, dim, keepdim), count)


@mean.overload(
    node="MeanBackward1",
    reduces=True,
    into_any=True,
    refuse_out=_require_mean_dtype,
    result_dtype=_mean_dtype,
    refuses_complex=True,
    samples=lambda t: over_dims(t)[:3],
    vjp={"self": _mean_backward},
    rule="∂self = ∂ / n, spread over the n averaged elements",
)
def mean_dims(self: Array, dim: Dims | None, keepdim: bool = False, *, dtype: DType | None = None, out: Array) -> None:
    _average(self, dim, math.prod([self.shape[axis] for axis in dim or ()]), out, keepdim)


# -- tests of all elements ---------------------------------------------------------------------------------------------


def _tested_dtype(numpy_dtype: np.dtype[Any], _dtype: Any) -> np.dtype[Any]:
    return numpy_dtype if numpy_dtype == np.uint8 else np.dtype(bool)


def _tested(self: Array, out: Array) -> Array:
    """What is tested: in bytes, the numbers without their fractions, as in PyTorch, unless there is only one."""
    if out.dtype.kind == "b" or self.dtype == out.dtype or not self.ndim:
        return self
    return (real_part(self) if self.dtype.kind == "c" else self).astype(out.dtype)


def _tested_axes(self: Array, dim: Sequence[int] | None) -> tuple[int, ...]:
    """The dimensions that are tested: none of an empty list, which has every element tested by itself, as in PyTorch."""
    return () if dim is not None and not dim else wrapped_dims(dim, self.ndim)


def _tested_meta(self: Array, dim: Sequence[int] | None, keepdim: bool) -> tuple[tuple[int, ...], np.dtype[Any]]:
    axes = _tested_axes(self, dim)
    left = tuple([1 if i in axes else n for i, n in enumerate(self.shape) if keepdim or i not in axes])
    return left, _tested_dtype(self.dtype, None)


def _require_tested(name: str) -> Callable[[np.dtype[Any], np.dtype[Any]], None]:
    def require(_result: np.dtype[Any], out: np.dtype[Any]) -> None:
        if out.name not in ("bool", "uint8"):
            got = scalar_type(from_numpy_dtype(out))
            raise RuntimeError(f"{name} only supports bool tensor for result, got: {got}")

    return require


all_ = function("all")


@all_.overload(reduces=True, into_any=True, result_dtype=_tested_dtype, out_dtype=_require_tested("all"))
def _(self: Array, *, out: Array) -> None:
    """Whether every element (along `dim`) is nonzero.

    >>> import autogradkit as torch
    >>> torch.all(torch.tensor([True, False]))
    tensor(False)
    """
    np.logical_and.reduce(_tested(self, out), axis=None, out=out)


@all_.overload(meta=_tested_meta, into_any=True, result_dtype=_tested_dtype, out_dtype=_require_tested("all"))
def _(self: Array, dim: Ints | None = None, keepdim: bool = False, *, out: Array) -> None:
    np.logical_and.reduce(_tested(self, out), axis=_tested_axes(self, dim), keepdims=keepdim, out=out)


@all_.overload(reduces=True, into_any=True, result_dtype=_tested_dtype, out_dtype=_require_tested("all"))
def _(self: Array, dim: Dim, keepdim: bool = False, *, out: Array) -> None:
    np.logical_and.reduce(_tested(self, out), axis=dim, keepdims=keepdim, out=out)


any_ = function("any")


@any_.overload(reduces=True, into_any=True, result_dtype=_tested_dtype, out_dtype=_require_tested("any"))
def any_all(self: Array, *, out: Array) -> None:
    """Whether some element (along `dim`) is nonzero.

    >>> import autogradkit as torch
    >>> torch.any(torch.tensor([True, False]))
    tensor(True)
    """
    np.logical_or.reduce(_tested(self, out), axis=None, out=out)


@any_.overload(meta=_tested_meta, into_any=True, result_dtype=_tested_dtype, out_dtype=_require_tested("any"))
def _(self: Array, dim: Ints | None = None, keepdim: bool = False, *, out: Array) -> None:
    np.logical_or.reduce(_tested(self, out), axis=_tested_axes(self, dim), keepdims=keepdim, out=out)


@any_.overload(reduces=True, into_any=True, result_dtype=_tested_dtype, out_dtype=_require_tested("any"))
def _(self: Array, dim: Dim, keepdim: bool = False, *, out: Array) -> None:
    np.logical_or.reduce(_tested(self, out), axis=dim, keepdims=keepdim, out=out)
