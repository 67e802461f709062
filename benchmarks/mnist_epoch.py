"""An epoch of the recipe that PyTorch's users begin with, over the full MNIST: two convolutions, dropout, Adadelta, batch 64.

`python -m benchmarks.mnist_epoch FOLDER` trains it in PyTorch and in autogradkit, which take turns of some batches each, and
says how long an epoch takes (loading, steps and reading the loss), and how many of the 10,000 test digits are named rightly
after it. Seed, weights, shuffle and masks are the same in both. FOLDER holds the four files of MNIST. An epoch of 938 batches
takes minutes; `--batches` ends earlier.
"""

from __future__ import annotations

import argparse
import importlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from autogradkit.vision.datasets import read_mnist
from benchmarks.driver import ENVIRONMENT
from benchmarks.frameworks import BASE, TITLES
from benchmarks.table import ratio, table

LIBRARIES = {BASE: "torch", "autogradkit": "autogradkit"}
BATCH = 64
TURN = 25  # batches


def network(torch: Any) -> Any:
    """(N, 1, 28, 28) → logarithms of probabilities, (N, 10). 1,199,882 parameters."""
    nn = torch.nn
    return nn.Sequential(
        *(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25)),
        *(nn.Flatten(), nn.Linear(9216, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10), nn.LogSoftmax(1)),
    )


def digits(torch: Any, folder: Path, train: bool) -> Any:
    """The digits, with the mean and deviation of their pixels taken out."""
    images, labels = read_mnist(folder, train)
    pixels = (images[:, None].astype(np.float32) / 255 - 0.1307) / 0.3081
    return torch.utils.data.TensorDataset(torch.tensor(pixels), torch.tensor(labels.astype(np.int64)))


def epoch(torch: Any, folder: Path, batches: int) -> Iterator[dict[str, Any]]:
    """Train; seconds and last loss of each turn, and in the end the share of test digits that are named rightly."""
    torch.manual_seed(1)
    functional = torch.nn.functional
    model = network(torch)
    optimizer = torch.optim.Adadelta(model.parameters(), lr=1.0)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.7)
    loader = torch.utils.data.DataLoader(digits(torch, folder, train=True), BATCH, shuffle=True)
    model.train()
    given = iter(loader)
    left = min(batches, len(loader))
    while left:
        start = time.perf_counter()
        for _ in range(min(TURN, left)):
            data, target = next(given)
            optimizer.zero_grad()
            loss = functional.nll_loss(model(data), target)
            loss.backward()
            optimizer.step()
            value = loss.item()
        left -= min(TURN, left)
        yield {"seconds": time.perf_counter() - start, "loss": value}
    scheduler.step()
    model.eval()
    right = 0
    with torch.no_grad():
        for data, target in torch.utils.data.DataLoader(digits(torch, folder, train=False), 1000):
            right += (model(data).argmax(1) == target).sum().item()
    yield {"accuracy": right / 10_000}


def work(name: str, folder: Path, batches: int, threads: int) -> None:
    """A library's process: a turn for each line that comes in."""
    torch = importlib.import_module(LIBRARIES[name])
    if name == BASE:
        torch.set_num_threads(threads)
    turns = epoch(torch, folder, batches)
    for _ in sys.stdin:
        print(json.dumps(next(turns)), flush=True)


def compared(folder: Path, batches: int, threads: int) -> list[list[str]]:
    """A row for each library: seconds of the epoch, ratio, loss of the last batch, test digits named rightly."""
    environment = ENVIRONMENT | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(threads))
    command = [sys.executable, "-m", "benchmarks.mnist_epoch", str(folder)]
    options = ["--batches", str(batches), "--threads", str(threads)]
    started = {
        name: subprocess.Popen(
            [*command, *options, "--work", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for name in LIBRARIES
    }
    told: dict[str, list[dict[str, Any]]] = {name: [] for name in LIBRARIES}
    while not any("accuracy" in turns[-1] for turns in told.values() if turns):
        for name, process in started.items():
            assert process.stdin is not None
            assert process.stdout is not None
            print(file=process.stdin, flush=True)
            told[name].append(json.loads(process.stdout.readline()))
    for process in started.values():
        process.communicate()
    seconds = {name: sum(turn["seconds"] for turn in turns[:-1]) for name, turns in told.items()}
    return [
        [
            f"{TITLES[name]}, {threads} thread{'s' * (threads > 1)}",
            f"{seconds[name]:.1f}",
            ratio(seconds[name], seconds[BASE]),
            f"{turns[-2]['loss']:.4f}",
            f"{turns[-1]['accuracy']:.2%}",
        ]
        for name, turns in told.items()
    ]


def report(folder: Path, batches: int, threads: list[int]) -> str:
    """The table."""
    rows = [row for count in threads for row in compared(folder, batches, count)]
    return table("An epoch of MNIST", ["library", "seconds", "ratio", "last loss", "test digits"], rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--batches", type=int, default=sys.maxsize, help="of 938")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--work", choices=LIBRARIES, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.work:
        work(asked.work, asked.folder, asked.batches, *asked.threads)
    else:
        print(report(asked.folder, asked.batches, asked.threads))


if __name__ == "__main__":
    main()
