"""Which operations of a trace a picture is about: those of the learner's code, and what a backward pass computed for it.

Rests on the event stream; `build.py` begins with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from autogradkit.tracing.events import Argument, BackwardBegin, BackwardEnd, Event, Op


def second_order(events: Iterable[Event]) -> set[int]:
    """Steps of the ops that ran inside a backward call: what create_graph records, and hooks."""
    inside = 0
    found: set[int] = set()
    for event in events:
        if isinstance(event, BackwardBegin):
            inside += 1
        elif isinstance(event, BackwardEnd):
            inside -= 1
        elif isinstance(event, Op) and inside > 0:
            found.add(event.step)
    return found


def telling_ops(events: Iterable[Event], second_order: set[int]) -> list[Op]:
    """All ops but those inside a backward call that are not recorded and that nothing recorded reads."""
    kept: list[Op] = []
    read: set[int] = set()
    for event in reversed([*events]):
        if isinstance(event, Op) and (
            event.step not in second_order or event.node is not None or not read.isdisjoint(event.outputs)
        ):
            inputs = _without_new_memory(event) if event.step in second_order else event.inputs
            kept.append(event if inputs is event.inputs else replace(event, inputs=inputs))
            read.update(argument.value for argument in inputs if argument.value is not None)
    return kept[::-1]


def _without_new_memory(op: Op) -> tuple[Argument, ...]:
    """What an op reads: the engine copies a gradient into new memory, and what that held is nobody's."""
    return op.inputs[1:] if op.node_name == "CopyBackwards" else op.inputs


def in_optimizer(op: Op) -> bool:
    """Whether the op ran inside an optimizer's `step()`: no part of the graph."""
    return op.node is None and op.position is not None and re.search(r"\.step\(\s*\)", op.position.code) is not None
