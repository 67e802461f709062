"""A module that several processes train together: refused, as by PyTorch before `init_process_group`."""

from __future__ import annotations

from typing import Any

from autogradkit.core.frames import entry
from autogradkit.nn.modules.module import Module

__all__ = ["DistributedDataParallel"]


class DistributedDataParallel(Module):
    """Raises ValueError when it is made: there is one process. Scripts ask `isinstance` by it."""

    @entry
    def __init__(self, module: Module, *options: Any, **named: Any) -> None:
        raise ValueError("Default process group has not been initialized, please make sure to call init_process_group.")
