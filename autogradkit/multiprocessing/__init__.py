"""PyTorch's `torch.multiprocessing`: Python's `multiprocessing`. Tensors go to other processes as copies, by pickling.

PyTorch moves their memory into shared memory instead; which way that takes (the sharing strategy) is kept, and changes nothing.
"""

from __future__ import annotations

from multiprocessing import *  # noqa: F403  # pyright: ignore[reportWildcardImportFromLibrary]

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.frames import entry as _entry
from autogradkit.multiprocessing.spawn import ProcessContext as ProcessContext
from autogradkit.multiprocessing.spawn import ProcessExitedException as ProcessExitedException
from autogradkit.multiprocessing.spawn import ProcessRaisedException as ProcessRaisedException
from autogradkit.multiprocessing.spawn import SpawnContext as SpawnContext
from autogradkit.multiprocessing.spawn import spawn as spawn
from autogradkit.multiprocessing.spawn import start_processes as start_processes

_STRATEGIES = {"file_descriptor", "file_system"}
_strategy = ["file_descriptor"]


def get_all_sharing_strategies() -> set[str]:
    """The names that PyTorch has for ways to share memory."""
    return set(_STRATEGIES)


def get_sharing_strategy() -> str:
    """The name that was set."""
    return _strategy[0]


@_entry
def set_sharing_strategy(new_strategy: str) -> None:
    """Keep that name. Raises AssertionError for any other."""
    if new_strategy not in _STRATEGIES:
        raise AssertionError(f"invalid sharing strategy '{new_strategy}', expected one of {_STRATEGIES}")
    _strategy[0] = new_strategy


__getattr__ = _absent_from("multiprocessing")
