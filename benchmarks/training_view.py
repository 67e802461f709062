"""What the live training view costs: the recipes of `%train`, learnt without it and in it, in turns, in a real kernel.

A turn is a few steps of one run, then as many of the other, in one thread of one process: whatever else the machine does falls
on both alike. Measured is the processor's time of the whole kernel, with all its threads. "speed" is the time of all turns
without the view over that of those in it: 1 is as fast. "±" is twice its standard error, by the spread of the turns. The
view's clock stands still while the other run learns, so that it draws as often as it would alone. "ms a run" is what a run
costs once, whatever its length: the first picture, the last one, and the one that is stored. The kernel's messages are read as
a notebook reads them; "kB/s" is what the view sends. "stored" is the HTML of a run of a hundred thousand steps.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

import numpy as np
from jupyter_client.manager import start_new_kernel

from benchmarks.driver import ENVIRONMENT
from benchmarks.table import table

SECONDS = 4.0  # for each row, by the clock, at least
TURNS = {"lenet": 4, "mlp": 16}  # steps in a turn, some 20 ms: what else the machine does changes more slowly
TABS = ("curves", "pictures", "filters", "maps", "confusion")

SETUP = """
import gc
import json
import time
from collections import deque
from itertools import islice
from autogradkit.vision.recipes import RECIPES
from autogradkit.vision.train import Training
from autogradkit.widgets.training import TrainingView


def training(name, kind=Training):
    setup = RECIPES[name].prepare()
    return kind(setup.model, setup.loader, setup.loss_fn, setup.optimizer, test_loader=setup.test_loader)


class InTurns(Training):
    '''In between another run learns as many batches. `pairs` has the times of both: without the view, and in it.

    It ends with a drawing, as it began with one: a look that is drawn every few seconds is counted neither too often nor
    too seldom.
    '''

    def steps(self, epochs):
        own, other = super().steps(epochs), self.other.steps(epochs)
        self.pairs = []
        until = time.monotonic() + self.seconds
        drawn = False
        while time.monotonic() < until or not drawn:
            due, began = self.view._due, time.process_time()
            yield from islice(own, self.turn)
            seen, there = time.process_time(), time.monotonic()
            deque(islice(other, self.turn), 0)
            self.pairs.append((time.process_time() - seen, seen - began))
            drawn = self.view._due != due
            self.view._due += time.monotonic() - there


def measure(name, tab, turn, seconds):
    run = training(name, InTurns)
    run.view = TrainingView(name, model=run.model, test=run.test_loader)
    run.other, run.turn, run.seconds = training(name), turn, seconds
    run.view._answer({"kind": "look", "tab": tab})
    for each in (run, run.other):
        for _ in Training.steps(each, 1):  # warms up
            pass
    gc.collect()
    began = time.process_time()
    run.view.run(run, 10**6)
    run.view.static_html()
    once = time.process_time() - began - sum(map(sum, run.pairs))
    print(json.dumps({"pairs": run.pairs, "once": once}))
"""
MEASURE = "measure({!r}, {!r}, {}, {})"
LONG = """
view = TrainingView("long")
for epoch in view.epochs(1000):
    for i in view.track(range(100)):
        view.log(loss=2.0 / (1 + i + epoch), accuracy=i / 100)
    view.log(test_loss=2.0 / (1 + epoch), test_accuracy=epoch / 1000)
print(len(view.static_html().encode()))
"""


class Kernel:
    """A kernel of its own, and what it says."""

    def __init__(self) -> None:
        self._manager, self._client = start_new_kernel(kernel_name="python3", env=ENVIRONMENT)

    def run(self, code: str) -> tuple[str, int]:
        """What a cell printed, and the bytes of what widgets sent meanwhile."""
        asked, printed, sent = self._client.execute(code), "", 0
        while True:
            message: dict[str, Any] = self._client.get_iopub_msg(timeout=120)
            content = message["content"]
            if message["msg_type"] == "comm_msg":
                sent += len(json.dumps(content).encode())
            if message["parent_header"].get("msg_id") != asked:
                continue
            if message["msg_type"] == "error":
                raise RuntimeError("\n".join(content["traceback"]))
            if message["msg_type"] == "stream":
                printed += content["text"]
            if message["msg_type"] == "status" and content["execution_state"] == "idle":
                return printed, sent

    def close(self) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)


def row(kernel: Kernel, name: str, tab: str, seconds: float) -> list[str]:
    printed, sent = kernel.run(MEASURE.format(name, tab, TURNS[name], seconds))
    measured = json.loads(printed)
    without, within = np.array(measured["pairs"]).T
    speed = without.sum() / within.sum()
    # The turns that draw are not the spread of the others
    low, high = np.quantile(without - speed * within, (0.25, 0.75))
    error = (high - low) / 1.35 * np.sqrt(len(within)) / within.sum()
    step = 1e3 * without.sum() / len(without) / TURNS[name]
    return [name, tab, f"{step:.2f}", f"{speed:.3f}", f"{2 * error:.3f}", f"{1e3 * measured['once']:.0f}",
            f"{sent / within.sum() / 1e3:.0f}"]  # fmt: skip


def report(seconds: float) -> str:
    """One table: a row for each model and each thing that the view can show."""
    kernel = Kernel()
    try:
        kernel.run(SETUP)
        rows = [row(kernel, name, tab, seconds) for name in TURNS for tab in TABS]
        stored = int(kernel.run(LONG)[0].split()[-1])
    finally:
        kernel.close()
    header = ["model", "shown", "ms a step", "speed", "±", "ms a run", "kB/s"]
    return table("The live training view", header, rows, f"Stored: {stored / 1e3:.1f} kB.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="for each row")
    print(report(parser.parse_args().seconds))


if __name__ == "__main__":
    main()
