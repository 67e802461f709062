"""What every test and every example in the documentation has."""

from __future__ import annotations

import builtins
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def _python_names(doctest_namespace: dict[str, Any]) -> None:
    # The package has names such as `float` and `bool` of its own (dtypes, as in PyTorch). An example is run as a reader
    # types it, outside the package, where they are Python's.
    doctest_namespace.update((name, getattr(builtins, name)) for name in ("bool", "float", "int"))
