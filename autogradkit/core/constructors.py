"""Constructors under the names of the classes that take them: what Python says of a wrong call, `ReLU.__init__() got ...`.

Rests on frames; layers and schedules that share a base of ours are made with it.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

from autogradkit.core.frames import entry
from autogradkit.core.own import is_own


class OwnConstructor:
    """A base whose classes in this package take its constructor as their own, where they write none.

    >>> import autogradkit as torch
    >>> torch.nn.ReLU(size=3)
    Traceback (most recent call last):
    TypeError: ReLU.__init__() got an unexpected keyword argument 'size'
    """

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "__init__" not in vars(cls) and is_own(cls):
            name_constructor(f"{cls.__name__}.__init__", cls)


def name_constructor(name: str, cls: type) -> None:
    """Give a class the constructor that it has, or takes from a base, under a name."""
    taken: Any = cls.__init__
    inner: FunctionType = getattr(taken, "__wrapped__", taken)
    own = FunctionType(inner.__code__, inner.__globals__, "__init__", inner.__defaults__, inner.__closure__)
    own.__kwdefaults__, own.__annotations__ = inner.__kwdefaults__, inner.__annotations__
    own.__doc__, own.__module__, own.__qualname__ = inner.__doc__, inner.__module__, name
    made: Callable[..., None] = own if inner is taken else entry(own)
    type.__setattr__(cls, "__init__", made)
