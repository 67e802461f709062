"""What the picture of a graph says in words: sentences, what things are called.

Rests on `model.py`, `spelling.py` and `numbers.py`; `drawing` and `telling` speak with it.
"""

from __future__ import annotations

from autogradkit.tracing.events import Op
from autogradkit.tracing.render.graph.structure.model import Call, Graph, Item, Link, is_change, is_maker
from autogradkit.tracing.render.graph.wording.spelling import spelled_call
from autogradkit.tracing.render.marks.numbers import shape_text

REASONS = {
    "no_grad": "the cell ran under no_grad(), which switches recording off",
    "inference": "the cell ran under inference_mode(), which switches recording off",
    "inputs": "no input requires grad",
    "dtype": "the results are not differentiable (integers or booleans)",
}


MOST_CALL = 160  # characters of a call that are told


def op_call(op: Op, graph: Graph) -> str:
    """The op as a call on the learner's names: `mul(x, 2)`; of a call with very many arguments, its beginning and its end."""
    call = spelled_call(op, graph.labels, graph.values)
    return call if len(call) <= MOST_CALL else f"{call[: MOST_CALL - 40]} … {call[-37:]}"


def overview(graph: Graph) -> str:
    """One sentence for the whole picture."""
    forward = [op for op in graph.ops if op.step not in graph.second_order]
    if not graph.ops and not graph.items:
        if graph.failure is not None:
            return "The cell failed before any tensor operation ran."
        return "No tensor operation ran in this cell, so there is nothing to draw."
    made = sum(is_maker(op) for op in forward)
    ran = len(forward) - made
    counted = (
        "No operation ran forward"
        if not forward
        else f"{ran} operation{'s' * (ran != 1)} ran forward"
        if ran
        else f"{made} new tensor{'s' * (made != 1)}"
    )
    reasons = {op.why_not for op in forward if not (op.kind == "detach" or is_maker(op))}
    nodes = [op for op in forward if op.node is not None]
    if graph.failure is not None and not graph.calls:
        where = f" in {graph.failure.op}" if graph.failure.op else ""
        if graph.failure.op and graph.failure.layers:
            where += f" of {graph.failure.layers[-1].name}"
        if not graph.ops:
            return f"The cell failed{where} before any operation finished."
        return f"{counted}, then the cell failed{where}."
    if graph.calls:
        done = [call for call in graph.calls if not call.failed]
        steps = sum(len(call.ran) for call in graph.calls)
        times = f"{len(graph.calls)} backward calls, " if len(graph.calls) > 1 else ""
        text = f"{counted}; {times}{steps} node{'s' * (steps != 1)} ran backward, gradients (∂) flow up."
        if not steps:
            text = f"{counted}; {times or 'the backward call '}reached leaves only."
        if len(done) > 1 and any(e.before is not None for call in done for e in call.accumulated):
            text += " Each call adds to .grad."
        returned = [call for call in done if not call.begin.accumulate]
        if returned:
            which = "" if len(returned) == len(graph.calls) else f" ({_numbered(returned)})"
            text += f" autograd.grad{which} returned its gradients and added nothing to .grad."
        if graph.failure is not None:
            last = graph.calls[-1]
            text += f" Backward call {last.number + 1} failed." if last.failed else " Then the cell failed."
        if graph.second_order:
            many = len(graph.second_order)
            what = f"{many} operation{'s' * (many != 1)}"
            text += (
                f" create_graph=True recorded {what} of the backward pass, too."
                if any(call.begin.create_graph for call in graph.calls)
                else f" While backward ran, hooks or recomputation ran {what}."
            )
        return text
    if ran and not nodes:
        reason = next(
            (REASONS[r] for r in ("no_grad", "inference", "inputs", "dtype") if r in reasons), REASONS["inputs"]
        )
        return f"{counted}. No graph was recorded: {reason}; backward() would have nothing to follow."
    if not ran:
        return f"{counted}; no operation connects them."
    return f"{counted}. No backward call, so there are no gradients yet."


def _numbered(calls: list[Call]) -> str:
    """`call 1`, `calls 1, 2`, `calls 1, 2 … 30`."""
    numbers = [str(call.number + 1) for call in calls]
    told = ", ".join(numbers) if len(numbers) < 4 else f"{numbers[0]}, {numbers[1]} … {numbers[-1]}"
    return f"call{'s' * (len(numbers) > 1)} {told}"


def alt(graph: Graph, heading: str, overview: str) -> str:
    """What is read aloud in place of the picture with this title and this sentence."""
    failure = f" It failed with {graph.failure.error}." if graph.failure is not None else ""
    drawn = f"Graph of {heading[:160]}." if heading else "Graph."
    return f"{drawn} {overview}{failure}"


def item_title(item: Item, graph: Graph) -> str:
    """What an item is called in sentences and lists."""
    if item.kind == "tensor" and item.value is not None:
        value = item.value
        kind = (
            "leaf that requires grad"
            if value.is_leaf and value.requires_grad
            else "data"
            if value.is_leaf
            else "result"
        )
        again = " again" if item.again else ""
        return f"{graph.labels[value.id]}{again}, {kind}, {shape_text(value.numbers.shape)}"
    if item.kind == "op" and item.op is not None:
        return op_call(item.op, graph)
    if item.kind == "call":
        return f"{item.title}, {len(item.ops)} operations"
    if item.kind == "module":
        calls = f" in {item.times} calls" if item.times > 1 else ""
        return f"module {item.title}, {len(item.ops)} operation{'s' * (len(item.ops) != 1)}{calls}"
    if item.kind == "stack":
        equal = f"{item.times} equal turns" if item.times > 1 else f"{len(item.ops)} operations"
        return f"{item.title}, {equal}" if item.of_turns else item.title
    return f"{item.title}, which failed"


def way_of(link: Link, graph: Graph) -> str:
    """How a value came of another one that is no operand of an op: as its gradient, or in the same memory; else nothing."""
    tail, head = graph.items[link.tail].value, graph.items[link.head].value
    if link.kind == "grad":
        gradient = graph.values[link.value]  # which may be in a stack
        return "∂, returned" if gradient.grad_of is None else "∂, kept" if gradient.given else "its .grad"
    if link.kind != "memory":
        return ""
    if tail is not None and head is not None and tail.id == link.value and head.base == tail.tensor:
        return "still a view of it"
    if is_change(link, graph.items):
        return "changed by no operation"
    stacked_gradient = head is None and graph.values[link.value].grad_of is not None
    if stacked_gradient or (head is not None and head.id != link.value):
        return "backward adds to it"
    into_edit = graph.items[link.head].kind == "op" or (tail is not None and tail.id == link.value)
    return "the rest stays" if into_edit else "edited through the view"
