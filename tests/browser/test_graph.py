"""GraphView in real JupyterLab: the cells that must come out right, and every control of the widget."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

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
    assert lab.ask("view.step") == "0"
    assert "mul(w, x) gives" in sentence.inner_text()
    cell.get_by_role("button", name="Step forward").click()
    cell.get_by_role("button", name="Step forward").click()
    assert lab.ask("view.step") == "2"
    assert sentence.inner_text().startswith("backward 1: SumBackward0 receives ∂ = 1: ")
    hidden = cell.locator(".ak-unknown").all_text_contents()
    assert any("∂₂" in text for text in hidden)
    lab.screenshot("graph-step", cell)
    lab.ask("setattr(view, 'step', 4)")
    cell.get_by_text("w.grad = [1, 2, 3]").wait_for()

    cell.get_by_role("button", name="All", exact=True).click()
    cell.locator("select").select_option("backward 2")
    cell.locator('[data-key="o0"] ellipse').click()
    assert lab.ask("view.selection.name") == "'mul'"
    assert "∂w = ∂ · x" in cell.locator(".ak-detail").inner_text()
    lab.screenshot("graph-detail", cell)
    cell.get_by_role("button", name="Close").click()
    assert lab.ask("view.selected") == "''"

    cell.get_by_role("button", name="Table").click()
    assert cell.get_by_role("cell", name="mul(w, x)").count() == 1
    assert cell.get_by_role("button", name="Table").get_attribute("aria-pressed") == "true"
    assert lab.axe(cell.locator(".ak-widget")) == []
    assert lab.errors == []


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


WHY = {  # name -> (the cells before, the traced code, the call of the node to look at, what its detail says)
    "sin": (
        "x = torch.tensor(6., requires_grad=True)\nc = torch.tensor(42., requires_grad=True)",
        "y = torch.sin(x) * c\ny.backward()",
        "mul(sin₁, c)",
        "∂c = ∂ · sin₁ = 1 · −0.2794 = −0.2794",
    ),
    "mlp": (*CELLS["mlp_steps"], "pow(sub₂, 2)", "at [0, 0]: 0.5 · 2 · −1.2775 = −1.2775"),
    "broadcast": (*CELLS["broadcast"], "add(mm₁, b)", "∂b = ∂, summed over dim 1"),
    "lenet": (
        *CELLS["lenet"],
        "nll_loss(log_softmax₁, digits, 1, -100)",
        "∂log_softmax₁ = −∂ / 4 at the target digits",
    ),
    "edited": (*CELLS["edited"], "exp(x)", "edited since by add_ in line 4: now version 1"),
}


@pytest.mark.parametrize("name", WHY)
def test_the_detail_of_a_node_says_why(lab: Lab, notebook: Callable[..., Path], name: str) -> None:
    before, source, call, said = WHY[name]
    lab.page.set_viewport_size({"width": 1600, "height": 1600})
    block = source.replace("\n", "\n        ")
    recorded = f"try:\n    with torch.record() as t:\n        {block}\nexcept RuntimeError as error:\n    print(error)"
    shown = "from autogradkit.widgets.graph import GraphView\nview = GraphView(t)\nview"
    lab.open(notebook(SETUP, before, recorded, shown))
    lab.run_all()
    cell = lab.cell(3)
    cell.locator(".ak-graph-view svg").wait_for()
    lab.ask(f"setattr(view, 'selected', next(k for k, d in view.details.items() if d['title'] == {call!r}))")
    detail = cell.locator(".ak-detail")
    detail.get_by_text(said).first.wait_for()
    measure = detail.get_by_role("button", name="Measure the derivative")
    measure.focus()
    lab.page.keyboard.press("Enter")
    detail.get_by_text("/ 2ε").first.wait_for()
    assert measure.is_hidden()
    assert "rounding does not" not in detail.inner_text()
    assert "/ 2ε" in lab.ask("view.measured[view.selected]")
    assert lab.axe(cell.locator(".ak-widget")) == []
    for width in (1600, 800):
        lab.page.set_viewport_size({"width": width, "height": 1600})
        for theme in ("light", "dark"):
            lab.theme(theme)
            cell.locator(f'.ak-graph-view[data-ak-theme="{theme}"]').wait_for()
            lab.screenshot(f"why-{name}-{theme}-{width}", cell)
    lab.theme("light")
    assert lab.errors == []
