"""Memory in training: whether it stays level over many steps, and how far one step reaches.

Each figure is of a fresh process: megabytes resident, so with the interpreter and all that the import loads.
"""

from __future__ import annotations

import argparse

from benchmarks.driver import workers
from benchmarks.frameworks import BASE, TITLES
from benchmarks.table import table

FRAMEWORKS = (BASE, "autogradkit")
STEPS = 20_000
WARM_UP = 100


def level(steps: int) -> str:
    """The MLP over `steps` steps, batch 64: resident after the first hundred, at the end, and at the most."""
    rows = []
    with workers(FRAMEWORKS) as running:
        for worker in running:
            worker.ask("choose_training", "mlp", 64, "sgd")
            worker.ask("losses", WARM_UP)
            start = worker.ask("memory")["now"]
            worker.ask("losses", steps - WARM_UP)
            end = worker.ask("memory")
            rows.append([TITLES[worker.framework], *(f"{size:.1f}" for size in (start, end["now"], end["peak"]))])
    heads = [f"MLP, batch 64, {steps:,} steps", f"MB after {WARM_UP}", "MB at the end", "peak MB"]
    return table("Memory over a training", heads, rows)


def peak() -> str:
    """LeNet, batch 256: resident before the first step, and at the most in ten."""
    rows = []
    with workers(FRAMEWORKS) as running:
        for worker in running:
            worker.ask("choose_training", "lenet", 256, "sgd")
            before = worker.ask("memory")["now"]
            worker.ask("losses", 10)
            most = worker.ask("memory")["peak"]
            rows.append([TITLES[worker.framework], *(f"{size:.1f}" for size in (before, most, most - before))])
    return table("Memory of a step", ["LeNet, batch 256", "MB before", "peak MB", "for the steps"], rows)


def report(steps: int) -> str:
    """Both tables."""
    return f"{level(steps)}\n{peak()}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=STEPS)
    print(report(parser.parse_args().steps))


if __name__ == "__main__":
    main()
