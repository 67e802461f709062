"""Positions of elements: tril_indices, triu_indices, unravel_index.

Rests on declare and options.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from operator import mul
from typing import Any

import numpy as np

from autogradkit._ops.declare import op, python_function
from autogradkit._ops.declare.kinds import Options
from autogradkit._ops.making.options import dtype_in, filled_tensor
from autogradkit.core import dtype as dtypes
from autogradkit.core.dtype import SCALAR_TYPE_NAMES
from autogradkit.core.tensor import Tensor, wrap


def _positions(name: str, row: int, col: int, offset: int, options: dict[str, Any]) -> Tensor:
    for side, size in (("row", row), ("col", col)):
        if size < 0:
            raise RuntimeError(f"{side} must be non-negative, got{size}")
    kind = dtype_in(options, dtypes.int64)
    if kind not in (dtypes.int64, dtypes.int32):
        raise NotImplementedError(f"\"{name}\" not implemented for '{SCALAR_TYPE_NAMES[kind]}'")
    found = (np.tril_indices if name == "tril_indices" else np.triu_indices)(row, offset, col)
    return filled_tensor((2, len(found[0])), lambda array: np.copyto(array, found, casting="unsafe"), options, kind)


@op(factory=True, variants="function")
def tril_indices(row: int, col: int, offset: int = 0, **options: Options) -> Any:
    """The rows and the columns of the elements on and below the `offset`-th diagonal of a row × col matrix.

    >>> import autogradkit as torch
    >>> torch.tril_indices(2, 2)
    tensor([[0, 1, 1],
            [0, 0, 1]])
    """
    return _positions("tril_indices", row, col, offset, options)


@op(factory=True, variants="function")
def triu_indices(row: int, col: int, offset: int = 0, **options: Options) -> Any:
    """The rows and the columns of the elements on and above the `offset`-th diagonal of a row × col matrix.

    >>> import autogradkit as torch
    >>> torch.triu_indices(2, 2)
    tensor([[0, 0, 1],
            [0, 1, 1]])
    """
    return _positions("triu_indices", row, col, offset, options)


@python_function()
def unravel_index(indices: Tensor, shape: int | Sequence[int]) -> tuple[Tensor, ...]:
    """The coordinates, dimension by dimension, of positions in the row-major order of a tensor with this shape.

    >>> import autogradkit as torch
    >>> torch.unravel_index(torch.tensor([4, 1]), (3, 2))
    (tensor([2, 0]), tensor([0, 1]))
    """
    if indices.is_complex() or indices.is_floating_point() or indices.dtype is dtypes.bool_:
        raise TypeError(f"expected 'indices' to be integer dtype, but got {indices.dtype}")
    if not isinstance(shape, (int, Sequence)):
        raise TypeError(f"expected 'shape' to be int or sequence of ints, but got {type(shape)}")
    sizes = (shape,) if isinstance(shape, int) else tuple(shape)
    for size in sizes:
        if not isinstance(size, int):
            raise TypeError(f"expected 'shape' sequence to only contain ints, but got {type(size)}")
    if any(size < 0 for size in sizes):
        raise ValueError(f"'shape' cannot have negative values, but got {sizes}")
    steps = list(itertools.accumulate([1, *sizes[:0:-1]], mul))[::-1][: len(sizes)]
    tensor: Any = indices
    places = tensor.unsqueeze(-1).floor_divide(wrap(np.array(steps, np.int64))) % wrap(np.array(sizes, np.int64))
    return places.unbind(-1)
