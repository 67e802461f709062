"""The ledger of a gradient in real JupyterLab: traced cells, cells to come, steps, elements, themes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.harness import Lab

SETUP = "import autogradkit as torch\n%load_ext autogradkit\nw = torch.tensor([1.0, -2.0], requires_grad=True)"
TRACED = "%%trace\n(w * torch.tensor([1.0, 3.0])).sum().backward()"


def test_a_ledger_grows_with_the_cells(lab: Lab, notebook: Callable[..., Path]) -> None:
    second, third = "(w * w).sum().backward()", "w.grad.zero_()\n(w * -1.5).sum().backward()\n(w * 4).sum().backward()"
    lab.open(notebook(SETUP, TRACED, "%ledger w", second, third))
    for index in range(3):
        lab.run_cell(index)
    cell = lab.cell(2)
    sentence = cell.locator(".ak-sentence")
    expect(cell.locator(".ak-entry")).to_have_count(1)
    expect(sentence).to_contain_text("line 2 added 1.: w.grad[0] is now 1.")

    lab.run_cell(3)
    expect(cell.locator(".ak-entry")).to_have_count(2)
    expect(sentence).to_contain_text("added 2. to what was there: w.grad[0] is now 3.")
    expect(cell.locator(".ak-stage svg")).to_contain_text("⚠ grad was not cleared since line 2")

    lab.run_cell(4)
    expect(cell.locator(".ak-entry")).to_have_count(5)
    assert lab.axe(cell.locator(".ak-widget")) == []
    lab.screenshot("ledger-light", cell)

    cell.get_by_role("button", name="Next element").click()
    expect(cell.locator(".ak-stage svg")).to_contain_text("w.grad[1] after each event")
    expect(cell.locator(".ak-which")).to_have_text("element 2 of 2")
    cell.get_by_role("button", name="First step").click()
    expect(sentence).to_contain_text("added 3.: w.grad[1] is now 3.")
    cell.locator(".ak-entry").nth(2).focus()
    expect(sentence).to_contain_text(".grad was filled with zeros")
    lab.page.keyboard.press("ArrowLeft")
    expect(sentence).to_contain_text("added -4. to what was there: w.grad[1] is now -1.")
    cell.get_by_role("button", name="Table").click()
    expect(cell.get_by_role("table")).to_contain_text("zeroed")
    lab.theme("dark")
    expect(cell.locator(".ak-widget")).to_have_attribute("data-ak-theme", "dark")
    assert lab.axe(cell.locator(".ak-widget")) == []
    lab.screenshot("ledger-dark", cell)
    assert lab.failures() == []
    assert lab.errors == []


def test_what_cannot_have_a_ledger_is_said(lab: Lab, notebook: Callable[..., Path]) -> None:
    lab.open(notebook(SETUP, "%ledger v", "%ledger w * 2", "%ledger (w * 2)"))
    lab.run_all()
    said = ["name 'v' is not defined", "name one tensor", "Call (w * 2).retain_grad() before backward"]
    for index, text in enumerate(said, start=1):
        (output,) = lab.outputs(index)
        assert output["name"] == "stderr"
        assert output["text"].startswith("UsageError: %ledger")
        assert text in output["text"]
    assert lab.errors == []
