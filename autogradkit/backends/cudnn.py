"""PyTorch's `torch.backends.cudnn`: switches of a library that is not here. They keep what is set and change nothing."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from autogradkit.backends.switches import switchboard as _switchboard
from autogradkit.core.absent import absent_from as _absent_from

enabled = True
benchmark = False
benchmark_limit: int | None = None
deterministic = False
allow_tf32 = True

_BOARD = _switchboard(
    __name__,
    {
        "enabled": "set_enabled_cudnn",
        "benchmark": "set_benchmark_cudnn",
        "deterministic": "set_deterministic_cudnn",
        "allow_tf32": "set_allow_tf32_cublas",  # PyTorch's text says so
    },
)


def is_available() -> bool:
    """False."""
    return False


def version() -> int | None:
    """None."""
    return None


def is_acceptable(tensor: Any) -> bool:
    """False: the library takes no tensor of the processor."""
    return False


def flags(
    enabled: bool = False,
    benchmark: bool = False,
    benchmark_limit: int = 10,
    deterministic: bool = False,
    allow_tf32: bool = True,
) -> AbstractContextManager[None]:
    """In its block the switches are as given."""
    return _BOARD.set_in_block(
        {"enabled": enabled, "benchmark": benchmark, "deterministic": deterministic, "allow_tf32": allow_tf32}
    )


__getattr__ = _absent_from("backends.cudnn")
