"""What optimizers that step by sparse gradients share. Rests on ops of sparse tensors; Adagrad and SparseAdam use it."""

from __future__ import annotations

from autogradkit._ops.sparse.making import sparse_coo_tensor
from autogradkit.core.tensor import Tensor


def at_places_of(gradient: Tensor, values: Tensor) -> Tensor:
    """Other values at the places of a coalesced gradient."""
    return sparse_coo_tensor(gradient._indices(), values, gradient.size(), is_coalesced=True)
