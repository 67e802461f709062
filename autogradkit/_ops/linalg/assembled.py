"""Matrices made of vectors and of smaller matrices: block_diag, cartesian_prod, combinations.

Rests on declare and selection/joining.py.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op, python_function
from autogradkit._ops.declare.kinds import Array, Arrays, Tensors
from autogradkit._ops.making.filled import empty
from autogradkit._ops.selection.joining import meshgrid, stack
from autogradkit.core.dtype import from_numpy_dtype, get_default_dtype, int64, result_type
from autogradkit.core.tensor import Tensor, wrap


def _as_matrix(shape: tuple[int, ...]) -> tuple[int, int]:
    rows, columns = (1, 1, *shape)[-2:]
    return rows, columns


def _blocks_meta(tensors: Sequence[Array]) -> Any:
    if not tensors:
        return (1, 0), get_default_dtype().numpy
    for number, each in enumerate(tensors):
        if each.ndim > 2:
            raise RuntimeError(
                "torch.block_diag: Input tensors must have 2 or fewer dimensions. "
                f"Input {number} has {each.ndim} dimensions"
            )
    sizes = [_as_matrix(each.shape) for each in tensors]
    kind = result_type([(from_numpy_dtype(each.dtype), 2 if each.ndim else 1) for each in tensors]).numpy
    return (sum(rows for rows, _ in sizes), sum(columns for _, columns in sizes)), kind


def _blocks_backward(g: Any, tensors_sym_sizes: Sequence[tuple[int, ...]]) -> list[Any]:
    gradients: list[Any] = []
    row = column = 0
    for sizes in tensors_sym_sizes:
        rows, columns = _as_matrix(sizes)
        part = k.slice(k.slice(g, 0, row, row + rows, 1), 1, column, column + columns, 1)
        gradients.append(k.reshape(part, sizes))
        row, column = row + rows, column + columns
    return gradients


@op(
    name="block_diag",
    variants="",
    meta=_blocks_meta,
    out=False,
    samples=lambda t: [([t(2, 3), t(2), t()],), ([t(1, 0), t(2, 2)],)],
    vjp={"tensors": _blocks_backward},
    rule="∂tensors = their blocks of ∂",
)
def _block_diag(tensors: Arrays, *, out: Array) -> None:
    out.fill(0)
    row = column = 0
    for each in tensors:
        rows, columns = _as_matrix(each.shape)
        np.copyto(out[row : row + rows, column : column + columns], each, casting="unsafe")
        row, column = row + rows, column + columns


@python_function()
def block_diag(*tensors: Tensor) -> Tensor:
    """A matrix with the given ones along its diagonal and zeros elsewhere; a vector counts as a row.

    >>> import autogradkit as torch
    >>> torch.block_diag(torch.tensor([[1, 2]]), torch.tensor([[3], [4]]))
    tensor([[1, 2, 0],
            [0, 0, 3],
            [0, 0, 4]])
    """
    return _block_diag.owner(tensors)


@op(name="cartesian_prod", variants="", composition=True)
def _cartesian_prod(tensors: Tensors) -> Any:
    for each in tensors:
        if each.dim() != 1:
            raise RuntimeError(f"Expect a 1D vector, but got shape {list(each.shape)}")
    if len(tensors) == 1:
        return tensors[0]
    return stack([each.flatten() for each in meshgrid(*tensors, indexing="ij")], 1)


@python_function()
def cartesian_prod(*tensors: Tensor) -> Tensor:
    """All ways to take one element of each vector, a row each.

    >>> import autogradkit as torch
    >>> torch.cartesian_prod(torch.tensor([1, 2]), torch.tensor([3, 4]))
    tensor([[1, 3],
            [1, 4],
            [2, 3],
            [2, 4]])
    """
    return _cartesian_prod.owner(tensors)


@op(composition=True, variants="function")
def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Any:
    """The powers of each element of a vector, a row each: from the highest down, or `increasing`.

    >>> import autogradkit as torch
    >>> torch.vander(torch.tensor([1, 2, 3]))
    tensor([[1, 1, 1],
            [4, 2, 1],
            [9, 3, 1]])
    """
    values: Any = x
    if values.dim() != 1:
        raise RuntimeError("x must be a one-dimensional tensor.")
    count = len(values) if N is None else N
    if count < 0:
        raise RuntimeError("N must be non-negative.")
    kind = int64 if values.dtype.numpy.kind in "iub" else values.dtype
    powers = empty((len(values), count), dtype=kind)
    if count:
        powers.select(1, 0).fill_(1)
    if count > 1:  # as PyTorch does, which so edits what the gradient of cumprod needs
        powers.narrow(1, 1, count - 1).copy_(values.unsqueeze(1))
        powers.narrow(1, 1, count - 1).copy_(powers.narrow(1, 1, count - 1).cumprod(1))
    return powers if increasing else powers.flip((1,))


@op(composition=True, variants="function")
def combinations(self: Tensor, r: int = 2, with_replacement: bool = False) -> Any:
    """All ways to take `r` elements of a vector in its order, a row each.

    >>> import autogradkit as torch
    >>> torch.combinations(torch.tensor([1, 2, 3]))
    tensor([[1, 2],
            [1, 3],
            [2, 3]])
    """
    tensor: Any = self
    if tensor.dim() != 1:
        raise RuntimeError(f"Expect a 1D vector, but got shape {list(tensor.shape)}")
    if r < 0:
        raise RuntimeError(f"Expect a non-negative number, but got {r}")
    if r == 0:
        return empty((0,), dtype=tensor.dtype)
    places = np.indices((tensor.numel(),) * r, sparse=True)
    rising = np.ones((tensor.numel(),) * r, np.bool_)
    for one, next_ in itertools.pairwise(places):
        rising &= one <= next_ if with_replacement else one < next_
    mask = wrap(rising)
    return stack([each.masked_select(mask) for each in meshgrid(*[tensor] * r, indexing="ij")], 1)
