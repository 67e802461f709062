"""PyTorch's `torch._utils`, of which scripts that average gradients themselves take two functions, and the module of a device.

Rests on the ops.
"""

from __future__ import annotations

import importlib as _importlib
from collections.abc import Iterable, Sequence
from types import ModuleType as _ModuleType
from typing import Any as _Any

from autogradkit._ops.selection.joining import cat as _cat
from autogradkit.core.device import device as _device
from autogradkit.core.frames import entry as _entry
from autogradkit.core.tensor import Tensor as _Tensor

_MODULES = ("cpu", "cuda", "xpu", "mps")


@_entry
def _flatten_dense_tensors(tensors: Iterable[_Tensor]) -> _Tensor:
    """All elements of some tensors in one row. Raises ValueError for none.

    >>> import autogradkit as torch
    >>> _flatten_dense_tensors([torch.tensor([[1, 2], [3, 4]]), torch.tensor(5)])
    tensor([1, 2, 3, 4, 5])
    """
    return _cat([tensor.reshape(-1) for tensor in tensors])


@_entry
def _unflatten_dense_tensors(flat: _Tensor, tensors: Sequence[_Tensor]) -> tuple[_Tensor, ...]:
    """Parts of such a row with the sizes of `tensors`; they are views of it. Raises RuntimeError where it is too short.

    >>> import autogradkit as torch
    >>> _unflatten_dense_tensors(torch.arange(3), [torch.ones(2), torch.ones(1)])
    (tensor([0, 1]), tensor([2]))
    """
    parts: list[_Tensor] = []
    begin = 0
    for tensor in tensors:
        parts.append(flat.narrow(0, begin, tensor.numel()).view(tensor.shape))
        begin += tensor.numel()
    return tuple(parts)


@_entry
def get_device_module(device: _Any = None) -> _ModuleType:
    """The module of a device's kind: `torch.cpu`, also where none is given. Raises RuntimeError for what has no module.

    >>> import autogradkit as torch
    >>> torch.get_device_module("cpu").is_available()
    True
    """
    if device is not None and not isinstance(device, _device | str):
        raise RuntimeError(f"Invalid value of device '{device}', expect torch.device, str, or None")
    return _get_device_module(_device("cpu" if device is None else device).type)


def _get_available_device_type() -> None:
    """None: no accelerator is there."""


@_entry
def _get_device_module(device_type: str) -> _ModuleType:
    """The module of devices of a kind. Raises RuntimeError for what has no module."""
    if device_type not in _MODULES:
        raise RuntimeError(
            f"Device '{device_type}' does not have a corresponding module registered as 'torch.{device_type}'."
        )
    return _importlib.import_module(f"autogradkit.{device_type}")
