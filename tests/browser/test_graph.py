"""GraphView in real JupyterLab: the cells that must come out right, and every control of the widget."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.harness import Lab
from tests.tracing.render.cells import CELLS

SETUP = "import autogradkit as torch\n%load_ext autogradkit"


def cells_of(name: str) -> list[str]:
    before, source = CELLS[name]
    return [SETUP, before or "pass", f"%%trace\n{source}"]


def traced(lab: Lab, notebook: Callable[..., Path], name: str):
    """The output of the traced cell, once its picture is there."""
    lab.page.set_viewport_size({"width": 1280, "height": 2000})
    lab.open(notebook(*cells_of(name)))
    lab.run_all()
    cell = lab.cell(2)
    cell.locator(".ak-graph-view svg").wait_for()
    return cell


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("power", ".grad ="),
        ("broadcast", "summed over dim 1"),
        ("fan_in", "Σ∂ ="),
        ("loop", "h (turn 3) ="),
        ("helper", "loss"),
        ("lenet", "conv1"),
        ("view_edit", "edited through the view"),
        ("accumulate", "call 2 +"),
        ("forward", "No backward call"),
        ("no_grad", "under no_grad()"),
        ("second_backward", "✗ stopped here"),
        ("edited", "✎ edited here"),
        ("mismatch", "mat1 and mat2 shapes"),
        ("create_graph", "operation of a backward pass"),
        ("chinese", "损失"),
        ("nan", "⚠ 1 nan"),
        ("large", "1000×1000"),
        ("deep", "248 equal turns"),
    ],
)
def test_traced_cells(lab: Lab, notebook: Callable[..., Path], name: str, seen: str) -> None:
    cell = traced(lab, notebook, name)
    assert seen in cell.locator(".ak-graph-view").inner_text().replace("\n", " ") or seen in cell.inner_html()
    lab.screenshot(f"graph-{name}-light", cell)
    lab.theme("dark")
    cell.locator('.ak-graph-view[data-ak-theme="dark"]').wait_for()
    lab.page.locator("#jupyterlab-splash").wait_for(state="detached")
    lab.screenshot(f"graph-{name}-dark", cell)
    assert lab.errors == []


def test_steps_selection_table_and_calls(lab: Lab, notebook: Callable[..., Path]) -> None:
    before, source = CELLS["accumulate"]
    view = "from autogradkit.widgets.graph import GraphView\nwith torch.record() as t:\n    " + source.replace(
        "\n", "\n    "
    )
    lab.open(notebook(SETUP, before, f"{view}\nview = GraphView(t)\nview"))
    lab.run_all()
    cell = lab.cell(2)
    cell.locator(".ak-graph-view svg").wait_for()
    sentence = cell.locator(".ak-sentence")
    assert "Each call adds to .grad." in sentence.inner_text()

    cell.get_by_role("button", name="First step").click()
    wait_for_python(lab, "view.step", "0")
    assert "mul(w, x) gives" in sentence.inner_text()
    cell.get_by_role("button", name="Step forward").click()
    cell.get_by_role("button", name="Step forward").click()
    wait_for_python(lab, "view.step", "2")
    assert sentence.inner_text().startswith("backward 1: SumBackward0 receives ∂ 1.")
    assert read(cell).count("?") > 3
    lab.screenshot("graph-step", cell)
    lab.ask("setattr(view, 'step', 4)")
    cell.get_by_text("w.grad = [1., 2., 3.]").wait_for()

    cell.get_by_role("button", name="All", exact=True).click()
    cell.get_by_role("combobox", name="Backward call").select_option("backward 2")
    cell.locator('[data-key="o0"] ellipse').click()
    assert lab.ask("view.selection.name") == "'mul'"
    assert "∂self = ∂ · other" in cell.locator(".ak-detail").inner_text()
    lab.screenshot("graph-detail", cell)
    cell.get_by_role("button", name="Close").click()
    assert lab.ask("view.selected") == "''"

    cell.get_by_role("button", name="Table").click()
    assert cell.get_by_role("cell", name="mul(w, x)").count() == 1
    assert cell.get_by_role("button", name="Table").get_attribute("aria-pressed") == "true"
    assert lab.axe(cell.locator(".ak-widget")) == []
    assert lab.errors == []


def read(cell: Locator) -> list[str]:
    """The texts on the picture that can be read."""
    return cell.locator("svg text:visible").all_text_contents()


def test_nothing_is_given_away_and_every_control_of_the_walk(lab: Lab, notebook: Callable[..., Path]) -> None:
    before, source = CELLS["fan_in"]
    lab.page.set_viewport_size({"width": 1280, "height": 1600})
    lab.open(
        notebook(
            SETUP,
            before,
            f"%%trace t\n{source}",
            "from autogradkit.widgets.graph import GraphView\nview = GraphView(t)\nview",
        )
    )
    lab.run_all()
    cell = lab.cell(3)
    cell.locator(".ak-graph-view svg").wait_for()
    step = cell.locator(".ak-step")
    assert "?" not in read(cell)

    cell.get_by_role("button", name="First step").click()
    wait_for_python(lab, "view.step", "0")
    texts = read(cell)
    assert "[0.5, -2., 6.]" in texts  # just computed
    assert "= ?" in texts  # the loss
    assert not [text for text in texts if "44.75" in text or "39." in text]
    lab.screenshot("graph-first-step-light", cell)
    cell.get_by_role("button", name="Table").click()
    assert "44.75" not in cell.locator(".ak-table").inner_text()
    cell.locator('.ak-item[aria-label^="loss"]').click()
    wait_for_python(lab, "view.selection.name", "'loss'")  # Python knows; the page does not tell
    assert "value\n?" in cell.locator(".ak-detail").inner_text()
    assert "44.75" not in cell.locator(".ak-widget").aria_snapshot()  # what a screen reader gets

    slider = cell.get_by_role("slider", name="Step")
    slider.focus()
    for key, at in (("ArrowRight", 1), ("End", 8), ("ArrowLeft", 7), ("Home", 0), ("ArrowRight", 1)):
        slider.press(key)
        wait_for_python(lab, "view.step", str(at))
        expect(step).to_have_text(f"step {at + 1} of 9")
    box = slider.bounding_box()
    assert box is not None
    assert box["height"] >= 24
    lab.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    wait_for_python(lab, "view.step", "4")
    assert "= 44.75" in read(cell)

    cell.get_by_role("button", name="Step forward").press("Home")
    wait_for_python(lab, "view.step", "0")
    cell.locator(".ak-item[tabindex='0']").press("End")
    wait_for_python(lab, "view.step", "8")
    assert "?" not in read(cell)
    assert cell.locator(".ak-sentence").get_attribute("aria-live") == "polite"

    cell.get_by_role("combobox", name="Speed").select_option("4×")
    cell.get_by_role("button", name="Play").click()
    expect(step).to_have_text("step 9 of 9", timeout=10_000)
    expect(cell.get_by_role("button", name="Play")).to_have_attribute("aria-pressed", "false")
    cell.get_by_role("combobox", name="Speed").select_option("0.5×")
    cell.get_by_role("button", name="Play").press("Enter")
    cell.get_by_role("button", name="Pause").press("Enter")
    wait_for_python(lab, "view.step", "0")
    lab.page.emulate_media(reduced_motion="reduce")
    cell.get_by_role("button", name="Play").click()
    wait_for_python(lab, "view.step", "8")
    lab.page.emulate_media(reduced_motion="no-preference")

    lab.ask("setattr(view, 'step', 5)")
    expect(step).to_have_text("step 6 of 9")
    lab.theme("dark")
    cell.locator('.ak-graph-view[data-ak-theme="dark"]').wait_for()
    lab.screenshot("graph-step-dark", cell)
    assert lab.axe(cell.locator(".ak-widget")) == []
    assert lab.errors == []


def wait_for_python(lab: Lab, expression: str, answer: str) -> None:
    """Wait until the kernel says so; what the page sends arrives a moment later."""
    for _ in range(50):
        if lab.ask(expression) == answer:
            return
        lab.page.wait_for_timeout(100)
    assert lab.ask(expression) == answer


def test_the_graph_is_walked_by_keys_and_modules_unfold(lab: Lab, notebook: Callable[..., Path]) -> None:
    before, source = CELLS["lenet"]
    view = f"from autogradkit.widgets.graph import GraphView\nwith torch.record() as t:\n    {source.splitlines()[0]}"
    lab.open(notebook(SETUP, before, f"{view}\nview = GraphView(t)\nview"))
    lab.run_all()
    cell = lab.cell(2)
    cell.locator(".ak-graph-view svg").wait_for()
    cell.locator(".ak-item[tabindex='0']").focus()
    for key in ("ArrowDown", "ArrowDown", "Enter"):
        lab.page.keyboard.press(key)
    assert "module conv1" in cell.locator(".ak-detail h4").inner_text()
    cell.get_by_role("button", name="Unfold LeNet/conv1").click()
    cell.locator('.ak-item[aria-label^="module conv1"]').wait_for(state="detached")
    assert "LeNet/conv1" not in lab.ask("view.folded")
    cell.get_by_role("button", name="Zoom in").click()
    box = cell.locator(".ak-stage svg").get_attribute("viewBox")
    cell.get_by_role("button", name="Whole picture").click()
    assert cell.locator(".ak-stage svg").get_attribute("viewBox") != box
    assert lab.errors == []
