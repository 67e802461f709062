"""One item in place of several, with what only they touch: a module with its weights, equal turns with what each has alone.

Rests on `model.py` and `numbers.py`; `fold.py`, `stacks.py` and `fans.py` say what is put together.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from autogradkit.tracing.events import Value
from autogradkit.tracing.render.graph.structure.model import (
    Ends,
    Grad,
    Graph,
    Item,
    Link,
    copied_link,
    ends_of,
    in_order,
    inputs_of,
    is_maker,
)
from autogradkit.tracing.render.marks.numbers import total


@dataclass(slots=True)
class Group:
    """Items that become one; of a stack it is known in which turn each of them ran. Parameters that stay `apart` keep their
    boxes."""

    keys: list[str]
    item: Item
    turns: dict[str, int] = field(default_factory=dict)
    apart: bool = False


def collapse(graph: Graph, groups: list[Group]) -> None:
    """Put one item in place of each group."""
    if not groups:
        return
    home: dict[str, str] = {}
    made: dict[str, Group] = {}
    for group in groups:
        made[group.item.key] = group
        for key in group.keys:
            home[key] = group.item.key
            part = graph.items[key]
            group.item.stopped = group.item.stopped or part.stopped
            group.item.culprit = group.item.culprit or part.culprit
    _absorb(graph, home, made)
    graph.items = {key: item for key, item in graph.items.items() if key not in home}
    graph.items |= {key: group.item for key, group in made.items()}
    graph.links = _merged(graph, home, made)
    graph.items = in_order(graph.items, graph.links)


def _absorb(graph: Graph, home: dict[str, str], made: dict[str, Group]) -> None:
    """Tensors that go into the item of a group: its parameters, and what is between its parts or belongs to one turn."""
    ends = ends_of(graph.links)
    passing = _passing(graph, home, made, ends)
    back = _leading_back(graph, home, {where: group.keys for where, group in made.items()}, ends)
    absorbed: defaultdict[str, list[str]] = defaultdict(
        list
    )  # group -> tensors whose memory holds something else later
    for key, item in graph.items.items():
        if item.kind != "tensor" or item.value is None or key not in ends:
            continue
        arriving, leaving = ends[key]
        around = {home.get(link.tail, link.tail) for link in arriving} | {
            home.get(link.head, link.head) for link in leaving
        }
        only = next(iter(around)) if len(around) == 1 else _only_turns(item.key, arriving, leaving, home, made)
        if key in back:
            inside, only = True, back[key]
        elif only in made and made[only].turns:
            turns = {made[only].turns[link.head] for link in leaving if link.kind != "memory"}
            inside = bool(arriving) or len(turns) == 1
        else:
            kind = made[only].item.kind if only in made else ""
            own = only in made and item.value.is_parameter and kind != "call" and not made[only].apart
            own = own or (kind == "module" and _made_within(graph, item.value, made[only].item.path))
            buffer = kind == "module" and not made[only].apart and is_buffer_of(item.value, made[only].item.title)
            unused = kind == "call" and not leaving and _only_within(graph, item.value, made[only])
            inside = (kind == "stack" and not leaving) or unused
            inside = inside or buffer or (only in made and bool(leaving) and (own or bool(arriving)))
        if inside or key in passing:
            where = only if inside else passing[key]
            _settle(key, item, where, home, made[where], ends)
            if any(link.kind == "memory" for link in leaving):
                absorbed[where].append(key)
    # What NumPy wrote beside leads from one to the next of them, and no operation there.
    starts = {where: [*made[where].keys, *keys] for where, keys in absorbed.items()}
    for key, where in _leading_back(graph, home, starts, ends).items():
        _settle(key, graph.items[key], where, home, made[where], ends)


def _settle(key: str, item: Item, where: str, home: dict[str, str], group: Group, ends: Ends) -> None:
    """Let a tensor go into the item of a group: in the turn in which it is made, or else used."""
    home[key] = where
    arriving, leaving = ends[key]
    turns = group.turns
    if turns:
        joined = sorted((*arriving, *leaving), key=lambda link: link.kind == "memory")
        ends_here = [link.tail if link.head == key else link.head for link in joined]
        if numbered := [turns[end] for end in ends_here if end in turns]:
            turns[key] = numbered[0]
    if item.value is not None and (not arriving if turns else item.value.is_parameter):
        group.item.absorbed.append(item.value)


def is_buffer_of(value: Value, module: str) -> bool:
    """Whether a tensor is what a module of this name keeps beside its parameters, as its running statistics."""
    kept = not value.is_parameter and not value.requires_grad and value.grad_of is None
    return kept and (value.name or "").startswith((f"{module}.", f"{module}["))


def _made_within(graph: Graph, value: Value, path: str) -> bool:
    """Whether a module made a tensor for itself, as `GRU` does its first state of zeros."""
    maker = graph.producer.get(value.id)
    return maker is not None and is_maker(maker) and f"{'/'.join(maker.scope)}/".startswith(f"{path}/")


def _only_within(graph: Graph, value: Value, call: Group) -> bool:
    """Whether a call gave a value that nobody has named or uses, beside one that somebody has: the learner got that alone."""
    steps = {op.step for op in call.item.ops}
    made = {output for op in call.item.ops for output in op.outputs}
    if value.name is not None or value.id not in made:
        return False
    used = {each for op in graph.ops if op.step not in steps for each in inputs_of(op)}
    return any(each in used or graph.values[each].name is not None for each in made)


def _leading_back(graph: Graph, home: dict[str, str], starts: dict[str, list[str]], ends: Ends) -> dict[str, str]:
    """Tensors on a way from what a group has, by its key, back into it, as one is that its parts and others use: what stays
    outside of it would lead back into its own past."""

    def reached(starts: list[str], side: int) -> dict[str, None]:
        found: dict[str, None] = {}
        waiting = [key for key in starts if key in ends]
        while waiting:
            begun, waiting = waiting, []
            for key in begun:
                for link in ends[key][side]:
                    end = link.head if side else link.tail
                    if end not in home and end not in found and graph.items[end].kind == "tensor":
                        found[end] = None
                        waiting.append(end)
        return found

    back: dict[str, str] = {}
    for where, keys in starts.items():
        after = reached(keys, 1)
        before = reached(keys, 0) if after else {}
        back |= {key: where for key in after if key in before}
    return back


def _only_turns(
    key: str, arriving: list[Link], leaving: list[Link], home: dict[str, str], made: dict[str, Group]
) -> str:
    """The stack whose turns are all that a tensor is joined to, but for what its memory held before and holds later: so a
    gradient that each turn adds to belongs to the turn that uses it."""
    flow = [link for link in (*arriving, *leaving) if link.kind != "memory"]
    around = {home.get(link.tail if link.head == key else link.head, "") for link in flow}
    only = around.pop() if len(around) == 1 else ""
    return only if only in made and made[only].turns else ""


def _passing(graph: Graph, home: dict[str, str], made: dict[str, Group], ends: Ends) -> dict[str, str]:
    """Tensors of which each turn of a stack gets one of its own from one op, or hands one on, with the stack's key."""
    if not any(group.turns for group in made.values()):
        return {}
    families: dict[tuple[str, object], list[str]] = defaultdict(list)
    for key, item in graph.items.items():
        if item.kind != "tensor" or item.value is None or key not in ends:
            continue
        arriving, leaving = ends[key]
        makers, users = {link.tail for link in arriving}, {link.head for link in leaving}
        if len(makers) != 1 or not users:
            continue
        maker = home.get(next(iter(makers)), "")
        to = {home.get(user, "") for user in users}
        if len(users) == 1 and not maker and to <= made.keys() and made[next(iter(to))].turns:
            families[next(iter(to)), next(iter(makers))].append(key)
        elif maker in made and made[maker].turns:
            op = graph.producer.get(item.value.id)
            families[
                maker, None if op is None else (op.name, op.position and (op.position.line, op.position.column))
            ].append(key)
    return {key: where for (where, _), keys in families.items() if len(keys) > 1 for key in keys}


