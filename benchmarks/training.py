"""A training step of LeNet and of the MLP against PyTorch's eager step: interleaved, one thread, ratio of minima.

    python benchmarks/training.py [--batch 64 ...] [--rounds 60] [--optimizer sgd|adam]

A step is zero_grad, forward, cross entropy, backward and the optimizer's step. Below 1 is faster than PyTorch.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import autogradkit

torch.set_num_threads(1)


def lenet(framework: Any) -> Any:
    """LeNet for 28×28 images in either framework."""
    nn = framework.nn
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(400, 120),
        nn.ReLU(),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, 10),
    )


def mlp(framework: Any) -> Any:
    """The MLP 784-128-64-10 in either framework."""
    nn = framework.nn
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10))


def make_step(framework: Any, model: Any, batch: int, optimizer: str) -> Callable[[], float]:
    """One training step on fixed data; returns the loss."""
    stream = np.random.default_rng(0)
    images = framework.from_numpy(stream.standard_normal((batch, 1, 28, 28), dtype=np.float32))
    labels = framework.from_numpy(stream.integers(0, 10, batch))
    options = {"lr": 0.01, "momentum": 0.9} if optimizer == "sgd" else {"lr": 1e-3}
    chosen = (framework.optim.SGD if optimizer == "sgd" else framework.optim.Adam)(model.parameters(), **options)
    cross_entropy = framework.nn.functional.cross_entropy

    def step() -> float:
        chosen.zero_grad()
        loss = cross_entropy(model(images), labels)
        loss.backward()
        chosen.step()
        return loss.item()

    return step


def compare(build: Callable[[Any], Any], batch: int, optimizer: str, rounds: int) -> tuple[float, float]:
    """The least seconds of a step, ours and PyTorch's, measured in turns."""
    theirs, ours = build(torch), build(autogradkit)
    with autogradkit.no_grad():
        for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
            mine.copy_(autogradkit.from_numpy(other.detach().numpy()))
    steps = (make_step(autogradkit, ours, batch, optimizer), make_step(torch, theirs, batch, optimizer))
    for _ in range(3):
        losses = [step() for step in steps]
        if abs(losses[0] - losses[1]) > 1e-3 * abs(losses[1]):
            raise AssertionError(f"the losses differ: {losses}")
    least = [float("inf"), float("inf")]
    for _ in range(rounds):
        for which, step in enumerate(steps):
            begin = time.perf_counter()
            step()
            least[which] = min(least[which], time.perf_counter() - begin)
    return least[0], least[1]


def main() -> None:
    """Print one line for each model and batch size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 64, 256])
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--optimizer", choices=["sgd", "adam"], default="sgd")
    arguments = parser.parse_args()
    for build in (lenet, mlp):
        for batch in arguments.batch:
            ours, theirs = compare(build, batch, arguments.optimizer, arguments.rounds)
            print(
                f"{build.__name__:6} b{batch:<4} autogradkit {ours * 1e6:8.0f} µs   torch {theirs * 1e6:8.0f} µs   "
                f"ratio {ours / theirs:.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
