"""A training whose page is closed, whose kernel is interrupted or restarted, or whose cell is run anew; and in Notebook 7."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.harness import CONNECTED, POLL, Lab
from tests.browser.notebook7 import Notebook7
from tests.browser.trainings import EXTENSION, SETUP, TABS, TRAIN, held_loop, loop, press_on, sentence, stage


def test_the_kernel_s_interrupt_leaves_a_run_that_goes_on(lab: Lab, notebook: Callable[..., Path]) -> None:
    lab.open(notebook(SETUP, loop(0.2), "lost = learnt\n" + loop(0.001).replace("learnt = 0", "")))
    lab.run_cell(0)
    lab.start_cell(1)
    cell = lab.cell(1)
    expect(cell.locator("svg text", has_text=re.compile("batch [1-9]"))).to_be_visible()
    lab.page.evaluate("() => window.jupyterapp.commands.execute('notebook:interrupt-kernel')")
    lab.wait_cell(1)
    assert lab.failures()[0].startswith("KeyboardInterrupt")
    expect(sentence(cell)).to_contain_text("Interrupted between two batches.")
    lab.run_cell(2)
    lab.wait_for("view.state", "'finished'")
    assert int(lab.ask("learnt - lost")) == 120
    assert lab.errors == []


def reopen_while_busy(lab: Lab, path: Path) -> None:
    """Close the page, then open it and the notebook anew, up to the kernel, without waiting for that to be idle."""
    lab.save()
    lab.close(keep_kernel=True)
    lab.reload()
    lab.page.evaluate(
        "async path => { await window.jupyterapp.commands.execute('docmanager:open', {path}); }",
        path.relative_to(lab.server.root).as_posix(),
    )
    lab.page.wait_for_function(CONNECTED, polling=POLL)


def test_a_page_that_was_closed_while_training_finds_the_run_going_on(
    lab: Lab, notebook: Callable[..., Path], tmp_path: Path
) -> None:
    path = notebook(SETUP, held_loop(gate := tmp_path / "gate"), "view")
    lab.open(path)
    lab.run_cell(0)
    lab.start_cell(1)
    expect(stage(lab.cell(1))).to_contain_text(re.compile("batch [1-9]"))
    reopen_while_busy(lab, path)
    expect(lab.cell(1).locator("img")).to_be_visible()  # a kernel tells of its widgets between two cells only
    lab.screenshot("training-reopened-while-training", lab.cell(1))
    gate.touch()
    lab.wait_for("(view.state, learnt)", "('finished', 120)")  # asked while the cell runs, answered after it
    lab.reload()  # the page again, now that the kernel has time to tell of its widgets
    lab.open(path)
    expect(sentence(lab.cell(1))).to_have_text("Finished.")
    lab.screenshot("training-reopened-when-finished", lab.cell(1))
    lab.run_cell(2)
    expect(sentence(lab.cell(2))).to_have_text("Finished.")
    assert lab.failures() == []


@pytest.mark.wide
def test_notebook_7_trains_pauses_looks_and_goes_on(notebook7: Notebook7, notebook: Callable[..., Path]) -> None:
    lab = notebook7
    lab.open(notebook(EXTENSION, TRAIN.format(300)))
    lab.run_cell(0)
    lab.start_cell(1)
    cell = lab.cell(1)
    expect(sentence(cell)).to_have_text("Training …")
    expect(stage(cell)).to_contain_text("test 0.")  # an epoch is done
    cell.get_by_role("button", name="Pause").click()
    expect(sentence(cell)).to_have_text("Paused between two batches.")
    for tab in TABS:
        cell.get_by_role("button", name=tab).click()
        expect(cell.get_by_role("button", name=tab)).to_have_attribute("aria-pressed", "true")
        lab.screenshot(f"notebook7-training-{tab.lower().replace(' ', '-')}", cell)
    press_on(cell.get_by_role("button", name="Curves"), "Enter")
    place = cell.locator("svg text", has_text="paused").text_content()
    press_on(cell.get_by_role("button", name="Step"), "Enter")
    expect(cell.locator("svg text", has_text="paused")).not_to_have_text(place)
    cell.get_by_role("button", name="Resume").click()
    expect(sentence(cell)).to_have_text("Training …")
    cell.get_by_role("button", name="Stop").click()
    expect(sentence(cell)).to_contain_text("Stopped.")
    outputs = lab.wait_cell(1)
    assert "stopped" in outputs[0]["data"]["text/plain"]
    lab.wait_for("view.state", "'stopped'")
    assert lab.axe(cell.locator(".ak-widget")) == []
    assert lab.failures() == []


@pytest.mark.wide
def test_a_page_that_was_closed_while_pausing_finds_a_run_that_can_be_interrupted(
    lab: Lab, notebook: Callable[..., Path]
) -> None:
    path = notebook(SETUP, loop(0.02), loop(0.001).replace("learnt = 0", "lost = learnt"))
    lab.open(path)
    lab.run_cell(0)
    lab.start_cell(1)
    expect(sentence(lab.cell(1))).to_have_text("Training …")
    lab.cell(1).get_by_role("button", name="Pause").click()
    expect(sentence(lab.cell(1))).to_have_text("Paused between two batches.")
    reopen_while_busy(lab, path)
    # A kernel tells of its widgets between two cells only: until then there is the still picture.
    expect(lab.cell(1).locator("img")).to_be_visible()
    lab.page.evaluate("() => window.jupyterapp.commands.execute('notebook:interrupt-kernel')")
    lab.wait_for("view.state", "'interrupted'")
    lab.run_cell(2)
    expect(sentence(lab.cell(2))).to_have_text("Finished.")
    lab.wait_for("learnt - lost", "120")


def test_a_kernel_that_is_restarted_is_said(lab: Lab, notebook: Callable[..., Path]) -> None:
    lab.open(notebook(SETUP, loop(0.2)))
    lab.run_cell(0)
    lab.start_cell(1)
    cell = lab.cell(1)
    expect(sentence(cell)).to_have_text("Training …")
    lab.page.evaluate(
        "async () => { await window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart(); }"
    )
    expect(sentence(cell)).to_contain_text("The kernel is gone")
    expect(cell.get_by_role("button", name="Stop")).to_have_attribute("aria-disabled", "true")
    assert lab.failures() == []


@pytest.mark.wide
def test_a_cell_that_is_run_anew_lets_go_of_what_it_showed(lab: Lab, notebook: Callable[..., Path]) -> None:
    watch = "import gc, weakref\nseen = globals().get('seen', [])\nseen.append(weakref.ref(view.training.model))"
    lab.open(notebook(EXTENSION, TRAIN.format(1), watch, "view"))
    lab.run_cell(0)
    for _ in range(3):
        lab.run_cell(1)
        lab.run_cell(2)
    lab.wait_for("(gc.collect(), [ref() is not None for ref in seen])[1]", "[False, False, True]")
    lab.run_cell(3)
    lab.run_cell(1)  # the fourth; the third is alive in the last cell
    expect(lab.cell(3).locator(".ak-widget")).to_be_visible()
    expect(lab.cell(1).locator(".ak-widget")).to_be_visible()
    assert lab.failures() == []
    assert lab.errors == []


def test_a_real_run_is_interrupted_and_goes_on(lab: Lab, notebook: Callable[..., Path]) -> None:
    lab.open(
        notebook(
            "import autogradkit as torch\n%load_ext autogradkit", "view = %train mlp --epochs 200", "view.resume();"
        )
    )
    lab.run_cell(0)
    lab.start_cell(1)
    cell = lab.cell(1)
    expect(cell.locator(".ak-stage svg")).to_contain_text("of 200 · batch")
    expect(cell.locator(".ak-stage svg")).to_contain_text("test 0.")  # an epoch is done
    lab.page.evaluate("() => window.jupyterapp.commands.execute('notebook:interrupt-kernel')")
    lab.wait_cell(1)
    assert lab.failures() == []
    expect(sentence(cell)).to_contain_text("Interrupted between two batches.")
    learnt = int(lab.ask("sum(1 for _ in view.training.epochs)"))
    assert 1 <= learnt < 200
    lab.start_cell(2)
    expect(sentence(lab.cell(2))).to_have_text("Training …")
    lab.page.wait_for_function(
        "([stage, least]) => Number(stage.textContent.match(/epoch (\\d+) of 200/)?.[1]) >= least",
        arg=[lab.cell(2).locator(".ak-stage").element_handle(), learnt + 2],  # the one that was interrupted is done
        polling=POLL,
    )
    lab.cell(2).get_by_role("button", name="Stop").click()
    lab.wait_cell(2)
    lab.wait_for("view.state", "'stopped'")
    assert int(lab.ask("len(view.training.epochs)")) > learnt
    assert lab.errors == []
