"""Every lesson in real JupyterLab: as it is stored, then run, with every button of every widget pressed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Locator

from tests.browser.harness import ROOT, Lab

LESSONS = sorted(path.stem for path in (ROOT / "tutorials").glob("[0-9]*.ipynb"))
PICTURE = 'img[src^="data:image/svg+xml"]'


def code_cells(name: str) -> list[tuple[int, nbformat.NotebookNode]]:
    stored = nbformat.read(ROOT / "tutorials" / f"{name}.ipynb", as_version=4)
    return [(index, cell) for index, cell in enumerate(stored.cells) if cell.cell_type == "code"]


def pictures_in(cell: nbformat.NotebookNode) -> int:
    htmls = [output.data.get("text/html", "") for output in cell.outputs if "data" in output]
    return sum(html.count("data:image/svg+xml") for html in htmls)


def is_drawn(picture: Locator) -> bool:
    return picture.evaluate("image => image.complete && image.naturalWidth > 50 && Boolean(image.alt)")


@pytest.mark.parametrize("trusted", [True, False], ids=["trusted", "untrusted"])
@pytest.mark.parametrize("name", LESSONS)
def test_stored_lesson_shows_its_pictures(lab: Lab, lesson: Callable[[str], Path], name: str, trusted: bool) -> None:
    lab.open(lesson(name), trusted=trusted)
    assert lab.trusted() is trusted
    for index, cell in code_cells(name):
        shown = lab.cell(index).locator(f".jp-OutputArea {PICTURE}")
        assert shown.count() == pictures_in(cell), cell.source
        for picture in shown.all():
            assert is_drawn(picture)
        if shown.count():
            lab.screenshot(f"{name}-stored-{'trusted' if trusted else 'untrusted'}-{index}", lab.cell(index))
    assert "Error displaying widget" not in lab.page.locator(".jp-Notebook").inner_text()


@pytest.mark.parametrize("name", LESSONS)
def test_lesson_runs_and_answers(lab: Lab, lesson: Callable[[str], Path], name: str) -> None:
    lab.open(lesson(name))
    expected = [
        f"{output.ename}: {output.evalue}"
        for _, cell in code_cells(name)
        for output in cell.outputs
        if output.output_type == "error"
    ]
    lab.run_all()
    assert lab.failures() == expected
    for index, cell in code_cells(name):
        if not pictures_in(cell):
            continue
        view = lab.cell(index).locator(".jp-OutputArea .ak-widget").first
        view.wait_for()
        lab.screenshot(f"{name}-live-light-{index}", lab.cell(index))
        assert lab.axe(view) == []
        press_everything(view)
        lab.screenshot(f"{name}-pressed-{index}", lab.cell(index))
    lab.theme("dark")
    for index, cell in code_cells(name):
        if pictures_in(cell):
            lab.screenshot(f"{name}-live-dark-{index}", lab.cell(index))
            assert lab.axe(lab.cell(index).locator(".jp-OutputArea .ak-widget").first) == []
    assert lab.failures() == expected
    assert lab.errors == []


def press_everything(view: Locator) -> None:
    """Click each button of a widget that can be clicked, and each part of its picture that says it can."""
    for number in range(view.locator("button").count()):
        button = view.locator("button").nth(number)
        if button.count() and button.is_visible() and button.is_enabled():
            button.click()
    parts = view.locator("svg [role=button]")
    for number in range(parts.count()):
        if parts.nth(number).count():
            parts.nth(number).dispatch_event("click")
