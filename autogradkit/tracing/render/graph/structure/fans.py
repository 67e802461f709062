"""Operations that take very many tensors, or the same one very often: the first and the last of them are drawn.

Rests on `model.py` and `collapse.py`; `fold.py` asks it.
"""

from __future__ import annotations

from collections import Counter, defaultdict

from autogradkit.tracing.render.graph.structure.collapse import join
from autogradkit.tracing.render.graph.structure.model import Graph, Link, copied_link, ends_of

MOST_BESIDE = 4  # edges from one item to the same other one
MOST_FED = 8  # tensors that only one operation takes


def narrow_fans(graph: Graph) -> None:
    """Join edges that lead from one item to the same other one, and leave out the middle of a long row of tensors."""
    _join_beside(graph)
    gone = _middles(graph)
    if gone:
        graph.items = {key: item for key, item in graph.items.items() if key not in gone}
        graph.links = [link for link in graph.links if link.tail not in gone and link.head not in gone]
        graph.left_out.append(f"{len(gone):,} tensors between the first and the last of many are not drawn.")


def _join_beside(graph: Graph) -> None:
    busy = _busy(graph, MOST_BESIDE)
    beside: dict[tuple[str, str, str], list[Link]] = defaultdict(list)
    for link in graph.links if busy else ():
        if link.tail in busy and link.head in busy:
            beside[link.tail, link.head, link.kind].append(link)
    stand_in: dict[int, Link | None] = {}
    for links in beside.values():
        if len(links) > MOST_BESIDE:
            stand_in |= {id(link): None for link in links[1:]}
            first = stand_in[id(links[0])] = copied_link(links[0])
            join([first, *links[1:]])
    if stand_in:
        found = (stand_in.get(id(link), link) for link in graph.links)
        graph.links = [link for link in found if link is not None]


def _busy(graph: Graph, most: int) -> set[str]:
    """The items with more edges than this on one side: few, and all others need not be looked at."""
    sides = (Counter(link.tail for link in graph.links), Counter(link.head for link in graph.links))
    return {key for side in sides for key, count in side.items() if count > most}


def _middles(graph: Graph) -> set[str]:
    """Tensors that one operation takes, or gives, and nothing else touches, but for the first and the last few of each."""
    busy = _busy(graph, MOST_FED)
    beside = {link.head for link in graph.links if link.tail in busy} if busy else set()
    beside |= {link.tail for link in graph.links if link.head in busy} if busy else set()
    near = {key for key in beside if graph.items[key].kind == "tensor"}
    ends = ends_of(link for link in graph.links if link.tail in near or link.head in near)
    around: dict[tuple[str, bool], list[str]] = defaultdict(list)
    for key in graph.items if near else ():
        if key in near:
            arriving, leaving = ends[key]
            others = {link.tail for link in arriving} | {link.head for link in leaving}
            if len(others) == 1 and all(link.kind == "flow" for link in (*arriving, *leaving)):
                around[others.pop(), bool(arriving)].append(key)
    half = MOST_FED // 2
    return {key for keys in around.values() if len(keys) > MOST_FED for key in keys[half:-half]}
