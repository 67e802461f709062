"""`torch._C._functorch`: whether a tensor stands for the samples of a batch, and how it is made to. Rests on core/batched.py."""

from __future__ import annotations

from autogradkit.core.batched import BatchArray, BatchedTensor
from autogradkit.core.batched import add_batch_dim as _add_batch_dim  # noqa: F401
from autogradkit.core.batched import remove_batch_dim as _remove_batch_dim  # noqa: F401
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


def get_unwrapped(tensor: Tensor, /) -> Tensor:
    """All samples that a tensor stands for one of. Raises RuntimeError where it stands for none."""
    if not isinstance(tensor, BatchedTensor):
        raise RuntimeError("No wrappers present!")
    array = tensor._array
    assert isinstance(array, BatchArray)
    return array.samples
