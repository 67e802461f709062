"""A row of operations that only turn or reshape, `q.view(1, 3, 2, 2).transpose(1, 2)`: in a very tall picture one operation,
which can be opened.

Rests on `model.py` and `collapse.py`; `picture.py` asks it, and `moved.py` which operations these are.
"""

from __future__ import annotations

from collections import Counter
from itertools import groupby, pairwise

from autogradkit.tracing.events import Op
from autogradkit.tracing.render.graph.structure.collapse import Group, collapse
from autogradkit.tracing.render.graph.structure.model import Graph, Item, inputs_of, op_key

RESHAPES = frozenset({"view", "_unsafe_view", "_reshape_alias", "unsqueeze", "squeeze", "expand", "clone", "alias"})
TURNS = frozenset({"t", "transpose", "permute"})
# Which may be among them, but are no row by themselves: `x[0, 0]` says it all.
_SUBSCRIPTS = frozenset({"select", "slice"})

BETWEEN = " · "  # in the title of a row


def join_moves(graph: Graph) -> bool:
    """Put one item in place of each such row, of whose results nobody but the next operation in it has any. Whether there are."""
    uses = Counter(value for op in graph.ops for value in inputs_of(op))
    asked = {root for call in graph.calls for root in call.begin.roots} | graph.contributions.keys()

    def moves(op: Op) -> bool:
        item = graph.items.get(op_key(op))
        whole = item is not None and item.kind == "op" and not (item.stopped or item.culprit or item.freed)
        alone = len(op.outputs) == 1 and op.step not in graph.second_order
        return whole and alone and op.name in RESHAPES | TURNS | _SUBSCRIPTS

    def leads_to(op: Op, following: Op) -> bool:
        value = graph.values[op.outputs[0]]
        known = value.name is not None or value.id in asked or value.tensor in graph.edited
        return inputs_of(following) == [value.id] and uses[value.id] == 1 and not known

    rows: list[list[Op]] = []
    places = {op.step: number for number, op in enumerate(graph.ops, 1)}
    for op, following in pairwise(graph.ops):
        if moves(op) and moves(following) and leads_to(op, following):
            if not rows or rows[-1][-1] is not op:
                rows.append([op])
            rows[-1].append(following)
    groups: list[Group] = []
    for ops in rows:
        if all(op.name in _SUBSCRIPTS for op in ops):
            continue
        names = ["[…]" if op.name in _SUBSCRIPTS else op.called or op.label for op in ops]
        title = BETWEEN.join(name for name, _ in groupby(names))
        path = f"operations {places[ops[0].step]:,}–{places[ops[-1].step]:,}"
        item = Item(f"c{ops[0].step}", "call", ops[0].step, ops=ops, title=title, path=path)
        groups.append(Group([op_key(op) for op in ops], item))
    collapse(graph, groups)
    return bool(groups)
