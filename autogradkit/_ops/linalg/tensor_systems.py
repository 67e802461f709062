"""Systems of equations between tensors, Vandermonde matrices, and names that `linalg` has for what is elsewhere.

Rests on solving.
"""

from __future__ import annotations

import math
from typing import Any

from autogradkit._ops.declare import k, op, writing
from autogradkit._ops.declare.kinds import Dim, Ints, SymInt
from autogradkit._ops.linalg.matmul import matmul
from autogradkit._ops.linalg.matrices import require_success
from autogradkit._ops.linalg.solving import inv_ex, solve
from autogradkit.core.dtype import SCALAR_TYPE_NAMES, bfloat16, bool_, float16
from autogradkit.core.tensor import Tensor


@op(
    name="linalg_tensorinv",
    variants="",
    composition=True,
    out=True,
    written_by="copy_",
    out_dtype=writing.castable("tensorinv"),
)
def tensorinv(self: Tensor, ind: int = 2) -> Any:
    """The inverse of a tensor as a map from its last dimensions to its first `ind`.

    >>> import autogradkit as torch
    >>> torch.linalg.tensorinv(torch.tensor([[2.0, 0.0], [0.0, 4.0]]), 1)
    tensor([[0.5000, 0.0000],
            [0.0000, 0.2500]])
    """
    if ind <= 0:
        raise RuntimeError(f"Expected a strictly positive integer for 'ind', but got {ind}")
    if ind > self.ndim:
        raise RuntimeError(f"ArrayRef: invalid slice, N = {ind}; size = {self.ndim}")
    first, last = tuple(self.shape[:ind]), tuple(self.shape[ind:])
    rows, columns = math.prod(first), math.prod(last)
    if rows != columns:
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[ind:]) == prod(self.shape[:ind]), but got "
            f"{columns} != {rows}"
        )
    inverse, info = inv_ex(self.reshape(columns, columns))
    require_success(info, "inv")
    return inverse.reshape((*last, *first))


@op(
    name="linalg_tensorsolve",
    variants="",
    composition=True,
    out=True,
    written_by="copy_",
    out_dtype=writing.castable("tensorsolve"),
)
def tensorsolve(self: Tensor, other: Tensor, dims: Ints | None = None) -> Any:
    """The X whose product with `self` over its last dimensions is `other`; `dims` of `self` are moved to its end first.

    >>> import autogradkit as torch
    >>> torch.linalg.tensorsolve(torch.tensor([[2.0, 0.0], [0.0, 4.0]]), torch.tensor([2.0, 8.0]))
    tensor([1., 2.])
    """
    a: Any = self
    if dims is not None:
        a = a.movedim(dims, tuple(range(a.dim() - len(dims), a.dim())))
    shape = tuple(a.shape[other.ndim :])
    count = math.prod(shape)
    if count != other.numel():
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == prod(self.shape[:other.ndim]), but got "
            f"{count} != {other.numel()}"
        )
    return solve(a.reshape(count, count), other.flatten()).reshape(shape)


@op(name="linalg_vander", variants="", composition=True)
def linalg_vander(x: Tensor, *, N: SymInt | None = None) -> Any:
    """The powers of each element from the 0th on, a row each.

    >>> import autogradkit as torch
    >>> torch.linalg.vander(torch.tensor([1, 2, 3]))
    tensor([[1, 1, 1],
            [1, 2, 4],
            [1, 3, 9]])
    """
    values: Any = x
    if values.dtype in (bool_, float16, bfloat16):
        raise RuntimeError(
            "linalg.vander supports floating point, complex, and integer tensors, but got "
            + SCALAR_TYPE_NAMES[values.dtype]
        )
    if not values.dim():
        values = values.unsqueeze(-1)
    count = values.shape[-1] if N is None else N
    if count <= 1:
        raise RuntimeError("N must be greater than 1.")
    powers = values.unsqueeze(-1).expand(*values.shape, count - 1).cumprod(-1)
    return k.cat([powers.new_ones((*values.shape, 1)), powers], powers.dim() - 1)


@op(name="linalg_diagonal", variants="", composition=True)
def linalg_diagonal(A: Tensor, *, offset: int = 0, dim1: Dim = -2, dim2: Dim = -1) -> Any:
    """The diagonals of matrices, a view; see `autogradkit.diagonal`.

    >>> import autogradkit as torch
    >>> torch.linalg.diagonal(torch.tensor([[1, 2], [3, 4]]))
    tensor([1, 4])
    """
    return A.diagonal(offset, dim1, dim2)


@op(
    name="linalg_matmul",
    variants="",
    composition=True,
    out=True,
    out_dtype=writing.require_same_dtype,
    written_by="matmul",
)
def linalg_matmul(self: Tensor, other: Tensor) -> Any:
    """Another name for `autogradkit.matmul`.

    >>> import autogradkit as torch
    >>> torch.linalg.matmul(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([1.0, 1.0]))
    tensor([3., 7.])
    """
    return matmul(self, other)
