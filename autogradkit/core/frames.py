"""Whose code a frame runs, and errors that reach the learner without the frames of this package.

Rests on the standard library. What the learner calls (ops, backward, modules, optimizers, loaders) ends in

    except BaseException as error:
        shorten(error)
        raise

which costs nothing until something is raised. Python then adds the frames above to what is left, so a traceback has the
learner's lines, also those that this package called (hooks, `forward`, a data set), and the function that was called at
most. `AUTOGRADKIT_TRACEBACK=full` in the environment, also when it is set later, leaves every frame.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import wraps
from types import CodeType, FrameType, TracebackType
from typing import Any, ParamSpec, TypeVar, cast

PACKAGE = os.path.dirname(os.path.dirname(__file__)) + os.sep
_STANDARD_LIBRARY = os.path.dirname(os.__file__) + os.sep
_INSTALLED = (f"site-packages{os.sep}", f"dist-packages{os.sep}")
_RESTS_ON = ("numpy", "matplotlib", "IPython", "traitlets", "ipywidgets", "anywidget")
_OURS_TO_CALL = tuple(place + name + os.sep for place in _INSTALLED for name in _RESTS_ON)
_PLAIN: Any = BaseException  # its descriptors see an error as it is, whatever its class makes of attributes
P = ParamSpec("P")
T = TypeVar("T")


def is_ours(code: CodeType) -> bool:
    """Whether the code belongs to this package rather than to the learner."""
    return code.co_filename.startswith(PACKAGE)


def is_library(code: CodeType) -> bool:
    """Whether the code is of Python's own library or of an installed package."""
    return _is_pythons(code) or any(each in code.co_filename for each in _INSTALLED)


def _is_pythons(code: CodeType) -> bool:
    file = code.co_filename
    return file.startswith((_STANDARD_LIBRARY, "<frozen ")) and not any(each in file for each in _INSTALLED)


def _is_ours_to_call(code: CodeType) -> bool:
    """Whether the code is of a library that this package rests on, rather than of one that rests on this package."""
    return _is_pythons(code) or any(each in code.co_filename for each in _OURS_TO_CALL)


def all_frames_wanted() -> bool:
    """Whether tracebacks are to stay whole."""
    return os.environ.get("AUTOGRADKIT_TRACEBACK") == "full"


def learners_part(traceback: TracebackType | None) -> TracebackType | None:
    """A traceback without the frames of this package, and of the libraries that it called."""
    kept: list[TracebackType] = []
    hidden = some = False
    first = traceback
    while traceback is not None:
        code = traceback.tb_frame.f_code
        hidden = is_ours(code) or (hidden and _is_ours_to_call(code))
        some = some or hidden
        if not hidden:
            kept.append(traceback)
        traceback = traceback.tb_next
    if not some:
        return first
    part = None
    for each in reversed(kept):
        part = TracebackType(part, each.tb_frame, each.tb_lasti, each.tb_lineno)
    return part


def learners_stack(frame: FrameType | None) -> str:
    """The lines that led to a frame, as a traceback prints them, without the frames of this package and of Python's start."""
    import traceback  # costs every import; only anomaly mode uses it

    kept: list[tuple[FrameType, int]] = []
    for each, line in traceback.walk_stack(frame):
        code = each.f_code
        if all_frames_wanted() or not (is_ours(code) or code.co_filename.startswith("<frozen ")):
            kept.append((each, line))
    return "".join(traceback.StackSummary.extract(reversed(kept)).format())


def led_to(error: BaseException) -> Iterator[BaseException]:
    """The error, what it was raised from or while handling, and so on; of a group, its members too."""
    known: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop()
        if each is not None and id(each) not in known:
            known.add(id(each))
            yield each
            waiting += [_PLAIN.__cause__.__get__(each), _PLAIN.__context__.__get__(each)]
            if isinstance(each, BaseExceptionGroup):
                waiting += cast("tuple[BaseException, ...]", each.exceptions)


def traceback_of(error: BaseException) -> TracebackType | None:
    """An error's traceback."""
    return _PLAIN.__traceback__.__get__(error)


def shorten(error: BaseException) -> None:
    """Leave the learner's part of an error's traceback, on its way out; likewise of what led to it."""
    if all_frames_wanted():
        return
    for each in led_to(error):
        BaseException.with_traceback(each, learners_part(traceback_of(each)))


def entry(function: Callable[P, T]) -> Callable[P, T]:
    """A function that learners call, whose errors come out short. What is called often says so in its own body."""

    @wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except BaseException as error:
            shorten(error)
            raise

    return called
