"""A function of the learner's that ran several times, as `rope(q)` and `rope(k)`: in a large graph each call of it is one
operation, which can be opened.

Rests on `model.py` and `collapse.py`; `fold.py` asks it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from autogradkit.tracing.events import Layer, Op
from autogradkit.tracing.render.graph.structure.collapse import Group, collapse
from autogradkit.tracing.render.graph.structure.model import Graph, Item, inputs_of, is_maker

LEAST_CALLS = 2
LEAST_STEPS = 3  # operations of each of them


def fold_functions(graph: Graph, folds: dict[str, bool]) -> None:
    """Put one item in place of each call of such a function, the outermost, but those that `folds` opens by their path (False).
    A function that goes backward, or in which something failed, stays open."""
    closed: dict[int, Item] = {}
    inside: dict[int, str] = {}  # of each operation in an opened one, its path
    places = {op.step: number for number, op in enumerate(graph.ops, 1)}
    for call, ops in repeated(graph).items():
        if not any(op.step in closed for op in ops):
            path = f"{call.name} (operations {places[ops[0].step]:,}–{places[ops[-1].step]:,})"
            title = f"{call.name}({call.kind})"
            if folds.get(path, True):
                graph.functions.add(call.call)
                item = Item(f"c{ops[0].step}", "call", ops[0].step, ops=ops, title=title, path=path)
                closed |= dict.fromkeys([op.step for op in ops], item)
            else:
                graph.opened.append(path)
                inside |= dict.fromkeys([op.step for op in ops], path)
    groups: dict[str, Group] = {item.key: Group([], item) for item in closed.values()}
    users: dict[int, set[str]] = defaultdict(set)
    for op in graph.ops:
        for value in inputs_of(op):
            users[value].add(closed[op.step].key if op.step in closed else "")
    for key, item in graph.items.items():
        maker = graph.producer.get(item.value.id) if item.value is not None else None
        if item.op is not None and item.op.step in closed:
            groups[closed[item.op.step].key].keys.append(key)
        elif item.op is not None and item.op.step in inside:
            graph.items[key] = replace(item, inside=inside[item.op.step])
        elif item.value is not None and maker is not None and is_maker(maker) and maker.step in closed:
            own = closed[maker.step].key  # what it makes for itself
            if users[item.value.id] == {own} and not item.value.requires_grad:
                groups[own].keys.append(key)
    collapse(graph, [group for group in groups.values() if group.keys])


def repeated(graph: Graph) -> dict[Layer, list[Op]]:
    """The calls of functions that ran several times, each with its operations, outer ones before those in them."""
    calls: dict[Layer, list[Op]] = defaultdict(list)
    for op in graph.ops:
        for function in op.functions:
            calls[function].append(op)
    place = {op.step: number for number, op in enumerate(graph.ops)}
    told = [*(call.begin.step for call in graph.calls), *([graph.failure.step] if graph.failure is not None else [])]
    failed = {item.op.step for item in graph.items.values() if item.op is not None and (item.stopped or item.culprit)}

    def whole(ops: Sequence[Op]) -> bool:
        first, last = ops[0].step, ops[-1].step
        one_run = place[last] - place[first] == len(ops) - 1
        return one_run and not any(first < step < last for step in told) and failed.isdisjoint(op.step for op in ops)

    several: dict[str, dict[Layer, list[Op]]] = defaultdict(dict)
    for call, ops in calls.items():
        if len(ops) >= LEAST_STEPS and whole(ops):
            several[call.name][call] = ops
    return {
        call: ops
        for call, ops in calls.items()
        if call in several[call.name] and len(several[call.name]) >= LEAST_CALLS
    }
