"""What a recording adds to an error: the line of the edit, or of the backward, that was its cause.

Rests on the recorder and on what is known of a failed view. Errors bring notes of their own from where they arise
(`core/errors.py`); some of those say that a recording would know more, and here it does; of a `.view()` that failed it says
all.
"""

from __future__ import annotations

from collections.abc import Sequence

from autogradkit.core.errors import BackwardNotRecorded, EditNotRecorded, GraphNotRecorded, ViewRefused, notes_of
from autogradkit.tracing.events import BackwardBegin, NodeRan, Op
from autogradkit.tracing.failed_dtype import FailedDtype
from autogradkit.tracing.failed_view import FailedView
from autogradkit.tracing.recorder import EventRecorder
from autogradkit.tracing.source import SourceReader


def explain(error: BaseException, recorder: EventRecorder | None, failed: FailedView | FailedDtype | None) -> None:
    """Put what the recording tells, or the view that failed, in place of the note that the error came with."""
    notes = notes_of(error)
    for place, note in enumerate(notes):
        if isinstance(note, EditNotRecorded) and recorder is not None:
            notes[place] = f"autogradkit: {_edit(note.key, recorder)}"
        elif isinstance(note, BackwardNotRecorded) and recorder is not None:
            notes[place] = f"autogradkit: {_backward(note.key, recorder)}"
        elif isinstance(note, GraphNotRecorded) and recorder is not None:
            notes[place] = f"autogradkit: {_cut(note.key[0], recorder)}"
        elif isinstance(note, ViewRefused) and failed is not None:
            notes[place] = note.saying(f"{failed.says} %why draws it.")


def _line(recorder: EventRecorder, step: int) -> str:
    site = recorder.drafts[step].site
    place = SourceReader().place(site.frames[0]) if site.frames else None
    return "" if place is None else f"line {place.line}: {place.code}"


def _edit(key: Sequence[int], recorder: EventRecorder) -> str:
    storage = recorder.numbering.storage_at(*key)
    values = recorder.numbering.values
    edits = [
        draft.event
        for draft in recorder.drafts
        if isinstance(draft.event, Op)
        and draft.event.kind == "inplace"
        and any(values[output].storage == storage for output in draft.event.outputs)
    ]
    if not edits:
        return "the saved tensor was edited before the recording began, by an optimizer's step, or by an op with out="
    # Perhaps elements that are not the saved tensor's: all views of one memory have one version.
    through_view = any(values[output].base is not None for output in edits[-1].outputs)
    what = "the memory of the saved tensor was edited through a view" if through_view else "the saved tensor was edited"
    return f"{what} by {edits[-1].label} at {_line(recorder, edits[-1].step)}"


def _backward(key: Sequence[int], recorder: EventRecorder) -> str:
    node = recorder.numbering.node_with(key[0])
    events = [draft.event for draft in recorder.drafts]
    calls = [event.call for event in events if isinstance(event, NodeRan) and event.node == node]
    if not calls:
        return "the graph was freed by a backward before the recording began"
    [begin] = [event for event in events if isinstance(event, BackwardBegin) and event.call == calls[-1]]
    return f"the graph was freed by the backward at {_line(recorder, begin.step)}"


def _cut(root: int, recorder: EventRecorder) -> str:
    """Where what a backward began from lost its graph: the last op on the way to it that was given what requires grad."""
    number, values = recorder.numbering.number_with(root), recorder.numbering.values
    ops = [draft.event for draft in recorder.drafts if isinstance(draft.event, Op)]
    reached = {value.id for value in values.values() if value.tensor == number}
    if ops and not reached:  # a temporary is gone by now, and was the last to be made
        reached.update(ops[-1].outputs)
    for op in reversed(ops):
        if op.node is not None or reached.isdisjoint(op.outputs):
            continue
        given = [argument.value for argument in op.inputs if argument.value is not None]
        if any(values[each].requires_grad for each in given) and op.why_not in ("detach", "no_grad", "inference"):
            line = _line(recorder, op.step)
            if op.why_not == "detach":
                return f"its graph was cut off by {op.label} at {line}"
            mode = "inference_mode()" if op.why_not == "inference" else "no_grad()"
            return f"its graph was not recorded, as {mode} was on, at {line}"
        reached.update(given)
    return "nothing that it was computed from requires grad"
