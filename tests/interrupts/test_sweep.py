"""Every scenario, interrupted at some of its points: drawn by a seed here, at all of them by `python -m tests.interrupts`."""

from __future__ import annotations

import os
import random

import pytest

from tests.interrupts.everything import scenarios
from tests.interrupts.sweep import Scenario, sweep

SEED = int(os.environ.get("INTERRUPTS_SEED", random.randrange(10**6)))
SLOW = ("%load_ext", "%unload_ext", "%%trace", "record()", "training")


# A file that was opened when the interrupt came, and not yet given to its `with`, is closed as nobody holds it any more.
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
@pytest.mark.parametrize("scenario", scenarios(), ids=str)
def test_an_interrupt_leaves_the_old_state_or_the_new_one(scenario: Scenario) -> None:
    most = 3 if scenario.name in SLOW else 6
    for kind in ("lines", "signals"):
        _, torn = sweep(scenario, kind, most, SEED)
        assert not torn, f"INTERRUPTS_SEED={SEED}\n" + "\n".join(map(str, torn))
