"""What the picture of a graph consists of: items, links, the gradients on them, the backward calls, the names.

Rests on the event stream alone; `build.py` makes it from a trace, `fold.py` makes it smaller, `drawing` draws it,
`telling` walks it.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field, fields, replace
from operator import attrgetter

from autogradkit.tracing.events import (
    Accumulated,
    BackwardBegin,
    BackwardEnd,
    Event,
    Failure,
    GradAssigned,
    NodeRan,
    Numbers,
    Op,
    Value,
    gives_shape,
)


@dataclass(slots=True)
class Grad:
    """A gradient that one backward call sent along an edge."""

    call: int
    numbers: Numbers
    step: int


@dataclass(slots=True)
class Item:
    """A node of the picture."""

    key: str
    kind: str  # "tensor" | "op" | "failed" | "call" | "module" | "stack"
    step: int
    value: Value | None = None
    op: Op | None = None
    ops: list[Op] = field(default_factory=list)  # of a folded item
    title: str = ""
    absorbed: list[Value] = field(default_factory=list)  # parameters drawn inside a folded module
    times: int = 1  # that a folded module ran, or equal turns
    stopped: bool = False  # the failure happened here
    culprit: bool = False  # what made the failure happen later
    freed: tuple[str, ...] = ()
    path: str = ""  # by which a folded module or a stack is opened
    inside: str = ""  # the path of the opened stack that it belongs to
    of_a_middle: bool = False  # a stack of all that ran there, which is left out
    again: bool = False  # a further use of a tensor that has its box elsewhere
    held: list[Link] = field(default_factory=list)  # of a stack: such further uses, which are told in its box

    @property
    def of_turns(self) -> bool:
        """Whether it is a stack of turns, or of one that is closed."""
        return self.kind == "stack" and not self.of_a_middle


@dataclass(slots=True)
class Link:
    """An edge of the picture: forward from `tail` to `head`, gradients the other way."""

    tail: str
    head: str
    value: int
    grads: list[Grad] = field(default_factory=list)
    broadcast: str = ""
    kind: str = "flow"  # "flow" | "memory": as an edit of shared memory left it | "grad": a tensor and its gradient
    uses: int = 1
    argument: int = 0
    out_of: tuple[int, ...] = ()  # the turns of the stack that it comes from
    into: tuple[int, ...] = ()  # the turns of the stack that it leads to
    several: tuple[int, ...] = ()  # the values that the uses are of, where they are several


@dataclass(slots=True)
class Call:
    """One backward call."""

    number: int
    begin: BackwardBegin
    ran: list[NodeRan] = field(default_factory=list)
    accumulated: list[Accumulated] = field(default_factory=list)
    failed: bool = False


@dataclass(slots=True)
class Graph:
    """What is drawn, before it has places."""

    items: dict[str, Item]
    links: list[Link]
    values: dict[int, Value]
    labels: dict[int, str]
    ops: list[Op]
    calls: list[Call]
    failure: Failure | None
    aliases: dict[int, int]  # tensor number -> place in the colour cycle, for tensors that share a storage
    # Storage -> the first value of each of these tensors, of equally labelled ones two; of a bounded graph those that are told
    sharers: dict[int, list[Value]]
    producer: dict[int, Op]  # value -> the op that gave it
    contributions: dict[int, list[Accumulated]]  # value of a leaf -> what was added to its `.grad` while it had it
    cleared: dict[int, GradAssigned]  # value of a leaf -> how its `.grad` was set after these
    edited: set[int]  # numbers of the tensors that have several values
    grads: dict[int, list[Accumulated | GradAssigned]]  # tensor number -> what happened to its .grad
    second_order: set[int]  # steps of the ops that ran inside a backward call with create_graph
    known: dict[int, int]  # value -> the event from which on it is known, -1 from before
    odd: Set[int]  # results that have a nan or an infinity
    infinite: set[int]  # those of them whose infinities the cell has written itself
    folded: list[str] = field(default_factory=list)  # paths of modules that are folded
    unfoldable: list[str] = field(default_factory=list)  # paths that could be folded
    functions: set[int] = field(default_factory=set)  # calls of the learner's functions that are folded
    opened: list[str] = field(default_factory=list)  # paths of stacks of equal turns, and of calls, that are open
    left_out: list[str] = field(default_factory=list)  # sentences
    middle: str = ""  # the item in place of all that ran in the middle, where that is left out
    node_names: bool = False  # whether PyTorch's names of the nodes are written


def is_change(link: Link, items: Mapping[str, Item]) -> bool:
    """Whether an edge joins two values of a tensor between which no operation ran, as where NumPy writes into its memory."""
    tail, head = items[link.tail].value, items[link.head].value
    changed = tail is not None and head is not None and tail.tensor == head.tensor and head.grad_of is None
    return link.kind == "memory" and changed


def shared(graph: Graph) -> Graph:
    """The same items and links once more, to be folded: folding puts others in their place and changes none of them, for of
    ten thousands nearly all go."""
    return replace(
        graph,
        items=dict(graph.items),
        links=list(graph.links),
        left_out=list(graph.left_out),
        opened=list(graph.opened),
        functions=set(graph.functions),
    )


def copied(graph: Graph) -> Graph:
    """The same graph once more, with items and links of its own."""
    twin = shared(graph)
    twin.items = {key: copied_item(item) for key, item in graph.items.items()}
    twin.links = [copied_link(link) for link in graph.links]
    return twin


def copied_item(item: Item) -> Item:
    """The same item once more."""
    twin = Item(*_OF_ITEM(item))
    twin.ops, twin.absorbed, twin.held = list(item.ops), list(item.absorbed), list(item.held)
    return twin


def copied_link(link: Link) -> Link:
    """The same link once more."""
    return Link(*_OF_LINK(link))


# All that a dataclass holds, in its order: several times as quick as `replace`, for there may be ten thousands of them.
_OF_ITEM = attrgetter(*[each.name for each in fields(Item)])
_OF_LINK = attrgetter(*[each.name for each in fields(Link)])


def op_key(op: Op) -> str:
    """Of the item that an op is."""
    return f"o{op.step}"


def value_key(id: int) -> str:
    """Of the item that a value is."""
    return f"v{id}"


def is_maker(op: Op) -> bool:
    """Whether an op makes a tensor from nobody's numbers, as `zeros` and `randn_like` do; `bernoulli(p)` draws as `p` says, and
    `tensor([a, b])` copies."""
    return op.kind in ("create", "random") and len(inputs_of(op)) <= gives_shape(op.name)


def is_edit(op: Op) -> bool:
    """Whether an op writes its result into memory that there was: in place, or into what it is given as `out`."""
    return op.kind == "inplace" or "out" in [argument.name for argument in op.inputs]


def inputs_of(op: Op) -> list[int]:
    """The values that an op took as tensors, in the order of its arguments."""
    return [argument.value for argument in op.inputs if argument.value is not None]


Ends = dict[str, tuple[list[Link], list[Link]]]


def ends_of(links: Iterable[Link]) -> Ends:
    """For each item the links that arrive at it and those that leave it."""
    ends: Ends = defaultdict(lambda: ([], []))
    for link in links:
        ends[link.tail][1].append(link)
        ends[link.head][0].append(link)
    return ends


def calls_of(events: Iterable[Event]) -> list[Call]:
    """The backward calls with what ran in each."""
    found: dict[int, Call] = {}
    for event in events:
        if isinstance(event, BackwardBegin):
            found[event.call] = Call(event.call, event)
        elif isinstance(event, NodeRan) and event.call in found:
            found[event.call].ran.append(event)
        elif isinstance(event, Accumulated) and event.call in found:
            found[event.call].accumulated.append(event)
        elif isinstance(event, BackwardEnd) and event.call in found:
            found[event.call].failed = event.failed
    return list(found.values())


def aliases_of(values: Iterable[Value]) -> dict[int, int]:
    """Tensors that share a storage with another one, numbered in order of appearance: their colour everywhere.

    A detached or viewed tensor shares; a tensor edited in place is still the same tensor.
    """
    tensors: dict[int, set[int]] = defaultdict(set)
    order: list[int] = []
    for value in sorted(values, key=lambda v: v.id):
        if value.tensor not in tensors[value.storage]:
            tensors[value.storage].add(value.tensor)
            order.append(value.tensor)
    shared = {tensor for group in tensors.values() if len(group) > 1 for tensor in group}
    return {tensor: place for place, tensor in enumerate(t for t in dict.fromkeys(order) if t in shared)}


def in_order(items: dict[str, Item], links: list[Link]) -> dict[str, Item]:
    """The items so that every edge points forward, otherwise as they ran; what nothing made stands before its first use."""
    waiting = dict.fromkeys(items, 0)
    heads: dict[str, list[str]] = defaultdict(list)
    links[:] = [link for link in links if link.tail in items and link.head in items and link.tail != link.head]
    for link in links:
        waiting[link.head] += 1
        heads[link.tail].append(link.head)
    places = {  # what nothing made stands before the first op that uses it
        key: (item.step, 1, number, key)
        if item.step >= 0
        else (min((items[head].step for head in heads[key]), default=-1), 0, number, key)
        for number, (key, item) in enumerate(items.items())
    }
    if all(places[link.tail] < places[link.head] for link in links):  # as nearly always, and quicker than what follows
        return {place[-1]: items[place[-1]] for place in sorted(places.values())}
    ready = [places[key] for key, count in waiting.items() if count == 0]
    heapq.heapify(ready)
    done: dict[str, Item] = {}
    while ready:
        key = heapq.heappop(ready)[-1]
        done[key] = items[key]
        for head in heads[key]:
            waiting[head] -= 1
            if waiting[head] == 0:
                heapq.heappush(ready, places[head])
    if len(done) < len(items):  # an edge can lead back into its own past: what shares memory is no flow
        looped = _around(links, items.keys() - done.keys())
        dropped = {id(link) for link in [link for link in looped if link.kind == "memory"] or looped}
        links[:] = [link for link in links if id(link) not in dropped]
        return in_order(items, links)
    return done


def _around(links: list[Link], keys: set[str]) -> list[Link]:
    """Of the links between these items, of which each has one that leads to it, those that lead on to another."""
    found = [link for link in links if link.tail in keys and link.head in keys]
    while len(keys) > len(on := {link.tail for link in found}):
        keys, found = on, [link for link in found if link.head in on]
    return found
