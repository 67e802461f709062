"""Graphs in real JupyterLab: the cells that must come out right, how wide and legible they are, what a node's detail says."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.graphs import WIDE, traced, viewed
from tests.browser.harness import POLL, Lab
from tests.tracing.render.cells import CELLS


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("power", ".grad ="),
        ("broadcast", "summed over dim 1"),
        ("fan_in", "Σ∂ ="),
        ("loop", "h (turn 3) ="),
        ("helper", "loss"),
        ("lenet", "model.conv1"),
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
        ("deep", "×248"),
    ],
)
def test_traced_cells(lab: Lab, notebook: Callable[..., Path], name: str, seen: str) -> None:
    lab.page.set_viewport_size({"width": 1280, "height": 2000})
    cell = traced(lab, notebook, *CELLS[name])
    assert seen in cell.locator(".ak-graph-view").inner_text().replace("\n", " ") or seen in cell.inner_html()
    lab.screenshot(f"graph-{name}-light", cell)
    lab.theme("dark")
    lab.screenshot(f"graph-{name}-dark", cell)
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


@pytest.mark.parametrize("width", [800, 1600])
@pytest.mark.parametrize("name", WIDE)
def test_pictures_are_legible_and_leave_room(lab: Lab, notebook: Callable[..., Path], name: str, width: int) -> None:
    lab.page.set_viewport_size({"width": width, "height": 900})
    cell = traced(lab, notebook, *WIDE[name])
    stage = cell.locator(".ak-stage")
    assert stage.evaluate(SMALLEST_TEXT) >= 9.99
    assert stage.evaluate("stage => stage.getBoundingClientRect().height") <= 0.7 * 900 + 1
    lab.screenshot(f"graph-{name}-{width}", cell)
    assert lab.axe(cell.locator(".ak-widget")) == []
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


@pytest.mark.parametrize("name", WHY)
def test_the_detail_of_a_node_says_why(lab: Lab, notebook: Callable[..., Path], name: str) -> None:
    before, source, call, said = WHY[name]
    lab.page.set_viewport_size({"width": 1600, "height": 1600})
    cell = viewed(lab, notebook, before, source)
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
    assert lab.axe(cell.locator(".ak-widget")) == []
    for width, theme in product((1600, 800), ("light", "dark")) if lab.keeps_screenshots else ():
        lab.resize(width, 1600)
        lab.theme(theme)
        lab.screenshot(f"why-{name}-{theme}-{width}", cell)
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
