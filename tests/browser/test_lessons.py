"""Every lesson in real JupyterLab: as it is stored, then run, with every button of every widget pressed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Locator, expect

from tests.browser.harness import SIZE, TRUST, Lab
from tests.browser.processes import ROOT

LESSONS = sorted(path.stem for path in (ROOT / "tutorials").glob("[0-9]*.ipynb"))
PICTURE = 'img[src^="data:image/svg+xml"]'
# What presses and waits in the page itself: a mouse that is moved there costs dozens of frames of a whole lesson, each time.
ANSWERS = """async form => {
    const said = () => form.querySelector('[role=status]').textContent;
    const button = name => [...form.querySelectorAll('button')].find(each => each.textContent.includes(name));
    const until = async met => {
        for (let looks = 0; !met(); looks++) {
            if (looks > 1000) throw new Error(`after "${said()}" nothing comes`);
            await new Promise(done => setTimeout(done, 20));
        }
    };
    for (let index = 0; index < form.querySelectorAll('input[type=radio]').length; index++) {
        await until(() => !form.querySelectorAll('input[type=radio]')[index].disabled);
        form.querySelectorAll('input[type=radio]')[index].click();
        button('Answer').click();
        await until(() => /^(Right[.:]|No, not)/.test(said()));
        if (said().startsWith('Right')) {
            return form.querySelectorAll('.ak-right').length === 1 ? 'Right' : 'Right, without a mark';
        }
        button('Try again').click();
        await until(() => said() === '');
    }
    return said();
}"""
# A button that is enabled has to lie uppermost where its middle is, as for a mouse; what an earlier one took away is left out.
PRESSED = """async view => {
    const covered = [];
    const able = button => button.checkVisibility() && !button.disabled && button.ariaDisabled !== 'true';
    for (const button of [...view.querySelectorAll('button')]) {
        if (!able(button)) continue;
        button.scrollIntoView({ block: 'center' });
        const { x, y, width, height } = button.getBoundingClientRect();
        const at = root => root?.elementFromPoint(x + width / 2, y + height / 2);
        let top = at(document);
        for (let inside; (inside = at(top?.shadowRoot)) && inside !== top; ) top = inside;
        if (button.contains(top)) button.click();
        else covered.push(`${button.textContent} lies under ${top?.outerHTML.slice(0, 80)}`);
        await new Promise(requestAnimationFrame);
    }
    for (const each of view.querySelectorAll('svg [role=button]')) {
        each.dispatchEvent(new MouseEvent('click', { bubbles: true, composed: true }));
    }
    return covered;
}"""


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


@pytest.mark.one_in(3)
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


@pytest.mark.one_in(7)
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
        photograph_whole(lab, name)
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


def photograph_whole(lab: Lab, name: str) -> None:
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
    """Try the choices of a question until one is right; test_prediction.py does so with a real mouse and real keys."""
    form.get_by_role("radio").first.wait_for()
    assert form.evaluate(ANSWERS) == "Right"


def press_everything(view: Locator) -> None:
    """Press each button of a widget that can be pressed, and each part of its picture that says it can."""
    assert view.evaluate(PRESSED) == []
