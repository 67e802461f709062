"""`torch._C._functorch`: whether a tensor stands for the samples of a batch."""

from __future__ import annotations

from autogradkit.core.batched import BatchedTensor
from autogradkit.core.tensor import Tensor


def is_legacy_batchedtensor(tensor: Tensor, /) -> bool:
    """Whether it is a gradient of each sample, as `is_grads_batched` sends."""
    return isinstance(tensor, BatchedTensor)
