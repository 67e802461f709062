"""The garbage collector waits while a picture is made: all that is made stays, and it would look through it again and again.

Rests on the standard library; recordings end, and pictures are drawn and told, under it.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def collected_later(function: Callable[P, T]) -> Callable[P, T]:
    """`function`, during which no garbage is collected; afterwards the collector is as it was, also after an error.

    >>> collected_later(gc.isenabled)(), gc.isenabled()
    (False, True)
    """

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        collects = gc.isenabled()
        try:
            gc.disable()
            return function(*args, **kwargs)
        finally:
            if collects:
                gc.enable()

    return run
