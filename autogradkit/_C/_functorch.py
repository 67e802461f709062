"""`torch._C._functorch`: whether a tensor stands for the samples of a batch, and how it is made to. Rests on core/batched.py."""

from __future__ import annotations

from typing import Any

from autogradkit.core.batched import Batch, BatchArray, BatchedTensor, under_way, unwrapped, wrap_batched
from autogradkit.core.shapes import wrap_dim
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


def _add_batch_dim(tensor: Tensor, dim: int, level: int, /) -> Tensor:
    """One sample of a tensor whose samples lie along `dim`, for the `vmap` of this level, from 1 for the outermost."""
    samples: Any = tensor
    return wrap_batched(samples.movedim(wrap_dim(dim, samples.dim()), 0), _of_level(level))


def _remove_batch_dim(tensor: Tensor, level: int, batch_size: int, out_dim: int, /) -> Tensor:
    """All samples of a tensor of the `vmap` of this level, along `out_dim`; what is none is the same for `batch_size` samples."""
    batch = _of_level(level)
    if batch.size != batch_size:
        raise RuntimeError(f"the vmap of level {level} has {batch.size} samples, not {batch_size}")
    return unwrapped(tensor, [batch]).movedim(0, out_dim)


def _of_level(level: int) -> Batch:
    for batch in under_way():
        if batch.number == level:
            return batch
    raise RuntimeError(f"no vmap of level {level} is under way")
