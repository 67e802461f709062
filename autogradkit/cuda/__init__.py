"""PyTorch's `torch.cuda` as its build for the processor answers: there is no such device.

Scripts ask first (`is_available()`), seed and empty caches without asking, and read counts of memory; all that goes on as it does
there. Whatever needs the device raises AssertionError with PyTorch's text.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any

from autogradkit._ops.making.constructors import TYPES as _TYPES
from autogradkit._ops.making.constructors import typed as _typed
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.device import OutOfMemoryError as OutOfMemoryError
from autogradkit.core.device import device as _device
from autogradkit.core.missing_device import refusing as _refusing
from autogradkit.core.tensor import Tensor as Tensor
from autogradkit.cuda import amp as amp
from autogradkit.cuda import comm as comm
from autogradkit.cuda import memory as memory
from autogradkit.cuda import nvtx as nvtx
from autogradkit.cuda import random as random
from autogradkit.cuda.memory import empty_cache as empty_cache
from autogradkit.cuda.memory import get_per_process_memory_fraction as get_per_process_memory_fraction
from autogradkit.cuda.memory import max_memory_allocated as max_memory_allocated
from autogradkit.cuda.memory import max_memory_cached as max_memory_cached
from autogradkit.cuda.memory import max_memory_reserved as max_memory_reserved
from autogradkit.cuda.memory import mem_get_info as mem_get_info
from autogradkit.cuda.memory import memory_allocated as memory_allocated
from autogradkit.cuda.memory import memory_cached as memory_cached
from autogradkit.cuda.memory import memory_reserved as memory_reserved
from autogradkit.cuda.memory import memory_snapshot as memory_snapshot
from autogradkit.cuda.memory import memory_stats as memory_stats
from autogradkit.cuda.memory import memory_summary as memory_summary
from autogradkit.cuda.memory import reset_accumulated_memory_stats as reset_accumulated_memory_stats
from autogradkit.cuda.memory import reset_max_memory_allocated as reset_max_memory_allocated
from autogradkit.cuda.memory import reset_max_memory_cached as reset_max_memory_cached
from autogradkit.cuda.memory import reset_peak_memory_stats as reset_peak_memory_stats
from autogradkit.cuda.memory import set_per_process_memory_fraction as set_per_process_memory_fraction
from autogradkit.cuda.random import get_rng_state as get_rng_state
from autogradkit.cuda.random import get_rng_state_all as get_rng_state_all
from autogradkit.cuda.random import initial_seed as initial_seed
from autogradkit.cuda.random import manual_seed as manual_seed
from autogradkit.cuda.random import manual_seed_all as manual_seed_all
from autogradkit.cuda.random import seed as seed
from autogradkit.cuda.random import seed_all as seed_all
from autogradkit.cuda.random import set_rng_state as set_rng_state
from autogradkit.cuda.random import set_rng_state_all as set_rng_state_all

_SAID = "Torch not compiled with CUDA enabled"
_NEEDING_THE_DEVICE = (
    "can_device_access_peer", "cudart", "current_blas_handle", "current_device", "current_stream", "default_stream",
    "get_device_capability", "get_device_name", "get_device_properties", "get_sync_debug_mode", "init", "ipc_collect",
    "set_sync_debug_mode", "synchronize",
)  # fmt: skip
globals().update({name: _refusing("cuda", name, AssertionError, _SAID) for name in _NEEDING_THE_DEVICE})

# What the driver's own library is asked for, which PyTorch says is not installed before it looks for a device.
_ASKED_OF_THE_DRIVER = ("clock_rate", "device_memory_used", "memory_usage", "power_draw", "temperature", "utilization")
_NO_DRIVER = "nvidia-ml-py does not seem to be installed or it can't be imported."
globals().update({name: _refusing("cuda", name, ModuleNotFoundError, _NO_DRIVER) for name in _ASKED_OF_THE_DRIVER})

# The types of its tensors: scripts name them, often as what they would have used with a device.
globals().update({each.__name__: _typed(each.dtype, is_cuda=True) for each in _TYPES})

default_generators: tuple[()] = ()
has_half, has_magma = True, False
_initialized = False  # which packages read, as `is_initialized` says it


def is_available() -> bool:
    """False: there is the processor alone.

    >>> import autogradkit as torch
    >>> torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device(type='cpu')
    """
    return False


def _lazy_call(callable: Callable[[], Any], **kwargs: Any) -> None:
    """Nothing: PyTorch keeps what is to be called once the device is there, which never happens."""


def is_initialized() -> bool:
    """False."""
    return False


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """False: it asks of the device."""
    return False


def is_tf32_supported() -> bool:
    """False."""
    return False


def device_count() -> int:
    """0."""
    return 0


def get_arch_list() -> list[str]:
    """What the package was compiled for: nothing."""
    return []


def get_gencode_flags() -> str:
    """What the package was compiled with: nothing."""
    return ""


# -- devices and streams ---------------------------------------------------------------------------------------------


def set_device(device: Any) -> None:
    """Nothing for a negative number; raises AssertionError for any device of this kind, ValueError for one of another."""
    if not isinstance(device, int):
        asked = _device(device)
        if asked.type != "cuda":
            raise ValueError(f"Expected a cuda device, but got: {asked}")
        device = asked.index or 0
    if device >= 0:
        raise AssertionError(_SAID)


class device:  # noqa: N801 - PyTorch's name
    """A block in which a device is the current one: it can be made, and not be entered."""

    def __init__(self, device: Any) -> None:
        self.idx = device

    def __enter__(self) -> None:
        raise RuntimeError("PyTorch was compiled without CUDA support")

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        pass


class Event:
    """A moment in a stream of the device, of which there is none: it cannot be made."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("Tried to instantiate dummy base class Event")


class Stream:
    """A queue of the device, of which there is none: it cannot be made."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("torch.cuda.Stream requires CUDA support")


class CUDAGraph:
    """Work of the device that is recorded and run again; likewise."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("Tried to instantiate dummy base class CUDAGraph")


class graph:  # noqa: N801 - PyTorch's name
    """A block whose work is recorded; without a device there is no such block."""

    def __init__(self, cuda_graph: Any, *_args: Any, **_kwargs: Any) -> None:
        raise AssertionError("Torch not compiled with CUDA enabled")


class StreamContext:
    """A block in which a stream is the current one; with the stream None, which is all there can be, it changes nothing."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        pass


def stream(stream: Any) -> StreamContext:
    """The block in which `stream` is the current one."""
    return StreamContext(stream)


def set_stream(stream: Any) -> None:
    """Nothing for None, which is all there can be."""


__getattr__ = _absent_from("cuda")
