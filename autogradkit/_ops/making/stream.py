"""One random number after the other, of which nobody knows beforehand how many there will be: drawn many at a time.

Rests on the generator's words; the draws that reject or count (`counts`, `gammas`) take their numbers here. To draw a single word
costs as long as to draw a hundred.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import chain
from operator import length_hint

from autogradkit.core.gaussian import unit64
from autogradkit.core.random import Generator, default_generator

_FIRST, _MOST = 16, 1 << 14  # words at a time

Uniform = Callable[[], float]


class Draws:
    """A generator's next numbers, within a `with`, after which the generator goes on behind the last that was taken.

    >>> generator = Generator().manual_seed(0)
    >>> with Draws(generator) as draws:
    ...     pair = draws.uniform(), draws.uniform()
    >>> rest = generator.words64(1).tolist()
    >>> again = Generator().manual_seed(0).words64(3)
    >>> pair == tuple(unit64(again[:2]).tolist()), rest == again[2:].tolist()
    (True, True)
    """

    uniform: Uniform
    """The next of [0, 1), from a word of 64 bits."""

    def __init__(self, generator: Generator | None) -> None:
        self._generator = generator or default_generator

    def __enter__(self) -> Draws:
        self._size, self._left = 0, iter(())
        self._place = self._generator.place()
        self._leftover = self._generator.cached_normal
        self.uniform = chain.from_iterable(self._blocks()).__next__
        return self

    def __exit__(self, *_: object) -> None:
        self._generator.back_to(self._place)
        self._generator.words64(self._size - length_hint(self._left))
        self._generator.cached_normal = self._leftover

    def _blocks(self) -> Iterator[Iterator[float]]:
        size = _FIRST
        while True:
            self._place = self._generator.place()
            numbers = unit64(self._generator.words64(size)).tolist()
            self._size, self._left = size, iter(numbers)
            yield self._left
            size = min(2 * size, _MOST)

    def normal(self) -> float:
        """The next standard normal: that which was left over, else of two uniform numbers one of two (Box and Muller, 1958)."""
        drawn = self._leftover
        if drawn is not None:
            self._leftover = None
            return drawn
        turn, share = self.uniform(), self.uniform()
        radius, angle = math.sqrt(-2.0 * math.log1p(-share)), (2.0 * math.pi) * turn
        self._leftover = radius * math.sin(angle)
        return radius * math.cos(angle)
