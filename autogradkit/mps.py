"""PyTorch's `torch.mps` (Apple's graphics processors) as its build for the processor answers: there is no such device.

What needs the device raises RuntimeError with PyTorch's text.
"""

from __future__ import annotations

from typing import Any

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.missing_device import refusing as _refusing

_CALLED = {  # what PyTorch's text names is what its function calls
    "current_allocated_memory": "getCurrentAllocatedMemory",
    "driver_allocated_memory": "getDriverAllocatedMemory",
    "empty_cache": "emptyCache",
    "get_rng_state": "getDefaultGenerator",
    "recommended_max_memory": "getRecommendedMaxMemory",
    "seed": "getDefaultGenerator",
    "set_per_process_memory_fraction": "setMemoryFraction",
    "set_rng_state": "getDefaultGenerator",
    "synchronize": "deviceSynchronize",
}
globals().update(
    {
        name: _refusing("mps", name, RuntimeError, f"Cannot execute {called}() without MPS backend.")
        for name, called in _CALLED.items()
    }
)


def is_available() -> bool:
    """False."""
    return False


def device_count() -> int:
    """0."""
    return 0


def manual_seed(seed: int) -> None:
    """Nothing: there is no stream to seed."""
    int(seed)


class Event:
    """A moment in a stream of the device, of which there is none: it cannot be made."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("Cannot execute acquireEvent() without MPS backend.")


__getattr__ = _absent_from("mps")
