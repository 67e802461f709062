"""`python -m tests.interrupts [--kind lines|signals] [--only TEXT]`: every scenario at every point, and what was torn."""

from __future__ import annotations

import argparse
import sys
import time

from tests.interrupts.everything import scenarios
from tests.interrupts.injection import KINDS
from tests.interrupts.sweep import sweep

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--kind", choices=KINDS, default="lines")
parser.add_argument("--only", default="", help="scenarios whose name contains this text")
parser.add_argument("--most", type=int, help="points of one scenario, drawn by --seed")
parser.add_argument("--seed", type=int, default=0)
given = parser.parse_args()

began, tried, torn = time.monotonic(), 0, 0
for scenario in scenarios():
    if given.only not in scenario.name:
        continue
    count, found = sweep(scenario, given.kind, given.most, given.seed)
    tried, torn = tried + count, torn + len(found)
    if found:
        print(f"{scenario.name}: {len(found)} of {count}", flush=True)
        for each in found[:3]:
            print(f"    {each}")
print(f"{tried} interrupts, {torn} torn, {time.monotonic() - began:.0f} s")
sys.exit(bool(torn))
