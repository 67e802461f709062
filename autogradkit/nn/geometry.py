"""Sizes that are given once for all dimensions, or one by one; layers with windows and paddings rest on it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def per_dimension(value: Any, dims: int) -> tuple[Any, ...]:
    """One for each dimension; what does not fit, the op refuses.

    >>> per_dimension(3, 2), per_dimension([1, 2], 2)
    ((3, 3), (1, 2))
    """
    return tuple(value) if isinstance(value, Iterable) else (value,) * dims
