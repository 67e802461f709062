"""`Trace`: what happened in a cell, as a plain value that every picture is a view of.

Rests on events and recorder; tables, pictures and files are made by modules above it, loaded when asked for. It holds no
tensor, can be saved, loaded and compared, and prints as a table.
"""

from __future__ import annotations

import difflib
import importlib
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

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
    _numbers: dict[int, tuple[weakref.ref[Any], int]] = field(default_factory=dict, repr=False, compare=False)

    def number_of(self, tensor: Any) -> int | None:
        """The number that a tensor has in this trace, while it lives; None if the trace does not know it."""
        reference, number = self._numbers.get(id(tensor), (None, None))
        return number if reference is not None and reference() is tensor else None

    def fill(self, recording: Recording) -> None:
        """Take what a recorder heard."""
        self.events = recording.events
        self.values = recording.values
        self.left_out = recording.left_out
        self.dropped = recording.dropped
        self._numbers = recording.numbers

    def table(self) -> str:
        """What ran, line by line, as text.

        >>> import autogradkit as torch
        >>> with torch.record() as t:
        ...     y = torch.ones(2) + 1
        >>> print(t.table())  # doctest: +ELLIPSIS
        step  line ...what ran...
        """
        return importlib.import_module("autogradkit.tracing.table").table(self)

    def diff(self, other: Trace) -> str:
        """The rows of the two tables that differ, marked - and +; empty where the traces agree."""
        mine, theirs = (["  ".join(row) for row in _rows(trace)] for trace in (self, other))
        return "\n".join(difflib.unified_diff(mine, theirs, "this", "other", lineterm="", n=1))

    def to_graphviz(self) -> Any:
        """The graph as a `graphviz.Digraph`. Only rendering it needs the `dot` program."""
        return importlib.import_module("autogradkit.tracing.export").to_graphviz(self)

    def to_html(self) -> str:
        """A self-contained page with the picture, the table and the trace as JSON."""
        return importlib.import_module("autogradkit.tracing.export").to_html(self)

    def save(self, path: str | Path) -> None:
        """Write the trace to a file, as JSON."""
        importlib.import_module("autogradkit.tracing.serial").save(self, path)

    @staticmethod
    def load(path: str | Path) -> Trace:
        """Read a trace from a file. Raises TraceFormatError for a file that holds something else."""
        return importlib.import_module("autogradkit.tracing.serial").load(path)

    @staticmethod
    def from_tensor(root: Any, names: Mapping[str, Any] | None = None) -> Trace:
        """The graph behind a tensor that was computed without a recorder. Raises ValueError where there is none."""
        return importlib.import_module("autogradkit.tracing.rebuild").trace_of(root, names)

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        picture = importlib.import_module("autogradkit.tracing.render.graph")
        svg = importlib.import_module("autogradkit.tracing.render.svg")
        return {
            "text/plain": self.table(),
            "text/html": svg.img_tag(picture.graph_svg(self), picture.graph_alt(self)),
        }

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
                    name = op.name.strip("_")
                    counts[name] = counts.get(name, 0) + 1
                    labels[output] = name + str(counts[name]).translate(_SUBSCRIPTS)
        for value in self.values.values():
            if value.name is not None:
                labels[value.id] = value.name
            elif value.id not in labels:
                labels[value.id] = "tensor" + str(value.tensor).translate(_SUBSCRIPTS)
        return labels


def _rows(trace: Trace) -> list[tuple[str, ...]]:
    return importlib.import_module("autogradkit.tracing.table").rows(trace)


_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
