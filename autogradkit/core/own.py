"""Whether a class is this package's, also while it goes by PyTorch's name; and what methods of a class in parts are called.

Rests on the standard library. `autogradkit.as_torch()` has the public classes and functions say "torch" where they are asked for
their module, so their `__module__` alone does not tell them from PyTorch's own; printing, messages, recorder and magics ask here.
"""

from __future__ import annotations

import inspect
from types import FunctionType

# What goes by PyTorch's name now, classes and functions, with the module that made each; by identity, as a learner's class may
# have no hash.
RENAMED: dict[int, tuple[type | FunctionType, str]] = {}


def home_of(kind: type | FunctionType) -> str:
    """The module that made a class or function, whatever name it goes by; "" where that does not say.

    >>> from autogradkit import Tensor
    >>> home_of(Tensor), home_of(dict)
    ('autogradkit.core.tensor', 'builtins')
    """
    if id(kind) in RENAMED:
        return RENAMED[id(kind)][1]
    home = getattr(kind, "__module__", "")
    return home if isinstance(home, str) else ""  # a learner's class may say anything


def is_own(kind: type) -> bool:
    """Whether a class was made by this package."""
    return home_of(kind).partition(".")[0] == "autogradkit"


def named_as(whole: str, part: type) -> None:
    """Have Python's refusals name the methods of a base class as those of the class that it is a part of.

    >>> class Part:
    ...     def told(self): ...
    >>> named_as("Whole", Part)
    >>> Part.told.__qualname__
    'Whole.told'
    """
    for method in vars(part).values():
        method = getattr(method, "__func__", method)  # of a static one
        if isinstance(method, FunctionType):
            for each in (method, inspect.unwrap(method)):
                each.__qualname__ = f"{whole}.{method.__name__}"
