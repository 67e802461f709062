"""PyTorch's `torch.autograd.profiler`: how long each op, each node of a backward and each block of the user's takes.

Rests on the recording contract: a recorder takes the time when an op begins and ends. What an op runs within itself is part of
its time. A node's time counts from the end of the one before it. While one profiles, ops take the way on which they are told of,
so small ones appear slower than they are, as in PyTorch.
"""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, cast

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.facts import Declaration, Named
from autogradkit.core.frames import entry
from autogradkit.core.recording import Recorder, listeners
from autogradkit.core.tensor import Tensor
from autogradkit.files import write_whole

_WIDTH = 12  # of a column of numbers


def _time(microseconds: float) -> str:
    for unit, size in (("s", 1e6), ("ms", 1e3)):
        if microseconds >= size:
            return f"{microseconds / size:.3f}{unit}"
    return f"{microseconds:.3f}us"


class FunctionEvent:
    """One run of an op, a node or a block: when it began and ended, in microseconds, and what ran within it."""

    count = 1

    def __init__(self, name: str, thread: int, start: float, input_shapes: list[Any]) -> None:
        self.name = self.key = name
        self.thread = thread
        self.start = self.end = start
        self.input_shapes = input_shapes
        self.cpu_parent: FunctionEvent | None = None
        self.cpu_children: list[FunctionEvent] = []

    @property
    def cpu_time_total(self) -> float:
        """From its beginning to its end."""
        return self.end - self.start

    cpu_time = cpu_time_total

    @property
    def self_cpu_time_total(self) -> float:
        """Without what ran within it."""
        return self.cpu_time_total - sum(child.cpu_time_total for child in self.cpu_children)

    def __repr__(self) -> str:
        return f"<FunctionEvent name={self.name} cpu_time={_time(self.cpu_time)} thread={self.thread}>"


class FunctionEventAvg:
    """All events of one name together."""

    def __init__(self, key: str, input_shapes: Any = "") -> None:
        self.key = key
        self.input_shapes = input_shapes
        self.count = 0
        self.cpu_time_total = self.self_cpu_time_total = 0.0

    def add(self, event: FunctionEvent) -> None:
        """Count one event in."""
        self.count += 1
        self.cpu_time_total += event.cpu_time_total
        self.self_cpu_time_total += event.self_cpu_time_total

    @property
    def cpu_time(self) -> float:
        """The mean time of one."""
        return self.cpu_time_total / self.count if self.count else 0.0

    def __repr__(self) -> str:
        return (
            f"<FunctionEventAvg key={self.key} self_cpu_time={_time(self.self_cpu_time_total)} "
            f"cpu_time={_time(self.cpu_time)} count={self.count}>"
        )


