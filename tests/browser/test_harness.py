"""The harness itself: a plain notebook runs, is asked, changes its theme and is photographed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.harness import Lab


@pytest.mark.wide
def test_runs_a_notebook(lab: Lab, notebook: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    lab.open(notebook("x = 6 * 7\nx", "1 / 0", "import autogradkit as torch\ntorch.ones(2, requires_grad=True) * 3"))
    lab.run_all()
    assert lab.outputs(0)[0]["data"]["text/plain"] == "42"
    assert lab.failures() == ["ZeroDivisionError: division by zero"]
    expect(lab.cell(2)).to_contain_text("grad_fn=<MulBackward0>")
    lab.wait_for("x + 1", "43")
    assert lab.errors == []
    monkeypatch.setattr(lab, "keeps_screenshots", True)
    light = lab.screenshot("harness-light").stat().st_size
    lab.theme("dark")
    expect(lab.page.locator("body")).to_have_css("color-scheme", "dark")
    assert light > 5_000
    assert lab.screenshot("harness-dark", lab.cell(2)).stat().st_size > 500


@pytest.mark.wide
def test_widgets_reach_the_kernel(lab: Lab, notebook: Callable[..., Path]) -> None:
    lab.open(notebook("import ipywidgets\nbutton = ipywidgets.ToggleButton(description='Show')\nbutton"))
    lab.run_cell(0)
    lab.wait_for("button.value", "False")
    lab.cell(0).get_by_role("button", name="Show").click()
    lab.wait_for("button.value", "True")
