"""Elementary functions of many float32 numbers by whole steps, where NumPy and SciPy call the C library for each number.

Rests on core's parts and processor. `near_one`, `angles` and `error_functions` have the steps, written for parts that stay in the
processor's cache.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autogradkit.core.parts import in_pieces
from autogradkit.core.processor import in_whole_steps
from autogradkit.core.storage import Array

MANY = 4096  # elements from which several steps are quicker


def singles(*numbers: float) -> list[Array]:
    """Arrays without dimensions, which NumPy adds as quickly as arrays of many."""
    return [np.array(number, np.float32) for number in numbers]


def series(x: Array, coefficients: list[Array], out: Array | None = None) -> Array:
    """The polynomial in x without a constant term, highest power first, in `out` or a new array.

    >>> series(np.float32([1, 2]), singles(3, 1))
    array([ 4., 14.], dtype=float32)
    """
    found = np.multiply(x, coefficients[0], out)
    for coefficient in coefficients[1:]:
        found += coefficient
        found *= x
    return found


_SINGLE = (np.dtype(np.float32),)
REAL = (*_SINGLE, np.dtype(np.float64))


def by_steps(
    function: Callable[..., Any],
    steps: Callable[..., None],
    out: Array | None,
    *arrays: Array,
    kinds: tuple[np.dtype[Any], ...] = _SINGLE,
) -> Any:
    """A function such as NumPy's of the arrays, in `out` or a new array like the first.

    Many numbers of one of the `kinds` are taken by `steps(*parts, out)`, unless NumPy's function was written for this processor.
    """
    size = arrays[0].size if out is None else out.size
    kind = arrays[0].dtype
    if size < MANY or kind not in kinds or any(each.dtype != kind for each in arrays) or _is_quick(function, kind):
        return function(*arrays, out)
    if out is None:
        out = np.empty_like(arrays[0])
    alike = [each if each.shape == out.shape else np.broadcast_to(each, out.shape) for each in arrays]
    for into, *parts in in_pieces(out, *alike):
        steps(*parts, into)
    return out


def _is_quick(function: Callable[..., Any], kind: np.dtype[Any]) -> bool:
    return isinstance(function, np.ufunc) and function.__name__ in in_whole_steps(kind.name)


def mend(function: Callable[..., Array], where: Array, found: Array, *arrays: Array) -> None:
    """Have a function of NumPy's say what was `found` at these places, if there are any."""
    if where.any():
        found[where] = function(*[each[where] for each in arrays])
