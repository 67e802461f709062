"""Every lesson in real JupyterLab: as it is stored, then run, with every button of every widget pressed."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Locator, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.browser.harness import SIZE, TRUST, Lab
from tests.browser.processes import ROOT

LESSONS = sorted(path.stem for path in (ROOT / "tutorials").glob("[0-9]*.ipynb"))
TRIES = 10  # to click a button, 2 s each
PICTURE = 'img[src^="data:image/svg+xml"]'


def code_cells(name: str) -> list[tuple[int, nbformat.NotebookNode]]:
    stored = nbformat.read(ROOT / "tutorials" / f"{name}.ipynb", as_version=4)
    return [(index, cell) for index, cell in enumerate(stored.cells) if cell.cell_type == "code"]


def pictures_in(cell: nbformat.NotebookNode) -> int:
    htmls = [output.data.get("text/html", "") for output in cell.outputs if "data" in output]
    return sum(html.count("data:image/svg+xml") for html in htmls)


def is_question(cell: nbformat.NotebookNode) -> bool:
    return any(
        "<summary>the answer</summary>" in output.get("data", {}).get("text/html", "") for output in cell.outputs
    )


def is_drawn(picture: Locator) -> bool:
    return picture.evaluate("image => image.decode().then(() => image.naturalWidth > 50 && Boolean(image.alt))")


@pytest.mark.parametrize("trusted", TRUST)
@pytest.mark.parametrize("name", LESSONS)
def test_stored_lesson_shows_its_pictures(lab: Lab, lesson: Callable[[str], Path], name: str, trusted: bool) -> None:
    lab.open(lesson(name), trusted=trusted, kernel=False)
    assert lab.trusted() is trusted
    for index, cell in code_cells(name):
        shown = lab.cell(index).locator(f".jp-OutputArea {PICTURE}")
        expect(shown, cell.source).to_have_count(pictures_in(cell))
        for picture in shown.all():
            assert is_drawn(picture)
        if pictures_in(cell):
            lab.screenshot(f"{name}-stored-{'trusted' if trusted else 'untrusted'}-{index}", lab.cell(index))
        if is_question(cell):
            answer = lab.cell(index).locator(".jp-OutputArea details p")
            expect(answer).not_to_be_visible()
            lab.cell(index).get_by_text("the answer", exact=True).click()
            expect(answer).to_be_visible()
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
    if lab.keeps_screenshots:
        whole(lab, name)
    widgets = lab.page.locator(".jp-OutputArea .ak-widget, .ak-prediction")
    lab.settle()
    assert lab.axe(widgets) == []
    for index, cell in code_cells(name):
        lab.page.mouse.move(0, 0)  # what lies under the pointer lights up
        if is_question(cell):
            answer_it(lab.cell(index).locator(".ak-prediction"))
        if not pictures_in(cell):
            continue
        view = lab.drawn(index).locator(".jp-OutputArea .ak-widget").first
        lab.screenshot(f"{name}-live-light-{index}", lab.cell(index))
        press_everything(view)
        lab.screenshot(f"{name}-pressed-{index}", lab.cell(index))
    lab.theme("dark")
    lab.settle()
    assert lab.axe(widgets) == []
    for index, cell in code_cells(name):
        if pictures_in(cell):
            lab.screenshot(f"{name}-live-dark-{index}", lab.cell(index))
    assert lab.failures() == expected
    assert lab.errors == []


def whole(lab: Lab, name: str) -> None:
    """Pictures of the notebook from top to bottom, in a narrow and a wide window, without the list of files."""
    lab.side_bar(shown=False)
    panel = lab.page.locator(".jp-Notebook .jp-WindowedPanel-outer")
    for width in (800, 1600):
        lab.page.set_viewport_size({"width": width, "height": 900})
        height = panel.evaluate("panel => panel.querySelector('.jp-WindowedPanel-inner').offsetHeight")
        lab.page.set_viewport_size({"width": width, "height": height + 200})
        panel.evaluate("panel => panel.scrollTo(0, 0)")
        lab.screenshot(f"{name}-whole-{width}")
    lab.page.set_viewport_size(SIZE)
    lab.side_bar(shown=True)


def answer_it(form: Locator) -> None:
    """Try the choices of a question until one is right."""
    status = form.get_by_role("status")
    form.get_by_role("radio").first.wait_for()
    for choice in form.get_by_role("radio").all():
        choice.check()
        form.get_by_role("button", name="Answer").click()
        expect(status).to_have_text(re.compile(r"^(Right[.:]|No, not)"))
        if status.inner_text().startswith("Right"):
            break
        form.get_by_role("button", name="Try again").click()
    expect(form.locator(".ak-right")).to_have_count(1)


def press_everything(view: Locator) -> None:
    """Click each button of a widget that can be clicked, and each part of its picture that says it can."""
    for number in range(view.locator("button").count()):
        button = view.locator("button").nth(number)
        for _ in range(TRIES):
            if not (button.count() and button.is_visible()):
                break  # what an earlier click asked of Python has come, and taken the button away
            with contextlib.suppress(PlaywrightTimeout):  # it may do so at any moment
                if button.is_enabled(timeout=2_000):
                    button.click(timeout=2_000)
                break
        else:
            pytest.fail(f"{button} cannot be clicked")
    view.locator("svg [role=button]").evaluate_all(
        "parts => { for (const each of parts) each.dispatchEvent(new MouseEvent('click', {bubbles: true, composed: true})); }"
    )
