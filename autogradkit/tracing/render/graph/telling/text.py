"""A graph without a picture: Unicode lines for `text/plain`, and the rows of a table.

Rests on `model.py`, `words.py` and `numbers.py`.
"""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Iterable

from autogradkit.tracing.events import Accumulated, GradAssigned, NodeRan, Numbers
from autogradkit.tracing.recording import Recording
from autogradkit.tracing.render.graph.structure.bounds import MOST_GRADS, MOST_ROWS, first_and_last
from autogradkit.tracing.render.graph.structure.known import BEFORE
from autogradkit.tracing.render.graph.structure.model import Graph, Item, Link, ends_of
from autogradkit.tracing.render.graph.wording.titles import title
from autogradkit.tracing.render.graph.wording.words import item_title, op_call, overview, way_of
from autogradkit.tracing.render.marks import numbers as nums

HEADER = ("step", "source", "operation", "result", "∂ of the result", "∂ sent up")
MOST_CODE = 100  # characters of a cell of the table
MOST_TOLD = 6  # events of one `.grad`
BETWEEN = " | "  # the pieces of a cell; the front end parts them again


def graph_text(graph: Graph, trace: Recording) -> str:
    """Top to bottom: what ran, what it gave, which gradient came back (marked ∂).

    >>> from autogradkit.tracing.render.graph.structure.build import build
    >>> nothing = Recording()
    >>> print(graph_text(build(nothing), nothing))
    No tensor operation ran in this cell, so there is nothing to draw.
    """
    lines = [*filter(None, [title(trace)]), overview(graph)]
    ends, grads = ends_of(graph.links), _grads_while(graph)
    for item in _as_it_ran(graph):
        lines += _lines(item, graph, ends[item.key][0], grads)
    lines += [f"⋯ {sentence}" for sentence in graph.left_out]
    if graph.failure is not None:
        lines.append(f"✗ {graph.failure.error}: {graph.failure.message}")
        lines += [f"  {note}" for note in graph.failure.notes]
    return "\n".join(lines)


def _as_it_ran(graph: Graph) -> list[Item]:
    """The items in the order in which the operations ran; a tensor comes before its first use, or after what made it."""
    tensors_into: dict[str, list[str]] = defaultdict(list)
    tensors_from: dict[str, list[str]] = defaultdict(list)
    for link in graph.links:
        if graph.items[link.tail].kind == "tensor":
            tensors_into[link.head].append(link.tail)
        elif graph.items[link.head].kind == "tensor" and link.kind == "flow":
            tensors_from[link.tail].append(link.head)
    made = {key for keys in tensors_from.values() for key in keys}
    come = {link.head for link in graph.links if link.kind != "flow"}  # returned by autograd.grad, left by an edit
    found: dict[str, None] = {}
    for item in sorted(graph.items.values(), key=lambda item: item.step):
        if item.kind != "tensor":
            found |= dict.fromkeys(key for key in tensors_into[item.key] if key not in made)
            found |= dict.fromkeys((item.key, *tensors_from[item.key]))
        elif item.step >= 0 and item.key in come and item.key not in made:
            found[item.key] = None
    found |= dict.fromkeys(graph.items)
    return [graph.items[key] for key in found]


def _grads_while(graph: Graph) -> dict[int, list[Accumulated | GradAssigned]]:
    """What became of a tensor's `.grad` while it had a value that a box shows: until the next one, if it was edited."""
    boxes: dict[int, dict[int, int]] = defaultdict(dict)  # tensor -> since when it had the value -> that
    for item in graph.items.values():
        if item.value is not None and item.value.tensor in graph.grads:
            boxes[item.value.tensor][item.value.since] = item.value.id
    found: dict[int, list[Accumulated | GradAssigned]] = defaultdict(list)
    for tensor, values in boxes.items():
        begins = sorted(values)
        for event in graph.grads[tensor]:
            found[values[begins[max(0, bisect.bisect_right(begins, event.step) - 1)]]].append(event)
    return found


