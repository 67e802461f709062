"""Lines of text on a picture of a graph: parts in roles, numbers row by row, values that are known from an event on.

Rests on `svg.py`, `known.py` and `numbers.py`; boxes and labels of edges are made of them.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from autogradkit.tracing.events import Numbers
from autogradkit.tracing.render.graph.structure.known import BEFORE
from autogradkit.tracing.render.marks import numbers as nums
from autogradkit.tracing.render.marks.svg import Picture
from autogradkit.tracing.render.marks.widths import SIZE, clip, text_width

LINE = 17.0  # from one line to the next
SHORT_LEAD = 4  # characters
_BETWEEN_ARGUMENTS = re.compile(r", (?![^(\[]*[)\]])")  # a comma that is in no tuple


@dataclass(slots=True)
class Text:
    """A line inside a box or a label. Its value, if it has one, is known from event `step` on, in backward call `call`."""

    parts: list[tuple[str, str, bool, bool]]  # text, role, mono, bold
    step: int | None = None
    call: int | None = None
    value: int = -1  # which part is the value
    ask: str = ""  # what stands in for it before, while one steps

    @property
    def width(self) -> float:
        return sum(text_width(text, SIZE, mono=mono, bold=bold) for text, _, mono, bold in self.parts)

    def draw(self, picture: Picture, x: float, y: float, anchor: str = "start") -> None:
        """Parts that look the same are one text, but for a value that is not known from the beginning."""
        x -= self.width * {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor]
        value = None if self.step is None else self.value % len(self.parts)
        alike = itertools.groupby(enumerate(self.parts), key=lambda part: (part[0] == value, *part[1][1:]))
        for (late, role, mono, bold), parts in alike:
            text = "".join(part[0] for _, part in parts)
            kept = text.lstrip()
            at = x + text_width(text[: len(text) - len(kept)], SIZE, mono=mono, bold=bold)
            picture.text(
                at, y, kept.rstrip(), role, SIZE, mono=mono, bold=bold, class_="" if self.call is None else "ak-grad",
                data_step=self.step if late else None, data_ask=(late and self.ask) or None, data_call=self.call,
            )  # fmt: skip
            x += text_width(text, SIZE, mono=mono, bold=bold)


def mono(text: str, role: str = "ink", bold: bool = False) -> tuple[str, str, bool, bool]:
    return text, role, True, bold


def sans(text: str, role: str = "muted") -> tuple[str, str, bool, bool]:
    return text, role, False, False


def number_lines(
    numbers: Numbers, role: str, lead: str = "", room: int = 26, brief: bool = False, most: int = 4, asked: bool = False
) -> list[Text]:
    """The elements after `lead`, rows of a matrix under one another; what is not finite stands out, unless it was `asked` for.

    `brief` leaves of a summary its range, on two lines where it has more than `room` characters: a long `lead` stands above the
    range, a short one before its low end.
    """
    above: list[Text] = []
    odd = nums.oddities(numbers)
    shown = nums.lines(numbers, room, most)
    summed_up = shown == nums.summary_lines(numbers)
    if brief and summed_up:
        low, _, high = shown[0].partition(" … ")
        shown = shown[:1]
        if high and len(shown[0]) > room and len(lead) > SHORT_LEAD:
            above, lead = [Text([mono(lead.rstrip(), role), mono("")])], ""  # what is not known yet is the range
        elif high and len(shown[0]) > room:
            shown = [f"{low} …", high]
    alarming = bool(odd) and not asked
    paint = "error" if alarming else role
    if alarming and not numbers.shape:
        return [Text([mono(lead, role), (f"⚠ {shown[0]}", "error", True, True)], ask="?")]
    blank = " " * len(lead)
    lines = [
        Text([mono(lead if i == 0 else blank, role), mono(line, paint, alarming)], ask="" if i else "?")
        for i, line in enumerate(shown)
    ]
    if alarming:
        lines.append(Text([mono(blank, role), (f"⚠ {odd}", "error", False, True)]))
    elif odd and summed_up:  # a range has the finite ones only
        lines.append(Text([mono(blank, role), sans(odd)]))
    return above + lines


def late(lines: list[Text], step: int, call: int | None = None) -> list[Text]:
    """The lines, marked with the event from which on they are known; what was known before needs no mark."""
    return lines if step == BEFORE else [replace(line, step=step, call=call) for line in lines]


def call_that_fits(spelled: Sequence[str], room: float) -> list[str]:
    """What stands in an ellipse, in lines: the first spelling that there is room for; else of a call with many arguments those
    that fit, each whole; else a name of several words in two lines, `binary_cross_entropy_` and `with_logits`."""
    *longer, text = spelled
    head, _, inside = text.partition("(")
    arguments = _BETWEEN_ARGUMENTS.split(inside.removesuffix(")")) if inside.endswith(")") else []
    shorter = [f"{head}({', '.join([*arguments[:kept], '…'])})" for kept in reversed(range(len(arguments)))]
    for each in (*longer, text, *shorter):
        if text_width(each, SIZE, mono=True) <= room:
            return [each]
    ends = [
        end for end, letter in enumerate(head, 1) if letter == "_" and text_width(head[:end], SIZE, mono=True) <= room
    ]
    for each in (text, *shorter) if ends else ():
        if text_width(each[ends[-1] :], SIZE, mono=True) <= room:
            return [each[: ends[-1]], each[ends[-1] :]]
    return [clip(text, room, SIZE, mono=True)]
