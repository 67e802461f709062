"""Networks: `Module` and its parameters, layers, losses, containers, initial values, and their functions.

Rests on tensors and autograd; optimizers take what `Module.parameters()` gives.
"""

import importlib as _importlib
import sys as _sys
from typing import Any as _Any

from autogradkit.core.absent import lookup_error as _lookup_error
from autogradkit.nn import functional, init, modules, parallel, parameter
from autogradkit.nn import grad as grad
from autogradkit.nn.modules import *
from autogradkit.nn.modules.members import factory_kwargs as factory_kwargs
from autogradkit.nn.parallel import DataParallel
from autogradkit.nn.parameter import *

__all__ = ["DataParallel", "factory_kwargs", "functional", "init", "modules", "parallel", "parameter"]
__all__ += modules.__all__
__all__ += parameter.__all__


def __getattr__(name: str) -> _Any:
    if name in ("_reduction", "attention", "common_types", "utils"):
        return _importlib.import_module(f"autogradkit.nn.{name}")
    if name in ("intrinsic", "qat", "quantized"):  # older names of what is `ao`'s
        return _importlib.import_module(f"autogradkit.ao.nn.{name}")
    raise _lookup_error("nn", name, _sys._getframe(1))
