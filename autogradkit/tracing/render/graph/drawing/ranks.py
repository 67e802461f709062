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

    below: Mapping[int, int] = field(default_factory=dict)
    above: Mapping[int, int] = field(default_factory=dict)


TOGETHER = Apart()


class Ranking:
    """A graph whose ranks are asked for, again and again where its place is narrow: what they never change is found once.

    Nodes go by their place in `nodes`, which is a topological order.
    """

    def __init__(self, nodes: Sequence[Node], edges: Sequence[Edge]) -> None:
        self.keys = [node.key for node in nodes]
        index = {key: place for place, key in enumerate(self.keys)}
        self.ends = [(index[edge.tail], index[edge.head], edge.left + edge.right) for edge in edges]
        self.tails: list[list[int]] = [[] for _ in nodes]
        self.heads: list[list[int]] = [[] for _ in nodes]
        hold = [0.0] * len(nodes)  # how much more its consumers want it near than what it comes from
        for (tail, head, _), edge in zip(self.ends, edges, strict=True):
            self.tails[head].append(tail)
            self.heads[tail].append(head)
            hold[tail] += edge.weight
            hold[head] -= edge.weight
        feeds: list[bool] = []
        for tails in self.tails:
            feeds.append(all(feeds[tail] and len(set(self.heads[tail])) == 1 for tail in tails))
        # Those which come down to just above what they feed, the last first.
        self._hanging = [
            node for node in reversed(range(len(nodes))) if self.heads[node] and (feeds[node] or hold[node] >= 0)
        ]
        self._widths = [node.width + GAP for node in nodes]

    def ranks(self, apart: Apart = TOGETHER) -> list[int]:
        """Longest path from a source; what is held more from below than from above comes down to just above its consumer."""
        gaps = [1] * len(self.keys)
        for tail, rows in apart.above.items():
            if self.tails[tail]:
                gaps[tail] += rows
        below, above = apart.below, apart.above
        ranks: list[int] = []
        for node, tails in enumerate(self.tails):
            # What comes from nothing is kept apart from nothing.
            ranks.append(max([ranks[tail] + gaps[tail] for tail in tails]) + below.get(node, 0) if tails else 0)
        for node in self._hanging:
            ranks[node] = min([ranks[head] for head in self.heads[node]]) - 1 - above.get(node, 0)
        lowest = min(ranks)
        return [rank - lowest for rank in ranks]

    def raised(self, apart: Apart = TOGETHER) -> frozenset[int]:
        """What feeds a single other one and stands higher than just above it."""
        return frozenset(node for node in apart.above if len(self.heads[node]) == 1)

    def label(self, tail: int, head: int, ranks: Sequence[int], raised: frozenset[int]) -> int:
        """As `Ranks.label`, of an edge between these two."""
        return 2 * ranks[tail] + 1 if tail in raised else 2 * ranks[head] - 1

    def widths(self, ranks: Sequence[int], raised: frozenset[int]) -> list[float]:
        """How wide each row is at least, in whatever order."""
        widths = [-GAP] * (2 * max(ranks) + 1)
        for rank, width in zip(ranks, self._widths, strict=True):
            widths[2 * rank] += width
        more = [0] * (len(widths) + 1)  # edges that begin to pass at a row, less those that ended
        for tail, head, width in self.ends:
            more[2 * ranks[tail] + 1] += 1
            more[2 * ranks[head]] -= 1
            if width:
                widths[self.label(tail, head, ranks, raised)] += width
        passing = 0
        for row, begun in enumerate(more[:-1]):
            passing += begun
            if passing:  # between edges there is half of the gap
                widths[row] += passing * (2 * THREAD + GAP / 2) + GAP / 2
        return widths

    def named(self, ranks: Sequence[int], raised: frozenset[int] = frozenset()) -> Ranks:
        """The same, by the nodes' keys."""
        return Ranks(dict(zip(self.keys, ranks, strict=True)), frozenset(self.keys[node] for node in raised))


