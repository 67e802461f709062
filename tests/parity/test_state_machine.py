"""Thirty runs of the state machine, from a seed that `AUTOGRADKIT_MACHINE_SEED` sets; `state_machine.py` runs more."""

from __future__ import annotations

import os

from .state_machine import run


def test_the_libraries_go_the_same_way() -> None:
    seed = int(os.environ.get("AUTOGRADKIT_MACHINE_SEED", "7"))
    print(f"seed {seed}")  # which pytest shows of a failure
    run(30, seed)
