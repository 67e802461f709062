"""What it takes to open stacks of equal turns, one after the other: milliseconds in Python, and bytes sent to the page.

Each row is one click on a stack, then on the first of those that it holds, and so on. "ms" is from the change of `folds` to the
last trait that is set, "sent kB" what the page gets, "told kB" the same before it is compressed.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from typing import Any

import autogradkit as torch
from autogradkit import nn, optim
from autogradkit.widgets.graph import GraphView
from benchmarks.table import table

TURNS = 30
OPENINGS = 6
ROUNDS = 5


def adam(turns: int) -> Any:
    """A small network that Adam trains."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
    optimizer = optim.Adam(network.parameters())
    x, y = torch.randn(16, 2), torch.randn(16, 1)
    with torch.record() as trace:
        for _ in range(turns):
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(network(x), y)
            loss.backward()
            optimizer.step()
    return trace


def recurrent(turns: int) -> Any:
    """A recurrent network, whose weights all turns share."""
    torch.manual_seed(0)
    w, u = torch.randn(3, 2, requires_grad=True), torch.randn(3, 3, requires_grad=True)
    b, h = torch.zeros(3, requires_grad=True), torch.zeros(3)
    xs = torch.randn(turns, 2)
    with torch.record() as trace:
        for x in xs:
            h = torch.tanh(w @ x + u @ h + b)
        (h**2).sum().backward()
    return trace


TRACES = {"Adam": adam, "recurrent": recurrent}


def opened(trace: Any, openings: int) -> Iterator[tuple[str, float, GraphView]]:
    """For each opening what was opened, how many seconds it took, and the view then."""
    view = GraphView(trace)
    for _ in range(openings):
        closed = (detail["closed"] for key, detail in view.details.items() if key.startswith("s") and detail["closed"])
        path = next(closed, None)
        if path is None:
            return
        start = time.perf_counter()
        view.folds = {**view.folds, path: False}
        yield path, time.perf_counter() - start, view


def rows(name: str, trace: Any, openings: int, rounds: int) -> list[list[str]]:
    """A row for each opening, of some rounds the least time."""
    times: dict[str, float] = {}
    sizes: dict[str, list[str]] = {}
    for _ in range(rounds):
        for path, took, view in opened(trace, openings):
            times[path] = min(took, times.get(path, took))
            told = json.dumps([view.svg, view.steps, view.details, view.table], ensure_ascii=False).encode()
            items = view.svg.count('class="ak-item')
            sizes[path] = [str(items), f"{len(view.packed) / 1000:.0f}", f"{len(told) / 1000:.0f}"]
    return [[name, path, sizes[path][0], f"{1000 * times[path]:.0f}", *sizes[path][1:]] for path in times]


def report(turns: int, openings: int, rounds: int) -> str:
    """One table, a row for each click."""
    found = [row for name, make in TRACES.items() for row in rows(name, make(turns), openings, rounds)]
    return table(f"Stacks of {turns:,} turns opened", ["trace", "opened", "items", "ms", "sent kB", "told kB"], found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=TURNS, help="turns of each loop")
    parser.add_argument("--openings", type=int, default=OPENINGS, help="stacks that are opened")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="times that all are opened")
    wanted = parser.parse_args()
    print(report(wanted.turns, wanted.openings, wanted.rounds))


if __name__ == "__main__":
    main()
