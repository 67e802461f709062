"""A layered layout, deterministic: ranks, fewer crossings, coordinates. Forward flows downward.

Rests on `columns.py`; `picture.py` draws with it. Between any two ranks of nodes lies a row for labels: every
edge passes through it, so that a label has its own room and never lies on a node or on another edge.
Ranks are longest paths, orders come from barycentre sweeps (Sugiyama, Tagawa, Toda 1981), and coordinates from sweeps
in which each row is placed exactly by isotonic regression: least squares under minimal distances.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

from autogradkit.tracing.render.graph.drawing.columns import columns

GAP = 26.0  # between neighbours in a row
THREAD = 9.0  # half of the room that an edge without a label takes in a row it passes
SWEEPS = 12
ACROSS = 4  # nodes without edges in a row


@dataclass(frozen=True, slots=True)
class Node:
    """Something with a size to be placed."""

    key: str
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Edge:
    """From `tail` down to `head`, with room for a label on either side of it."""

    tail: str
    head: str
    left: float = 0.0
    right: float = 0.0
    height: float = 0.0
    weight: float = 1.0  # how much it wants to be straight


@dataclass(slots=True)
class Placed:
    """Centres of the nodes; for each edge the x it takes in every row between, and from which y to which, which is upward
    where it goes to the head of the next column."""

    width: float
    height: float
    nodes: dict[str, tuple[float, float]]
    routes: list[list[tuple[float, float, float]]]
    spine: frozenset[int]  # the edges that carry on where their tail's own heaviest edge ended


@dataclass(slots=True)
class _Slot:
    """A place in a row: a node, or an edge on its way."""

    rank: int
    left: float
    right: float
    height: float
    edge: int | None = None
    labelled: bool = False
    weight: float = 1.0
    above: list[int] = field(default_factory=list)
    below: list[int] = field(default_factory=list)
    x: float = 0.0


def place(nodes: Sequence[Node], edges: Sequence[Edge]) -> Placed:
    """Place a directed acyclic graph. Nodes come in a topological order; ties are broken by it.

    >>> placed = place([Node("a", 40, 20), Node("b", 40, 20)], [Edge("a", "b")])
    >>> placed.nodes["a"][0] == placed.nodes["b"][0], placed.nodes["a"][1] < placed.nodes["b"][1]
    (True, True)
    """
    if not nodes:
        return Placed(0.0, 0.0, {}, [], frozenset())
    ranks = _ranks(nodes, edges)
    slots, chains, index = _slots(nodes, edges, ranks)
    rows = _order(slots)
    spine = _spine(nodes, edges)
    _coordinates(slots, rows)
    _straighten(slots, rows, [*_paths(edges, chains, index, spine), *chains])
    tops, heights = _heights(slots, rows)
    nothing = [(float("inf"), float("-inf"))]
    spans = [
        (min(low for low, _ in ends), max(high for _, high in ends))
        for row in rows
        for ends in ([(slots[i].x - slots[i].left, slots[i].x + slots[i].right) for i in row] or nothing,)
    ]
    single = [len(row) == 1 and slots[row[0]].edge is not None for row in rows]
    found = columns(spans, tops, heights, single)

    def run(slot: int) -> tuple[float, float, float]:
        """Where a slot is: its middle, its row's top and bottom."""
        rank = slots[slot].rank
        dx, dy = found.shifts[rank]
        return slots[slot].x + dx, tops[rank] + dy, tops[rank] + heights[rank] + dy

    centre = {}
    for node in nodes:
        x, top, bottom = run(index[node.key])
        centre[node.key] = (x, (top + bottom) / 2)
    routes = []
    for chain in chains:
        route = [run(slot) for slot in chain]
        for place_, slot in reversed(list(enumerate(chain))):
            if slots[slot].rank in found.cuts:
                cut = found.cuts[slots[slot].rank]
                route.insert(place_ + 1, (cut.x, cut.low, cut.high))
        routes.append(route)
    return Placed(found.width, found.height, centre, routes, spine)


def _ranks(nodes: Sequence[Node], edges: Sequence[Edge]) -> dict[str, int]:
    """Longest path from a source; what is held more from below than from above comes down to just above its consumer."""
    tails: dict[str, list[str]] = {node.key: [] for node in nodes}
    heads: dict[str, list[str]] = {node.key: [] for node in nodes}
    hold = dict.fromkeys(tails, 0.0)  # how much more its consumers want it near than what it comes from
    for edge in edges:
        tails[edge.head].append(edge.tail)
        heads[edge.tail].append(edge.head)
        hold[edge.tail] += edge.weight
        hold[edge.head] -= edge.weight
    rank: dict[str, int] = {}
    for node in nodes:
        rank[node.key] = max((rank[tail] + 1 for tail in tails[node.key]), default=0)
    feeds: set[str] = set()
    for node in nodes:
        if all(tail in feeds and len(set(heads[tail])) == 1 for tail in tails[node.key]):
            feeds.add(node.key)
    for node in reversed(nodes):
        if heads[node.key] and (node.key in feeds or hold[node.key] >= 0):
            rank[node.key] = min(rank[head] for head in heads[node.key]) - 1
    alone = [node.key for node in nodes if not tails[node.key] and not heads[node.key]]
    for place_, key in enumerate(alone):
        rank[key] = place_ // ACROSS
    lowest = min(rank.values())
    return {key: value - lowest for key, value in rank.items()}


