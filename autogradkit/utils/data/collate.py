"""How a list of samples becomes a batch."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

import numpy as np

from autogradkit._ops.making.data import as_tensor, tensor
from autogradkit._ops.selection import joining
from autogradkit.core import dtype as dtypes
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor

Collates = dict[type | tuple[type, ...], Callable[..., Any]]


@entry
def collate(batch: Sequence[Any], *, collate_fn_map: Collates | None = None) -> Any:
    """Make a batch of samples: by the function that the map has for their class, else within tuples, lists and dicts.

    Such a function gets the samples, and by name `collate_fn_map`. Raises RuntimeError where sizes differ, TypeError for what no
    function takes.

    >>> collate([(1, "a"), (2, "b")], collate_fn_map={int: lambda batch, *, collate_fn_map: sum(batch), str: lambda b, **_: b})
    [3, ('a', 'b')]
    """
    first = batch[0]
    if collate_fn_map is not None:
        of_class = collate_fn_map.get(type(first)) or next(
            (function for kind, function in collate_fn_map.items() if isinstance(first, kind)), None
        )
        if of_class is not None:
            return of_class(batch, collate_fn_map=collate_fn_map)

    def inner(samples: Sequence[Any]) -> Any:
        return collate(samples, collate_fn_map=collate_fn_map)

    if isinstance(first, Mapping):
        return _mapping_like(first, {key: inner([sample[key] for sample in batch]) for key in first})
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return type(first)(*(inner(samples) for samples in zip(*batch, strict=True)))
    if isinstance(first, Sequence):
        if any(len(sample) != len(first) for sample in batch):
            raise RuntimeError("each element in list of batch should be of equal size")
        parts = [inner(samples) for samples in zip(*batch, strict=True)]
        return parts if isinstance(first, tuple) else _sequence_like(first, parts)
    raise TypeError(_refusal(type(first)))


def collate_tensor_fn(batch: Sequence[Tensor], *, collate_fn_map: Collates | None = None) -> Any:
    """Tensors stacked. Raises RuntimeError for sparse ones."""
    if batch[0].is_sparse:
        raise RuntimeError(
            "Batches of sparse tensors are not currently supported by the default collate_fn; please provide a custom "
            "collate_fn to handle them appropriately."
        )
    return joining.stack.owner(batch, 0)


def collate_numpy_array_fn(batch: Sequence[Any], *, collate_fn_map: Collates | None = None) -> Any:
    """Arrays as tensors, collated as those are."""
    if batch[0].dtype.kind not in "biufc":
        raise TypeError(_refusal(batch[0].dtype))
    return collate([as_tensor(each) for each in batch], collate_fn_map=collate_fn_map)


def collate_numpy_scalar_fn(batch: Sequence[Any], *, collate_fn_map: Collates | None = None) -> Tensor:
    """NumPy's numbers as one tensor of the dtype that they have together."""
    return tensor(list(batch))


def collate_float_fn(batch: Sequence[float], *, collate_fn_map: Collates | None = None) -> Tensor:
    """Numbers as a tensor in double precision."""
    return tensor(list(batch), dtype=dtypes.float64)


def collate_int_fn(batch: Sequence[int], *, collate_fn_map: Collates | None = None) -> Tensor:
    """Whole numbers, or bools, as a tensor."""
    return tensor(list(batch))


def collate_str_fn(batch: Sequence[Any], *, collate_fn_map: Collates | None = None) -> Any:
    """Strings as they are."""
    return batch


# What `default_collate` goes by; whoever adds a class of his own to it has it collated in every loader.
default_collate_fn_map: Collates = {
    Tensor: collate_tensor_fn,
    np.ndarray: collate_numpy_array_fn,
    (np.bool_, np.number, np.object_): collate_numpy_scalar_fn,
    float: collate_float_fn,
    int: collate_int_fn,
    str: collate_str_fn,
    bytes: collate_str_fn,
}


@entry
def default_collate(batch: Sequence[Any]) -> Any:
    """Stack tensors, arrays and numbers into tensors, and do so within tuples, lists and dicts; leave strings alone.

    Raises RuntimeError where sizes differ, TypeError for what cannot be stacked.

    >>> import autogradkit as torch
    >>> torch.utils.data.default_collate([(1, 0.5), (2, 1.5)])
    [tensor([1, 2]), tensor([0.5000, 1.5000], dtype=torch.float64)]
    """
    return collate(batch, collate_fn_map=default_collate_fn_map)


default_collate_err_msg_format = (
    "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {}"
)


def _refusal(kind: Any) -> str:
    return default_collate_err_msg_format.format(kind)


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
