"""Which row each node is in: the longest way to it, and in a narrow place more rows, so that each is narrower.

Rests on `slots.py`; `layout.py` asks it. What has no input stands just above its first use.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from autogradkit.tracing.render.graph.drawing.slots import GAP, THREAD, Edge, Node, Ranks

MOST_TRIES = 400  # to move a node to another row
FAR = 3  # rows that a node goes at once, for the next may be full


@dataclass(frozen=True, slots=True)
class Apart:
    """How many rows more some nodes keep from what they come from (`below` it), and some from what they feed (`above` it)."""

    below: Mapping[str, int] = field(default_factory=dict)
    above: Mapping[str, int] = field(default_factory=dict)


TOGETHER = Apart()


def ranks_of(nodes: Sequence[Node], edges: Sequence[Edge], apart: Apart = TOGETHER) -> Ranks:
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
        above = (rank[tail] + 1 + (apart.above.get(tail, 0) if tails[tail] else 0) for tail in tails[node.key])
        rank[node.key] = max(above, default=-apart.below.get(node.key, 0)) + apart.below.get(node.key, 0)
    feeds: set[str] = set()
    for node in nodes:
        if all(tail in feeds and len(set(heads[tail])) == 1 for tail in tails[node.key]):
            feeds.add(node.key)
    for node in reversed(nodes):
        if heads[node.key] and (node.key in feeds or hold[node.key] >= 0):
            rank[node.key] = min(rank[head] for head in heads[node.key]) - 1 - apart.above.get(node.key, 0)
    lowest = min(rank.values())
    raised = frozenset(key for key in apart.above if len(heads[key]) == 1)
    return Ranks({key: value - lowest for key, value in rank.items()}, raised)


def widths_of(nodes: Sequence[Node], edges: Sequence[Edge], ranks: Ranks) -> dict[int, float]:
    """How wide each row is at least, in whatever order."""
    widths: dict[int, float] = defaultdict(lambda: -GAP)
    for node in nodes:
        widths[2 * ranks.of[node.key]] += node.width + GAP
    for row in {row for edge in edges for row in ranks.passed(edge)}:
        widths[row] += GAP / 2  # between edges there is half of it
    for edge in edges:
        for row in ranks.passed(edge):
            widths[row] += 2 * THREAD + GAP / 2
        widths[ranks.label(edge)] += edge.left + edge.right
    return widths


def staggered(nodes: Sequence[Node], edges: Sequence[Edge], widest: float) -> Ranks:
    """Ranks with which no row is wider than `widest`, or as little wider as was found.

    From the top on, what a row has no room for goes to another, if that leaves less sticking out: where the labels of several
    heads lie beside each other, the head that the least follows goes down; where those of one, what feeds it goes up, and its
    label with it.
    """
    apart = TOGETHER
    ranks = ranks_of(nodes, edges)
    widths = widths_of(nodes, edges, ranks)
    follows = _follows(nodes, edges)
    tries = _moves(nodes, edges, ranks, widths, widest, follows, apart)
    for _ in range(MOST_TRIES):
        further = next(tries, None)
        if further is None:
            break
        other = ranks_of(nodes, edges, further)
        others = widths_of(nodes, edges, other)
        if _excess(others, widest) < _excess(widths, widest):
            apart, ranks, widths = further, other, others
            tries = _moves(nodes, edges, ranks, widths, widest, follows, apart)
    return ranks


def _excess(widths: Mapping[int, float], widest: float) -> float:
    """How far rows stick out, in sum."""
    return sum(max(0.0, width - widest) for width in widths.values())


def _follows(nodes: Sequence[Node], edges: Sequence[Edge]) -> dict[str, int]:
    """How many nodes the longest way from each passes."""
    heads: dict[str, list[str]] = defaultdict(list)
    for edge in edges:
        heads[edge.tail].append(edge.head)
    follows: dict[str, int] = {}
    for node in reversed(nodes):
        follows[node.key] = max((follows[head] + 1 for head in heads[node.key]), default=0)
    return follows


def _moves(
    nodes: Sequence[Node],
    edges: Sequence[Edge],
    ranks: Ranks,
    widths: Mapping[int, float],
    widest: float,
    follows: Mapping[str, int],
    apart: Apart,
) -> Iterator[Apart]:
    """What else may be kept apart: what could leave the uppermost row that is too wide, that which the least follows first; then
    of the next such row."""
    fed = {edge.head for edge in edges}
    feeding = {edge.tail for edge in edges}
    for row in sorted(row for row, width in widths.items() if width > widest):
        here = [edge for edge in edges if ranks.label(edge) == row and edge.left + edge.right]
        there = {node.key for node in nodes if 2 * ranks.of[node.key] == row}
        heads = {edge.head for edge in here} | (there & fed)
        tails = {edge.tail for edge in here} | (there & feeding)
        for key in sorted(heads if len(heads) > 1 else (), key=lambda key: (follows[key], key)):
            for by in range(1, FAR + 1):
                yield replace(apart, below={**apart.below, key: apart.below.get(key, 0) + by})
        above = sorted(tails if len(tails) > 1 else (), key=lambda key: (key in fed, follows[key], key))
        above += sorted((heads & feeding) - tails if len(heads) > 1 else (), key=lambda key: (-follows[key], key))
        for key in above:
            for by in range(1, FAR + 1):
                yield replace(apart, above={**apart.above, key: apart.above.get(key, 0) + by})
