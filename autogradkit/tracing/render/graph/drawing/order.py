"""Rows in an order with few crossings, by sweeps that sort each row by the means of its neighbours (Sugiyama, Tagawa, Toda 1981).

Rests on `slots.py`; `layout.py` asks it.
"""

from __future__ import annotations

import itertools

from autogradkit.tracing.render.graph.drawing.slots import Slot

SWEEPS = 12


def order(slots: list[Slot]) -> list[list[int]]:
    """Rows in an order with few crossings."""
    rows: list[list[int]] = [[] for _ in range(1 + max(slot.rank for slot in slots))]
    seen: set[int] = set()
    for start in range(len(slots)):
        stack = [start]
        while stack:
            here = stack.pop()
            if here in seen:
                continue
            seen.add(here)
            rows[slots[here].rank].append(here)
            stack.extend(reversed(slots[here].below))
    best, fewest = [list(row) for row in rows], _crossings(slots, rows)
    for sweep in range(SWEEPS):
        if fewest == 0:
            break
        down = sweep % 2 == 0
        for rank in range(1, len(rows)) if down else range(len(rows) - 2, -1, -1):
            fixed = rows[rank - 1] if down else rows[rank + 1]
            at = {slot: i for i, slot in enumerate(fixed)}
            keys: dict[int, float] = {}
            for i, slot in enumerate(rows[rank]):
                near = slots[slot].above if down else slots[slot].below
                keys[slot] = sum(at[other] for other in near) / len(near) if near else i
            rows[rank].sort(key=keys.__getitem__)
        crossings = _crossings(slots, rows)
        if crossings < fewest:
            best, fewest = [list(row) for row in rows], crossings
    return best


def _crossings(slots: list[Slot], rows: list[list[int]]) -> int:
    """How many pairs of edge pieces cross, counted row by row with a Fenwick tree."""
    total = 0
    for upper, lower in itertools.pairwise(rows):
        at = {slot: i for i, slot in enumerate(lower)}
        tree = [0] * (len(lower) + 1)
        passed = 0
        for slot in upper:
            ends = sorted(at[other] for other in slots[slot].below)
            for end in ends:
                i, before = end + 1, 0
                while i > 0:
                    before += tree[i]
                    i -= i & -i
                total += passed - before
            for end in ends:
                i = end + 1
                while i <= len(lower):
                    tree[i] += 1
                    i += i & -i
                passed += 1
    return total
