"""Traces for other programs: DOT for Graphviz, and a self-contained page.

Rests on trace, serial and the graph renderer.
"""

from __future__ import annotations

from typing import Any

from autogradkit.tracing.events import Accumulated
from autogradkit.tracing.render.graph import graph_alt, graph_svg
from autogradkit.tracing.render.svg import esc
from autogradkit.tracing.serial import to_json
from autogradkit.tracing.table import shown, table
from autogradkit.tracing.trace import Trace


def to_graphviz(trace: Trace) -> Any:
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


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>body{{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1b1f24;background:#fff}}
pre{{background:#f6f8fa;padding:.8rem;overflow:auto;border-radius:6px}}figure{{margin:1rem 0;overflow:auto}}</style></head>
<body><h1>{title}</h1>{source}<figure role="img" aria-label="{alt}">{svg}</figure>
<details><summary>as a table</summary><pre>{table}</pre></details>
<script type="application/json" id="autogradkit-trace">{json}</script></body></html>
"""


def to_html(trace: Trace) -> str:
    """A page that needs nothing else: the picture, the table, and the trace itself as JSON."""
    title = next((line for line in trace.source.splitlines() if line.strip()), "A trace")
    return _PAGE.format(
        title=esc(title),
        source=f"<pre>{esc(trace.source)}</pre>" if trace.source else "",
        alt=esc(graph_alt(trace)),
        svg=graph_svg(trace),
        table=esc(table(trace)),
        json=to_json(trace),
    )
