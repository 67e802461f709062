"""A graph of 10,000 multiplications of 8×8 elements: building it, running it backwards, freeing it.

HIPS autograd has no graph outside of a function: there, "freeing" lets go of the function that pulls gradients back.
"""

from __future__ import annotations

from benchmarks.command import parser, with_base
from benchmarks.driver import workers
from benchmarks.frameworks import BASE, TITLES
from benchmarks.table import ratio, table

LENGTH = 10_000
ROUNDS = 7


def report(frameworks: list[str], rounds: int) -> str:
    """One table, a row for each phase."""
    least: dict[str, dict[str, float]] = {framework: {} for framework in frameworks}
    with workers(frameworks) as running:
        for _ in range(rounds):
            for worker in running:
                for phase, seconds in worker.ask("chain", LENGTH).items():
                    own = least[worker.framework]
                    own[phase] = min(seconds, own.get(phase, seconds))
    heads = [f"{LENGTH:,} nodes", f"{TITLES[BASE]} ms"]
    for framework in frameworks[1:]:
        heads += [f"{TITLES[framework]} ms", "ratio"]
    rows = []
    for phase, base in least[BASE].items():
        row = [phase, f"{base * 1e3:.2f}"]
        for framework in frameworks[1:]:
            row += [f"{least[framework][phase] * 1e3:.2f}", ratio(least[framework][phase], base)]
        rows.append(row)
    return table("A long chain", heads, rows)


def main() -> None:
    asked = parser(__doc__, ROUNDS).parse_args()
    print(report(with_base(asked.peer), asked.rounds))


if __name__ == "__main__":
    main()
