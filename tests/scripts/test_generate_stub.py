"""The committed type stubs are what the declarations give, and list what editors need."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from autogradkit._ops.op import PUBLIC
from autogradkit.core.tensor import Tensor
from scripts.generate_stub import STUBS


@pytest.mark.parametrize("file", STUBS, ids=lambda file: file.name)
def test_stub_is_up_to_date(file: Path) -> None:
    assert file.read_text(encoding="utf-8") == STUBS[file](), "run python scripts/generate_stub.py"


def test_every_method_is_listed() -> None:
    [file] = [file for file in STUBS if file.name == "tensor.pyi"]
    [tensor] = [node for node in ast.parse(file.read_text(encoding="utf-8")).body if isinstance(node, ast.ClassDef)]
    listed = {node.name for node in tensor.body if isinstance(node, ast.FunctionDef)}
    listed |= {
        target.id
        for node in tensor.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    attached = {name for name in vars(Tensor) if not name.startswith("_")}
    assert attached <= listed
    assert {"__add__", "__matmul__", "__getitem__", "__setitem__", "backward", "grad"} <= listed


def test_every_function_is_listed() -> None:
    [file] = [file for file in STUBS if file.name == "__init__.pyi"]
    listed = {
        node.name for node in ast.parse(file.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)
    }
    assert {name for name in PUBLIC if not name.startswith("_")} <= listed
