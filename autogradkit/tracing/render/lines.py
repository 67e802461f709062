"""Lines of text on a picture of a graph: parts in roles, numbers row by row, gradients that are known from an event on.

Rests on `svg.py` and `numbers.py`; boxes and labels of edges are made of them.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

from ..events import Numbers
from . import numbers as nums
from .svg import SIZE, Picture, text_width

LINE = 17.0  # from one line to the next


@dataclass(slots=True)
class Text:
    """A line inside a box or a label. A gradient's is known from event `step` on, in backward call `call`."""

    parts: list[tuple[str, str, bool, bool]]  # text, role, mono, bold
    step: int | None = None
    call: int | None = None

    @property
    def width(self) -> float:
        return sum(text_width(text, SIZE, mono=mono, bold=bold) for text, _, mono, bold in self.parts)

    def draw(self, picture: Picture, x: float, y: float, anchor: str = "start") -> None:
        x -= self.width * {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor]
        for (role, mono, bold), parts in itertools.groupby(self.parts, key=lambda part: part[1:]):
            text = "".join(part[0] for part in parts)
            kept = text.lstrip()
            indent = text_width(text[: len(text) - len(kept)], SIZE, mono=mono, bold=bold)
            when: dict[str, Any] = {}
            if self.step is not None and role not in ("ink", "muted"):
                when = {"class_": "ak-grad", "data_step": self.step, "data_call": self.call}
            picture.text(x + indent, y, kept.rstrip(), role, SIZE, mono=mono, bold=bold, **when)
            x += text_width(text, SIZE, mono=mono, bold=bold)


def mono(text: str, role: str = "ink", bold: bool = False) -> tuple[str, str, bool, bool]:
    return text, role, True, bold


def sans(text: str, role: str = "muted") -> tuple[str, str, bool, bool]:
    return text, role, False, False


def number_lines(numbers: Numbers, role: str, lead: str = "", room: int = 26, brief: bool = False) -> list[Text]:
    """The elements after `lead`, rows of a matrix under one another; what is not finite stands out.

    `brief` leaves of a summary its range.
    """
    odd = nums.oddities(numbers)
    shown = nums.lines(numbers, room)
    if brief and shown == nums.summary_lines(numbers):
        shown = shown[:1]
    paint = "error" if odd else role
    blank = " " * len(lead)
    lines = [
        Text([mono(lead if i == 0 else blank, role), mono(line, paint, bool(odd))]) for i, line in enumerate(shown)
    ]
    if odd:
        lines.append(Text([mono(blank, role), (f"⚠ {odd}", "error", False, True)]))
    return lines


def late(lines: list[Text], step: int, call: int | None = None) -> list[Text]:
    """The lines, marked with the event from which on they are known."""
    return [Text(line.parts, step, call) for line in lines]
