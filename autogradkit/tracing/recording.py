"""`Recording`: what happened in a cell, as plain data that every picture, table and file is a view of.

Rests on events. It holds no tensor and imports nothing that looks at it: the recorder, `rebuild` and `serial` make one, the
views take one, and `Trace` offers them to users as methods.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property

from autogradkit.tracing.events import Event, GradReturned, Layer, Op, Value
from autogradkit.tracing.labels import TRANSPOSED, numbered, with_attribute, with_turn
from autogradkit.tracing.subscripts import Parts

LEAST_STEPS = 3  # of a function that gives its results its name


@dataclass
class Recording:
    """An event stream with the values it speaks of.

    `events` are in order; `values` by id; `source` is the traced code; `left_out` counts elements of which only a summary
    was kept, `dropped` the events beyond the limit; `notes` are sentences about what could not be recorded.
    """

    events: tuple[Event, ...] = ()
    values: dict[int, Value] = field(default_factory=dict)
    source: str = ""
    left_out: int = 0
    dropped: int = 0
    notes: tuple[str, ...] = ()

    @property
    def ops(self) -> tuple[Op, ...]:
        """The forward ops."""
        return tuple(event for event in self.events if isinstance(event, Op))

    def label(self, value: int) -> str:
        """A value's name, with the turn of a loop; or for an unnamed intermediate how it is a part of a named one, `w[:3]`, else
        its op's with a number: `matmul₁`, of the last op of a call, of a layer or of a function that one's: `linear₁`."""
        return self.labels[value]

    def _last_of_layers(self) -> dict[int, str]:
        """By the step of the last op of each call of a layer that runs several where the learner wrote one call, as `nn.Linear`
        does: the name of the layer's class."""
        ran: dict[int, list[Op]] = defaultdict(list)
        for op in self.ops:
            if op.layers:
                ran[op.layers[-1].call].append(op)
        several = [ops for ops in ran.values() if len(ops) > 1 and ops[0].position is not None]
        found = [ops for ops in several if all(op.position == ops[0].position for op in ops)]
        return {ops[-1].step: ops[-1].layers[-1].kind.partition("(")[0].lower() for ops in found}

    def _last_of_functions(self) -> dict[int, str]:
        """The same of the learner's own functions, of what was used outside of them: `rope₁`."""
        ran: dict[Layer, list[Op]] = defaultdict(list)
        used_in: dict[int, list[tuple[Layer, ...]]] = defaultdict(list)
        for op in self.ops:
            for function in op.functions:
                ran[function].append(op)
            for argument in op.inputs:
                if argument.value is not None:
                    used_in[argument.value].append(op.functions)
        found: dict[int, str] = {}
        for function, ops in ran.items():  # outer ones come first
            used = [within for output in ops[-1].outputs for within in used_in[output]]
            if len(ops) >= LEAST_STEPS and any(function not in within for within in used):
                found.setdefault(ops[-1].step, function.name)
        return found

    @cached_property
    def labels(self) -> dict[int, str]:
        """Each value's label, as every picture, table and file writes it. A parameter edited in place keeps its name, and
        where it was made in a turn of a loop has that of the turn in which it is edited: `total += loss`. Of the
        tensors that one turn of a loop calls by one name, `v = A @ v; v = v / v.norm()`, all but the first are counted."""
        labels: dict[int, str] = {}
        counts: dict[str, int] = defaultdict(int)
        latest: dict[int, Value] = {}  # of a tensor the value that has its label
        called: dict[tuple[str, tuple[int, ...]], dict[int, int]] = defaultdict(dict)

        def named(value: Value) -> str:
            name = value.name or ""
            bound = called[name, value.turn]
            return with_turn(name, value.turn, bound.setdefault(value.tensor, len(bound) + 1))

        def label(value: Value) -> str:
            return labels.get(value.id) or named(value)

        for value in self.values.values():
            if value.name is not None:  # which is counted in the order in which they came
                named(value)
        for value in self.values.values():
            if value.is_leaf and value.name is not None:
                known = latest.get(value.tensor)
                if known is None or (known.turn and value.turn and value.name == known.name):
                    latest[value.tensor] = value
                labels[value.id] = named(latest[value.tensor])
        last = {op.part_of: op for op in self.ops if op.part_of is not None}
        parts = Parts(self.values)
        layers = self._last_of_functions() | self._last_of_layers()
        for op in self.ops:
            call = None if op.part_of is None or last[op.part_of] is not op else op.part_of.name
            call = layers.get(op.step, call)
            made = op.facts.label if call is None else {"@": "matmul"}.get(call, call)
            for place, output in enumerate(op.outputs):
                value = self.values[output]
                if output in labels and value.version:
                    continue
                if value.name is not None:
                    labels[output] = named(value)
                elif not place and call is None and (part := parts.name(op, label)):
                    labels[output] = part
                elif op.called in TRANSPOSED and op.inputs[0].value in labels:
                    labels[output] = with_attribute(labels[op.inputs[0].value], op.called)
                elif place and op.kind != "view" and self.values[op.outputs[0]].name is None:
                    labels[output] = f"{labels[op.outputs[0]]}[{place}]"
                else:
                    counts[made] += 1
                    labels[output] = numbered(made, counts[made])
        for event in self.events:
            if isinstance(event, GradReturned) and event.value not in labels and self.values[event.value].name is None:
                source = self.values[event.input]
                if source.name is not None:
                    labels[event.value] = f"∂{label(source)}"
        for value in self.values.values():
            labels.setdefault(value.id, numbered("tensor", value.tensor) if value.name is None else named(value))
        return labels
