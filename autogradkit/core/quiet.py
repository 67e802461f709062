"""Where kernels run: a context of their own, in which NumPy neither warns of floating-point errors nor raises.

An infinity or a NaN is a result here, as in PyTorch. NumPy keeps what it does about them in a context variable, so nobody's
state and nobody's warning filters are changed: a kernel is entered by `Context.run`, at a seventh of what `np.errstate`
costs, and no interrupt can fall between entering and leaving. Only kernels run there. Hooks, custom functions and whatever
else is the user's is called outside, in the user's own context.

The same variable holds the size of NumPy's buffers. Where several rows fit into one, NumPy copies a broadcast operand there,
element by element, and a column times a row takes four times as long (2.4; 784 columns, 62 µs and 16). So buffers are small
here: a broadcast row of half their size or more is read where it lies, and conversions lose nothing down to this size.

A context can be entered once at a time. What is called while a kernel is under way in this thread is called as it is; where
one is in another thread, one of the spare contexts serves. Rests on NumPy; the generated lanes write `run_quietly` and its
way out in line (declare/source.py), everything else calls `quietly`.
"""

from __future__ import annotations

import contextvars
import functools
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

Result = TypeVar("Result")
F = TypeVar("F", bound=Callable[..., Any])


_IS_QUIET = contextvars.ContextVar("is_quiet", default=False)
is_quiet = _IS_QUIET.get  # whether a kernel is under way in this thread


_BUFFERED = 512  # elements that NumPy buffers at a time; 8,192 by itself


def _quiet_context() -> contextvars.Context:
    made = contextvars.Context()
    made.run(np.seterr, all="ignore")
    made.run(np.setbufsize, _BUFFERED)
    made.run(_IS_QUIET.set, True)
    return made


run_quietly = _quiet_context().run
_SPARE: list[contextvars.Context] = []


def is_taken(error: RuntimeError) -> bool:
    """Whether the caller's `run_quietly` failed since the context is entered already, and ran nothing."""
    traceback = error.__traceback__
    return traceback is not None and traceback.tb_next is None and str(error).startswith("cannot enter context")


def run_in_spare(function: Callable[..., Result], /, *args: Any, **kwargs: Any) -> Result:
    """The call in a context that nobody else has entered."""
    context = _SPARE.pop() if _SPARE else _quiet_context()
    try:
        return context.run(function, *args, **kwargs)
    finally:
        _SPARE.append(context)


def quietly(function: Callable[..., Result], /, *args: Any, **kwargs: Any) -> Result:
    """Call a function that runs no code of the user's, with NumPy silent.

    >>> quietly(np.divide, np.array([1.0, 0.0]), 0.0)
    array([inf, nan])
    """
    if is_quiet():
        return function(*args, **kwargs)
    try:
        return run_quietly(function, *args, **kwargs)
    except RuntimeError as error:
        if not is_taken(error):
            raise
    return run_in_spare(function, *args, **kwargs)


def quiet(function: F) -> F:
    """Decorate a function that runs no code of the user's: it is called by `quietly`."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        return quietly(function, *args, **kwargs)

    return call  # pyright: ignore[reportReturnType]
