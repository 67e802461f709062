"""A tall and narrow layout in columns, read one after the other like a newspaper's, so that the width of the page is used.

Rests on the standard library; `layout.py` asks it. A layout is cut only where a single edge passes, which then leads from the
foot of a column to the head of the next.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

WIDEST = 1120.0  # what a notebook's column shows in a large window: nothing is made smaller to be wider
TALL = 620.0  # a column up to this height needs no other
GUTTER = 64.0  # between two columns
TURN = 34.0  # above and below a column, where the edge turns


@dataclass(frozen=True, slots=True)
class Cut:
    """Where an edge goes up between two columns: at which x, from which y to which."""

    x: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Columns:
    """How far each row is shifted, the edges' ways up by the row after which they turn, and the size of it all."""

    shifts: list[tuple[float, float]]
    cuts: dict[int, Cut]
    width: float
    height: float


def columns(
    spans: Sequence[tuple[float, float]],
    tops: Sequence[float],
    heights: Sequence[float],
    single: Sequence[bool],
    widest: float,
) -> Columns:
    """Put rows into columns, all of them no wider than `widest`. `spans` are each row's left and right end; `single` says where
    one edge passes, and nothing else.

    >>> whole = columns([(0, 100)] * 3, [0, 40, 80], [20, 20, 20], [False, True, False], WIDEST)
    >>> whole.cuts, whole.width, whole.height
    ({}, 100.0, 100.0)
    """
    height = tops[-1] + heights[-1]
    for count in range(-(-int(height) // int(TALL)), 1, -1):
        ends = _ends(tops, heights, single, count)
        cut = _cut(spans, tops, heights, ends)
        if ends and cut.width <= widest:
            return cut
    return _cut(spans, tops, heights, [])


def _cut(
    spans: Sequence[tuple[float, float]], tops: Sequence[float], heights: Sequence[float], ends: Sequence[int]
) -> Columns:
    """The rows in columns that end after these rows."""
    bounds = [-1, *ends, len(tops) - 1]
    shifts: list[tuple[float, float]] = []
    cuts: dict[int, Cut] = {}
    at, tallest = 0.0, 0.0
    for number, (before, last) in enumerate(itertools.pairwise(bounds)):
        rows = range(before + 1, last + 1)
        low, high = min(spans[row][0] for row in rows), max(spans[row][1] for row in rows)
        head = TURN if ends else 0.0
        shifts += [(at - low, head - tops[rows[0]])] * len(rows)
        foot = head + tops[last] + heights[last] - tops[rows[0]]
        tallest = max(tallest, foot + (TURN if ends else 0.0))
        at += high - low
        if number < len(ends):
            cuts[last] = Cut(at + GUTTER / 2, foot, head)
            at += GUTTER
    return Columns(shifts, cuts, at, tallest)


def _ends(tops: Sequence[float], heights: Sequence[float], single: Sequence[bool], count: int) -> list[int]:
    """The last rows of all columns but the last: of the rows that may end one, those nearest to equal heights."""
    height = tops[-1] + heights[-1]
    possible = [row for row in range(1, len(tops) - 1) if single[row]]
    ends: list[int] = []
    for number in range(1, count):
        wish = height * number / count
        near = [
            row for row in possible if abs(tops[row] - wish) < height / count / 3 and row > (ends[-1] if ends else 0)
        ]
        if near:
            ends.append(min(near, key=lambda row: abs(tops[row] - wish)))
    return ends
