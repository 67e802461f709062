"""Graphs in real JupyterLab: the cells that must come out right, how wide and legible they are, what a node's detail says."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.graphs import SETUP, WIDE, all_traced, traced, view_of, viewed
from tests.browser.harness import POLL, Lab
from tests.tracing.render.cells import CELLS

SEEN = {  # what is read on the picture of each cell
    "power": ".grad =",
    "broadcast": "summed over dim 1",
    "fan_in": "Σ∂ =",
    "loop": "h (turn 3) =",
    "helper": "loss",
    "lenet": "model.conv1",
    "view_edit": "edited through the view",
    "accumulate": "call 2 +",
    "forward": "No backward call",
    "no_grad": "under no_grad()",
    "second_backward": "✗ stopped here",
    "edited": "✎ edited here",
    "mismatch": "mat1 and mat2 shapes",
    "create_graph": "operation of a backward pass",
    "chinese": "损失",
    "nan": "⚠ 1 nan",
    "large": "1000×1000",
    "deep": "×248",
}


@pytest.mark.wide
def test_traced_cells(lab: Lab, notebook: Callable[..., Path]) -> None:
    lab.page.set_viewport_size({"width": 1280, "height": 2000})
    cells = all_traced(lab, notebook, {name: CELLS[name] for name in SEEN})
    texts = {name: cell.locator(".ak-graph-view").inner_text().replace("\n", " ") for name, cell in cells.items()}
    assert [
        name for name, seen in SEEN.items() if seen not in texts[name] and seen not in cells[name].inner_html()
    ] == []
    for theme in ("light", "dark"):
        lab.theme(theme)
        for name, cell in cells.items():
            lab.screenshot(f"graph-{name}-{theme}", cell)
    assert lab.errors == []


def test_the_column_is_used_and_not_left(lab: Lab, notebook: Callable[..., Path]) -> None:
    lab.side_bar(shown=False)
    cell = traced(lab, notebook, *CELLS["lenet"])
    stage = cell.locator(".ak-stage")
    drawn = "stage.querySelector('svg').viewBox.baseVal.width"
    for width, wanted in ((800, f"{drawn} < 720"), (1600, f"{drawn} > 1000")):
        lab.resize(width, 900)
        lab.page.wait_for_function(f"stage => {wanted}", arg=stage.element_handle(), polling=POLL)
        assert stage.evaluate("stage => stage.scrollWidth <= stage.clientWidth")
    assert stage.evaluate("stage => stage.scrollHeight <= stage.clientHeight")
    assert lab.errors == []


SMALLEST_TEXT = """stage => {
    const svg = stage.querySelector('svg'); // the one that is there now: a redraw brings another
    const shown = [...svg.querySelectorAll('text')].map(text => getComputedStyle(text)).filter(it => it.display !== 'none');
    const smallest = Math.min(...shown.map(it => parseFloat(it.fontSize)));
    return smallest * svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
}"""


@pytest.mark.wide
@pytest.mark.parametrize("width", [800, pytest.param(1600, marks=pytest.mark.wide)])
def test_pictures_are_legible_and_leave_room(lab: Lab, notebook: Callable[..., Path], width: int) -> None:
    lab.page.set_viewport_size({"width": width, "height": 900})
    for name, cell in all_traced(lab, notebook, WIDE).items():
        stage = cell.locator(".ak-stage")
        assert stage.evaluate(SMALLEST_TEXT) >= 9.99, name
        assert stage.evaluate("stage => stage.getBoundingClientRect().height") <= 0.7 * 900 + 1, name
        lab.screenshot(f"graph-{name}-{width}", cell)
    assert lab.axe(lab.page.locator(".jp-Notebook .ak-widget")) == []
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
        "nll_loss(log_softmax₁, digits)",
        "∂log_softmax₁ = −∂ / 4 at the target digits",
    ),
    "edited": (*CELLS["edited"], "exp(x)", "edited by add_ in line 4: now version 1"),
}


def test_the_detail_of_a_node_says_why(lab: Lab, notebook: Callable[..., Path]) -> None:
    lab.page.set_viewport_size({"width": 1600, "height": 1600})
    sources = [each for before, source, _, _ in WHY.values() for each in (before, view_of(source))]
    lab.open(notebook(SETUP, *sources))
    lab.run_cell(0)
    for place, (name, (_, _, call, said)) in enumerate(WHY.items()):
        lab.run_cell(2 * place + 1)
        lab.run_cell(2 * place + 2)  # `view` is that of this cell
        cell = lab.drawn(2 * place + 2)
        lab.ask(f"setattr(view, 'selected', next(k for k, d in view.details.items() if d['title'] == {call!r}))")
        detail = cell.locator(".ak-detail")
        detail.get_by_text(said).first.wait_for()
        measure = detail.get_by_role("button", name="Measure the derivative")
        measure.focus()
        lab.page.keyboard.press("Enter")
        detail.get_by_text("/ 2ε").first.wait_for()
        expect(measure).to_be_hidden()
        expect(detail).not_to_contain_text("rounding does not")
        assert "/ 2ε" in lab.ask("view.measured[view.selected]")
        for width, theme in product((1600, 800), ("light", "dark")) if lab.keeps_screenshots else ():
            lab.resize(width, 1600)
            lab.theme(theme)
            lab.screenshot(f"why-{name}-{theme}-{width}", cell)
    lab.page.set_viewport_size({"width": 1600, "height": 500})
    heights = [detail.bounding_box() for detail in lab.page.locator(".ak-detail:visible").all()]
    assert heights
    assert all(box is not None and box["height"] <= 0.7 * 500 + 1 for box in heights)  # what is longer scrolls in it
    assert lab.axe(lab.page.locator(".jp-Notebook .ak-widget")) == []
    assert lab.errors == []


def test_a_kernel_that_is_gone_is_not_waited_for(lab: Lab, notebook: Callable[..., Path]) -> None:
    before, source, call, _ = WHY["sin"]
    cell = viewed(lab, notebook, before, source)
    lab.ask(f"setattr(view, 'selected', next(k for k, d in view.details.items() if d['title'] == {call!r}))")
    measure = cell.get_by_role("button", name="Measure the derivative")
    measure.wait_for()
    lab.page.evaluate("async () => { await window.jupyterapp.serviceManager.sessions.shutdownAll(); }")
    measure.click()  # the view stays: the page's models outlive their kernel
    expect(cell.locator(".ak-sentence")).to_contain_text("kernel")
    lab.screenshot("why-no-kernel", cell)
