"""Storing lessons: what is dropped, what is kept, and that the lessons in the repository are stored so."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from scripts.store_lessons import LESSONS, ROOT, WIDGET_VIEW, clean, run

STORED = sorted(LESSONS.rglob("[0-9]*.ipynb"))


def test_runs_and_cleans(tmp_path: Path) -> None:
    cells = [
        nbformat.v4.new_markdown_cell("# Title", metadata={"collapsed": True}),
        nbformat.v4.new_code_cell(
            "import sys\nimport ipywidgets\nprint('a', flush=True)\nprint('b')\nipywidgets.IntSlider(3)"
        ),
        nbformat.v4.new_code_cell("import autogradkit\nautogradkit.ones(2)"),
        nbformat.v4.new_code_cell(
            "autogradkit.ones(2) @ autogradkit.ones(3)", metadata={"tags": ["raises-exception"], "scrolled": True}
        ),
    ]
    notebook = nbformat.v4.new_notebook(cells=cells)
    run(notebook, tmp_path)
    assert "widgets" in notebook.metadata
    stored = clean(notebook)
    assert set(stored.metadata) == {"kernelspec", "language_info"}
    assert [cell.id for cell in stored.cells] == [cell.id for cell in notebook.cells]
    stream, shown = stored.cells[1].outputs
    assert stream.text == "a\nb\n"
    assert WIDGET_VIEW not in shown.data
    assert "IntSlider" in shown.data["text/plain"]
    assert [cell.execution_count for cell in stored.cells[1:]] == [1, 2, 3]
    assert stored.cells[2].outputs[0].data["text/plain"] == "tensor([1., 1.])"
    assert stored.cells[3].metadata == {"tags": ["raises-exception"]}
    assert stored.cells[0].metadata == {}
    assert stored.cells[3].outputs[0].ename == "RuntimeError"
    assert str(ROOT) not in nbformat.writes(stored)
    assert clean(stored) == stored
    nbformat.validate(stored)


@pytest.mark.parametrize("file", STORED, ids=lambda file: file.relative_to(LESSONS).as_posix())
def test_lessons_are_stored_clean(file: Path) -> None:
    stored = nbformat.read(file, as_version=4)
    assert clean(stored) == stored
    code = [cell for cell in stored.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code)
    assert file.stat().st_size < 600_000
