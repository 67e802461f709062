"""Warnings that point at the learner's line, however many of our frames lie between.

Rests on nothing; whatever warns uses it.
"""

from __future__ import annotations

import inspect
import warnings


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn as from the innermost frame outside this package."""
    level = 1
    frame = inspect.currentframe()
    while frame is not None and str(frame.f_globals.get("__name__", "")).startswith("autogradkit"):
        frame = frame.f_back
        level += 1
    warnings.warn(message, category, stacklevel=level)
