"""PyTorch's `torch.ao.quantization`: the names and the modules of `quantization`, where PyTorch defines them."""

import sys as _sys

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.quantization import *
from autogradkit.quantization import fake_quantize as fake_quantize
from autogradkit.quantization import observer as observer
from autogradkit.quantization import qconfig as qconfig
from autogradkit.quantization import quantization_mappings as quantization_mappings
from autogradkit.quantization import stubs as stubs

__getattr__ = _absent_from("ao.quantization")

# One module under two names, as what it has is one thing.
for _name in ("fake_quantize", "fuse_modules", "observer", "qconfig", "quantization_mappings", "quantize", "stubs"):
    _sys.modules[f"{__name__}.{_name}"] = _sys.modules[f"autogradkit.quantization.{_name}"]
