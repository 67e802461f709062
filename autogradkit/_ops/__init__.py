"""What a tensor can do: op.py says how an op is declared; every other module is the table of one family.

Importing it declares all ops, and hands the engine the few that differentiation itself needs.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops import (
    agreement,
    copies,
    create,
    random,
    sampling,
)
from autogradkit._ops.linalg import products
from autogradkit._ops.network import activation, conv, dropout, embedding, likelihood, loss, padding, pool, softmax
from autogradkit._ops.pointwise import arithmetic, choice, comparison, elementary, powers
from autogradkit._ops.reduction import counting, extremes, moments, norms, order, running, sums
from autogradkit._ops.selection import gather, indexing, joining, masks, rearrange
from autogradkit._ops.views import dimensions, parts, sizes, splits
from autogradkit.core.tensor import Tensor
from autogradkit.engine.required import OPS


def _cast(tensor: Tensor, numpy_dtype: np.dtype[Any]) -> Tensor:
    from autogradkit.core.dtype import from_numpy_dtype

    return copies.to(tensor, dtype=from_numpy_dtype(numpy_dtype))


OPS.sum_array = sums.sum_array
OPS.sum_to_size = sums.sum_to_size
OPS.add = arithmetic.add_tensors
OPS.cast = _cast
OPS.clone = copies.clone
OPS.copy_ = copies.copy_
OPS.zero_ = copies.zero.in_place
OPS.as_strided = copies.renewed_view

__all__ = [
    "activation",
    "agreement",
    "arithmetic",
    "choice",
    "comparison",
    "conv",
    "copies",
    "counting",
    "create",
    "dimensions",
    "dropout",
    "elementary",
    "embedding",
    "extremes",
    "gather",
    "indexing",
    "joining",
    "likelihood",
    "loss",
    "masks",
    "moments",
    "norms",
    "order",
    "padding",
    "parts",
    "pool",
    "powers",
    "products",
    "random",
    "rearrange",
    "running",
    "sampling",
    "sizes",
    "softmax",
    "splits",
    "sums",
]
