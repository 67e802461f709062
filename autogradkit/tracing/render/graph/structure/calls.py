"""A call of the learner's in which several operations ran, `einsum`, `x @ y` of batches: one operation, which can be opened.

Rests on `model.py` and `collapse.py`; `fold.py` asks it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from autogradkit.tracing.render.graph.structure.collapse import Group, collapse
from autogradkit.tracing.render.graph.structure.model import Graph, Item, is_maker


def fold_calls(graph: Graph, folds: dict[str, bool]) -> None:
    """Put one item in place of each call, but those that `folds` opens by their path (False), and where something failed."""
    steps: dict[int, list[Item]] = defaultdict(list)
    places = {op.step: number for number, op in enumerate(graph.ops, 1)}
    for item in graph.items.values():
        if item.op is not None and item.op.part_of is not None and item.op.step not in graph.second_order:
            steps[item.op.part_of.call].append(item)
    made_in: dict[int, list[str]] = defaultdict(list)  # tensors without a name that a call makes for itself
    for item in graph.items.values():
        maker = graph.producer.get(item.value.id) if item.value is not None and item.value.name is None else None
        if maker is not None and is_maker(maker) and maker.part_of is not None:
            made_in[maker.part_of.call].append(item.key)
    groups: list[Group] = []
    for items in steps.values():
        ops = sorted((item.op for item in items if item.op is not None), key=lambda op: op.step)
        call = ops[0].part_of
        failed = graph.failure is not None and graph.failure.position == ops[0].position
        if call is None or len(ops) < 2 or failed or any(item.stopped or item.culprit for item in items):
            continue
        path = f"{call.name} (operations {places[ops[0].step]:,}–{places[ops[-1].step]:,})"
        if folds.get(path, True):
            title = f"{call.name}({call.kind})" if call.kind else call.name
            made = Item(f"c{ops[0].step}", "call", ops[0].step, ops=ops, title=title, path=path)
            groups.append(Group([*(item.key for item in items), *made_in[call.call]], made))
        else:
            graph.opened.append(path)
            for item in items:
                graph.items[item.key] = replace(item, inside=path)
    collapse(graph, groups)
