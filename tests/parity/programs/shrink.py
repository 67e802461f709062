"""A program made as small as shows the same finding: lines deleted, then made simpler. Used by the command."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .runs import Finding, Line, run
from .writer import program


def shown_small(seed: int) -> str:
    """The text of the shrunk program of a seed, and of its finding."""
    written, finding = program(seed)
    if finding is None:
        return f"--- seed {seed} agrees when it is run again"
    small, told = shrunk(written, finding)
    return "\n    ".join([f"--- seed {seed}: {told.signature}", *(line.text for line in small)]) + f"\n  ! {told.text}"


def shrunk(lines: Sequence[Line], finding: Finding) -> tuple[list[Line], Finding]:
    """A smaller program that shows a finding of the same signature, and that finding."""

    def shows(program: list[Line]) -> Finding | None:
        found = run(program)[1]
        same = found is not None and (found.label, found.kind) == (finding.label, finding.kind)
        return found if same else None

    kept = list(lines)
    best = shows(kept) or finding
    smaller = True
    while smaller:
        smaller = False
        for at in reversed(range(len(kept) - 1)):
            without = kept[:at] + kept[at + 1 :]
            found = shows(without)
            if found is not None:
                kept, best, smaller = without, found, True
    for at, line in enumerate(kept):
        for pattern, simple in SIMPLER:
            text = re.sub(pattern, simple, kept[at].text)
            if text == kept[at].text:
                continue
            tried = [*kept[:at], Line(text, line.label), *kept[at + 1 :]]
            found = shows(tried)
            if found is not None:
                kept, best = tried, found
    return kept, best


SIMPLER = (
    (r"^with T.no_grad\(\): ", ""),
    (r", requires_grad=True", ""),
    (r"\.requires_grad_\(\)", ""),
    (r"\.(t|detach)\(\)", ""),
    (r", (retain|create)_graph=True", ""),
    (r"-?\d+\.\d+", "1.0"),
    (r"dtype=T\.(float|complex|int)\d+", "dtype=T.float32"),
)
