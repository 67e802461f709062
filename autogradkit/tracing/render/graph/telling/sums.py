"""How an element-wise result is summed to the shape of an input: what fits what, and which places meet in one.

Rests on NumPy; `reason.py` explains gradients with it.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from autogradkit.tracing.render.graph.telling.operands import Array


def fits(shape: tuple[int, ...], target: tuple[int, ...]) -> bool:
    """Whether `shape` broadcasts to `target`."""
    try:
        return np.broadcast_shapes(shape, target) == target
    except ValueError:
        return False


def sum_to(array: Array, shape: tuple[int, ...]) -> Array:
    """An array summed to a shape that broadcasts to its own."""
    extra = array.ndim - len(shape)
    ones = tuple(extra + i for i, size in enumerate(shape) if size == 1 and array.shape[extra + i] != 1)
    return array.sum(axis=(*range(extra), *ones), keepdims=True).reshape(shape)


def summed_places(index: tuple[int, ...], shape: tuple[int, ...], whole: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The places of the broadcast shape that are summed into one place of `shape`."""
    extra = len(whole) - len(shape)
    ranges: list[Any] = [range(size) for size in whole[:extra]]
    ranges += [range(whole[extra + i]) if size == 1 else (index[i],) for i, size in enumerate(shape)]
    return list(itertools.islice(itertools.product(*ranges), math.prod(map(len, ranges))))
