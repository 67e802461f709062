"""Where the elements of a strided layout lie: which cell an element is in, which elements a cell is, how far a hop goes.

Pure arithmetic on sizes, strides and an offset, all counted in elements. Serves everything that draws memory.
"""

from __future__ import annotations

import functools
import itertools
import math
from dataclasses import dataclass

Dims = tuple[tuple[int, int], ...]  # (stride, size) of each, strides above 0, the largest first
MOST_WAYS = 4096  # beyond it the elements of one cell are counted, not listed


@dataclass(frozen=True)
class Layout:
    """How a tensor or an array looks at its storage."""

    shape: tuple[int, ...]
    stride: tuple[int, ...]  # may be negative, as NumPy's are
    offset: int

    @property
    def numel(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)

    def cell(self, index: tuple[int, ...]) -> int:
        """The storage cell behind an element: offset + Σ index · stride."""
        return self.offset + sum(i * s for i, s in zip(index, self.stride, strict=True))

    def index(self, order: int) -> tuple[int, ...]:
        """The index of the `order`-th element, row by row, from 0."""
        found: list[int] = []
        for size in reversed(self.shape):
            order, at = divmod(order, size)
            found.append(at)
        return tuple(reversed(found))

    def extent(self) -> tuple[int, int]:
        """The lowest and the highest cell that an element lies in; of a layout without elements, its offset twice."""
        if not self.numel:
            return self.offset, self.offset
        ends = [s * (n - 1) for n, s in zip(self.shape, self.stride, strict=True)]
        return self.offset + sum(e for e in ends if e < 0), self.offset + sum(e for e in ends if e > 0)

    def count(self, cell: int) -> int:
        """How many elements lie in a cell.

        >>> Layout((2, 3), (1, 0), 0).count(1), Layout((4, 3), (1, 1), 0).count(2), Layout((2,), (2,), 0).count(1)
        (3, 3, 0)
        """
        if not self.numel:
            return 0
        repeated = math.prod(n for n, s in zip(self.shape, self.stride, strict=True) if s == 0)
        return repeated * _ways(cell - self.extent()[0], self._dims())

    def orders(self, cell: int, most: int) -> tuple[int, ...]:
        """The first `most` elements in a cell, as their places in the layout's own order; none where there are too many.

        >>> Layout((2, 3), (1, 0), 0).orders(1, 9), Layout((4, 3), (1, 1), 0).orders(2, 2)
        ((3, 4, 5), (2, 4))
        """
        if not self.numel or not 0 < _ways(cell - self.extent()[0], self._dims()) <= MOST_WAYS:
            return ()
        numbers = [math.prod(self.shape[dim + 1 :]) for dim in range(len(self.shape))]  # an index step, in order
        moving = sorted((d for d, s in enumerate(self.stride) if s and self.shape[d] > 1), key=self._by_stride)
        # Of each dimension that stays in the cell, `most` indices are enough: `product` would write down a million.
        still = [range(0, n * min(self.shape[d], most), n) for d, n in enumerate(numbers) if not self.stride[d]]
        repeats = [sum(each) for each in itertools.islice(itertools.product(*still), most)]
        found: list[int] = []
        for steps in _each_way(cell - self.extent()[0], self._dims()):
            place = 0
            for dim, step in zip(moving, steps, strict=True):
                place += numbers[dim] * (step if self.stride[dim] > 0 else self.shape[dim] - 1 - step)
            found += [place + more for more in repeats]
        return tuple(sorted(found)[:most])

    def hops(self) -> list[tuple[int, int]]:
        """(dimension, stride) of every dimension that has a next index to hop to."""
        return [(d, s) for d, s in enumerate(self.stride) if self.shape[d] > 1 and self.numel]

    def _by_stride(self, dim: int) -> tuple[int, int]:
        return -abs(self.stride[dim]), -self.shape[dim]

    def _dims(self) -> Dims:
        dims = ((abs(s), n) for n, s in zip(self.shape, self.stride, strict=True) if s and n > 1)
        return tuple(sorted(dims, reverse=True))


@functools.lru_cache(1 << 16)
def _ways(distance: int, dims: Dims) -> int:
    """In how many ways Σ index · stride can be `distance`."""
    if not dims:
        return int(distance == 0)
    (stride, _), *rest = dims
    return sum(_ways(distance - i * stride, tuple(rest)) for i in _steps(distance, dims))


def _each_way(distance: int, dims: Dims) -> list[tuple[int, ...]]:
    """The indices with Σ index · stride = `distance`."""
    if not dims:
        return [()] if distance == 0 else []
    (stride, _), *rest = dims
    return [
        (i, *others)
        for i in _steps(distance, dims)
        if _ways(distance - i * stride, tuple(rest))
        for others in _each_way(distance - i * stride, tuple(rest))
    ]


def _steps(distance: int, dims: Dims) -> range:
    """The indices in the first dimension with which the others can still reach `distance`."""
    (stride, size), *rest = dims
    reach = sum(s * (n - 1) for s, n in rest)
    return range(max(0, -(-(distance - reach) // stride)), min(size - 1, distance // stride) + 1)
