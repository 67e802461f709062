"""The walk through a picture: one step for each op, each node that ran backward, each sum into a `.grad`.

Rests on `model.py` and `words.py`. Serves GraphView: steps and details are plain JSON values whose keys are those on
the picture.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from autogradkit.tracing.events import Accumulated, Event, Failure, NodeRan, Op, Value
from autogradkit.tracing.recording import Recording
from autogradkit.tracing.render.graph.structure.bounds import MOST_GRADS, first_and_last
from autogradkit.tracing.render.graph.structure.known import BEFORE, Row
from autogradkit.tracing.render.graph.structure.model import Graph, Item, Link
from autogradkit.tracing.render.graph.telling.chain import Chain
from autogradkit.tracing.render.graph.telling.elements import grids_of
from autogradkit.tracing.render.graph.telling.kept import saved_rows
from autogradkit.tracing.render.graph.telling.update import Update
from autogradkit.tracing.render.graph.telling.why import Why
from autogradkit.tracing.render.graph.wording.words import item_title, op_call
from autogradkit.tracing.render.marks import numbers as nums

MOST_STEPS = 300
MOST_OPS = 40  # of a folded item that are listed
MOST_LINES = 3  # of an optimizer's step, in a sentence
MOST_TEXT = 1000  # characters of a printed tensor in the detail panel

Walked = Op | NodeRan | Accumulated | Failure  # what is a step


def steps_of(graph: Graph, trace: Recording, why: Why | None = None) -> list[dict[str, Any]]:
    """Each step: `event` (its number), `kind`, `call` (None forward), `keys` that light up, `sentence`.

    `why` is for who tells of a graph folded in several ways: sentences are the same.
    """
    why = why or Why(graph)
    lights = _Lights(graph, why)
    ops = {op.step for op in graph.ops}
    kept: list[Event] = [e for e in trace.events if not isinstance(e, Op) or e.step in ops]
    events: list[Walked] = [e for e in kept if isinstance(e, Op | NodeRan | Accumulated | Failure)]
    skipped = max(0, len(events) - MOST_STEPS)
    if skipped:
        events = [*events[: MOST_STEPS - 1], events[-1]]
    steps: list[dict[str, Any]] = []
    for event in events:
        kind, call = _kind_of(event)
        sentence = why.once(("sentence", event.step), lambda event=event: _sentence(event, why))
        steps.append({"event": event.step, "kind": kind, "call": call, "keys": lights.of(event), "sentence": sentence})
    if skipped:
        steps[-1]["sentence"] += f" ({skipped:,} steps before this one are left out of the walk.)"
    return steps


def _kind_of(event: Walked) -> tuple[str, int | None]:
    """What a step is, and of which backward call."""
    if isinstance(event, Op):
        return "forward", None
    if isinstance(event, Failure):
        return "failure", None
    return "backward" if isinstance(event, NodeRan) else "accumulate", event.call


class _Lights:
    """Which keys of one picture a step lights up."""

    def __init__(self, graph: Graph, why: Why) -> None:
        self.graph = graph
        self.by_node = why.by_node
        self.home = {
            op.step: item.key for item in graph.items.values() for op in (item.ops or [item.op]) if op is not None
        }
        self.into: dict[str, list[int]] = defaultdict(list)
        self.out_of: dict[str, list[int]] = defaultdict(list)
        for number, link in enumerate(graph.links):
            self.into[link.head].append(number)
            self.out_of[link.tail].append(number)

    def of(self, event: Walked) -> list[str]:
        """The keys that are on the picture, each once."""
        if isinstance(event, Op):
            keys = self._forward(event)
        elif isinstance(event, NodeRan):
            keys = self._backward(event)
        elif isinstance(event, Accumulated):
            keys = self._accumulated(event)
        else:
            keys = [item.key for item in self.graph.items.values() if item.stopped or item.culprit]
        return [key for key in dict.fromkeys(keys) if key in self.graph.items or key.startswith("e")]

    def _forward(self, op: Op) -> list[str]:
        key, links = self.home.get(op.step, ""), self.graph.links
        outputs = [f"v{output}" for output in op.outputs]
        keys = [key, *(f"e{n}" for n in self.into[key]), *outputs]
        for out in outputs:
            keys += [f"e{n}" for n in self.out_of[key] if links[n].head == out]
        return keys + [links[n].tail for n in self.into[key]]

    def _backward(self, ran: NodeRan) -> list[str]:
        op, links = self.by_node.get(ran.node), self.graph.links
        key = self.home.get(op.step, "") if op is not None else ""
        near = sorted({*self.into[key], *self.out_of[key]})
        keys = [key, *(f"e{n}" for n in near if links[n].grads)]
        return keys + [links[n].tail for n in self.into[key] if links[n].grads]

    def _accumulated(self, event: Accumulated) -> list[str]:
        keys = [
            item.key for item in self.graph.items.values()
            if (item.value is not None and item.value.tensor == event.tensor)
            or any(value.tensor == event.tensor for value in item.absorbed)
        ]  # fmt: skip
        return keys + [f"e{n}" for key in keys for n in self.out_of[key] if self.graph.links[n].kind == "grad"]


def _sentence(event: Walked, why: Why) -> str:
    """What is said of a step."""
    if isinstance(event, Op):
        return _forward(event, why.graph)
    if isinstance(event, NodeRan):
        return _backward(event, why)
    if isinstance(event, Accumulated):
        return f"backward {event.call + 1}: {event.name or 'tensor'}.grad = {why.accumulated(event)}."
    return f"{event.error}: {event.message}"


def _forward(op: Op, graph: Graph) -> str:
    result = ", ".join(
        f"{graph.labels[out]} = {nums.one_line(graph.values[out].numbers, 44)}" for out in op.outputs[:2]
    )
    where = f"line {op.position.line}: " if op.position is not None else ""
    node = f"; {op.node_name} is recorded" if op.node_name else _worked_out(op, graph)
    return f"{where}{op_call(op, graph)} gives {result}{node}."


def _worked_out(op: Op, graph: Graph) -> str:
    """What an optimizer's step worked out for the element with the largest gradient; of many lines the last."""
    update = Update(op, graph.values, graph.labels)
    if update.shape is None:
        return ""
    index = update.most_telling()
    lines = update.at(index)
    told = lines if len(lines) <= MOST_LINES else ["…", lines[-1]]
    where = f"at [{', '.join(map(str, index))}]" if index else "with numbers"
    return f"; {where}: {', '.join(told)}"


