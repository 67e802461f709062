"""The type stubs list what editors need, spelled so that a type checker can read them."""

from __future__ import annotations

import ast

import autogradkit
from autogradkit._ops.declare import PUBLISHED, PYTHON_FUNCTIONS
from autogradkit._ops.declare.unloaded import load_all
from autogradkit.core.tensor import Tensor
from scripts.write_stubs import ROOT, attached, published

load_all()  # of families that are declared when they are asked for, too


def names(body: list[ast.stmt]) -> set[str]:
    """What these statements bind."""
    found: set[str] = set()
    for node in body:
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ImportFrom):
            found.update(alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.AnnAssign | ast.Assign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found.update(each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name))
    return found


def class_names(source: str, name: str) -> set[str]:
    [found] = [node for node in ast.parse(source).body if isinstance(node, ast.ClassDef) and node.name == name]
    return names(found.body)


def test_every_member_of_tensor_is_known_to_type_checkers() -> None:
    source = (ROOT / "autogradkit/core/tensor.py").read_text(encoding="utf-8")
    own, listed = class_names(source, "Tensor"), class_names(attached(), "Attached")
    assert {name for name in vars(Tensor) if not name.startswith("_")} <= own | listed
    assert {"__add__", "__radd__", "__iadd__", "__matmul__", "__getitem__", "__setitem__", "__eq__"} <= listed
    assert {"backward", "grad", "exp", "exp_", "_array"} <= listed
    assert not own & listed, "the source and the stub both say"


def test_every_name_of_the_package_is_known_to_type_checkers() -> None:
    source = (ROOT / "autogradkit/__init__.py").read_text(encoding="utf-8")
    own, listed = names(ast.parse(source).body), names(ast.parse(published()).body)
    assert set(dir(autogradkit)) <= own | listed
    assert {name for name in {*PUBLISHED, *PYTHON_FUNCTIONS} if not name.startswith("_")} <= listed


def test_a_signature_is_spelled_as_it_was_declared() -> None:
    stub = published()
    assert "def mm(input: Tensor, mat2: Tensor, " in stub
    assert "from autogradkit.tracing import record as record" in stub
    assert "    def grad(self) -> Tensor | None: ..." in attached()
    assert "    def grad(self, value: Tensor | None) -> None: ..." in attached()
