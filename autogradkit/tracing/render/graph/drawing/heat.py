"""Heat strips: tensors that are too many numbers to print, as squares; which have one, how large it is, and how it is drawn.

Rests on `numbers.py` and `svg.py`; `parts.py` puts them into boxes.
"""

from __future__ import annotations

import math

from autogradkit.tracing.events import Numbers
from autogradkit.tracing.render.marks import numbers as nums
from autogradkit.tracing.render.marks.svg import Picture, num

STRIP = 9.0  # px, side of a square
SHADES = 16
MOST_CELLS = 28  # columns or rows


def heat_of(numbers: Numbers) -> Numbers | None:
    """The numbers, where they are too many to print, or in too many rows, and so drawn as a heat strip."""
    if not numbers.data or isinstance(numbers.data[0], complex) or numbers.low is None:
        return None
    many = len(numbers.data) > nums.SHOWN
    return (
        numbers
        if many or (numbers.low != numbers.high and nums.lines(numbers) == nums.summary_lines(numbers))
        else None
    )


def _grid(numbers: Numbers) -> tuple[int, int]:
    columns = numbers.shape[-1]
    rows = math.prod(numbers.shape[:-1])
    return min(rows, MOST_CELLS // 2), min(columns, MOST_CELLS)


def strip_size(numbers: Numbers | None) -> tuple[float, float]:
    """Width and height, in px; nothing where there is none."""
    if numbers is None:
        return 0.0, 0.0
    rows, columns = _grid(numbers)
    return columns * _cell(rows, columns), rows * _cell(rows, columns)


def _cell(rows: int, columns: int) -> float:
    return STRIP if rows <= 8 and columns <= 20 else 6.0


def draw_heat(numbers: Numbers, picture: Picture, left: float, top: float, known: int | None) -> None:
    """The elements as squares: warm above zero, cool below, stronger with size."""
    rows, columns = _grid(numbers)
    side = _cell(rows, columns)
    data = numbers.data or ()
    largest = max((abs(float(v)) for v in data if not isinstance(v, complex) and math.isfinite(v)), default=0.0) or 1.0
    wide = numbers.shape[-1]
    picture.open(
        "ak-heat", aria_hidden="true", data_step=known, transform=f"translate({num(left)} {num(top + side / 2)})"
    )
    strokes: dict[tuple[str, int], str] = {}
    for r in range(rows):
        for c in range(columns):
            value = data[r * wide + c]
            if isinstance(value, complex):
                continue
            finite = math.isfinite(value)
            role = "error" if not finite else "warm" if value >= 0 else "cool"
            shade = SHADES if not finite else round(SHADES * abs(float(value)) / largest)
            square = f"M{num(c * side)} {num(r * side)}h{num(side - 0.6)}"
            strokes[role, shade] = strokes.get((role, shade), "") + square
    for (role, shade), d in sorted(strokes.items()):
        picture.path(d, stroke=role, line=side - 0.6, stroke_opacity=f"{0.06 + 0.84 * shade / SHADES:.2f}")
    picture.close()
