"""A storage as a strip of cells, and under it how each tensor walks over them.

Rests on memory, the cells, the lanes and the SVG primitives. Used by the storage picture and that of a failed view.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from autogradkit.tracing.events import Number
from autogradkit.tracing.memory import MemoryMap, StorageBox
from autogradkit.tracing.render.marks.colours import ALIAS_CYCLE
from autogradkit.tracing.render.marks.svg import Picture
from autogradkit.tracing.render.marks.widths import text_width
from autogradkit.tracing.render.memory.cells import CELL_GAP, CELL_HEIGHT, Cell, cell_width, draw_cells
from autogradkit.tracing.render.memory.lanes import Lane
from autogradkit.tracing.render.memory.walk import Hop, Walk, label_width

PADDING = 14.0
SMALL = 11.5
MOST_NAME = 110.0
CELLS = (42.0, 36.0)  # widths of a cell at least
INDEX_LINE = 18.0  # the cells' own numbers
GAP_LINE = 21.0


@dataclass
class Strip:
    """Where a storage was drawn."""

    bottom: float
    right: float
    starts: dict[int, float] = field(default_factory=dict)  # tensor: x of its first element, if that is in the top row


def caption(box: StorageBox, lookers: int) -> str:
    """What the storage is."""
    who = f"{lookers} look at it" if lookers > 1 else "1 tensor looks at it"
    return f"storage · {box.size:,} × {box.dtype} = {box.nbytes:,} bytes · {who}"


def strip_width(memory: MemoryMap, box: StorageBox, room: float, walk: tuple[Hop, ...] = ()) -> float:
    """The width that the storage takes, of at most `room`."""
    names, width, per_row = _columns(memory, box, room)
    longest = max((len(row) for _, row in _rows(box, per_row)), default=0)
    inner = max(names + longest * (width + CELL_GAP), min(names + label_width(walk), room - 2 * PADDING))
    return max(inner, text_width(caption(box, len(memory.lookers(box.number)))), 140.0) + 2 * PADDING


def draw_strip(
    picture: Picture,
    memory: MemoryMap,
    box: StorageBox,
    left: float,
    y: float,
    room: float,
    walk: tuple[Hop, ...] = (),
    explored: int | None = None,
) -> Strip:
    """Draw a storage with the lanes of the tensors that look at it and, where there is one, a walk below them.

    Hops are drawn in every lane, or only in that of the `explored` tensor.
    """
    lookers = memory.lookers(box.number)
    names, width, per_row = _columns(memory, box, room)
    rows = _rows(box, per_row)
    hops = len(lookers) <= ALIAS_CYCLE  # more arcs than that are a thicket
    lanes = [
        [Lane(memory.headers[i], i, row, width, hops and explored in (None, i)) for i in lookers] for _, row in rows
    ]
    walks = [Walk(walk, row, width) for _, row in rows]
    heights = [
        CELL_HEIGHT + INDEX_LINE + sum(lane.height for lane in each) + steps.height + 8
        for each, steps in zip(lanes, walks, strict=True)
    ]
    bottom = y + 34 + sum(heights) + sum(GAP_LINE for skipped, _ in rows if skipped)
    strip = Strip(bottom, left + strip_width(memory, box, room, walk))
    picture.open("ak-storage", data_storage=str(box.number))
    picture.note(caption(box, len(lookers)))
    picture.box(left, y, strip.right - left, bottom - y, radius=10, stroke="rule")
    picture.text(left + PADDING, y + 22, caption(box, len(lookers)), "muted", 12)
    at = y + 34
    for number, ((skipped, row), each, steps, height) in enumerate(zip(rows, lanes, walks, heights, strict=True)):
        if skipped:
            picture.text(left + PADDING, at + 10, f"… {skipped:,} cells in between not shown …", "muted", 12)
            at += GAP_LINE
        xs = {index: left + PADDING + names + i * (width + CELL_GAP) for i, (index, _) in enumerate(row)}
        cells = []
        for column, (index, value) in enumerate(row):
            key = f"s{box.number}-{index}"
            cells.append(Cell(key, key, xs[index], number, column, value, "ak-cell"))
        draw_cells(picture, cells, at, width)
        picture.texts([(x + width / 2, str(i)) for i, x in xs.items()], at + CELL_HEIGHT + 12, "muted", SMALL)
        lane_y = at + CELL_HEIGHT + INDEX_LINE
        for lane in each:
            lane.draw(picture, xs, lane_y, left + PADDING + names - 8, names - 8)
            if number == 0 and lane.header.in_cells and lane.header.offset in xs:
                strip.starts[lane.position] = xs[lane.header.offset] + width / 2
            lane_y += lane.height
        steps.draw(picture, xs, lane_y, left + PADDING + names, strip.right - left - 2 * PADDING - names)
        at += height
    picture.close()
    return strip


def _columns(memory: MemoryMap, box: StorageBox, room: float) -> tuple[float, float, int]:
    """Room for the names, the width of a cell, and how many cells stand in a row."""
    headers = [memory.headers[i] for i in memory.lookers(box.number)]
    names = max((text_width(header.name, SMALL, mono=True) for header in headers), default=0.0)
    names = min(names, MOST_NAME) + 12
    numbers = [str(box.size), *(f"{header.numel - 1}" for header in headers if header.in_cells)]
    needed = max(text_width(each, SMALL, mono=True) + 6 for each in numbers)
    values = [value for _, value in box.cells]
    inside = room - names - 2 * PADDING
    widths = [cell_width(values, max(least, needed)) for least in CELLS]
    fitting = (width for width in widths if (len(values) + len(box.outside)) * (width + CELL_GAP) <= inside)
    width = next(fitting, widths[0])  # narrower only if all stand in one row then
    return names, width, max(1, int(inside // (width + CELL_GAP)))


def _rows(box: StorageBox, per_row: int) -> list[tuple[int, list[tuple[int, Number | None]]]]:
    """Rows of cells, those outside the storage among them, each with the number of cells left out before it."""
    cells: list[tuple[int, Number | None]] = [*box.cells, *((cell, None) for cell in box.outside)]
    rows: list[tuple[int, list[tuple[int, Number | None]]]] = []
    for index, value in sorted(cells, key=lambda each: each[0]):
        skipped = index - rows[-1][1][-1][0] - 1 if rows else 0
        if not rows or skipped or len(rows[-1][1]) == per_row:
            rows.append((skipped, []))
        rows[-1][1].append((index, value))
    return rows
