"""The lessons in PyTorch: every cell that needs no picture prints there what the lesson shows, and every answer is the same."""

from __future__ import annotations

import ast
import contextlib
import io
from types import SimpleNamespace
from typing import Any

import nbformat
import pytest
import torch

from autogradkit.widgets.prediction import Prediction
from scripts.store_lessons import LESSONS

NAMES = [file.stem for file in sorted(LESSONS.glob("0[0-5]*.ipynb"))]  # the last one trains with `autogradkit.vision`


def in_pytorch(source: str) -> str:
    """A cell's own Python, without magics, on PyTorch."""
    lines = [line for line in source.splitlines() if not line.startswith("%")]
    return "\n".join(lines).replace("import autogradkit as torch", "import torch")


def run(source: str, namespace: dict[str, Any]) -> tuple[str, Any, str | None]:
    """What a cell prints, the value of its last expression, and the text of the error that it ends in."""
    statements = ast.parse(source).body
    last = statements.pop() if statements and isinstance(statements[-1], ast.Expr) else None
    printed = io.StringIO()
    value = error = None
    with contextlib.redirect_stdout(printed):
        try:
            exec(compile(ast.Module(statements, []), "<lesson>", "exec"), namespace)
            if last is not None:
                value = eval(compile(ast.Expression(last.value), "<lesson>", "eval"), namespace)
        except Exception as raised:
            error = str(raised)
    return printed.getvalue(), value, error


def shown(cell: nbformat.NotebookNode) -> SimpleNamespace:
    """What a stored cell printed, showed and failed with; pictures and claims are ours and are left out."""
    outputs = cell.outputs
    result = next((each.data for each in outputs if each.output_type == "execute_result"), {})
    return SimpleNamespace(
        printed="".join(each.text for each in outputs if each.output_type == "stream"),
        result=None if cell.source.startswith("%") else result.get("text/plain"),
        html=result.get("text/html"),
        error=next((each.evalue for each in outputs if each.output_type == "error"), None),
    )


def written(value: Any) -> str | None:
    return value.plain() if isinstance(value, Prediction) else None if value is None else repr(value)


@pytest.mark.parametrize("name", NAMES)
def test_a_lesson_is_true_of_pytorch(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autogradkit.lessons.display", lambda proved: None)
    monkeypatch.setenv("MPLBACKEND", "agg")
    namespace: dict[str, Any] = {"torch": torch}
    cells = [cell for cell in nbformat.read(LESSONS / f"{name}.ipynb", as_version=4).cells if cell.cell_type == "code"]
    predictions = 0
    for cell in cells:
        stored = shown(cell)
        printed, value, error = run(in_pytorch(cell.source), namespace)
        assert (printed, error) == (stored.printed, stored.error), cell.source
        assert written(value) == stored.result, cell.source
        if isinstance(value, Prediction):
            assert value.static_html() == stored.html, cell.source
            predictions += 1
    assert predictions > 0
