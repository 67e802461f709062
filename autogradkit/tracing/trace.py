"""`Trace`: what happened in a cell, as a plain value that every picture is a view of.

Rests on events and recorder. It holds no tensor, can be saved, loaded and compared, and prints as a table.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from autogradkit.tracing.events import Event, Op, Value
from autogradkit.tracing.recorder import Recording


@dataclass
class Trace:
    """An event stream with the values it speaks of.

    `events` are in order; `values` by id; `source` is the traced code; `left_out` counts elements of which only a summary
    was kept, `dropped` the events beyond the limit.
    """

    events: tuple[Event, ...] = ()
    values: dict[int, Value] = field(default_factory=dict)
    source: str = ""
    left_out: int = 0
    dropped: int = 0

    def fill(self, recording: Recording) -> None:
        """Take what a recorder heard."""
        self.events = recording.events
        self.values = recording.values
        self.left_out = recording.left_out
        self.dropped = recording.dropped

    @property
    def ops(self) -> tuple[Op, ...]:
        """The forward ops."""
        return tuple(event for event in self.events if isinstance(event, Op))

    def label(self, value: int) -> str:
        """A value's name, or for an unnamed intermediate its op's with a number: `matmul₁`."""
        return self._labels[value]

    @property
    def _labels(self) -> dict[int, str]:
        labels: dict[int, str] = {}
        counts: dict[str, int] = {}
        for op in self.ops:
            for output in op.outputs:
                value = self.values[output]
                if value.name is None and output not in labels:
                    counts[op.name] = counts.get(op.name, 0) + 1
                    labels[output] = op.name + str(counts[op.name]).translate(_SUBSCRIPTS)
        for value in self.values.values():
            if value.name is not None:
                labels[value.id] = value.name
            elif value.id not in labels:
                labels[value.id] = "tensor" + str(value.tensor).translate(_SUBSCRIPTS)
        return labels


_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
