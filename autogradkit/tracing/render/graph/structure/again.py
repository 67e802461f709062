"""A tensor that many operations use is drawn once, and at its further uses by its name alone: no edge crosses the picture.
So is one that an operation much further down uses once more, as a step by hand does the weight that it edits.

Where all turns of a stack use several such tensors, their names stand in the box of the stack, with the gradients that came back.

Rests on `model.py`; `drawing/picture.py` asks it, for how often is too often depends on the width.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from autogradkit.tracing.render.graph.structure.model import Graph, Item, Link, ends_of, in_order

MOST_HELD = 4  # names in the box of a stack
LEAST_USES = 3  # up to two edges are easy to follow, unless one of them is
FAR = 12  # items beyond the first use
LEAST_IF_WIDE = 2  # where the picture would be wider than the page


def name_again(graph: Graph, least: int = LEAST_USES) -> None:
    """Give each further use of a leaf, or of data, a small box with its name, where there are `least` uses or more, or where it
    is far."""
    ends = ends_of(graph.links)
    place = {key: number for number, key in enumerate(graph.items)}
    further: list[tuple[str, Item, list[Link]]] = []  # the key that a use's box gets, whose use it is, its links
    for key, item in list(graph.items.items()):
        arriving, leaving = ends.get(key, ([], []))
        users: dict[str, list[Link]] = {}
        for link in sorted(leaving, key=lambda link: place[link.head]):
            if link.kind != "grad":
                users.setdefault(link.head, []).append(link)
        if item.kind != "tensor" or arriving or len(users) < 2 or any(link.kind == "memory" for link in leaving):
            continue
        first, *others = users
        if len(users) < least:
            others = [head for head in others if place[head] - place[first] > FAR]
        for (
            link
        ) in leaving:  # a `.grad` goes with the optimizer's step that takes it, else it is where gradients arrive
            takers = [taker.head for taker in ends[link.head][1]] if link.kind == "grad" else []
            if len(takers) == 1 and takers[0] in users:
                users[takers[0]].append(link)
        named = sum(each.again and each.value is item.value for each in graph.items.values())  # before
        further += [(f"{key}.{number}", item, users[head]) for number, head in enumerate(others, 2 + named)]
    holding = Counter(links[0].head for _, _, links in further if _can_hold(graph.items[links[0].head], links))
    held: set[int] = set()
    for key, item, links in further:
        head = graph.items[links[0].head]
        # One box beside a stack is drawn easily, lines from several would have to lead past one another.
        if 1 < holding[head.key] <= MOST_HELD and _can_hold(head, links):
            head.held += links
            held.update(map(id, links))
            continue
        graph.items[key] = Item(key, "tensor", item.step, value=item.value, again=True)
        for link in links:
            link.tail = key
    graph.links = [link for link in graph.links if id(link) not in held]
    graph.items = in_order(graph.items, graph.links)


def _can_hold(head: Item, links: list[Link]) -> bool:
    """Whether an item can tell of a use itself: a stack, each turn of which makes it, and one gradient came back at most."""
    return head.kind == "stack" and all(
        link.kind == "flow" and len(link.into) == head.times and len(link.grads) < 2 for link in links
    )


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
