"""Sums of products over named or counted dimensions: tensordot, inner, kron, multi_dot.

None is a node of its own, as in PyTorch: operands are permuted and reshaped, and matrices multiplied. Rests on matmul.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autogradkit._ops.declare import function, op, python_function
from autogradkit._ops.declare.kinds import Ints, Tensors
from autogradkit._ops.declare.writing import C_NAMES, saying
from autogradkit._ops.linalg.matmul import unsafe_view
from autogradkit._ops.linalg.products import dot, mm
from autogradkit.core.dtype import from_numpy_dtype
from autogradkit.core.shapes import wrap_dim
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn_once


def _wrapped(dims: Sequence[int], ndim: int) -> list[int]:
    """The dimensions counted from the front. Raises RuntimeError where one stands twice."""
    found: list[int] = []
    for each in dims:
        dim = wrap_dim(each, ndim)
        if dim in found:
            raise RuntimeError(f"dim {dim} appears multiple times in the list of dims")
        found.append(dim)
    return found


def _contracted(self: Any, other: Any, dims_self: Sequence[int], dims_other: Sequence[int]) -> Any:
    if len(dims_self) != len(dims_other):
        raise RuntimeError("both dimension lists should have same length")
    if self.dtype is not other.dtype:
        raise RuntimeError("both inputs should have same dtype")
    a, b = self, other
    count = 1
    for first, second in zip(dims_self, dims_other, strict=True):
        m, n = self.size(first), other.size(second)
        if n == 1:  # what is broadcast is summed at once
            a = a.sum(first, True, dtype=a.dtype)
        elif m == 1:
            b = b.sum(second, True, dtype=b.dtype)
        elif m != n:
            raise RuntimeError(
                f"contracted dimensions need to match, but first has size {m} in dim {first} and second has size {n} in dim "
                f"{second}"
            )
        else:
            count *= m
    over_a, over_b = _wrapped(dims_self, self.dim()), _wrapped(dims_other, other.dim())
    kept_a = [dim for dim in range(self.dim()) if dim not in over_a]
    kept_b = [dim for dim in range(other.dim()) if dim not in over_b]
    sizes = [a.shape[dim] for dim in kept_a], [b.shape[dim] for dim in kept_b]
    rows, columns = map(math.prod, sizes)
    a, b = a.permute([*kept_a, *over_a]), b.permute([*over_b, *kept_b])
    if rows == columns == 1:
        return dot(a.reshape(count), b.reshape(count)).view([*sizes[0], *sizes[1]])
    return mm(a.reshape(rows, count), b.reshape(count, columns)).reshape([*sizes[0], *sizes[1]])


_tensordot = function("tensordot", variants="")
_TENSORDOT_OUT = saying(
    "tensordot: Expected the output tensor to have dtype {result}, but got an output tensor with dtype {out}"
)


@_tensordot.overload(composition=True, out=True, written_by="copy_", out_dtype=_TENSORDOT_OUT)
def _(self: Tensor, other: Tensor, dims_self: Ints, dims_other: Ints) -> Any:
    return _contracted(self, other, dims_self, dims_other)


@python_function()
def tensordot(a: Tensor, b: Tensor, dims: Any = 2, out: Tensor | None = None) -> Tensor:
    """The sums of products over several dimensions of `a` and of `b`.

    `dims` is how many of the last of `a` and the first of `b` are summed over, or two lists of them.

    >>> import autogradkit as torch
    >>> torch.tensordot(torch.ones(2, 3, 4), torch.ones(3, 4, 5)).shape
    torch.Size([2, 5])
    """
    if not isinstance(dims, (tuple, list, Tensor, int)):
        raise RuntimeError(
            "tensordot expects dims to be int or tuple[list[int], list[int]] or list[list[int]] containing two lists, but got "
            f"dims={dims}"
        )
    if isinstance(dims, Tensor) and dims.numel() > 1:
        if dims.shape[0] != 2:
            raise AssertionError(f"dims tensor must have size 2 in first dimension, got {dims.shape[0]}")
        dims = dims.tolist()
    if isinstance(dims, (tuple, list)):
        dims_a, dims_b = dims
    else:
        number = int(dims.item()) if isinstance(dims, Tensor) else dims
        if number < 0:
            raise RuntimeError(f"tensordot expects dims >= 0, but got dims={dims}")
        if isinstance(dims, int) and number > min(a.dim(), b.dim()):
            raise RuntimeError(f"tensordot expects dims < ndim_a or ndim_b, but got dims={dims}")
        dims_a, dims_b = list(range(-number, 0)), list(range(number))
    return _tensordot(a, b, dims_a, dims_b, out=out)


@op(
    composition=True,
    out=True,
    written_by=lambda self, other: "copy_" if self.ndim and other.ndim else "mul",
    out_dtype=_TENSORDOT_OUT,
)
def inner(self: Tensor, other: Tensor) -> Any:
    """The sums of products over the last dimension of both.

    >>> import autogradkit as torch
    >>> torch.inner(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([1.0, 10.0]))
    tensor([21., 43.])
    """
    if not self.ndim or not other.ndim:
        return self * other
    if self.shape[-1] != other.shape[-1]:
        raise RuntimeError(
            "inner() the last dimension must match on both input tensors but got shapes "
            f"{list(self.shape)} and {list(other.shape)}"
        )
    return _contracted(self, other, (-1,), (-1,))


@op(composition=True, out=True, written_by="mul", apart="resized")
def kron(self: Tensor, other: Tensor) -> Any:
    """The Kronecker product: every element of `self` times the whole of `other`.

    >>> import autogradkit as torch
    >>> torch.kron(torch.tensor([1, 10]), torch.tensor([1, 2, 3]))
    tensor([ 1,  2,  3, 10, 20, 30])
    """
    most = max(self.ndim, other.ndim)
    a = [1] * (most - self.ndim) + list(self.shape)
    b = [1] * (most - other.ndim) + list(other.shape)
    spread_a = [size for each in a for size in (each, 1)]
    spread_b = [size for each in b for size in (1, each)]
    product: Any = unsafe_view(self, spread_a) * unsafe_view(other, spread_b)
    return unsafe_view(product, tuple([m * n for m, n in zip(a, b, strict=True)]))


def _divided(sizes: Sequence[int]) -> list[list[int]]:
    """Where a chain of matrices (sizes[i], sizes[i+1]) is best divided: `[i][j]` ends the first half of those from i to j."""
    count = len(sizes) - 1
    cost = [[0] * count for _ in range(count)]
    at = [[0] * count for _ in range(count)]
    for length in range(1, count):
        for i in range(count - length):
            j = i + length
            cost[i][j], at[i][j] = min(
                (cost[i][k] + cost[k + 1][j] + sizes[i] * sizes[k + 1] * sizes[j + 1], k) for k in range(i, j)
            )
    return at


def _refuse_out_of_chain(from_: np.dtype[Any], to: np.dtype[Any]) -> None:
    wanted, given = (C_NAMES[from_numpy_dtype(each).name] for each in (from_, to))
    if from_ != to:
        raise RuntimeError(f"multi_dot(): expected out tensor to have dtype {wanted} but got {given}")


def _chained(matrices: Sequence[Any], at: Sequence[Sequence[int]], i: int, j: int) -> Any:
    """The product of the matrices from i to j, divided as `_divided` says."""
    if i == j:
        return matrices[i]
    return mm(_chained(matrices, at, i, at[i][j]), _chained(matrices, at, at[i][j] + 1, j))


@op(
    name="linalg_multi_dot",
    variants="",
    composition=True,
    out=True,
    out_dtype=_refuse_out_of_chain,
    written_by="mm",
)
def multi_dot(tensors: Tensors) -> Any:
    """The product of several matrices, in the order that takes the fewest multiplications; the ends may be vectors.

    >>> import autogradkit as torch
    >>> torch.linalg.multi_dot([torch.ones(2, 3), torch.ones(3, 4), torch.ones(4)])
    tensor([12., 12.])
    """
    count = len(tensors)
    if count < 2:
        raise RuntimeError(f"multi_dot(): expected at least 2 tensors but got {count}")
    matrices: list[Any] = list(tensors)
    for which, place in (("first", 0), ("last", -1)):
        ndim = matrices[place].dim()
        if ndim not in (1, 2):
            raise RuntimeError(f"multi_dot(): the {which} tensor must be 1D or 2D but got {ndim}D")
        if ndim == 1:
            matrices[place] = matrices[place].unsqueeze(place)
    for number, each in enumerate(matrices):
        if each.dim() != 2:
            raise RuntimeError(f"multi_dot(): tensor {number} must be 2D but got {each.dim()}D")
    for number in range(1, count):
        before, each = matrices[number - 1], matrices[number]
        if each.dtype is not matrices[0].dtype:
            raise RuntimeError(
                "multi_dot(): all tensors must have be the same dtype but tensor 0 is "
                f"{C_NAMES[matrices[0].dtype.name]} and tensor {number} {C_NAMES[each.dtype.name]}"
            )
        if before.shape[1] != each.shape[0]:
            raise RuntimeError(
                f"multi_dot(): tensors {number - 1} and {number} with shapes {list(tensors[number - 1].shape)} and "
                f"{list(tensors[number].shape)} cannot be multiplied"
            )
    sizes = [*[each.shape[0] for each in matrices], matrices[-1].shape[1]]
    ends = [*tensors[0].shape[:-1], *tensors[-1].shape[1:]]
    divided = _divided(sizes)
    if count == 3:  # of two orders that take equally many, PyTorch has the first product first here
        a, b, c, d = sizes
        divided[0][2] = 0 if a * c * (b + d) > b * d * (a + c) else 1
    return _chained(matrices, divided, 0, count - 1).view(ends)


_chain_matmul = function("chain_matmul", variants="")


@_chain_matmul.overload(composition=True, out=True, out_dtype=_refuse_out_of_chain, written_by="mm")
def _(matrices: Tensors) -> Any:
    warn_once(
        "torch.chain_matmul is deprecated and will be removed in a future PyTorch release. Use torch.linalg.multi_dot instead, "
        "which accepts a list of two or more tensors rather than multiple parameters."
    )
    for each in matrices:
        if each.dim() != 2:
            raise RuntimeError(f"Tensor dimension is {each.dim()}, expected 2 instead.")
    if not matrices:
        raise RuntimeError("chain_matmul(): Expected one or more matrices")
    return matrices[0] if len(matrices) == 1 else multi_dot(matrices)


@python_function()
def chain_matmul(*matrices: Tensor, out: Tensor | None = None) -> Tensor:
    """The product of several matrices, in the order that takes the fewest multiplications.

    >>> import autogradkit as torch
    >>> torch.chain_matmul(torch.ones(2, 3), torch.ones(3, 4), torch.ones(4, 1))
    tensor([[12.],
            [12.]])
    """
    return _chain_matmul(matrices, out=out)
