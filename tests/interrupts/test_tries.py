"""Real signals at random times tear nothing; a bounded part of `python -m tests.interrupts.tries`."""

from __future__ import annotations

import pytest

import autogradkit
from tests.interrupts.tries import CASES, torn

# The mode of a `with no_grad()` that is struck in the first instruction of `__exit__` stays, as in PyTorch.
STRUCK = [name for name in CASES if not name.startswith("with")]


@pytest.mark.parametrize("name", STRUCK)
def test_nothing_is_torn(name: str) -> None:
    assert torn(autogradkit, name, 60, seed=1) == 0
