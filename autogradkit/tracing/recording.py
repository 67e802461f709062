"""`Recording`: what happened in a cell, as plain data that every picture, table and file is a view of.

Rests on events. It holds no tensor and imports nothing that looks at it: the recorder, `rebuild` and `serial` make one, the
views take one, and `Trace` offers them to users as methods.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property

from autogradkit.tracing.events import Event, Op, Value
from autogradkit.tracing.labels import TRANSPOSED, numbered, with_attribute, with_turn


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
        """A value's name, with the turn of a loop; or for an unnamed intermediate its op's with a number: `matmul₁`, of
        the last op of a call or of a layer that one's: `linear₁`."""
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

    @cached_property
    def labels(self) -> dict[int, str]:
        """Each value's label, as every picture, table and file writes it. A parameter edited in place keeps its name. Of the
        tensors that one turn of a loop calls by one name, `v = A @ v; v = v / v.norm()`, all but the first are counted."""
        labels: dict[int, str] = {}
        counts: dict[str, int] = defaultdict(int)
        first: dict[int, str] = {}
        called: dict[tuple[str, tuple[int, ...]], dict[int, int]] = defaultdict(dict)

        def named(value: Value) -> str:
            name = value.name or ""
            bound = called[name, value.turn]
            return with_turn(name, value.turn, bound.setdefault(value.tensor, len(bound) + 1))

        for value in self.values.values():
            if value.is_leaf and value.name is not None:
                labels[value.id] = first.setdefault(value.tensor, named(value))
        last = {op.part_of: op for op in self.ops if op.part_of is not None}
        layers = self._last_of_layers()
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
                elif op.called in TRANSPOSED and op.inputs[0].value in labels:
                    labels[output] = with_attribute(labels[op.inputs[0].value], op.called)
                elif place and op.kind != "view" and self.values[op.outputs[0]].name is None:
                    labels[output] = f"{labels[op.outputs[0]]}[{place}]"
                else:
                    counts[made] += 1
                    labels[output] = numbered(made, counts[made])
        for value in self.values.values():
            labels.setdefault(value.id, numbered("tensor", value.tensor) if value.name is None else named(value))
        return labels
