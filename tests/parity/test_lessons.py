"""The lessons in PyTorch: every cell that needs no picture prints there what the lesson shows, and every answer is the same."""

from __future__ import annotations

import ast
import contextlib
import io
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from autogradkit.widgets.prediction import Prediction

LESSONS = Path(__file__).parent.parent.parent / "tutorials"
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


def code_cells(name: str) -> list[dict[str, Any]]:
    """The cells of a lesson as its file has them; a text is a list of lines there."""
    cells = json.loads((LESSONS / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def shown(cell: dict[str, Any]) -> SimpleNamespace:
    """What a stored cell printed, showed and failed with; pictures and claims are ours and are left out."""
    outputs = cell["outputs"]
    result = next((each["data"] for each in outputs if each["output_type"] == "execute_result"), {})
    plain, html = (None if kind not in result else "".join(result[kind]) for kind in ("text/plain", "text/html"))
    return SimpleNamespace(
        printed="".join("".join(each["text"]) for each in outputs if each["output_type"] == "stream"),
        result=None if "".join(cell["source"]).startswith("%") else plain,
        html=html,
        error=next((each["evalue"] for each in outputs if each["output_type"] == "error"), None),
    )


def written(value: Any) -> str | None:
    return value.plain() if isinstance(value, Prediction) else None if value is None else repr(value)


@pytest.mark.parametrize("name", NAMES)
def test_a_lesson_is_true_of_pytorch(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autogradkit.lessons.display", lambda proved: None)
    monkeypatch.setenv("MPLBACKEND", "agg")
    namespace: dict[str, Any] = {"torch": torch}
    predictions = 0
    for cell in code_cells(name):
        stored, source = shown(cell), "".join(cell["source"])
        printed, value, error = run(in_pytorch(source), namespace)
        assert (printed, error) == (stored.printed, stored.error), source
        assert written(value) == stored.result, source
        if isinstance(value, Prediction):
            assert value.static_html() == stored.html, source
            predictions += 1
    assert predictions > 0