def _merged(graph: Graph, home: dict[str, str], made: dict[str, Group]) -> list[Link]:
    """The links between what is left: those that lead the same way are one, with the sum of their gradients."""
    found: dict[tuple[str, str, str], list[Link]] = {}
    kept: list[Link] = []
    for link in graph.links:
        tail, head = home.get(link.tail, link.tail), home.get(link.head, link.head)
        if tail == head:
            continue
        if tail in made or head in made:
            moved = copied_link(link)
            if tail in made and link.tail in made[tail].turns:
                moved.out_of = (made[tail].turns[link.tail],)
            if head in made and link.head in made[head].turns:
                moved.into = (made[head].turns[link.head],)
            moved.tail, moved.head = tail, head
            links = found.setdefault((tail, head, link.kind), [])
            links.append(moved)
            if len(links) > 1:
                continue
            link = moved
        kept.append(link)
    for links in found.values():
        join(links)
    return kept


def join(links: list[Link]) -> None:
    """Make the first of these links stand for all: with their uses, their turns, and the sum of their gradients."""
    if len(links) < 2:
        return
    first = links[0]
    first.uses = sum(link.uses for link in links)
    first.out_of = tuple(sorted({turn for link in links for turn in link.out_of}))
    first.into = tuple(sorted({turn for link in links for turn in link.into}))
    values = tuple(dict.fromkeys(value for link in links for value in link.several or (link.value,)))
    first.several = values if len(values) > 1 else ()
    first.grads = [] if first.several else _totals(links)


def _totals(links: list[Link]) -> list[Grad]:
    """The sum of the gradients that each backward call sent along these links."""
    calls: dict[int, list[Grad]] = defaultdict(list)
    for link in links:
        for grad in link.grads:
            calls[grad.call].append(grad)
    return [
        Grad(call, total([grad.numbers for grad in grads]), max(grad.step for grad in grads))
        for call, grads in sorted(calls.items())
    ]
