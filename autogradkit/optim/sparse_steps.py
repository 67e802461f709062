"""What optimizers that step by sparse gradients share. Rests on sparse tensors; Adagrad and SparseAdam use it."""

from __future__ import annotations

from typing import Any

from autogradkit.core.sparse import wrap_sparse
from autogradkit.core.tensor import Tensor


def at_places_of(gradient: Any, values: Tensor) -> Any:
    """A sparse tensor with other values at the places of a coalesced gradient."""
    return wrap_sparse(gradient._array.with_values(values._array))
