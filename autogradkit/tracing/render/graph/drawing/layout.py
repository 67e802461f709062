"""A layered layout, deterministic: rows, fewer crossings, coordinates. Forward flows downward.

Rests on `slots.py`, `ranks.py`, `order.py`, `coordinates.py`, `unbend.py` and `columns.py`; `picture.py` draws with it,
`routes.py` joins its rows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median_low

from autogradkit.tracing.render.graph.drawing.columns import WIDEST, columns
from autogradkit.tracing.render.graph.drawing.coordinates import (
    BETWEEN,
    EVERYWHERE,
    FAR,
    NEGLIGIBLE,
    Bounds,
    coordinates,
    heights_of,
    lean_once,
    least_of,
    paths,
    straighten,
)
from autogradkit.tracing.render.graph.drawing.order import order
from autogradkit.tracing.render.graph.drawing.ranks import ranks_of, staggered, widest_row
from autogradkit.tracing.render.graph.drawing.slots import GAP, Edge, Node, Slot, slots_of, spine_of
from autogradkit.tracing.render.graph.drawing.unbend import bends_of, lift_labels, unbend

APART = 40.0  # between two parts that no edge joins


class TooWideError(Exception):
    """There is no layout as narrow as was asked for."""


Run = tuple[float, float, float]  # upright at this x, from this y to that


@dataclass(slots=True)
class Placed:
    """Centres of the nodes, and top and bottom of the row that each is in: within it an edge is upright, for a neighbour may be
    taller. For each edge the x it takes in every row between, and from which y to which, which is upward where it goes to the
    head of the next column. `places` are the nodes' parts and rows, as one reads them."""

    width: float
    height: float
    nodes: dict[str, tuple[float, float]]
    rows: dict[str, tuple[float, float]]
    widths: dict[str, float]
    routes: list[list[Run]]
    labels: list[Run]  # where the label of each edge has its room
    places: dict[str, tuple[int, int]]
    spine: frozenset[int]  # the edges that carry on where their tail's own heaviest edge ended


def place(
    nodes: Sequence[Node],
    edges: Sequence[Edge],
    widest: float = WIDEST,
    *,
    squeezed: bool = False,
    refused: float = math.inf,
    between: float = BETWEEN,
) -> Placed:
    """Place a directed acyclic graph. Nodes come in a topological order; ties are broken by it.

    Parts that no edge joins are placed each on its own, and side by side as long as that is no wider than `widest`. With
    `squeezed` a part that would come out wider has more rows, and is bent, until it does not, as far as that is possible; where
    it must come out wider than `refused`, TooWideError is raised, before the long work begins. There is so much room `between`
    two rows.

    >>> placed = place([Node("a", 40, 20), Node("b", 40, 20)], [Edge("a", "b")])
    >>> placed.nodes["a"][0] == placed.nodes["b"][0], placed.nodes["a"][1] < placed.nodes["b"][1]
    (True, True)
    """
    whole = Placed(
        0.0,
        0.0,
        {},
        {},
        {node.key: node.width for node in nodes},
        [[] for _ in edges],
        [(0.0, 0.0, 0.0)] * len(edges),
        {},
        frozenset(),
    )
    x = top = 0.0
    for count, (several, numbers) in enumerate(_parts(nodes, edges)):
        part = _place(several, [edges[number] for number in numbers], widest, squeezed, refused, between)
        if x and x + part.width > widest:
            x, top = 0.0, whole.height + APART
        whole.nodes |= {key: (x + at, top + y) for key, (at, y) in part.nodes.items()}
        whole.rows |= {key: (top + low, top + high) for key, (low, high) in part.rows.items()}
        for number, route, (at, low, high) in zip(numbers, part.routes, part.labels, strict=True):
            whole.routes[number] = [(x + at, top + low, top + high) for at, low, high in route]
            whole.labels[number] = (x + at, top + low, top + high)
        whole.places |= {key: (count, row) for key, (_, row) in part.places.items()}
        whole.spine |= {numbers[number] for number in part.spine}
        whole.width = max(whole.width, x + part.width)
        whole.height = max(whole.height, top + part.height)
        x += part.width + APART
    return whole


def least_width(nodes: Sequence[Node], edges: Sequence[Edge]) -> float:
    """A width that a graph has at least unless it is squeezed: known in a hundredth of the time of placing it.

    >>> least_width([Node("a", 40, 20), Node("b", 60, 20)], []), least_width([Node("a", 40, 20)], [])
    (60.0, 40.0)
    """
    widest = 0.0
    for several, numbers in _parts(nodes, edges):
        widest = max(widest, widest_row(several, [edges[number] for number in numbers]))
    return widest


