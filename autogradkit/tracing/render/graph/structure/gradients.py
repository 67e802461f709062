"""The gradients that came back: which backward call sent what along which edge.

Rests on `model.py` and the event stream; `build.py` asks it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from autogradkit.tracing.events import NodeRan, Op
from autogradkit.tracing.render.graph.structure.model import (
    Call,
    Ends,
    Grad,
    Graph,
    Link,
    ends_of,
    is_change,
    op_key,
    value_key,
)
from autogradkit.tracing.render.marks.numbers import total


def attach_gradients(graph: Graph) -> dict[int, int]:
    """Give each edge of a whole graph the gradients that its backward calls sent along it. Which nodes that no op has made
    led from which value to its base, and are drawn so."""
    told: dict[int, int] = {}
    if not graph.calls:
        return told
    by_node: dict[int, Op] = {}
    for op in graph.ops:
        if op.node is not None:
            by_node.setdefault(op.node, op)
    accumulators = {e.tensor: e.node for call in graph.calls for e in call.accumulated if e.node is not None}
    known = {*by_node, *accumulators.values()}
    ends = ends_of(graph.links)
    for call in graph.calls:
        views: dict[int, int] = {}  # a node that no op has made -> the value that its gradient came to
        if len(call.begin.roots) == 1 and call.ran and call.ran[0].node not in known:
            views[call.ran[0].node] = call.begin.roots[0]
        anew = [ran for ran in call.ran if ran.node not in known]
        # Nodes that get a part of theirs from views
        parts = {edge for ran in anew for edge in ran.edges if edge is not None}
        for ran in call.ran:
            op = by_node.get(ran.node)
            if op is None:
                if ran.node in views and _view_again(graph, ran, call, views[ran.node], ends):
                    told[ran.node] = views[ran.node]
                continue
            if op_key(op) not in graph.items:
                continue
            arriving, leaving = ends[op_key(op)]
            if op.node_name == "CopySlices":
                _copy_slices(graph, ran, call, op_key(op), ends, whole=ran.node not in parts)
                arriving = [link for link in arriving if link.kind == "flow" and link.argument > 0]
                ran = replace(ran, sent=(None, *ran.sent[1:]))
            else:
                for link in leaving:
                    if link.kind == "flow" and graph.items[link.head].kind == "tensor":
                        place = op.outputs.index(link.value) if link.value in op.outputs else 0
                        numbers = ran.received[place] if place < len(ran.received) else None
                        if numbers is not None:
                            link.grads.append(Grad(call.number, numbers, ran.step))
            for target, value in _edges_sent(graph, ran, call, arriving, accumulators):
                if target not in known:
                    views[target] = value
    for link in reversed(graph.links):  # the later ones of a tensor's first
        if is_change(link, graph.items) and not graph.values[link.value].is_leaf:
            _pass_on(link, ends)
    return told


def _pass_on(link: Link, ends: Ends) -> None:
    """What each backward call sent to the head of an edge that no operation is on went on to its tail."""
    came: dict[int, list[Grad]] = defaultdict(list)
    for grad in (grad for other in ends[link.head][1] for grad in other.grads):
        came[grad.call].append(grad)
    for call, grads in came.items():
        link.grads.append(Grad(call, total([each.numbers for each in grads]), max(each.step for each in grads)))


def _view_again(graph: Graph, ran: NodeRan, call: Call, id: int, ends: Ends) -> bool:
    """A view of an edited base has a node that no op has made: what came to it went on to the base, or to the recorded edit
    that the view was left by. Whether an edge leads there."""
    view, arriving = graph.values[id], ends[value_key(id)][0]
    to_base = [link for link in arriving if link.kind == "memory" and graph.values[link.value].tensor == view.base]
    for links, gradients in ((to_base, ran.sent), ([] if to_base else arriving, ran.received)):
        numbers = gradients[0] if gradients else None
        for link in links:
            if link.kind != "grad" and numbers is not None:
                link.grads.append(Grad(call.number, numbers, ran.step))
    return view.base is not None and bool(arriving)


def _copy_slices(graph: Graph, ran: NodeRan, call: Call, key: str, ends: Ends, whole: bool) -> None:
    """An edit through a view: the gradient passes through the base, not through the view; what was written gets its own.
    `whole` says that all of it came by the base; else the base has what came to itself, and views have theirs."""
    arriving, leaving = ends[key]
    passed = [link for tail in {key, *(link.head for link in leaving)} for link in ends[tail][1] if link.head != key]
    for links, gradients in ((passed, ran.received), (arriving, ran.sent)):
        for link in links:
            if link.kind != "memory" or graph.values[link.value].base is not None:
                continue
            came = [*gradients[:1]]  # none at all in a damaged file
            if links is passed and not whole:
                came = [
                    grad.numbers for other in ends[link.head][1] for grad in other.grads if grad.call == call.number
                ]
            parts = [each for each in came if each is not None]
            if parts:
                link.grads.append(Grad(call.number, total(parts), ran.step))


def _edges_sent(
    graph: Graph, ran: NodeRan, call: Call, links: list[Link], accumulators: dict[int, int]
) -> Iterator[tuple[int, int]]:
    """Give each input its gradient: an edge leads to the node that made the input, or to its leaf. What it found: the node
    at the end of an edge, and the value."""
    free = [place for place, numbers in enumerate(ran.sent) if numbers is not None]
    waiting = [link for link in links if graph.values[link.value].requires_grad]
    for exact in (True, False):
        for link in list(waiting):
            maker = graph.producer.get(link.value)
            node = maker.node if maker is not None and maker.node is not None else None
            target = node if node is not None else accumulators.get(graph.values[link.value].tensor)
            if not exact and node is None and target is not None:
                continue  # a leaf that no edge leads to: it required no grad then
            for place in free:
                numbers = ran.sent[place]
                fits = numbers is not None and numbers.shape == graph.values[link.value].numbers.shape
                if (ran.edges[place] == target and target is not None) if exact else fits:
                    assert numbers is not None
                    link.grads.append(Grad(call.number, numbers, ran.step))
                    free.remove(place)
                    waiting.remove(link)
                    if (end := ran.edges[place]) is not None:
                        yield end, link.value
                    break
