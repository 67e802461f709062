"""From which event on a value is known: what the walk through a picture must not show before it is reached.

Rests on the event stream alone; `build.py` keeps it with the graph.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from autogradkit.tracing.events import Accumulated, BackwardBegin, Failure, GradAssigned, GradReturned, NodeRan, Op
from autogradkit.tracing.recording import Recording
from autogradkit.tracing.render.graph.structure.model import is_edit

BEFORE = -1  # known before the first event
AT_END = 1 << 30  # known when everything is over

# Of a detail: what, text, and, where it was not known from the beginning, the event from which on it is
Row = Sequence[str | int]


def known_from(trace: Recording) -> dict[int, int]:
    """For each value the step of the event that gave it, -1 for what there was before.

    What no operation gave is met where it is first read. Had a backward pass gone before, it may be a gradient; had its
    memory been edited, it is what the edit left: either is known from then on.
    """
    found: dict[int, int] = {}
    backward = BEFORE
    edited: dict[int, int] = defaultdict(lambda: BEFORE)  # storage -> the last edit of it

    def met(value: int | None) -> None:
        if value is not None and value not in found:
            found[value] = max(backward, edited[trace.values[value].storage])

    for event in trace.events:
        if isinstance(event, Op):
            for argument in event.inputs:
                met(argument.value)
            for output in event.outputs:
                found.setdefault(output, event.step)
                if is_edit(event):
                    edited[trace.values[output].storage] = event.step
        elif isinstance(event, BackwardBegin):
            for root in event.roots:
                met(root)
        elif isinstance(event, GradReturned):
            found.setdefault(event.value, event.step)
            backward = event.step
        elif isinstance(event, NodeRan | Accumulated | GradAssigned):
            backward = event.step
        elif isinstance(event, Failure):
            for argument in event.inputs:
                met(argument.value)
    return found
