"""How much of what is checked agrees with PyTorch, summed over lists of names.

    python -m tests.parity.tiers FILE …   # each with a name of an op a line

Says of each list how many of the committed checks of its ops pass, which ops are below 95 % of their own, and in what, and
which have no checks. Rests on committed.py. An op's lines are those of its name, of its variants in PyTorch's database
(`std-unbiased`) and of its methods (`Tensor.std`, `Tensor.exp_`).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

from .committed import Line, load
from .ratchet import totals

LEAST = 0.95  # of an op's own checks; what is below is listed


def line_of(name: str, lines: dict[str, Line]) -> Line:
    """The numbers of an op, by kind."""
    own = {name, f"Tensor.{name}", f"Tensor.{name}_"}
    return totals(line for key, line in lines.items() if key in own or key.startswith(f"{name}-"))


def summary(title: str, names: list[str], lines: dict[str, Line]) -> list[str]:
    """What the command says of a list."""
    found = {name: line_of(name, lines) for name in names}
    compared, passed = _sums(found.values())
    said = [f"{title}: {passed} of {compared} checks pass, {passed / max(1, compared):.2%}, of {len(names)} ops"]
    for name, line in found.items():
        compared, passed = _sums([line])
        if passed < LEAST * compared:
            failing = [f"{kind} {has} of {of}" for kind, (of, has) in line.items() if has < of]
            said.append(f"  {name}: {passed} of {compared} ({', '.join(failing)})")
    unchecked = [name for name, line in found.items() if not line]
    return [*said, f"  without checks: {', '.join(unchecked)}"] if unchecked else said


def _sums(lines: Iterable[Line]) -> tuple[int, int]:
    kinds = totals(lines).values()
    return sum(compared for compared, _ in kinds), sum(passed for _, passed in kinds)


def main() -> None:
    """The command; see the module's docstring."""
    parser = argparse.ArgumentParser(prog="python -m tests.parity.tiers", description="Sum what agrees with PyTorch.")
    parser.add_argument("lists", nargs="+", type=Path, metavar="FILE", help="a name of an op a line")
    for file in parser.parse_args().lists:
        names = file.read_text(encoding="utf-8").split()
        print(*summary(file.stem, names, load()), sep="\n")


if __name__ == "__main__":
    main()