class EventList(list[Any]):
    """Events, or their averages: a table when it is printed."""

    @property
    def self_cpu_time_total(self) -> float:
        """What all of them took, in microseconds."""
        return sum(event.self_cpu_time_total for event in self)

    def key_averages(self, group_by_input_shapes: bool = False) -> EventList:
        """All events of one name together; with `group_by_input_shapes` of one name and these sizes of operands."""
        found: dict[tuple[str, str], FunctionEventAvg] = {}
        for event in self:
            shapes = event.input_shapes if group_by_input_shapes else ""
            found.setdefault((event.key, str(shapes)), FunctionEventAvg(event.key, shapes)).add(event)
        return EventList(found.values())

    def total_average(self) -> FunctionEventAvg:
        """All events together."""
        total = FunctionEventAvg("Total")
        for event in self:
            total.add(event)
        return total

    def table(
        self,
        sort_by: str | None = None,
        row_limit: int = 100,
        max_name_column_width: int | None = 55,
        max_shapes_column_width: int | None = 80,
        header: str | None = None,
        top_level_events_only: bool = False,
    ) -> str:
        """A row for each, `row_limit` at most (-1: all), the greatest in `sort_by` first, such as "cpu_time_total"."""
        if not self:
            return ""
        events = self if sort_by is None else sorted(self, key=lambda event: getattr(event, sort_by), reverse=True)
        total = self.self_cpu_time_total
        heads = ["Name", "Self CPU %", "Self CPU", "CPU total %", "CPU total", "CPU time avg", "# of Calls"]
        widths = [_bounded(max(len(event.key) for event in self) + 4, max_name_column_width), *[_WIDTH] * 6]
        with_shapes = any(len(event.input_shapes) for event in self)
        if with_shapes:
            heads.append("Input Shapes")
            widths.append(_bounded(max(len(str(event.input_shapes)) for event in self) + 4, max_shapes_column_width))
        rule = "".join("-" * width + "  " for width in widths)
        double = "=" * (len(rule) - 2)
        lines = [] if header is None else [double, header]
        if top_level_events_only:
            lines += [double, "This report only display top-level ops statistics"]
            events = [event for event in events if event.cpu_parent is None]
        lines += [rule, _row(heads, widths), rule]
        for event in events if row_limit < 0 else events[:row_limit]:
            cells = [
                event.key if len(event.key) < widths[0] - 2 else event.key[: widths[0] - 3] + "...",
                f"{event.self_cpu_time_total * 100 / total:.2f}%" if total else "NaN",
                _time(event.self_cpu_time_total),
                f"{event.cpu_time_total * 100 / total:.2f}%" if total else "NaN",
                _time(event.cpu_time_total),
                _time(event.cpu_time),
                str(event.count),
            ]
            lines.append(_row([*cells, str(event.input_shapes)[: widths[-1]]] if with_shapes else cells, widths))
        return "\n".join([*lines, rule, f"Self CPU time total: {_time(total)}", ""])

    def export_chrome_trace(self, path: str) -> None:
        """Write what `chrome://tracing` and Perfetto show."""
        events = [
            {
                "name": each.name,
                "ph": "X",
                "ts": each.start,
                "dur": each.cpu_time_total,
                "tid": each.thread,
                "pid": "CPU",
            }
            for each in self
        ]
        write_whole(path, json.dumps(events).encode())

    def __str__(self) -> str:
        return self.table()


def _bounded(width: int, most: int | None) -> int:
    return width if most is None else min(width, most)


def _row(cells: Iterable[str], widths: list[int]) -> str:
    return "".join(f"{cell:>{width}}  " for cell, width in zip(cells, widths, strict=True))


