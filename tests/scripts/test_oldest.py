"""The oldest versions that are asked for, as pip takes them."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import requires

from packaging.requirements import Requirement

from scripts.oldest import ROOT


def test_every_least_version_is_a_constraint() -> None:
    printed = subprocess.run(
        [sys.executable, "scripts/oldest.py"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    constraints = [Requirement(line) for line in printed.stdout.split()]
    asked = [Requirement(each) for each in requires("autogradkit") or []]
    least = {each.name.lower(): part.version for each in asked for part in each.specifier if part.operator == ">="}
    assert {each.name.lower(): next(iter(each.specifier)).version for each in constraints} == least
