"""What a large picture costs a reader of JupyterLab, in headless Chromium: from the run of a cell on, and while it is dragged.

"open ms" is from the start of the cell `GraphView(trace)` to the second frame with the picture: Python draws it, the kernel sends
it, the page unpacks and paints it; the trace was recorded in a cell before. "kernel ms" is Python's part of that, "items" how
many are drawn of the nodes. "pan fps" is the frames a second while the picture is dragged, zoomed in so that it moves, and
"longest ms" the longest of them. A picture in another notebook came before, with which the page loads the front end.
A screen shows at most 60 frames a second. Needs Chromium and JupyterLab, as the browser tests do, whose harness drives them.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from benchmarks.pictures import DRAGGED, NODES, ROUNDS, TRACES
from benchmarks.table import table
from tests.browser.harness import SIZE, Lab, launch, serve, write_notebook

SETUP = """
import time
from autogradkit.widgets.graph import GraphView
from benchmarks.pictures import TRACES
trace = TRACES[{name!r}]({nodes})
"""
SHOWN = "start = time.perf_counter(); view = GraphView(trace); took = time.perf_counter() - start; view"
PICTURE = "[...document.querySelectorAll('autogradkit-picture')].at(-1)?.shadowRoot"
OPENED = f"""async number => {{
    const pictures = () => document.querySelectorAll('autogradkit-picture').length;
    while (pictures() < number || !{PICTURE}?.querySelector('.ak-stage svg')) await new Promise(requestAnimationFrame);
    for (const _ of [1, 2]) await new Promise(requestAnimationFrame);
    return performance.now() - window.begun;
}}"""


def measured(lab: Lab, name: str, nodes: int, rounds: int) -> list[str]:
    """The row of one trace."""
    notebook = write_notebook(
        lab.server.root / f"{name}.ipynb", [SETUP.format(name=name, nodes=nodes), *[SHOWN] * rounds]
    )
    lab.open(notebook)
    lab.run_cell(0)
    opened, drawn = [], []
    for number in range(1, rounds + 1):
        lab.page.evaluate("() => { window.begun = performance.now(); }")
        lab.start_cell(number)
        opened.append(lab.page.evaluate(OPENED, number))
        lab.wait_cell(number)
        drawn.append(1000 * float(lab.ask("took")))
    row = [name, lab.ask("len(view._drawn.graph.items)"), f"{min(drawn):.0f}", f"{min(opened):.0f}", *dragged(lab)]
    lab.clear()
    return row


def dragged(lab: Lab) -> list[str]:
    """Frames a second, and the longest frame."""
    lab.page.evaluate(f"() => {{ window.view = {PICTURE}; view.querySelector('[title=\"Zoom in\"]').click(); }}")
    frames, longest = lab.page.evaluate(DRAGGED, 2)
    return [f"{frames:.0f}", f"{longest:.0f}"]


def report(nodes: int, rounds: int) -> str:
    """One table, a row for each kind of trace."""
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder)) as server, sync_playwright() as playwright:
        browser = launch(playwright)
        lab = Lab(browser.new_page(viewport=SIZE), server)
        measured(lab, "a loop", 10, 1)
        rows = [measured(lab, name, nodes, rounds) for name in TRACES]
        browser.close()
    heads = ["trace", "items", "kernel ms", "open ms", "pan fps", "longest ms"]
    return table(f"Pictures of {nodes:,} nodes in JupyterLab", heads, rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, default=NODES, help="nodes of each trace")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="times that each is opened")
    wanted = parser.parse_args()
    print(report(wanted.nodes, wanted.rounds))


if __name__ == "__main__":
    main()