def _slots(
    nodes: Sequence[Node], edges: Sequence[Edge], ranks: dict[str, int]
) -> tuple[list[_Slot], list[list[int]], dict[str, int]]:
    """Nodes on even rows; on each row that an edge passes, a slot; its label in the last row before the head."""
    slots: list[_Slot] = []
    index: dict[str, int] = {}
    for node in nodes:
        index[node.key] = len(slots)
        slots.append(_Slot(2 * ranks[node.key], node.width / 2, node.width / 2, node.height))
    chains: list[list[int]] = []
    for number, edge in enumerate(edges):
        before = index[edge.tail]
        chain: list[int] = []
        last = 2 * ranks[edge.head] - 1
        for rank in range(2 * ranks[edge.tail] + 1, last + 1):
            label = rank == last and (edge.left > 0 or edge.right > 0)
            left, right = (THREAD + edge.left, THREAD + edge.right) if label else (THREAD, THREAD)
            slots.append(_Slot(rank, left, right, edge.height if label else 0.0, number, label, edge.weight))
            chain.append(len(slots) - 1)
            slots[before].below.append(chain[-1])
            slots[chain[-1]].above.append(before)
            before = chain[-1]
        slots[before].below.append(index[edge.head])
        slots[index[edge.head]].above.append(before)
        chains.append(chain)
    return slots, chains, index


def _order(slots: list[_Slot]) -> list[list[int]]:
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


def _crossings(slots: list[_Slot], rows: list[list[int]]) -> int:
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


def _coordinates(slots: list[_Slot], rows: list[list[int]]) -> None:
    for row in rows:
        _settle(slots, row, [0.0] * len(row), [1.0] * len(row))
    for sweep in range(2 * SWEEPS):
        down = sweep % 2 == 0
        last = sweep >= 2 * SWEEPS - 4
        for row in rows if down else reversed(rows):
            wanted, weights = [], []
            for i in row:
                slot = slots[i]
                near = slot.above + slot.below if last else (slot.above if down else slot.below)
                pulls = [(slots[j].x, _pull(slot, slots[j])) for j in near]
                weight = sum(pull for _, pull in pulls)
                wanted.append(sum(x * pull for x, pull in pulls) / weight if weight else slot.x)
                weights.append(weight or 0.1)
            _settle(slots, row, wanted, weights)


def _pull(one: _Slot, other: _Slot) -> float:
    """Long edges want to be straight more than nodes want to be centred."""
    if one.edge is not None and other.edge is not None:
        return 6.0 * one.weight
    return one.weight if one.edge is not None else other.weight


def _spine(nodes: Sequence[Node], edges: Sequence[Edge]) -> frozenset[int]:
    """Edges that are the one heaviest out of their tail and the one heaviest into their head."""
    out: dict[str, list[int]] = {node.key: [] for node in nodes}
    into: dict[str, list[int]] = {node.key: [] for node in nodes}
    for number, edge in enumerate(edges):
        out[edge.tail].append(number)
        into[edge.head].append(number)

    def heaviest(numbers: list[int]) -> int | None:
        top = max((edges[n].weight for n in numbers), default=0.0)
        first = [n for n in numbers if edges[n].weight == top]
        return first[0] if len(first) == 1 else None

    return frozenset(
        n for n, edge in enumerate(edges) if heaviest(out[edge.tail]) == n and heaviest(into[edge.head]) == n
    )


def _paths(
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


def _straighten(slots: list[_Slot], rows: list[list[int]], paths: list[list[int]]) -> None:
    """Give each path one x for as long as its neighbours leave room for it."""
    beside: dict[int, tuple[int | None, int | None]] = {}
    for row in rows:
        for i, slot in enumerate(row):
            beside[slot] = (row[i - 1] if i else None, row[i + 1] if i + 1 < len(row) else None)
    for _ in range(3):
        for path in paths:
            run: list[int] = []
            low, high = -1e9, 1e9
            for slot in path:
                least, most = _free(slots, slot, *beside[slot])
                if max(low, least) > min(high, most):
                    _align(slots, run, low, high)
                    run, low, high = [], -1e9, 1e9
                run.append(slot)
                low, high = max(low, least), min(high, most)
            _align(slots, run, low, high)


def _free(slots: list[_Slot], slot: int, left: int | None, right: int | None) -> tuple[float, float]:
    here = slots[slot]
    least, most = -1e9, 1e9
    if left is not None:
        least = slots[left].x + _distance(slots[left], here)
    if right is not None:
        most = slots[right].x - _distance(here, slots[right])
    return least, most


def _align(slots: list[_Slot], run: list[int], low: float, high: float) -> None:
    if run:
        xs = sorted(slots[slot].x for slot in run)
        x = min(max(xs[len(xs) // 2], low), high)
        for slot in run:
            slots[slot].x = x


def _distance(left: _Slot, right: _Slot) -> float:
    """The least distance between two neighbours in a row."""
    threads = left.edge is not None and right.edge is not None
    return left.right + right.left + (GAP / 2 if threads else GAP)


def _settle(slots: list[_Slot], row: list[int], wanted: list[float], weights: list[float]) -> None:
    """The least-squares placement of a row in its order: pool adjacent violators."""
    if not row:
        return
    ahead = [0.0]
    for left, right in itertools.pairwise(row):
        ahead.append(ahead[-1] + _distance(slots[left], slots[right]))
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
            slots[row[position]].x = mean + ahead[position]
            position += 1


def _heights(slots: list[_Slot], rows: list[list[int]]) -> tuple[list[float], list[float]]:
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
        y += height + 10.0 + min(22.0, lean * 0.12)
    return tops, heights
