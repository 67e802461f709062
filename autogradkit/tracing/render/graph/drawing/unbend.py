"""Long edges with fewer bends: one that leans on its way stands straighter where what is beside it moves aside.

Rests on `slots.py` and `coordinates.py`; `layout.py` asks it when all else has its place. Each edge is tried at the places where
parts of it are, with what it then pushes along its rows, and the way is taken on which the fewest edges lean.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from autogradkit.tracing.render.graph.drawing.coordinates import NEGLIGIBLE, STRAIGHT, distance, lean
from autogradkit.tracing.render.graph.drawing.slots import Slot

ROUNDS = 2  # what one edge left may be the place of another
AS_A_BEND = 300.0  # px that edges lean further, which are as bad as one more that leans


Places = dict[int, float]


def unbend(slots: list[Slot], rows: list[list[int]], chains: list[list[int]]) -> None:
    """Move the slots of edges that lean on their way, where that makes fewer of all edges lean, and no row stick out."""
    at = {slot: (row, place) for row in rows for place, slot in enumerate(row)}
    low = min(slots[row[0]].x - slots[row[0]].left for row in rows if row) - NEGLIGIBLE
    high = max(slots[row[-1]].x + slots[row[-1]].right for row in rows if row) + NEGLIGIBLE
    for chain in [*chains] * ROUNDS:
        best: Places = {}
        most = NEGLIGIBLE
        for part, x in _ways(slots, chain):
            moved: Places = {}
            for slot in part:
                moved |= _pushed(slots, *at[slot], x)
            inside = (low <= x - slots[slot].left and x + slots[slot].right <= high for slot, x in moved.items())
            gain = _gain(slots, moved) if all(inside) else 0.0
            if gain > most:
                best, most = moved, gain
        _move(slots, best)


def _ways(slots: list[Slot], chain: list[int]) -> Iterator[tuple[list[int], float]]:
    """Parts of an edge that leans on its way, each with an x to be tried: all of it at an end or where most of it is, and each
    run where the next one is."""
    runs = [list(run) for _, run in itertools.groupby(chain, key=lambda slot: round(slots[slot].x, 1))]
    if len(runs) > 1:
        ends = (*slots[chain[0]].above, *slots[chain[-1]].below)
        yield from ((chain, slots[each].x) for each in (max(runs, key=len)[0], *ends))
        for one, other in itertools.pairwise(runs):
            yield one, slots[other[0]].x
            yield other, slots[one[0]].x


def _pushed(slots: list[Slot], row: list[int], place: int, x: float) -> Places:
    """Where the slots of a row are if this one is at `x`: those that it comes too near to, and those that these do, give way."""
    found = {row[place]: x}
    for way in (range(place + 1, len(row)), range(place - 1, -1, -1)):
        before, moved = slots[row[place]], x
        for number in way:
            here = slots[row[number]]
            if number > place:
                moved = max(here.x, moved + distance(before, here))
            else:
                moved = min(here.x, moved - distance(here, before))
            if moved == here.x:
                break
            found[row[number]] = moved
            before = here
    return found


def _gain(slots: list[Slot], moved: Places) -> float:
    """How many edges lean less if these slots are moved, and how far."""
    joints = {(upper, slot) for slot in moved for upper in slots[slot].above}
    joints |= {(slot, lower) for slot in moved for lower in slots[slot].below}
    before, now = _bends(slots, joints), {slot: slots[slot].x for slot in moved}
    _move(slots, moved)
    gain = before - _bends(slots, joints)
    _move(slots, now)
    return gain


def _bends(slots: list[Slot], joints: Iterable[tuple[int, int]]) -> float:
    leans = (lean(slots[upper], slots[lower]) for upper, lower in joints)
    return sum(1 + each / AS_A_BEND for each in leans if each > STRAIGHT)


def _move(slots: list[Slot], places: Places) -> None:
    for slot, x in places.items():
        slots[slot].x = x
