"""A session of many traced cells keeps nothing of those whose traces are gone: neither in memory nor in a log without bound."""

from __future__ import annotations

import gc
import linecache
from collections import Counter

import autogradkit as torch
from autogradkit.tracing.recorder import EventRecorder
from autogradkit.tracing.trace import Trace
from autogradkit.tracing.watch import GradLog

CELLS = 8
CELL: str = """\
model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.5)
class Doubled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, t):
        return t * 2
    @staticmethod
    def backward(ctx, g):
        return g * 2
seen = []
for turn in range(3):
    hidden = model(torch.ones(2, 3))
    hidden.register_hook(lambda g: seen.append((g, hidden)))
    loss = Doubled.apply(hidden).sum()
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
view = hidden.detach()[0]
view.mul_(2)
"""


def traced(n: int) -> None:
    """A cell is traced, its trace drawn, and its variables are gone."""
    file = f"<cell of a long session {n}>"
    lines: list[str] = CELL.splitlines(keepends=True)
    linecache.cache[file] = (len(CELL), None, lines, file)
    recorder = EventRecorder()
    code = compile(CELL, file, "exec")
    recorder.start()
    try:
        exec(code, {"torch": torch})
    finally:
        recorder.stop()
    trace = Trace.of(recorder.finish(source=CELL))
    trace._repr_mimebundle_()
    del linecache.cache[file]


def alive() -> Counter[str]:
    gc.collect()
    return Counter(type.__repr__(type(each)) for each in gc.get_objects())


def test_what_cells_made_is_gone_with_them() -> None:
    log = GradLog()
    log.listen()
    try:
        for n in range(2):  # fills the caches: texts that were parsed, rules that were read
            traced(n)
        before = alive()
        for n in range(2, 2 + CELLS):
            traced(n)
        more = {kind: count for kind, count in (alive() - before).items() if count >= CELLS}
    finally:
        log.stop()
    assert not more  # a thing of each cell that stayed would be there as often


def test_what_a_recording_made_goes_with_it_and_waits_for_no_garbage_collection() -> None:
    model = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.5)

    def step() -> None:
        with torch.record():
            for _ in range(2):
                model(torch.ones(1, 2)).sum().backward()
                optimizer.step()
                optimizer.zero_grad()

    step()  # loads what is loaded once
    gc.collect()
    collects = gc.isenabled()
    gc.disable()
    try:
        step()
        assert gc.collect() == 0
    finally:
        if collects:
            gc.enable()
