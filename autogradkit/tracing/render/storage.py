"""The storage picture: header → storage → data, for several tensors at once.

Rests on memory and the SVG primitives. Each tensor is a card with its header and its elements; each storage a row of cells
with, under them, one lane a tensor that marks the cells it looks at. A tensor has one colour and one lane, and its name
stands on both, so that nothing hangs on colour alone. Elements and cells carry keys (`t0-3`, `s0-4`) that the live widget
lights.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from autogradkit.tracing.memory import MemoryMap, StorageBox, TensorHeader, formula
from autogradkit.tracing.render.numbers import number, shape_text
from autogradkit.tracing.render.svg import Picture, alias_role, clip, text_width

MARGIN = 24.0
GAP = 20.0
WIDTH = 840.0
CARD_PADDING = 14.0
CELL_HEIGHT = 26.0
LANE = 9.0
LINE = 17.0


@dataclass(frozen=True)
class _Card:
    """A card's size, and the width of its element cells."""

    width: float
    height: float
    cell: float
    rows: int
    labels: float  # room for row labels


def storage_svg(memory: MemoryMap) -> str:
    """The picture of `memory`: each storage with, above it, the tensors that look at it."""
    picture = Picture()
    y = MARGIN + 6
    picture.text(
        MARGIN, y, clip(title(memory), WIDTH - 2 * MARGIN, 15, mono=True, bold=True), size=15, mono=True, bold=True
    )
    y += 22
    picture.text(MARGIN, y, summary(memory), "muted", 12.5)
    y += 18
    right = MARGIN + text_width(summary(memory), 12.5)
    for box in memory.boxes:
        y, feet, cards_right = _cards(picture, memory, memory.lookers(box.number), y)
        y, box_right = _storage(picture, memory, box, y + 40, feet, cards_right)
        right = max(right, cards_right, box_right)
        y += 30
    return picture.finish(max(right + MARGIN, 420), y - 4, description(memory))


# -- cards ------------------------------------------------------------------------------------------------------------


def _cards(
    picture: Picture, memory: MemoryMap, tensors: tuple[int, ...], y: float
) -> tuple[float, dict[int, tuple[float, float]], float]:
    """Draw cards in rows; give the y below them, the feet of those with a clear way down, and the right edge."""
    rows: list[list[int]] = [[]]
    x = MARGIN
    for position in tensors:
        width = _measure(memory.headers[position]).width
        if rows[-1] and x + width > WIDTH - MARGIN:
            rows.append([])
            x = MARGIN
        rows[-1].append(position)
        x += width + GAP
    feet: dict[int, tuple[float, float]] = {}
    right = MARGIN
    for row in rows:
        cards = [_measure(memory.headers[position]) for position in row]
        height = max(card.height for card in cards)
        x, feet = MARGIN, {}
        for position, card in zip(row, cards, strict=True):
            _card(picture, position, memory.headers[position], replace(card, height=height), x, y)
            feet[position] = (x + min(48.0, card.width / 2), y + height)
            x += card.width + GAP
        right = max(right, x - GAP)
        y += height + GAP
    return y - GAP, feet, right


def _lines(header: TensorHeader) -> list[str]:
    layout = "contiguous" if header.contiguous else "not contiguous"
    made = [f"view of {header.view_of}"] if header.view_of else []
    made += ["requires grad"] if header.requires_grad else []
    return [
        f"shape {_tuple(header.shape)}  stride {_tuple(header.stride)}",
        f"offset {header.offset}  {header.dtype}",
        " · ".join([f"version {header.version}", layout]),
        *([" · ".join(made)] if made else []),
    ]


def _tuple(numbers: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, numbers))}{',' if len(numbers) == 1 else ''})"


def _rows(header: TensorHeader) -> list[tuple[int, ...]]:
    """The leading indices of the rows that are drawn."""
    return list(dict.fromkeys(index[:-1] for index, _ in header.elements))


