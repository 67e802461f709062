"""What PARITY.md lists as known to differ: its rows begin with patterns of signatures, "op: kind of difference".

`*` stands for any text in a pattern. Used by the command, which says what no row lists, and by the test of that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from .runs import Finding

FILE = Path(__file__).parents[3] / "PARITY.md"
_PATTERN = re.compile(r"`([^`]+: [^`]+)`")


class Row(NamedTuple):
    """One row of the table: the signatures that it is about, and what it says of them."""

    patterns: tuple[str, ...]
    text: str

    def lists(self, finding: Finding) -> bool:
        """Whether a finding is of this row."""
        return any(fnmatchcase(f"{finding.label}: {finding.kind}", each) for each in self.patterns)


def rows(text: str) -> list[Row]:
    """The rows of every table whose first column holds patterns."""
    found: list[Row] = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        patterns = tuple(_PATTERN.findall(cells[0])) if len(cells) > 1 else ()
        if patterns:
            found.append(Row(patterns, cells[1]))
    return found


def row_of(finding: Finding, among: Iterable[Row]) -> Row | None:
    """The first row that lists a finding; none may list a forbidden one."""
    if finding.is_forbidden:
        return None
    return next((row for row in among if row.lists(finding)), None)