def _lines(
    item: Item, graph: Graph, arriving: list[Link], told: dict[int, list[Accumulated | GradAssigned]]
) -> list[str]:
    grads = [grad for link in (*arriving, *item.held) for grad in link.grads]
    if item.kind == "tensor" and item.value is not None:
        value = item.value
        rim = "▣" if value.is_leaf and value.requires_grad else "□"
        lines = [f"{rim} {graph.labels[value.id]} = {nums.one_line(value.numbers)}"]
        for link in arriving:
            source, way = _label_of(graph.items[link.tail], graph), way_of(link, graph)
            if way and f"{source}.grad" != graph.labels[value.id]:
                lines.append(f"    ← {source}: {way}")
                lines += [f"      ∂ {nums.one_line(grad.numbers)}" for grad in link.grads]
        events = told.get(value.id, [])
        for event in first_and_last(events, MOST_TOLD):
            if isinstance(event, Accumulated):
                lines.append(f"    ∂ .grad = {nums.one_line(event.after)}  (backward {event.call + 1})")
            else:
                became = "None" if event.after is None else nums.one_line(event.after)
                lines.append(f"    .grad = {became}  (set by the code)")
        if len(events) > MOST_TOLD:
            lines.append(f"    … {len(events) - MOST_TOLD} more between them")
        return lines
    mark = {"op": "○", "failed": "✗", "call": "⊙", "module": "◎", "stack": "⧉"}[item.kind]
    text = item_title(item, graph)
    if item.op is not None and item.op.outputs:
        output = graph.values[item.op.outputs[0]]
        text += f" → {graph.labels[output.id]} = {nums.one_line(output.numbers)}"
    if item.stopped:
        text += "   ✗ stopped here"
    if item.freed:
        text += f"   (freed: {', '.join(item.freed)})"
    return [f"  {mark} {text}", *(f"      ∂ {nums.one_line(grad.numbers)}" for grad in grads[:6])]


def _label_of(item: Item, graph: Graph) -> str:
    if item.value is not None:
        return graph.labels[item.value.id]
    return graph.labels[item.op.outputs[0]] if item.op is not None and item.op.outputs else item_title(item, graph)


Cell = list[tuple[int, str]]  # pieces of text, each with the event from which on it is known


def graph_rows(graph: Graph) -> list[tuple[str, ...]]:
    """One row for each op, then one for each leaf's gradient; the header is `HEADER`."""
    return joined_rows(table_cells(graph))


def joined_rows(rows: list[list[Cell]]) -> list[tuple[str, ...]]:
    """What the cells say in the end."""
    return [tuple(BETWEEN.join(text for _, text in cell) for cell in row) for row in rows]


def _always(*texts: str) -> list[Cell]:
    return [[(BEFORE, text)] for text in texts]


def table_cells(graph: Graph) -> list[list[Cell]]:
    """The rows of the table, cell by cell; a node that several backward calls ran has a piece for each."""
    ran: dict[int, list[NodeRan]] = defaultdict(list)
    for call in graph.calls:
        for node in call.ran:
            ran[node.node].append(node)
    stacks = {op.step: item for item in graph.items.values() if item.kind == "stack" for op in item.ops}
    rows: list[list[Cell]] = []
    left_out = 0
    for number, op in enumerate(graph.ops):
        stack = stacks.get(op.step)
        if stack is not None:  # all of it in one row, where it begins
            if stack.ops[0] is op:
                rows.append(_always(f"{number + 1}–{number + len(stack.ops)}", "", _stack_text(stack), "", "", ""))
            continue
        if len(rows) >= MOST_ROWS:
            left_out += 1
            continue
        source = f"line {op.position.line}: {_short(op.position.code)}" if op.position is not None else ""
        result = ", ".join(
            f"{graph.labels[out]} = {nums.one_line(graph.values[out].numbers, 48)}" for out in op.outputs
        )
        back = first_and_last(ran.get(op.node, []) if op.node is not None else [], MOST_TOLD)
        received: Cell = [(node.step, _gradients(", ", node.received)) for node in back]
        sent: Cell = [(node.step, _gradients("; ", node.sent)) for node in back]
        cells = _always(str(number + 1), source, op_call(op, graph))
        rows.append([*cells, [(op.step, _short(result))], received, sent])
    if left_out:
        rows.append(_always("…", "", f"{left_out} more operations", "", "", ""))
    given = [event for events in graph.grads.values() for event in events if isinstance(event, Accumulated)]
    given.sort(key=lambda event: event.step)
    for event in first_and_last(given, MOST_GRADS):
        after: Cell = [(event.step, nums.one_line(event.after, 48))]
        called = _always("", f"backward {event.call + 1}", f"{event.name or 'tensor'}.grad")
        rows.append([*called, after, *_always("", "")])
    if len(given) > MOST_GRADS:
        rows.append(_always("…", "", f"{len(given) - MOST_GRADS} gradients between them", "", "", ""))
    failure = graph.failure
    if failure is not None:
        error: list[Cell] = [[(failure.step, text)] for text in ("✗", "", failure.error, failure.message)]
        rows.append([*error, *_always("", "")])
    return rows


def _gradients(joint: str, numbers: Iterable[Numbers | None]) -> str:
    return _short(joint.join(nums.one_line(each, 40) for each in numbers if each is not None))


def _short(text: str) -> str:
    return text if len(text) <= MOST_CODE else text[: MOST_CODE - 1] + "…"


def _stack_text(item: Item) -> str:
    return f"{item.title}: {len(item.ops):,} operations" if item.of_turns else item.title