def _measure(header: TensorHeader) -> _Card:
    longest = max((text_width(number(value), 12.5, mono=True) for _, value in header.elements), default=0.0)
    cell = min(max(longest + 14, 34.0), 78.0)
    rows = _rows(header)
    columns = max((index[-1] + 1 if index else 1 for index, _ in header.elements), default=0)
    labels = (
        max((text_width(_label(row), 11, mono=True) for row in rows), default=0.0) + 8 if _labelled(header) else 0.0
    )
    lines = _lines(header)
    text = max(text_width(line, 12, mono=i < 2) for i, line in enumerate(lines))
    name = text_width(header.name, 14, mono=True, bold=True)
    width = max(text, name, labels + columns * (cell + 3), 150.0) + 2 * CARD_PADDING + 6
    height = 24 + len(lines) * LINE + 12 + len(rows) * (CELL_HEIGHT + 3) + (LINE if header.left_out else 0) + 12
    return _Card(min(width, WIDTH - 2 * MARGIN), height + (LINE if not header.elements else 0), cell, len(rows), labels)


def _labelled(header: TensorHeader) -> bool:
    return len(header.shape) > 2


def _label(row: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, row))}, :]"


def _card(picture: Picture, position: int, header: TensorHeader, card: _Card, x: float, y: float) -> None:
    role = alias_role(position)
    picture.open("ak-card", data_tensor=str(position))
    picture.note(f"{header.name}: {'; '.join(_lines(header))}")
    picture.box(x, y, card.width, card.height, fill="ground", stroke=role, line=1.6)
    picture.box(x, y, 6, card.height, radius=3, fill=role, stroke=None)
    left = x + CARD_PADDING + 6
    room = card.width - 2 * CARD_PADDING - 6
    at = y + 24
    picture.text(left, at, clip(header.name, room, 14, mono=True, bold=True), size=14, mono=True, bold=True)
    for i, line in enumerate(_lines(header)):
        picture.text(
            left, at + (i + 1) * LINE, clip(line, room, 12, mono=i < 2), "ink" if i < 2 else "muted", 12, mono=i < 2
        )
    at += len(_lines(header)) * LINE + 12
    rows = {row: i for i, row in enumerate(_rows(header))}
    for flat, (index, value) in enumerate(header.elements):
        row = rows[index[:-1]]
        column = index[-1] if index else 0
        cell_y = at + row * (CELL_HEIGHT + 3)
        if _labelled(header) and column == 0:
            picture.text(left, cell_y + 17, _label(index[:-1]), "muted", 11, mono=True)
        cell_x = left + card.labels + column * (card.cell + 3)
        cell = f"s{header.storage}-{header.cell(index)}"
        _cell(picture, f"t{position}-{flat}", cell, cell_x, cell_y, card.cell, number(value), row, column, "ak-element")
    at += len(rows) * (CELL_HEIGHT + 3)
    if not header.elements:
        picture.text(left, at + 12, "no elements", "muted", 12)
    elif header.left_out:
        picture.text(left, at + 14, f"… {header.left_out:,} more elements not shown", "muted", 12)
    picture.close()


def _cell(
    picture: Picture,
    key: str,
    cell: str,
    x: float,
    y: float,
    width: float,
    text: str,
    row: int,
    column: int,
    class_: str,
) -> None:
    picture.open(
        class_, data_key=key, data_cell=cell, data_row=str(row), data_column=str(column), tabindex="-1", role="button"
    )
    picture.box(x, y, width, CELL_HEIGHT, radius=4, fill="panel", stroke="rule", line=1)
    picture.text(x + width / 2, y + 17, clip(text, width - 4, 12.5, mono=True), size=12.5, anchor="middle", mono=True)
    picture.close()


# -- storages ---------------------------------------------------------------------------------------------------------


