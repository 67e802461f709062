"""Every control of GraphView in real JupyterLab, by mouse and by keyboard: steps, toolbar, keys, zoom, folds and stacks."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.graphs import WIDE, read, traced, viewed
from tests.browser.harness import POLL, Lab
from tests.tracing.render.cells import CELLS


def test_steps_selection_table_and_calls(lab: Lab, notebook: Callable[..., Path]) -> None:
    cell = viewed(lab, notebook, *CELLS["accumulate"])
    sentence = cell.locator(".ak-sentence")
    expect(sentence).to_contain_text("Each call adds to .grad.")

    cell.get_by_role("button", name="First step").click()
    lab.wait_for("view.step", "0")
    expect(sentence).to_contain_text("mul(w, x) gives")
    cell.get_by_role("button", name="Step forward").click()
    cell.get_by_role("button", name="Step forward").click()
    lab.wait_for("view.step", "2")
    expect(sentence).to_have_text(re.compile("^backward 1: SumBackward0 receives ∂ = 1: "))
    assert read(cell).count("?") > 3
    lab.screenshot("graph-step", cell)
    lab.ask("setattr(view, 'step', 4)")
    cell.get_by_text("w.grad = [1, 2, 3]").wait_for()

    cell.get_by_role("button", name="All", exact=True).click()
    cell.get_by_role("combobox", name="Backward call").select_option("backward 2")
    cell.locator('[data-key="o0"] ellipse').click()
    lab.wait_for("view.selection and view.selection.name", "'mul'")
    expect(cell.locator(".ak-detail")).to_contain_text("∂w = ∂ · x")
    lab.screenshot("graph-detail", cell)
    cell.get_by_role("button", name="Close").click()
    lab.wait_for("view.selected", "''")

    cell.get_by_role("button", name="Table").click()
    expect(cell.get_by_role("cell", name="mul(w, x)")).to_have_count(1)
    expect(cell.get_by_role("button", name="Table")).to_have_attribute("aria-pressed", "true")
    assert lab.axe(cell.locator(".ak-widget")) == []
    assert lab.errors == []


def test_nothing_is_given_away_and_every_control_of_the_walk(lab: Lab, notebook: Callable[..., Path]) -> None:
    lab.page.set_viewport_size({"width": 1280, "height": 1600})
    cell = viewed(lab, notebook, *CELLS["fan_in"])
    step = cell.locator(".ak-step")
    assert "?" not in read(cell)

    cell.get_by_role("button", name="First step").click()
    lab.wait_for("view.step", "0")
    expect(step).to_have_text("step 1 of 9")
    texts = read(cell)
    assert "[0.5, -2., 6.]" in texts  # just computed
    assert "= ?" in texts  # the loss
    assert not [text for text in texts if "44.75" in text or "39." in text]
    lab.screenshot("graph-first-step-light", cell)
    cell.get_by_role("button", name="Table").click()
    expect(cell.get_by_role("table")).to_be_visible()
    assert "44.75" not in cell.locator(".ak-table").inner_text()
    cell.locator('.ak-item[aria-label^="loss"]').click()
    lab.wait_for("view.selection and view.selection.name", "'loss'")  # Python knows; the page does not tell
    expect(cell.locator(".ak-detail dt", has_text=re.compile("^value$")).locator("+ dd")).to_have_text("?")
    assert "44.75" not in cell.locator(".ak-widget").aria_snapshot()  # what a screen reader gets

    slider = cell.get_by_role("slider", name="Step")
    slider.focus()
    for key, at in (("ArrowRight", 1), ("End", 8), ("ArrowLeft", 7), ("Home", 0), ("ArrowRight", 1)):
        slider.press(key)
        lab.wait_for("view.step", str(at))
        expect(step).to_have_text(f"step {at + 1} of 9")
    box = slider.bounding_box()
    assert box is not None
    assert box["height"] >= 24
    lab.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    lab.wait_for("view.step", "4")
    expect(step).to_have_text("step 5 of 9")
    assert "= 44.75" in read(cell)

    cell.get_by_role("button", name="Step forward").press("Home")
    lab.wait_for("view.step", "0")
    cell.locator(".ak-item[tabindex='0']").press("End")
    lab.wait_for("view.step", "8")
    expect(step).to_have_text("step 9 of 9")
    assert "?" not in read(cell)
    assert cell.locator(".ak-sentence").get_attribute("aria-live") == "polite"

    cell.get_by_role("combobox", name="Speed").select_option("4×")
    cell.get_by_role("button", name="Play").click()
    expect(step).not_to_have_text("step 9 of 9")
    expect(step).to_have_text("step 9 of 9")
    expect(cell.get_by_role("button", name="Play")).to_have_attribute("aria-pressed", "false")
    cell.get_by_role("combobox", name="Speed").select_option("0.5×")
    cell.get_by_role("button", name="Play").press("Enter")
    cell.get_by_role("button", name="Pause").press("Enter")
    expect(cell.get_by_role("button", name="Play")).to_have_attribute("aria-pressed", "false")
    assert step.inner_text() != "step 9 of 9"  # test_page.py holds the clock and says that it stays there
    lab.page.emulate_media(reduced_motion="reduce")
    cell.get_by_role("button", name="Play").click()
    lab.wait_for("view.step", "8")
    lab.page.emulate_media(reduced_motion="no-preference")

    lab.ask("setattr(view, 'step', 5)")
    expect(step).to_have_text("step 6 of 9")
    lab.theme("dark")
    lab.screenshot("graph-step-dark", cell)
    assert lab.axe(cell.locator(".ak-widget")) == []
    assert lab.errors == []


def test_the_toolbar_is_one_stop_of_the_tab_key_and_walked_by_arrows(lab: Lab, notebook: Callable[..., Path]) -> None:
    cell = viewed(lab, notebook, *CELLS["fan_in"])
    focused = cell.locator(".ak-widget :focus")
    cell.locator(".ak-toolbar button").first.focus()
    for key, name in (
        ("ArrowRight", "Step back"),
        ("ArrowRight", "▶ Play"),
        ("ArrowLeft", "Step back"),
        ("ArrowLeft", "First step"),
        ("ArrowLeft", "Table"),
        ("Home", "First step"),
        ("ArrowLeft", "Table"),
        ("ArrowRight", "First step"),
    ):
        lab.page.keyboard.press(key)
        expect(focused).to_have_accessible_name(name)
    lab.page.keyboard.press("End")  # it walks the steps here
    lab.wait_for("view.step", "8")
    expect(focused).to_have_accessible_name("First step")
    lab.page.keyboard.press("Home")
    lab.wait_for("view.step", "0")
    for name in ("Speed", "Step", re.compile("^x")):  # past all buttons, into the picture
        lab.page.keyboard.press("Tab")
        expect(focused).to_have_accessible_name(name)
    assert lab.errors == []


def test_the_graph_is_walked_by_keys_and_modules_unfold(lab: Lab, notebook: Callable[..., Path]) -> None:
    before, source = CELLS["lenet"]
    cell = viewed(lab, notebook, before, source.splitlines()[0])
    cell.locator(".ak-item[tabindex='0']").focus()
    for key in ("ArrowDown", "ArrowDown", "Enter"):
        lab.page.keyboard.press(key)
    expect(cell.locator(".ak-detail h4")).to_contain_text("module model.conv1")
    # A thicker rim alone does not show
    expect(cell.locator(".ak-item:focus-visible")).to_have_css("outline-style", "solid")
    cell.get_by_role("button", name="Unfold LeNet/conv1").click()
    cell.locator('.ak-item[aria-label^="module model.conv1"]').wait_for(state="detached")
    lab.wait_for("'LeNet/conv1' in view.folded", "False")
    assert lab.errors == []


def test_zoom_pan_whole_picture_and_full_height(lab: Lab, notebook: Callable[..., Path]) -> None:
    cell = traced(lab, notebook, *WIDE["rnn"])
    svg, stage = cell.locator(".ak-stage svg"), cell.locator(".ak-stage")
    size = "element => [element.getBoundingClientRect().width, element.getBoundingClientRect().height]"
    first = svg.evaluate(size)
    cell.get_by_role("button", name="Zoom in").click()
    assert svg.evaluate(size)[0] == pytest.approx(1.3 * first[0], rel=0.01)
    whole = cell.get_by_role("button", name="Whole picture")
    whole.click()
    assert svg.evaluate(size)[1] <= 0.7 * lab.page.viewport_size["height"] + 1  # type: ignore[index]
    whole.click()
    assert svg.evaluate(size) == first
    box = stage.bounding_box()
    assert box is not None
    lab.page.mouse.move(box["x"] + 200, box["y"] + 300)
    lab.page.mouse.down()
    lab.page.mouse.move(box["x"] + 120, box["y"] + 100, steps=4)
    lab.page.mouse.up()
    lab.page.wait_for_function(
        "stage => Math.abs(stage.scrollTop - 200) <= 2", arg=stage.element_handle(), polling=POLL
    )
    cell.get_by_role("button", name="Full height").click()
    assert stage.evaluate(size)[1] >= first[1] - 1
    assert lab.errors == []


def test_a_stack_of_turns_opens_by_mouse_and_keys_and_node_names_are_written(
    lab: Lab, notebook: Callable[..., Path]
) -> None:
    cell = viewed(lab, notebook, *WIDE["descent"])
    cell.locator(".ak-stack").click()
    cell.locator(".ak-stack", has_text="turns 14–17").click()  # a large stack opens into stacks
    cell.locator("text", has_text="loss (turn 17)").wait_for()
    lab.wait_for("'turns 2–29' in str(view.opened)", "True")
    expect(cell.locator("[data-key]:focus")).to_have_count(1)
    cell.get_by_role("button", name="Stack turns").click()
    whole = cell.locator(".ak-stack", has_text="turns 2–29")
    whole.wait_for()
    whole.focus()
    lab.page.keyboard.press("Enter")
    cell.locator(".ak-stack", has_text="turns 14–17").focus()
    lab.page.keyboard.press("Enter")
    cell.locator("text", has_text="loss (turn 17)").wait_for()
    cell.get_by_role("button", name="Stack turns").click()
    whole.wait_for()
    names = cell.get_by_role("button", name="Node names")
    names.focus()
    lab.page.keyboard.press("Enter")
    cell.get_by_text("AccumulateGrad").first.wait_for()
    expect(cell.get_by_text("PowBackward0").nth(1)).to_be_attached()
    lab.wait_for("view.node_names", "True")
    lab.screenshot("graph-node-names", cell)
    assert lab.axe(cell.locator(".ak-widget")) == []
    assert lab.errors == []
