"""What autogradkit's recorder costs a training step: when it never ran, is off again, or listens to another thread.

"recording" is a step in a `record()` block of its own, for comparison. Each state has a fresh process; ratios are to
the process that never recorded.
"""

from __future__ import annotations

import argparse

from benchmarks.driver import in_turns, workers
from benchmarks.table import ratio, table

STATES = ("never recorded", "recorded once, off", "recording another thread", "recording")
ROUNDS = 7
TURN = 0.02  # seconds of the first state; a step that is recorded takes many times as long


def report(rounds: int) -> str:
    """One table, a row for each state."""
    rows = []
    with workers(["autogradkit"] * len(STATES)) as running:
        for worker, state in zip(running, STATES, strict=True):
            worker.ask("choose_training", "mlp", 1, "sgd")
            worker.ask("choose_recorder", state)
        found = in_turns(running, rounds, TURN)
    for state, measured in zip(STATES, found, strict=True):
        rows.append([state, f"{measured.seconds * 1e6:.0f}", ratio(measured.seconds, found[0].seconds)])
    return table("An inactive recorder", ["MLP, batch 1", "µs", "ratio"], rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="turns of each state")
    print(report(parser.parse_args().rounds))


if __name__ == "__main__":
    main()
