"""PyTorch's own tensors, which no recorder of this package hears: how to tell them, and what to say of them.

Rests on `namespace`: PyTorch is never imported, for what comes from it brought it along. The magics and the traced
cells ask.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

from autogradkit.core.own import home_of
from autogradkit.tracing.namespace import holds

INSTEAD = (
    "With `import autogradkit as torch` in place of `import torch`, the same code runs on tensors that it sees into."
)
_NAME = re.compile(r"[^\W\d]\w*")


def is_pytorchs(value: Any) -> bool:
    """Whether a value is PyTorch's: the package, a module, function or class of it, or a tensor, layer or optimizer."""
    if holds(value, ModuleType):  # while this package stands in for it, its name is PyTorch's
        return _in_pytorch(getattr(vars(value).get("__spec__"), "name", value.__name__))
    if type(value) is FunctionType:
        return _in_pytorch(home_of(value))
    if type(value) is BuiltinFunctionType:
        return _in_pytorch(value.__module__)
    kind = value if holds(value, type) else type(value)
    return any(_in_pytorch(home_of(each)) for each in kind.__mro__)


def is_pytorchs_tensor(value: Any) -> bool:
    """Whether a value is a tensor of PyTorch's own."""
    return is_pytorchs(value) and hasattr(type(value), "untyped_storage")


def pytorchs_names(source: str, namespace: Mapping[str, Any]) -> list[str]:
    """The names in some code that stand for something of PyTorch's, in the order in which the code uses them."""
    return [name for name in dict.fromkeys(_NAME.findall(source)) if name in namespace and is_pytorchs(namespace[name])]


def _in_pytorch(module: Any) -> bool:
    return isinstance(module, str) and module.partition(".")[0] == "torch"