def _backward(ran: NodeRan, why: Why) -> str:
    op = why.by_node.get(ran.node)
    sentence = f"backward {ran.call + 1}: {ran.node_name} receives ∂ = {why.received(ran)}"
    reasons = [] if op is None else why.lines(op, ran)
    if reasons:
        return f"{sentence}: {'; '.join(reasons)}."
    sent = "; ".join(nums.one_line(each, 36) for each in ran.sent if each is not None)
    return f"{sentence} and sends up ∂ {sent}." if sent else f"{sentence}."


def details_of(graph: Graph, why: Why | None = None) -> dict[str, dict[str, Any]]:
    """For each key on the picture its title and its rows, for the detail panel.

    `why` is for who tells of a graph folded in several ways: of a tensor, an op and an edge the same is told.
    """
    why = why or Why(graph)
    found: dict[str, dict[str, Any]] = {}
    for key, item in graph.items.items():
        scope = "/".join(item.op.scope) if item.op is not None else ""
        whole = item.kind in ("tensor", "op", "call")  # else it depends on what is folded
        detail = why.once(("detail", key), lambda item=item: _detail(item, why)) if whole else _detail(item, why)
        found[key] = {**detail, "closed": item.path, "inside": item.inside or scope}
    for number, link in enumerate(graph.links):
        found[f"e{number}"] = {"title": _link_title(link, graph), "rows": _link_rows(link, why, graph)}
    return found


