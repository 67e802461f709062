"""The functions below `autocast`, by which libraries switch casting without a block; each block puts back what it found.

Rests on autocast_mode, whose state they set for the calling thread. Those for one kind of device are PyTorch's older names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autogradkit.amp.autocast_mode import STATE, change, get_autocast_dtype, is_autocast_enabled
from autogradkit.core.device import device as _device
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.errors import c_type_name
from autogradkit.core.frames import entry


def _require(name: str, argument: str, place: int, value: Any, kind: type, expected: str) -> None:
    if not isinstance(value, kind):
        raise TypeError(
            f"{name}(): argument '{argument}' (position {place}) must be {expected}, not {c_type_name(value)}"
        )


@entry
def set_autocast_enabled(device_type: str | bool, enabled: bool | None = None) -> None:
    """Have ops for such a device cast, or not; `set_autocast_enabled(True)` is for CUDA.

    >>> import autogradkit as torch
    >>> torch.set_autocast_enabled("cpu", True)
    >>> (torch.ones(2, 2) @ torch.ones(2, 2)).dtype
    torch.bfloat16
    >>> torch.set_autocast_enabled("cpu", False)
    """
    if enabled is None and isinstance(device_type, bool):
        device_type, enabled = "cuda", device_type
    _require("set_autocast_enabled", "enabled", 2, enabled, bool, "bool")
    change(enabled={**STATE.enabled, _device(str(device_type)).type: bool(enabled)})


@entry
def set_autocast_dtype(device_type: str, dtype: Dtype) -> None:
    """Have ops for such a device cast to this dtype, while they cast."""
    _require("set_autocast_dtype", "dtype", 2, dtype, Dtype, "torch.dtype")
    change(dtypes={**STATE.dtypes, _device(device_type).type: dtype})


def is_autocast_cache_enabled() -> bool:
    """Whether a parameter is cast once in the outermost block."""
    return STATE.remembers


@entry
def set_autocast_cache_enabled(enabled: bool) -> None:
    """Set whether it is."""
    _require("set_autocast_cache_enabled", "enabled", 1, enabled, bool, "bool")
    change(remembers=enabled)


def clear_autocast_cache() -> None:
    """Forget the parameters that were cast."""
    STATE.remembered.clear()


def autocast_increment_nesting() -> int:
    """Enter a block; gives how many blocks there are."""
    change(depth=STATE.depth + 1)
    return STATE.depth


def autocast_decrement_nesting() -> int:
    """Leave one; leaving the outermost forgets what was cast."""
    change(depth=STATE.depth - 1)
    return STATE.depth


_Older = tuple[Callable[[], bool], Callable[[bool], None], Callable[[], Dtype], Callable[[Dtype], None]]


def _older(name: str, kind: str) -> _Older:
    """PyTorch's older names for one kind of device: whether its ops cast, setting that; to which dtype, setting that."""

    def is_enabled() -> bool:
        return is_autocast_enabled(kind)

    def set_enabled(enabled: bool) -> None:
        set_autocast_enabled(kind, enabled)

    def get_dtype() -> Dtype:
        return get_autocast_dtype(kind)

    def set_dtype(dtype: Dtype) -> None:
        set_autocast_dtype(kind, dtype)

    functions = is_enabled, set_enabled, get_dtype, set_dtype
    for function, pattern in zip(
        functions, ("is_{}_enabled", "set_{}_enabled", "get_{}_dtype", "set_{}_dtype"), strict=True
    ):
        function.__name__ = function.__qualname__ = pattern.format(f"autocast_{name}")
    return functions


is_autocast_cpu_enabled, set_autocast_cpu_enabled, get_autocast_cpu_dtype, set_autocast_cpu_dtype = _older("cpu", "cpu")
is_autocast_xla_enabled, set_autocast_xla_enabled, get_autocast_xla_dtype, set_autocast_xla_dtype = _older("xla", "xla")
is_autocast_ipu_enabled, set_autocast_ipu_enabled, get_autocast_ipu_dtype, set_autocast_ipu_dtype = _older("ipu", "ipu")
_, _, get_autocast_gpu_dtype, set_autocast_gpu_dtype = _older("gpu", "cuda")
