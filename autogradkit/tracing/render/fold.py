"""A bounded picture: layers folded into one item each, repeated turns stacked, a long middle left out and said so.

Rests on `model.py`. Only ops that ran one after the other are folded together, so that the graph keeps its direction.
"""

from __future__ import annotations

from collections import defaultdict

from ..events import Op
from .model import Graph, Item, Link, in_order

MOST_ITEMS = 64  # items on one picture
MOST_ALONE = 16  # tensors that no op on the picture touches
CALM = 8  # ops up to which modules stay open


def fold(graph: Graph, folds: dict[str, bool] | None = None) -> Graph:
    """Fold what is asked for (`folds`: path of a module -> folded?), then as much as the bound demands."""
    wish = folds or {}
    many = len(graph.ops) > CALM
    graph.unfoldable = sorted({"/".join(path) for op in graph.ops for path in _paths(op)})
    chosen = {path for path in graph.unfoldable if wish.get(path, many and path.count("/") == 1)}
    _collapse(graph, _module_groups(graph, chosen))
    if len(graph.items) > MOST_ITEMS:
        closed = {path for path in graph.unfoldable if "/" not in path and wish.get(path, True)}
        _collapse(graph, _module_groups(graph, closed))
        chosen |= closed
    graph.folded = sorted(chosen)
    if len(graph.items) > MOST_ITEMS:
        _stack(graph)
    if len(graph.items) > MOST_ITEMS:
        _middle(graph)
    _bound(graph)
    return graph


def _paths(op: Op) -> list[tuple[str, ...]]:
    return [op.scope[:depth] for depth in range(1, len(op.scope) + 1)]


def _module_groups(graph: Graph, chosen: set[str]) -> list[tuple[list[str], Item]]:
    """Runs of items that are in the same chosen module, outermost first."""
    groups: list[tuple[list[str], Item]] = []
    current: tuple[str, ...] | None = None
    for op in sorted(graph.ops, key=lambda op: op.step):
        key = f"o{op.step}"
        if key not in graph.items:
            continue
        path = next((path for path in _paths(op) if "/".join(path) in chosen), None)
        if path is None:
            current = None
        elif path == current:
            groups[-1][0].append(key)
            groups[-1][1].ops.append(op)
        else:
            current = path
            title = ".".join(path[1:]) or path[0]
            groups.append(([key], Item(f"m{op.step}", "module", op.step, ops=[op], title=title)))
    return groups


def _collapse(graph: Graph, groups: list[tuple[list[str], Item]]) -> None:
    """Put one item in place of each group, with what only that group touches."""
    if not groups:
        return
    home: dict[str, str] = {}
    made: dict[str, Item] = {}
    for keys, item in groups:
        made[item.key] = item
        for key in keys:
            home[key] = item.key
            part = graph.items[key]
            item.stopped = item.stopped or part.stopped
            item.culprit = item.culprit or part.culprit
    neighbours: dict[str, set[str]] = defaultdict(set)
    for link in graph.links:
        neighbours[link.tail].add(home.get(link.head, link.head))
        neighbours[link.head].add(home.get(link.tail, link.tail))
    tails = {link.tail for link in graph.links}
    heads = {link.head for link in graph.links}
    for key, item in graph.items.items():
        if item.kind == "tensor" and item.value is not None and len(neighbours[key]) == 1:
            (only,) = neighbours[key]
            used = key in tails and (item.value.is_parameter or key in heads)
            dropped = only in made and made[only].kind == "stack" and key not in tails
            if only in made and (used or dropped):
                home[key] = only
                if item.value.is_parameter:
                    made[only].absorbed.append(item.value)
    graph.items = {key: item for key, item in graph.items.items() if key not in home} | made
    merged: dict[tuple[str, str, str], Link] = {}
    kept: list[Link] = []
    for link in graph.links:
        tail, head = home.get(link.tail, link.tail), home.get(link.head, link.head)
        if tail == head:
            continue
        link.tail, link.head = tail, head
        key = (tail, head, link.kind)
        touches = tail in made or head in made
        if touches and key in merged:
            merged[key].uses += 1
            merged[key].grads = []
            continue
        if touches:
            merged[key] = link
        kept.append(link)
    graph.links = kept
    graph.items = in_order(graph.items, graph.links)


def _signature(op: Op) -> tuple[str, int, int]:
    place = op.position
    return (op.name, place.line if place else 0, place.column if place else 0)


def _stack(graph: Graph) -> None:
    """Find the stretch of ops that repeats itself for longest; keep its first and last turn, stack the others."""
    ops = [op for op in sorted(graph.ops, key=lambda op: op.step) if f"o{op.step}" in graph.items]
    marks = [_signature(op) for op in ops]
    best = (0, 0, 1)
    for period in range(1, min(40, len(ops) // 3) + 1):
        run = 0
        for i in range(period, len(ops) + 1):
            if i < len(ops) and marks[i] == marks[i - period]:
                run += 1
                continue
            length = run + period
            if run and length >= 4 * period and length > best[0]:
                best = (length, i - length, period)
            run = 0
    length, start, period = best
    if not length or 2 * length < len(ops):
        return
    turns = length // period
    inner = ops[start + period : start + (turns - 1) * period]
    item = Item(f"s{inner[0].step}", "stack", inner[0].step, ops=inner, times=turns - 2)
    item.title = f"turns 2 … {turns - 1}"
    _collapse(graph, [([f"o{op.step}" for op in inner], item)])
    graph.left_out.append(f"{turns - 2} equal turns of {period} operations are stacked into one.")


def _middle(graph: Graph) -> None:
    """Nothing repeats: keep the beginning and the end."""
    keys = [key for key, item in graph.items.items() if item.kind in ("op", "module", "stack")]
    keys.sort(key=lambda key: graph.items[key].step)
    side = MOST_ITEMS // 6
    inner = keys[side:-side]
    if len(inner) < 3:
        return
    ops = [op for key in inner for op in (graph.items[key].ops or [graph.items[key].op]) if op is not None]
    first = graph.items[inner[0]].step
    item = Item(f"s{first}", "stack", first, ops=ops, title=f"{len(ops)} operations")
    _collapse(graph, [(inner, item)])
    graph.left_out.append(f"{len(ops)} operations in the middle are folded into one.")


def _bound(graph: Graph) -> None:
    """Tensors beyond the bound are counted, not drawn."""
    linked = {end for link in graph.links for end in (link.tail, link.head)}
    alone = [key for key in graph.items if key not in linked]
    dropped = set(alone[MOST_ALONE:])
    over = len(graph.items) - len(dropped) - MOST_ITEMS
    if over > 0:
        tensors = [key for key, item in graph.items.items() if item.kind == "tensor" and key not in dropped]
        dropped |= set(tensors[-over:])
    if not dropped:
        return
    graph.items = {key: item for key, item in graph.items.items() if key not in dropped}
    graph.links = [link for link in graph.links if link.tail not in dropped and link.head not in dropped]
    graph.left_out.append(f"{len(dropped)} further tensors are not drawn.")
