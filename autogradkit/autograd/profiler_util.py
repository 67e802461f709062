"""What a profile found: the runs of ops, nodes and blocks, their averages, and the table that shows them.

Rests on files, which are written whole.
"""

from __future__ import annotations

import gzip
import json
import math
import os
from collections.abc import Iterable, Sequence
from typing import Any

from autogradkit.files import write_whole

_WIDTH = 12  # of a column of numbers


def _time(microseconds: float) -> str:
    for unit, size in (("s", 1e6), ("ms", 1e3)):
        if microseconds >= size:
            return f"{microseconds / size:.3f}{unit}"
    return f"{microseconds:.3f}us"


def _bytes(number: int) -> str:
    for unit, size in (("GB", 2**30), ("MB", 2**20), ("KB", 2**10)):
        if abs(number) >= size:
            return f"{number / size:.2f} {unit}"
    return f"{number} B"


class _Timed:
    """What may be asked of one event and of several alike; of devices other than the processor they took nothing."""

    device_time = device_time_total = self_device_time_total = device_memory_usage = self_device_memory_usage = 0
    use_device = None
    node_id = -1
    is_async = is_remote = is_user_annotation = False
    flops = 0  # of numbers multiplied and added; 0 where nobody counts

    cpu_time: Any
    cpu_time_total: Any
    self_cpu_time_total: Any

    @property
    def cpu_time_str(self) -> str:
        """The time of one, with its unit."""
        return _time(self.cpu_time)

    @property
    def cpu_time_total_str(self) -> str:
        """The whole time, with its unit."""
        return _time(self.cpu_time_total)

    @property
    def self_cpu_time_total_str(self) -> str:
        """The time without what ran within, with its unit."""
        return _time(self.self_cpu_time_total)


class FunctionEvent(_Timed):
    """One run of an op, a node or a block: when it began and ended, in microseconds, and what ran within it."""

    count = 1
    stack: list[str] = []  # noqa: RUF012 - the learner's calls around it, the innermost first, where they are kept
    new_memory: int | None = None  # of its results, in bytes; None where nobody counts, or it is a block

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

    @property
    def cpu_memory_usage(self) -> int:
        """How many bytes its results hold that its operands did not; of a block, the sum of what ran within it."""
        if self.new_memory is not None:
            return self.new_memory
        return sum(child.cpu_memory_usage for child in self.cpu_children)

    @property
    def self_cpu_memory_usage(self) -> int:
        """Without what ran within it; less than zero where that was given back."""
        return self.cpu_memory_usage - sum(child.cpu_memory_usage for child in self.cpu_children)

    def __repr__(self) -> str:
        return f"<FunctionEvent name={self.name} cpu_time={_time(self.cpu_time)} thread={self.thread}>"


