"""Copies of a module on several devices, of which there are none: refused as PyTorch without GPUs does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

from autogradkit.core.frames import entry
from autogradkit.nn.parallel._functions import _require_devices


@entry
def replicate(network: Any, devices: Sequence[Any], detach: bool = False) -> NoReturn:
    """Raises ValueError where a device is the processor, AssertionError for a module whose parameters are there."""
    _require_devices(devices)
    raise AssertionError("Broadcast function not implemented for CPU tensors")
