"""What looking at a computation costs: a long trace as table, page and file, and the picture of a long cell.

Run it as `python -m benchmarks.tracing`. Each line gives the seconds at two sizes, one twice the other; where the work
is linear the factor is about 2.
"""

from __future__ import annotations

import argparse
import linecache
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import autogradkit as torch
from autogradkit import nn
from autogradkit.tracing.render.graph.drawing.picture import draw_graph
from autogradkit.vision.models import LeNet
from autogradkit.widgets.graph import GraphView

ROUNDS = 3


def chain(ops: int) -> Any:
    """The trace of a loop that ran this many ops."""
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    with torch.record() as trace:
        h = x
        for _ in range(ops // 2):
            h = h * 1.0001 + 0.01
    return trace


# The lines of long cells after the first, which makes h; `{i}` is the line's number.
LONG = {
    "names": "h{i} = h * 1.001  # line {i}\nh = h{i}",
    "ops": "h = h * 1.001",
    "backward calls": "(h * {i}.0).sum().backward()",
    "edits": "h.data[{i} % 2] = {i}.0",
}
LONGEST_TEXT = 100_000


def long_cell(lines: int, line: str = LONG["names"]) -> Any:
    """The trace of a cell of this many lines, each with an op."""
    each = line.count("\n") + 1
    written = ["h = torch.tensor([1.0, 2.0], requires_grad=True)"]
    written += [line.format(i=i) for i in range(1, lines // each)]
    return traced("\n".join(written))


def long_text() -> Any:
    """The trace of a line with a very long string in it."""
    return traced(
        f'h = torch.tensor([1.0, 2.0], requires_grad=True)\n(h * len("{"x" * LONGEST_TEXT}")).sum().backward()'
    )


def traced(source: str) -> Any:
    """What a cell did."""
    file = f"<a cell of {len(source)} characters>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    code = compile(source, file, "exec")
    with torch.record() as trace:
        exec(code, {"torch": torch})
    trace.source = source
    return trace


def descent(turns: int) -> Any:
    """The trace of a loop of gradient descent: six ops, a backward call and an edit in each turn."""
    x, y = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([2.0, 4.0, 6.0])
    w = torch.tensor(0.0, requires_grad=True)
    with torch.record() as trace:
        for _ in range(turns):
            loss = ((w * x - y) ** 2).mean()
            loss.backward()
            with torch.no_grad():
                w -= 0.05 * cast("torch.Tensor", w.grad)
            w.grad = None
    return trace


def lenet_step() -> Any:
    """The trace of a training step of LeNet on four digits, without the optimizer."""
    torch.manual_seed(0)
    model, images, digits = LeNet(), torch.randn(4, 1, 28, 28), torch.tensor([3, 1, 4, 1])
    with torch.record() as trace:
        loss = nn.functional.cross_entropy(model(images), digits)
        loss.backward()
    return trace


def saved_and_loaded(trace: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trace.json"
        trace.save(path)
        torch.Trace.load(path)


def still_picture(trace: Any) -> Any:
    """What a notebook stores of a trace, as when its cell has ended."""
    return GraphView(trace)._repr_mimebundle_()


def seconds(run: Callable[[], Any]) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.process_time()  # of the processor: others may be at work
        run()
        best = min(best, time.process_time() - start)
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ops", type=int, default=20_000, help="operations of the long trace")
    parser.add_argument("--lines", type=int, default=3_000, help="lines of the long cell")
    wanted = parser.parse_args()
    print(f"{'':38s} {'half':>9s} {'whole':>9s} {'factor':>7s}")

    def row(name: str, run: Callable[[int], Callable[[], Any]], size: int) -> None:
        half, whole = (seconds(run(each)) for each in (size // 2, size))
        print(f"{name:38s} {half:8.3f}s {whole:8.3f}s {whole / half:7.2f}", flush=True)

    views: dict[str, Callable[[Any], Any]] = {
        "table()": lambda trace: trace.table(),
        "to_html()": lambda trace: trace.to_html(),
        "to_graphviz().source": lambda trace: trace.to_graphviz().source,
        "save() and load()": saved_and_loaded,
    }
    traces = {size: chain(size) for size in (wanted.ops // 2, wanted.ops)}
    row(f"record {wanted.ops:,} ops", lambda size: lambda: chain(size), wanted.ops)
    for name, view in views.items():
        row(f"{name} of {wanted.ops:,} ops", lambda size, view=view: lambda: view(traces[size]), wanted.ops)
    for name, line in LONG.items():
        title = f"{wanted.lines:,} lines of {name}"
        row(f"record {title}", lambda size, line=line: lambda: long_cell(size, line), wanted.lines)
        cells = {size: long_cell(size, line) for size in (wanted.lines // 2, wanted.lines)}
        row(f"draw {title}", lambda size, cells=cells: lambda: still_picture(cells[size]), wanted.lines)
    text = long_text()
    print(f"{f'draw a text of {LONGEST_TEXT:,}':38s} {seconds(lambda: still_picture(text)):18.3f}s", flush=True)
    cells = {size: long_cell(size) for size in (wanted.lines // 2, wanted.lines)}
    row(f"to_html() of {wanted.lines:,} lines", lambda size: lambda: cells[size].to_html(), wanted.lines)
    print()
    whole: dict[str, Callable[[], Any]] = {
        "LeNet's step": lenet_step,
        "30 turns": lambda: descent(30),
        "1,000 turns": lambda: descent(1_000),
        f"{wanted.lines:,} lines": lambda: long_cell(wanted.lines),
    }
    for name, run in whole.items():
        stored = len(GraphView(run()).static_html()) / 1000
        taken = seconds(lambda run=run: draw_graph(run()))
        print(f"{f'trace and draw {name}':34s} {taken:8.3f}s, stored as {stored:.0f} kB", flush=True)


if __name__ == "__main__":
    main()
