"""Small things that the benchmarks of PyTorch's users share: numbers of few digits, names of units, a number of threads.

Rests on `core/threads.py`, and on measurements, whose units they name.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Hashable, Iterable, Iterator
from contextlib import contextmanager

import numpy as np

from autogradkit.core.threads import get_num_threads, set_num_threads

_UNITS = {"ns": "nanosecond", "us": "microsecond", "ms": "millisecond", "s": "second"}


class Language(enum.Enum):
    """What a statement is written in."""

    PYTHON = 0
    CPP = 1


def unit_to_english(u: str) -> str:
    """The name of a unit of time. Raises KeyError for another unit.

    >>> unit_to_english("us")
    'microsecond'
    """
    return _UNITS[u]


def trim_sigfig(x: float, n: int) -> float:
    """A number rounded to `n` digits. Raises AssertionError where `n` is no integer, OverflowError for 0.

    >>> trim_sigfig(12345, 2)
    12000.0
    """
    if n != int(n):
        raise AssertionError("Number of significant figures must be an integer")
    if not x:
        raise OverflowError("cannot convert float infinity to integer")
    scale = 10.0 ** (math.floor(math.log10(abs(x))) + 1 - n)
    return float(
        np.float32(np.round(np.float32(x / scale)) * scale)
    )  # as in PyTorch, whose tensors are of single precision


def ordered_unique(elements: Iterable[Hashable]) -> list[Hashable]:
    """The elements, each where it first stands."""
    return list(dict.fromkeys(elements))


@contextmanager
def set_torch_threads(n: int) -> Iterator[None]:
    """A block with `n` threads."""
    before = get_num_threads()
    try:
        set_num_threads(n)
        yield
    finally:
        set_num_threads(before)
