"""PyTorch's `torch.xpu` (Intel's graphics processors) as its build for the processor answers: there is no such device.

What a script calls without asking goes on; what needs the device raises AssertionError with PyTorch's text.
"""

from __future__ import annotations

from typing import Any

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.missing_device import refusing as _refusing

_NEEDING_THE_DEVICE = (
    "current_device", "current_stream", "get_device_capability", "get_device_name", "get_device_properties",
    "get_rng_state", "init", "initial_seed", "mem_get_info", "set_device", "synchronize",
)  # fmt: skip
_SAID = "Torch not compiled with XPU enabled"
globals().update({name: _refusing("xpu", name, AssertionError, _SAID) for name in _NEEDING_THE_DEVICE})


def is_available() -> bool:
    """False."""
    return False


def is_initialized() -> bool:
    """False."""
    return False


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """False."""
    return False


def device_count() -> int:
    """0."""
    return 0


def manual_seed(seed: int) -> None:
    """Nothing: there is no stream to seed."""
    int(seed)


def manual_seed_all(seed: int) -> None:
    """Nothing, likewise."""
    int(seed)


def seed() -> None:
    """Nothing, likewise."""


def seed_all() -> None:
    """Nothing, likewise."""


def empty_cache() -> None:
    """Nothing: there is no cache."""


def memory_allocated(device: Any = None) -> int:
    """0."""
    return 0


def max_memory_allocated(device: Any = None) -> int:
    """0."""
    return 0


def memory_reserved(device: Any = None) -> int:
    """0."""
    return 0


def max_memory_reserved(device: Any = None) -> int:
    """0."""
    return 0


__getattr__ = _absent_from("xpu")
