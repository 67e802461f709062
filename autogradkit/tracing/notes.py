"""One plain line on an error: which source line, which layer, which strides were the cause.

Rests on the recorder and on what is known of a failed view. `str(error)` stays PyTorch's text; what is known beyond it is
added as an exception note (PEP 678).
"""

from __future__ import annotations

import re
from typing import Any

from autogradkit.tracing.events import BackwardBegin, Op
from autogradkit.tracing.failed_view import FailedView
from autogradkit.tracing.recorder import EventRecorder
from autogradkit.tracing.source import SourceReader, is_ours


def explain(error: BaseException, recorder: EventRecorder | None, failed: FailedView | None) -> None:
    """Add a note to `error` if the recording, or the view that failed, tells its cause."""
    note = _view(failed) if failed is not None else None if recorder is None else _note(str(error), recorder)
    if note is not None and note not in getattr(error, "__notes__", ()):
        error.add_note(note)


def hide_our_frames(error: BaseException) -> None:
    """End the traceback at the learner's line, if all below it is this package's own."""
    last = None
    trace = error.__traceback__
    while trace is not None:
        if not is_ours(trace.tb_frame.f_code):
            last = trace
        trace = trace.tb_next
    if last is not None:
        last.tb_next = None


def _note(message: str, recorder: EventRecorder) -> str | None:
    if "has been modified by an inplace operation" in message:
        return _edited(message, recorder)
    if "backward through the graph a second time" in message:
        return _second_backward(recorder)
    if "shapes cannot be multiplied" in message:
        return _shapes(recorder)
    return None


def _line(recorder: EventRecorder, step: int) -> str:
    site = recorder.drafts[step].site
    place = SourceReader().place(site.frames[0]) if site.frames else None
    return "" if place is None else f"line {place.line}: {place.code}"


def _edited(message: str, recorder: EventRecorder) -> str | None:
    shape = re.search(r"\[\d[\d, ]*\]|\[\]", message)
    edits = [
        draft
        for draft in recorder.drafts
        if isinstance(draft.event, Op) and draft.event.kind == "inplace" and _shaped(recorder, draft.event, shape)
    ]
    if not edits:
        return None
    return f"autogradkit: the saved tensor was edited by {edits[-1].event.label} at {_line(recorder, edits[-1].event.step)}"  # type: ignore[union-attr]


def _shaped(recorder: EventRecorder, op: Op, shape: Any) -> bool:
    if shape is None or not op.outputs:
        return True
    value = recorder.numbering.values[op.outputs[0]]
    return value.base is not None or str(list(value.numbers.shape)) == shape.group(0)


def _second_backward(recorder: EventRecorder) -> str | None:
    calls = [draft.event for draft in recorder.drafts if isinstance(draft.event, BackwardBegin)]
    if len(calls) < 2:
        return None
    return f"autogradkit: the graph was freed by the backward at {_line(recorder, calls[-2].step)}"


def _view(failed: FailedView) -> str:
    return f"autogradkit: {failed.why()} {failed.where()} {failed.instead()} %why draws it."


def _shapes(recorder: EventRecorder) -> str | None:
    failed = recorder.failed
    if failed is None:
        return None
    shapes = [str(recorder.numbering.values[a.value].numbers.shape) for a in failed.inputs if a.value is not None]
    layer = f" in layer {' › '.join(failed.scope)}" if failed.scope else ""
    return f"autogradkit: {failed.op} was given the shapes {' and '.join(shapes)}{layer}"
