"""GraphView in real JupyterLab: the cells that must come out right, and every control of the widget."""

from __future__ import annotations

import math
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
    lab.wait_for("view.step", "0")
    assert "mul(w, x) gives" in sentence.inner_text()
    cell.get_by_role("button", name="Step forward").click()
    cell.get_by_role("button", name="Step forward").click()
    lab.wait_for("view.step", "2")
    assert sentence.inner_text().startswith("backward 1: SumBackward0 receives ∂ = 1: ")
    assert read(cell).count("?") > 3
    lab.screenshot("graph-step", cell)
    lab.ask("setattr(view, 'step', 4)")
    cell.get_by_text("w.grad = [1, 2, 3]").wait_for()

    cell.get_by_role("button", name="All", exact=True).click()
    cell.get_by_role("combobox", name="Backward call").select_option("backward 2")
    cell.locator('[data-key="o0"] ellipse').click()
    lab.wait_for("view.selection and view.selection.name", "'mul'")
    assert "∂w = ∂ · x" in cell.locator(".ak-detail").inner_text()
    lab.screenshot("graph-detail", cell)
    cell.get_by_role("button", name="Close").click()
    lab.wait_for("view.selected", "''")

    cell.get_by_role("button", name="Table").click()
    assert cell.get_by_role("cell", name="mul(w, x)").count() == 1
    assert cell.get_by_role("button", name="Table").get_attribute("aria-pressed") == "true"
    assert lab.axe(cell.locator(".ak-widget")) == []
    assert lab.errors == []


def test_the_column_is_used_and_not_left(lab: Lab, notebook: Callable[..., Path]) -> None:
    cell = traced(lab, notebook, "lenet")
    stage = cell.locator(".ak-stage")
    shadow = "document.querySelector('autogradkit-picture').shadowRoot"
    drawn = f"{shadow}.querySelector('.ak-stage svg').viewBox.baseVal.width"
    lab.page.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")
    for width, wanted in ((800, f"{drawn} < 720"), (1600, f"{drawn} > 1000")):
        lab.page.set_viewport_size({"width": width, "height": 900})
        lab.page.wait_for_function(wanted)
        assert stage.evaluate("stage => stage.scrollWidth <= stage.clientWidth")
    assert stage.evaluate("stage => stage.scrollHeight <= stage.clientHeight")
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
    lab.wait_for("view.step", "0")
    texts = read(cell)
    assert "[0.5, -2., 6.]" in texts  # just computed
    assert "= ?" in texts  # the loss
    assert not [text for text in texts if "44.75" in text or "39." in text]
    lab.screenshot("graph-first-step-light", cell)
    cell.get_by_role("button", name="Table").click()
    assert "44.75" not in cell.locator(".ak-table").inner_text()
    cell.locator('.ak-item[aria-label^="loss"]').click()
    lab.wait_for("view.selection and view.selection.name", "'loss'")  # Python knows; the page does not tell
    assert "value\n?" in cell.locator(".ak-detail").inner_text()
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
    assert "= 44.75" in read(cell)

    cell.get_by_role("button", name="Step forward").press("Home")
    lab.wait_for("view.step", "0")
    cell.locator(".ak-item[tabindex='0']").press("End")
    lab.wait_for("view.step", "8")
    assert "?" not in read(cell)
    assert cell.locator(".ak-sentence").get_attribute("aria-live") == "polite"

    cell.get_by_role("combobox", name="Speed").select_option("4×")
    cell.get_by_role("button", name="Play").click()
    expect(step).to_have_text("step 9 of 9", timeout=10_000)
    expect(cell.get_by_role("button", name="Play")).to_have_attribute("aria-pressed", "false")
    cell.get_by_role("combobox", name="Speed").select_option("0.5×")
    cell.get_by_role("button", name="Play").press("Enter")
    cell.get_by_role("button", name="Pause").press("Enter")
    lab.wait_for("view.step", "0")
    lab.page.emulate_media(reduced_motion="reduce")
    cell.get_by_role("button", name="Play").click()
    lab.wait_for("view.step", "8")
    lab.page.emulate_media(reduced_motion="no-preference")

    lab.ask("setattr(view, 'step', 5)")
    expect(step).to_have_text("step 6 of 9")
    lab.theme("dark")
    cell.locator('.ak-graph-view[data-ak-theme="dark"]').wait_for()
    lab.screenshot("graph-step-dark", cell)
    assert lab.axe(cell.locator(".ak-widget")) == []
    assert lab.errors == []


