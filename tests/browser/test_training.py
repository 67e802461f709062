"""The live training view in real JupyterLab: its buttons while a cell runs, its curves, themes, and what is stored."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.harness import POLL, Lab
from tests.browser.trainings import (
    EXTENSION,
    SETUP,
    TABS,
    TRAIN,
    as_wide_as_its_column,
    loop,
    press_on,
    sentence,
    stage,
)


def test_buttons_work_while_the_cell_runs(lab: Lab, notebook: Callable[..., Path]) -> None:
    lab.open(notebook(SETUP, loop(0.2)))
    lab.run_cell(0)
    lab.start_cell(1)
    cell = lab.cell(1)
    expect(sentence(cell)).to_have_text("Training …")
    cell.get_by_role("button", name="Pause").click()
    expect(sentence(cell)).to_have_text("Paused between two batches.")
    resume = cell.get_by_role("button", name="Resume")
    expect(resume).to_have_attribute("aria-pressed", "true")
    assert lab.axe(cell.locator(".ak-widget")) == []
    paused_at = cell.locator("svg text", has_text="paused").text_content()
    cell.get_by_role("button", name="Step").click()
    expect(cell.locator("svg text", has_text="paused")).not_to_have_text(paused_at)
    lab.screenshot("training-paused-light", cell)
    resume.click()
    expect(sentence(cell)).to_have_text("Training …")
    cell.get_by_role("button", name="Stop").click()
    expect(sentence(cell)).to_contain_text("Stopped.")
    lab.wait_cell(1)
    lab.wait_for("view.state", "'stopped'")
    assert 1 < int(lab.ask("learnt")) < 120
    assert lab.failures() == []
    assert lab.errors == []


def test_the_finished_run_is_shown_and_stored(lab: Lab, notebook: Callable[..., Path]) -> None:
    lab.open(notebook(SETUP, loop(0.005)))
    lab.run_cell(0)
    outputs = lab.run_cell(1)
    cell = lab.cell(1)
    expect(sentence(cell)).to_have_text("Finished.")
    expect(cell.locator("progress")).to_have_js_property("value", 1)
    assert "finished" in outputs[0]["data"]["text/plain"]  # what is stored is the end, not the beginning
    assert "test accuracy 90.0 %" in outputs[0]["data"]["text/html"]

    lab.settle()
    chart = cell.get_by_role("group", name="loss, by epoch")
    chart.focus()
    cell.page.keyboard.press("End")
    expect(cell.locator(".ak-readout")).to_contain_text("epoch 2 · train loss 0.3")
    cell.page.keyboard.press("Home")
    expect(cell.locator(".ak-readout")).to_contain_text("train loss 2.")
    cell.get_by_role("button", name="Table").click()
    expect(cell.get_by_role("table")).to_contain_text("90.0 %")
    assert lab.axe(cell.locator(".ak-widget")) == []
    lab.screenshot("training-finished-light", cell)
    lab.theme("dark")
    assert lab.axe(cell.locator(".ak-widget")) == []
    lab.screenshot("training-finished-dark", cell)
    assert lab.errors == []


def test_every_control_works_by_mouse_and_keyboard_when_nothing_trains(lab: Lab, notebook: Callable[..., Path]) -> None:
    lab.open(notebook(EXTENSION, TRAIN.format(2)))
    lab.run_cell(0)
    lab.run_cell(1)
    cell = lab.drawn(1)
    button = lambda name: cell.get_by_role("button", name=name, exact=True)  # noqa: E731

    for act, on in ((lambda: button("Log axis").click(), "True"), (lambda: press_on(button("Log axis"), "Enter"), "False"),
                    (lambda: press_on(button("Log axis"), "Space"), "True")):  # fmt: skip
        act()
        lab.wait_for("view.log_axis", on)
        expect(button("Log axis")).to_have_attribute("aria-pressed", on.lower())
    expect(stage(cell)).to_contain_text("loss, log axis")

    rate = cell.get_by_role("textbox", name="learning rate")
    rate.fill("100")
    rate.press("Enter")
    lab.wait_for("view.training.optimizer.param_groups[0]['lr']", "100.0")
    expect(stage(cell)).to_contain_text("lr 100")
    rate.focus()
    lab.page.keyboard.press("Control+a")
    lab.page.keyboard.type("0.0123456")  # 0 and 1 are shortcuts of the notebook elsewhere
    lab.page.keyboard.press("Enter")
    lab.wait_for("view.training.optimizer.param_groups[0]['lr']", "0.0123456")
    expect(rate).to_have_value("0.0123")
    rate.fill("fast")
    rate.press("Enter")
    expect(rate).to_have_attribute("aria-invalid", "true")
    rate.press("Escape")
    expect(rate).to_have_value("0.0123")
    # No key became a command of the notebook.
    expect(lab.page.locator(".jp-Notebook .jp-Cell")).to_have_count(2)

    button("Test pictures").click()
    lab.wait_for("view.tab", "'pictures'")
    expect(cell.locator(".ak-pick")).to_have_count(30)
    assert "they come first" in lab.ask("view.description")
    first = cell.locator(".ak-pick").first
    button("Next page").click()
    lab.wait_for("view.which", "'31–60 of 1,000'")
    press_on(button("Previous page"), "Enter")
    lab.wait_for("view.which", "'1–30 of 1,000'")
    expect(cell.locator(".ak-which").first).to_have_text("1–30 of 1,000")
    assert lab.axe(cell.locator(".ak-widget")) == []
    lab.screenshot("training-pictures-light", cell)

    press_on(first, "ArrowRight")
    lab.page.keyboard.press("ArrowDown")
    lab.page.keyboard.press("Home")
    lab.page.keyboard.press("ArrowRight")
    lab.page.keyboard.press("Enter")
    lab.wait_for("(view.tab, view.which)", "('maps', '2 of 1,000')")
    button("Next picture").click()
    lab.wait_for("view.which", "'3 of 1,000'")
    assert lab.axe(cell.locator(".ak-widget")) == []
    lab.screenshot("training-maps-light", cell)
    press_on(button("Test pictures"), "Enter")
    expect(cell.locator(".ak-pick")).to_have_count(30)
    cell.locator(".ak-pick").nth(4).click()
    lab.wait_for("(view.tab, view.which)", "('maps', '5 of 1,000')")

    press_on(button("Feature maps"), "ArrowRight")
    lab.page.keyboard.press("Space")
    lab.wait_for("view.tab", "'confusion'")
    expect(stage(cell)).to_contain_text("read as")
    button("Table").click()
    expect(cell.get_by_role("table")).to_contain_text("label, read as:")
    lab.theme("dark")
    assert lab.axe(cell.locator(".ak-widget")) == []
    lab.screenshot("training-confusion-dark", cell)
    button("Filters").click()
    lab.wait_for("view.tab", "'filters'")
    expect(stage(cell)).to_contain_text("fc1 looks through 128 windows of 28×28, the first 32 are shown")
    assert lab.axe(cell.locator(".ak-widget")) == []
    lab.screenshot("training-filters-dark", cell)
    assert lab.failures() == []
    assert lab.errors == []


def test_controls_work_while_the_cell_trains(lab: Lab, notebook: Callable[..., Path]) -> None:
    lab.open(notebook(EXTENSION, TRAIN.format(300)))
    lab.run_cell(0)
    lab.start_cell(1)
    cell = lab.cell(1)
    expect(sentence(cell)).to_have_text("Training …")
    cell.get_by_role("button", name="Log axis").click()
    expect(stage(cell)).to_contain_text("loss, log axis")
    rate = cell.get_by_role("textbox", name="learning rate")
    rate.fill("0.00321")
    rate.press("Enter")
    expect(stage(cell)).to_contain_text("lr 0.00321")
    cell.get_by_role("button", name="Test pictures").click()
    expect(stage(cell)).to_contain_text("misread: they come first")
    cell.get_by_role("button", name="Pause").click()
    expect(sentence(cell)).to_have_text("Paused between two batches.")
    cell.get_by_role("button", name="Confusions").click()
    expect(stage(cell)).to_contain_text("read as")
    cell.get_by_role("button", name="Curves").click()
    expect(stage(cell)).to_contain_text("paused")
    press_on(cell.get_by_role("button", name="Stop"), "Enter")
    expect(sentence(cell)).to_contain_text("Stopped.")
    lab.wait_cell(1)
    lab.wait_for("any(step.lr == 0.00321 for step in view.history.steps)", "True")
    assert lab.failures() == []
    assert lab.errors == []


def test_resume_is_shown_where_it_was_asked_for(lab: Lab, notebook: Callable[..., Path]) -> None:
    lab.open(notebook(EXTENSION, TRAIN.format(300), "view.resume();"))
    lab.run_cell(0)
    lab.start_cell(1)
    first, second = lab.cell(1), lab.cell(2)
    expect(stage(first)).to_contain_text("of 300 · batch")
    first.get_by_role("button", name="Stop").click()
    lab.wait_cell(1)
    learnt = int(lab.ask("len(view.history.steps)"))
    lab.start_cell(2)
    expect(sentence(second)).to_have_text("Training …")
    expect(stage(second)).to_contain_text("of 300 · batch")
    second.get_by_role("button", name="Stop").click()
    outputs = lab.wait_cell(2)
    expect(sentence(second)).to_contain_text("Stopped.")
    assert len(outputs) == 1
    assert "stopped" in outputs[0]["data"]["text/plain"]
    assert outputs[0]["data"]["text/plain"] != lab.outputs(1)[0]["data"]["text/plain"], (
        "the first one is stored as it ended"
    )
    assert int(lab.ask("len(view.history.steps)")) > learnt
    lab.screenshot("training-resumed-light")
    assert lab.failures() == []
    assert lab.errors == []


SMALLEST = """stage => {
    const svg = stage.querySelector('svg'); // the one that is there now: a redraw brings another
    const sizes = [...svg.querySelectorAll('text')].map(text => parseFloat(getComputedStyle(text).fontSize));
    return Math.min(...sizes) * svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
}"""
SMALLEST_STILL = """image => {
    const svg = new DOMParser().parseFromString(atob(image.src.split('base64,')[1]), 'image/svg+xml').documentElement;
    const size = element => parseFloat(element.getAttribute('font-size') ?? svg.getAttribute('font-size'));
    const smallest = Math.min(...[...svg.querySelectorAll('text')].map(size));
    return smallest * image.getBoundingClientRect().width / svg.getAttribute('width');
}"""


@pytest.mark.parametrize(
    "wide", [pytest.param(480, marks=pytest.mark.wide), 800, pytest.param(1600, marks=pytest.mark.wide)]
)
def test_every_look_is_as_wide_as_the_column_legible_and_in_a_stage(
    lab: Lab, notebook: Callable[..., Path], wide: int
) -> None:
    lab.open(notebook(EXTENSION, TRAIN.format(2).replace("mlp", "lenet")))
    lab.page.set_viewport_size({"width": wide, "height": 640})
    lab.side_bar(shown=False)
    lab.run_cell(0)
    lab.run_cell(1)
    cell = lab.drawn(1)
    for tab in TABS:
        cell.get_by_role("button", name=tab).click()
        expect(cell.get_by_role("button", name=tab)).to_have_attribute("aria-pressed", "true")
        lab.settle()
        as_wide_as_its_column(cell)
        frame = cell.locator(".ak-stage")
        assert frame.evaluate(SMALLEST) >= 10
        assert frame.bounding_box()["height"] <= 0.7 * 640
        assert cell.evaluate("cell => cell.scrollWidth <= cell.clientWidth"), "the stage scrolls, not the page"
        assert lab.axe(cell.locator(".ak-widget")) == []
        for theme in ("dark", "light") if lab.keeps_screenshots else ():
            lab.theme(theme)
            lab.screenshot(f"training-{tab.lower().replace(' ', '-')}-{wide}-{theme}", cell)
    assert lab.errors == []


@pytest.mark.wide
def test_a_stored_look_is_legible_in_a_narrow_column_and_scrolls(lab: Lab, notebook: Callable[..., Path]) -> None:
    look = "view._answer({'kind': 'look', 'tab': '%s'})\nview"
    path = notebook(EXTENSION, TRAIN.format(1), *(look % tab for tab in ("pictures", "maps", "confusion")))
    lab.open(path)
    lab.run_all()
    lab.save()
    lab.close()
    lab.reload()  # the page's models outlive their kernel
    lab.open(path, kernel=False)
    lab.side_bar(shown=False)
    for wide in (480, 800, 1600):
        lab.resize(wide, 640)
        for index in range(1, 5):
            image = lab.cell(index).locator("img")
            expect(image).to_be_visible()
            frame = image.locator("xpath=..")
            assert image.evaluate(SMALLEST_STILL) >= 9.999  # a width is a whole number of 64ths of a pixel
            assert frame.bounding_box()["height"] <= 0.7 * 640 + 1
            column = frame.evaluate("frame => frame.clientWidth")
            assert image.bounding_box()["width"] <= max(760, column)
            lab.screenshot(f"training-stored-{index}-{wide}", lab.cell(index))


@pytest.mark.wide
def test_a_redraw_leaves_the_stage_where_it_was_scrolled_to(lab: Lab, notebook: Callable[..., Path]) -> None:
    lab.open(notebook(EXTENSION, TRAIN.format(300)))
    lab.page.set_viewport_size({"width": 800, "height": 500})
    lab.run_cell(0)
    lab.start_cell(1)
    cell = lab.cell(1)
    frame = cell.locator(".ak-stage")
    frame.wait_for()
    as_wide_as_its_column(cell)  # Python hears, while the cell runs
    cell.get_by_role("button", name="Confusions").click()
    expect(stage(cell)).to_contain_text("read as")
    frame.evaluate("stage => { stage.scrollTop = 20; window.before = stage.querySelector('svg'); }")
    lab.page.wait_for_function(
        "stage => stage.querySelector('svg') !== window.before", arg=frame.element_handle(), polling=POLL
    )
    assert frame.evaluate("stage => stage.scrollTop") == 20
    cell.get_by_role("button", name="Stop").click()
    lab.wait_cell(1)
