"""A lane: how one tensor walks over a row of storage cells.

Rests on memory and the SVG primitives. Under every cell that the tensor looks at stands the order in which it reads the
cell, and ×3 where it reads it three times; arcs begin under its first element and show how far the next index of each
dimension hops. The lane has the tensor's colour and its name. Used by `strip`.
"""

from __future__ import annotations

from autogradkit.tracing.events import Number
from autogradkit.tracing.memory import TensorHeader
from autogradkit.tracing.render.marks.colours import alias_role
from autogradkit.tracing.render.marks.svg import Picture
from autogradkit.tracing.render.marks.widths import clip_name, text_width
from autogradkit.tracing.render.memory.cards import signed

SMALL = 11.5
PILL, TWO_LINES = 17.0, 31.0  # height of the order numbers, without and with how often
LEVEL = 17.0  # how much deeper each longer hop hangs
MOST_HOPS = 4  # arcs of one tensor


class Lane:
    """The lane of the `position`-th tensor under the cells of `row`, with its hops or without them."""

    def __init__(
        self, header: TensorHeader, position: int, row: list[tuple[int, Number | None]], width: float, hops: bool
    ) -> None:
        self.header, self.position, self.width = header, position, width
        cells = [index for index, _ in row] if header.in_cells else []
        self.counts = {cell: count for cell in cells if (count := header.count(cell))}
        self.hops = _by_length(header)[:MOST_HOPS] if hops and header.offset in self.counts else []
        self.pill = TWO_LINES if any(count > 1 for count in self.counts.values()) else PILL
        self.height = self.pill + 4 + (LEVEL * len(self.hops) + 10 if self.hops else 0)
        if header.in_cells and not self.counts:
            self.height = 0.0  # nothing to say of these cells

    def draw(self, picture: Picture, xs: dict[int, float], y: float, names: float, room: float) -> None:
        """Draw it: `xs` is where each cell begins, `names` where the name ends, `room` what it may take."""
        if not self.height:
            return
        role = alias_role(self.position)
        name = clip_name(self.header.name, room, SMALL)
        picture.text(names, y + 12, name, size=SMALL, anchor="end", mono=True)
        if not self.header.in_cells:
            words = f"looks at it in elements of another size ({self.header.dtype})"
            picture.text(names + 8, y + 12, words, "muted", SMALL)
            return
        pills = "".join(
            f"M{xs[cell] + 1:.1f} {y:.1f}h{self.width - 2:.1f}v{self.pill:.1f}h{2 - self.width:.1f}z"
            for cell in self.counts
        )
        picture.path(pills, fill=role, stroke=role, line=1.4, class_="ak-lane", fill_opacity="0.14")
        middle = self.width / 2
        orders = [(xs[cell] + middle, self._orders(cell)) for cell in self.counts]
        picture.texts(orders, y + 12, size=SMALL)
        often = [(xs[cell] + middle, f"×{count:,}") for cell, count in self.counts.items() if count > 1]
        picture.texts(often, y + 26, size=SMALL, bold=True)
        for level, (hop, _) in enumerate(self.hops):
            self._arc(picture, hop, level, xs, y + self.pill)
        for level, (hop, dims) in enumerate(self.hops):
            self._label(picture, hop, dims, level, xs, y + self.pill)

    def _orders(self, cell: int) -> str:
        """Which elements the cell is, by their order, as far as they fit."""
        count = self.counts[cell]
        found = self.header.orders(cell, 4)
        listed = ",".join(map(str, found))
        if len(found) == count and text_width(listed, SMALL, mono=True) <= self.width - 4:
            return listed
        first = f"{found[0]}…" if found else ""
        return first if text_width(first, SMALL, mono=True) <= self.width - 4 else "…"

    def _arc(self, picture: Picture, hop: int, level: int, xs: dict[int, float], y: float) -> None:
        start, depth = xs[self.header.offset] + self.width / 2, LEVEL * (level + 1) - 2
        low = y + depth * 4 / 3  # where the curve is pulled to, so that it hangs to `depth`
        if hop == 0:
            d = f"M{start - 5:.1f} {y:.1f}C{start - 18:.1f} {low:.1f} {start + 18:.1f} {low:.1f} {start + 5:.1f} {y + 1:.1f}"
        elif self.header.offset + hop in xs:
            end = xs[self.header.offset + hop] + self.width / 2
            d = f"M{start:.1f} {y:.1f}C{start:.1f} {low:.1f} {end:.1f} {low:.1f} {end:.1f} {y + 1:.1f}"
        else:  # the cell is in another row, or not shown
            away = 1 if hop > 0 else -1
            d = f"M{start:.1f} {y:.1f}q0 {depth:.1f} {26 * away} {depth:.1f}"
        picture.path(d, stroke=alias_role(self.position), line=1.4, arrow=True, class_="ak-hop")

    def _label(
        self, picture: Picture, hop: int, dims: tuple[int, ...], level: int, xs: dict[int, float], y: float
    ) -> None:
        start, end = xs[self.header.offset] + self.width / 2, xs.get(self.header.offset + hop)
        text = short = signed(hop)
        where = f"{short} dim {', '.join(map(str, dims))}"
        if hop == 0:
            x = start - 17 - text_width(text, SMALL, mono=True) / 2
        elif end is None:
            x, text = start + (32 + text_width(where, SMALL, mono=True) / 2) * (1 if hop > 0 else -1), where
        else:
            x = (start + end + self.width / 2) / 2
            if abs(end - start) > text_width(where, SMALL, mono=True) + 30:
                text = where
        below, wide = y + LEVEL * (level + 1) + 2, text_width(text, SMALL, mono=True)
        picture.box(x - wide / 2 - 2, below - 10, wide + 4, 13, radius=2, stroke=None)
        picture.text(x, below, text, size=SMALL, anchor="middle", mono=True, bold=True)


def _by_length(header: TensorHeader) -> list[tuple[int, tuple[int, ...]]]:
    """Each hop with the dimensions that make it, the shortest first."""
    found: dict[int, tuple[int, ...]] = {}
    for dim, hop in header.hops():
        found[hop] = (*found.get(hop, ()), dim)
    return sorted(found.items(), key=lambda each: abs(each[0]))
