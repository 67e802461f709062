"""PyTorch's `torch.cuda.nvtx`: marks for a profiler of GPUs, which its build for the processor refuses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.frames import entry as _entry

__all__ = ["mark", "range", "range_pop", "range_push"]


@_entry
def range_push(msg: str) -> NoReturn:
    """Raises RuntimeError, as `range_pop`, `mark` and `range` do."""
    raise RuntimeError("NVTX functions not installed. Are you sure you have a CUDA build?")


def range_pop() -> NoReturn:
    """Raises RuntimeError."""
    range_push("")


def mark(msg: str) -> NoReturn:
    """Raises RuntimeError."""
    range_push(msg)


@contextmanager
def range(msg: str, *args: Any, **kwargs: Any) -> Iterator[None]:
    """Raises RuntimeError when the block is entered."""
    range_push(msg)
    yield


__getattr__ = _absent_from("cuda.nvtx")
