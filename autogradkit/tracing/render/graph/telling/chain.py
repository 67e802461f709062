"""Why the gradients of a call of several operations are what they are: the chain rule through its steps, the last one first.

A step that only turns or reshapes what it was given says nothing new, so its result goes by the name of what it was made of
(`moved.py`): of `F.linear(x, W)` in a batch is told what its product does, `∂x = ∂ @ W`. Rests on `why.py`; `steps.py`,
`elements.py` and `tracing/probe.py` ask it about calls that are folded into one item.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from autogradkit.tracing.events import NodeRan, Op
from autogradkit.tracing.render.graph.structure.model import inputs_of
from autogradkit.tracing.render.graph.telling.moved import Moved, moved_by
from autogradkit.tracing.render.graph.telling.why import Explained, Names, Why

MOST_LINES = 16


class Chain:
    """The steps of one call, with names for what is between them."""

    def __init__(self, ops: Sequence[Op], why: Why) -> None:
        self.ops = ops
        self.why = why
        graph = why.graph
        inside = {op.step for op in ops}
        within = {value for op in ops for value in inputs_of(op)}
        made = [value for op in ops for value in op.outputs]
        self.given = {graph.labels[value] for value in within.difference(made)}
        given = {value for value in made if value not in within or why.users(value) - inside}
        self.results = {value for value in given if graph.values[value].requires_grad} or given
        moved = self._moves()
        self.moves = [op for op in ops if op.outputs[0] in moved]
        self.steps = [op for op in ops if op.outputs[0] not in moved]
        self.labels = dict(graph.labels)
        self._incoming: dict[int, str] = {}
        for value in self.results:
            found = moved.get(value)
            turn = "" if found is None or found.turn is None else found.turn
            source = value if found is None else found.source
            self.labels[source] = graph.labels[value] + turn
            self._incoming[source] = f"∂{turn}" if len(self.results) == 1 else f"∂{self.labels[source]}"
        self._turned: dict[str, str] = {}  # of what is named as the transpose of something, its name
        for value, found in moved.items():
            if value not in self.results:
                whole = self.labels[found.source]
                self.labels[value] = f"{whole}{found.turn}".replace("ᵀᵀ", "")
                if found.turn:
                    self._turned[self.labels[value]] = whole

    def _moves(self) -> dict[int, Moved]:
        """What goes by the name of something else: all that steps which are told use, and the call gives, has a name then."""
        moved: dict[int, Moved] = {}
        users: dict[int, list[Op]] = {}
        for op in self.ops:
            found = moved_by(op, moved, self.why.graph.values)
            if found is not None:
                moved[op.outputs[0]] = found
            for value in inputs_of(op):
                users.setdefault(value, []).append(op)
        made = {value for op in self.ops for value in op.outputs}
        for value, found in list(moved.items()):
            read = any(user.outputs[0] not in moved for user in users.get(value, ()))
            # A result that is something else as well has a gradient from there, too.
            way = (found.source, *found.through)
            divided = (
                value in self.results and found.source in made and any(len(users.get(v, ())) > 1 for v in way[:-1])
            )
            taken = value in self.results and (found.source not in made or value in users)
            if (found.turn is None and (read or value in self.results)) or divided or taken:
                for each in found.through:
                    moved.pop(each, None)
        return moved

    @property
    def calls(self) -> list[int]:
        """The backward calls that ran through it."""
        return sorted({ran.call for op in self.ops for ran in self.why.ran(op)})

    def completed_at(self, call: int) -> int:
        """The event from which on all is known that a backward call did here."""
        return max(ran.step for ran in self.ran(call).values())

    def rules(self) -> list[str]:
        """The rules of its steps, a line for each gradient."""
        return self._lines((each for _, each in self._explained({})), 0)

    def worked(self, call: int) -> list[str]:
        """What came in one backward call, and the rules with its numbers; of what is too large, those of one element."""
        ran = self.ran(call)
        first = min(ran.values(), key=lambda each: each.step)
        came = [f"∂ = {self.why.received(first)}"] if len(self.results) == 1 else []
        return came + self._lines((each for _, each in self._explained(ran)), 1)

    def explained(self) -> Iterator[tuple[NodeRan, Explained]]:
        """What is known of each gradient that the last backward call sent to what the call was given."""
        if self.calls:
            ran = self.ran(self.calls[-1])
            for op, each in self._explained(ran):
                if self._turned.get(each.reason.label, each.reason.label) in self.given:
                    yield ran[op.step], each

    def ran(self, call: int) -> dict[int, NodeRan]:
        """What ran in a backward call, by the steps of the operations."""
        return {op.step: ran for op in self.ops for ran in self.why.ran(op) if ran.call == call}

    def _explained(self, ran: dict[int, NodeRan]) -> Iterator[tuple[Op, Explained]]:
        recorded = any(op.node is not None for op in self.steps)
        for op in reversed(self.steps):
            if op.step in ran or not (ran or (recorded and op.node is None)):
                output = op.outputs[0]
                names = Names(self.labels, self._incoming.get(output, f"∂{self.labels[output]}"))
                yield from ((op, each) for each in self.why.explained(op, ran.get(op.step), names))

    def _lines(self, explained: Iterable[Explained], elements: int) -> list[str]:
        """A line for each gradient; what comes to a value another way is added."""
        lines: list[str] = []
        seen: set[str] = set()
        for each in explained:
            label = each.reason.label
            texts = {label: each.reason.text(each.incoming, each.sent, elements).replace("ᵀᵀ", "")}
            if label in self._turned:
                whole = self._turned[label]
                texts[whole] = f"∂{whole} = (∂{label})ᵀ"
            for name, text in texts.items():
                lines.append(text.replace(" = ", " += ", 1) if name in seen else text)
                seen.add(name)
        if len(lines) > MOST_LINES:
            more = len(lines) - MOST_LINES + 1
            lines = [*lines[: MOST_LINES - 1], f"… {more} more lines: unfold it to see each step"]
        return lines
