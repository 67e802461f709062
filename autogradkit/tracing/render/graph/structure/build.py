"""From a trace to a graph: which values get a box, which op feeds which, and the gradient that came back on each edge.

Rests on `model.py` and the event stream; `drawing/picture.py` begins with it.
"""

from __future__ import annotations

import bisect
import math
from collections import Counter, defaultdict

from autogradkit.tracing.collecting import collected_later
from autogradkit.tracing.events import (
    Accumulated,
    Failure,
    GradAssigned,
    GradReturned,
    Op,
    Value,
)
from autogradkit.tracing.recording import Recording
from autogradkit.tracing.render.graph.structure import untold
from autogradkit.tracing.render.graph.structure.bounds import bounded_failure, shortened_name
from autogradkit.tracing.render.graph.structure.chosen import in_optimizer, second_order, telling_ops
from autogradkit.tracing.render.graph.structure.failure import mark_failure
from autogradkit.tracing.render.graph.structure.gradients import attach_gradients
from autogradkit.tracing.render.graph.structure.infinite import infinities_asked_for, odd_results
from autogradkit.tracing.render.graph.structure.known import known_from
from autogradkit.tracing.render.graph.structure.memory import Memory, overwritten
from autogradkit.tracing.render.graph.structure.model import (
    Graph,
    Item,
    Link,
    aliases_of,
    calls_of,
    in_order,
    inputs_of,
    is_edit,
    is_maker,
    op_key,
    value_key,
)

MOST_UPDATES = 6  # of parameters by an optimizer that are drawn; where there are more, a sentence says so


