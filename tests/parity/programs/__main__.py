"""`python -m tests.parity.programs --lines 300000 --seed 7 [--minutes 60]`: how often random programs disagree with PyTorch.

Prints the findings by signature, the most frequent first, each with the seed of a program; then how many each row of
PARITY.md stands for, the signatures that no row lists, as rows to be filled in, the disagreements in 1,000 lines, and the
programs in which PyTorch crashed, which end nothing but themselves: they run in a process apart, and the next one gets another.
`--show TEXT` prints shrunk programs of the signatures that contain it.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter, defaultdict
from itertools import count

from ..apart import Crash, outcomes
from .listed import FILE, Row, row_of, rows
from .runs import Finding
from .shrink import shown_small
from .writer import program


def main(arguments: list[str] | None = None) -> int:
    """The command; see the module's docstring."""
    parser = argparse.ArgumentParser(prog="python -m tests.parity.programs", description=__doc__)
    parser.add_argument("--lines", type=int, default=10_000, help="how many lines to run")
    parser.add_argument("--seed", type=int, default=0, help="of the first program; the others follow")
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after these, whatever was asked for")
    parser.add_argument("--show", metavar="SIGNATURE", help="print programs whose signature contains this")
    parser.add_argument("--most", type=int, default=3, help="how many of them, of each signature")
    parser.add_argument("--top", type=int, default=60, help="how many signatures to list")
    given = parser.parse_args(arguments)
    end = time.monotonic() + 60 * given.minutes
    found: defaultdict[str, list[tuple[int, Finding]]] = defaultdict(list)
    crashed: list[str] = []
    seed, lines = given.seed, 0
    try:
        for seed, outcome in outcomes(program, count(given.seed)):
            if isinstance(outcome, Crash):
                crashed.append(f"{seed} ({outcome.signal})")
            else:
                written, finding = outcome
                lines += len(written)
                if finding is not None:
                    found[finding.signature].append((seed, finding))
            if lines >= given.lines or time.monotonic() > end:
                break
    finally:  # what was found is told, too, where the comparison itself fails, or is interrupted
        _tell(given, seed, lines, found, crashed)
    return 0


def _tell(
    given: argparse.Namespace,
    last: int,
    lines: int,
    found: dict[str, list[tuple[int, Finding]]],
    crashed: list[str],
) -> None:
    """Print what came of the programs up to the seed `last`."""
    if given.show:
        shown = [each[: given.most] for signature, each in found.items() if given.show in signature]
        for _, text in outcomes(shown_small, [at for each in shown for at, _ in each]):
            print(text, flush=True)
    disagreements = sum(map(len, found.values()))
    forbidden = sum(finding.is_forbidden for each in found.values() for _, finding in each)
    for signature, each in sorted(found.items(), key=lambda item: -len(item[1]))[: given.top]:
        print(f"{len(each):6}  {signature}: seeds {', '.join(str(at) for at, _ in each[:4])}")
    print(*_by_row(found), sep="\n")
    print(f"{len(crashed)} programs in which PyTorch crashed: seeds {', '.join(crashed) or 'none'}")
    print(
        f"seeds {given.seed} to {last}, {lines} lines: {disagreements} disagreements, "
        f"{1000 * disagreements / max(1, lines):.2f} in 1,000"
    )
    print(f"{len(found)} signatures; {forbidden} of them forbidden: values, gradients, gradients that PyTorch refuses")


def _by_row(found: dict[str, list[tuple[int, Finding]]]) -> list[str]:
    """How many findings each row of PARITY.md stands for, and new rows for the others."""
    known = rows(FILE.read_text(encoding="utf-8"))
    counts: Counter[Row] = Counter()
    new: Counter[tuple[str, str]] = Counter()
    for seed, finding in (each for several in found.values() for each in several):
        row = row_of(finding, known)
        if row is not None:
            counts[row] += 1
        else:
            new[f"{finding.label}: {finding.kind}", f"seed {seed}"] += 1
    lines = [f"{count:6}  {row.text[:100]}" for row, count in counts.most_common()]
    merged: defaultdict[str, list[str]] = defaultdict(list)
    for (signature, seed), _ in new.items():
        merged[signature].append(seed)
    return ["", "rows of PARITY.md:", *lines, "", "in no row:"] + [
        f"| `{signature}` | {', '.join(seeds[:4])} |" for signature, seeds in sorted(merged.items())
    ]


if __name__ == "__main__":
    sys.exit(main())
