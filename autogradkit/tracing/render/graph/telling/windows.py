"""Which elements meet in a convolution: for each product that it adds up, the places in input, weight and output.

The same products, with one of the three missing, make the gradients: that of the weight is a sum of input · ∂, that of the
input of ∂ · weight. Rests on NumPy; `worked.py` writes such a sum out, `moves.py` adds up likewise.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

MOST_PRODUCTS = 2_000_000

Places = np.ndarray[Any, np.dtype[np.int32]]
Shape = tuple[int, ...]


def added_up(places: np.ndarray[Any, Any], numbers: np.ndarray[Any, Any], size: int) -> Any:
    """The sum of the numbers at each of `size` places, real or complex."""
    if numbers.dtype.kind == "c":
        return np.bincount(places, numbers.real, size) + 1j * np.bincount(places, numbers.imag, size)
    return np.bincount(places, numbers, size)


@dataclass(frozen=True)
class Windows:
    """The products of one convolution, by the places (row-major) of their factors."""

    shapes: dict[str, Shape]  # of "input", "weight", "output"
    places: dict[str, Places]

    def gradient(self, wanted: str, one: tuple[str, Any], other: tuple[str, Any]) -> Any:
        """What the products of two factors add up to at each place of the third."""
        products = self._factors(one) * self._factors(other)
        size = math.prod(self.shapes[wanted])
        return added_up(self.places[wanted], products, size).reshape(self.shapes[wanted])

    def pairs(self, wanted: str, index: Shape, one: tuple[str, Any], other: tuple[str, Any]) -> list[tuple[Any, Any]]:
        """The factors of the products that are added up at one place of the third."""
        here = self.places[wanted] == np.ravel_multi_index(index, self.shapes[wanted])
        left, right = (self._factors(each)[here].tolist() for each in (one, other))
        return list(zip(left, right, strict=True))

    def _factors(self, factor: tuple[str, Any]) -> Any:
        name, array = factor
        return np.asarray(array).reshape(-1)[self.places[name]]


@functools.lru_cache(maxsize=2)
def windows(
    input: Shape, weight: Shape, output: Shape, stride: Shape, padding: Shape, dilation: Shape, groups: int
) -> Windows | None:
    """The products of a convolution of these shapes; None where they are too many to be listed.

    >>> found = windows((1, 1, 3), (1, 1, 2), (1, 1, 2), (1,), (0,), (1,), 1)
    >>> found.pairs("weight", (0, 0, 1), ("input", np.array([1, 2, 3])), ("output", np.array([10, 20])))
    [(2, 10), (3, 20)]
    """
    channels, kernel = weight[1], weight[2:]
    if math.prod(output) * channels * math.prod(kernel) > MOST_PRODUCTS:
        return None
    # One axis for each: sample, output channel, place of the output ..., channel of the group, place in the kernel ...
    axes = np.ix_(*(np.arange(size) for size in (*output, channels, *kernel)))
    sample, out, at = axes[0], axes[1], axes[2 : len(output)]
    channel, taps = axes[len(output)], axes[len(output) + 1 :]
    shown = [place * s - p + tap * d for place, tap, s, p, d in zip(at, taps, stride, padding, dilation, strict=True)]
    inside = functools.reduce(
        np.logical_and, [(each >= 0) & (each < size) for each, size in zip(shown, input[2:], strict=True)]
    )
    whole = np.broadcast_shapes(*(axis.shape for axis in axes))
    kept = np.broadcast_to(inside, whole)
    of_group = out // max(1, output[1] // groups) * channels + channel
    places = {"input": (sample, of_group, *shown), "weight": (out, channel, *taps), "output": (sample, out, *at)}
    shapes = {"input": input, "weight": weight, "output": output}
    flat: dict[str, Places] = {}
    for name, indices in places.items():
        steps = [math.prod(shapes[name][dim + 1 :]) for dim in range(len(indices))]
        place = functools.reduce(np.add, [index * step for index, step in zip(indices, steps, strict=True)])
        flat[name] = np.broadcast_to(place, whole)[kept].astype(np.int32)
    return Windows(shapes, flat)