def _storage(
    picture: Picture,
    memory: MemoryMap,
    box: StorageBox,
    y: float,
    feet: dict[int, tuple[float, float]],
    cards_right: float,
) -> tuple[float, float]:
    """Draw one storage and the arrows into it; give the y below it and its right edge."""
    lookers = memory.lookers(box.number)
    names = max((text_width(memory.headers[i].name, 11, mono=True) for i in lookers), default=0.0)
    names = min(names, 110.0) + 12
    longest = max((text_width(number(value), 12.5, mono=True) for _, value in box.cells), default=0.0)
    width = min(max(longest + 14, 38.0), 84.0)
    per_row = max(1, int((WIDTH - 2 * MARGIN - names - 28) // (width + 3)))
    ends = [box.cells] if not box.left_out else [box.cells[: len(box.cells) // 2], box.cells[len(box.cells) // 2 :]]
    rows = [end[start : start + per_row] for end in ends for start in range(0, len(end), per_row)]
    row_height = CELL_HEIGHT + 16 + len(lookers) * LANE + 12
    gap = LINE + 4 if box.left_out else 0.0
    height = 34 + len(rows) * row_height + gap
    inner = names + min(len(box.cells), per_row) * (width + 3)
    total = max(inner, text_width(_caption(box, lookers)) - 6, 120.0) + 28
    left = max(MARGIN, (MARGIN + cards_right - total) / 2)  # in the middle below its tensors
    picture.open("ak-storage", data_storage=str(box.number))
    picture.note(_caption(box, lookers))
    picture.box(left, y, total, height, radius=10, stroke="rule")
    picture.text(left + 14, y + 22, _caption(box, lookers), "muted", 12)
    starts: dict[int, tuple[float, float]] = {}
    at = y + 34
    previous = -1
    for row_number, row in enumerate(rows):
        if row and row[0][0] > previous + 1 and previous >= 0:
            at = _skipped(picture, box, left, at)
        for column, (index, value) in enumerate(row):
            x = left + 14 + names + column * (width + 3)
            key = f"s{box.number}-{index}"
            previous = index
            _cell(picture, key, key, x, at, width, number(value), row_number, column, "ak-cell")
            picture.text(x + width / 2, at + CELL_HEIGHT + 12, str(index), "muted", 10.5, anchor="middle", mono=True)
            for lane, i in enumerate(lookers):
                if memory.headers[i].looks_at(index):
                    lane_y = at + CELL_HEIGHT + 17 + lane * LANE
                    picture.box(x, lane_y, width, LANE - 3, radius=2, fill=alias_role(i), stroke=None)
                if index == memory.headers[i].offset:
                    starts[i] = (x + width / 2, at)
        if row:
            for lane, i in enumerate(lookers):
                lane_y = at + CELL_HEIGHT + 17 + lane * LANE + LANE - 3
                name = clip(memory.headers[i].name, names - 8, 10.5, mono=True)
                picture.text(left + 14 + names - 8, lane_y, name, size=10.5, anchor="end", mono=True)
        at += row_height
    picture.close()
    for order, i in enumerate(feet):
        _arrow(picture, i, feet[i], starts.get(i, (left + 30 + 12 * order, y)), y)
    return y + height, left + total


def _skipped(picture: Picture, box: StorageBox, left: float, at: float) -> float:
    picture.text(left + 14, at + 10, f"… {box.left_out:,} cells in between not shown …", "muted", 12)
    return at + LINE + 4


def _arrow(picture: Picture, tensor: int, foot: tuple[float, float], start: tuple[float, float], top: float) -> None:
    """From a card to the storage cell at its offset."""
    (x, y), end_x, end_y = foot, start[0], top - 3
    middle = (y + end_y) / 2
    picture.path(
        f"M{x:.1f} {y:.1f} C {x:.1f} {middle:.1f}, {end_x:.1f} {middle:.1f}, {end_x:.1f} {end_y:.1f}",
        stroke=alias_role(tensor),
        line=1.6,
        arrow=True,
        class_="ak-arrow",
        data_tensor=str(tensor),
    )


def _caption(box: StorageBox, lookers: tuple[int, ...]) -> str:
    count = f"{len(lookers)} tensors look at it" if len(lookers) > 1 else "1 tensor looks at it"
    return f"storage · {box.size:,} × {box.dtype} = {box.nbytes:,} bytes · {count}"


# -- in words ---------------------------------------------------------------------------------------------------------


def title(memory: MemoryMap) -> str:
    """The names of the tensors."""
    return _joined([header.name for header in memory.headers], most=12)


def summary(memory: MemoryMap) -> str:
    """How many tensors look at how many storages, and which share one."""
    tensors, boxes = len(memory.headers), len(memory.boxes)
    if tensors == 1:
        return "1 tensor and its storage"
    shared = [memory.lookers(box.number) for box in memory.boxes if len(memory.lookers(box.number)) > 1]
    if not shared:
        return f"{tensors} tensors, each with a storage of its own"
    groups = "; ".join(_joined([memory.headers[i].name for i in group]) for group in shared)
    storages = "1 storage" if boxes == 1 else f"{boxes} storages"
    return f"{tensors} tensors, {storages}: {groups} share memory"


def description(memory: MemoryMap) -> str:
    """The picture in a sentence or two."""
    headers = "; ".join(
        f"{h.name} has shape {_tuple(h.shape)}, stride {_tuple(h.stride)}, offset {h.offset}" for h in memory.headers
    )
    return f"{summary(memory)}. {headers}."


def sentences(memory: MemoryMap) -> dict[str, str]:
    """For each element and cell, by its key, where it lies and who else looks there."""
    found: dict[str, str] = {}
    for tensor, header in enumerate(memory.headers):
        for flat, (index, value) in enumerate(header.elements):
            others = _others(memory, header, tensor, index)
            found[f"t{tensor}-{flat}"] = f"{formula(header, index)} = {number(value)}{others}"
    for box in memory.boxes:
        for cell, value in box.cells:
            lookers = [_element(memory, *each) for each in memory.elements_at(box.number, cell)]
            who = f"is {_joined(lookers)}" if lookers else "is no element of a tensor shown here"
            found[f"s{box.number}-{cell}"] = f"storage[{cell}] = {number(value)} {who}"
    return found


def _others(memory: MemoryMap, header: TensorHeader, tensor: int, index: tuple[int, ...]) -> str:
    same = [each for each in memory.elements_at(header.storage, header.cell(index)) if each != (tensor, index)]
    return f" · the same cell is {_joined([_element(memory, *each) for each in same])}" if same else ""


def _element(memory: MemoryMap, tensor: int, index: tuple[int, ...]) -> str:
    name = memory.headers[tensor].name
    return f"{name}[{', '.join(map(str, index))}]" if index else name


def _joined(words: list[str], most: int = 6) -> str:
    if len(words) > most:
        return f"{', '.join(words[:most])} and {len(words) - most} more"
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def rows(memory: MemoryMap) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The picture as a table: header and rows."""
    head = ("tensor", "shape", "stride", "offset", "dtype", "version", "contiguous", "view of", "storage")
    return head, [
        (
            h.name,
            _tuple(h.shape),
            _tuple(h.stride),
            str(h.offset),
            h.dtype,
            str(h.version),
            "yes" if h.contiguous else "no",
            h.view_of or "",
            str(h.storage),
        )
        for h in memory.headers
    ]


def plain(memory: MemoryMap) -> str:
    """The picture in text: a line for each tensor and each storage."""
    lines = [
        f"{h.name}  {shape_text(h.shape)}  shape {_tuple(h.shape)}  stride {_tuple(h.stride)}  offset {h.offset}  "
        f"→ storage {h.storage}"
        for h in memory.headers
    ]
    for box in memory.boxes:
        cells = " ".join(number(value) for _, value in box.cells)
        more = f" … ({box.left_out:,} more)" if box.left_out else ""
        lines.append(f"storage {box.number} ({box.nbytes:,} bytes): {cells}{more}")
    return "\n".join(lines)
