"""Tracebacks that end in the learner's line: what a shell shows of an error while the extension is loaded.

Rests on tracing, which knows whose code a frame runs. Only what is shown changes, in every mode of `%xmode`, for errors and
for interrupts: the exception and its traceback stay whole, and `%debug` walks through all of it. IPython's own switch for
hidden frames shows ours too: `%xmode --show`, then `%tb` for the last error; `%xmode --hide` hides them again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from autogradkit.core.absent import absence
from autogradkit.core.tensor import Tensor
from autogradkit.tracing.frames import is_library, is_ours


class LearnersTracebacks:
    """Has one shell leave the frames of this package out of its tracebacks."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._formatter: Any = shell.InteractiveTB  # its `structured_traceback` is asked for every traceback

    def install(self) -> None:
        """Stand before the shell's formatter."""
        formatter = self._formatter
        format_all = formatter.structured_traceback

        def structured_traceback(kind: Any, error: Any, traceback: Any = None, *args: Any, **kwargs: Any) -> list[str]:
            # In Plain mode the formatter calls itself for what was chained, with a tuple; then all is prepared already.
            if error is None or isinstance(traceback, tuple):
                return format_all(kind, error, traceback, *args, **kwargs)
            note_absence(error)
            if not formatter.skip_hidden:
                return format_all(kind, error, traceback, *args, **kwargs)
            with _shortened(error):
                return format_all(kind, error, learners_part(traceback), *args, **kwargs)

        formatter.structured_traceback = structured_traceback

    def remove(self) -> None:
        """Leave the shell's formatter as it was."""
        self._formatter.__dict__.pop("structured_traceback", None)


def note_absence(error: BaseException) -> None:
    """Say below the error that PyTorch's tensors have the attribute that a tensor of ours was asked for in vain.

    `Tensor` cannot say so itself: a `__getattr__` would slow down every attribute of every tensor.
    """
    if isinstance(error, AttributeError) and (isinstance(error.obj, Tensor) or error.obj is Tensor):
        note = None if error.name is None else absence("Tensor", error.name)
        if note is not None and note not in getattr(error, "__notes__", ()):
            error.add_note(note)


def learners_part(traceback: TracebackType | None) -> TracebackType | None:
    """A copy of a traceback without the frames of this package and of the libraries that it called."""
    kept: list[TracebackType] = []
    hidden = False
    while traceback is not None:
        code = traceback.tb_frame.f_code
        hidden = is_ours(code) or (hidden and is_library(code))
        if not hidden:
            kept.append(traceback)
        traceback = traceback.tb_next
    part = None
    for each in reversed(kept):
        part = TracebackType(part, each.tb_frame, each.tb_lasti, each.tb_lineno)
    return part


@contextmanager
def _shortened(error: BaseException) -> Iterator[None]:
    """While the block runs, the errors that led to this one have the learner's part of their tracebacks only."""
    whole: list[tuple[BaseException, TracebackType | None]] = []
    waiting = [error.__cause__, error.__context__]
    while waiting:
        each = waiting.pop()
        if each is not None and each is not error and all(each is not known for known, _ in whole):
            whole.append((each, each.__traceback__))
            waiting += [each.__cause__, each.__context__]
    try:
        for each, traceback in whole:
            each.__traceback__ = learners_part(traceback)
        yield
    finally:
        for each, traceback in whole:
            each.__traceback__ = traceback
