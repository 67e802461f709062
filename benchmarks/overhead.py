"""What one op costs on 8×8 float32, where nearly all of it is overhead: microseconds, and the ratio to PyTorch.

With gradients: the op with operands that require gradients, its result freed; then the op and its backward, starting
and ending with no gradient stored. HIPS autograd differentiates functions, so there its ops stand inside of one, and
are traced anew at each call. Without: nothing requires a gradient. "bar" is the most that autogradkit may take.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.command import parser, with_base
from benchmarks.driver import Worker, in_turns, workers
from benchmarks.frameworks import BASE, TITLES
from benchmarks.operations import DIFFERENTIATED, OTHERS, PLAIN, Operation
from benchmarks.table import NOTHING, ratio, table

OURS = "autogradkit"
ROUNDS = 15
PASSES = 3  # over all ops: a processor that is busy elsewhere is slower for seconds, longer than an op's turns take
TURN = 0.005  # seconds of PyTorch's time


def measure_op(
    running: Sequence[Worker], rounds: int, operation: Operation, choose: str, *arguments: Any
) -> dict[str, float]:
    """Seconds of one op in each framework that has it."""
    able = [worker for worker in running if worker.ask(choose, operation.name, *arguments)]
    found = in_turns(able, rounds, TURN)
    return {worker.framework: measured.seconds / operation.times for worker, measured in zip(able, found, strict=True)}


def row(name: str, seconds: dict[str, float], bar: float | None, frameworks: Sequence[str]) -> list[str]:
    """The op, PyTorch's time, then time and ratio of each other framework; the bar stands after autogradkit's."""
    cells = [name, f"{seconds[BASE] * 1e6:.2f}"]
    for framework in frameworks[1:]:
        own = seconds.get(framework)
        cells += [f"{own * 1e6:.2f}", ratio(own, seconds[BASE])] if own else [NOTHING] * 2
        if framework == OURS:
            over = bar is not None and own is not None and own > bar * seconds[BASE]
            cells.append(NOTHING if bar is None else f"{bar:g}{' missed' if over else ''}")
    return cells


def report(frameworks: Sequence[str], rounds: int) -> str:
    """The three tables."""
    heads = ["8×8 float32", f"{TITLES[BASE]} µs"]
    for framework in frameworks[1:]:
        heads += [f"{TITLES[framework]} µs", "ratio", *(["bar"] if framework == OURS else [])]

    with workers(frameworks) as running:

        def rows(operations: Sequence[Operation], choose: str, *arguments: Any) -> list[list[str]]:
            both = choose == "choose_forward_and_backward"
            least: list[dict[str, float]] = [{} for _ in operations]
            for _ in range(PASSES):
                for found, operation in zip(least, operations, strict=True):
                    measured = measure_op(running, -(-rounds // PASSES), operation, choose, *arguments)
                    found |= {name: min(seconds, found.get(name, seconds)) for name, seconds in measured.items()}
            return [
                row(operation.name, found, operation.both_bar if both else operation.bar, frameworks)
                for operation, found in zip(operations, least, strict=True)
            ]

        return "\n".join(
            (
                table("Forward, with gradients", heads, rows((*DIFFERENTIATED, *OTHERS), "choose_forward", True)),
                table("Forward and backward", heads, rows(DIFFERENTIATED, "choose_forward_and_backward")),
                table("Forward, without gradients", heads, rows(PLAIN, "choose_forward", False)),
            )
        )


def main() -> None:
    asked = parser(__doc__, ROUNDS).parse_args()
    print(report(with_base(asked.peer), asked.rounds))


if __name__ == "__main__":
    main()
