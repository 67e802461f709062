"""Cells that hold a number: the mark that every picture of memory is made of.

Rests on the SVG primitives. A cell carries a key (`t0-3` an element, `s0-4` a storage cell) and the storage cell behind it,
by which the live widget lights all that lie in one place. Used by `cards`, `strip` and `failed_view`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from autogradkit.tracing.events import Number
from autogradkit.tracing.render.marks.numbers import number
from autogradkit.tracing.render.marks.svg import Picture
from autogradkit.tracing.render.marks.widths import clip, text_width

CELL_HEIGHT = 26.0
CELL_GAP = 3.0
FONT = 12.5


@dataclass(frozen=True)
class Cell:
    """One cell of a grid, in its place. `value` is None for one that lies outside its storage."""

    key: str
    behind: str  # the key of the storage cell
    x: float
    row: int
    column: int
    value: Number | None
    class_: str  # "ak-element" or "ak-cell"


def cell_width(values: Iterable[Number | None], least: float) -> float:
    """The width at which the longest of these numbers fits, within bounds."""
    longest = max((text_width(format_cell(value), FONT, mono=True) for value in values), default=0.0)
    return min(max(longest + 14, least), 84.0)


def format_cell(value: Number | None) -> str:
    """A value as it stands in a cell."""
    return "✗" if value is None else number(value)


def draw_cells(picture: Picture, cells: list[Cell], y: float, width: float) -> None:
    """One row of cells: their boxes, to be pressed, and the numbers in them."""
    for cell in cells:
        outside = cell.value is None
        picture.box(
            cell.x,
            y,
            width,
            CELL_HEIGHT,
            radius=4,
            fill="blush" if outside else "panel",
            stroke="error" if outside else "rule",
            line=1,
            class_=cell.class_,
            stroke_dasharray="4 3" if outside else None,
            data_key=cell.key,
            data_cell=cell.behind,
            data_row=str(cell.row),
            data_column=str(cell.column),
        )
    for missing in (False, True):
        texts = [
            (cell.x + width / 2, clip(format_cell(cell.value), width - 4, FONT, mono=True))
            for cell in cells
            if (cell.value is None) == missing
        ]
        picture.texts(texts, y + 17, "error" if missing else "ink", FONT)