class Stopwatch(Recorder):
    """Takes the times of one thread between `begin` and `end`."""

    def __init__(self, with_shapes: bool) -> None:
        super().__init__()
        self.events: list[FunctionEvent] = []
        self._with_shapes = with_shapes
        self._open: list[FunctionEvent] = []
        self._last = 0.0  # when the node before ended

    def starts(self, name: str, operands: Iterable[Any] = (), at: float | None = None) -> None:
        """Something begins, now or `at` a time."""
        shapes = (
            [list(each.shape) if isinstance(each, Tensor) else [] for each in operands] if self._with_shapes else []
        )
        event = FunctionEvent(name, self.thread, _now() if at is None else at, shapes)
        if self._open:
            event.cpu_parent = self._open[-1]
            event.cpu_parent.cpu_children.append(event)
        self.events.append(event)
        self._open.append(event)

    def stops(self) -> None:
        """What began last has ended."""
        if self._open:  # else it began before
            self._open.pop().end = _now()

    def op_begins(self, declaration: Declaration, kind: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        name = declaration.name + ("_" if kind == "inplace" and not declaration.name.endswith("_") else "")
        self.starts(
            name if isinstance(declaration, Named) and kind == "op" else f"aten::{name}", (*args, *kwargs.values())
        )

    def op(self, *told: Any) -> None:
        self.stops()

    def op_failed(self, *told: Any) -> None:
        self.stops()

    def backward_begin(self, *told: Any) -> None:
        self._last = _now()

    def node(self, call: int, node: Any, received: tuple[Any, ...], sent: tuple[Any, ...]) -> None:
        self._ended(f"{node.namespace}{node.name().rpartition('::')[2]}", received)

    def accumulate(self, *told: Any) -> None:
        self._ended("torch::autograd::AccumulateGrad", ())

    def _ended(self, name: str, operands: Iterable[Any]) -> None:
        self.starts(name, operands, at=self._last)
        self.stops()
        self._last = _now()


def _now() -> float:
    return time.perf_counter_ns() / 1000


class profile:  # noqa: N801 - PyTorch's name
    """In its block, the time of everything is taken; afterwards it prints as a table.

    >>> import autogradkit as torch
    >>> x = torch.ones(2, requires_grad=True)
    >>> with torch.autograd.profiler.profile() as times:
    ...     (x * 3).sum().backward()
    >>> [event.name for event in times.function_events][:3]
    ['aten::mul', 'aten::sum', 'SumBackward0']
    """

    def __init__(self, enabled: bool = True, *, record_shapes: bool = False, use_cpu: bool = True) -> None:
        self.enabled = enabled and use_cpu
        self._entered = False
        self._watch = Stopwatch(record_shapes)
        self._events: EventList | None = None

    def __enter__(self) -> profile | None:
        if not self.enabled:
            return None
        if self._entered:
            raise RuntimeError("Profiler context manager is not reentrant")
        self._entered = True
        self._watch.begin()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self.enabled:
            self._watch.end()
            self._events = EventList(self._watch.events)

    @property
    def function_events(self) -> EventList:
        """Everything that ran, in the order in which it began."""
        if self._events is None:
            raise RuntimeError("Profiler didn't finish running")
        return self._events

    def key_averages(self, group_by_input_shape: bool = False) -> EventList:
        """All events of one name together."""
        return self.function_events.key_averages(group_by_input_shape)

    def table(self, sort_by: str | None = None, row_limit: int = 100, **options: Any) -> str:
        """As `EventList.table`."""
        return self.function_events.table(sort_by, row_limit, **options)

    def total_average(self) -> FunctionEventAvg:
        """All events together."""
        return self.function_events.total_average()

    def export_chrome_trace(self, path: str) -> None:
        """As `EventList.export_chrome_trace`."""
        self.function_events.export_chrome_trace(path)

    @property
    def self_cpu_time_total(self) -> float:
        """What all events took, in microseconds."""
        return self.function_events.self_cpu_time_total

    def __str__(self) -> str:
        return "<unfinished profiler_legacy.profile>" if self._events is None else str(self._events)

    __repr__ = __str__


class record_function:  # noqa: N801 - PyTorch's name
    """A block of the user's under a name, or a function decorated with one, as an event of its own.

    >>> import autogradkit as torch
    >>> with torch.autograd.profiler.profile() as times, torch.autograd.profiler.record_function("mine"):
    ...     x = torch.ones(2) + 1
    >>> [event.name for event in times.function_events[0].cpu_children]
    ['aten::ones', 'aten::add']
    """

    def __init__(self, name: str, args: str | None = None) -> None:
        self.name = name
        self.args = args

    def __enter__(self) -> record_function:
        self._watches = [each for each in listeners() if isinstance(each, Stopwatch)]
        for watch in self._watches:
            watch.starts(self.name)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        for watch in self._watches:
            watch.stops()

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            with self.__class__(self.name, self.args):
                return function(*args, **kwargs)

        return cast("Callable[..., Any]", run)


class emit_nvtx:  # noqa: N801 - PyTorch's name
    """Ranges for NVIDIA's profiler, which has no device here: unless switched off, its block raises AssertionError."""

    def __init__(self, enabled: bool = True, record_shapes: bool = False) -> None:
        self.enabled = enabled
        self.record_shapes = record_shapes

    @entry
    def __enter__(self) -> emit_nvtx | None:
        if not self.enabled:
            return None
        raise AssertionError("Torch not compiled with CUDA enabled")

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        pass


__getattr__ = _absent_from("autograd.profiler")
