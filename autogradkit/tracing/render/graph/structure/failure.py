"""Where a cell failed, on its graph: the operation that raised, or the node at which backward stopped and why.

Rests on `model.py`; `build.py` asks it.
"""

from __future__ import annotations

from autogradkit.tracing.render.graph.structure.model import Graph, Item, Link, inputs_of, is_edit, op_key, value_key


def mark_failure(graph: Graph) -> None:
    """Draw the operation that raised; or mark the node at which backward stopped, what it missed, and the edit to blame."""
    failure = graph.failure
    if failure is None:
        return
    if failure.op is not None:
        item = Item("failed", "failed", failure.step, title=failure.op, stopped=True)
        graph.items["failed"] = item
        for argument in failure.inputs:
            if argument.value is not None:
                graph.links.append(Link(value_key(argument.value), "failed", argument.value))
        return
    call = next((call for call in graph.calls if call.failed), None)
    if call is None:
        return
    by_node = {op.node: op for op in graph.ops if op.node is not None}
    done = {ran.node for ran in call.ran}
    waiting = {edge for ran in call.ran for edge in ran.edges if edge is not None and edge not in done}
    if not call.ran:
        waiting = {graph.producer[root].node for root in call.begin.roots if root in graph.producer}
    stopped = max((by_node[node] for node in waiting if node in by_node), key=lambda op: op.step, default=None)
    if stopped is None or op_key(stopped) not in graph.items:
        return
    item = graph.items[op_key(stopped)]
    item.stopped = True
    if "second time" in failure.message:
        item.freed = tuple(each.name for each in stopped.saved if each.version is not None)
    if "modified by an inplace operation" in failure.message:
        near = {graph.values[v].storage for v in (*inputs_of(stopped), *stopped.outputs)}
        for op in graph.ops:
            edits = is_edit(op) and op.outputs and op.step > stopped.step
            if edits and graph.values[op.outputs[0]].storage in near:
                graph.items[op_key(op)].culprit = True
