"""What the live training view costs: LeNet's steps at batch 64 without it and in it, in turns, in a real kernel.

"speed" is the rate of the steps in the view over that of the steps without, by the processor's time of the whole kernel, its
threads included, in the shortest turns and in the middle ones: 1 is as fast. The kernel's messages are read as a notebook
reads them, and "kB/s" is what the view sends. The view's history grows to the length of a row of turns, which is longer than
its curves have points. "stored" is the HTML of a run of a hundred thousand steps.
"""

from __future__ import annotations

import argparse
import json
import statistics
from typing import Any

from jupyter_client.manager import start_new_kernel

from benchmarks.table import table

ROUNDS = 10
STEPS = 400  # in a turn
TABS = ("curves", "pictures", "filters", "maps", "confusion")

SETUP = f"""
import time
import autogradkit as torch
from autogradkit.vision.models import LeNet
from autogradkit.vision.recipes import digits
from autogradkit.vision.train import fit
from autogradkit.widgets.training import TrainingView

torch.manual_seed(0)
pixels, labels = digits(train=True).tensors
loader = [(pixels[i * 64 % 4900 :][:64], labels[i * 64 % 4900 :][:64]) for i in range({STEPS})]
test = torch.utils.data.DataLoader(digits(train=False), 250)
loss_fn = torch.nn.CrossEntropyLoss()
plain, seen = LeNet(), LeNet()
view = TrainingView("LeNet")

def turn(run, model, **options):
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    began = time.process_time()
    run(model, loader, loss_fn, optimizer, 1, **options)
    return time.process_time() - began
"""
TURN = "print(turn(fit, plain, test_loader=test), turn(view.fit, seen, test_loader=test))"
CHOOSE = "view._answer({{'kind': 'look', 'tab': '{}'}}) or view.tab"
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
        self._manager, self._client = start_new_kernel(kernel_name="python3")

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


def report(rounds: int) -> str:
    """One table: a row for each thing that the view can show."""
    kernel = Kernel()
    rows = []
    try:
        kernel.run(SETUP)
        kernel.run(TURN)  # warms both up
        for tab in TABS:
            kernel.run(CHOOSE.format(tab))
            without, within, sent = [], [], 0
            for _ in range(rounds):
                printed, bytes_sent = kernel.run(TURN)
                plain, seen = map(float, printed.split())
                without.append(plain)
                within.append(seen)
                sent += bytes_sent
            shortest, middle = (statistic(without) / statistic(within) for statistic in (min, statistics.median))
            step = f"{min(without) / STEPS * 1e3:.2f}"
            rows.append([tab, step, f"{shortest:.3f}", f"{middle:.3f}", f"{sent / sum(within) / 1e3:.0f}"])
        stored = int(kernel.run(LONG)[0].split()[-1])
    finally:
        kernel.close()
    note = f"Stored: {stored / 1e3:.1f} kB."
    return table("The live training view", ["shown", "ms a step", "speed", "median", "kB/s"], rows, note)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="turns of each")
    print(report(parser.parse_args().rounds))


if __name__ == "__main__":
    main()
