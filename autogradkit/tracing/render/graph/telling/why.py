"""Why a gradient is what it is: the rule of an op with the learner's names and the recorded numbers.

`∂c = ∂ · sin₁ = 1 · −0.2794 = −0.2794`. Numbers are printed only where the rule, computed from what was recorded, gives the
gradient that was recorded; else the rule stands with names alone, and a difference is said. Rests on `operands.py` and the
notation; `steps.py` speaks with it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from autogradkit.tracing.events import Accumulated, Argument, NodeRan, Numbers, Op
from autogradkit.tracing.notation import rules_in
from autogradkit.tracing.render.graph.structure.model import Graph, Link, inputs_of
from autogradkit.tracing.render.graph.telling.agreement import agree
from autogradkit.tracing.render.graph.telling.operands import Operands, array_of, operands_of
from autogradkit.tracing.render.graph.telling.reason import Reason, shown
from autogradkit.tracing.render.graph.telling.worked import MOST_TERMS
from autogradkit.tracing.render.marks.numbers import plain

Told = TypeVar("Told")


@dataclass(frozen=True, slots=True)
class Explained:
    """What is known of the gradient of one input."""

    argument: Argument | None
    reason: Reason
    incoming: Numbers | None  # ∂
    sent: Numbers | None


@dataclass(frozen=True, slots=True)
class Names:
    """What values are called in a rule, and what the gradient is that came."""

    labels: Mapping[int, str]
    incoming: str  # "∂", "∂softmax₁"


class Why:
    """Explains the gradients of one graph, and of it folded in other ways: what it has once told it remembers."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._told: dict[Hashable, Any] = {}
        self.by_node = {op.node: op for op in graph.ops if op.node is not None}
        self._came: dict[tuple[int, int], list[tuple[Numbers, str]]] = defaultdict(list)
        self._operands: dict[int, Operands] = {}
        self._ran: dict[int, list[NodeRan]] = defaultdict(list)
        for call in graph.calls:
            for ran in call.ran:
                self._ran[ran.node].append(ran)
                sender = self.by_node.get(ran.node)
                name = ran.node_name if sender is None else graph.labels[sender.outputs[0]]
                for target, sent in zip(ran.edges, ran.sent, strict=True):
                    if target is not None and sent is not None:
                        self._came[call.number, target].append((sent, name))

    def once(self, key: Hashable, tell: Callable[[], Told]) -> Told:
        """What `tell` says, which is asked the first time only that there is this key."""
        if key not in self._told:
            self._told[key] = tell()
        return self._told[key]

    def ran(self, op: Op) -> list[NodeRan]:
        """The runs of an op's node, in order."""
        return [] if op.node is None else self._ran.get(op.node, [])

    def users(self, value: int) -> Set[int]:
        """The steps of the ops that were given a value."""
        return self.once("users", self._users).get(value, frozenset())

    def _users(self) -> dict[int, set[int]]:
        found: dict[int, set[int]] = defaultdict(set)
        for op in self.graph.ops:
            for value in inputs_of(op):
                found[value].add(op.step)
        return found

    def measurable_from(self, op: Op) -> int:
        """The event from which on all is known that a measured derivative of an op tells."""
        ran = self.ran(op)
        return ran[-1].step if ran else op.step

    # -- the rule of an op ------------------------------------------------------------------------------------------

    def rules(self, op: Op) -> list[str]:
        """The op's rule in the learner's names: `∂c = ∂ · sin₁`, a line for each input that has a gradient."""
        return list(dict.fromkeys(text for _, text in self._lines(op, None, 0)))

    def lines(self, op: Op, ran: NodeRan, elements: int = 1) -> list[str]:
        """The rule with the numbers of one backward; of what is too large, those of so many `elements`."""
        counts = Counter(text for _, text in self._lines(op, ran, elements))
        joint = "\n  " if elements > 1 else " "
        return [text if n == 1 else f"{text}{joint}(for each of its {n} uses)" for text, n in counts.items()]

    def line(self, link: Link, op: Op, call: int) -> str | None:
        """The line that says what the edge into an op got in a backward call; none for several edges drawn as one."""
        if link.uses > 1:
            return None
        wanted = None
        if link.kind != "memory":
            wanted = [each for each in op.inputs if each.value is not None][link.argument]
        ran = next((each for each in self.ran(op) if each.call == call), None)
        return next((text for argument, text in self._lines(op, ran, 3) if argument is wanted), None)

    def _lines(self, op: Op, ran: NodeRan | None, elements: int) -> Iterator[tuple[Argument | None, str]]:
        if op.node_name == "CopySlices":
            yield None, self._around_the_view(op, ran)
            for each in self.explained(op, None):
                yield each.argument, each.reason.text(None, None, 0)
            return
        yield from self.once(
            (op.step, None if ran is None else ran.step, elements),
            lambda: [
                (each.argument, each.reason.text(each.incoming, each.sent, elements))
                for each in self.explained(op, ran)
            ],
        )

    def explained(self, op: Op, ran: NodeRan | None, names: Names | None = None) -> Iterator[Explained]:
        """For each input of an op that has a gradient its line, with what came and went when its node ran.

        `names` are others than the graph's.
        """
        labels = self.graph.labels if names is None else names.labels
        if names is not None:
            operands = operands_of(op, self.graph.values, labels)
            operands.labels["∂"] = names.incoming
        elif op.step in self._operands:
            operands = self._operands[op.step]
        else:
            operands = self._operands[op.step] = operands_of(op, self.graph.values, labels)
        rules = rules_in(op.facts.rule)
        if len(rules) == 1 and len(operands.lists.get(rules[0].parameter, ())) > 1:
            pairs = [(rules[0], argument) for argument in operands.lists[rules[0].parameter]]  # a list of tensors
        else:
            pairs = [(rule, (operands.lists.get(rule.parameter) or [None])[0]) for rule in rules]
        for place, (rule, argument) in enumerate(pairs):
            label = rule.parameter
            if argument is not None and argument.value is not None:
                label = labels[argument.value]
                if op.node is not None and not self.graph.values[argument.value].requires_grad:
                    continue
            elif operands.lists:
                continue  # a number, or left out
            sent = ran.sent[place] if ran is not None and len(ran.sent) == len(pairs) else None
            if ran is not None and sent is None:
                continue
            incoming = None if ran is None else _only(ran.received)
            yield Explained(argument, Reason(rule, label, operands, op.facts.pointwise), incoming, sent)

    def _around_the_view(self, op: Op, ran: NodeRan | None) -> str:
        """An edit through a view, seen from its base."""
        view = op.inputs[0].value if op.inputs else None
        whole = None if ran is None else ran.sent[0]
        inside = "" if view is None else f", ∂{self.graph.labels[view]} inside"
        return (
            f"∂{self._base(op)} = ∂ outside of the view{inside}{'' if whole is None else Reason.result(whole, ' = ')}"
        )

    def _base(self, op: Op) -> str:
        values = self.graph.values
        latest = self.once("latest", lambda: {value.tensor: value.id for value in values.values()})
        base = values[op.outputs[0]].base
        return self.graph.labels[latest[base]] if base in latest else "base"

    # -- what arrives -----------------------------------------------------------------------------------------------

    def received(self, ran: NodeRan) -> str:
        """The gradient that a node received, and of what it is the sum."""
        if len(ran.received) != 1:
            return "; ".join(shown(each) for each in ran.received if each is not None) or "nothing"
        received = ran.received[0]
        return "nothing" if received is None else self._sum(self._came[ran.call, ran.node], received)

    def accumulated(self, event: Accumulated) -> str:
        """What was added to a `.grad`, and from where it came."""
        came = [] if event.node is None else self._came[event.call, event.node]
        if event.before is None:
            return self._sum(came, event.contribution)
        added = self._sum(came, event.contribution)
        added = f"({added})" if " = " in added else added
        return f"{shown(event.before)} + {added} = {shown(event.after)}"

    def accumulated_at(self, event: Accumulated, index: tuple[int, ...]) -> str:
        """Of what one element of a `.grad` is the sum: `w.grad[1] = 2 + 3 from mul₁ + 4 from add₁ = 9`."""
        came = [] if event.node is None else self._came[event.call, event.node]
        parts = [(array_of(numbers), f" from {name}") for numbers, name in came]
        contribution, after = array_of(event.contribution), array_of(event.after)
        assert after is not None
        if (
            not parts
            or any(array is None or array.shape != after.shape for array, _ in parts)  # a damaged file's may differ
            or not _adds_up([each for each, _ in came], event.contribution)
        ):
            parts = [(contribution, f" from backward {event.call + 1}")]
        if event.before is not None:
            parts = [(array_of(event.before), " before"), *parts]
        told = [f"{plain(array[index].item())}{origin}" for array, origin in parts if array is not None]
        here = f"{event.name or 'tensor'}.grad[{', '.join(map(str, index))}]"
        more = f" + … ({len(told)} summands)" if len(told) > MOST_TERMS + 1 else ""
        dtype = event.after.dtype  # half precision rounds the sum so far that one sees it
        rounded = f" in {dtype}" if len(told) > 1 and dtype in ("float16", "bfloat16") else ""
        return f"{here} = {' + '.join(told[: MOST_TERMS + 1])}{more} = {plain(after[index].item())}{rounded}"

    def _sum(self, came: list[tuple[Numbers, str]], total: Numbers) -> str:
        if len(came) < 2 or not _adds_up([numbers for numbers, _ in came], total):
            return shown(total)
        terms = [f"{shown(numbers)} from {name}" for numbers, name in came[:MOST_TERMS]]
        more = f" + … ({len(came)} summands)" if len(came) > MOST_TERMS else ""
        return f"{' + '.join(terms)}{more} = {shown(total)}"


def _adds_up(parts: list[Numbers], total: Numbers) -> bool:
    """Whether a hook left the sum as it was; taken for granted where the numbers were not kept."""
    arrays, whole = [array_of(part) for part in parts], array_of(total)
    if whole is None or any(array is None or array.shape != whole.shape for array in arrays):
        return True
    return agree(np.sum(np.array(arrays), axis=0), whole)


def _only(received: tuple[Numbers | None, ...]) -> Numbers | None:
    arrived = [each for each in received if each is not None]
    return arrived[0] if len(arrived) == 1 else None
