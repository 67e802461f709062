"""A recording as lines of text: what ran, on what, and which gradient arrived.

Rests on recording and events. Serves `Trace.table()`, `Trace.diff()` and readers who cannot see the picture.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Sequence

from autogradkit.tracing.events import (
    Accumulated,
    Argument,
    BackwardBegin,
    BackwardEnd,
    Event,
    Failure,
    GradAssigned,
    NodeRan,
    Numbers,
    Op,
    Position,
)
from autogradkit.tracing.labels import with_turn
from autogradkit.tracing.recording import Recording
from autogradkit.tracing.render.marks.numbers import one_line, shape_text

HEADINGS = ("step", "line", "what ran", "result", "gradient")


def numbers_text(numbers: Numbers | None, most: int = 40) -> str:
    """The numbers on one line, at most about `most` characters; a summary where they do not fit."""
    if numbers is None:
        return ""
    if numbers.omitted and not numbers.printed:
        return f"{shape_text(numbers.shape)}, not kept"
    return one_line(numbers, most)


def rows(trace: Recording) -> list[tuple[str, str, str, str, str]]:
    """One row for each event that a reader would want to know of."""
    return [row for event in trace.events if (row := _row(trace, event)) is not None]


def _row(trace: Recording, event: Event) -> tuple[str, str, str, str, str] | None:
    step = str(event.step)
    line = _line(event.position) if not isinstance(event, NodeRan | BackwardEnd) else ""
    if isinstance(event, Op):
        result = ", ".join(
            f"{trace.label(output)} = {numbers_text(trace.values[output].numbers)}" for output in event.outputs
        )
        call = f"{event.label}({', '.join(_argument(trace, each) for each in event.inputs)})"
        return step, line, call, result, event.node_name or f"not recorded ({_REASONS.get(event.why_not or '', '')})"
    if isinstance(event, BackwardBegin):
        roots = ", ".join(trace.label(root) for root in event.roots)
        return step, line, f"{'backward' if event.accumulate else 'grad'} from {roots}", "", ""
    if isinstance(event, NodeRan):
        return (
            step,
            line,
            f"  {event.node_name}",
            "",
            "∂ " + ", ".join(numbers_text(each) or "–" for each in event.sent),
        )
    if isinstance(event, Accumulated):
        name = event.name or f"tensor {event.tensor}"
        before = numbers_text(event.before) + " + " if event.before is not None else ""
        return step, line, f"  {name}.grad", numbers_text(event.after), f"{before}{numbers_text(event.contribution)}"
    if isinstance(event, GradAssigned):
        name = event.name or f"tensor {event.tensor}"
        after = "None" if event.after is None else numbers_text(event.after)
        return step, line, f"{name}.grad = {after}", "", ""
    if isinstance(event, Failure):
        message = event.message if len(event.message) <= 70 else event.message[:69] + "…"
        return step, line, f"{event.error}: {message}", "", ""
    return None


_REASONS = {
    "no_grad": "under no_grad",
    "inference": "under inference_mode",
    "inputs": "no input requires grad",
    "dtype": "not differentiable",
    "create": "a new tensor",
    "detach": "cut off from the graph",
    "": "",
}


def _argument(trace: Recording, argument: Argument) -> str:
    text = trace.label(argument.value) if argument.value is not None else (argument.text or "")
    return f"{argument.name}={text}" if argument.name else text


def _line(position: Position | None) -> str:
    if position is None:
        return ""
    place = str(position.line) if position.file == "cell" else f"{position.file}:{position.line}"
    return with_turn(place, position.turn)


def table(trace: Recording) -> str:
    """The recording as a text table."""
    found = rows(trace)
    if not found:
        return f"Nothing was traced: {' '.join(trace.notes) or 'no tensor operation ran.'}"
    lines = aligned([HEADINGS, *found])
    if trace.left_out:
        lines.append(f"{trace.left_out:,} numbers of large tensors were summarised, not copied.")
    if trace.dropped:
        lines.append(f"{trace.dropped:,} further operations ran and were not kept.")
    return "\n".join(lines)


def difference(one: Recording, other: Recording) -> str:
    """The rows that differ, marked - and +; empty where the tables agree."""
    mine, theirs = (["  ".join(row) for row in rows(each)] for each in (one, other))
    return "\n".join(difflib.unified_diff(mine, theirs, "this", "other", lineterm="", n=1))


def aligned(found: Sequence[Sequence[str]]) -> list[str]:
    """Columns padded to equal width, wide characters counted as two."""
    widths = [max(_width(row[i]) for row in found) for i in range(len(found[0]))]
    return [
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in found
    ]


def _width(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
