"""A recording as a graph for Graphviz: what the picture shows, every operation on its own, modules as clusters.

Rests on the graph renderer's items, lines and colours, and on the package `graphviz`; `Trace.to_graphviz()` loads it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from autogradkit.tracing.recording import Recording
from autogradkit.tracing.render.graph.drawing.parts import Text, forward_lines, gradient_lines, measure
from autogradkit.tracing.render.graph.structure.build import build
from autogradkit.tracing.render.graph.structure.model import Graph, Item, Link, ends_of
from autogradkit.tracing.render.graph.wording import titles, words
from autogradkit.tracing.render.marks.colours import LIGHT
from autogradkit.tracing.render.marks.svg import esc
from autogradkit.tracing.render.marks.widths import clip, wrap_text

try:
    import graphviz
except ModuleNotFoundError:
    raise ModuleNotFoundError(
        "to_graphviz() needs the Python package graphviz: pip install graphviz. Trace.to_html() draws without it.",
        name="graphviz",
    ) from None

SANS = "Helvetica,Arial,DejaVu Sans,sans-serif"
MONO = "DejaVu Sans Mono,Consolas,monospace"
WITHOUT_DOT = (
    "Drawing needs the program dot of Graphviz, which pip does not bring: apt install graphviz, brew install graphviz, "
    "conda install graphviz, or https://graphviz.org/download. Without it, .source is the DOT text, and Trace.to_html() "
    "draws the graph."
)
BOX = {  # kind of an item -> how it is drawn, beside its colours
    "tensor": {"shape": "box", "style": "rounded,filled"},
    "op": {"shape": "ellipse", "style": "filled"},
    "failed": {"shape": "ellipse", "style": "filled,dashed"},
}


class TraceGraph(graphviz.Digraph):
    """A Digraph that says, where the program `dot` is missing, what to do."""

    def pipe(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().pipe(*args, **kwargs)
        except graphviz.ExecutableNotFound as error:
            error.add_note(WITHOUT_DOT)
            raise

    def render(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().render(*args, **kwargs)
        except graphviz.ExecutableNotFound as error:
            error.add_note(WITHOUT_DOT)
            raise


@dataclass
class _Cluster:
    """One call of a module: the items that belong to it alone, and the modules that it called."""

    title: str
    keys: list[str] = field(default_factory=list)
    inner: list[_Cluster] = field(default_factory=list)


def to_graphviz(recording: Recording) -> TraceGraph:
    """The graph as a `graphviz.Digraph`; only rendering it needs the `dot` program, `.source` does not."""
    graph = build(recording)
    ends = ends_of(graph.links)
    dot = TraceGraph(
        "autogradkit",
        graph_attr={
            "label": _html(_heading(recording, graph)), "labelloc": "t", "fontname": SANS, "fontsize": "12",
            "fontcolor": LIGHT["ink"], "bgcolor": LIGHT["ground"], "nodesep": "0.4",
        },
        node_attr={"fontname": SANS, "fontsize": "12", "fontcolor": LIGHT["ink"], "margin": "0.12,0.06"},
        edge_attr={"fontname": SANS, "fontsize": "11", "arrowsize": "0.7"},
    )  # fmt: skip
    _fill(
        dot, _clusters(graph), graph, {key: measure(item, graph, *ends[key]).lines for key, item in graph.items.items()}
    )
    for link in graph.links:
        _edge(dot, link, graph)
    return dot


def _heading(recording: Recording, graph: Graph) -> list[Text]:
    heading = clip(titles.title(recording), 700, 12, mono=True)
    lines = [Text([(heading, "ink", True, True)])] if heading else []
    lines += [Text([(line, "muted", False, False)]) for line in wrap_text(words.overview(graph), 700)]
    if graph.failure is not None:
        for line in wrap_text(f"{graph.failure.error}: {graph.failure.message}", 700, 12, mono=True, lines=9):
            lines.append(Text([(line, "error", True, False)]))
    lines += [Text([(f"⋯ {sentence}", "muted", False, False)]) for sentence in graph.left_out]
    return lines


def _clusters(graph: Graph) -> _Cluster:
    """What lies in which call of which module. A tensor lies where all that it is linked to lies, data outside."""
    root = _Cluster("")
    home: dict[str, tuple[_Cluster, ...]] = {}
    path: tuple[_Cluster, ...] = (root,)
    for op in graph.ops:
        same = 0
        while same < min(len(path) - 1, len(op.scope)) and path[same + 1].title == op.scope[same]:
            same += 1
        path = path[: same + 1]
        for title in op.scope[same:]:
            made = _Cluster(title)
            path[-1].inner.append(made)
            path = (*path, made)
        home[f"o{op.step}"] = path
    beside: dict[str, list[str]] = {}
    for link in graph.links:
        beside.setdefault(link.tail, []).append(link.head)
        beside.setdefault(link.head, []).append(link.tail)
    for key, item in graph.items.items():
        inside = key in beside and item.value is not None and (item.value.is_parameter or not item.value.is_leaf)
        found = _common(home.get(other, (root,)) for other in beside[key]) if inside else (root,)
        home.get(key, found)[-1].keys.append(key)
    return root


def _common(paths: Iterable[tuple[_Cluster, ...]]) -> tuple[_Cluster, ...]:
    """The beginning that all paths share."""
    first, *others = paths
    for other in others:
        same = 0
        while same < min(len(first), len(other)) and first[same] is other[same]:
            same += 1
        first = first[:same]
    return first


def _fill(dot: Any, cluster: _Cluster, graph: Graph, lines: dict[str, list[Text]], name: str = "") -> None:
    for key in cluster.keys:
        item = graph.items[key]
        dot.node(
            key, _html(_marked(item, lines[key])), tooltip=_tip(item, graph), **BOX[item.kind], **_paint(item, graph)
        )
    for number, inner in enumerate(cluster.inner):
        path = f"{name}_{number}"
        with dot.subgraph(name=f"cluster{path}") as part:
            title = Text([(inner.title, "ink", True, True)])
            part.attr(label=_html([title]), labeljust="l", style="rounded", color=LIGHT["mark"], tooltip=inner.title)
            _fill(part, inner, graph, lines, path)


def _marked(item: Item, lines: list[Text]) -> list[Text]:
    marks = [text for text, holds in (("✗ stopped here", item.stopped), ("✎ edited here", item.culprit)) if holds]
    marks += [f"{name} · freed" for name in item.freed]
    return lines + [Text([(mark, "error", False, False)]) for mark in marks]


def _tip(item: Item, graph: Graph) -> str:
    node = item.op.node_name if item.op is not None else None
    return graphviz.escape(words.item_title(item, graph) + (f" · {node}" if node else ""))


def _paint(item: Item, graph: Graph) -> dict[str, str]:
    """The colours of the picture: a leaf's rim is blue, data's grey, what a backward pass recorded is drawn as gradients are."""
    fill, rim, width = "ground", "ink", 1.2
    if item.value is not None:
        fill, rim = "panel", "rule"
        if item.value.is_leaf:
            rim, width = ("leaf", 1.8) if item.value.requires_grad else ("mark", 1.4)
    if item.op is not None and item.op.step in graph.second_order:
        rim = "gradient"
    if item.stopped or item.culprit:
        fill, rim, width = "blush", "error", 1.8
    return {"fillcolor": LIGHT[fill], "color": LIGHT[rim], "penwidth": str(width)}


def _edge(dot: Any, link: Link, graph: Graph) -> None:
    """The value in ink downward, as straight as can be; beside it, dashed and upward, the gradient."""
    memory = link.kind == "memory"
    forward = forward_lines(link, graph)
    dot.edge(
        link.tail, link.head, label=_html(forward, before=" "),
        weight="4" if forward else "1",  # without a label it would lie on the gradient's edge if it were straight
        color=LIGHT["mark" if memory else "ink"], style="dotted" if memory else "solid",
    )  # fmt: skip
    if link.grads:
        dot.edge(
            link.tail, link.head, label=_html(gradient_lines(link, graph), before=" "),
            color=LIGHT["gradient"], style="dashed", dir="back",
        )  # fmt: skip


def _html(lines: Iterable[Text], before: str = "") -> str:
    """Lines as an HTML-like label, each after `before`; the empty label where there are none."""
    spans = [
        "".join(_span(*part) for part in [(before, "ink", False, False), *line.parts] if part[0]) for line in lines
    ]
    return "<" + "".join(span + '<BR ALIGN="LEFT"/>' for span in spans) + ">" if spans else ""


def _span(text: str, role: str, mono: bool, bold: bool) -> str:
    face = f' FACE="{MONO}"' if mono else ""
    shown = esc(text).replace(" ", "&#160;")
    return f'<FONT COLOR="{LIGHT[role]}"{face}>{f"<B>{shown}</B>" if bold else shown}</FONT>'
