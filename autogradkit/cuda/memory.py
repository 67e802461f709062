"""PyTorch's `torch.cuda.memory`: the memory of a device, of which there is none, so none is used."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from autogradkit.core.missing_device import refusing as _refusing
from autogradkit.core.warning import warn as _warn

_SAID = "Torch not compiled with CUDA enabled"
get_per_process_memory_fraction = _refusing("cuda", "get_per_process_memory_fraction", AssertionError, _SAID)
mem_get_info = _refusing("cuda", "mem_get_info", AssertionError, _SAID)
memory_snapshot = _refusing("cuda", "memory_snapshot", AssertionError, _SAID)
memory_summary = _refusing("cuda", "memory_summary", AssertionError, _SAID)
reset_accumulated_memory_stats = _refusing("cuda", "reset_accumulated_memory_stats", AssertionError, _SAID)
reset_max_memory_allocated = _refusing("cuda", "reset_max_memory_allocated", AssertionError, _SAID)
reset_max_memory_cached = _refusing("cuda", "reset_max_memory_cached", AssertionError, _SAID)
reset_peak_memory_stats = _refusing("cuda", "reset_peak_memory_stats", AssertionError, _SAID)
set_per_process_memory_fraction = _refusing("cuda", "set_per_process_memory_fraction", AssertionError, _SAID)


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


def memory_cached(device: Any = None) -> int:
    """The old name of `memory_reserved`."""
    _warn("`torch.cuda.memory_cached` has been renamed to `torch.cuda.memory_reserved`", FutureWarning)
    return 0


def max_memory_cached(device: Any = None) -> int:
    """The old name of `max_memory_reserved`."""
    _warn("`torch.cuda.max_memory_cached` has been renamed to `torch.cuda.max_memory_reserved`", FutureWarning)
    return 0


def memory_stats(device: Any = None) -> OrderedDict[str, Any]:
    """No counts."""
    return OrderedDict()
