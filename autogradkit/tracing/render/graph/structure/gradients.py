"""The gradients that came back: which backward call sent what along which edge.

Rests on `model.py` and the event stream; `build.py` asks it.
"""

from __future__ import annotations

from dataclasses import replace

from autogradkit.tracing.events import NodeRan, Op
from autogradkit.tracing.render.graph.structure.model import Call, Ends, Grad, Graph, Link, ends_of, op_key


def put_gradients(graph: Graph) -> None:
    """Give each edge of a whole graph the gradients that its backward calls sent along it."""
    if not graph.calls:
        return
    by_node: dict[int, Op] = {}
    for op in graph.ops:
        if op.node is not None:
            by_node.setdefault(op.node, op)
    accumulators = {e.tensor: e.node for call in graph.calls for e in call.accumulated if e.node is not None}
    ends = ends_of(graph.links)
    for call in graph.calls:
        for ran in call.ran:
            op = by_node.get(ran.node)
            if op is None or op_key(op) not in graph.items:
                continue
            arriving, leaving = ends[op_key(op)]
            if op.node_name == "CopySlices":
                _copy_slices(ran, call, op_key(op), ends)
                written = [link for link in arriving if link.kind == "flow" and link.argument > 0]
                _sent(graph, replace(ran, sent=(None, *ran.sent[1:])), call, written, accumulators)
                continue
            for link in leaving:
                if link.kind == "flow" and graph.items[link.head].kind == "tensor":
                    place = op.outputs.index(link.value) if link.value in op.outputs else 0
                    numbers = ran.received[place] if place < len(ran.received) else None
                    if numbers is not None:
                        link.grads.append(Grad(call.number, numbers, ran.step))
            _sent(graph, ran, call, arriving, accumulators)


def _copy_slices(ran: NodeRan, call: Call, key: str, ends: Ends) -> None:
    """An edit through a view: the gradient passes through the base, not through the view; what was written gets its own."""
    arriving, leaving = ends[key]
    passed = [link for tail in {key, *(link.head for link in leaving)} for link in ends[tail][1] if link.head != key]
    for links, gradients in ((passed, ran.received), (arriving, ran.sent)):
        numbers = gradients[0] if gradients else None  # none at all in a damaged file
        for link in links:
            if link.kind == "memory" and numbers is not None:
                link.grads.append(Grad(call.number, numbers, ran.step))


def _sent(graph: Graph, ran: NodeRan, call: Call, links: list[Link], accumulators: dict[int, int]) -> None:
    """Give each input its gradient: an edge leads to the node that made the input, or to its leaf."""
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
                    break
