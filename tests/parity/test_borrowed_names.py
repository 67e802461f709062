"""Names that public code takes from modules of PyTorch that only import them: here each is the same thing."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

from autogradkit.core.borrowed import _BORROWED
from tests.every_case import every_case


def told(library: str, namespace: str, name: str) -> Any:
    found = getattr(importlib.import_module(f"{library}.{namespace}"), name)
    if name.endswith("_doc"):  # parts of docstrings, which are our own
        return type(found)
    if isinstance(found, ModuleType):
        return found.__name__.replace("autogradkit", "torch")
    named = getattr(found, "__name__", None)
    return found if named is None else named.removeprefix("_")  # as PyTorch has functions of C++ under other names


@every_case("namespace name", [(space, name) for space, names in _BORROWED.items() for name in names])
def test_a_name_that_a_module_borrows_is_what_pytorchs_has(namespace: str, name: str) -> None:
    assert told("autogradkit", namespace, name) == told("torch", namespace, name)
