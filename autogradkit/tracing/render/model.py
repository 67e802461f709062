"""From a trace to a graph: which values get a box, which op feeds which, and the gradient that came back on each edge.

Rests on the event stream alone; `fold.py` makes the graph smaller, `graph.py` draws it, `steps.py` walks it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from ..events import (
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
)

MAKERS = ("create", "random")
# fmt: off
ELEMENTWISE = frozenset((
    "add", "sub", "rsub", "mul", "div", "pow", "maximum", "minimum", "fmin", "fmax", "where", "atan2", "lerp",
    "addcmul", "addcdiv", "eq", "ne", "lt", "le", "gt", "ge", "remainder", "fmod", "copy", "masked_fill",
))
# fmt: on


class Traced(Protocol):
    """What the renderers read of a trace."""

    @property
    def events(self) -> tuple[Event, ...]: ...
    @property
    def values(self) -> dict[int, Value]: ...
    @property
    def source(self) -> str: ...


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
    kind: str  # "tensor" | "op" | "failed" | "module" | "stack"
    step: int
    value: Value | None = None
    op: Op | None = None
    ops: list[Op] = field(default_factory=list)  # of a folded item
    title: str = ""
    absorbed: list[Value] = field(default_factory=list)  # parameters drawn inside a folded module
    times: int = 1
    stopped: bool = False  # the failure happened here
    culprit: bool = False  # what made the failure happen later
    freed: tuple[str, ...] = ()


@dataclass(slots=True)
class Link:
    """An edge of the picture: forward from `tail` to `head`, gradients the other way."""

    tail: str
    head: str
    value: int
    grads: list[Grad] = field(default_factory=list)
    broadcast: str = ""
    kind: str = "flow"  # "flow" | "memory": the same tensor after an edit through another view
    uses: int = 1
    argument: int = 0


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
    grads: dict[int, list[Accumulated | GradAssigned]]  # tensor number -> what happened to its .grad
    second_order: set[int]  # steps of the ops that ran inside a backward call with create_graph
    folded: list[str] = field(default_factory=list)  # paths of modules that are folded
    unfoldable: list[str] = field(default_factory=list)  # paths that could be folded
    left_out: list[str] = field(default_factory=list)  # sentences

    def contributions(self, value: Value) -> list[Accumulated]:
        """What was added to the `.grad` of a leaf while it had this value, since it was last cleared."""
        kept: list[Accumulated] = []
        for event in self.grads.get(value.tensor, ()):
            if isinstance(event, GradAssigned):
                kept = []
            elif self._owner(event) == value.id:
                kept.append(event)
        if not kept:  # cleared after the last backward, or never reached: what there was is still worth showing
            events = [e for e in self.grads.get(value.tensor, ()) if isinstance(e, Accumulated)]
            kept = [event for event in events if self._owner(event) == value.id][-1:]
        return kept

    def _owner(self, event: Accumulated) -> int:
        """The value that a leaf had when the graph of this backward call was built."""
        began = next(call.begin.step for call in self.calls if call.number == event.call)
        used = [
            argument.value
            for op in self.ops
            if op.step < began
            for argument in op.inputs
            if argument.value is not None and self.values[argument.value].tensor == event.tensor
        ]
        return max(used, default=-1)


def op_name(name: str) -> str:
    """An op as people call it: PyTorch's inner names lose what only tells variants apart.

    >>> [op_name(n) for n in ("max_pool2d_with_indices", "_log_softmax", "nll_loss_nd", "add_")]
    ['max_pool2d', 'log_softmax', 'nll_loss', 'add_']
    """
    return name.removesuffix("_with_indices").removesuffix("_nd").lstrip("_")


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
    tensors: dict[int, list[int]] = defaultdict(list)
    order: list[int] = []
    for value in sorted(values, key=lambda v: v.id):
        if value.tensor not in tensors[value.storage]:
            tensors[value.storage].append(value.tensor)
            order.append(value.tensor)
    shared = {tensor for group in tensors.values() if len(group) > 1 for tensor in group}
    return {tensor: place for place, tensor in enumerate(t for t in dict.fromkeys(order) if t in shared)}


def labels_of(values: dict[int, Value], ops: list[Op]) -> dict[int, str]:
    """Each value's name: the learner's, with the turn of a loop; else its op with a number, `matmul₁`."""
    subscript = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
    labels: dict[int, str] = {}
    counts: dict[str, int] = defaultdict(int)
    first: dict[int, str] = {}
    for value in values.values():
        if value.is_leaf and value.name is not None:
            first.setdefault(value.tensor, value.name)
            labels[value.id] = first[value.tensor]  # a parameter edited in place keeps its name
    for op in ops:
        for place, output in enumerate(op.outputs):
            value = values[output]
            if output in labels and value.version:
                continue
            if value.name is None:
                counts[op.name] += 1
                labels[output] = op_name(op.name).rstrip("_") + str(counts[op.name]).translate(subscript)
                continue
            turn = op.position.turn if op.position is not None else None
            labels[output] = value.name + (f" (turn {turn})" if turn is not None and place == 0 else "")
    for value in values.values():
        labels.setdefault(value.id, value.name or f"tensor{str(value.tensor).translate(subscript)}")
    return labels


class _Builder:
    def __init__(self, trace: Traced) -> None:
        self.values = trace.values
        self.second_order = _second_order(trace.events)
        self.ops = [
            event
            for event in trace.events
            if isinstance(event, Op) and not (event.step in self.second_order and event.node is None)
        ]
        steps = [op for op in self.ops if _in_optimizer(op)]
        self.ops = [op for op in self.ops if not _in_optimizer(op)]
        self._drop_unused_makers()
        self.optimizer = sorted({op.position.code for op in steps if op.position is not None})
        self.calls = calls_of(trace.events)
        self.failure = next((event for event in trace.events if isinstance(event, Failure)), None)
        self.producer: dict[int, Op] = {}
        for op in self.ops:
            for output in op.outputs:
                if output not in self._inputs(op):
                    self.producer.setdefault(output, op)
        self.labels = labels_of(self.values, self.ops)
        self._name_seeds()
        shown = {value for op in self.ops for value in (*self._inputs(op), *op.outputs)}
        self.aliases = aliases_of(value for value in self.values.values() if value.id in shown)
        self.items: dict[str, Item] = {}
        self.links: list[Link] = []
        self.grads: dict[int, list[Accumulated | GradAssigned]] = defaultdict(list)
        for event in trace.events:
            if isinstance(event, Accumulated | GradAssigned):
                self.grads[event.tensor].append(event)

    def _drop_unused_makers(self) -> None:
        """New tensors that have no name and go nowhere, such as what a module's constructor fills, unless they are all."""
        used = {value for op in self.ops for value in self._inputs(op)}

        def matters(op: Op) -> bool:
            return op.kind not in MAKERS or any(out in used or self.values[out].name is not None for out in op.outputs)

        kept = [op for op in self.ops if matters(op)]
        self.ops = kept or self.ops

    def _name_seeds(self) -> None:
        """The gradient that a backward call with create_graph starts from is no tensor of the learner's."""
        known = {v for op in self.ops if op.step not in self.second_order for v in (*self._inputs(op), *op.outputs)}
        known |= {root for call in self.calls for root in call.begin.roots}
        for op in self.ops:
            for value in self._inputs(op) if op.step in self.second_order else ():
                if value not in known and value not in self.producer:
                    self.labels[value] = "∂ seed"

    @staticmethod
    def _inputs(op: Op) -> list[int]:
        return [argument.value for argument in op.inputs if argument.value is not None]

    def build(self) -> Graph:
        uses: dict[int, list[Op]] = defaultdict(list)
        for op in self.ops:
            if op.kind not in MAKERS:
                for value in self._inputs(op):
                    uses[value].append(op)
        for op in self.ops:
            if op.kind not in MAKERS:
                self.items[_op_key(op)] = Item(_op_key(op), "op", op.step, op=op)
        boxed = self._boxed(uses)
        for id in boxed:
            step = self.producer[id].step if id in self.producer else -1
            self.items[_value_key(id)] = Item(_value_key(id), "tensor", step, value=self.values[id])
        self._connect(boxed)
        self._edits()
        self._mark_failure()
        self._gradients()
        ordered = in_order(self.items, self.links)
        return Graph(
            ordered, self.links, self.values, self.labels, self.ops, self.calls, self.failure, self.aliases,
            dict(self.grads), {op.step for op in self.ops} & self.second_order,
            left_out=[f"{code} edits parameters in place; its operations are not drawn." for code in self.optimizer],
        )  # fmt: skip

    def _boxed(self, uses: dict[int, list[Op]]) -> list[int]:
        """Values with a box of their own; any other is written on the edge between its op and its one consumer."""
        used = set(uses) | {a.value for a in (self.failure.inputs if self.failure else ()) if a.value is not None}
        produced = {output for op in self.ops for output in op.outputs}
        roots = {root for call in self.calls for root in call.begin.roots}
        found = []
        for id, value in self.values.items():
            maker = self.producer.get(id)
            if id not in used and id not in produced and id not in roots:
                continue
            source = maker is None or maker.kind in MAKERS
            aside = maker is not None and maker.outputs.index(id) > 0 and value.name is None
            if aside and id not in used and id not in roots:
                continue  # indices and the like, which nobody asked for
            busy = len(uses[id]) != 1 or id in roots or (self.failure is not None and id not in uses)
            if source or busy or value.tensor in self.aliases or value.tensor in self.grads:
                found.append(id)
        return found

    def _connect(self, boxed: list[int]) -> None:
        here = set(boxed)
        for op in self.ops:
            if op.kind in MAKERS:
                continue
            for place, value in enumerate(self._inputs(op)):
                tail = _value_key(value) if value in here else _op_key(self.producer[value])
                self.links.append(Link(tail, _op_key(op), value, broadcast=self._broadcast(op, value), argument=place))
            for value in op.outputs:
                if value in here and self.producer.get(value) is op:
                    self.links.append(Link(_op_key(op), _value_key(value), value))

    def _broadcast(self, op: Op, value: int) -> str:
        shape = self.values[value].numbers.shape
        bias = op.name.startswith("addmm") and op.inputs[0].value == value
        if not op.outputs or not (bias or op.name.rstrip("_") in ELEMENTWISE):
            return ""
        target = self.values[op.outputs[0]].numbers.shape
        if shape == target:
            return ""
        padded = (1,) * (len(target) - len(shape)) + shape
        dims = [
            i for i, (a, b) in enumerate(zip(padded, target, strict=False)) if a != b or i < len(target) - len(shape)
        ]
        return ", ".join(map(str, dims))

    def _edits(self) -> None:
        """A base that was edited through a view: its new value comes from that edit."""
        for value in self.values.values():
            key = _value_key(value.id)
            if value.version == 0 or value.id in self.producer or key not in self.items:
                continue
            users = [link.head for link in self.links if link.tail == key]
            before = min((self.items[user].step for user in users), default=len(self.ops))
            for op in reversed(self.ops):
                same = op.outputs and self.values[op.outputs[0]].storage == value.storage
                if op.kind == "inplace" and same and op.step < before:
                    output = _value_key(op.outputs[0])
                    tail = output if output in self.items else _op_key(op)
                    self.links.append(Link(tail, key, value.id, kind="memory"))
                    self.items[key].step = op.step
                    earlier = [
                        v.id for v in self.values.values() if v.tensor == value.tensor and v.version < value.version
                    ]
                    if op.node_name == "CopySlices" and earlier and _value_key(earlier[-1]) in self.items:
                        self.links.append(Link(_value_key(earlier[-1]), _op_key(op), earlier[-1], kind="memory"))
                    break

    def _mark_failure(self) -> None:
        failure = self.failure
        if failure is None:
            return
        if failure.op is not None:
            item = Item("failed", "failed", failure.step, title=failure.op, stopped=True)
            self.items["failed"] = item
            for argument in failure.inputs:
                if argument.value is not None:
                    self.links.append(Link(_value_key(argument.value), "failed", argument.value))
            return
        call = next((call for call in self.calls if call.failed), None)
        if call is None:
            return
        by_node = {op.node: op for op in self.ops if op.node is not None}
        done = {ran.node for ran in call.ran}
        waiting = {edge for ran in call.ran for edge in ran.edges if edge is not None and edge not in done}
        if not call.ran:
            waiting = {self.producer[root].node for root in call.begin.roots if root in self.producer}
        stopped = max((by_node[node] for node in waiting if node in by_node), key=lambda op: op.step, default=None)
        if stopped is None or _op_key(stopped) not in self.items:
            return
        item = self.items[_op_key(stopped)]
        item.stopped = True
        if "second time" in failure.message:
            item.freed = tuple(name.removeprefix("_saved_") for name in stopped.saved)
        if "modified by an inplace operation" in failure.message:
            near = {self.values[v].storage for v in (*self._inputs(stopped), *stopped.outputs)}
            for op in self.ops:
                edits = op.kind == "inplace" and op.outputs and op.step > stopped.step
                if edits and self.values[op.outputs[0]].storage in near:
                    self.items[_op_key(op)].culprit = True

    def _gradients(self) -> None:
        by_node: dict[int, Op] = {}
        for op in self.ops:
            if op.node is not None:
                by_node.setdefault(op.node, op)
        accumulators = {e.tensor: e.node for call in self.calls for e in call.accumulated if e.node is not None}
        into: dict[str, list[Link]] = defaultdict(list)
        outof: dict[str, list[Link]] = defaultdict(list)
        for link in self.links:
            into[link.head].append(link)
            outof[link.tail].append(link)
        for call in self.calls:
            for ran in call.ran:
                op = by_node.get(ran.node)
                if op is None or _op_key(op) not in self.items:
                    continue
                key = _op_key(op)
                if op.node_name == "CopySlices":
                    self._copy_slices(ran, call, key)
                    continue
                for link in outof[key]:
                    if link.kind == "flow" and self.items[link.head].kind == "tensor":
                        place = op.outputs.index(link.value) if link.value in op.outputs else 0
                        numbers = ran.received[place] if place < len(ran.received) else None
                        if numbers is not None:
                            link.grads.append(Grad(call.number, numbers, ran.step))
                self._sent(ran, call, into[key], accumulators)

    def _copy_slices(self, ran: NodeRan, call: Call, key: str) -> None:
        """An edit through a view: the gradient passes through the base, not through the view."""
        outputs = {link.head for link in self.links if link.tail == key}
        for link in self.links:
            if link.kind != "memory":
                continue
            numbers = ran.received[0] if link.tail in outputs or link.tail == key else None
            numbers = ran.sent[0] if link.head == key else numbers
            if numbers is not None:
                link.grads.append(Grad(call.number, numbers, ran.step))

    def _sent(self, ran: NodeRan, call: Call, links: list[Link], accumulators: dict[int, int]) -> None:
        """Give each input its gradient: an edge leads to the node that made the input, or to its leaf."""
        free = [place for place, numbers in enumerate(ran.sent) if numbers is not None]
        waiting = [link for link in links if self.values[link.value].requires_grad]
        for exact in (True, False):
            for link in list(waiting):
                maker = self.producer.get(link.value)
                node = maker.node if maker is not None and maker.node is not None else None
                target = node if node is not None else accumulators.get(self.values[link.value].tensor)
                for place in free:
                    numbers = ran.sent[place]
                    fits = numbers is not None and numbers.shape == self.values[link.value].numbers.shape
                    if (ran.edges[place] == target and target is not None) if exact else fits:
                        assert numbers is not None
                        link.grads.append(Grad(call.number, numbers, ran.step))
                        free.remove(place)
                        waiting.remove(link)
                        break


