"""PyTorch's database of layers and losses: what agrees may only become more.

module_replay.py says what is compared, ratchet.json how much of it passes; each layer is a test. The test command asks of a few
samples of each, `-m wide` of all that are counted.
"""

from __future__ import annotations

import pytest

from .committed import UPDATE, committed, fallen
from .module_replay import FOUND, KINDS, STACKS, replay
from .samples import Tally

FEW = 12  # samples; most layers have no more


def told(tallies: dict[str, Tally]) -> list[str]:
    """What does not pass."""
    failures = [line for tally in tallies.values() for line in tally.failures[:6]]
    return ["What does not pass (six of a kind):", *failures]


@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.wide) if n in STACKS else n for n in FOUND])
def test_a_few_samples_agree(name: str) -> None:
    tallies = replay(name, FEW)
    before = committed(name, KINDS)
    assert before, f"{name} has no line in ratchet.json yet: {UPDATE} {name}"
    assert set(tallies) == set(before)
    assert all(tally.compared == tally.passed for tally in tallies.values()), "\n".join(told(tallies))


@pytest.mark.wide
@pytest.mark.parametrize("name", FOUND)
def test_as_much_agrees_as_is_committed(name: str) -> None:
    tallies = replay(name)
    now = {kind: [tally.compared, tally.passed] for kind, tally in tallies.items()}
    before = committed(name, KINDS)
    assert before
    assert not (fell := fallen(name, before, now)), "\n".join([*fell, *told(tallies)])