def _detail(item: Item, why: Why) -> dict[str, Any]:
    """What is told of an item, however the rest of the picture is folded."""
    detail: dict[str, Any] = {"title": item_title(item, why.graph), "rows": _item_rows(item, why, why.graph)}
    op = item.op if item.kind == "op" else None
    if op is not None and op.node is not None and op.facts.rule:
        detail["measurable"] = why.measurable_from(op)
    if item.kind == "call" and any(each.node is not None for each in item.ops):
        detail["measurable"] = max(why.measurable_from(each) for each in item.ops)
    grids = grids_of(item, why)
    if grids:
        detail["grids"] = [grid.state() for grid in grids]
    return detail


def _cut(text: str) -> str:
    return text if len(text) <= MOST_TEXT else f"{text[:MOST_TEXT]}… {len(text) - MOST_TEXT} more characters"


def _value_rows(value: Value, graph: Graph) -> list[Row]:
    numbers = value.numbers
    flags = ["requires_grad"] * value.requires_grad + ["leaf"] * value.is_leaf + ["parameter"] * value.is_parameter
    known = graph.known.get(value.id, BEFORE)
    rows: list[Row] = [
        ["value", _cut(numbers.printed), known],
        ["shape", f"{numbers.shape}   {_layout_of(value)}"],
        ["dtype", numbers.dtype],
        ["version", f"{value.version}   storage {value.storage}"],
    ]
    if numbers.omitted:
        rows.append(["kept", f"{nums.summary(numbers)}; {numbers.omitted:,} elements were not copied", known])
    if nums.oddities(numbers):
        rows.append(["careful", nums.oddities(numbers), known])
    if flags:
        rows.append(["is", ", ".join(flags)])
    return rows + _grad_rows([value], graph, lambda _, event: f".grad after call {event.call + 1}")


def _layout_of(value: Value) -> str:
    if value.kept is not None:
        return f"sparse: {value.kept:,} values are kept, every other element is 0"
    return f"stride {value.stride}   offset {value.offset}"


