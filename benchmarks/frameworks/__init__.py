"""The frameworks that are measured, one module each; a worker process loads one of them."""

from __future__ import annotations

import importlib

from benchmarks.frameworks.base import Framework

BASE = "pytorch"
TITLES = {BASE: "PyTorch", "autogradkit": "autogradkit", "mygrad": "MyGrad", "hips_autograd": "HIPS autograd"}


def load(name: str) -> Framework:
    """The framework of that name, imported. Raises ImportError where it is not installed."""
    module = importlib.import_module(f"benchmarks.frameworks.{name}")
    return module.framework()