def _parts(nodes: Sequence[Node], edges: Sequence[Edge]) -> list[tuple[list[Node], list[int]]]:
    """The nodes that edges join, and the numbers of these edges; parts in the order of their first nodes."""
    joined = {node.key: node.key for node in nodes}

    def root(key: str) -> str:
        while joined[key] != key:
            joined[key] = key = joined[joined[key]]
        return key

    for edge in edges:
        joined[root(edge.head)] = root(edge.tail)
    parts: dict[str, tuple[list[Node], list[int]]] = {}
    for node in nodes:
        parts.setdefault(root(node.key), ([], []))[0].append(node)
    for number, edge in enumerate(edges):
        parts[root(edge.tail)][1].append(number)
    return list(parts.values())


def _place(
    nodes: Sequence[Node], edges: Sequence[Edge], widest: float, squeezed: bool, refused: float, between: float
) -> Placed:
    """Place a graph that hangs together."""
    ranks = staggered(nodes, edges, widest - GAP) if squeezed else ranks_of(nodes, edges)
    spine = spine_of(nodes, edges)
    slots, chains, index = slots_of(nodes, edges, ranks, spine)
    rows = order(slots)
    if max(least_of(slots, row) for row in rows) > refused:
        raise TooWideError
    ways = paths(edges, chains, index, spine)
    spans = _spread(slots, rows, ways, chains, EVERYWHERE)
    if squeezed and _width(spans) > widest:
        spans = _spread(slots, rows, ways, chains, _window(spans, max(widest, *(least_of(slots, row) for row in rows))))
    tops, heights = heights_of(slots, rows, between)
    single = [len(row) == 1 and slots[row[0]].edge is not None for row in rows]
    found = columns(spans, tops, heights, single, widest)

    def run(slot: int) -> Run:
        """Where a slot is: its middle, its row's top and bottom."""
        rank = slots[slot].rank
        dx, dy = found.shifts[rank]
        return slots[slot].x + dx, tops[rank] + dy, tops[rank] + heights[rank] + dy

    runs = {node.key: run(index[node.key]) for node in nodes}
    routes = []
    labels = [
        run(next((slot for slot in chain if slots[slot].labelled), chain[ranks.passed(edge).index(ranks.label(edge))]))
        for edge, chain in zip(edges, chains, strict=True)
    ]
    for chain in chains:
        route = [run(slot) for slot in chain]
        for place_, slot in reversed(list(enumerate(chain))):
            if slots[slot].rank in found.cuts:
                cut = found.cuts[slots[slot].rank]
                route.insert(place_ + 1, (cut.x, cut.low, cut.high))
        routes.append(route)
    centres = {key: (x, (top + bottom) / 2) for key, (x, top, bottom) in runs.items()}
    within = {key: each[1:] for key, each in runs.items()}
    places = {node.key: (0, slots[index[node.key]].rank) for node in nodes}
    widths = {node.key: node.width for node in nodes}
    return Placed(found.width, found.height, centres, within, widths, routes, labels, places, spine)


def _spread(
    slots: list[Slot], rows: list[list[int]], ways: list[list[int]], chains: list[list[int]], within: Bounds
) -> list[Bounds]:
    """Give each slot its coordinate, between the bounds. Returns the left and the right end of each row."""
    coordinates(slots, rows, within=within)
    straighten(slots, rows, ways, within)
    if ways:  # the others find their places around the longest way
        coordinates(slots, rows, frozenset(ways[0]), within)
    _unbend(slots, rows, ways, chains, within)
    lifted = [replace(slot) for slot in slots]
    if lift_labels(lifted, rows, chains):
        _unbend(lifted, rows, ways, chains, within)
        no_wider = _width(_spans(lifted, rows)) <= _width(_spans(slots, rows)) + NEGLIGIBLE
        if no_wider and bends_of(lifted, ways) < bends_of(slots, ways):
            slots[:] = lifted
    return _spans(slots, rows)


def _spans(slots: list[Slot], rows: list[list[int]]) -> list[Bounds]:
    """The left and the right end of each row."""
    return [
        (slots[row[0]].x - slots[row[0]].left, slots[row[-1]].x + slots[row[-1]].right) if row else (FAR, -FAR)
        for row in rows
    ]


def _width(spans: Sequence[Bounds]) -> float:
    return max(high for _, high in spans) - min(low for low, _ in spans)


def _unbend(
    slots: list[Slot], rows: list[list[int]], ways: list[list[int]], chains: list[list[int]], within: Bounds
) -> None:
    straighten(slots, rows, [*ways, *chains], within)
    unbend(slots, rows, chains, ways)
    straighten(slots, rows, [*ways, *chains], within)
    lean_once(slots, rows, chains, within)


def _window(spans: Sequence[Bounds], width: float) -> Bounds:
    """Of all places of this width the one that rows stick out of the least, in sum: where as many do so to the left as to the
    right."""
    left = median_low([low for low, _ in spans] + [high - width for _, high in spans])
    return left, left + width
