"""PyTorch's `torch.nn.parallel`: one module on several devices, of which there is one here."""

from __future__ import annotations

from typing import Any, NoReturn

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.frames import entry as _entry
from autogradkit.nn.modules.module import Module
from autogradkit.nn.modules.parallel import DataParallel

__all__ = ["DataParallel", "data_parallel"]


@_entry
def data_parallel(
    module: Module,
    inputs: Any,
    device_ids: Any = None,
    output_device: Any = None,
    dim: int = 0,
    module_kwargs: Any = None,
) -> NoReturn:
    """What a module gives, its batch spread over accelerators: refused with RuntimeError, as in PyTorch where there are none."""
    raise RuntimeError("device type could not be determined")


__getattr__ = _absent_from("nn.parallel")
