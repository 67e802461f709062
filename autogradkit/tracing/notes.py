"""What a recording adds to an error: the line of the edit, or of the backward, that was its cause.

Rests on the recorder. Errors bring notes of their own from where they arise (`core/errors.py`); two of those say that a
recording would know more, and here it does.
"""

from __future__ import annotations

import re
from typing import Any

from autogradkit.core import errors
from autogradkit.tracing.events import BackwardBegin, Op
from autogradkit.tracing.recorder import EventRecorder
from autogradkit.tracing.source import SourceReader


def explain(error: BaseException, recorder: EventRecorder) -> None:
    """Put what the recording tells in place of the note that says how to learn it."""
    notes: list[str] = getattr(error, "__notes__", [])
    for place, note in enumerate(notes):
        if note == f"autogradkit: {errors.WHERE_EDITED}":
            notes[place] = f"autogradkit: {_edited(str(error), recorder)}"
        elif note == f"autogradkit: {errors.WHERE_FREED}":
            notes[place] = f"autogradkit: {_second_backward(recorder)}"


def _line(recorder: EventRecorder, step: int) -> str:
    site = recorder.drafts[step].site
    place = SourceReader().place(site.frames[0]) if site.frames else None
    return "" if place is None else f"line {place.line}: {place.code}"


def _edited(message: str, recorder: EventRecorder) -> str:
    shape = re.search(r"\[\d[\d, ]*\]|\[\]", message)
    edits = [
        draft.event
        for draft in recorder.drafts
        if isinstance(draft.event, Op) and draft.event.kind == "inplace" and _shaped(recorder, draft.event, shape)
    ]
    if not edits:
        return "the saved tensor was edited before the recording began"
    return f"the saved tensor was edited by {edits[-1].label} at {_line(recorder, edits[-1].step)}"


def _shaped(recorder: EventRecorder, op: Op, shape: Any) -> bool:
    if shape is None or not op.outputs:
        return True
    value = recorder.numbering.values[op.outputs[0]]
    return value.base is not None or str(list(value.numbers.shape)) == shape.group(0)


def _second_backward(recorder: EventRecorder) -> str:
    calls = [draft.event for draft in recorder.drafts if isinstance(draft.event, BackwardBegin)]
    if len(calls) < 2:
        return "the graph was freed by a backward before the recording began"
    return f"the graph was freed by the backward at {_line(recorder, calls[-2].step)}"
