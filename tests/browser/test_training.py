"""The live training view in real JupyterLab: its buttons while a cell runs, its curves, themes, and what is stored."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.harness import Lab, Notebook7

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


EXTENSION = "import autogradkit as torch\n%load_ext autogradkit"
TRAIN = "view = %train mlp --epochs {}"


def stage(cell: Locator) -> Locator:
    return cell.locator(".ak-stage svg")


def press_on(target: Locator, key: str) -> None:
    target.focus()
    target.page.keyboard.press(key)


def in_time(lab: Lab, expression: str, expected: str) -> None:
    """Python hears a moment later than the page speaks."""
    for _ in range(50):
        if (found := lab.ask(expression)) == expected:
            return
        lab.page.wait_for_timeout(100)
    raise AssertionError(f"{expression} is {found}, not {expected}")


def test_every_control_works_by_mouse_and_keyboard_when_nothing_trains(lab: Lab, notebook: Callable[..., Path]) -> None:
    lab.open(notebook(EXTENSION, TRAIN.format(2)))
    lab.run_cell(0)
    lab.run_cell(1)
    cell = lab.cell(1)
    button = lambda name: cell.get_by_role("button", name=name, exact=True)  # noqa: E731

    for act, on in ((lambda: button("Log axis").click(), "True"), (lambda: press_on(button("Log axis"), "Enter"), "False"),
                    (lambda: press_on(button("Log axis"), "Space"), "True")):  # fmt: skip
        act()
        in_time(lab, "view.log_axis", on)
        expect(button("Log axis")).to_have_attribute("aria-pressed", on.lower())
    expect(stage(cell)).to_contain_text("loss, log axis")

    rate = cell.get_by_role("textbox", name="learning rate")
    rate.fill("100")
    rate.press("Enter")
    in_time(lab, "view.training.optimizer.param_groups[0]['lr']", "100.0")
    expect(stage(cell)).to_contain_text("lr 100")
    rate.focus()
    lab.page.keyboard.press("Control+a")
    lab.page.keyboard.type("0.0123456")  # 0 and 1 are shortcuts of the notebook elsewhere
    lab.page.keyboard.press("Enter")
    in_time(lab, "view.training.optimizer.param_groups[0]['lr']", "0.0123456")
    expect(rate).to_have_value("0.0123")
    rate.fill("fast")
    rate.press("Enter")
    expect(rate).to_have_attribute("aria-invalid", "true")
    rate.press("Escape")
    expect(rate).to_have_value("0.0123")
    assert len(lab.page.locator(".jp-Notebook .jp-Cell").all()) == 2, "no key became a command of the notebook"

    button("Test pictures").click()
    in_time(lab, "view.tab", "'pictures'")
    expect(cell.locator(".ak-pick")).to_have_count(30)
    assert "they come first" in lab.ask("view.description")
    first = cell.locator(".ak-pick").first
    button("Next page").click()
    in_time(lab, "view.which", "'31–60 of 1,000'")
    press_on(button("Previous page"), "Enter")
    in_time(lab, "view.which", "'1–30 of 1,000'")
    expect(cell.locator(".ak-which").first).to_have_text("1–30 of 1,000")
    assert lab.axe(cell.locator(".ak-widget")) == []
    lab.screenshot("training-pictures-light", cell)

    press_on(first, "ArrowRight")
    lab.page.keyboard.press("ArrowDown")
    lab.page.keyboard.press("Home")
    lab.page.keyboard.press("ArrowRight")
    lab.page.keyboard.press("Enter")
    in_time(lab, "(view.tab, view.which)", "('maps', '2 of 1,000')")
    button("Next picture").click()
    in_time(lab, "view.which", "'3 of 1,000'")
    assert lab.axe(cell.locator(".ak-widget")) == []
    lab.screenshot("training-maps-light", cell)
    press_on(button("Test pictures"), "Enter")
    expect(cell.locator(".ak-pick")).to_have_count(30)
    cell.locator(".ak-pick").nth(4).click()
    in_time(lab, "(view.tab, view.which)", "('maps', '5 of 1,000')")

    press_on(button("Feature maps"), "ArrowRight")
    lab.page.keyboard.press("Space")
    in_time(lab, "view.tab", "'confusion'")
    expect(stage(cell)).to_contain_text("read as")
    button("Table").click()
    expect(cell.get_by_role("table")).to_contain_text("label, read as:")
    lab.theme("dark")
    assert lab.axe(cell.locator(".ak-widget")) == []
    lab.screenshot("training-confusion-dark", cell)
    button("Filters").click()
    in_time(lab, "view.tab", "'filters'")
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
    assert lab.ask("any(step.lr == 0.00321 for step in view.history.steps)") == "True"
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


TABS = ("Curves", "Test pictures", "Filters", "Feature maps", "Confusions")
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


@pytest.mark.parametrize("wide", [480, 800, 1600])
def test_every_look_is_as_wide_as_the_column_legible_and_in_a_stage(
    lab: Lab, notebook: Callable[..., Path], wide: int
) -> None:
    lab.open(notebook(EXTENSION, TRAIN.format(2).replace("mlp", "lenet")))
    lab.page.set_viewport_size({"width": wide, "height": 640})
    lab.page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
    lab.run_cell(0)
    lab.run_cell(1)
    cell = lab.cell(1)
    for tab in TABS:
        cell.get_by_role("button", name=tab).click()
        column = max(320, cell.locator(".ak-widget").evaluate("element => element.clientWidth - 8"))
        expect(stage(cell)).to_have_attribute("width", re.compile(f"^{column}$"))
        frame = cell.locator(".ak-stage")
        assert frame.evaluate(SMALLEST) >= 10
        assert frame.bounding_box()["height"] <= 0.7 * 640
        assert cell.evaluate("cell => cell.scrollWidth <= cell.clientWidth"), "the stage scrolls, not the page"
        assert lab.axe(cell.locator(".ak-widget")) == []
        if wide > 480:
            lab.theme("dark")
            lab.screenshot(f"training-{tab.lower().replace(' ', '-')}-{wide}-dark", cell)
            lab.theme("light")
        lab.screenshot(f"training-{tab.lower().replace(' ', '-')}-{wide}-light", cell)
    lab.page.evaluate("() => window.jupyterapp.shell.expandLeft()")
    assert lab.errors == []


def test_a_stored_look_is_legible_in_a_narrow_column_and_scrolls(lab: Lab, notebook: Callable[..., Path]) -> None:
    look = "view._answer({'kind': 'look', 'tab': '%s'})\nview"
    path = notebook(EXTENSION, TRAIN.format(1), *(look % tab for tab in ("pictures", "maps", "confusion")))
    lab.open(path)
    lab.run_all()
    lab.save()
    lab.close()
    lab.reload()  # the page's models outlive their kernel
    lab.open(path, kernel=False)
    lab.page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
    for wide in (480, 800, 1600):
        lab.page.set_viewport_size({"width": wide, "height": 640})
        for index in range(1, 5):
            image = lab.cell(index).locator("img")
            expect(image).to_be_visible()
            frame = image.locator("xpath=..")
            assert image.evaluate(SMALLEST_STILL) >= 9.999  # a width is a whole number of 64ths of a pixel
            assert frame.bounding_box()["height"] <= 0.7 * 640 + 1
            column = frame.evaluate("frame => frame.clientWidth")
            assert image.bounding_box()["width"] <= max(760, column)
            lab.screenshot(f"training-stored-{index}-{wide}", lab.cell(index))
    lab.page.evaluate("() => window.jupyterapp.shell.expandLeft()")


def test_a_redraw_leaves_the_stage_where_it_was_scrolled_to(lab: Lab, notebook: Callable[..., Path]) -> None:
    lab.open(notebook(EXTENSION, TRAIN.format(300)))
    lab.page.set_viewport_size({"width": 800, "height": 500})
    lab.run_cell(0)
    lab.start_cell(1)
    cell = lab.cell(1)
    cell.get_by_role("button", name="Confusions").click()
    expect(stage(cell)).to_contain_text("read as")
    frame = cell.locator(".ak-stage")
    column = max(320, cell.locator(".ak-widget").evaluate("element => element.clientWidth - 8"))
    expect(stage(cell)).to_have_attribute("width", re.compile(f"^{column}$"))
    frame.evaluate("stage => { stage.scrollTop = 20; window.before = stage.querySelector('svg'); }")
    lab.page.wait_for_function(
        "stage => stage.querySelector('svg') !== window.before", arg=frame.element_handle(), timeout=60_000
    )
    assert frame.evaluate("stage => stage.scrollTop") == 20
    cell.get_by_role("button", name="Stop").click()
    lab.wait_cell(1)


def reopen_while_busy(lab: Lab, path: Path) -> None:
    """Close the page, then open it and the notebook anew, without waiting for the kernel to be idle."""
    lab.save()
    lab.close(keep_kernel=True)
    lab.reload()
    lab.page.evaluate(
        "async path => { await window.jupyterapp.commands.execute('docmanager:open', {path}); }",
        path.relative_to(lab.server.root).as_posix(),
    )


def test_a_page_that_was_closed_while_training_finds_the_run_going_on(lab: Lab, notebook: Callable[..., Path]) -> None:
    path = notebook(SETUP, loop(0.1), "view")
    lab.open(path)
    lab.run_cell(0)
    lab.start_cell(1)
    expect(stage(lab.cell(1))).to_contain_text(re.compile("batch [1-9]"))
    reopen_while_busy(lab, path)
    expect(lab.cell(1).locator("img")).to_be_visible()  # a kernel tells of its widgets between two cells only
    lab.screenshot("training-reopened-while-training", lab.cell(1))
    in_time(lab, "(view.state, learnt)", "('finished', 120)")  # asked while the cell runs, answered after it
    lab.reload()  # the page again, now that the kernel has time to tell of its widgets
    lab.open(path)
    expect(sentence(lab.cell(1))).to_have_text("Finished.")
    lab.screenshot("training-reopened-when-finished", lab.cell(1))
    lab.run_cell(2)
    expect(sentence(lab.cell(2))).to_have_text("Finished.")
    assert lab.failures() == []


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
    assert lab.ask("view.state") == "'stopped'"
    assert lab.axe(cell.locator(".ak-widget")) == []
    assert lab.failures() == []


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
    in_time(lab, "view.state", "'interrupted'")
    lab.run_cell(2)
    expect(sentence(lab.cell(2))).to_have_text("Finished.")
    assert lab.ask("learnt - lost") == "120"


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


def test_a_cell_that_is_run_anew_lets_go_of_what_it_showed(lab: Lab, notebook: Callable[..., Path]) -> None:
    watch = "import gc, weakref\nseen = globals().get('seen', [])\nseen.append(weakref.ref(view.training.model))"
    lab.open(notebook(EXTENSION, TRAIN.format(1), watch, "view"))
    lab.run_cell(0)
    for _ in range(3):
        lab.run_cell(1)
        lab.run_cell(2)
    assert lab.ask("(gc.collect(), [ref() is not None for ref in seen])[1]") == "[False, False, True]"
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
    lab.page.wait_for_timeout(1000)
    lab.cell(2).get_by_role("button", name="Stop").click()
    lab.wait_cell(2)
    assert lab.ask("view.state") == "'stopped'"
    assert int(lab.ask("len(view.training.epochs)")) > learnt
    assert lab.errors == []
