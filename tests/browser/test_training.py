"""The live training view in real JupyterLab: its buttons while a cell runs, its curves, themes, and what is stored."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Locator, expect

from tests.browser.harness import Lab

SETUP = "from autogradkit.widgets.training import TrainingView\nimport time\nview = TrainingView('a slow model')"
LOOP = """
learnt = 0
for epoch in view.epochs(2):
    for batch in view.track(range(60)):
        time.sleep(PAUSE)
        learnt += 1
        view.log(loss=2.3 / (1 + 0.05 * learnt), accuracy=1 - 0.9 / (1 + 0.1 * learnt))
    view.log(test_loss=1.5 / (epoch + 1), test_accuracy=0.8 + 0.1 * epoch)
"""


def loop(pause: float) -> str:
    """Two epochs of 60 batches; a long pause where the run is to be caught in the middle, however slow the page is."""
    return LOOP.replace("PAUSE", str(pause))


def sentence(cell: Locator) -> Locator:
    return cell.locator(".ak-sentence")


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
    assert lab.ask("view.state") == "'stopped'"
    assert 1 < int(lab.ask("learnt")) < 120
    assert lab.failures() == []
    assert lab.errors == []


def test_the_finished_run_is_shown_and_stored(lab: Lab, notebook: Callable[..., Path]) -> None:
    lab.open(notebook(SETUP, loop(0.005)))
    lab.run_cell(0)
    outputs = lab.run_cell(1)
    cell = lab.cell(1)
    expect(sentence(cell)).to_have_text("Finished.")
    assert cell.locator("progress").evaluate("bar => bar.value") == 1
    assert "finished" in outputs[0]["data"]["text/plain"]  # what is stored is the end, not the beginning
    assert "test accuracy 90.0 %" in outputs[0]["data"]["text/html"]

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
    expect(cell.locator(".ak-widget")).to_have_attribute("data-ak-theme", "dark")
    assert lab.axe(cell.locator(".ak-widget")) == []
    lab.screenshot("training-finished-dark", cell)
    assert lab.errors == []


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
    assert lab.ask("view.state") == "'finished'"
    assert int(lab.ask("learnt - lost")) == 120
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
    expect(sentence(cell)).to_have_text("Training …")
    lab.page.wait_for_timeout(1000)
    cell.get_by_role("button", name="Stop").click()
    lab.wait_cell(2)
    assert lab.ask("view.state") == "'stopped'"
    assert int(lab.ask("len(view.training.epochs)")) > learnt
    assert lab.errors == []
