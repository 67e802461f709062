"""Reductions: sum, mean, prod, var, amax, max, min, argmax, all, any, norms and their kin.

Rests on op. A reduction's result is contiguous, as PyTorch's is for contiguous operands.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autogradkit._ops.declare import k
from autogradkit._ops.in_place import accepts_out
from autogradkit._ops.op import Array, composite, op
from autogradkit.core import dtype as dtypes
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.dtype import from_numpy_dtype
from autogradkit.core.strides import row_major, wrap_dim
from autogradkit.core.tensor import Tensor

Dims = int | Sequence[int] | None


def wrapped_dims(dim: Dims, ndim: int) -> tuple[int, ...]:
    """The dimensions to reduce, counted from the front; all of them for None or an empty sequence."""
    if dim is None:
        return tuple(range(ndim))
    if isinstance(dim, int):
        return (wrap_dim(dim, ndim),) if ndim else (wrap_dim(dim, ndim),)[:0]
    wrapped = tuple(wrap_dim(each, ndim) for each in dim)
    for position, each in enumerate(wrapped):
        if each in wrapped[:position]:
            raise RuntimeError(f"dim {each} appears multiple times in the list of dims")
    return wrapped if wrapped and ndim else tuple(range(ndim))


def sum_array(array: Array, shape: tuple[int, ...]) -> Array:
    """`array` summed over the dimensions that broadcasting from `shape` added."""
    extra = array.ndim - len(shape)
    if extra:
        array = np.add.reduce(array, axis=tuple(range(extra)))
    repeated = tuple(i for i, size in enumerate(shape) if size == 1 and array.shape[i] != 1)
    if repeated:
        array = np.add.reduce(array, axis=repeated, keepdims=True)
    return np.asarray(array)


@composite(function=False)
def sum_to_size(tensor: Tensor, *size: Any) -> Tensor:
    """The tensor summed over the dimensions that broadcasting from `size` added.

    >>> import autogradkit as torch
    >>> torch.ones(2, 3).sum_to_size(1, 3)
    tensor([[2., 2., 2.]])
    """
    shape = tuple(size[0]) if len(size) == 1 and isinstance(size[0], list | tuple) else size
    own = tensor._array.shape
    if not own and not shape:
        return sum_all(tensor)  # as PyTorch: a scalar comes back summed, not as it is
    extra = len(own) - len(shape)
    if extra < 0 or builtins.any(n not in (1, m) for n, m in zip(shape, own[extra:], strict=True)):
        raise RuntimeError(f"size {{{list(shape)}}} is not expandable to size {{{list(own)}}}.")
    if extra:
        tensor = sum_dims(tensor, tuple(range(extra)))
    repeated = tuple(i for i, n in enumerate(shape) if n == 1 and own[extra + i] != 1)
    return sum_dims(tensor, repeated, True) if repeated else tensor


def spread(g: Any, sizes: tuple[int, ...], dim: Dims, keepdim: bool) -> Any:
    """A reduced gradient over the shape that was reduced."""
    if not keepdim and sizes:
        for each in sorted(wrapped_dims(dim, len(sizes))):
            g = k.unsqueeze(g, each)
    return k.expand(g, sizes)


def _summed_dtype(array: Array, dtype: Dtype | None) -> np.dtype[Any]:
    if dtype is not None:
        return dtype.numpy
    return np.dtype(np.int64) if array.dtype.kind in "biu" else array.dtype


def _two(t: Any) -> list[tuple[Any, ...]]:
    return [(t(2, 3, 4), 1), (t(2, 3, 4), (0, -1), True), (t(3), 0), (t(0, 3), 0), (t(), 0)]


@op(
    name="sum_all",
    public="sum",
    node="SumBackward0",
    method=False,
    function=False,
    samples=lambda t: [(t(2, 3),), (t(),), (t(0),)],
)
def sum_all(self: Array, dtype: Dtype | None = None) -> Array:
    """The sum of all elements."""
    return np.add.reduce(self, axis=None, dtype=_summed_dtype(self, dtype))


sum_all.vjp(self=lambda g, self_sym_sizes: k.expand(g, self_sym_sizes))


@op(name="sum_dims", public="sum", node="SumBackward1", method=False, function=False, samples=_two)
def sum_dims(self: Array, dim: Dims = None, keepdim: bool = False, dtype: Dtype | None = None) -> Array:
    """Sums along dimensions."""
    axes = wrapped_dims(dim, self.ndim)
    return row_major(np.add.reduce(self, axis=axes, keepdims=keepdim, dtype=_summed_dtype(self, dtype)))


sum_dims.vjp(self=lambda g, self_sym_sizes, dim, keepdim: spread(g, self_sym_sizes, dim, keepdim))


@composite()
def sum(
    input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Dtype | None = None, out: Tensor | None = None
) -> Tensor:
    """The sum of all elements, or along one or several dimensions; integers and bools add up in int64.

    >>> import autogradkit as torch
    >>> torch.sum(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), dim=0)
    tensor([4., 6.])
    """
    options = {} if out is None else {"out": out}
    if dim is None and not keepdim:
        return sum_all(input, dtype, **options)
    return sum_dims(input, dim, keepdim, dtype, **options)


def _require_floats(name: str, self: Array, dtype: Dtype | None) -> None:
    kind = from_numpy_dtype(self.dtype) if dtype is None else dtype
    if kind.category < dtypes.FLOATING:
        raise RuntimeError(
            f"{name}(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. Got: "
            f"{kind.tensor_type.removeprefix('torch.').removesuffix('Tensor')}"
        )


@op(
    name="mean_all",
    public="mean",
    node="MeanBackward0",
    method=False,
    function=False,
    samples=lambda t: [(t(2, 3),), (t(),)],
)
def mean_all(self: Array, dtype: Dtype | None = None) -> Array:
    """The mean of all elements."""
    _require_floats("mean", self, dtype)
    total = np.add.reduce(self, axis=None, dtype=_summed_dtype(self, dtype))
    return np.true_divide(total, total.dtype.type(self.size))


mean_all.vjp(self=lambda g, self_sym_sizes: k.expand(g, self_sym_sizes) / math.prod(self_sym_sizes))


@op(name="mean_dims", public="mean", node="MeanBackward1", method=False, function=False, samples=lambda t: _two(t)[:3])
def mean_dims(self: Array, dim: Dims = None, keepdim: bool = False, dtype: Dtype | None = None) -> Array:
    """Means along dimensions."""
    _require_floats("mean", self, dtype)
    axes = wrapped_dims(dim, self.ndim)
    total = np.add.reduce(self, axis=axes, keepdims=keepdim, dtype=_summed_dtype(self, dtype))
    return row_major(np.true_divide(total, total.dtype.type(math.prod(self.shape[axis] for axis in axes))))


mean_dims.vjp(
    self=lambda g, self_sym_sizes, dim, keepdim: (
        spread(g, self_sym_sizes, dim, keepdim)
        / math.prod(self_sym_sizes[axis] for axis in wrapped_dims(dim, len(self_sym_sizes)))
    )
)


@composite()
def mean(
    input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Dtype | None = None, out: Tensor | None = None
) -> Tensor:
    """The mean of all elements, or along one or several dimensions. Raises RuntimeError for integers.

    >>> import autogradkit as torch
    >>> torch.mean(torch.tensor([1.0, 2.0, 6.0]))
    tensor(3.)
    """
    options = {} if out is None else {"out": out}
    if dim is None and not keepdim:
        return mean_all(input, dtype, **options)
    return mean_dims(input, dim, keepdim, dtype, **options)


@op(name="all_dims", public="all", method=False, function=False)
def all_dims(self: Array, dim: Dims = None, keepdim: bool = False) -> Array:
    """Whether every element is nonzero."""
    return row_major(np.all(self, axis=wrapped_dims(dim, self.ndim), keepdims=keepdim))


@op(name="any_dims", public="any", method=False, function=False)
def any_dims(self: Array, dim: Dims = None, keepdim: bool = False) -> Array:
    """Whether some element is nonzero."""
    return row_major(np.any(self, axis=wrapped_dims(dim, self.ndim), keepdims=keepdim))


@composite()
@accepts_out
def all(input: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
    """Whether every element (along `dim`) is nonzero.

    >>> import autogradkit as torch
    >>> torch.all(torch.tensor([True, False]))
    tensor(False)
    """
    return all_dims(input, dim, keepdim)


@composite()
@accepts_out
def any(input: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
    """Whether some element (along `dim`) is nonzero.

    >>> import autogradkit as torch
    >>> torch.any(torch.tensor([True, False]))
    tensor(True)
    """
    return any_dims(input, dim, keepdim)


@op(
    name="amax",
    samples=lambda t: [(t(2, 3), 1), (t(2, 3), (0, 1), True)],
)
def amax(self: Array, dim: Dims = (), keepdim: bool = False) -> Array:
    """The largest elements along dimensions; ties share the gradient equally.

    >>> import autogradkit as torch
    >>> torch.amax(torch.tensor([[1.0, 5.0], [7.0, 2.0]]), dim=1)
    tensor([5., 7.])
    """
    return row_major(np.max(self, axis=wrapped_dims(dim, self.ndim), keepdims=keepdim))


@op(name="amin", samples=lambda t: [(t(2, 3), 1), (t(2, 3), (0, 1), True)])
def amin(self: Array, dim: Dims = (), keepdim: bool = False) -> Array:
    """The smallest elements along dimensions; ties share the gradient equally.

    >>> import autogradkit as torch
    >>> torch.amin(torch.tensor([[1.0, 5.0], [7.0, 2.0]]), dim=1)
    tensor([1., 2.])
    """
    return row_major(np.min(self, axis=wrapped_dims(dim, self.ndim), keepdims=keepdim))


def _share_among_ties(g: Any, self: Any, result: Any, dim: Dims, keepdim: bool) -> Any:
    sizes = self.shape
    mask = self == spread(result, sizes, dim, keepdim)
    count = k.sum_dims(mask, dim if dim != () else None, True)
    return spread(g, sizes, dim, keepdim) * mask / count


amax.vjp(self=lambda g, self, result, dim, keepdim: _share_among_ties(g, self, result, dim, keepdim))
amin.vjp(self=lambda g, self, result, dim, keepdim: _share_among_ties(g, self, result, dim, keepdim))
