"""The rows of a layered layout: nodes on even ones, and on each row that an edge passes a slot of its own.

`layout.py` begins with it. Between any two rows of nodes lies a row for labels, so that a label has its own room and never
lies on a node or on another edge. A node's row is the longest way to it; what has no input stands just above its first use.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

THREAD = 9.0  # half of the room that an edge without a label takes in a row it passes
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


def ranks_of(nodes: Sequence[Node], edges: Sequence[Edge]) -> dict[str, int]:
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
    lowest = min(rank.values())
    return {key: value - lowest for key, value in rank.items()}


def slots_of(
    nodes: Sequence[Node], edges: Sequence[Edge], ranks: dict[str, int], spine: frozenset[int]
) -> tuple[list[Slot], list[list[int]], dict[str, int]]:
    """Nodes on even rows; on each row that an edge passes, a slot; its label in the last row before the head."""
    slots: list[Slot] = []
    index: dict[str, int] = {}
    for node in nodes:
        index[node.key] = len(slots)
        slots.append(Slot(2 * ranks[node.key], node.width / 2, node.width / 2, node.height))
    chains: list[list[int]] = []
    for number, edge in enumerate(edges):
        before = index[edge.tail]
        weight = edge.weight * (STIFF if number in spine else 1.0)
        chain: list[int] = []
        last = 2 * ranks[edge.head] - 1
        for rank in range(2 * ranks[edge.tail] + 1, last + 1):
            label = rank == last and (edge.left > 0 or edge.right > 0)
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
