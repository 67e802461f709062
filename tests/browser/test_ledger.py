"""The ledger of a gradient in real JupyterLab: untraced cells, steps, groups, elements, what is frozen and what is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.harness import Lab

SETUP = "import autogradkit as torch\n%load_ext autogradkit\nw = torch.tensor([1.0, -2.0], requires_grad=True)"
UNTRACED = "(w * torch.tensor([1.0, 3.0])).sum().backward()\n(w * w).sum().backward()"
MORE = "w.grad.zero_()\n(w * -1.5).sum().backward()\nw.grad.mul_(2)\n(w * 4).sum().backward()"
LOOP = "v = torch.ones(9, requires_grad=True)\nfor k in range(30):\n    (v * k).sum().backward()\nv.grad = None"
REMEMBER = (
    "import autogradkit.widgets.ledger as module\n_ledgers = []\n_show = module.GradLedger.show\n"
    "module.GradLedger.show = lambda self: (_ledgers.append(self), _show(self))[1]"
)


def entries(cell: Locator) -> Locator:
    return cell.locator(".ak-entry")


def sentence(cell: Locator) -> Locator:
    return cell.locator(".ak-sentence")


def test_untraced_cells_are_known_and_a_ledger_stays_as_it_was(lab: Lab, notebook: Callable[..., Path]) -> None:
    lab.open(notebook(REMEMBER + "\n" + SETUP, UNTRACED, "%ledger w", MORE, "%ledger --follow w", "w.grad = None"))
    for index in range(5):
        lab.run_cell(index)
    frozen, followed = lab.cell(2), lab.cell(4)
    expect(entries(frozen)).to_have_count(2)
    expect(frozen.locator(".ak-stage svg")).to_contain_text("⚠ grad was not cleared since In[2] line 1")
    expect(frozen.locator(".ak-stage svg")).to_contain_text("frozen at the end of In[3]")
    expect(sentence(frozen)).to_have_text(
        "backward at In[2] line 2 added [2., -4.] to what was there: w.grad is now [3., -1.]."
    )
    expect(entries(followed)).to_have_count(6)
    expect(followed.locator(".ak-stage svg")).to_contain_text("followed: later cells add to this picture")

    lab.run_cell(5)
    expect(entries(followed)).to_have_count(7)
    expect(sentence(followed)).to_contain_text(".grad was set to None at In[6] line 1")
    expect(entries(frozen)).to_have_count(2)
    (stored,) = lab.outputs(4)
    assert "set to None at In[6] line 1" in "".join(stored["data"]["text/plain"])
    (stored,) = lab.outputs(2)
    assert "set to None" not in "".join(stored["data"]["text/plain"])
    assert lab.failures() == []
    assert lab.errors == []


def test_steps_by_mouse_and_by_keyboard(lab: Lab, notebook: Callable[..., Path]) -> None:
    lab.open(notebook(REMEMBER + "\n" + SETUP, UNTRACED + "\n" + MORE, "%ledger w"))
    lab.run_all()
    cell = lab.drawn(2)
    cell.get_by_role("button", name="First step").click()
    expect(sentence(cell)).to_contain_text("added [1., 3.]: w.grad is now [1., 3.]")
    lab.wait_for("_ledgers[-1].selected", "'e0'")
    expect(cell.locator(".ak-entry.ak-later")).to_have_count(5)
    expect(cell.locator(".ak-entry.ak-later text").first).to_be_hidden()  # nothing is given away
    expect(cell.locator(".ak-entry.ak-current text").first).to_be_visible()
    cell.get_by_role("button", name="Step forward").click()
    lab.wait_for("_ledgers[-1].selected", "'e1'")
    entries(cell).nth(2).click()
    expect(sentence(cell)).to_contain_text(".grad was filled with zeros at In[2] line 3")
    lab.wait_for("_ledgers[-1].selected", "'e2'")
    for key, selected, text in (
        ("ArrowRight", "'e3'", "added [-1.5, -1.5]"),
        ("ArrowRight", "'e4'", "edited in place, not by backward, at In[2] line 5: w.grad is now [-3., -3.]"),
        ("ArrowLeft", "'e3'", "added [-1.5, -1.5]"),
        ("End", "''", "added [4., 4.] to what was there: w.grad is now [1., 1.]"),
        ("Home", "'e0'", "added [1., 3.]"),
    ):
        lab.page.keyboard.press(key)
        expect(sentence(cell)).to_contain_text(text)
        lab.wait_for("_ledgers[-1].selected", selected)
    cell.get_by_role("button", name="Play").click()
    expect(sentence(cell)).to_contain_text("w.grad is now [1., 1.]")
    lab.wait_for("_ledgers[-1].selected", "''")
    cell.get_by_role("button", name="Step back").focus()
    lab.page.keyboard.press("Enter")
    lab.wait_for("_ledgers[-1].selected", "'e4'")
    cell.get_by_role("button", name="Last step").click()
    lab.wait_for("_ledgers[-1].selected", "''")
    cell.get_by_role("button", name="Table").click()
    expect(cell.get_by_role("table")).to_contain_text("zeroed")
    expect(cell.get_by_role("table")).to_contain_text("w.grad.mul_(2)")
    assert lab.errors == []


def test_a_group_opens_and_closes_by_mouse_and_by_keyboard(lab: Lab, notebook: Callable[..., Path]) -> None:
    lab.side_bar(shown=False)
    lab.page.set_viewport_size({"width": 800, "height": 900})
    lab.open(notebook(REMEMBER + "\n" + SETUP, LOOP, "%ledger v"))
    lab.run_all()
    cell = lab.drawn(2)
    group, fold = cell.locator('[data-key="g0"]'), cell.locator(".ak-fold")
    expect(entries(cell)).to_have_count(2)
    group.click()
    lab.wait_for("_ledgers[-1].opened", "['g0']")
    expect(entries(cell)).to_have_count(7)
    expect(sentence(cell)).to_contain_text("backward at In[2] line 3 added")
    lab.wait_for("_ledgers[-1].selected", "'e0'")
    expect(cell.locator(".ak-stage svg")).to_contain_text("24 later: step to see them")
    lab.resize(1600, 900)
    expect(entries(cell)).to_have_count(14)
    expect(cell.locator(".ak-stage svg")).to_contain_text("17 later: step to see them")
    lab.resize(800, 900)
    entries(cell).nth(6).focus()
    lab.page.keyboard.press("ArrowRight")  # to one that is not drawn yet
    lab.wait_for("_ledgers[-1].selected", "'e7'")
    expect(cell.locator('[data-key="e7"]')).to_be_focused()
    lab.screenshot("ledger-open", cell)
    fold.click()
    lab.wait_for("_ledgers[-1].opened", "[]")
    expect(group).to_be_focused()
    lab.page.keyboard.press("Enter")
    lab.wait_for("_ledgers[-1].opened", "['g0']")
    cell.locator('[data-key="e2"]').focus()
    lab.page.keyboard.press("Escape")
    lab.wait_for("_ledgers[-1].opened", "[]")
    expect(group).to_be_focused()
    lab.page.keyboard.press("Space")
    lab.wait_for("_ledgers[-1].opened", "['g0']")
    fold.focus()
    lab.page.keyboard.press("Enter")
    lab.wait_for("_ledgers[-1].opened", "[]")
    expect(sentence(cell)).to_contain_text("30 backward calls at In[2] line 3 added [435., 435.")

    expect(cell.locator(".ak-which")).to_have_text("1 to 6 of 9")
    cell.get_by_role("button", name="Next elements").click()
    lab.wait_for("_ledgers[-1].sheet", "1")
    expect(cell.locator(".ak-stage svg")).to_contain_text("[8]")
    cell.get_by_role("button", name="Previous elements").focus()
    lab.page.keyboard.press("Enter")
    lab.wait_for("_ledgers[-1].sheet", "0")
    assert lab.errors == []


@pytest.mark.wide
@pytest.mark.parametrize("width", [800, pytest.param(1600, marks=pytest.mark.wide)])
def test_it_is_legible_in_both_themes(lab: Lab, notebook: Callable[..., Path], width: int) -> None:
    lab.page.set_viewport_size({"width": width, "height": 900})
    lab.open(notebook(REMEMBER + "\n" + SETUP, UNTRACED + "\n" + MORE, "%ledger w", LOOP, "%ledger v"))
    lab.run_all()
    for theme in ("light", "dark"):
        lab.theme(theme)
        for index, name in ((2, "few"), (4, "loop")):
            cell = lab.drawn(index)
            assert lab.axe(cell.locator(".ak-widget")) == []
            lab.screenshot(f"ledger-{name}-{theme}-{width}", cell)
            smallest = cell.locator(".ak-stage svg").evaluate(
                """svg => Math.min(...[...svg.querySelectorAll('text')].map(text =>
                    parseFloat(getComputedStyle(text).fontSize)
                        * svg.getBoundingClientRect().width / svg.viewBox.baseVal.width))"""
            )
            assert smallest >= 10
    assert lab.errors == []


def test_what_cannot_have_a_ledger_is_said(lab: Lab, notebook: Callable[..., Path]) -> None:
    said = {
        "%ledger v": "name 'v' is not defined",
        "%ledger w * 2": "name one tensor",
        "%ledger (w * 2)": "Call (w * 2).retain_grad() before backward",
        "%ledger w.detach()": "does not require grad",
        "import torch as pt\np = pt.ones(2, requires_grad=True)\n%ledger p": "'p' is a tensor of PyTorch",
    }
    lab.open(notebook(SETUP, *said))
    lab.run_all()
    for index, text in enumerate(said.values(), start=1):
        (output,) = lab.outputs(index)
        assert output["name"] == "stderr"
        assert output["text"].startswith("UsageError: %ledger")
        assert text in output["text"]
    assert lab.errors == []
