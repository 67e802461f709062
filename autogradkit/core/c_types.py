"""Classes that PyTorch writes in C: in Python's own refusals their names have the module, "'torch.dtype' object has no ...".

Python reads that name from the class itself, and everybody else asks `__name__`: the two differ for a class in C.
"""

from __future__ import annotations

from typing import Any


class CType(type):
    """The class of such a class.

    >>> class dtype(metaclass=CType): ...
    >>> dtype.__name__
    'dtype'
    >>> dtype() + 1
    Traceback (most recent call last):
    TypeError: unsupported operand type(s) for +: 'torch.dtype' and 'int'
    """

    def __init__(cls, name: str, bases: tuple[type, ...], space: dict[str, Any]) -> None:
        super().__init__(name, bases, space)
        type.__dict__["__name__"].__set__(cls, f"torch.{name}")

    @property
    def known_to_c(cls) -> str:
        """The name with its module."""
        return type.__dict__["__name__"].__get__(cls)

    @property
    def __name__(cls) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        return cls.__qualname__
