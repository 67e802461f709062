"""Warnings that point at the learner's line, however many of our frames lie between; some come once in a process.

Which do is PyTorch's choice (`TORCH_WARN_ONCE`); Python's filters decide of the others. Rests on nothing; whatever warns uses it.
"""

from __future__ import annotations

import inspect
import warnings
from typing import ClassVar


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn as from the innermost frame outside this package."""
    level = 1
    frame = inspect.currentframe()
    while frame is not None and str(frame.f_globals.get("__name__", "")).startswith("autogradkit"):
        frame = frame.f_back
        level += 1
    warnings.warn(message, category, stacklevel=level)


def warn_unseen(message: str) -> None:
    """Warn of what is deprecated as from a line of the library's, as PyTorch's Python does: test runners alone show it."""
    warnings.warn(message, DeprecationWarning, stacklevel=1)


class _Once:
    """What was said already, and whether it is said each time."""

    keys: ClassVar[set[str]] = set()
    is_said_always = False


def warn_once(message: str, category: type[Warning] = UserWarning, what: str = "") -> None:
    """Warn, unless a warning with this message, or of `what`, came before in this process."""
    key = what or message
    if key not in _Once.keys or _Once.is_said_always:
        _Once.keys.add(key)
        warn(message, category)


def is_warn_always_enabled() -> bool:
    """What `set_warn_always` has set."""
    return _Once.is_said_always


def set_warn_always(enabled: bool, /) -> None:
    """Whether what is said once in a process is said each time. Of most warnings Python's filters decide that alone."""
    _Once.is_said_always = enabled
