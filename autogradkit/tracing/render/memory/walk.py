"""A walk: hops over a row of storage cells, of which one may break.

Rests on the SVG primitives. Each hop has a line of its own, with what it is over an arrow from cell to cell. Used by `strip`
for the picture of a failed view.
"""

from __future__ import annotations

from dataclasses import dataclass

from autogradkit.tracing.events import Number
from autogradkit.tracing.render.marks.svg import Picture
from autogradkit.tracing.render.marks.widths import clip, text_width

FONT = 12.0
HOP = 34.0  # height of one
AWAY = 56.0  # length of an arrow to a cell that is not in the row
ROLES = {True: "ink", False: "error", None: "muted"}


@dataclass(frozen=True)
class Hop:
    """One hop from cell to cell."""

    start: int
    end: int
    label: str
    good: bool | None  # False for one that breaks, None for one that was expected and is not there


def label_width(walk: tuple[Hop, ...]) -> float:
    """The room that the longest label takes."""
    return max((text_width(hop.label, FONT, mono=True, bold=True) for hop in walk), default=0.0)


class Walk:
    """The hops that begin in a row of cells, each cell `width` wide."""

    def __init__(self, hops: tuple[Hop, ...], row: list[tuple[int, Number | None]], width: float) -> None:
        begun = {index for index, _ in row}
        self.hops = [hop for hop in hops if hop.start in begun]
        self.width = width
        self.height = HOP * len(self.hops) + 6 if self.hops else 0.0

    def draw(self, picture: Picture, xs: dict[int, float], y: float, left: float, room: float) -> None:
        """Draw it: `xs` is where each cell begins, `left` and `room` are what a label may take."""
        for number, hop in enumerate(self.hops):
            role, top = ROLES[hop.good], y + number * HOP
            label = clip(hop.label, room, FONT, mono=True, bold=True)
            picture.text(left, top + 14, label, role, FONT, mono=True, bold=True)
            start, line = xs[hop.start] + self.width / 2, top + 25
            picture.ellipse(start, line, 4, 4, fill=role, stroke=role)
            if hop.end == hop.start:
                continue
            away = AWAY if hop.end > hop.start else -AWAY
            end = xs[hop.end] + self.width / 2 if hop.end in xs else start + away
            d = f"M{start:.1f} {line:.1f}H{end:.1f}"
            picture.path(d, stroke=role, line=2, arrow=True, dashed=hop.good is None, class_="ak-hop")
