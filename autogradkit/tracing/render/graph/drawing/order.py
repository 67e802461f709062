"""Rows in an order with few crossings, by sweeps that sort each row by the means of its neighbours (Sugiyama, Tagawa, Toda 1981)
and exchanges of neighbours (Gansner, Koutsofios, North, Vo 1993), which begin once from above and once from below.

Rests on `slots.py`; `layout.py` asks it.
"""

from __future__ import annotations

import itertools

from autogradkit.tracing.render.graph.drawing.slots import Slot

SWEEPS = 12
MOST_COMPARED = 40  # nodes of a row
EXCHANGES = 8  # times that all rows are gone through


def order(slots: list[Slot]) -> list[list[int]]:
    """Rows in an order with few crossings, and of the two that are each other's mirror images the one in which more of what ran
    first is on the left: so the turns of a loop are read as they ran."""
    best, fewest = _ordered(slots, downward=True)
    if fewest:  # what begins in the middle of a row finds its place from the other end, or not at all
        other, crossings = _ordered(slots, downward=False)
        if crossings < fewest:
            best = other
    return [row[::-1] for row in best] if _later_first(slots, best) else best


def _later_first(slots: list[Slot], rows: list[list[int]]) -> bool:
    """Whether of most pairs of nodes in a row the later one, as slots are counted, is on the left."""
    balance = 0
    for row in rows:
        nodes = [slot for slot in row if slots[slot].edge is None][:MOST_COMPARED]
        balance += sum((one > other) - (one < other) for one, other in itertools.combinations(nodes, 2))
    return balance > 0


def _ordered(slots: list[Slot], downward: bool) -> tuple[list[list[int]], int]:
    """The rows as they come of walks down from the first slots, or up from the last; and how many pairs of edge pieces cross."""
    rows = _walked(slots, downward)
    best, fewest = [list(row) for row in rows], _crossings(slots, rows)
    for sweep in range(SWEEPS):
        if fewest == 0:
            return best, fewest
        down = (sweep % 2 == 0) == downward
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
    _exchange(slots, best)
    return best, _crossings(slots, best)


def _walked(slots: list[Slot], downward: bool) -> list[list[int]]:
    """Each row in the order in which its slots are come to."""
    rows: list[list[int]] = [[] for _ in range(1 + max(slot.rank for slot in slots))]
    seen: set[int] = set()
    for start in range(len(slots)) if downward else reversed(range(len(slots))):
        stack = [start]
        while stack:
            here = stack.pop()
            if here in seen:
                continue
            seen.add(here)
            rows[slots[here].rank].append(here)
            stack.extend(reversed(slots[here].below if downward else slots[here].above))
    return rows


def _exchange(slots: list[Slot], rows: list[list[int]]) -> None:
    """Exchange neighbours where their edges cross less then."""
    at = {slot: i for row in rows for i, slot in enumerate(row)}
    for _ in range(EXCHANGES):
        exchanged = False
        for row in rows:
            for i in range(len(row) - 1):
                left, right = row[i], row[i + 1]
                if _crossing(slots[left], slots[right], at) > 0:
                    row[i], row[i + 1] = right, left
                    at[left], at[right] = i + 1, i
                    exchanged = True
        if not exchanged:
            return


def _crossing(left: Slot, right: Slot, at: dict[int, int]) -> int:
    """How many edges of two neighbours cross, less those that would if they were exchanged."""
    return sum(
        (at[one] > at[other]) - (at[one] < at[other])
        for ones, others in ((left.above, right.above), (left.below, right.below))
        for one in ones
        for other in others
    )


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
