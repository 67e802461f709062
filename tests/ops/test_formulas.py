"""The source of gradient formulas: only what runs on arrays and on tensors alike."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import autogradkit._ops

FILES = sorted(Path(autogradkit._ops.__file__).parent.glob("*.py"))
ATTRIBUTES = {"shape", "ndim"}
MODULES = {"k", "math"}  # `math` is for Python numbers


def formulas(tree: ast.AST) -> list[ast.Lambda]:
    """The lambdas given to `.vjp(...)`."""
    return [
        keyword.value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "vjp"
        for keyword in call.keywords
        if isinstance(keyword.value, ast.Lambda)
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_formulas_use_operators_shapes_and_k_only(path: Path) -> None:
    for formula in formulas(ast.parse(path.read_text(encoding="utf-8"))):
        for node in ast.walk(formula):
            if isinstance(node, ast.Name):
                assert node.id != "np", f"{path.name}:{node.lineno}: NumPy in a formula"
            if isinstance(node, ast.Attribute):
                owner = node.value.id if isinstance(node.value, ast.Name) else None
                allowed = owner in MODULES or node.attr in ATTRIBUTES
                assert allowed, f"{path.name}:{node.lineno}: .{node.attr} in a formula"


def test_there_are_formulas_to_look_at() -> None:
    found = [formula for path in FILES for formula in formulas(ast.parse(path.read_text(encoding="utf-8")))]
    assert len(found) > 100
