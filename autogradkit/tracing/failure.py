"""What ended a cell, as the last event of its trace: the error, and the op or the line in which it was raised.

Rests on events, frames and `resolve`; the recorder asks. The error may be of a class of the learner's: nothing here hides it.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import CodeType

from autogradkit.core.errors import notes_of
from autogradkit.core.frames import traceback_of
from autogradkit.tracing.events import Argument, Failure, Layer
from autogradkit.tracing.frames import Site, Sites, is_learners
from autogradkit.tracing.namespace import class_name, text_of
from autogradkit.tracing.resolve import Draft


@dataclass(frozen=True)
class Failed:
    """An op that raised, and what was known when it did."""

    error: BaseException
    op: str  # as a picture calls it
    inputs: tuple[Argument, ...]
    site: Site
    scope: tuple[str, ...]  # modules that were running
    layers: tuple[Layer, ...]  # the same


def ended_by(error: BaseException, failed: Failed | None, step: int, sites: Sites) -> Draft:
    """The event of an error that ended the cell; `failed` is the op that raised last, which may have raised another one."""
    if failed is not None and failed.error is not error:
        failed = None
    event = Failure(
        step=step,
        error=class_name(error),
        message=text_of(error),
        notes=tuple(map(text_of, notes_of(error))),
        op=None if failed is None else failed.op,
        inputs=() if failed is None else failed.inputs,
        position=None,
        scope=() if failed is None else failed.scope,
        layers=() if failed is None else failed.layers,
    )
    return Draft(event, _raised_at(error, sites) if failed is None else failed.site)


def caught(failed: Failed) -> str:
    """What is told of a cell in which nothing but this was tried, and which went on after the error."""
    message = text_of(failed.error).partition("\n")[0]
    return f"no tensor operation succeeded. {failed.op} failed with {class_name(failed.error)}, which was caught: {message}"


def _raised_at(error: BaseException, sites: Sites) -> Site:
    spots: list[tuple[CodeType, int]] = []
    trace = traceback_of(error)
    while trace is not None:
        spots.append((trace.tb_frame.f_code, trace.tb_lasti))
        trace = trace.tb_next
    return sites.at([(code, offset) for code, offset in reversed(spots) if is_learners(code)])
