"""Cards: how one tensor looks at its storage, in words, and its elements in rows and columns.

Rests on memory, the cells and the SVG primitives. Each dimension's hop stands over the elements, with an arrow in the
direction in which that dimension runs. Used by the storage picture and by that of a failed view.
"""

from __future__ import annotations

from dataclasses import dataclass

from autogradkit.tracing.memory import TensorHeader
from autogradkit.tracing.render.marks.colours import alias_role
from autogradkit.tracing.render.marks.svg import Picture
from autogradkit.tracing.render.marks.widths import clip, clip_name, text_width, wrap_text
from autogradkit.tracing.render.memory.cells import CELL_GAP, CELL_HEIGHT, Cell, cell_width, draw_cells

PADDING = 14.0
MADE_ROOM = 196.0  # for the words that say what a tensor is a view of
LINE = 17.0


@dataclass(frozen=True)
class CardSize:
    """A card's size, the width of its element cells and the room for labels beside its rows."""

    width: float
    height: float
    cell: float
    labels: float


def tuple_text(numbers: tuple[int, ...]) -> str:
    """A tuple as Python prints it."""
    return f"({', '.join(map(str, numbers))}{',' if len(numbers) == 1 else ''})"


def signed(hop: int) -> str:
    """A hop with its sign: `+3`, `−2`."""
    return f"−{-hop:,}" if hop < 0 else f"+{hop:,}"


def header_lines(header: TensorHeader) -> list[str]:
    """What the header says: two lines of numbers, then words; a single one stands behind the numbers."""
    words = [] if header.version is None else [f"version {header.version}"]
    words += [] if header.contiguous is None else ["contiguous" if header.contiguous else "not contiguous"]
    words += ["requires grad"] if header.requires_grad else []
    short = len(words) == 1 and header.version is None
    behind = f"  {words.pop()}" if short else ""
    return [
        f"shape {tuple_text(header.shape)}  stride {tuple_text(header.stride)}",
        f"offset {header.offset}  {header.dtype}{behind}",
        *([" · ".join(words)] if words else []),
        *(wrap_text(header.made, MADE_ROOM, 12, lines=3) if header.made else []),
    ]


def hops_text(header: TensorHeader) -> str:
    """Each dimension's hop, with the direction in which the elements of the card follow it."""
    arrows = {len(header.shape) - 1: "→ ", len(header.shape) - 2: "↓ "}
    return "   ".join(f"{arrows.get(dim, '')}dim {dim}: {signed(hop)}" for dim, hop in header.hops())


def measure(header: TensorHeader, most: float) -> CardSize:
    """The room that a card takes, of at most so much width."""
    cell = cell_width((value for _, value in header.elements), 34.0)
    rows = _rows(header)
    columns = max((index[-1] + 1 if index else 1 for index, _ in header.elements), default=0)
    labels = max((text_width(_label(row), 11.5, mono=True) for row in rows), default=0.0) + 8
    labels = labels if _labelled(header) else 0.0
    lines = header_lines(header)
    text = max(text_width(line, 12, mono=i < 2) for i, line in enumerate(lines))
    name = text_width(header.name, 14, mono=True, bold=True)
    hops = text_width(hops_text(header), 11.5, mono=True)
    width = max(text, name, hops, labels + columns * (cell + CELL_GAP), 150.0) + 2 * PADDING + 6
    height = 36 + len(lines) * LINE + len(rows) * (CELL_HEIGHT + CELL_GAP) + 12
    height += LINE * (bool(header.left_out) + bool(hops_text(header)) + (not header.elements))
    return CardSize(min(width, most), height, cell, labels)


def draw_card(picture: Picture, position: int, header: TensorHeader, size: CardSize, x: float, y: float) -> None:
    """Draw the card of the `position`-th tensor."""
    role = alias_role(position)
    picture.open("ak-card", data_tensor=str(position))
    picture.note(f"{header.name}: {'; '.join(header_lines(header))}")
    picture.box(x, y, size.width, size.height, fill="ground", stroke=role, line=1.6)
    picture.box(x, y, 6, size.height, radius=3, fill=role, stroke=None)
    left = x + PADDING + 6
    room = size.width - 2 * PADDING - 6
    at = y + 24
    picture.text(left, at, clip_name(header.name, room, 14, bold=True), size=14, mono=True, bold=True)
    for i, line in enumerate(header_lines(header)):
        at += LINE
        picture.text(left, at, clip(line, room, 12, mono=i < 2), "ink" if i < 2 else "muted", 12, mono=i < 2)
    if hops_text(header):
        at += LINE
        picture.text(left, at, clip(hops_text(header), room, 11.5, mono=True), size=11.5, mono=True, bold=True)
    at = _elements(picture, position, header, size, left, at + 12)
    if not header.elements:
        picture.text(left, at + 12, "no elements", "muted", 12)
    elif header.left_out:
        picture.text(left, at + 14, f"… {header.left_out:,} more elements not shown", "muted", 12)
    picture.close()


def _elements(picture: Picture, position: int, header: TensorHeader, size: CardSize, left: float, at: float) -> float:
    rows = {row: i for i, row in enumerate(_rows(header))}
    drawn: list[list[Cell]] = [[] for _ in rows]
    for flat, (index, value) in enumerate(header.elements):
        row, column = rows[index[:-1]], index[-1] if index else 0
        key = f"t{position}-{flat}"
        behind = f"s{header.storage}-{header.cell(index)}" if header.in_cells else key
        x = left + size.labels + column * (size.cell + CELL_GAP)
        drawn[row].append(Cell(key, behind, x, row, column, value, "ak-element"))
    for leading, row in rows.items():
        y = at + row * (CELL_HEIGHT + CELL_GAP)
        if _labelled(header):
            picture.text(left, y + 17, _label(leading), "muted", 11.5, mono=True)
        draw_cells(picture, drawn[row], y, size.cell)
    return at + len(rows) * (CELL_HEIGHT + CELL_GAP)


def _rows(header: TensorHeader) -> list[tuple[int, ...]]:
    """The leading indices of the rows that are drawn."""
    return list(dict.fromkeys(index[:-1] for index, _ in header.elements))


def _labelled(header: TensorHeader) -> bool:
    return len(header.shape) > 2


def _label(row: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, row))}, :]"
