"""Functions that are to stand in a traced graph as one call: `wrap` marks them for the tracer."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from autogradkit.core.frames import entry

NAMED: list[tuple[dict[str, Any], str]] = []  # the modules that named some, as dicts, and the names


@entry
def wrap(fn_or_name: str | Callable[..., Any]) -> Any:
    """`fn_or_name` itself: a function of the module that calls this, or its name. Also a decorator.

    Raises RuntimeError for anything else, and NotImplementedError where no module is being defined.
    """
    if not callable(fn_or_name) and not isinstance(fn_or_name, str):
        raise RuntimeError("Unsupported type for global function! Must be either a callable or string name")
    caller = sys._getframe(2)  # behind the frame of `entry`
    if caller.f_code.co_name != "<module>":
        raise NotImplementedError("wrap must be called at the top level of a module")
    NAMED.append((caller.f_globals, fn_or_name if isinstance(fn_or_name, str) else fn_or_name.__name__))
    return fn_or_name