def ranks_of(nodes: Sequence[Node], edges: Sequence[Edge]) -> Ranks:
    """The ranks of a graph where there is room."""
    ranking = Ranking(nodes, edges)
    return ranking.named(ranking.ranks())


def widest_row(nodes: Sequence[Node], edges: Sequence[Edge]) -> float:
    """How wide the widest row of a graph is at least where there is room."""
    ranking = Ranking(nodes, edges)
    return max(ranking.widths(ranking.ranks(), frozenset()))


def staggered(nodes: Sequence[Node], edges: Sequence[Edge], widest: float) -> Ranks:
    """Ranks with which no row is wider than `widest`, or as little wider as was found.

    From the top on, what a row has no room for goes to another, if that leaves less sticking out: where the labels of several
    heads lie beside each other, the head that the least follows goes down; where those of one, what feeds it goes up, and its
    label with it.
    """
    ranking = Ranking(nodes, edges)
    follows = _follows(ranking)
    apart, ranks, raised = TOGETHER, ranking.ranks(), ranking.raised()
    widths = ranking.widths(ranks, raised)
    excess = _excess(widths, widest)
    tries = _moves(ranking, ranks, raised, widths, widest, follows, apart)
    for _ in range(MOST_TRIES):
        further = next(tries, None)
        if further is None:
            break
        other, others_raised = ranking.ranks(further), ranking.raised(further)
        others = ranking.widths(other, others_raised)
        if _excess(others, widest) < excess:
            apart, ranks, raised, widths, excess = further, other, others_raised, others, _excess(others, widest)
            tries = _moves(ranking, ranks, raised, widths, widest, follows, apart)
    return ranking.named(ranks, raised)


def _excess(widths: Sequence[float], widest: float) -> float:
    """How far rows stick out, in sum."""
    return sum([width - widest for width in widths if width > widest])


def _follows(ranking: Ranking) -> list[int]:
    """How many nodes the longest way from each passes."""
    follows = [0] * len(ranking.keys)
    for node in reversed(range(len(follows))):
        follows[node] = max((follows[head] + 1 for head in ranking.heads[node]), default=0)
    return follows


def _moves(
    ranking: Ranking,
    ranks: Sequence[int],
    raised: frozenset[int],
    widths: Sequence[float],
    widest: float,
    follows: Sequence[int],
    apart: Apart,
) -> Iterator[Apart]:
    """What else may be kept apart: what could leave the uppermost row that is too wide, that which the least follows first; then
    of the next such row."""
    keys, fed, feeding = ranking.keys, ranking.tails, ranking.heads
    beside: dict[int, list[tuple[int, int]]] = defaultdict(list)  # row -> the ends of the edges whose labels lie there
    for tail, head, width in ranking.ends:
        if width:
            beside[ranking.label(tail, head, ranks, raised)].append((tail, head))
    for row in (row for row, width in enumerate(widths) if width > widest):
        there = [] if row % 2 else [node for node, rank in enumerate(ranks) if 2 * rank == row]
        heads = {head for _, head in beside[row]} | {node for node in there if fed[node]}
        tails = {tail for tail, _ in beside[row]} | {node for node in there if feeding[node]}
        for node in sorted(heads if len(heads) > 1 else (), key=lambda node: (follows[node], keys[node])):
            for by in range(1, FAR + 1):
                yield replace(apart, below={**apart.below, node: apart.below.get(node, 0) + by})
        above = sorted(tails if len(tails) > 1 else (), key=lambda node: (bool(fed[node]), follows[node], keys[node]))
        others = {node for node in heads - tails if feeding[node]} if len(heads) > 1 else ()
        above += sorted(others, key=lambda node: (-follows[node], keys[node]))
        for node in above:
            for by in range(1, FAR + 1):
                yield replace(apart, above={**apart.above, node: apart.above.get(node, 0) + by})