def _second_order(events: Iterable[Event]) -> set[int]:
    """Steps of the ops that ran inside a backward call: what create_graph records, and hooks."""
    inside = 0
    found: set[int] = set()
    for event in events:
        if isinstance(event, BackwardBegin):
            inside += 1
        elif isinstance(event, BackwardEnd):
            inside -= 1
        elif isinstance(event, Op) and inside > 0:
            found.add(event.step)
    return found


def _in_optimizer(op: Op) -> bool:
    """Whether the op ran inside an optimizer's `step()`: no part of the graph, and many."""
    return op.node is None and op.position is not None and re.search(r"\.step\(\s*\)", op.position.code) is not None


def _op_key(op: Op) -> str:
    return f"o{op.step}"


def _value_key(id: int) -> str:
    return f"v{id}"


def in_order(items: dict[str, Item], links: list[Link]) -> dict[str, Item]:
    """The items so that every edge points forward, otherwise in order of appearance."""
    waiting = dict.fromkeys(items, 0)
    heads: dict[str, list[str]] = defaultdict(list)
    links[:] = [link for link in links if link.tail in items and link.head in items and link.tail != link.head]
    for link in links:
        waiting[link.head] += 1
        heads[link.tail].append(link.head)
    ready = [key for key, count in waiting.items() if count == 0]
    ready.reverse()
    done: dict[str, Item] = {}
    while ready:
        key = ready.pop()
        done[key] = items[key]
        for head in heads[key]:
            waiting[head] -= 1
            if waiting[head] == 0:
                ready.append(head)
    if len(done) < len(items):  # an edit can lead back into its own past: what shares memory is no flow
        memory = [link for link in links if link.kind == "memory" and (link.tail not in done or link.head not in done)]
        looped = memory or [link for link in links if link.tail not in done and link.head not in done]
        links[:] = [link for link in links if not any(link is each for each in looped)]
        return in_order(items, links)
    return done


def build(trace: Traced) -> Graph:
    """The graph of a trace, every op on its own."""
    return _Builder(trace).build()
