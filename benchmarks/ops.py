"""Ops that teaching code uses, at 1,000 and a million elements beside PyTorch: the slowest tenth, by the ratio.

Microseconds of the forward without gradients, and, where the op differentiates, of forward and backward together. The
calls are a table of their own (`benchmarks/calls.py`), not the samples of the declarations: those keep away from kinks
and are of sizes that mean nothing when they grow. Operands are float32 unless a name says otherwise.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.calls import BOTH, FORWARD
from benchmarks.driver import Worker, in_turns, workers
from benchmarks.frameworks import BASE
from benchmarks.table import ratio, table

SIZES = (1_000, 1_000_000)
ROUNDS = 3
TURN = 0.01  # seconds of PyTorch's time
PART = 10  # the slowest tenth is shown


@dataclass(frozen=True)
class Found:
    """A call's seconds, theirs and ours."""

    name: str
    theirs: float
    ours: float


def measure_calls(running: Sequence[Worker], rounds: int, elements: int, both: bool, word: str) -> list[Found]:
    """Those calls whose spelling has the word in it, the slowest beside PyTorch first."""
    found = []
    for operation in BOTH if both else (*BOTH, *FORWARD):
        if word in operation.name:
            for worker in running:
                worker.ask("choose_sized", operation.name, elements, both)
            theirs, ours = in_turns(list(running), rounds, TURN)
            found.append(Found(operation.name, theirs.seconds, ours.seconds))
    return sorted(found, key=lambda call: call.theirs / call.ours)


def report(rounds: int, sizes: Sequence[int] = SIZES, word: str = "", *, everything: bool = False) -> str:
    """A table for each size, forward, then forward and backward."""
    tables = []
    with workers((BASE, "autogradkit")) as running:
        for elements in sizes:
            for both in (False, True):
                calls = measure_calls(running, rounds, elements, both, word)
                shown = calls if everything else calls[: -(-len(calls) // PART)]
                rows = [
                    [call.name, f"{call.theirs * 1e6:.1f}", f"{call.ours * 1e6:.1f}", ratio(call.ours, call.theirs)]
                    for call in shown
                ]
                title = f"{'Forward and backward' if both else 'Forward'}, {elements:,} elements"
                note = f"{len(shown)} of {len(calls)} calls."
                tables.append(table(title, ["call", "PyTorch µs", "autogradkit µs", "ratio"], rows, note))
    return "\n".join(tables)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("word", nargs="?", default="", help="only calls whose spelling has it")
    parser.add_argument("--all", action="store_true", help="every call, not the slowest tenth")
    parser.add_argument("--size", type=int, choices=SIZES, nargs="+", default=SIZES)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="turns of each framework")
    asked = parser.parse_args()
    print(report(asked.rounds, asked.size, asked.word, everything=asked.all))


if __name__ == "__main__":
    main()
