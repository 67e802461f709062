"""PyTorch's database of optimizers: what agrees may only become more.

optim_replay.py says what is compared, ratchet.json how much of it passes; each optimizer is a test.
"""

from __future__ import annotations

import pytest

from .committed import UPDATE, committed, fallen
from .optim_replay import FOUND, complaints


@pytest.mark.parametrize("name", FOUND)
def test_as_much_agrees_as_is_committed(name: str) -> None:
    now: dict[str, list[int]] = {}
    failures: list[str] = []
    for kind, told in complaints(name):
        tally = now.setdefault(kind, [0, 0])
        tally[0] += 1
        tally[1] += not told
        failures += [f"{kind}: {told}"] * bool(told)
    before = committed(name, now)
    assert before, f"{name} has no line in ratchet.json yet: {UPDATE} {name}"
    assert not (fell := fallen(name, before, now)), "\n".join([*fell, "What does not pass:", *failures])
