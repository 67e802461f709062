"""PyTorch's `torch._VF`: the functions of C++ by their names; code that was taken from PyTorch calls them."""

from __future__ import annotations

from typing import Any

import autogradkit


def __getattr__(name: str) -> Any:
    try:
        return getattr(autogradkit, name)
    except AttributeError:
        raise AttributeError(f"'torch._C._VariableFunctionsClass' object has no attribute '{name}'") from None