def _grad_rows(values: list[Value], graph: Graph, heading: Callable[[Value, Accumulated], str]) -> list[Row]:
    """What was added to the `.grad` of these, of each tensor once."""
    tensors = {value.tensor: value for value in reversed(values)}
    given = [
        (value, event)
        for tensor, value in reversed(tensors.items())
        for event in graph.grads.get(tensor, ())
        if isinstance(event, Accumulated)
    ]
    shown = first_and_last(given, MOST_GRADS)
    rows: list[Row] = [[heading(value, event), _cut(event.after.printed), event.step] for value, event in shown]
    if len(given) > MOST_GRADS:
        rows.insert(MOST_GRADS // 2, ["…", f"{len(given) - MOST_GRADS:,} gradients between them"])
    return rows


def _made_rows(op: Op, graph: Graph) -> list[Row]:
    """Which call made a value, and where."""
    rows: list[Row] = [["call", op_call(op, graph)]]
    if op.position is not None:
        rows.append(["source", f"{op.position.file} line {op.position.line}: {op.position.code}"])
    rows.append(["grad_fn", op.node_name or f"none ({op.why_not or 'not recorded'})"])
    if op.scope:
        rows.append(["module", ".".join(op.scope)])
    return rows


def _op_rows(op: Op, why: Why, graph: Graph) -> list[Row]:
    rows = _made_rows(op, graph)
    if op.facts.rule:
        # A rule may tell a number that its op brings, such as what the targets of a likelihood weigh.
        rows += [["arguments", _roles(op, graph)], ["derivative", "\n".join(why.rules(op)), op.step]]
    return rows + _update_rows(op, graph) + saved_rows(op, why.ran(op), graph)


def _update_rows(op: Op, graph: Graph) -> list[Row]:
    """An optimizer's step: its lines, of a single number with numbers, and what it remembers."""
    if not op.facts.update:
        return []
    update = Update(op, graph.values, graph.labels)
    rows: list[Row] = [["update", "\n".join(filter(None, [*update.lines, update.reason])), op.step]]
    if update.shape == ():  # of more elements a grid tells
        rows.append(["with numbers", "\n".join(update.at(())), op.step])
    for each in op.state:
        before = "none" if each.before is None else nums.one_line(each.before, 44)
        rows.append([each.symbol, f"{each.name}: {before} before, {nums.one_line(each.after, 44)} after", op.step])
    return rows


def _roles(op: Op, graph: Graph) -> str:
    """Which argument is which in the op's rule: `self = W, other = x`."""
    parameters = dict(enumerate(op.facts.parameters))
    roles: list[str] = []
    for argument in op.inputs:
        text = graph.labels[argument.value] if argument.value is not None else str(argument.text)
        name = argument.name or (None if argument.place is None else parameters.get(argument.place))
        roles.append(text if name is None else f"{name} = {text}")
    return ", ".join(roles)


def _item_rows(item: Item, why: Why, graph: Graph) -> list[Row]:
    if item.kind == "tensor" and item.value is not None:
        rows = _value_rows(item.value, graph)
        maker = graph.producer.get(item.value.id)
        return rows + (_made_rows(maker, graph) if maker is not None else [])
    if item.kind == "op" and item.op is not None:
        rows = _op_rows(item.op, why, graph)
        for ran in first_and_last(why.ran(item.op), MOST_GRADS):
            told = [f"∂ = {why.received(ran)}", *why.lines(item.op, ran, 3)]
            rows.append([f"backward {ran.call + 1}", "\n".join(told), ran.step])
        return rows
    if item.kind == "call":
        return _chain_rows(Chain(item.ops, why), graph)
    rows: list[Row] = [[op.label, op_call(op, graph)] for op in item.ops[:MOST_OPS]]
    if len(item.ops) > MOST_OPS:
        rows.append(["…", f"{len(item.ops) - MOST_OPS} more operations"])
    rows += _grad_rows(item.absorbed, graph, lambda value, _: f"{graph.labels[value.id]}.grad")
    for link in item.held:
        rows += [
            [f"∂{graph.labels[link.value]} of these", _cut(grad.numbers.printed), grad.step] for grad in link.grads
        ]
    if item.stopped and graph.failure is not None:
        rows.append(["error", f"{graph.failure.error}: {graph.failure.message}", graph.failure.step])
    return rows


def _chain_rows(chain: Chain, graph: Graph) -> list[Row]:
    """Of a call of several operations, what they are, and the chain rule through them."""
    named = replace(graph, labels=chain.labels)
    rows: list[Row] = [
        [op.label, f"{chain.labels[op.outputs[0]]} = {op_call(op, named)}"] for op in chain.steps[:MOST_OPS]
    ]
    if len(chain.steps) > MOST_OPS:
        rows.append(["…", f"{len(chain.steps) - MOST_OPS} more operations"])
    if chain.moves:
        rows.append(["turn or reshape", ", ".join(op.label for op in chain.moves)])
    if rules := chain.rules():
        rows.append(["derivative", "\n".join(rules), chain.ops[-1].step])
    for call in first_and_last(chain.calls, MOST_GRADS):
        rows.append([f"backward {call + 1}", "\n".join(chain.worked(call)), chain.completed_at(call)])
    return rows


def _link_title(link: Link, graph: Graph) -> str:
    tail, head = graph.items[link.tail], graph.items[link.head]
    return f"{graph.labels[link.value]}: {item_title(tail, graph)} → {item_title(head, graph)}"


def _link_rows(link: Link, why: Why, graph: Graph) -> list[Row]:
    rows = [*why.once(("value", link.value), lambda: _value_rows(graph.values[link.value], graph))]
    op = graph.items[link.head].op
    for grad in first_and_last(link.grads, MOST_GRADS):
        rows.append([f"∂ on this edge, call {grad.call + 1}", _cut(grad.numbers.printed), grad.step])
        reason = None if op is None else why.line(link, op, grad.call)
        if reason is not None:
            rows.append(["why", reason, grad.step])
    if link.broadcast:
        rows.append(["broadcast", f"over dimension {link.broadcast}; the gradient is summed over it"])
    return rows
