"""Every scenario of the sweep."""

from __future__ import annotations

from tests.interrupts import backwards, edits, modules, recordings, trainings
from tests.interrupts.sweep import Scenario


def scenarios() -> list[Scenario]:
    """Those of all files, in their order."""
    return [each for file in (edits, backwards, trainings, recordings, modules) for each in file.scenarios()]
