"""Coordinates of slots in rows whose order is known: long ways straight, everything near what it is joined to.

Rests on `slots.py`; `layout.py` asks it. They come from sweeps in which each row is placed exactly by isotonic regression:
least squares under minimal distances, and between two bounds where there is little room.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from autogradkit.tracing.render.graph.drawing.slots import GAP, Edge, Slot

SWEEPS = 24
FAR = 1e9
PINNED = 1e6  # the weight of what gives way to none
NEGLIGIBLE = 0.01

Bounds = tuple[float, float]  # left and right end of what there is room for
EVERYWHERE: Bounds = (-FAR, FAR)


def coordinates(
    slots: list[Slot], rows: list[list[int]], pinned: frozenset[int] = frozenset(), within: Bounds = EVERYWHERE
) -> None:
    """Draw each slot to its neighbours in the rows above and below; what is pinned gives way to the bounds alone.

    Where something is pinned, all start from where they are.
    """
    if len(slots) == 1:  # it is where it begins; there may be a hundred such parts
        return
    bonds = [_bonds(slots, slot, number in pinned) for number, slot in enumerate(slots)]
    placed = [([slots[i] for i in row], [bonds[i] for i in row], _ahead(slots, row)) for row in rows]
    if not pinned:
        for row, _, ahead in placed:
            _settle(row, ahead, [0.0] * len(row), [1.0] * len(row), within)
    for sweep in range(SWEEPS):
        for row, pulled, ahead in reversed(placed) if sweep % 2 else placed:
            wanted = [
                sum([other.x * pull for other, pull in pulls]) / weight if pulls and weight else slot.x
                for slot, (pulls, weight) in zip(row, pulled, strict=True)
            ]
            _settle(row, ahead, wanted, [weight or 0.1 for _, weight in pulled], within)


def _bonds(slots: list[Slot], slot: Slot, pinned: bool) -> tuple[list[tuple[Slot, float]], float]:
    """What pulls at a slot and how much, and how heavy that makes it; nothing pulls at what is pinned."""
    if pinned:
        return [], PINNED
    pulls = [(slots[j], _pull(slot, slots[j])) for j in slot.above + slot.below]
    return pulls, sum(pull for _, pull in pulls)


def _ahead(slots: list[Slot], row: list[int]) -> list[float]:
    """How far right of the first in its row each slot is at least."""
    distances = (_distance(slots[left], slots[right]) for left, right in itertools.pairwise(row))
    return list(itertools.accumulate(distances, initial=0.0)) if row else []


def least_of(slots: list[Slot], row: list[int]) -> float:
    """How wide a row is at least."""
    return slots[row[0]].left + _ahead(slots, row)[-1] + slots[row[-1]].right if row else 0.0


def _pull(one: Slot, other: Slot) -> float:
    """Long edges want to be straight more than nodes want to be centred."""
    if one.edge is not None and other.edge is not None:
        return 6.0 * one.weight
    return one.weight if one.edge is not None else other.weight


def paths(
    edges: Sequence[Edge], chains: list[list[int]], index: dict[str, int], spine: frozenset[int]
) -> list[list[int]]:
    """Slots along each run of spine edges, longest first."""
    after = {edges[n].tail: n for n in spine}
    heads = {edges[n].head for n in spine}
    paths = []
    for start in (tail for tail in after if tail not in heads):
        path, here = [index[start]], start
        while here in after:
            number = after[here]
            here = edges[number].head
            path += [*chains[number], index[here]]
        paths.append(path)
    return sorted(paths, key=len, reverse=True)


def straighten(slots: list[Slot], rows: list[list[int]], paths: list[list[int]], within: Bounds = EVERYWHERE) -> None:
    """Give each path one x for as long as its neighbours leave room for it."""
    beside: dict[int, tuple[int | None, int | None]] = {}
    for row in rows:
        for i, slot in enumerate(row):
            beside[slot] = (row[i - 1] if i else None, row[i + 1] if i + 1 < len(row) else None)
    for _ in range(3):
        for path in paths:
            run: list[int] = []
            low, high = -FAR, FAR
            for slot in path:
                least, most = _free(slots, slot, *beside[slot], within)
                if run and max(low, least) > min(high, most) + NEGLIGIBLE:
                    _upright(slots, run, low, high)
                    run, low, high = [], -FAR, FAR
                run.append(slot)
                low, high = max(low, least), min(high, most)
            _upright(slots, run, low, high)


def _free(slots: list[Slot], slot: int, left: int | None, right: int | None, within: Bounds) -> Bounds:
    here = slots[slot]
    least, most = within[0] + here.left, within[1] - here.right
    if left is not None:
        least = slots[left].x + _distance(slots[left], here)
    if right is not None:
        most = slots[right].x - _distance(here, slots[right])
    return least, most


def _upright(slots: list[Slot], run: list[int], low: float, high: float) -> None:
    """Give all of them one x: the middle one of theirs, or the nearest to it between `low` and `high`."""
    xs = sorted(slots[slot].x for slot in run)
    x = min(max(xs[len(xs) // 2], low), high)
    for slot in run:
        slots[slot].x = x


def _distance(left: Slot, right: Slot) -> float:
    """The least distance between two neighbours in a row."""
    threads = left.edge is not None and right.edge is not None
    return left.right + right.left + (GAP / 2 if threads else GAP)


def _settle(row: list[Slot], ahead: list[float], wanted: list[float], weights: list[float], within: Bounds) -> None:
    """The least-squares placement of a row in its order: pool adjacent violators, then cut off at the bounds, which is exact."""
    if not row:
        return
    low, high = within[0] + row[0].left, within[1] - row[-1].right - ahead[-1]
    blocks: list[tuple[float, float, int]] = []
    for x, weight, offset in zip(wanted, weights, ahead, strict=True):
        mean, mass, count = x - offset, weight, 1
        while blocks and blocks[-1][0] >= mean:
            other, heavy, many = blocks.pop()
            mean = (mean * mass + other * heavy) / (mass + heavy)
            mass, count = mass + heavy, count + many
        blocks.append((mean, mass, count))
    position = 0
    for mean, _, count in blocks:
        for _ in range(count):
            row[position].x = min(max(mean, low), high) + ahead[position]
            position += 1


def heights_of(slots: list[Slot], rows: list[list[int]]) -> tuple[list[float], list[float]]:
    """Top and height of each row; a row of labels is taller where edges lean."""
    tops: list[float] = []
    heights: list[float] = []
    y = 0.0
    for rank, row in enumerate(rows):
        height = max((slots[i].height for i in row), default=0.0)
        tops.append(y)
        heights.append(height)
        below = rows[rank + 1] if rank + 1 < len(rows) else []
        lean = max((abs(slots[i].x - slots[j].x) for j in below for i in slots[j].above), default=0.0)
        y += height + 9.0 + min(22.0, lean * 0.12)
    return tops, heights
