"""PyTorch's `torch.ao.nn.intrinsic`: layers that follow one another, as one; in `qat` rounding, in `quantized` quantised."""

import importlib as _importlib
from typing import Any as _Any

import autogradkit.quantization as _quantization  # noqa: F401 - it makes such layers, and is to begin
from autogradkit.ao.nn.intrinsic.fused import *
from autogradkit.core.absent import absent_from as _absent_from

_absent = _absent_from("ao.nn.intrinsic")


def __getattr__(name: str) -> _Any:
    return _importlib.import_module(f"{__name__}.{name}") if name in ("qat", "quantized") else _absent(name)