def test_the_toolbar_is_one_stop_of_the_tab_key_and_walked_by_arrows(lab: Lab, notebook: Callable[..., Path]) -> None:
    before, source = CELLS["fan_in"]
    view = "from autogradkit.widgets.graph import GraphView\nwith torch.record() as t:\n    " + source.replace(
        "\n", "\n    "
    )
    lab.open(notebook(SETUP, before, f"{view}\nview = GraphView(t)\nview"))
    lab.run_all()
    cell = lab.cell(2)
    cell.locator(".ak-graph-view svg").wait_for()

    def focused() -> str:
        return cell.locator(".ak-widget :focus").evaluate("each => each.title || each.textContent")

    cell.locator(".ak-toolbar button").first.focus()
    walked = []
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "ArrowLeft", "ArrowLeft", "Home", "ArrowLeft", "ArrowRight"):
        lab.page.keyboard.press(key)
        walked.append(focused())
    assert walked[:5] == ["Step back", "▶ Play", "Step back", "First step", "Table"]
    assert walked[5:] == ["First step", "Table", "First step"]
    lab.page.keyboard.press("End")  # it walks the steps here
    assert focused() == "First step"
    lab.wait_for("view.step", "8")
    lab.page.keyboard.press("Home")
    lab.wait_for("view.step", "0")
    stops = []
    for _ in range(3):
        lab.page.keyboard.press("Tab")
        stops.append(cell.locator(".ak-widget :focus").evaluate("each => each.ariaLabel"))
    assert stops[:2] == ["Speed", "Step"]
    assert stops[2].startswith("x")  # past all buttons, into the picture
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
    ring = cell.locator(".ak-item:focus-visible").evaluate("item => getComputedStyle(item).outlineStyle")
    assert ring == "solid"  # a thicker rim alone does not show on a leaf
    assert "module model.conv1" in cell.locator(".ak-detail h4").inner_text()
    cell.get_by_role("button", name="Unfold LeNet/conv1").click()
    cell.locator('.ak-item[aria-label^="module model.conv1"]').wait_for(state="detached")
    lab.wait_for("'LeNet/conv1' in view.folded", "False")
    assert lab.errors == []


WIDE = {  # pictures that do not fit into a notebook's column as they are
    "descent": (
        "x = torch.tensor([1., 2., 3.])\ny = torch.tensor([2., 4., 6.])\nw = torch.tensor(0., requires_grad=True)",
        "for step in range(30):\n    loss = ((w * x - y) ** 2).mean()\n    loss.backward()\n    with torch.no_grad():\n"
        "        w -= 0.05 * w.grad\n    w.grad = None",
    ),
    "rnn": (
        "torch.manual_seed(0)\nWx = torch.randn(3, 2, requires_grad=True)\nWh = torch.randn(3, 3, requires_grad=True)\n"
        "b = torch.zeros(3, requires_grad=True)\nxs = torch.randn(4, 2)\nh = torch.zeros(3)",
        "for x_t in xs:\n    h = torch.tanh(Wx @ x_t + Wh @ h + b)\nloss = (h ** 2).sum()\nloss.backward()",
    ),
    "lenet": CELLS["lenet"],
    "power": CELLS["power"],
}
SMALLEST_TEXT = """svg => Math.min(...[...svg.querySelectorAll('text')].filter(t => getComputedStyle(t).display !== 'none')
    .map(t => parseFloat(getComputedStyle(t).fontSize) * svg.getBoundingClientRect().width / svg.viewBox.baseVal.width))"""