class FunctionEventAvg(_Timed):
    """All events of one name together."""

    def __init__(self, key: str, input_shapes: Any = "", stack: Sequence[str] = ()) -> None:
        self.key = key
        self.stack = list(stack)
        self.input_shapes = input_shapes
        self.count = 0
        self.cpu_time_total = self.self_cpu_time_total = 0.0
        self.cpu_memory_usage = self.self_cpu_memory_usage = 0

    def add(self, event: FunctionEvent) -> None:
        """Count one event in."""
        self.count += 1
        self.cpu_time_total += event.cpu_time_total
        self.self_cpu_time_total += event.self_cpu_time_total
        self.cpu_memory_usage += event.cpu_memory_usage
        self.self_cpu_memory_usage += event.self_cpu_memory_usage
        self.flops += event.flops
        self.is_user_annotation = event.is_user_annotation

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
    """Events, or their averages: a table when it is printed, with columns of memory and operations where they were counted."""

    def __init__(self, events: Iterable[Any] = (), profile_memory: bool = False, with_flops: bool = False) -> None:
        super().__init__(events)
        self._profile_memory = profile_memory
        self._with_flops = with_flops

    @property
    def self_cpu_time_total(self) -> float:
        """What all of them took, in microseconds."""
        return sum(event.self_cpu_time_total for event in self)

    def key_averages(self, group_by_input_shapes: bool = False, group_by_stack_n: int = 0) -> EventList:
        """All events of one name together; with `group_by_input_shapes` of one name and these sizes of operands.

        Where stacks are kept, `group_by_stack_n` tells by so many of the innermost calls, too.
        """
        found: dict[tuple[str, str, tuple[str, ...]], FunctionEventAvg] = {}
        for event in self:
            shapes = event.input_shapes if group_by_input_shapes else ""
            stack = tuple(event.stack[:group_by_stack_n])
            found.setdefault((event.key, str(shapes), stack), FunctionEventAvg(event.key, shapes, stack)).add(event)
        return EventList(found.values(), self._profile_memory, self._with_flops)

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
        max_src_column_width: int | None = 75,
        max_name_column_width: int | None = 55,
        max_shapes_column_width: int | None = 80,
        header: str | None = None,
        top_level_events_only: bool = False,
    ) -> str:
        """A row for each, `row_limit` at most (-1: all), the greatest in `sort_by` first, such as "cpu_time_total"."""
        if not self:
            return ""
        events = self
        if sort_by is not None:
            key = sort_by.replace("cuda", "device").replace("xpu", "device")
            events = sorted(self, key=lambda event: getattr(event, key), reverse=True)
        total = self.self_cpu_time_total
        heads = ["Name", "Self CPU %", "Self CPU", "CPU total %", "CPU total", "CPU time avg"]
        heads += ["CPU Mem", "Self CPU Mem", "# of Calls"] if self._profile_memory else ["# of Calls"]
        name_width = _bounded(max(len(event.key) for event in self) + 4, max_name_column_width)
        widths = [name_width, *[_WIDTH] * (len(heads) - 1)]
        with_shapes = any(len(event.input_shapes) for event in self)
        if with_shapes:
            heads.append("Input Shapes")
            widths.append(_bounded(max(len(str(event.input_shapes)) for event in self) + 4, max_shapes_column_width))
        counted = [event.flops for event in self if event.flops] if self._with_flops else []
        if counted:
            power = min(int(math.log10(min(counted)) / 3), 5)
            heads.append(f"Total {['', 'K', 'M', 'G', 'T', 'P'][power]}FLOPs")
            widths.append(_WIDTH)
        with_stacks = any(event.stack for event in self)
        if with_stacks:
            width = max(len(call) for event in self for call in event.stack)
            widths.append(_bounded(width + 4, max_src_column_width))
            heads.append(f"{'Source Location':<{widths[-1]}}")
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
            ]
            if self._profile_memory:
                cells += [_bytes(event.cpu_memory_usage), _bytes(event.self_cpu_memory_usage)]
            cells.append(str(event.count))
            if with_shapes:
                cells.append(str(event.input_shapes)[: widths[len(cells)]])
            if counted:
                cells.append(f"{event.flops / 1000**power:8.3f}" if event.flops else "--")
            if not with_stacks:
                lines.append(_row(cells, widths))
                continue
            for call in [*(event.stack or [""]), ""]:  # one on a line, and an empty line behind them
                source = call if len(call) <= widths[-1] else "..." + call[3 - widths[-1] :]
                lines.append(_row([*cells, f"{source:<{widths[-1]}}"], widths))
                cells = [""] * len(cells)
        return "\n".join([*lines, rule, f"Self CPU time total: {_time(total)}", ""])

    def export_chrome_trace(self, path: str) -> None:
        """Write a list of what ran, which `chrome://tracing` and Perfetto show; compressed where the path ends in ".gz"."""
        _write_json([_traced(each, "CPU functions", {}) for each in self], path)

    def export_stacks(self, path: str, metric: str) -> None:
        """Write a line for each event that has a stack: the calls, the outermost first, and what it took by itself."""
        metrics = [f"self_{device}_time_total" for device in ("cpu", "cuda", "xpu", "privateuse1")]
        if metric not in metrics:
            raise ValueError(f"metric should be one of: {metrics}")
        unspaced = str.maketrans(" ;\t\n", "____")
        lines: list[str] = []
        for event in self:
            spent = int(event.self_cpu_time_total) if metric == metrics[0] else 0  # of other devices nothing is taken
            if event.stack and spent > 0:
                lines.append(f"{';'.join(call.translate(unspaced) for call in reversed(event.stack))} {spent}\n")
        write_whole(path, "".join(lines).encode())

    def export_profile(self, path: str) -> None:
        """Write it as a profile does: under "traceEvents", with the kind of each (an op, or a block of the user's)."""
        process = os.getpid()
        events = [
            _traced(each, process, {"External id": place + 1, "Ev Idx": place})
            | {"cat": "user_annotation" if each.is_user_annotation else "cpu_op"}
            for place, each in enumerate(self)
        ]
        _write_json({"schemaVersion": 1, "displayTimeUnit": "ms", "traceEvents": events, "traceName": path}, path)

    def __str__(self) -> str:
        return self.table()


def _traced(event: FunctionEvent, process: int | str, args: dict[str, int]) -> dict[str, Any]:
    return {
        "name": event.name,
        "ph": "X",
        "ts": event.start,
        "dur": event.cpu_time_total,
        "tid": event.thread,
        "pid": process,
        "args": args,
    }


def _write_json(value: Any, path: str) -> None:
    written = json.dumps(value).encode()
    write_whole(path, gzip.compress(written) if path.endswith(".gz") else written)


def _bounded(width: int, most: int | None) -> int:
    return width if most is None else min(width, most)


def _row(cells: Iterable[str], widths: list[int]) -> str:
    return "".join(f"{cell:>{width}}  " for cell, width in zip(cells, widths, strict=True))
