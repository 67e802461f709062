"""What a tensor can do: op.py says how an op is declared; every other module is the table of one family.

Importing it declares all ops, and hands the engine the few that differentiation itself needs.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops import (
    conv,
    dimensions,
    embedding,
    gather,
    indexing,
    joining,
    loss,
    masks,
    matrix,
    order,
    pool,
    rearrange,
    reduce,
    scan,
    shape,
    slicing,
    statistics,
)
from autogradkit._ops.making import (
    constructors,
    conversions,
    copies,
    data,
    filled,
    random,
    ranges,
    restriding,
    sampling,
)
from autogradkit._ops.pointwise import agreement, arithmetic, choice, comparison, elementary, powers
from autogradkit.core.tensor import Tensor
from autogradkit.engine.required import OPS


def _cast(tensor: Tensor, numpy_dtype: np.dtype[Any]) -> Tensor:
    from autogradkit.core.dtype import from_numpy_dtype

    return conversions.converted(tensor, from_numpy_dtype(numpy_dtype))


OPS.sum_array = reduce.sum_array
OPS.sum_to_size = reduce.sum_to_size
OPS.add = arithmetic.add_tensors
OPS.cast = _cast
OPS.clone = copies.clone
OPS.copy_ = copies.copy_.in_place_call
OPS.zero_ = copies.zero_.in_place_call
OPS.as_strided = restriding.renewed_view

__all__ = [
    "agreement",
    "arithmetic",
    "choice",
    "comparison",
    "constructors",
    "conv",
    "conversions",
    "copies",
    "data",
    "dimensions",
    "elementary",
    "embedding",
    "filled",
    "gather",
    "indexing",
    "joining",
    "loss",
    "masks",
    "matrix",
    "order",
    "pool",
    "powers",
    "random",
    "ranges",
    "rearrange",
    "reduce",
    "restriding",
    "sampling",
    "scan",
    "shape",
    "slicing",
    "statistics",
]
