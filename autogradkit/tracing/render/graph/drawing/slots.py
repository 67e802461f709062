"""The rows of a layered layout: nodes on even ones, and on each row that an edge passes a slot of its own.

`layout.py` begins with it, `ranks.py` says which row each node is in. Between any two rows of nodes lies a row for labels, so
that a label has its own room and never lies on a node or on another edge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

GAP = 26.0  # between neighbours in a row, of which one is no edge
THREAD = 9.0  # half of the room that an edge without a label takes in a row it passes
REACH = 0.6  # of half a node, within which a single edge leaves or arrives beside the centre, to be straight
STIFF = 8.0  # how much more than others the edges of a spine want to be straight


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


@dataclass(frozen=True, slots=True)
class Ranks:
    """Which row of nodes each node is in, and which feed a single other one and stand higher than just above it."""

    of: dict[str, int]
    raised: frozenset[str] = frozenset()

    def passed(self, edge: Edge) -> range:
        """The rows that an edge passes: those of nodes are even."""
        return range(2 * self.of[edge.tail] + 1, 2 * self.of[edge.head])

    def label(self, edge: Edge) -> int:
        """The row of its label: the last before its head, or the first below what was raised for want of room there. Where an
        edge would lean for it, `unbend.py` may give it another."""
        return self.passed(edge)[0 if edge.tail in self.raised else -1]


@dataclass(slots=True)
class Slot:
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


def beside(node: float, width: float, edge: float) -> float:
    """How far beside the centre of a node of this width a single edge that comes from, or goes to, `edge` meets it: where that
    makes it straight.

    >>> beside(100.0, 50.0, 110.0), beside(100.0, 50.0, 140.0)
    (10.0, 0.0)
    """
    return edge - node if abs(edge - node) <= REACH * width / 2 else 0.0


def spine_of(nodes: Sequence[Node], edges: Sequence[Edge]) -> frozenset[int]:
    """Edges that are on the longest way out of their tail and on the longest into their head, of equally long ones the
    heaviest: what goes on through the turns of a loop, or through the layers of a network, goes straight on."""
    out: dict[str, list[int]] = {node.key: [] for node in nodes}
    into: dict[str, list[int]] = {node.key: [] for node in nodes}
    for number, edge in enumerate(edges):
        out[edge.tail].append(number)
        into[edge.head].append(number)
    above = dict.fromkeys(out, 0)  # edges on the longest way from a source
    below = dict.fromkeys(out, 0)  # and to a sink
    for node in nodes:
        above[node.key] = max((above[edges[n].tail] + 1 for n in into[node.key]), default=0)
    for node in reversed(nodes):
        below[node.key] = max((below[edges[n].head] + 1 for n in out[node.key]), default=0)

    def main(numbers: list[int], ways: list[int]) -> int | None:
        ranked = [(way, edges[n].weight) for n, way in zip(numbers, ways, strict=True)]
        top = max(ranked, default=None)
        return numbers[ranked.index(top)] if top is not None and ranked.count(top) == 1 else None

    onward = {main(numbers, [below[edges[n].head] for n in numbers]) for numbers in out.values()}
    inward = {main(numbers, [above[edges[n].tail] for n in numbers]) for numbers in into.values()}
    return frozenset(n for n in onward & inward if n is not None)


def slots_of(
    nodes: Sequence[Node], edges: Sequence[Edge], ranks: Ranks, spine: frozenset[int]
) -> tuple[list[Slot], list[list[int]], dict[str, int]]:
    """Nodes on even rows; on each row that an edge passes, a slot; its label in one of them."""
    slots: list[Slot] = []
    index: dict[str, int] = {}
    for node in nodes:
        index[node.key] = len(slots)
        slots.append(Slot(2 * ranks.of[node.key], node.width / 2, node.width / 2, node.height))
    chains: list[list[int]] = []
    for number, edge in enumerate(edges):
        before = index[edge.tail]
        weight = edge.weight * (STIFF if number in spine else 1.0)
        chain: list[int] = []
        for rank in ranks.passed(edge):
            label = rank == ranks.label(edge) and (edge.left > 0 or edge.right > 0)
            left, right = (THREAD + edge.left, THREAD + edge.right) if label else (THREAD, THREAD)
            slots.append(Slot(rank, left, right, edge.height if label else 0.0, number, label, weight))
            chain.append(len(slots) - 1)
            slots[before].below.append(chain[-1])
            slots[chain[-1]].above.append(before)
            before = chain[-1]
        slots[before].below.append(index[edge.head])
        slots[index[edge.head]].above.append(before)
        chains.append(chain)
    return slots, chains, index
