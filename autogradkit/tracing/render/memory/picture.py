"""The storage picture: header → storage → data, for several tensors at once.

Rests on memory, the cards, the strip and the SVG primitives. Each tensor is a card with its header and its elements, joined
to its storage, a row of cells with a lane for each tensor. A tensor has one colour and one lane, and its name stands on
both, so that nothing hangs on colour alone. What the picture says in words is in `memory_words`. Used by `StorageMap` and
the stride explorer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from autogradkit.tracing.memory import MemoryMap, StorageBox
from autogradkit.tracing.render.marks.colours import alias_role
from autogradkit.tracing.render.marks.svg import Picture
from autogradkit.tracing.render.marks.widths import COLUMN, LEGIBLE, clip, text_width, wrap_text
from autogradkit.tracing.render.memory.cards import CardSize, draw_card, measure
from autogradkit.tracing.render.memory.strip import Strip, draw_strip, strip_width
from autogradkit.tracing.render.memory.walk import Hop
from autogradkit.tracing.render.memory.words import description, legend, summary, title

MARGIN = 16.0
GAP = 16.0
WIDTH = 760.0  # nothing is made smaller to be wider
NARROWEST = 420.0
SMALLEST = 11.5  # of its texts
LINE = 728.0  # longer lines are hard to read
CHANNEL = 9.0  # between the lines that lead past other cards


@dataclass(frozen=True)
class _Foot:
    """Where the line from a card begins, and whether other cards stand in its way down."""

    x: float
    y: float
    free: bool


def storage_svg(
    memory: MemoryMap,
    heading: str = "",
    says: str = "",
    walk: tuple[Hop, ...] = (),
    page: float | None = None,
    explored: int | None = None,
) -> str:
    """The picture of `memory`: each storage with, above it, the tensors that look at it.

    `heading` and what it `says` stand above it; without them the names of the tensors, and which share memory. Of the
    `explored` tensor sliders tell beside the picture: nothing stands above it, and only its hops are drawn. A `walk` is drawn
    over the first storage. `page` is how many pixels wide the column is that shows it; without it the picture is one to be
    stored.
    """
    picture = Picture()
    room = _width(page) - 2 * MARGIN
    right, y = MARGIN, MARGIN / 2
    if explored is None:
        heading = clip(heading or title(memory), room, 15, mono=True, bold=True)
        picture.text(MARGIN, MARGIN + 6, heading, size=15, mono=True, bold=True)
        right, y = MARGIN + text_width(heading, 15, mono=True), MARGIN + 28
        for line in wrap_text(says or summary(memory), min(room, LINE), 12.5, lines=5):
            picture.text(MARGIN, y, line, "muted", 12.5)
            right = max(right, MARGIN + text_width(line, 12.5))
            y += 18
    x, top, bottom = MARGIN, y, y
    for box in memory.boxes:
        rows = _card_rows(memory, memory.lookers(box.number), room)
        steps = walk if box is memory.boxes[0] else ()
        width = _block_width(memory, box, rows, steps, room)
        if x > MARGIN and x + width > MARGIN + room:  # no room beside the one before
            x, top = MARGIN, bottom + 30
        bottom = max(bottom, _block(picture, memory, box, rows, steps, x, top, room, explored))
        right = max(right, x + width)
        x += width + 2 * GAP
    y, width = bottom + 30, max(right + MARGIN, NARROWEST)
    for line in wrap_text(legend(memory), width - 2 * MARGIN, 11.5, lines=4):
        picture.text(MARGIN, y - 8, line, "muted", 11.5)
        y += 16
    return picture.finish(width, y, description(memory))


def _width(page: float | None) -> float:
    """How wide a picture may be that a page shows without scrolling: as wide as the page, or wider by as much as may be shown
    smaller, up to `WIDTH`."""
    column = COLUMN if page is None else page
    return max(column, min(column * SMALLEST / LEGIBLE, WIDTH), NARROWEST)


def _block_width(
    memory: MemoryMap, box: StorageBox, rows: list[list[tuple[int, CardSize]]], walk: tuple[Hop, ...], room: float
) -> float:
    cards = max(sum(size.width + GAP for _, size in row) - GAP for row in rows)
    return _aside(rows) + max(cards, strip_width(memory, box, room - _aside(rows), walk))


def _aside(rows: list[list[tuple[int, CardSize]]]) -> float:
    """Room for the lines that lead past other cards."""
    return CHANNEL * sum(len(row) for row in rows[:-1])


def _block(
    picture: Picture,
    memory: MemoryMap,
    box: StorageBox,
    rows: list[list[tuple[int, CardSize]]],
    walk: tuple[Hop, ...],
    x: float,
    y: float,
    room: float,
    explored: int | None,
) -> float:
    """Draw a storage below its cards; give its bottom."""
    left = x + _aside(rows)
    room -= _aside(rows)
    y, feet, right = _cards(picture, memory, rows, left, y)
    width = strip_width(memory, box, room, walk)
    strip_left = max(left, (left + right - width) / 2)  # in the middle below its tensors
    strip = draw_strip(picture, memory, box, strip_left, y + 40, room, walk, explored)
    _lines(picture, feet, strip, x, strip_left, y + 40)
    return strip.bottom


def _card_rows(memory: MemoryMap, tensors: tuple[int, ...], room: float) -> list[list[tuple[int, CardSize]]]:
    """The cards in rows, those of one row of the same height; they leave room for the lines that lead past them."""
    inner = room
    rows = _filled_rows(memory, tensors, inner)
    while inner + _aside(rows) > room:
        inner = room - _aside(rows)
        rows = _filled_rows(memory, tensors, inner)
    heights = [max((size.height for _, size in row), default=0.0) for row in rows]
    return [[(p, replace(s, height=height)) for p, s in row] for row, height in zip(rows, heights, strict=True)]


def _filled_rows(memory: MemoryMap, tensors: tuple[int, ...], room: float) -> list[list[tuple[int, CardSize]]]:
    rows: list[list[tuple[int, CardSize]]] = [[]]
    x = 0.0
    for position in tensors:
        size = measure(memory.headers[position], room)
        if rows[-1] and x + size.width > room:
            rows.append([])
            x = 0.0
        rows[-1].append((position, size))
        x += size.width + GAP
    return rows


def _cards(
    picture: Picture, memory: MemoryMap, rows: list[list[tuple[int, CardSize]]], left: float, y: float
) -> tuple[float, dict[int, _Foot], float]:
    """Draw the cards; give the y below them, the foot of each, and their right edge."""
    feet: dict[int, _Foot] = {}
    right = left
    for row in rows:
        x = left
        for position, size in row:
            draw_card(picture, position, memory.headers[position], size, x, y)
            feet[position] = _Foot(x + min(48.0, size.width / 2), y + size.height, row is rows[-1])
            x += size.width + GAP
        right = max(right, x - GAP)
        y += row[0][1].height + GAP
    return y - GAP, feet, right


def _lines(picture: Picture, feet: dict[int, _Foot], strip: Strip, channels: float, left: float, top: float) -> None:
    """From each card to the cell of its first element, or to the storage; past the cards that stand between."""
    past = 0
    for order, (tensor, foot) in enumerate(feet.items()):
        end_x = strip.starts.get(tensor, left + 16 + 8 * order)
        end_y = top - 3
        if foot.free:
            middle = (foot.y + end_y) / 2
            d = f"M{foot.x:.1f} {foot.y:.1f}C{foot.x:.1f} {middle:.1f} {end_x:.1f} {middle:.1f} {end_x:.1f} {end_y:.1f}"
        else:
            aside = channels - 6 + CHANNEL * past
            turn = foot.y + 5 + 2 * (past % 5)
            past += 1
            d = (
                f"M{foot.x:.1f} {foot.y:.1f}V{turn:.1f}H{aside:.1f}V{end_y - 24:.1f}"
                f"C{aside:.1f} {end_y - 8:.1f} {end_x:.1f} {end_y - 22:.1f} {end_x:.1f} {end_y:.1f}"
            )
        picture.path(d, stroke=alias_role(tensor), line=1.6, arrow=True, class_="ak-arrow", data_tensor=str(tensor))
