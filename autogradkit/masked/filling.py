"""What a mask leaves out becomes the value that changes nothing: 0 in a sum, −∞ in a maximum.

Rests on the declared ops; reductions.py and elementwise.py fill with it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autogradkit._ops.declare import PUBLISHED
from autogradkit.core import dtype as dtypes
from autogradkit.core.tensor import wrap

_where = PUBLISHED["where"].front("function")


def broadcast(input: Any, mask: Any) -> Any:
    """The mask in the input's shape, as bools."""
    if mask.shape != input.shape:
        if mask.ndim > input.ndim:
            raise IndexError(
                "_input_mask expected broadcastable mask (got mask dimensionality higher than of the input)"
            )
        mask = mask.clone().expand(input.shape)
    return mask.to(dtypes.bool_)


def filled(input: Any, mask: Any, neutral: Callable[[Any], Any]) -> Any:
    """The input with `neutral(input)` where the mask leaves an element out."""
    if hasattr(input, "_filled"):  # a masked tensor, which has a mask of its own
        return input._filled(lambda data, kept: filled(data, kept, neutral))
    if mask is None:
        return input
    kept = broadcast(input, mask)
    return _where(kept, input, wrap(np.array(neutral(input), input._array.dtype)))


def number(value: float) -> Callable[[Any], float]:
    return lambda input: value


def least(name: str) -> Callable[[Any], Any]:
    """The neutral value of the maximum called `name`: the least that the dtype has."""
    return lambda input: -math.inf if input.is_floating_point() else _bounds(name, input).min


def greatest(name: str) -> Callable[[Any], Any]:
    return lambda input: math.inf if input.is_floating_point() else _bounds(name, input).max


def _bounds(name: str, input: Any) -> Any:
    if input.dtype is dtypes.bool_:
        raise NotImplementedError(f"identity of {name} on {input.dtype} input")
    if input.is_complex():
        raise TypeError("torch.iinfo() requires an integer input type. Use torch.finfo to handle 'torch.iinfo'")
    return np.iinfo(input._array.dtype)


def neutral_exponent(input: Any) -> Any:
    return -math.inf if input.is_complex() else least("logsumexp")(input)


def neutral_length(ord: Any) -> Callable[[Any], float]:
    def neutral(input: Any) -> float:
        if ord != -math.inf:
            return 0
        if not input.is_floating_point():
            raise AssertionError(f"input must be floating point, got {input.dtype}")
        return math.inf

    return neutral


def dims_of(dim: Any, ndim: int) -> tuple[int, ...]:
    """The dimensions, counted from the front and sorted."""
    if dim is None or dim == ():
        return tuple(range(ndim))
    ndim = max(ndim, 1)
    found: list[int] = []
    for each in (dim,) if isinstance(dim, int) else dim:
        if each in found:
            raise RuntimeError(f"dim={each} appears multiple times in the list of dims")
        if not -ndim <= each < ndim:
            raise IndexError(
                f"Dimension out of range (expected to be in range of [{-ndim}, {ndim - 1}], but got {each})"
            )
        found.append(each % ndim)
    return tuple(sorted(found))
