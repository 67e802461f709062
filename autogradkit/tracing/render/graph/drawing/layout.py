"""A layered layout, deterministic: rows, fewer crossings, coordinates. Forward flows downward.

Rests on `slots.py`, `order.py`, `coordinates.py` and `columns.py`; `picture.py` draws with it, `routes.py` joins its rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from autogradkit.tracing.render.graph.drawing.columns import WIDEST, columns
from autogradkit.tracing.render.graph.drawing.coordinates import GAP, coordinates, heights_of, paths, straighten
from autogradkit.tracing.render.graph.drawing.order import order
from autogradkit.tracing.render.graph.drawing.slots import Edge, Node, ranks_of, slots_of, spine_of

APART = 40.0  # between two parts that no edge joins

Run = tuple[float, float, float]  # upright at this x, from this y to that


@dataclass(slots=True)
class Placed:
    """Centres of the nodes, and top and bottom of the row that each is in: within it an edge is upright, for a neighbour may be
    taller. For each edge the x it takes in every row between, and from which y to which, which is upward where it goes to the
    head of the next column."""

    width: float
    height: float
    nodes: dict[str, tuple[float, float]]
    rows: dict[str, tuple[float, float]]
    routes: list[list[Run]]
    spine: frozenset[int]  # the edges that carry on where their tail's own heaviest edge ended


def place(nodes: Sequence[Node], edges: Sequence[Edge], widest: float = WIDEST) -> Placed:
    """Place a directed acyclic graph. Nodes come in a topological order; ties are broken by it.

    Parts that no edge joins are placed each on its own, and side by side as long as that is no wider than `widest`.

    >>> placed = place([Node("a", 40, 20), Node("b", 40, 20)], [Edge("a", "b")])
    >>> placed.nodes["a"][0] == placed.nodes["b"][0], placed.nodes["a"][1] < placed.nodes["b"][1]
    (True, True)
    """
    whole = Placed(0.0, 0.0, {}, {}, [[] for _ in edges], frozenset())
    x = top = 0.0
    for several, numbers in _parts(nodes, edges):
        part = _place(several, [edges[number] for number in numbers], widest)
        if x and x + part.width > widest:
            x, top = 0.0, whole.height + APART
        whole.nodes |= {key: (x + at, top + y) for key, (at, y) in part.nodes.items()}
        whole.rows |= {key: (top + low, top + high) for key, (low, high) in part.rows.items()}
        for number, route in zip(numbers, part.routes, strict=True):
            whole.routes[number] = [(x + at, top + low, top + high) for at, low, high in route]
        whole.spine |= {numbers[number] for number in part.spine}
        whole.width = max(whole.width, x + part.width)
        whole.height = max(whole.height, top + part.height)
        x += part.width + APART
    return whole


def least_width(nodes: Sequence[Node], edges: Sequence[Edge]) -> float:
    """A width that a graph has at least, wherever its rows are moved to: known in a hundredth of the time of placing it.

    >>> least_width([Node("a", 40, 20), Node("b", 60, 20)], []), least_width([Node("a", 40, 20)], [])
    (60.0, 40.0)
    """
    widest = 0.0
    for several, numbers in _parts(nodes, edges):
        between = [edges[number] for number in numbers]
        slots, _, _ = slots_of(several, between, ranks_of(several, between), spine_of(several, between))
        rows: dict[int, float] = defaultdict(lambda: -GAP / 2)
        for slot in slots:
            rows[slot.rank] += slot.left + slot.right + GAP / 2
        widest = max(widest, *rows.values())
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


def _place(nodes: Sequence[Node], edges: Sequence[Edge], widest: float) -> Placed:
    """Place a graph that hangs together."""
    ranks = ranks_of(nodes, edges)
    spine = spine_of(nodes, edges)
    slots, chains, index = slots_of(nodes, edges, ranks, spine)
    rows = order(slots)
    ways = paths(edges, chains, index, spine)
    coordinates(slots, rows)
    straighten(slots, rows, ways)
    if ways:  # the others find their places around the longest way
        coordinates(slots, rows, frozenset(ways[0]))
    straighten(slots, rows, [*ways, *chains])
    tops, heights = heights_of(slots, rows)
    nothing = [(float("inf"), float("-inf"))]
    spans = [
        (min(low for low, _ in ends), max(high for _, high in ends))
        for row in rows
        for ends in ([(slots[i].x - slots[i].left, slots[i].x + slots[i].right) for i in row] or nothing,)
    ]
    single = [len(row) == 1 and slots[row[0]].edge is not None for row in rows]
    found = columns(spans, tops, heights, single, widest)

    def run(slot: int) -> Run:
        """Where a slot is: its middle, its row's top and bottom."""
        rank = slots[slot].rank
        dx, dy = found.shifts[rank]
        return slots[slot].x + dx, tops[rank] + dy, tops[rank] + heights[rank] + dy

    runs = {node.key: run(index[node.key]) for node in nodes}
    routes = []
    for chain in chains:
        route = [run(slot) for slot in chain]
        for place_, slot in reversed(list(enumerate(chain))):
            if slots[slot].rank in found.cuts:
                cut = found.cuts[slots[slot].rank]
                route.insert(place_ + 1, (cut.x, cut.low, cut.high))
        routes.append(route)
    centres = {key: (x, (top + bottom) / 2) for key, (x, top, bottom) in runs.items()}
    return Placed(found.width, found.height, centres, {key: each[1:] for key, each in runs.items()}, routes, spine)
