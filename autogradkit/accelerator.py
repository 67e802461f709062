"""PyTorch's `torch.accelerator`, whichever device there is beside the processor: none.

What needs one raises RuntimeError with PyTorch's text.
"""

from __future__ import annotations

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.device import NO_ACCELERATOR
from autogradkit.core.device import device as _device
from autogradkit.core.missing_device import refusing as _refusing

_NEEDING_THE_DEVICE = (
    "current_device_index", "current_stream", "empty_cache", "get_device_capability", "get_memory_info",
    "max_memory_allocated", "max_memory_reserved", "memory_allocated", "memory_reserved", "memory_stats",
    "reset_accumulated_memory_stats", "reset_peak_memory_stats", "set_device_index", "synchronize",
)  # fmt: skip
globals().update({name: _refusing("accelerator", name, RuntimeError, NO_ACCELERATOR) for name in _NEEDING_THE_DEVICE})


def is_available() -> bool:
    """False."""
    return False


def device_count() -> int:
    """0."""
    return 0


def current_accelerator(check_available: bool = False) -> _device | None:
    """None.

    >>> import autogradkit as torch
    >>> torch.accelerator.current_accelerator() or torch.device("cpu")
    device(type='cpu')
    """
    return None


__getattr__ = _absent_from("accelerator")
