"""Coordinates of slots in rows whose order is known: long ways straight, everything near what it is joined to.

Rests on `slots.py`; `layout.py` asks it. They come from sweeps in which each row is placed exactly by isotonic regression:
least squares under minimal distances, and between two bounds where there is little room.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

from autogradkit.tracing.render.graph.drawing.slots import GAP, Edge, Slot, beside

SWEEPS = 24
FAR = 1e9
PINNED = 1e6  # the weight of what gives way to none
NEGLIGIBLE = 0.01
BETWEEN = 9.0  # two rows
CLOSER = 6.0  # the same where the picture would be very tall
LEANS = 6.0  # more room between rows where an edge leans a little: one that swings on less looks kinked
STRAIGHT = 0.5  # px that an upright edge is off at most

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
    placed = [_row(slots, row, pinned, within) for row in rows if row]
    xs = [slot.x for slot in slots]
    if not pinned:
        xs = [0.0] * len(slots)
        for row in placed:
            _settle(xs, row, [_held(slot.number, 1.0, slot.ahead) for slot in row.slots])
    for sweep in range(SWEEPS):
        for row in reversed(placed) if sweep % 2 else placed:
            _settle(xs, row, row.slots)
    for slot, x in zip(slots, xs, strict=True):
        slot.x = x


class _Pulled(NamedTuple):
    """A slot of a row, and what pulls at it: two other slots, by their numbers, and few have more."""

    number: int
    ahead: float  # how far right of the first in its row it is at least
    first: int
    first_pull: float
    second: int
    second_pull: float
    more: Sequence[tuple[int, float]]
    pull: float  # of all together
    mass: float  # how little it gives way to its neighbours


class _Row(NamedTuple):
    slots: list[_Pulled]
    low: float  # between which its first slot may be
    high: float


def _row(slots: list[Slot], row: list[int], pinned: frozenset[int], within: Bounds) -> _Row:
    ahead = _ahead(slots, row)
    pulled = [_pulled(slots, number, at, number in pinned) for number, at in zip(row, ahead, strict=True)]
    return _Row(pulled, within[0] + slots[row[0]].left, within[1] - slots[row[-1]].right - ahead[-1])


def _pulled(slots: list[Slot], number: int, ahead: float, pinned: bool) -> _Pulled:
    """What pulls at a slot and how much, and how heavy that makes it; nothing pulls at what is pinned."""
    if pinned:
        return _held(number, PINNED, ahead)
    slot = slots[number]
    pulls = [(other, _pull(slot, slots[other])) for other in slot.above + slot.below]
    weight = sum(pull for _, pull in pulls)
    if not weight:
        return _held(number, 0.1, ahead)
    (first, first_pull), (second, second_pull) = pulls[0], pulls[1] if len(pulls) > 1 else (number, 0.0)
    return _Pulled(number, ahead, first, first_pull, second, second_pull, pulls[2:], weight, weight)


def _held(number: int, mass: float, ahead: float) -> _Pulled:
    """A slot that stays where it is as far as its neighbours let it."""
    return _Pulled(number, ahead, number, 1.0, number, 0.0, (), 1.0, mass)


def _ahead(slots: list[Slot], row: list[int]) -> list[float]:
    """How far right of the first in its row each slot is at least."""
    distances = (distance(slots[left], slots[right]) for left, right in itertools.pairwise(row))
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
    beside = _neighbours(rows)
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


def lean_once(slots: list[Slot], rows: list[list[int]], chains: list[list[int]], within: Bounds = EVERYWHERE) -> None:
    """Have an edge that leans on its way from a node and on its way to one lean at one of both, where at the other it is alone
    and its neighbours leave room for it."""
    neighbours = _neighbours(rows)
    for chain in [*chains, *reversed(chains)]:  # one can make room for the one before it
        ends = [(slots[chain[0]].above[0], chain[0]), (chain[-1], slots[chain[-1]].below[0])]
        if any(lean(slots[upper], slots[lower]) <= STRAIGHT for upper, lower in ends):
            continue
        free = [_free(slots, slot, *neighbours[slot], within) for slot in chain]
        low, high = max(least for least, _ in free), min(most for _, most in free)
        (tail, _), (_, head) = ends
        alone = [slots[tail].x] * (len(slots[tail].below) == 1) + [slots[head].x] * (len(slots[head].above) == 1)
        fitting = [x for x in alone if low <= x <= high]
        if fitting:
            x = min(fitting, key=lambda x: abs(x - slots[chain[0]].x))
            for slot in chain:
                slots[slot].x = x


def _neighbours(rows: list[list[int]]) -> dict[int, tuple[int | None, int | None]]:
    """For each slot those left and right of it."""
    return {
        slot: (row[i - 1] if i else None, row[i + 1] if i + 1 < len(row) else None)
        for row in rows
        for i, slot in enumerate(row)
    }


def _free(slots: list[Slot], slot: int, left: int | None, right: int | None, within: Bounds) -> Bounds:
    here = slots[slot]
    least, most = within[0] + here.left, within[1] - here.right
    if left is not None:
        least = slots[left].x + distance(slots[left], here)
    if right is not None:
        most = slots[right].x - distance(here, slots[right])
    return least, most


def _upright(slots: list[Slot], run: list[int], low: float, high: float) -> None:
    """Give all of them one x: the middle one of theirs, or the nearest to it between `low` and `high`."""
    xs = sorted(slots[slot].x for slot in run)
    x = min(max(xs[len(xs) // 2], low), high)
    for slot in run:
        slots[slot].x = x


def distance(left: Slot, right: Slot) -> float:
    """The least distance between two neighbours in a row."""
    threads = left.edge is not None and right.edge is not None
    return left.right + right.left + (GAP / 2 if threads else GAP)


def _settle(xs: list[float], row: _Row, slots: Sequence[_Pulled]) -> None:
    """The least-squares placement of a row in its order, each slot where it is pulled to: pool adjacent violators, then cut off
    at the bounds, which is exact. Most of a layout's time goes by here."""
    means: list[float] = []  # of blocks of neighbours that touch each other
    masses: list[float] = []
    counts: list[int] = []
    for _, ahead, first, first_pull, second, second_pull, more, pull, mass in slots:
        total = xs[first] * first_pull + xs[second] * second_pull
        for other, its_pull in more:
            total += xs[other] * its_pull
        mean, count = total / pull - ahead, 1
        while means and means[-1] >= mean:
            heavy = masses.pop()
            mean = (mean * mass + means.pop() * heavy) / (mass + heavy)
            mass += heavy
            count += counts.pop()
        means.append(mean)
        masses.append(mass)
        counts.append(count)
    low, high = row.low, row.high
    if len(means) == len(slots):
        for mean, slot in zip(means, slots, strict=True):
            xs[slot[0]] = (low if mean < low else high if mean > high else mean) + slot[1]
        return
    position = 0
    for mean, count in zip(means, counts, strict=True):
        x = low if mean < low else high if mean > high else mean
        for slot in slots[position : position + count]:
            xs[slot[0]] = x + slot[1]
        position += count


def lean(upper: Slot, lower: Slot) -> float:
    """How far an edge leans between two rows."""
    apart = lower.x - upper.x
    if upper.edge is None and len(upper.below) == 1:
        apart -= beside(upper.x, 2 * upper.left, lower.x)
    elif lower.edge is None and len(lower.above) == 1:
        apart += beside(lower.x, 2 * lower.left, upper.x)
    return abs(apart)


def heights_of(slots: list[Slot], rows: list[list[int]], between: float) -> tuple[list[float], list[float]]:
    """Top and height of each row, with so much `between` two; there is more room below where edges lean, or part, or meet."""
    tops: list[float] = []
    heights: list[float] = []
    y = 0.0
    for rank, row in enumerate(rows):
        height = max((slots[i].height for i in row), default=0.0)
        tops.append(y)
        heights.append(height)
        below = rows[rank + 1] if rank + 1 < len(rows) else []
        joined = [(i, j) for j in below for i in slots[j].above]
        most = max((lean(slots[i], slots[j]) for i, j in joined), default=0.0)
        y += height + between
        if most > STRAIGHT or len({i for i, _ in joined}) < len(joined) or len({j for _, j in joined}) < len(joined):
            y += max(LEANS, min(22.0, most * 0.12))
    return tops, heights
