"""PyTorch's operator database: what agrees may only become more.

replay.py says what is compared, ratchet.json how much of it passes; each entry of the database that exists here is a test.
"""

from __future__ import annotations

import pytest

from .committed import UPDATE, committed, fallen
from .replay import FOUND, KINDS, replay

# Its samples have a million numbers; `nn.functional.grid_sample` reaches the same kernels with fewer.
LARGE = ("grid_sampler_3d",)


@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.wide) if n in LARGE else n for n in FOUND])
def test_as_much_agrees_as_is_committed(name: str) -> None:
    tallies = replay(FOUND[name])
    now = {kind: [tally.compared, tally.passed] for kind, tally in tallies.items()}
    before = committed(name, KINDS)
    assert before is not None, f"{name} has no line in ratchet.json yet: {UPDATE} {name}"
    fell = fallen(name, before, now)
    failures = [line for tally in tallies.values() if tally.compared > tally.passed for line in tally.failures[:6]]
    assert not fell, "\n".join([*fell, "What does not pass (the first six of a kind):", *failures])
    nothing = not any(tally.passed for tally in tallies.values())
    assert not nothing, "\n".join([f"{name}: {now}", *failures])
