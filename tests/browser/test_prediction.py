"""A prediction in real JupyterLab: answered by mouse and by keyboard, stored with its answer closed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.harness import TRUST, Lab
from tests.browser.notebook_files import write_notebook
from tests.browser.processes import ROOT, Server

SETUP = "import autogradkit as torch\nfrom autogradkit.lessons import check, predict"
ASK = """w = torch.tensor(1.0, requires_grad=True)
(2 * w).backward()
(5 * w).backward()
asked = predict(
    "What does `w.grad` hold <b>now</b>?",
    {5: "the second replaces the first", 7: "they are added", "<i>both</i>": "it is a list"},
    w.grad,
)
asked"""
PROVE = "check('`w.grad` is the sum', w.grad == 7)\ncheck('not so', w.grad == 5)"
RIGHT = "Right: they are added."
WRONG = "No, not 5 (the second replaces the first). The answer is 7: they are added."


def form_and_answer(lab: Lab) -> tuple[Locator, Locator]:
    """The living question, and what it says of an answer."""
    form = lab.cell(1).locator(".jp-OutputArea .ak-prediction")
    return form, form.get_by_role("status")


@pytest.fixture
def question(lab: Lab, notebook: Callable[..., Path]) -> Path:
    path = notebook(SETUP, ASK, PROVE)
    lab.open(path)
    lab.run_cell(0)
    lab.run_cell(1)
    return path


def test_by_mouse_wrong_then_right(lab: Lab, question: Path) -> None:
    form, status = form_and_answer(lab)
    expect(form.get_by_role("group")).to_have_accessible_name("Predict. What does w.grad hold <b>now</b>?")
    expect(form.get_by_role("radio")).to_have_count(3)
    expect(status).to_have_text("")
    assert "added" not in form.inner_text()
    assert lab.axe(form) == []
    lab.screenshot("prediction-asked", lab.cell(1))

    form.get_by_role("button", name="Answer").click()
    lab.wait_for("asked.chosen", "-1")
    form.get_by_text("5", exact=True).click()
    assert "added" not in form.inner_text()
    form.get_by_role("button", name="Answer").click()
    expect(status).to_have_text(WRONG)
    expect(form.get_by_role("radio", name="7 ✓ right")).to_be_disabled()
    expect(form.get_by_role("radio", name="5 ✗ not this")).to_be_checked()
    lab.wait_for("asked.chosen", "0")
    assert lab.axe(form) == []
    lab.screenshot("prediction-wrong", lab.cell(1))

    form.get_by_role("button", name="Try again").click()
    expect(status).to_have_text("")
    form.get_by_role("radio", name="7").check()
    form.get_by_role("button", name="Answer").click()
    expect(status).to_have_text(RIGHT)
    lab.wait_for("asked.chosen", "1")
    lab.theme("dark")
    assert lab.axe(form) == []
    lab.screenshot("prediction-right-dark", lab.cell(1))
    for radio in form.locator("label").all():
        assert radio.bounding_box()["height"] >= 24  # type: ignore[index]
    assert lab.errors == []


def test_by_keyboard(lab: Lab, question: Path) -> None:
    form, status = form_and_answer(lab)
    form.get_by_role("radio").first.focus()
    keys = lab.page.keyboard
    keys.press("Space")
    expect(form.get_by_role("radio", name="5")).to_be_checked()
    keys.press("ArrowDown")
    expect(form.get_by_role("radio", name="7")).to_be_checked()
    expect(form.get_by_role("radio", name="7")).to_be_focused()
    keys.press("b")  # would insert a cell
    keys.press("Tab")
    expect(form.get_by_role("button", name="Answer")).to_be_focused()
    keys.press("Enter")
    expect(status).to_have_text(RIGHT)
    lab.wait_for("asked.chosen", "1")
    expect(form.get_by_role("button", name="Try again")).to_be_focused()
    keys.press("Space")
    expect(status).to_have_text("")
    keys.press("Shift+Tab")  # where nothing is chosen, to the last one
    keys.press("Space")
    keys.press("Enter")  # in a form, it answers
    lab.wait_for("asked.chosen", "2")
    expect(lab.page.locator(".jp-Notebook .jp-Cell")).to_have_count(3)  # and no shortcut of the notebook's took a key
    assert lab.page.evaluate("() => window.jupyterapp.shell.currentWidget.content.activeCellIndex") == 1
    assert lab.errors == []


@pytest.mark.wide
def test_what_was_answered_is_there_beside_the_same_kernel_and_not_in_what_is_stored(lab: Lab, question: Path) -> None:
    form, _ = form_and_answer(lab)
    form.get_by_role("radio", name="5").check()
    form.get_by_role("button", name="Answer").click()
    lab.wait_for("asked.chosen", "0")
    lab.save()
    lab.close(keep_kernel=True)
    lab.reload()
    lab.open(question)
    expect(form_and_answer(lab)[1]).to_have_text(WRONG)
    lab.close()
    lab.reload()
    lab.open(question, kernel=False)
    assert_closed(lab.cell(1).locator(".jp-OutputArea"))


@pytest.fixture(scope="module")
def stored(page: Lab) -> bytes:
    """The file of a question that was asked; the page has been loaded anew since, as its models outlive their kernel."""
    path = write_notebook(page.server.root / "asked.ipynb", [SETUP, ASK, PROVE])
    page.open(path)
    page.run_all()
    page.save()
    page.clear()
    page.reload()
    return path.read_bytes()


@pytest.mark.parametrize("trusted", TRUST)
def test_opened_again_it_is_a_question_with_its_answer_closed(
    lab: Lab, server: Server, stored: bytes, trusted: bool
) -> None:
    path = server.root / "asked again.ipynb"
    path.write_bytes(stored)
    lab.open(path, trusted=trusted)
    output = lab.cell(1).locator(".jp-OutputArea")
    lab.screenshot(f"prediction-stored-{'trusted' if trusted else 'untrusted'}", lab.cell(1))
    assert_closed(output)
    assert lab.axe(output) == []
    lab.run_cell(0)
    lab.run_cell(1)
    expect(form_and_answer(lab)[0]).to_be_visible()
    assert lab.errors == []


def assert_closed(output: Locator) -> None:
    """The question is there to be read, the answer only once its summary is pressed."""
    expect(output.locator(".ak-prediction")).to_have_count(0)
    expect(output.get_by_text("What does w.grad hold <b>now</b>?")).to_be_visible()
    expect(output.get_by_role("listitem")).to_have_text(["5", "7", "<i>both</i>"])
    answer = output.get_by_text("7: they are added.")
    expect(answer).not_to_be_visible()
    output.get_by_text("the answer", exact=True).press("Enter")
    expect(answer).to_be_visible()


def test_a_claim_is_shown_or_fails_with_its_values(lab: Lab, question: Path) -> None:
    lab.run_cell(2)
    output = lab.cell(2).locator(".jp-OutputArea")
    expect(output.get_by_text("✓ w.grad is the sum")).to_be_visible()
    assert lab.failures() == [
        "AssertionError: this does not hold: not so\n    w.grad == 5 is False\n    w.grad is tensor(7.)"
    ]
    lab.screenshot("check", lab.cell(2))


@pytest.mark.wide
def test_nbconvert_keeps_it_without_a_network(lab: Lab, notebook: Callable[..., Path], tmp_path: Path) -> None:
    path = notebook(SETUP, ASK)
    command = [sys.executable, "-m", "nbconvert", "--execute", "--to", "html", "--output-dir", str(tmp_path), str(path)]
    done = subprocess.run(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    context = lab.page.context.browser.new_context(offline=True)  # type: ignore[union-attr]
    try:
        page = context.new_page()
        page.goto((tmp_path / path.with_suffix(".html").name).as_uri())
        assert_closed(page.locator(".jp-OutputArea"))
    finally:
        context.close()
