"""A tensor that many operations use is drawn once, and at its further uses by its name alone: no edge crosses the picture.

Rests on `model.py`; `drawing/picture.py` asks it, for how often is too often depends on the width.
"""

from __future__ import annotations

from collections.abc import Mapping

from autogradkit.tracing.render.graph.structure.model import Graph, Item, Link, ends_of, in_order

LEAST_USES = 3  # up to two edges are easy to follow
LEAST_IF_WIDE = 2  # where the picture would be wider than the page


def name_again(graph: Graph, least: int = LEAST_USES) -> None:
    """Give each further use of a leaf, or of data, a small box with its name, where there are `least` uses or more."""
    ends = ends_of(graph.links)
    place = {key: number for number, key in enumerate(graph.items)}
    for key, item in list(graph.items.items()):
        arriving, leaving = ends.get(key, ([], []))
        users: dict[str, list[Link]] = {}
        for link in sorted(leaving, key=lambda link: place[link.head]):
            if link.kind != "grad":
                users.setdefault(link.head, []).append(link)
        if item.kind != "tensor" or arriving or len(users) < least or any(link.kind == "memory" for link in leaving):
            continue
        for (
            link
        ) in leaving:  # a `.grad` goes with the optimizer's step that takes it, else it is where gradients arrive
            takers = [taker.head for taker in ends[link.head][1]] if link.kind == "grad" else []
            if len(takers) == 1 and takers[0] in users:
                users[takers[0]].append(link)
        for number, links in enumerate(list(users.values())[1:], 2):
            again = Item(f"{key}.{number}", "tensor", item.step, value=item.value, again=True)
            graph.items[again.key] = again
            for link in links:
                link.tail = again.key
    graph.items = in_order(graph.items, graph.links)


def whole_first(graph: Graph, places: Mapping[str, tuple[int, int]]) -> bool:
    """Where a tensor's name alone would be read before its box, let the box serve the uses that are read first. Whether one
    did so. `places` are in the order of reading."""
    before: dict[str, str] = {}  # of a box, the one of its further uses that is read first
    for key, item in graph.items.items():
        whole = key.rpartition(".")[0]
        if item.again and places[key] < places[before.get(whole, whole)]:
            before[whole] = key
    swapped = before | {again: whole for whole, again in before.items()}
    for link in graph.links:
        link.tail = swapped.get(link.tail, link.tail)
    if swapped:
        graph.items = in_order(graph.items, graph.links)
    return bool(swapped)
