"""Axes: where a value stands between the ends of a scale, and which values are written beside it.

Rests on the standard library only; `training` uses it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

TINY = 1e-300  # what a logarithmic axis reaches down to


@dataclass(frozen=True)
class Linear:
    """From `low` to `high`, a line at every `step`."""

    low: float
    high: float
    step: float

    @classmethod
    def around(cls, values: Sequence[float]) -> Linear:
        """A scale with 0 on it that holds all of `values`.

        >>> Linear.around([0.3, 2.3])
        Linear(low=0.0, high=3.0, step=1.0)
        """
        high, low = max(values, default=1.0), min([0.0, *values])
        step = nice((high - low) / 4 or 0.25)
        return cls(math.floor(low / step) * step, math.ceil(high / step or 1) * step, step)

    def has(self, value: float) -> bool:
        """Whether a value can be drawn."""
        return math.isfinite(value)

    def place(self, value: float) -> float:
        """0 at the low end, 1 at the high one."""
        return (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        """What is written beside the axis."""
        return [self.low + index * self.step for index in range(round((self.high - self.low) / self.step) + 1)]


@dataclass(frozen=True)
class Logarithmic:
    """From `low` to `high`, both positive, in equal steps for equal ratios."""

    low: float
    high: float

    @classmethod
    def around(cls, values: Sequence[float]) -> Logarithmic:
        """A scale that holds all of `values` that are positive, and ends at 1, 2 or 5 times powers of ten.

        >>> Logarithmic.around([0.03, 2.3, 0.0])
        Logarithmic(low=0.02, high=5.0)
        """
        positive = [value for value in values if value >= TINY]
        low, high = min(positive, default=0.1), max(positive, default=1.0)
        low, high = 1 / nice(1 / low), nice(high)
        return cls(low, high) if low < high else cls(low / 10, high)

    def has(self, value: float) -> bool:
        """Whether a value can be drawn."""
        return TINY <= value < math.inf

    def place(self, value: float) -> float:
        """0 at the low end, 1 at the high one."""
        return math.log(value / self.low) / math.log(self.high / self.low)

    def ticks(self) -> list[float]:
        """What is written beside the axis: at most eight values, powers of ten, or also 2 and 5 times those.

        >>> Logarithmic(0.02, 5.0).ticks()
        [0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0]
        >>> Logarithmic(1e-4, 5.0).ticks()
        [0.0001, 0.001, 0.01, 0.1, 1.0]
        """
        exponents = range(math.floor(math.log10(self.low)) - 1, math.ceil(math.log10(self.high)) + 2)
        for factors in ((1, 2, 5), (1,)):
            found = [float(f"{factor}e{exponent}") for exponent in exponents for factor in factors]
            inside = [value for value in found if self.low * 0.999 <= value <= self.high * 1.001]
            if len(inside) <= 8:
                return inside
        return inside[:: math.ceil(len(inside) / 8)]


def nice(step: float) -> float:
    """The next of 1, 2, 5 times a power of ten.

    >>> nice(0.3), nice(1.2), nice(70)
    (0.5, 2.0, 100.0)
    """
    power = 10.0 ** math.floor(math.log10(step))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= step * (1 - 1e-9))
