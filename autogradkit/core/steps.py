"""Several steps that no interrupt comes between: what an edit writes, and everything that says so.

Rests on `quiet`, since steps compute. Ctrl-C (any signal) reaches Python code between two instructions, after a call or at a jump
backwards, and would leave a tensor with new numbers and an old history. One call into C that takes all steps is one
instruction, so an edit first prepares, which may be interrupted, and is then there as a whole. Edits in place, results in
`out=`, optimizers and the history of views go through here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import starmap
from operator import call
from types import SimpleNamespace
from typing import Any

from autogradkit.core.quiet import is_quiet, quietly

Step = tuple[Any, ...]  # a function that is written in C, and its arguments


NOTHING: Step = (setattr, SimpleNamespace(), "nothing", None)


def take(step: Step) -> None:
    """Take one step."""
    step[0](*step[1:])


def at_once(steps: Sequence[Step]) -> None:
    """Take all `steps`, in their order, with no interrupt in between.

    Each is a function and its arguments, `(setattr, tensor, "_node", node)`. The functions must run no Python code: NumPy's
    ufuncs and `operator.setitem` do not, `np.copyto` does. A step that raises ends it; what writes memory comes first.

    >>> numbers = [1, 2]
    >>> at_once([(numbers.append, 3), (numbers.remove, 1)])
    >>> numbers
    [2, 3]
    """
    if is_quiet():
        deque(starmap(call, steps), 0)
    else:
        quietly(deque, starmap(call, steps), 0)
