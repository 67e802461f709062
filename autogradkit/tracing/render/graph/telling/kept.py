"""The rows on what a node keeps for backward: value, version, bytes, and what became of it.

Rests on `model.py` and `numbers.py`; the detail panel of `steps.py` shows them.
"""

from __future__ import annotations

from autogradkit.tracing.events import NodeRan, Op, Saved
from autogradkit.tracing.render.graph.structure.known import AT_END, Row
from autogradkit.tracing.render.graph.structure.model import Graph, is_edit
from autogradkit.tracing.render.marks import numbers as nums


def saved_rows(op: Op, ran: list[NodeRan], graph: Graph) -> list[Row]:
    """A row for each saved tensor of an op's node, which `ran` backward so often, and what they come to."""
    if op.node is None:
        return []
    tensors = [each for each in op.saved if each.version is not None]
    if not tensors:
        return [["saved", "nothing of the forward pass: its rule needs none of it"]] if op.facts.rule else []
    settings = [f"{each.name} = {each.text}" for each in op.saved if each.version is None]
    retained = {call.number for call in graph.calls if call.begin.retain_graph}
    freeing = next((each for each in ran if each.call not in retained), None)
    rows: list[Row] = []
    for each in tensors:
        rows.append([f"saved {each.name}", _description(each, graph), op.step])
        rows += _edited(each, op, graph)
    if settings:
        rows.append(["saved settings", ", ".join(settings)])
    sizes = {each.name if each.value is None else each.value: each.nbytes for each in tensors}
    once = " (what was saved twice counts once)" if len(sizes) < len(tensors) else ""
    rows.append(["saved bytes", f"{sum(sizes.values()):,}{once}"])
    if freeing is not None:
        rows.append(["now", f"empty: freed after backward {freeing.call + 1}", freeing.step])
    elif all(each.version_at_end is None for each in tensors):
        rows.append(["now", "empty: freed, or given up with the graph, as nobody holds it any more", AT_END])
    return rows


def _description(each: Saved, graph: Graph) -> str:
    if each.value is None and each.text is None:
        return "freed"
    value = each.text
    if each.value is not None:
        value = f"{graph.labels[each.value]} = {nums.one_line(graph.values[each.value].numbers, 44)}"
    return f"{value}\n{each.nbytes:,} bytes, at version {each.version}"


def _edited(each: Saved, op: Op, graph: Graph) -> list[Row]:
    """What an edit of a saved value since then means."""
    if (each.value is None and each.text is None) or each.version_at_end in (None, each.version):
        return []
    edit = next(iter(_edits(each, op, graph)), None)
    by, since = ("", AT_END) if edit is None else (f" by {edit.label}{_line(edit)}", edit.step)
    told = f"edited{by}: now version {each.version_at_end}, so backward cannot use it and fails"
    return [[f"{each.name} since then", told, since]]


def _edits(each: Saved, op: Op, graph: Graph) -> list[Op]:
    """The edits of the memory of a saved value after it was saved."""
    if each.value is None:
        return []
    storage = graph.values[each.value].storage
    return [
        later
        for later in graph.ops
        if is_edit(later) and later.step > op.step and graph.values[later.outputs[0]].storage == storage
    ]


def _line(op: Op) -> str:
    return f" in line {op.position.line}" if op.position is not None else ""
