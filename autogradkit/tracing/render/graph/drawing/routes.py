"""The ways of edges: where each leaves and arrives, and the line between, upright in every row and leaning only between rows.

Rests on `layout.py`, whose rows it joins; `picture.py` draws with it. Boxes and labels stand in rows, each edge that passes a
row has room of its own there, and so no edge lies under a box or under a label.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from autogradkit.tracing.render.graph.drawing.layout import Placed, Run
from autogradkit.tracing.render.graph.drawing.slots import REACH, Edge, beside
from autogradkit.tracing.render.marks.svg import num

PORT = 26.0  # between two edges at one node
NEAREST = 18.0  # the same where that makes one of them straight: each may be two lines
STEM = 7.0  # of an edge before it leans, and of its end: as long as an arrow
SWING = 5.0  # px from a stem to the next run at least


@dataclass(frozen=True, slots=True)
class Way:
    """A line through `points`; between two that are not over one another it swings, both control points at height `bends`."""

    points: list[tuple[float, float]]
    bends: list[float]

    def reversed(self) -> Way:
        """The same line from its end to its start."""
        return Way(self.points[::-1], self.bends[::-1])

    def path(self) -> str:
        """What an SVG path draws."""
        d = f"M{num(self.points[0][0])} {num(self.points[0][1])}"
        straight = ""  # how far it has come upright
        for bend, (x0, _), (x1, y1) in zip(self.bends, self.points, self.points[1:], strict=False):
            if abs(x0 - x1) < 0.5:
                straight = f"L{num(x1)} {num(y1)}"
            else:
                d += f"{straight}C{num(x0)} {num(bend)} {num(x1)} {num(bend)} {num(x1)} {num(y1)}"
                straight = ""
        return d + straight


def way(start: Run, route: Sequence[Run], end: Run, beside: float) -> Way:
    """The line `beside` the middle of an edge, which is upright from `start` on, along `route` and up to `end`, and at both
    ends by an arrow's length more, for an arrow stands askew on a line that comes from the side."""
    route = _swung(start, route, end)
    x, top, bottom = start
    stem = _stem(bottom, route[0] if route else end)
    start = x, top, bottom + stem
    x, top, bottom = end
    before = route[-1] if route else start
    end = x, top - (_stem(before[2], end) if _leads_down(*before[1:]) else STEM), bottom
    runs = [(x + (beside if _leads_down(a, b) else -beside), a, b) for x, a, b in (start, *route, end)]
    points = [(runs[0][0], runs[0][1])]
    bends: list[float] = []
    for number, (x, top, bottom) in enumerate(runs):
        if number:
            bends.append(_bend(runs[number - 1], runs[number], beside))
            points.append((x, top))
        if bottom != top:
            bends.append(top)
            points.append((x, bottom))
    return Way(points, bends)


def _swung(start: Run, route: Sequence[Run], end: Run) -> list[Run]:
    """The runs without those of no length that a line leans to and from in one direction: it swings once."""
    kept = [start]
    for run, after in zip(route, [*route[1:], end], strict=True):
        onward = (run[0] - kept[-1][0]) * (after[0] - run[0]) > 0
        passed = onward and run[1] <= run[2] < run[1] + 1.0 and _leads_down(*kept[-1][1:]) and _leads_down(*after[1:])
        if not passed:
            kept.append(run)
    return kept[1:]


def _stem(bottom: float, following: Run) -> float:
    """How much longer a line is upright where the next run begins below, with some room left for the swing."""
    return max(0.0, min(STEM, following[1] - bottom - SWING))


def _bend(run: Run, following: Run, beside: float) -> float:
    """At which height a line swings from one upright run to the next."""
    (x0, top, y0), (x1, y1, bottom) = run, following
    if _leads_down(top, y0) != _leads_down(y1, bottom):  # it turns to the next column, or down again at its head
        return (max(y0, y1) + PORT if _leads_down(top, y0) else min(y0, y1) - PORT) - beside
    # Where the edge leans, its two lines part vertically too, else they would touch.
    apart = min(abs(beside) * 0.9, abs(y1 - y0) / 4)  # and yet they end upright, with their arrows
    return (y0 + y1) / 2 + (apart if (x1 < x0) == (beside > 0) else -apart)


def _leads_down(top: float, bottom: float) -> bool:
    """Whether a run leads down, as all do but those to the head of the next column; one of no length does."""
    return bottom > top - 1.0


def ports(edges: Sequence[Edge], placed: Placed) -> tuple[list[float], list[float]]:
    """How far beside the centre of its node each edge leaves and arrives: in the order in which the edges lie, and where it is
    straight, if it is alone or the others leave room for it."""
    leaving: dict[str, list[tuple[float, int]]] = defaultdict(list)
    arriving: dict[str, list[tuple[float, int]]] = defaultdict(list)
    for number, edge in enumerate(edges):
        route = placed.routes[number]
        leaving[edge.tail].append((route[0][0] if route else placed.nodes[edge.head][0], number))
        arriving[edge.head].append((route[-1][0] if route else placed.nodes[edge.tail][0], number))
    starts, ends = [0.0] * len(edges), [0.0] * len(edges)
    for groups, found in ((leaving, starts), (arriving, ends)):
        for key, group in groups.items():
            if len(group) == 1:
                [(x, number)] = group
                route = placed.routes[number]
                turns = found is ends and bool(route) and not _leads_down(*route[-1][1:])  # from the column before
                found[number] = 0.0 if turns else beside(placed.nodes[key][0], placed.widths[key], x)
                continue
            group.sort()
            middle = (len(group) - 1) / 2
            for place, (_, number) in enumerate(group):
                if number in placed.spine:
                    middle = place  # what carries on goes straight through the centre
            at = placed.nodes[key][0]
            usual = [(place - middle) * PORT for place in range(len(group))]
            reach = max(REACH * placed.widths[key] / 2, *map(abs, usual))
            for (_, number), port in zip(group, _straightened(usual, [x - at for x, _ in group], reach), strict=True):
                found[number] = port
    return starts, ends


def _straightened(usual: list[float], straight: list[float], reach: float) -> list[float]:
    """The places of edges at one side of a node, of which as many as possible are where they are straight, what is nearest to
    that first; the others give way, in their order, within `reach` of the centre.

    >>> _straightened([-13.0, 13.0], [-90.0, 3.0], 27.0), _straightened([-13.0, 13.0], [-1.0, 9.0], 27.0)
    ([-15.0, 3.0], [-13.0, 9.0])
    """
    ports, kept = usual, set[int]()
    for place in sorted(range(len(usual)), key=lambda place: abs(straight[place] - usual[place])):
        tried = [*ports[:place], straight[place], *ports[place + 1 :]]
        for other in range(place + 1, len(tried)):
            tried[other] = max(tried[other], tried[other - 1] + NEAREST)
        for other in range(place - 1, -1, -1):
            tried[other] = min(tried[other], tried[other + 1] - NEAREST)
        if all(tried[each] == ports[each] for each in kept) and max(map(abs, tried)) <= reach:
            ports = tried
            kept.add(place)
    return ports
