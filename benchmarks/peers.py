"""A full training step in PyTorch, autogradkit, MyGrad and HIPS autograd, side by side.

A step is zero_grad, forward, cross entropy, backward and the optimizer's update (SGD with momentum 0.9, or Adam), and
reading the loss; weights and batch are the same everywhere. Before anything is timed, the losses of five steps must
agree. "faults" are the page faults of one step, minor+major, on average over the steps that were timed. Each row has
fresh processes, because what a process freed before decides how the C library's allocator goes on with large arrays,
and so how many pages are faulted in.
"""

from __future__ import annotations

import itertools
import sys

from benchmarks.command import parser, with_base
from benchmarks.driver import Measured, in_turns, workers
from benchmarks.frameworks import BASE, TITLES
from benchmarks.models import MODELS
from benchmarks.table import NOTHING, ratio, table

BATCHES = (1, 64, 256)
OPTIMIZERS = {"sgd": "SGD with momentum", "adam": "Adam"}
ROUNDS = 7
TURN = 0.1  # seconds of PyTorch's time


def measure_step(frameworks: list[str], model: str, batch: int, optimizer: str, rounds: int) -> dict[str, Measured]:
    """The step's time in each framework that has it. Raises AssertionError where their losses differ."""
    with workers(frameworks) as running:
        able = [worker for worker in running if worker.ask("choose_training", model, batch, optimizer)]
        check_losses({worker.framework: worker.ask("losses", 5) for worker in able}, f"{model}, {batch}, {optimizer}")
        return dict(zip((worker.framework for worker in able), in_turns(able, rounds, TURN), strict=True))


def check_losses(losses: dict[str, list[float]], step: str) -> None:
    """Raise AssertionError unless every framework's losses are PyTorch's, to a thousandth."""
    for framework, values in losses.items():
        for value, expected in zip(values, losses[BASE], strict=True):
            if not abs(value - expected) <= 1e-3 * abs(expected):
                raise AssertionError(
                    f"{step}: the losses of the first steps are {values} in {TITLES[framework]} and "
                    f"{losses[BASE]} in {TITLES[BASE]}"
                )


def cells(measured: Measured | None, base: Measured | None) -> list[str]:
    """Milliseconds, ratio (where there is a base), faults."""
    if measured is None:
        return [NOTHING] * 3
    ratios = [ratio(measured.seconds, base.seconds)] if base else []
    return [f"{measured.seconds * 1e3:.3g}", *ratios, f"{measured.minor:.0f}+{measured.major:.0f}"]


def report(models: list[str], batches: list[int], optimizers: list[str], frameworks: list[str], rounds: int) -> str:
    """One table for each optimizer."""
    heads = ["step", *(f"{TITLES[BASE]} ms", "faults")]
    for framework in frameworks[1:]:
        heads += [f"{TITLES[framework]} ms", "ratio", "faults"]
    tables = []
    for optimizer in optimizers:
        rows = []
        for model, batch in itertools.product(models, batches):
            print(f"{model}, batch {batch}, {optimizer}", file=sys.stderr)
            found = measure_step(frameworks, model, batch, optimizer, rounds)
            row = [f"{MODELS[model].title}, batch {batch}", *cells(found[BASE], None)]
            for framework in frameworks[1:]:
                row += cells(found.get(framework), found[BASE])
            rows.append(row)
        tables.append(table(f"A training step, {OPTIMIZERS[optimizer]}", heads, rows))
    return "\n".join(tables)


def main() -> None:
    asking = parser(__doc__, ROUNDS)
    asking.add_argument("--model", nargs="+", choices=MODELS, default=list(MODELS))
    asking.add_argument("--batch", nargs="+", type=int, default=list(BATCHES))
    asking.add_argument("--optimizer", nargs="+", choices=OPTIMIZERS, default=list(OPTIMIZERS))
    asked = asking.parse_args()
    print(report(asked.model, asked.batch, asked.optimizer, with_base(asked.peer), asked.rounds))


if __name__ == "__main__":
    main()
