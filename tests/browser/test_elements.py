"""Choosing the element that a detail explains, in real JupyterLab and on a page without a kernel: by mouse and by keyboard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.accessibility import axe
from tests.browser.graphs import viewed
from tests.browser.harness import Lab
from tests.tracing.render.cells import CELLS, trace_cell


@pytest.mark.parametrize("width", [800, pytest.param(1600, marks=pytest.mark.wide)])
def test_an_element_is_chosen_by_mouse_and_by_keyboard(lab: Lab, notebook: Callable[..., Path], width: int) -> None:
    lab.page.set_viewport_size({"width": width, "height": 1400})
    cell = viewed(lab, notebook, *CELLS["broadcast"])
    cell.locator('.ak-item[aria-label^="mm("]').click()
    grid = cell.get_by_role("grid", name="∂W of backward 1")
    reason = cell.locator(".ak-reason:visible")
    expect(reason).to_have_count(0)

    grid.get_by_role("gridcell").nth(3).click()
    lab.wait_for("view.element", "[0, 1, 1]")
    expect(reason).to_have_text("∂W[1, 1] = 0.0394 · 2 + 0.0033 · −1 + 2.8491e−05 · 0.5 = 0.0755")
    assert "0.0394 · 2" in lab.ask("list(view.reasons.values())[0]")

    lab.page.keyboard.press("ArrowUp")
    lab.page.keyboard.press("ArrowLeft")
    lab.page.keyboard.press("Enter")
    lab.wait_for("view.element", "[0, 0, 0]")
    expect(reason).to_contain_text("∂W[0, 0] = ")
    focused = grid.locator('[role="gridcell"]:focus')
    expect(focused).to_have_attribute("aria-selected", "true")
    expect(focused).to_have_attribute("data-key", "element 0,0,0")
    assert lab.axe(cell.locator(".ak-graph-view")) == []
    lab.screenshot(f"elements-{width}-light", cell)

    lab.ask("setattr(view, 'element', [0, 0, 1])")  # Python chooses, too
    expect(reason).to_contain_text("∂W[0, 1] = ")
    lab.theme("dark")
    lab.screenshot(f"elements-{width}-dark", cell)

    cell.get_by_role("button", name="Close").click()
    lab.wait_for("(view.selected, view.element)", "('', [])")
    assert lab.errors == []


def test_a_step_of_adam_is_told_for_the_chosen_element(lab: Lab, notebook: Callable[..., Path]) -> None:
    lab.page.set_viewport_size({"width": 1600, "height": 2400})
    cell = viewed(lab, notebook, *CELLS["adam"])
    cell.locator('.ak-item[aria-label^="adamw_("]').last.click()
    cell.get_by_role("gridcell").nth(2).focus()
    lab.page.keyboard.press(" ")
    lab.wait_for("view.element", "[0, 2]")
    expect(cell.locator(".ak-reason")).to_contain_text("t = 1 + 1 = 2")
    assert "w = " in lab.ask("list(view.reasons.values())[0]")
    lab.screenshot("elements-adam-light", cell)
    assert lab.axe(cell.locator(".ak-graph-view")) == []


@pytest.mark.one_in(4)
@pytest.mark.parametrize("width", [800, pytest.param(1600, marks=pytest.mark.wide)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_tells_elements_without_a_kernel(
    browser: Browser, tmp_path: Path, photograph: Callable[[Page, str], None], scheme: str, width: int
) -> None:
    file = tmp_path / "adam.html"
    file.write_text(trace_cell("adam").to_html(), encoding="utf-8")
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    try:
        page = context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(file.as_uri())
        page.locator('.ak-item[aria-label^="adamw_("]').first.click()
        page.get_by_role("gridcell").nth(2).click()
        expect(page.locator(".ak-reason")).to_contain_text("m = 0.9 · 0 + 0.1 · 1 = 0.1")
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("Enter")
        expect(page.locator(".ak-reason")).to_contain_text("m = 0.9 · 0 + 0.1 · −4 = −0.4")
        photograph(page, f"elements-page-{width}-{scheme}")
        assert axe(page.locator("main")) == []
        assert errors == []
    finally:
        context.close()
