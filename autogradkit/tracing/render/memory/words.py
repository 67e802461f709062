"""What a picture of memory says in words: title, sentences for each element and cell, table and text.

Rests on memory alone. Nothing is said of a cell that leaves out an element that is not shown: what is not listed is counted.
Used by the storage picture, `StorageMap` and the stride explorer.
"""

from __future__ import annotations

from autogradkit.tracing.memory import MemoryMap, StorageBox, TensorHeader, element, formula
from autogradkit.tracing.render.marks.numbers import number, shape_text
from autogradkit.tracing.render.memory.cards import tuple_text

LISTED = 3  # elements of one tensor that a sentence names
READ = 12  # cells that a sentence names


def title(memory: MemoryMap) -> str:
    """The names of the tensors."""
    return joined([header.name for header in memory.headers], most=15)


def summary(memory: MemoryMap) -> str:
    """How many tensors look at how many storages, and which share one."""
    arrays = sum(header.made == "NumPy array" for header in memory.headers)
    tensors, boxes = len(memory.headers) - arrays, len(memory.boxes)
    counted = "1 tensor" if tensors == 1 else f"{tensors} tensors"
    if arrays:
        counted += " and 1 NumPy array" if arrays == 1 else f" and {arrays} NumPy arrays"
    if tensors + arrays == 1:
        return "1 tensor and its storage"
    shared = [memory.lookers(box.number) for box in memory.boxes if len(memory.lookers(box.number)) > 1]
    if not shared:
        return f"{counted}, each with a storage of its own"
    groups = "; ".join(joined([memory.headers[i].name for i in group], most=15) for group in shared)
    more = f"; {joined(list(memory.not_drawn))} too, not drawn" if memory.not_drawn else ""
    return f"{counted}, {'1 storage' if boxes == 1 else f'{boxes} storages'}: {groups} share memory{more}"


def description(memory: MemoryMap) -> str:
    """The picture in a sentence or two."""
    headers = "; ".join(
        f"{h.name} has shape {tuple_text(h.shape)}, stride {tuple_text(h.stride)}, offset {h.offset}"
        for h in memory.headers
    )
    return f"{summary(memory)}. {headers}."


def legend(memory: MemoryMap) -> str:
    """How the lanes are read."""
    lookers = [header for header in memory.headers if header.in_cells and header.numel]
    if not lookers:
        return ""
    parts = ["One row for each tensor, in its colour: the order in which it reads the cells, counted from 0."]
    if any(0 in header.stride or _overlaps(header) for header in lookers):
        parts.append("×2: a cell that it reads twice.")
    if any(header.hops() for header in lookers):
        parts.append("Arcs: how many cells the next index of a dimension hops.")
    return " ".join(parts)


def _overlaps(header: TensorHeader) -> bool:
    low, high = header.extent()
    return header.numel > high - low + 1 or any(header.count(header.cell(index)) > 1 for index, _ in header.elements)


def sentences(memory: MemoryMap) -> dict[str, str]:
    """For each element and cell, by its key, where it lies and who else looks there."""
    found: dict[str, str] = {}
    for tensor, header in enumerate(memory.headers):
        for flat, (index, value) in enumerate(header.elements):
            box = memory.boxes[header.storage]
            cell = header.cell(index)
            text = formula(header, index)
            if value is None or (not 0 <= cell < box.size and header.in_cells):
                text += " lies outside of the storage"
            if value is not None:
                text += f" = {number(value)}"
            if header.in_cells:
                others = _lookers(memory, box, cell, besides=(tensor, index))
                text += f" · the same cell is {joined(others)}" if others else ""
            else:
                text += f", counted in elements of {header.dtype}"
            found[f"t{tensor}-{flat}"] = text
    for box in memory.boxes:
        for cell, value in box.cells:
            lookers = _lookers(memory, box, cell)
            who = f"is {joined(lookers)}" if lookers else "is no element of a tensor shown here"
            found[f"s{box.number}-{cell}"] = f"storage[{cell}] = {number(value)} {who}"
        for cell in box.outside:
            who = _lookers(memory, box, cell)
            would = f": {joined(who)} would lie outside of the storage" if who else ""
            found[f"s{box.number}-{cell}"] = f"there is no storage[{cell}]{would}"
    return found


def _lookers(
    memory: MemoryMap, box: StorageBox, cell: int, besides: tuple[int, tuple[int, ...]] | None = None
) -> list[str]:
    """The elements that a cell is, but for one; of each tensor some are named and the rest counted."""
    words: list[str] = []
    for tensor in memory.lookers(box.number):
        header = memory.headers[tensor]
        count = header.count(cell) if header.in_cells else 0
        indices = [header.index(order) for order in header.orders(cell, LISTED + 1)] if count else []
        if besides is not None and besides[0] == tensor:
            count -= 1
            indices = [index for index in indices if index != besides[1]]
        indices = indices[:LISTED]
        words += [element(header, index) for index in indices]
        rest = count - len(indices)
        if rest:
            words.append(f"{rest:,} {'more ' if indices else ''}element{'s' * (rest > 1)} of {header.name}")
    return words


def cells_read(header: TensorHeader) -> str:
    """The storage cells in the order in which a tensor reads them: `it reads the cells 0, 3, 1, 4, 2, 5`."""
    if not header.numel:
        return "it has no elements"
    first = ", ".join(str(header.cell(header.index(order))) for order in range(min(header.numel, READ)))
    rest = f" and {header.numel - READ:,} more" if header.numel > READ else ""
    return f"it reads the cell{'s' * (header.numel > 1)} {first}{rest}"


def joined(words: list[str], most: int = 8) -> str:
    """Words with commas and an "and"."""
    if len(words) > most:
        return f"{', '.join(words[:most])} and {len(words) - most} more"
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def rows(memory: MemoryMap) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The picture as a table: header and rows."""
    head = ("tensor", "shape", "stride", "offset", "dtype", "version", "contiguous", "what it is", "storage")
    return head, [
        (
            h.name,
            tuple_text(h.shape),
            tuple_text(h.stride),
            str(h.offset),
            h.dtype,
            "" if h.version is None else str(h.version),
            {True: "yes", False: "no", None: ""}[h.contiguous],
            h.made or "a tensor of its own",
            str(h.storage),
        )
        for h in memory.headers
    ]


def plain(memory: MemoryMap) -> str:
    """The picture in text: a line for each tensor and each storage."""
    lines = [
        f"{h.name}  {shape_text(h.shape)}  shape {tuple_text(h.shape)}  stride {tuple_text(h.stride)}  "
        f"offset {h.offset}  → storage {h.storage}"
        for h in memory.headers
    ]
    for box in memory.boxes:
        cells = " ".join(number(value) for _, value in box.cells)
        more = f" … ({box.left_out:,} more)" if box.left_out else ""
        lines.append(f"storage {box.number} ({box.nbytes:,} bytes): {cells}{more}")
    return "\n".join(lines)
