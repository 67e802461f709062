"""Graphs that the browser tests of GraphView show, and how they read one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from playwright.sync_api import Locator

from tests.browser.harness import Lab
from tests.tracing.render.cells import CELLS

SETUP = "import autogradkit as torch\n%load_ext autogradkit"
VIEWED = """try:
    with torch.record() as t:
        {}
except RuntimeError as error:
    print(error)
from autogradkit.widgets.graph import GraphView
view = GraphView(t)
view"""
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


def traced(lab: Lab, notebook: Callable[..., Path], before: str, source: str) -> Locator:
    """The output of a cell that is traced, after another one."""
    lab.open(notebook(SETUP, before or "pass", f"%%trace\n{source}"))
    lab.run_all()
    return lab.drawn(2)


def all_traced(lab: Lab, notebook: Callable[..., Path], cells: Mapping[str, tuple[str, str]]) -> dict[str, Locator]:
    """The outputs of several cells that are traced, each after another one, in one notebook."""
    sources = [each for before, source in cells.values() for each in (before or "pass", f"%%trace\n{source}")]
    lab.open(notebook(SETUP, *sources))
    lab.run_all()
    return {name: lab.drawn(2 * place + 2) for place, name in enumerate(cells)}


def view_of(source: str) -> str:
    """A cell that shows what it recorded of this code; the view is `view` in the kernel."""
    return VIEWED.format(source.replace("\n", "\n        "))


def viewed(lab: Lab, notebook: Callable[..., Path], before: str, source: str) -> Locator:
    """The output of such a cell, after another one."""
    lab.open(notebook(SETUP, before or "pass", view_of(source)))
    lab.run_all()
    return lab.drawn(2)


def read(cell: Locator) -> list[str]:
    """The texts on the picture that can be read."""
    return cell.locator("svg text:visible").all_text_contents()
