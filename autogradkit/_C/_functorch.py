"""`torch._C._functorch`: whether a tensor stands for the samples of a batch."""

from __future__ import annotations

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.batched import BatchArray, BatchedTensor
from autogradkit.core.tensor import Tensor


def is_batchedtensor(tensor: Tensor, /) -> bool:
    """Whether it is one sample as `vmap`'s function sees it."""
    return isinstance(tensor, BatchedTensor) and not _of_gradients(tensor)


def is_legacy_batchedtensor(tensor: Tensor, /) -> bool:
    """Whether it is a gradient of each sample, as `is_grads_batched` sends."""
    return isinstance(tensor, BatchedTensor) and _of_gradients(tensor)


def _of_gradients(tensor: BatchedTensor) -> bool:
    array = tensor._array
    assert isinstance(array, BatchArray)
    return array.batch.of_gradients


__getattr__ = _absent_from("_C._functorch")
