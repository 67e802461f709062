"""PyTorch's `torch.ao`: the namespaces of quantising, where its names are defined there. Each is loaded when it is named."""

import importlib as _importlib
from typing import Any as _Any

from autogradkit.core.absent import absent_from as _absent_from

_absent = _absent_from("ao")


def __getattr__(name: str) -> _Any:
    # Not at once: `quantization`, which `ao.quantization` has the names of, asks for the layers of `ao.nn`.
    return _importlib.import_module(f"autogradkit.ao.{name}") if name in ("nn", "quantization") else _absent(name)
