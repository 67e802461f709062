"""Operations that take very many tensors, or the same one very often: the first and the last of them are drawn.

Rests on `model.py` and `collapse.py`; `fold.py` asks it.
"""

from __future__ import annotations

from collections import defaultdict

from autogradkit.tracing.render.graph.structure.collapse import join
from autogradkit.tracing.render.graph.structure.model import Graph, Link, ends_of

MOST_BESIDE = 4  # edges from one item to the same other one
MOST_FED = 8  # tensors that only one operation takes


def narrow_fans(graph: Graph) -> None:
    """Join edges that lead from one item to the same other one, and leave out the middle of a long row of tensors."""
    beside: dict[tuple[str, str, str], list[Link]] = defaultdict(list)
    for link in graph.links:
        beside[link.tail, link.head, link.kind].append(link)
    several = [links for links in beside.values() if len(links) > MOST_BESIDE]
    dropped = {id(link) for links in several for link in links[1:]}
    for links in several:
        join(links)
    if dropped:
        graph.links = [link for link in graph.links if id(link) not in dropped]
    gone = _middles(graph)
    if gone:
        graph.items = {key: item for key, item in graph.items.items() if key not in gone}
        graph.links = [link for link in graph.links if link.tail not in gone and link.head not in gone]
        graph.left_out.append(f"{len(gone):,} tensors between the first and the last of many are not drawn.")


def _middles(graph: Graph) -> set[str]:
    """Tensors that one operation takes, or gives, and nothing else touches, but for the first and the last few of each."""
    ends = ends_of(graph.links)
    around: dict[tuple[str, bool], list[str]] = defaultdict(list)
    for key, item in graph.items.items():
        arriving, leaving = ends.get(key, ([], []))
        others = {link.tail for link in arriving} | {link.head for link in leaving}
        if item.kind == "tensor" and len(others) == 1 and all(link.kind == "flow" for link in (*arriving, *leaving)):
            around[others.pop(), bool(arriving)].append(key)
    half = MOST_FED // 2
    return {key for keys in around.values() if len(keys) > MOST_FED for key in keys[half:-half]}
