"""What autogradkit's recorder costs a training step: when it never ran, is off again, or listens to another thread.

"recording" is a step in a `record()` block of its own, for comparison. Each state has a fresh process; ratios are to
the process that never recorded. Beside it stands what the log of gradients costs, which listens from `%load_ext` on, and
what a trace of a training step of larger networks does.
"""

from __future__ import annotations

import argparse

from benchmarks.driver import in_turns, workers
from benchmarks.models import MODELS
from benchmarks.table import ratio, table

STATES = ("never recorded", "recorded once, off", "recording another thread", "recording")
LOGGED = (("mlp", 64), ("lenet", 64), ("mlp", 1))  # what is trained while gradients are logged
TRACED = (("lenet", 64), ("lenet", 256), ("mlp", 64))  # what is trained in a trace
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


def compared(title: str, state: str, trained: tuple[tuple[str, int], ...], rounds: int) -> str:
    """One table, a row for each network that is trained in this state and without anybody listening."""
    rows = []
    for model, batch in trained:
        states = ("never recorded", state)
        with workers(["autogradkit"] * len(states)) as running:
            for worker, state in zip(running, states, strict=True):
                worker.ask("choose_training", model, batch, "sgd")
                worker.ask("choose_recorder", state)
            off, on = in_turns(running, rounds, TURN)
        name = f"{MODELS[model].title}, batch {batch}"
        rows.append([name, f"{off.seconds * 1e6:.0f}", f"{on.seconds * 1e6:.0f}", ratio(on.seconds, off.seconds)])
    return table(title, ["", "µs without", "µs with", "ratio"], rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="turns of each state")
    rounds = parser.parse_args().rounds
    print(report(rounds))
    print(compared("The log of gradients", "gradients logged", LOGGED, rounds))
    print(compared("A traced step", "recording", TRACED, rounds))


if __name__ == "__main__":
    main()