class _Builder:
    def __init__(self, trace: Recording) -> None:
        self.values = trace.values
        self.known = known_from(trace)
        self.source = trace.source
        self.notes = trace.notes
        self.dropped = trace.dropped
        self.second_order = second_order(trace.events)
        self.ops = telling_ops(trace.events, self.second_order)
        kept = {op.step for op in self.ops}
        self.undrawn = [op for op in trace.ops if op.step not in kept]
        steps = [op for op in self.ops if in_optimizer(op)]
        # Lines of optimizers -> the names of what they edit
        self.updated: dict[str, dict[str, None]] = defaultdict(dict)
        self.sharing: list[str] = []  # what else has the memory that the optimizer edited
        if len(steps) > MOST_UPDATES:
            self.ops = [op for op in self.ops if not in_optimizer(op)]
            for op in steps:
                value = self.values[op.outputs[0]]
                line = "" if op.position is None else op.position.code
                self.updated[line][trace.labels[value.id] if value.name is not None else "a parameter"] = None
            edited = {self.values[op.outputs[0]].storage: self.values[op.outputs[0]].tensor for op in steps}
            others = (each for each in self.values.values() if edited.get(each.storage, each.tensor) != each.tensor)
            self.sharing = list(dict.fromkeys(each.name for each in others if each.name is not None))
        self.failure = next((bounded_failure(event) for event in trace.events if isinstance(event, Failure)), None)
        self.inputs = {op.step: inputs_of(op) for op in self.ops}  # which many here ask for
        self._drop_unused_makers()
        self.drawn = [op for op in self.ops if not is_maker(op)]  # as an operation; makers are only told of
        self.edits = [op for op in self.ops if is_edit(op)]
        self.calls = calls_of(trace.events)
        self.producer: dict[int, Op] = {}
        for op in self.ops:
            inputs = self.inputs[op.step]
            for output in op.outputs:
                if output not in inputs:
                    self.producer.setdefault(output, op)
        self.labels = {id: shortened_name(label) for id, label in trace.labels.items()}
        self._name_seeds()
        shown = self._read()
        shown.update(output for op in self.ops for output in op.outputs)
        self.aliases = aliases_of(self.values[id] for id in sorted(shown & self._telling(steps)))
        self.items: dict[str, Item] = {}
        self.links: list[Link] = []
        self.grads: dict[int, list[Accumulated | GradAssigned]] = defaultdict(list)
        self.added: dict[int, list[int]] = defaultdict(list)  # the steps at which backward added to it
        for event in trace.events:
            if isinstance(event, Accumulated | GradAssigned):
                self.grads[event.tensor].append(event)
            if isinstance(event, Accumulated):
                self.added[event.tensor].append(event.step)
        self.returned = [event for event in trace.events if isinstance(event, GradReturned)]

    def _drop_unused_makers(self) -> None:
        """New or cut-off tensors that have no name and go nowhere, such as what a module's constructor fills, unless they
        are all. Where the cell failed, what it had copied by then is what there was of the result."""
        used = self._read()
        failed_at = None if self.failure is None else self.failure.position
        used |= {each.value for each in self.failure.inputs if each.value is not None} if self.failure else set()

        def matters(op: Op) -> bool:
            told = any(out in used or self.values[out].name is not None for out in op.outputs)
            copied = op.kind == "detach" and op.position is not None and op.position == failed_at
            return told or copied or not (op.kind == "detach" or is_maker(op))

        kept = [op for op in self.ops if matters(op)]
        self.ops = kept or self.ops

    def _telling(self, steps: list[Op]) -> set[int]:
        """Values of which it matters whose memory they share: all but views of a memory that nobody edits which have no name,
        or one inside of a function only."""
        edits = {op.step: op for op in (*self.edits, *filter(is_edit, steps))}
        edited = {self.values[output].storage for op in edits.values() for output in op.outputs}
        named = {
            output
            for op in self.ops
            if op.position is None or op.position.function.startswith("<")
            for output in op.outputs
            if self.values[output].name is not None
        }
        return {
            id
            for id, value in self.values.items()
            if value.base is None or value.storage in edited or id in named or id not in self.producer
        }

    def _name_seeds(self) -> None:
        """The gradient that a backward call with create_graph starts from is no tensor of the learner's."""
        inside = [op for op in self.ops if op.step in self.second_order] if self.second_order else []
        if not inside:
            return
        outside = [op for op in self.ops if op.step not in self.second_order]
        known = {v for op in outside for v in (*self.inputs[op.step], *op.outputs)}
        known |= {root for call in self.calls for root in call.begin.roots}
        for op in inside:
            for id in self.inputs[op.step]:
                value = self.values[id]
                one = value.numbers.low == value.numbers.high == 1 and math.prod(value.numbers.shape) == 1
                if one and value.name is None and id not in known and id not in self.producer:
                    self.labels[id] = "∂ seed"

    def build(self) -> Graph:
        uses: dict[int, list[Op]] = defaultdict(list)
        for op in self.drawn:
            for value in self.inputs[op.step]:
                uses[value].append(op)
            key = op_key(op)
            self.items[key] = Item(key, "op", op.step, op=op)
        boxed = self._boxed(uses)
        for id in boxed:
            step = self.producer[id].step if id in self.producer else -1
            key = value_key(id)
            self.items[key] = Item(key, "tensor", step, value=self.values[id])
        memory = Memory(
            self.ops, self.edits, self.calls, self.values, self.producer, self.items, self.links, self.added
        )
        self._connect(boxed)
        memory.connect()
        self._gradient_values(memory)
        contributions, cleared = self._contributions()
        odd = odd_results(self.ops, self.values)
        graph = Graph(
            items=self.items,
            links=self.links,
            values=self.values,
            labels=self.labels,
            ops=self.ops,
            calls=self.calls,
            failure=self.failure,
            aliases=self.aliases,
            sharers=self._sharers(),
            producer=self.producer,
            contributions=contributions,
            cleared=cleared,
            edited=self._edited(),
            grads=dict(self.grads),
            second_order={op.step for op in self.ops} & self.second_order,
            known=self.known,
            odd=odd.keys(),
            infinite=infinities_asked_for(odd, self.values),
        )
        mark_failure(graph)
        graph.left_out = self._left_out(attach_gradients(graph))
        graph.items = in_order(graph.items, graph.links)
        return graph

    def _left_out(self, anew: dict[int, int]) -> list[str]:
        known = {op.node for op in self.ops} | {*anew}
        made = {value.id for value in self.values.values() if value.is_leaf} | {*anew.values()}
        return [
            *untold.updates(self.updated, self.sharing),
            *untold.older(self.calls, known, self._unmade(made), self.labels),
            *self.notes,
            *([f"{self.dropped:,} further operations ran and were not kept."] if self.dropped else []),
            *untold.numbers_read(self.source, self.ops, self.values),
            *untold.arrivals(self.calls, self.links, self.values),
            *untold.hooks(self.calls, self.ops, self.labels),
            *untold.edits_in_hooks(self.undrawn, self.labels),
            *untold.second_names(self.source, [self.values[id].name for id in {*self.producer, *self._read()}]),
        ]

    def _read(self) -> set[int]:
        return {value for op in self.ops for value in self.inputs[op.step]}

    def _unmade(self, made: set[int]) -> list[int]:
        """Values on the picture that an operation has made which is older than the cell."""
        drawn = [item.value.id for item in self.items.values() if item.value is not None]
        return [id for id in drawn if id not in self.producer and id not in made and self.values[id].requires_grad]

    def _sharers(self) -> dict[int, list[Value]]:
        first: dict[tuple[int, int], Value] = {}
        for value in self.values.values():
            if value.tensor in self.aliases:
                first.setdefault((value.storage, value.tensor), value)
        labelled: Counter[tuple[int, str]] = Counter()
        sharers: dict[int, list[Value]] = defaultdict(list)
        for value in first.values():
            named = value.storage, self.labels[value.id]
            labelled[named] += 1
            if labelled[named] <= 2:  # a tensor and another one; there may be thousands, and each box asks
                sharers[value.storage].append(value)
        return sharers

    def _contributions(self) -> tuple[dict[int, list[Accumulated]], dict[int, GradAssigned]]:
        """What was added to the `.grad` of each leaf's value since it was last cleared, and by what that was set after it.

        Where it was cleared after the last backward, what there was is still worth showing: the last contribution.
        """
        began = {call.number: call.begin.step for call in self.calls}
        # Tensor -> steps that read it, and the latest value
        reads: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for op in self.ops:
            for value in self.inputs[op.step]:
                before = reads[self.values[value].tensor]
                before.append((op.step, max(value, before[-1][1]) if before else value))
        found: dict[int, list[Accumulated]] = {}
        cleared: dict[int, GradAssigned] = {}
        for tensor, events in self.grads.items():
            owner: int | None = None
            last: dict[int, list[Accumulated]] = defaultdict(list)
            kept: dict[int, list[Accumulated]] = defaultdict(list)
            for event in events:
                if isinstance(event, GradAssigned):
                    kept.clear()
                    if owner is not None:
                        cleared[owner] = event
                    continue
                # The value that the leaf had when the graph of this backward call was built.
                place = bisect.bisect_left(reads[tensor], began[event.call], key=lambda read: read[0])
                owner = reads[tensor][place - 1][1] if place else -1
                cleared.pop(owner, None)
                last[owner] = [event]
                kept[owner].append(event)
            found |= last | kept
        return found, cleared

    def _edited(self) -> set[int]:
        versions: dict[int, set[int]] = defaultdict(set)
        for value in self.values.values():
            versions[value.tensor].add(value.version)
        return {tensor for tensor, found in versions.items() if len(found) > 1}

    def _boxed(self, uses: dict[int, list[Op]]) -> list[int]:
        """Values with a box of their own; any other is written on the edge between its op and its one consumer."""
        stopped = {each.value for each in (self.failure.inputs if self.failure else ())}  # at the op that raised
        used = {*uses, *stopped}
        left = self._left_by_edits()
        produced = {output for op in self.ops for output in op.outputs}
        used |= left | overwritten(self.edits, produced, self.values, used | left)
        roots = {root for call in self.calls for root in call.begin.roots}
        roots |= {event.value for event in self.returned}
        found = []
        for id, value in self.values.items():
            maker = self.producer.get(id)
            if id not in used and id not in produced and id not in roots:
                continue
            source = maker is None or is_maker(maker)
            aside = maker is not None and maker.outputs.index(id) > 0 and value.name is None
            if aside and id not in used and id not in roots:
                continue  # indices and the like, which nobody asked for
            busy = len(uses[id]) != 1 or id in roots or id in stopped
            leaf = value.is_leaf and value.requires_grad
            if source or busy or leaf or value.tensor in self.aliases or value.tensor in self.grads:
                found.append(id)
        return found

    def _left_by_edits(self) -> set[int]:
        """What tensors with names have come to in memory that operations edited."""
        edited = {self.values[out].storage for op in self.edits for out in op.outputs}
        seen: set[int] = set()  # tensors that had a value before
        found: set[int] = set()
        for id, value in self.values.items():
            if value.tensor in seen and value.storage in edited and value.name is not None:
                found.add(id)
            seen.add(value.tensor)
        return found

    def _connect(self, boxed: list[int]) -> None:
        here = {id: value_key(id) for id in boxed}
        for op in self.drawn:
            key = op_key(op)
            for place, value in enumerate(self.inputs[op.step]):
                tail = here[value] if value in here else op_key(self.producer[value])
                self.links.append(Link(tail, key, value, broadcast=self._broadcast(op, value), argument=place))
            for value in op.outputs:
                if value in here and self.producer.get(value) is op:
                    self.links.append(Link(key, here[value], value))

    def _broadcast(self, op: Op, value: int) -> str:
        shape = self.values[value].numbers.shape
        bias = op.facts.label == "addmm" and op.inputs[0].value == value
        if not op.outputs or not (bias or op.facts.pointwise):
            return ""
        target = self.values[op.outputs[0]].numbers.shape
        if shape == target:
            return ""
        padded = (1,) * (len(target) - len(shape)) + shape
        dims = [
            i for i, (a, b) in enumerate(zip(padded, target, strict=False)) if a != b or i < len(target) - len(shape)
        ]
        return ", ".join(map(str, dims))

    def _gradient_values(self, memory: Memory) -> None:
        """Tensors that hold a gradient: a leaf's `.grad` that the code works with, what `autograd.grad` returned."""
        owners = {value.grad_of for value in self.values.values() if value.grad_of is not None}
        latest: dict[
            int, str
        ] = {}  # the box of each such tensor that was drawn last, or the op that gave it to an edge
        for value in self.values.values() if owners else ():
            if value.grad_of is None and value.tensor not in owners:
                continue
            shown = memory.shown_at(value)
            key = value_key(value.id)
            computed = value.id in self.producer or value.id in memory.edit_before
            if shown == key and value.grad_of in latest and not computed:
                self.links.append(Link(latest[value.grad_of], key, value.id, kind="grad"))
                self.items[key].step = max(self.items[key].step, value.since - 1)
            if shown is not None:
                latest[value.tensor] = shown
        for event in self.returned:
            tail, head = value_key(event.input), value_key(event.value)
            if tail not in self.items and event.input in self.producer:  # written on the edge behind it
                tail = op_key(self.producer[event.input])
            if tail in self.items and event.value not in self.producer:
                self.links.append(Link(tail, head, event.value, kind="grad"))
                self.items[head].step = event.step


@collected_later
def build(trace: Recording) -> Graph:
    """The graph of a trace, every op on its own."""
    return _Builder(trace).build()
