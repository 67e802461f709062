"""Edges with fewer bends: one that leans on its way stands straighter where what is beside it moves aside, or the box at its end.

Rests on `slots.py` and `coordinates.py`; `layout.py` asks it when all else has its place. Each edge is tried at the places where
parts of it are, and the boxes at its ends where it is, with what they then push along their rows; the way is taken on which the
fewest edges lean. Then labels that are in the way stand in other rows, where that leaves fewer.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from autogradkit.tracing.render.graph.drawing.coordinates import NEGLIGIBLE, STRAIGHT, distance, lean
from autogradkit.tracing.render.graph.drawing.slots import Slot

ROUNDS = 2  # what one edge left may be the place of another
ONWARD = 3  # edges that lean are as bad as one that carries on and leans
MOST_PUSHED = 200  # slots
AS_A_BEND = 300.0  # px that edges lean further, which are as bad as one more that leans


Places = dict[int, float]
Joint = tuple[int, int]  # a slot, and one below it


def unbend(slots: list[Slot], rows: list[list[int]], chains: list[list[int]], ways: list[list[int]]) -> None:
    """Move the slots of edges that lean, and the boxes at their ends with what is in line with them, where that makes fewer of
    all edges lean, and no row stick out. What carries on along the `ways` wants to go straight on more than others."""
    onward = {joint for way in ways for joint in itertools.pairwise(way)}
    at = {slot: (row, place) for row in rows for place, slot in enumerate(row)}
    low = min(slots[row[0]].x - slots[row[0]].left for row in rows if row) - NEGLIGIBLE
    high = max(slots[row[-1]].x + slots[row[-1]].right for row in rows if row) + NEGLIGIBLE
    for chain in [*chains] * ROUNDS:
        best: Places = {}
        most = NEGLIGIBLE
        for part, x in itertools.chain(_ways(slots, chain), _ends(slots, chain)):
            alone: Places = {}
            for slot in part:
                alone |= _pushed(slots, *at[slot], x)
            for moved in (alone, {}):
                moved = moved or _pushed_in_line(slots, at, part, x)
                inside = (low <= x - slots[slot].left and x + slots[slot].right <= high for slot, x in moved.items())
                gain = _gain(slots, moved, onward) if all(inside) else 0.0
                if gain > most:
                    best, most = moved, gain
                if gain > 0 or len(alone) == len(part):
                    break
        _move(slots, best)


def lift_labels(slots: list[Slot], rows: list[list[int]], chains: list[list[int]]) -> bool:
    """Where an edge leans because its label has no room beside the straight part of it, let this label stand further up or down,
    or that of an edge beside it. Whether one does so now."""
    found = False
    at = {slot: (row, place) for row in rows for place, slot in enumerate(row)}
    for chain in chains:
        label = next((slot for slot in chain if slots[slot].labelled), None)
        if label is None or label in max(_runs(slots, chain), key=len):
            continue
        row, place = at[label]
        for slot in (label, *row[max(place - 1, 0) : place], *row[place + 1 : place + 2]):
            edge = slots[slot].edge
            if edge is not None and slots[slot].labelled and _lifted(slots, at, chains[edge], slot):
                found = True
                break
    return found


def bends_of(slots: list[Slot], ways: list[list[int]]) -> float:
    """How many of all edges lean, and how far."""
    joints = [(upper, slot) for slot, here in enumerate(slots) for upper in here.above]
    return _bends(slots, joints, {joint for way in ways for joint in itertools.pairwise(way)})


def _lifted(slots: list[Slot], at: dict[int, tuple[list[int], int]], chain: list[int], label: int) -> bool:
    """Give the label to another slot of the longest straight part of its edge, the nearest that has room for it as all stand
    now. Whether there is one."""
    here = slots[label]
    others = [slot for slot in max(_runs(slots, chain), key=len) if slots[slot].rank % 2 and slot != label]
    for slot in sorted(others, key=lambda slot: abs(slots[slot].rank - here.rank)):
        there, (row, place) = slots[slot], at[slot]
        with_it = replace(there, left=here.left, right=here.right)
        before = [
            distance(slots[other], with_it) <= there.x - slots[other].x for other in row[max(place - 1, 0) : place]
        ]
        behind = [distance(with_it, slots[other]) <= slots[other].x - there.x for other in row[place + 1 : place + 2]]
        if all(before + behind):
            for name in ("left", "right", "height", "labelled"):
                moved = getattr(here, name)
                setattr(here, name, getattr(there, name))
                setattr(there, name, moved)
            return True
    return False


def _runs(slots: list[Slot], chain: list[int]) -> list[list[int]]:
    """The straight parts of an edge, from above."""
    return [list(run) for _, run in itertools.groupby(chain, key=lambda slot: round(slots[slot].x, 1))]


def _ways(slots: list[Slot], chain: list[int]) -> Iterator[tuple[list[int], float]]:
    """Parts of an edge that leans on its way, each with an x to be tried: all of it at an end or where most of it is, and each
    run where the next one is."""
    runs = _runs(slots, chain)
    if len(runs) > 1:
        ends = (*slots[chain[0]].above, *slots[chain[-1]].below)
        yield from ((chain, slots[each].x) for each in (max(runs, key=len)[0], *ends))
        for one, other in itertools.pairwise(runs):
            yield one, slots[other[0]].x
            yield other, slots[one[0]].x


def _ends(slots: list[Slot], chain: list[int]) -> Iterator[tuple[list[int], float]]:
    """The boxes at the ends of an edge that do not stand where it is, each alone and with what is in line with it beyond.

    Not one in the middle of its edges: that they lean alike is as good to look at as that some are straight.
    """
    for slot, upward in ((chain[0], True), (chain[-1], False)):
        [box] = slots[slot].above if upward else slots[slot].below
        if _in_the_middle(slots, box, slots[box].below if upward else slots[box].above):
            continue
        upper, lower = (box, slot) if upward else (slot, box)
        if lean(slots[upper], slots[lower]) > STRAIGHT:
            run = _in_line(slots, box, upward)
            yield from ((part, slots[slot].x) for part in ((run, run[:1]) if len(run) > 1 else (run,)))


def _in_the_middle(slots: list[Slot], box: int, ends: Sequence[int]) -> bool:
    """Whether a box stands in the middle of several slots that its edges lead to."""
    return len(ends) > 1 and abs(sum(slots[each].x for each in ends) / len(ends) - slots[box].x) <= STRAIGHT


def _in_line(slots: list[Slot], start: int, upward: bool) -> list[int]:
    """The slots that one reaches from a box on a straight way up, or down, as long as that is one way."""
    run = [start]
    while True:
        here = slots[run[-1]]
        beyond = here.above if upward else here.below
        straight = [each for each in beyond if abs(slots[each].x - here.x) <= STRAIGHT]
        if len(straight) != 1:
            return run
        run.append(straight[0])


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


def _pushed_in_line(slots: list[Slot], at: dict[int, tuple[list[int], int]], part: list[int], x: float) -> Places:
    """The same for all of these, where whatever gives way takes with it what is in line with it; nothing where that comes back
    to push at what pushed it, or pushes at too many."""
    found = dict.fromkeys(part, x)
    waiting = list(part)
    while waiting:
        number = waiting.pop()
        row, place = at[number]
        for beside, way in ((place + 1, 1), (place - 1, -1)):
            if not 0 <= beside < len(row):
                continue
            other = row[beside]
            here, there = found.get(other, slots[other].x), slots[other]
            apart = distance(slots[number], there) if way > 0 else distance(there, slots[number])
            least = found[number] + way * apart
            if (least - here) * way <= NEGLIGIBLE:
                continue
            for each in {*_in_line(slots, other, True), *_in_line(slots, other, False)}:
                target = slots[each].x + least - there.x
                if each in part or (target - found.get(each, target)) * way < 0 or (target - slots[each].x) * way < 0:
                    return {}
                found[each] = target
                waiting.append(each)
        if len(waiting) > MOST_PUSHED:
            return {}
    return found


def _gain(slots: list[Slot], moved: Places, onward: set[Joint]) -> float:
    """How many edges lean less if these slots are moved, and how far."""
    joints = {(upper, slot) for slot in moved for upper in slots[slot].above}
    joints |= {(slot, lower) for slot in moved for lower in slots[slot].below}
    before, now = _bends(slots, joints, onward), {slot: slots[slot].x for slot in moved}
    _move(slots, moved)
    gain = before - _bends(slots, joints, onward)
    _move(slots, now)
    return gain


def _bends(slots: list[Slot], joints: Iterable[Joint], onward: set[Joint]) -> float:
    leans = ((joint, lean(slots[joint[0]], slots[joint[1]])) for joint in joints)
    return sum((ONWARD if joint in onward else 1) * (1 + each / AS_A_BEND) for joint, each in leans if each > STRAIGHT)


def _move(slots: list[Slot], places: Places) -> None:
    for slot, x in places.items():
        slots[slot].x = x
