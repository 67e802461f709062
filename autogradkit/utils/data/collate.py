"""How a list of samples becomes a batch."""

from __future__ import annotations

import copy
from collections.abc import Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

import numpy as np

from autogradkit._ops.making.data import as_tensor, tensor
from autogradkit._ops.selection import joining
from autogradkit.core import dtype as dtypes
from autogradkit.core.tensor import Tensor


def default_collate(batch: Sequence[Any]) -> Any:
    """Stack tensors, arrays and numbers into tensors, and do so within tuples, lists and dicts; leave strings alone.

    Raises RuntimeError where sizes differ, TypeError for what cannot be stacked.

    >>> import autogradkit as torch
    >>> torch.utils.data.default_collate([(1, 0.5), (2, 1.5)])
    [tensor([1, 2]), tensor([0.5000, 1.5000], dtype=torch.float64)]
    """
    first = batch[0]
    if isinstance(first, str | bytes):
        return batch
    if isinstance(first, Tensor):
        if first.is_sparse:
            raise RuntimeError(
                "Batches of sparse tensors are not currently supported by the default collate_fn; please provide a custom "
                "collate_fn to handle them appropriately."
            )
        return joining.stack.owner(batch, 0)
    if isinstance(first, np.ndarray | np.generic):
        if first.dtype.kind not in "biufc":
            raise TypeError(_refusal(first.dtype))
        arrays = [as_tensor(each) for each in batch]
        return (
            joining.stack.owner(arrays, 0)
            if isinstance(first, np.ndarray)
            else tensor(list(batch), dtype=arrays[0].dtype)
        )
    if isinstance(first, float):
        return tensor(list(batch), dtype=dtypes.float64)
    if isinstance(first, int):
        return tensor(list(batch))
    if isinstance(first, Mapping):
        return _mapping_like(first, {key: default_collate([sample[key] for sample in batch]) for key in first})
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return type(first)(*(default_collate(samples) for samples in zip(*batch, strict=True)))
    if isinstance(first, Sequence):
        if any(len(sample) != len(first) for sample in batch):
            raise RuntimeError("each element in list of batch should be of equal size")
        parts = [default_collate(samples) for samples in zip(*batch, strict=True)]
        return parts if isinstance(first, tuple) else _sequence_like(first, parts)
    raise TypeError(_refusal(type(first)))


def _refusal(kind: Any) -> str:
    return f"default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {kind}"


def _mapping_like(sample: Any, values: dict[Any, Any]) -> Any:
    """The values in a mapping of the sample's class; in a dict where that is made in another way."""
    try:
        if not isinstance(sample, MutableMapping):
            return type(sample)(values)
        filled: Any = copy.copy(sample)
        filled.update(values)
        return filled
    except TypeError:
        return values


def _sequence_like(sample: Any, values: list[Any]) -> Any:
    """The values in a sequence of the sample's class; in a list where that is made in another way."""
    try:
        if not isinstance(sample, MutableSequence):
            return type(sample)(values)
        filled: Any = copy.copy(sample)
        for place, value in enumerate(values):
            filled[place] = value
        return filled
    except TypeError:
        return values


def default_convert(data: Any) -> Any:
    """One sample as it is given out without batches: arrays become tensors, within tuples, lists and dicts too."""
    if isinstance(data, Tensor | str | bytes):
        return data
    if isinstance(data, np.ndarray | np.generic):
        return as_tensor(data) if data.dtype.kind in "biufc" else data
    if isinstance(data, Mapping):
        return _mapping_like(data, {key: default_convert(value) for key, value in data.items()})
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*(default_convert(value) for value in data))
    if isinstance(data, tuple):
        return [default_convert(value) for value in data]
    if isinstance(data, Sequence):
        return _sequence_like(data, [default_convert(value) for value in data])
    return data
