"""PyTorch's functions of sizes that a compiler may know by a symbol only: sizes here are numbers, and these Python's own.

Rests on nothing. The package publishes them under PyTorch's names.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any


class _Symbol:
    def __init__(self, *_args: Any) -> None:
        raise NotImplementedError(
            "autogradkit has no symbols for numbers: sizes and what is computed from them are Python's own"
        )


class SymInt(_Symbol):
    """The class of PyTorch's sizes that are known by a symbol only, of which there are none here."""


class SymFloat(_Symbol):
    """The class of PyTorch's numbers that are computed from such sizes, of which there are none here."""


class SymBool(_Symbol):
    """The class of what PyTorch finds comparing such sizes, of which there are none here."""


def sym_int(a: float) -> int:
    """The integer below it, or, of a negative number, above.

    >>> sym_int(-2.7)
    -2
    """
    return math.floor(a) if a >= 0 else math.ceil(a)


def sym_float(a: float) -> float:
    """The number as a float."""
    return float(a)


def sym_max(a: float, b: float) -> float:
    """The larger one, a float where one of them is."""
    return _alike(max(a, b), a, b)


def sym_min(a: float, b: float) -> float:
    """The smaller one, a float where one of them is.

    >>> sym_min(1, 2.0)
    1.0
    """
    return _alike(min(a, b), a, b)


def _alike(found: float, *given: float) -> float:
    return float(found) if any(isinstance(each, float) for each in given) else found


def sym_not(a: bool) -> bool:
    """Whether it is false."""
    return not a


def sym_ite(b: bool, t: Any, f: Any) -> Any:
    """`t` or `f`, by what `b` says."""
    return t if b else f


def sym_sqrt(a: float) -> float:
    """The square root."""
    return math.sqrt(a)


def sym_sum(args: Sequence[Any]) -> Any:
    """The sum."""
    return sum(args)
