"""The rows on what a node keeps for backward: value, version, bytes, and what became of it.

Rests on `model.py` and `numbers.py`; the detail panel of `steps.py` shows them.
"""

from __future__ import annotations

from ..events import NodeRan, Op, Saved
from . import numbers as nums
from .model import Graph


def saved_rows(op: Op, ran: list[NodeRan], graph: Graph) -> list[list[str]]:
    """A row for each saved tensor of an op's node, which `ran` backward so often, and what they come to."""
    if op.node is None:
        return []
    tensors = [each for each in op.saved if each.version is not None]
    if not tensors:
        return [["saved", "nothing of the forward pass: its rule needs none of it"]] if op.facts.rule else []
    settings = [f"{each.name} = {each.text}" for each in op.saved if each.version is None]
    retained = {call.number for call in graph.calls if call.begin.retain_graph}
    freeing = next((each.call for each in ran if each.call not in retained), None)
    rows = [[f"saved {each.name}", _told(each, op, graph)] for each in tensors]
    if settings:
        rows.append(["saved settings", ", ".join(settings)])
    sizes = {each.name if each.value is None else each.value: each.nbytes for each in tensors}
    total = f"{sum(sizes.values()):,}" + (" (what was saved twice counts once)" if len(sizes) < len(tensors) else "")
    if freeing is not None:
        total += f"; empty now: freed after backward {freeing + 1}"
    elif all(each.version_at_end is None for each in tensors):
        total = "empty: freed, or given up with the graph, as nobody holds it any more"
    rows.append(["saved bytes", total])
    return rows


def _told(each: Saved, op: Op, graph: Graph) -> str:
    if each.value is None and each.text is None:
        return "freed"
    value = each.text
    if each.value is not None:
        value = f"{graph.labels[each.value]} = {nums.one_line(graph.values[each.value].numbers, 44)}"
    told = f"{value}\n{each.nbytes:,} bytes, at version {each.version}"
    if each.version_at_end is None or each.version_at_end == each.version:
        return told
    edit = next((f" by {e.label}{_line(e)}" for e in _edits(each, op, graph)), "")
    return f"{told}\nedited since{edit}: now version {each.version_at_end}, so backward cannot use it and fails"


def _edits(each: Saved, op: Op, graph: Graph) -> list[Op]:
    """The edits of the memory of a saved value after it was saved."""
    if each.value is None:
        return []
    storage = graph.values[each.value].storage
    return [
        later
        for later in graph.ops
        if later.kind == "inplace" and later.step > op.step and graph.values[later.outputs[0]].storage == storage
    ]


def _line(op: Op) -> str:
    return f" in line {op.position.line}" if op.position is not None else ""
