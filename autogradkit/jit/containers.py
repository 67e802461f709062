"""`torch.jit.isinstance`: whether something is of a type that says what its containers hold.

Rests on `typing`. Code that is also meant to be translated asks so, as Python's own `isinstance` refuses `list[int]`.
"""

from __future__ import annotations

import builtins
import types
import typing
from typing import Any

from autogradkit.core.frames import entry
from autogradkit.core.warning import warn

_ONE = "a contained type. Please add a contained type, e.g. {}[int]"
_TWO = "contained types. Please add contained type, e.g. {}[int, int]"
# Types that do not say what they hold, and what is missing; `list` and `List` are one kind with two names.
_BARE = {list: _ONE, typing.List: _ONE, tuple: _ONE, typing.Tuple: _ONE, dict: _TWO, typing.Dict: _TWO}  # noqa: UP006


@entry
def isinstance(obj: Any, target_type: Any) -> bool:
    """Whether `obj` is of `target_type`, or of one of a tuple of types; all that lists, tuples and dicts hold is looked at.

    Of an empty container nobody can tell what it was to hold: it is of every such type, and a warning says so. Raises
    RuntimeError for a container's type that does not say what it holds.

    >>> import autogradkit as torch
    >>> torch.jit.isinstance([1, 2], list[int]), torch.jit.isinstance([1, 2.0], list[int])
    (True, False)
    """
    if builtins.isinstance(target_type, str):
        raise RuntimeError("The second argument to `torch.jit.isinstance` must be a type or a tuple of types")
    if builtins.isinstance(obj, list | dict | tuple) and not obj:
        warn(
            "The inner type of a container is lost when calling torch.jit.isinstance in eager mode. For example, List[int] "
            "would become list and therefore falsely return True for List[float] or List[str]."
        )
    kinds = target_type if builtins.isinstance(target_type, tuple) else (target_type,)
    return any(_is_of(obj, kind) for kind in kinds)


def _is_of(obj: Any, kind: Any) -> bool:
    if (missing := _BARE.get(kind)) is not None:
        raise RuntimeError(f"Attempted to use {kind.__name__} without {missing.format(kind.__name__)}")
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin is None:
        return builtins.isinstance(obj, kind)
    if origin in (typing.Union, types.UnionType):
        return any(_is_of(obj, part) for part in parts)
    if origin not in (list, dict, tuple) or not builtins.isinstance(obj, origin):
        return False
    if builtins.isinstance(obj, dict):
        return all(_is_of(key, parts[0]) and _is_of(value, parts[1]) for key, value in obj.items())
    if origin is list:
        return all(_is_of(each, parts[0]) for each in obj)
    return len(obj) == len(parts) and all(map(_is_of, obj, parts))
