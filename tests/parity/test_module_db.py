"""PyTorch's database of layers and losses: what agrees may only become more.

module_replay.py says what is compared, ratchet.json how much of it passes; each layer is a test.
"""

from __future__ import annotations

import pytest

from .committed import UPDATE, committed, fallen
from .module_replay import FOUND, KINDS, replay

# Much of them is the making of copies; the layers of which they are stacks are entries themselves.
STACKS = ("nn.Transformer", "nn.TransformerEncoder")


@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.wide) if n in STACKS else n for n in FOUND])
def test_as_much_agrees_as_is_committed(name: str) -> None:
    tallies = replay(name)
    now = {kind: [tally.compared, tally.passed] for kind, tally in tallies.items()}
    before = committed(name, KINDS)
    assert before, f"{name} has no line in ratchet.json yet: {UPDATE} {name}"
    failures = [line for tally in tallies.values() for line in tally.failures[:6]]
    assert not (fell := fallen(name, before, now)), "\n".join([*fell, "What does not pass (six of a kind):", *failures])
