"""Where a tensor is, as on a machine without accelerators: get_device, is_pinned, pin_memory, record_stream.

Rests on declare.
"""

from __future__ import annotations

from typing import Any, NoReturn

from autogradkit._ops.declare import op, python_method
from autogradkit._ops.declare.kinds import Array, Device
from autogradkit.core.device import device as device_
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn

_NONE = "Cannot access accelerator device when none is available."


@op(composition=True)
def get_device(self: Tensor) -> int:
    """The number of its device; −1 on the CPU.

    >>> import autogradkit as torch
    >>> torch.ones(1).get_device()
    -1
    """
    return -1


@op(variants="method", composition=True)
def is_pinned(self: Array, device: Device | None = None) -> bool:
    """Always False: memory is pinned for accelerators."""
    if isinstance(device, int):
        raise RuntimeError(_NONE)
    if device is not None:
        _warn_of_device("is_pinned")
    return False


@op(variants="method", composition=True)
def pin_memory(self: Array, device: Device | None = None) -> NoReturn:
    """Raises RuntimeError: memory is pinned for accelerators, and there is none."""
    if device is not None and not isinstance(device, int):
        _warn_of_device("pin_memory")
        _warn_of_device("is_pinned")  # which PyTorch asks
        if device_(device).type == "cpu":
            raise RuntimeError("CPU device type not an accelerator.")
    raise RuntimeError(_NONE)


@op(variants="function", composition=True)
def _pin_memory(self: Array, device: Device | None = None) -> NoReturn:
    """Raises RuntimeError, as `pin_memory` does, which calls it in PyTorch.

    >>> import autogradkit as torch
    >>> torch._pin_memory(torch.ones(1))
    Traceback (most recent call last):
    RuntimeError: Cannot access accelerator device when none is available.
    """
    raise RuntimeError(_NONE)


def _warn_of_device(name: str) -> None:
    text = f"The argument 'device' of Tensor.{name}() is deprecated. Please do not pass this argument."
    warn(text, DeprecationWarning)


@python_method("record_stream")
def _record_stream(self: Tensor, s: Any) -> NoReturn:
    """Raises RuntimeError: streams are of accelerators."""
    raise RuntimeError("unknown parameter type")
