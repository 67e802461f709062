"""A bounded picture: calls and layers folded into one item each, equal turns stacked, a long middle left out and said so.

Rests on `model.py`, `collapse.py`, `calls.py`, `functions.py`, `stacks.py` and `fans.py`. Only ops that ran one after the other
are folded together, so that the graph keeps its direction.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace

from autogradkit.tracing.events import Op, Value
from autogradkit.tracing.render.graph.structure.calls import fold_calls
from autogradkit.tracing.render.graph.structure.collapse import Group, collapse, join
from autogradkit.tracing.render.graph.structure.fans import narrow_fans
from autogradkit.tracing.render.graph.structure.functions import fold_functions
from autogradkit.tracing.render.graph.structure.model import (
    Graph,
    Item,
    Link,
    copied,
    ends_of,
    op_key,
    shared,
    value_key,
)
from autogradkit.tracing.render.graph.structure.stacks import Stacking, stack_turns

USUAL = Stacking()
MOST_ITEMS = 64  # items on one picture
MOST_OPENED = 400  # where something was opened
MOST_ALONE = 16  # tensors that no op on the picture touches
SIDE = 6  # of so many items that are drawn one at the beginning, and one at the end, where a middle is left out
_MIDDLE = re.compile(r"operations (\d[\d,]*)–(\d[\d,]*)")  # the path of a middle, by which it is opened
CALM = 8  # ops up to which modules stay open


def fold(graph: Graph, folds: dict[str, bool] | None = None, most: int = MOST_ITEMS, turns: Stacking = USUAL) -> Graph:
    """Fold what is asked for (`folds`: path of a module or of a stack -> folded?), then modules and turns as `most` demands.

    `bounded` does the rest.
    """
    return fold_turns(fold_calls_and_layers(graph, folds), folds, most, turns)


def fold_calls_and_layers(graph: Graph, folds: dict[str, bool] | None, functions: bool = False) -> Graph:
    """The part of `fold` that is the same however many items are drawn; the learner's own `functions` are folded where they
    ran several times."""
    wish = folds or {}
    if functions:
        fold_functions(graph, wish)
    many = len(graph.ops) > CALM
    graph.unfoldable = sorted({"/".join(path) for op in graph.ops for path in _paths(op)})
    around = {path.rpartition("/")[0] for path in graph.unfoldable}
    # The layers of a network, and a layer that is used by itself.
    usual = {path for path in graph.unfoldable if many and path.count("/") == (path.partition("/")[0] in around)}
    chosen = {path for path in graph.unfoldable if wish.get(path, path in usual)}
    small = set() if many else {path for path in _layers_of_several(graph) - chosen if path not in wish}
    fold_calls(graph, wish)
    collapse(graph, _modules(graph, chosen | small, apart=small))
    graph.folded = sorted(chosen | small)
    return graph


def fold_turns(graph: Graph, folds: dict[str, bool] | None, most: int, turns: Stacking) -> Graph:
    """The other part of `fold`: turns, modules where there are more than `most` items, then the middle."""
    wish = folds or {}
    most = most_items(folds, most)
    stack_turns(graph, wish, turns)
    # What another picture of the same showed as one, and this one does not.
    graph.opened += [
        path for path, closed in wish.items() if not closed and path not in (*graph.opened, *graph.unfoldable)
    ]
    _mark_opened(graph)
    if len(graph.items) > most:
        closed = {path for path in graph.unfoldable if "/" not in path and wish.get(path, True)}
        collapse(graph, _modules(graph, closed))
        graph.folded = sorted({*graph.folded, *closed})
    narrow_fans(graph)
    if len(graph.items) > most:
        _leave_out_middle(graph, most // SIDE, may_be_opened=most < MOST_OPENED)
    return graph


def most_items(folds: dict[str, bool] | None, most: int) -> int:
    """How many items are drawn: `most`, or more where something was opened."""
    return most if all((folds or {}).values()) else MOST_OPENED


def bounded(graph: Graph, most: int) -> Graph:
    """A copy of a folded graph with `most` items, or few more. Where a middle was left out, more of it is."""
    small = shared(graph)
    if len(small.items) > most:
        _leave_out_middle(small, most // SIDE, may_be_opened=most < MOST_OPENED)
    return _told(small, most)


def shortened(graph: Graph, side: int, stacks: bool) -> Graph | None:
    """A copy of a folded graph of which nothing is drawn but the `side` items that ran first, and those that ran last; None where
    that would leave out no more than a few, or `stacks` of turns, which tell more, though it may not."""
    small, ran = shared(graph), _in_order(graph)
    if len(ran) < 3 * side or (not stacks and any(item.of_turns for item in ran[side:-side])):
        return None
    if not _leave_out_middle(small, side, may_be_opened=True):
        return None
    return _told(small, MOST_ITEMS)


def _told(small: Graph, most: int) -> Graph:
    """A folded graph, with sentences about what is left out, as a copy: it and what it was made of share nothing any more."""
    if small.middle:
        small.left_out.append(f"{small.items[small.middle].title} in the middle are folded into one.")
    _bound(small, most)
    small.sharers = {
        storage: [each for each in found if _is_told(each, small)] for storage, found in small.sharers.items()
    }
    return copied(small)


def _is_told(sharer: Value, graph: Graph) -> bool:
    """Whether a box says that this value shares its memory: without a name, and inside of what is folded, it says nothing to
    a reader."""
    maker = graph.producer.get(sharer.id)
    shown = value_key(sharer.id) in graph.items or (maker is not None and op_key(maker) in graph.items)
    return sharer.name is not None or shown


def _paths(op: Op) -> list[tuple[str, ...]]:
    return [op.scope[:depth] for depth in range(1, len(op.scope) + 1)]


def _in_order(graph: Graph) -> list[Item]:
    """What ran, in the order in which it did."""
    ran = [item for item in graph.items.values() if item.kind in ("op", "call", "module", "stack")]
    return sorted(ran, key=lambda item: item.step)


def _layers_of_several(graph: Graph) -> set[str]:
    """The modules without modules in them in which several ops ran, as in a Linear: drawn as the learner calls them, beside
    what few ops there are. Where backward failed, the ops are shown."""
    ran: dict[str, set[int]] = defaultdict(set)  # path -> the calls of the module
    several: set[str] = set()
    shown = {"/".join(item.op.scope) for item in graph.items.values() if item.op and (item.stopped or item.culprit)}
    for op in graph.ops:
        path = "/".join(op.scope)
        if op.layers and op.layers[-1].call in ran[path]:
            several.add(path)
        ran[path].update(layer.call for layer in op.layers[-1:])
    if graph.failure is not None and graph.failure.layers and "failed" in graph.items:
        path = "/".join(graph.failure.scope)
        if graph.failure.layers[-1].call in ran[path]:
            several.add(path)
    around = {path.rpartition("/")[0] for path in graph.unfoldable}
    return several - around - shown - {""}


def _modules(graph: Graph, chosen: set[str], apart: Collection[str] = ()) -> list[Group]:
    """Runs of items that are in the same chosen module with all that they have, outermost first."""
    groups: list[Group] = []
    current: tuple[tuple[str, ...], str] | None = None
    for item in _in_order(graph) if chosen else ():
        ops = item.ops or [op for op in (item.op,) if op is not None]
        path = next((path for path in _paths(ops[0]) if "/".join(path) in chosen), None)
        if path is not None and any(op.scope[: len(path)] != path for op in ops):  # turns that only begin in it
            path = None
        if path is None:
            current = None
        elif current == (path, _title(ops[0], path)):  # two layers by themselves may be of one class
            groups[-1].keys.append(item.key)
            groups[-1].item.ops += ops
        else:
            current = path, _title(ops[0], path)
            made = Item(
                f"m{item.step}", "module", item.step, ops=list(ops), title=_title(ops[0], path), path="/".join(path)
            )
            groups.append(Group([item.key], made, apart=made.path in apart))
    failure = graph.failure
    if failure is not None and "failed" in graph.items and current is not None:
        path, title = current
        depth = len(path)
        # It failed in the module that ran last.
        if failure.scope[:depth] == path and failure.layers[depth - 1].name == title:
            groups[-1].keys.append("failed")
    for group in groups:
        group.item.times = _times(group.item)
    return [group for group in groups if max(len(group.item.ops), len(group.keys)) > 1 or not group.apart]


def _times(module: Item) -> int:
    """How often a folded module ran."""
    depth = module.path.count("/")
    return len({op.layers[depth].call for op in module.ops})


def _title(op: Op, path: tuple[str, ...]) -> str:
    """A module as the learner reaches it, `model.conv1`."""
    return op.layers[len(path) - 1].name if len(op.layers) >= len(path) else ".".join(path[1:]) or path[0]


def _leave_out_middle(graph: Graph, side: int, may_be_opened: bool) -> bool:
    """Nothing repeats: keep so much of the beginning and of the end. Whether there is a middle then."""
    inner = _in_order(graph)[side:-side]
    if len(inner) < 3:
        return False
    ops = [op for item in inner for op in (item.ops or [item.op]) if op is not None]
    places = {op.step: number for number, op in enumerate(graph.ops, 1)}
    path = f"operations {places[ops[0].step]:,}–{places[ops[-1].step]:,}" if may_be_opened and ops else ""
    title = f"{len(ops)} operations"
    item = Item(f"s{inner[0].step}", "stack", inner[0].step, ops=ops, title=title, path=path, of_a_middle=True)
    if graph.middle:
        item.absorbed += graph.items[graph.middle].absorbed
    collapse(graph, [Group([each.key for each in inner], item)])
    graph.middle = item.key
    return True


def _mark_opened(graph: Graph) -> None:
    """Each operation of an opened middle says so."""
    for path in graph.opened:
        found = _MIDDLE.fullmatch(path)
        if found is not None:
            first, last = (int(each.replace(",", "")) for each in found.groups())
            inside = {op_key(op) for op in graph.ops[first - 1 : last]}
            graph.items = {
                key: replace(item, inside=path) if key in inside else item for key, item in graph.items.items()
            }


def _bound(graph: Graph, most: int) -> None:
    """Tensors beyond the bound are counted, not drawn: first those without a name, last what backward began with."""
    linked = {end for link in graph.links for end in (link.tail, link.head)}
    alone = [key for key in graph.items if key not in linked]
    dropped = set(alone[MOST_ALONE:])
    over = len(graph.items) - len(dropped) - most
    if over > 0:
        roots = {root for call in graph.calls for root in call.begin.roots}
        tensors = [
            (value.id in roots, value.name is not None, -place, key)
            for place, (key, item) in enumerate(graph.items.items())
            if (value := item.value) is not None and key not in dropped
        ]
        dropped |= {key for *_, key in sorted(tensors)[:over]}
    if not dropped:
        return
    _drop(graph, dropped)
    graph.left_out.append(f"{len(dropped)} further tensors are not drawn.")


def _drop(graph: Graph, dropped: set[str]) -> None:
    """Leave out these tensors. What goes through one is on an edge past its place, as through any tensor without a box."""
    ends = ends_of(graph.links)
    through = [key for key in graph.items if key in dropped and all(ends.get(key, ((), ())))]
    graph.items = {key: item for key, item in graph.items.items() if key not in dropped}
    ending = dropped.difference(through)
    graph.links = [link for link in graph.links if link.tail not in ending and link.head not in ending]
    for key in through:
        arriving, leaving = ends_of(graph.links)[key]
        past: dict[tuple[str, str, str], list[Link]] = defaultdict(list)
        for before in arriving:
            for after in leaving:
                kind = after.kind if before.kind == "flow" else before.kind
                link = replace(after, tail=before.tail, out_of=before.out_of, kind=kind)
                past[link.tail, link.head, link.kind].append(link)
        for links in past.values():
            join(links)
        graph.links = [link for link in graph.links if key not in (link.tail, link.head)]
        graph.links += [links[0] for links in past.values()]