@pytest.mark.parametrize("width", [800, 1600])
@pytest.mark.parametrize("name", WIDE)
def test_pictures_are_legible_and_leave_room(lab: Lab, notebook: Callable[..., Path], name: str, width: int) -> None:
    lab.page.set_viewport_size({"width": width, "height": 900})
    before, source = WIDE[name]
    lab.open(notebook(SETUP, before, f"%%trace\n{source}"))
    lab.run_all()
    cell = lab.cell(2)
    svg = cell.locator(".ak-stage svg")
    svg.wait_for()
    for _ in range(100):
        smallest = svg.evaluate(SMALLEST_TEXT)
        if not math.isnan(smallest):  # else the picture has just been drawn anew, for the width of the page
            break
    assert smallest >= 9.99
    assert cell.locator(".ak-stage").evaluate("stage => stage.getBoundingClientRect().height") <= 0.7 * 900 + 1
    lab.screenshot(f"graph-{name}-{width}", cell)
    assert lab.axe(cell.locator(".ak-widget")) == []
    assert lab.errors == []


def test_zoom_pan_whole_picture_and_full_height(lab: Lab, notebook: Callable[..., Path]) -> None:
    before, source = WIDE["rnn"]
    lab.open(notebook(SETUP, before, f"%%trace\n{source}"))
    lab.run_all()
    cell = lab.cell(2)
    svg, stage = cell.locator(".ak-stage svg"), cell.locator(".ak-stage")
    lab.settled_height(svg)
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
    assert stage.evaluate("stage => stage.scrollTop") == pytest.approx(200, abs=2)
    cell.get_by_role("button", name="Full height").click()
    assert stage.evaluate(size)[1] >= first[1] - 1
    assert lab.errors == []


def test_a_stack_of_turns_opens_by_mouse_and_keys_and_node_names_are_written(
    lab: Lab, notebook: Callable[..., Path]
) -> None:
    before, source = WIDE["descent"]
    traced = "with torch.record() as t:\n    " + source.replace("\n", "\n    ")
    view = f"from autogradkit.widgets.graph import GraphView\n{traced}\nview = GraphView(t)\nview"
    lab.open(notebook(SETUP, before, view))
    lab.run_all()
    cell = lab.cell(2)
    cell.locator(".ak-stack").wait_for()
    cell.locator(".ak-stack").click()
    cell.locator(".ak-stack", has_text="turns 14–17").click()  # a large stack opens into stacks
    cell.locator("text", has_text="loss (turn 17)").wait_for()
    lab.wait_for("'turns 2–29' in str(view.opened)", "True")
    focused = "() => document.querySelector('autogradkit-picture')?.shadowRoot?.activeElement?.getAttribute('data-key')"
    assert lab.page.evaluate(focused)
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
    assert cell.get_by_text("PowBackward0").count() >= 2
    lab.wait_for("view.node_names", "True")
    lab.screenshot("graph-node-names", cell)
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


def test_a_kernel_that_is_gone_is_not_waited_for(lab: Lab, notebook: Callable[..., Path]) -> None:
    recorded = "with torch.record() as t:\n    y = torch.sin(x) * c\n    y.backward()"
    shown = "from autogradkit.widgets.graph import GraphView\nview = GraphView(t)\nview"
    lab.open(notebook(SETUP, WHY["sin"][0], recorded, shown))
    lab.run_all()
    cell = lab.cell(3)
    cell.locator(".ak-graph-view svg").wait_for()
    lab.ask("setattr(view, 'selected', next(k for k, d in view.details.items() if d['title'] == 'mul(sin₁, c)'))")
    measure = cell.get_by_role("button", name="Measure the derivative")
    measure.wait_for()
    lab.page.evaluate("async () => { await window.jupyterapp.serviceManager.sessions.shutdownAll(); }")
    lab.page.wait_for_timeout(1_000)
    if cell.locator(".ak-graph-view").count():  # else the still picture is back, which has no button
        measure.click()
        expect(cell.locator(".ak-sentence")).to_contain_text("kernel", timeout=10_000)
        lab.screenshot("why-no-kernel", cell)
