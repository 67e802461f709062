"""The committed numbers of what agrees with PyTorch, and what it means that one fell.

Rests on the file beside it, ratchet.json, and on nothing that takes long to import. Used by test_op_db.py, test_module_db.py,
test_optim_db.py and test_wrong_calls.py, which hold what they count against it, and by ratchet.py, which writes it.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable
from pathlib import Path

FILE = Path(__file__).with_name("ratchet.json")
Line = dict[str, list[int]]  # kind -> [compared, passed]
UPDATE = "python -m tests.parity.ratchet --update"


@functools.cache  # hundreds of tests ask for a line each
def load(file: Path = FILE) -> dict[str, Line]:
    """The committed numbers, by name."""
    return json.loads(file.read_text(encoding="utf-8"))


def committed(name: str, kinds: Iterable[str]) -> Line | None:
    """A name's committed numbers of these kinds; None where it has no line yet."""
    line = load().get(name)
    return line and {kind: line[kind] for kind in kinds if kind in line}


def fallen(name: str, before: Line, now: Line) -> list[str]:
    """What is less than before: passed, or compared at all."""
    found = []
    for kind, (compared, passed) in before.items():
        compared_now, passed_now = now.get(kind, [0, 0])
        if passed_now < passed or compared_now < compared:
            found.append(f"{name}, {kind}: {passed_now} of {compared_now} pass, {passed} of {compared} did")
    return found
