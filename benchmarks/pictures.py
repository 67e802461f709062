"""How long a large picture takes to be there, and how smoothly it is walked and dragged, in headless Chromium.

"draw" is Python's part: picture, steps, details and table of a trace, as GraphView sends them. "open" is the browser's, from
the file of `Trace.to_html()` to the second frame with the picture. "walk"
is one step on, with its frame, and "pan" the frames a second while the picture is dragged for a while, with the longest frame.
"page kB" is the size of that file, which holds the front end and a picture for each way of folding; "stored kB" is what an
output takes in a notebook: still picture, table and text.
Needs Chromium; a screen shows at most 60 frames a second.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

import autogradkit as torch
from autogradkit import nn
from autogradkit.tracing.render.graph.drawing.picture import draw_graph
from autogradkit.tracing.render.graph.telling.state import state_of
from autogradkit.widgets.graph import GraphView
from benchmarks.table import table

NODES = 2_000
ROUNDS = 3
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]

OPENED = """async () => {
    const svg = () => document.querySelector('autogradkit-picture')?.shadowRoot?.querySelector('.ak-stage svg');
    while (!svg()) await new Promise(requestAnimationFrame);
    for (const _ of [1, 2]) await new Promise(requestAnimationFrame);
    window.view = document.querySelector('autogradkit-picture').shadowRoot;
    return performance.now();
}"""
# Clicks, waits for the second frame after it; the milliseconds of each.
CLICKED = """async ([selector, times]) => {
    const took = [];
    for (let i = 0; i < times; i += 1) {
        const start = performance.now();
        window.view.querySelector(selector).dispatchEvent(new MouseEvent('click', { bubbles: true }));
        for (const _ of [1, 2]) await new Promise(requestAnimationFrame);
        took.push(performance.now() - start);
    }
    return took;
}"""
DRAGGED = """async seconds => {
    const svg = window.view.querySelector('.ak-stage svg');
    const point = (type, target, at) => target.dispatchEvent(
        new PointerEvent(type, { bubbles: true, button: 0, clientX: 300 + at, clientY: 300 + at }));
    point('pointerdown', svg, 0);
    const start = await new Promise(requestAnimationFrame);
    let last = start, frames = 0, longest = 0;
    while (last - start < seconds * 1000) {
        point('pointermove', window, 80 * Math.sin(frames / 10) + 20);
        const now = await new Promise(requestAnimationFrame);
        longest = Math.max(longest, now - last);
        [last, frames] = [now, frames + 1];
    }
    point('pointerup', window, 0);
    return [frames / ((last - start) / 1000), longest];
}"""


def loop(nodes: int) -> Any:
    """Equal turns of two ops."""
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    with torch.record() as trace:
        h = x
        for _ in range(nodes // 2):
            h = h * 1.0001 + 0.01
        h.sum().backward()
    return trace


def unlike(nodes: int) -> Any:
    """Ops of which no two stretches are alike."""
    ops: list[Callable[[Any], Any]] = [torch.sin, torch.cos, torch.tanh, torch.exp]
    order = torch.randint(0, len(ops), (nodes,), generator=torch.Generator().manual_seed(0)).tolist()
    x = torch.tensor([0.5, -0.5], requires_grad=True)
    with torch.record() as trace:
        h = x
        for which in order:
            h = ops[which](h)
        h.sum().backward()
    return trace


def layers(nodes: int) -> Any:
    """A network of many layers, whose parameters are drawn too: two ops and two parameters make four nodes a layer."""
    torch.manual_seed(0)
    network = nn.Sequential(*[layer for _ in range(nodes // 8) for layer in (nn.Linear(4, 4), nn.Tanh())])
    x = torch.ones(2, 4)
    with torch.record() as trace:
        network(x).sum().backward()
    return trace


TRACES: dict[str, Callable[[int], Any]] = {"a loop": loop, "unlike ops": unlike, "layers": layers}


def seconds(run: Callable[[], Any], rounds: int) -> float:
    """The least time of a few runs."""
    best = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - start)
    return best


def measure(trace: Any, page: Page, folder: Path, rounds: int) -> list[str]:
    """One row: what Python and the browser took for this trace."""
    drawn = seconds(lambda: state_of(draw_graph(trace), trace), rounds)
    start = time.perf_counter()
    text = trace.to_html()
    written = time.perf_counter() - start
    file = folder / "picture.html"
    file.write_text(text, encoding="utf-8")
    opened: list[float] = []
    for _ in range(rounds):
        page.goto(file.as_uri())
        opened.append(page.evaluate(OPENED))
    walked = sorted(page.evaluate(CLICKED, ['[title="Step back"]', 20]))
    frames, longest = page.evaluate(DRAGGED, 2)
    return [
        f"{1000 * drawn:.0f}", f"{min(opened):.0f}", f"{1000 * drawn + min(opened):.0f}",
        f"{walked[len(walked) // 2]:.0f}", f"{frames:.0f}", f"{longest:.0f}",
        f"{1000 * written:.0f}", f"{len(text.encode()) / 1000:.0f}", f"{stored(trace) / 1000:.0f}",
    ]  # fmt: skip


def stored(trace: Any) -> int:
    """Bytes of an output in a notebook."""
    view = GraphView(trace)
    return len(json.dumps({"text/html": view.static_html(), "text/plain": view.plain()}, ensure_ascii=False).encode())


def report(nodes: int, rounds: int) -> str:
    """One table, a row for each kind of trace."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    rows = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=OPTIONS)
        page = browser.new_page(viewport={"width": 1280, "height": 900}, offline=True)
        for name, make in TRACES.items():
            rows.append([name, *measure(make(nodes), page, Path(folder), rounds)])
        browser.close()
    header = [
        "trace",
        "draw ms",
        "open ms",
        "both ms",
        "walk ms",
        "pan fps",
        "longest ms",
        "to_html ms",
        "page kB",
        "stored kB",
    ]
    return table(f"Pictures of {nodes:,} nodes", header, rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, default=NODES, help="nodes of each trace")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="times that each is drawn and opened")
    wanted = parser.parse_args()
    print(report(wanted.nodes, wanted.rounds))


if __name__ == "__main__":
    main()
