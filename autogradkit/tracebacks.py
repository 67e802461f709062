"""Tracebacks that end in the learner's line: what a shell shows of an error while the extension is loaded.

Rests on `core.frames`, by which errors leave this package with one of its frames at most; here that one goes too, and those
of the magics. Only what is shown changes, in every mode of `%xmode`, for errors and for interrupts. IPython's own switch for
hidden frames shows what is left: `%xmode --show`, then `%tb` for the last error; `%xmode --hide` hides it again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from autogradkit.core.absent import absence
from autogradkit.core.errors import notes_of
from autogradkit.core.frames import all_frames_wanted, learners_part, led_to, traceback_of
from autogradkit.core.tensor import Tensor
from autogradkit.tracing.namespace import holds, text_of


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
            if all_frames_wanted() or not formatter.skip_hidden:
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
    if isinstance(error, AttributeError) and (holds(error.obj, Tensor) or error.obj is Tensor):
        note = None if error.name is None else absence("Tensor", error.name)
        if note is not None and note not in notes_of(error):
            BaseException.add_note(error, note)


@contextmanager
def _shortened(error: BaseException) -> Iterator[None]:
    """While the block runs, an error and those that led to it have the learner's part of their tracebacks, and notes to print."""
    whole = [(each, traceback_of(each), list(notes_of(each))) for each in led_to(error)]
    try:
        for each, traceback, notes in whole:
            BaseException.with_traceback(each, learners_part(traceback))
            notes_of(each)[:] = map(text_of, notes)  # IPython fails at what is no text
        yield
    finally:
        for each, traceback, notes in whole:
            BaseException.with_traceback(each, traceback)
            notes_of(each)[:] = notes
