"""A recording as a graph for Graphviz."""

from __future__ import annotations

from typing import Any

from autogradkit.tracing.events import Accumulated
from autogradkit.tracing.recording import Recording
from autogradkit.tracing.table import shown


def to_graphviz(trace: Recording) -> Any:
    """The graph as a `graphviz.Digraph`; only rendering it needs the `dot` program, `.source` does not."""
    import graphviz

    dot = graphviz.Digraph("autogradkit", node_attr={"fontname": "Helvetica", "fontsize": "11"})
    grads = {event.tensor: event for event in trace.events if isinstance(event, Accumulated)}
    drawn: set[int] = set()

    def tensor(value_id: int) -> str:
        name = f"v{value_id}"
        if value_id not in drawn:
            drawn.add(value_id)
            value = trace.values[value_id]
            label = f"{trace.label(value_id)}\n{shown(value.numbers, 30)}"
            if value.tensor in grads and value.is_leaf:
                label += f"\n∂ {shown(grads[value.tensor].after, 30)}"
            colour = "#0072b2" if value.is_leaf and value.requires_grad else "#59636e"
            dot.node(name, graphviz.escape(label), shape="box", style="rounded", color=colour)
        return name

    for op in trace.ops:
        dot.node(f"op{op.step}", graphviz.escape(op.name), shape="ellipse")
        for argument in op.inputs:
            if argument.value is not None:
                dot.edge(tensor(argument.value), f"op{op.step}")
        for output in op.outputs:
            dot.edge(f"op{op.step}", tensor(output))
    return dot
