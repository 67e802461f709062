"""What the learner's call was, seen from the op that ran in it: its name, its arguments as they were written.

Rests on core. The recorder asks it about each op.
"""

from __future__ import annotations

from types import FrameType
from typing import Any

from autogradkit.core.facts import Declaration
from autogradkit.core.tensor import Tensor


def as_written(entry: FrameType, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments of an op, with the number of `x[0] = 5.` in place of the tensor that it was made into."""
    if entry.f_code is not _SETITEM or isinstance(entry.f_locals["value"], Tensor):
        return args
    return tuple(entry.f_locals["value"] if each is entry.f_locals["source"] else each for each in args)


def called_as(entry: FrameType, declaration: Declaration, kind: str) -> str:
    """The function or method that the learner called, where it has another name than the op that ran in it."""
    name = entry.f_code.co_name
    public = hasattr(Tensor, name) or entry.f_globals["__name__"].startswith("autogradkit.nn.functional.")
    told = kind not in ("op", "view") or name.startswith("_") or declaration.facts.sign
    return "" if told or not public or name in (declaration.name, declaration.facts.label) else name


def in_order(entry: FrameType, args: tuple[Any, ...]) -> bool:
    """Whether the first argument that the learner gave is the op's first: `F.embedding(i, W)` runs `embedding(W, i)`.

    Of `x == p` Python asks a parameter first, since its class is one of tensors: `p == x` runs as well.
    """
    code = entry.f_code
    if code.co_name in _COMPARISONS and len(args) == 2:
        first, second = map(type, args)
        if first is not second and issubclass(first, second):
            return False
    return not code.co_argcount or not args or entry.f_locals.get(code.co_varnames[0]) is args[0]


_COMPARISONS = {"__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__"}
_SETITEM = Tensor.__setitem__.__code__


def flat(value: Any) -> list[Any]:
    """The members of a list of tensors; of anything else that alone."""
    several = isinstance(value, list | tuple) and any(isinstance(each, Tensor) for each in value)
    return list(value) if several else [value]


def short(value: Any) -> str:
    """What was no tensor, as text of at most 40 characters; the name of its class where the learner's `__repr__` fails.

    >>> short(3), short("a" * 100)
    ('3', "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…")
    """
    try:
        text = repr(value)
    except Exception:  # recording makes no call fail that would not fail without it
        text = f"<{type(value).__name__}>"
    return text if len(text) <= 40 else text[:39] + "…"
