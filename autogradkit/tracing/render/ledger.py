"""The ledger of a gradient: how `.grad` grew, one slice for each backward call, until it was cleared.

A pure function from entries (plain data, see `entries`) to SVG. What is drawn is one element of the gradient, or its mean
where it was too large to be copied: both add up as the whole does. Rests on `svg`, `numbers` and the events;
`widgets.ledger` uses it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from ..events import Accumulated, GradAssigned, Numbers, Position
from .numbers import number
from .svg import Picture, alias_role, clip

MOST = 12  # events drawn; the earlier ones are counted
_COLUMN, _BAR, _PLOT, _TOP = 84, 56, 150, 74
_LEFT = 40
_WORDS = {"none": "set to None", "zeros": "zeroed", "unseen": "not traced"}


@dataclass(frozen=True)
class Entry:
    """One event in the life of a `.grad`. `what` is "backward", "none", "zeros", "assigned", "before" or "unseen"."""

    what: str
    where: str  # "line 4", "In[2] line 1", or empty
    code: str
    added: Numbers | None
    after: Numbers | None  # None where `.grad` is None afterwards
    kept: bool = False  # a backward added to what earlier ones had left


@dataclass(frozen=True)
class Ledger:
    """What the picture shows. `element` counts in row-major order; None asks for the mean."""

    name: str
    shape: tuple[int, ...]
    entries: tuple[Entry, ...]
    element: int | None
    ended: bool = False  # the tensor is gone


def entries(history: Iterable[Accumulated | GradAssigned]) -> tuple[Entry, ...]:
    """The entries of a trace's events about one tensor, oldest first."""
    made: list[Entry] = []
    for event in history:
        where, code = place(event.position)
        if isinstance(event, Accumulated) or event.before is not None:
            _fill_gap(made, event.before)
        if isinstance(event, Accumulated):
            kept = event.before is not None and not _is_zero(event.before)
            made.append(Entry("backward", where, code, event.contribution, event.after, kept))
        else:
            made.append(Entry(event.how, where, code, None, event.after))
    return tuple(made)


def _fill_gap(made: list[Entry], before: Numbers | None) -> None:
    """Say that `.grad` was something else before an event than what the last one left."""
    if not made and before is not None:
        made.append(Entry("before", "", "", before, before))
    elif made and not same(made[-1].after, before):
        made.append(Entry("unseen", "", "", before, before))


def same(one: Numbers | None, other: Numbers | None) -> bool:
    """Whether two gradients print alike, NaN and NaN included."""
    if one is None or other is None:
        return one is other
    return (one.text, one.dtype) == (other.text, other.dtype)


def place(position: Position | None) -> tuple[str, str]:
    """Where something happened, and the learner's line."""
    if position is None:
        return "", ""
    file = "" if position.file == "cell" else position.file + " "
    return f"{file}line {position.line}", position.code


def _is_zero(numbers: Numbers) -> bool:
    return numbers.low == 0 and numbers.high == 0 and not numbers.nans and not numbers.infs


def subject(ledger: Ledger) -> str:
    """What is drawn: "w.grad[0, 1]", "w.grad", or "the mean of w.grad".

    >>> subject(Ledger("w", (2, 2), (), 3)), subject(Ledger("w", (), (), 0)), subject(Ledger("w", (9,), (), None))
    ('w.grad[1, 1]', 'w.grad', 'the mean of w.grad')
    """
    if ledger.element is None:
        return f"the mean of {ledger.name}.grad"
    if not ledger.shape:
        return f"{ledger.name}.grad"
    index: list[str] = []
    rest = ledger.element
    for size in reversed(ledger.shape):
        rest, position = divmod(rest, max(size, 1))
        index.append(str(position))
    return f"{ledger.name}.grad[{', '.join(reversed(index))}]"


def amount(numbers: Numbers | None, element: int | None) -> float | None:
    """The number drawn for a gradient or a contribution; None where there is none."""
    if numbers is None:
        return None
    if element is not None and numbers.data is not None and element < len(numbers.data):
        value = numbers.data[element]
        return abs(value) if isinstance(value, complex) else float(value)
    if numbers.nans or numbers.infs:
        return math.nan
    return numbers.mean


def sentence(ledger: Ledger, index: int) -> str:
    """One entry in words."""
    entry = ledger.entries[index]
    now = _said(amount(entry.after, ledger.element))
    at = f" at {entry.where}" if entry.where else ""
    if entry.what == "backward":
        kept = " to what was there" if entry.kept else ""
        added = _said(amount(entry.added, ledger.element))
        return _ended(f"backward{at} added {added}{kept}: {subject(ledger)} is now {now}")
    if entry.what == "before":
        return f"{subject(ledger)} was {now} before the first event that was seen."
    if entry.what == "unseen":
        return _ended(f".grad changed in a cell that was not traced: {subject(ledger)} is now {now}")
    if entry.what == "none":
        return f".grad was set to None{at}: the next backward starts afresh."
    if entry.what == "zeros":
        return f".grad was filled with zeros{at}: the next backward starts from 0."
    return _ended(f".grad was set{at}: {subject(ledger)} is now {now}")


def _ended(text: str) -> str:
    """A sentence with its full stop; a whole float such as `2.` brings its own."""
    return text if text.endswith(".") else text + "."


def _said(value: float | None) -> str:
    return "None" if value is None else number(value)


def uncleared(ledger: Ledger) -> str | None:
    """The warning where `.grad` holds what several backward calls added; None where it was cleared in between."""
    since = ""
    warning = None
    for entry in ledger.entries:
        if entry.what != "backward":
            since, warning = "", None
        elif entry.kept:
            warning = f"grad was not cleared since {since}" if since else "grad was not cleared before this backward"
        since = since or entry.where
    return warning


def description(ledger: Ledger) -> str:
    """One sentence that stands for the picture."""
    if not ledger.entries:
        return f"{ledger.name}.grad is None: no backward has reached {ledger.name} yet."
    calls = sum(entry.what == "backward" for entry in ledger.entries)
    warning = uncleared(ledger)
    return (
        f"{subject(ledger)} after {calls} backward call{'s' * (calls != 1)}: "
        f"{_said(amount(ledger.entries[-1].after, ledger.element))}" + (f"; {warning}" if warning else "")
    )


def ledger_svg(ledger: Ledger) -> str:
    """The picture as an SVG string.

    >>> ledger_svg(Ledger("w", (2,), (), 0)).count("<rect")
    1
    """
    return _Drawing(ledger).finish()


class _Drawing:
    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.picture = Picture()
        self.first = max(0, len(ledger.entries) - MOST)
        self.stacks = self._stacks()
        backwards = [index for index, entry in enumerate(ledger.entries) if entry.what == "backward"]
        self.roles = {index: alias_role(count) for count, index in enumerate(backwards)}
        shown = self.stacks[self.first :]
        tops = [sum(value for _, value in stack if value > 0) for stack in shown]
        bottoms = [sum(value for _, value in stack if value < 0) for stack in shown]
        self.high, self.low = max([0.0, *tops]), min([0.0, *bottoms])
        if self.high == self.low:
            self.high = 1.0
        self.width = max(620, _LEFT + _COLUMN * len(shown) + 60)

    def _stacks(self) -> list[list[tuple[int, float]]]:
        """After each entry, the slices that make up the gradient: (number of the entry, value)."""
        stacks: list[list[tuple[int, float]]] = []
        for index, entry in enumerate(self.ledger.entries):
            added = amount(entry.added if entry.added is not None else entry.after, self.ledger.element)
            slice_ = [(index, added)] if added is not None and math.isfinite(added) and added != 0 else []
            stacks.append((stacks[-1] if stacks and entry.what == "backward" else []) + slice_)
        return stacks

    def y(self, value: float) -> float:
        return _TOP + _PLOT * (self.high - value) / (self.high - self.low)

    def finish(self) -> str:
        ledger, picture = self.ledger, self.picture
        picture.text(16, 26, clip(f"{subject(ledger)} after each event", 380, 14, bold=True), size=14, bold=True)
        if not ledger.entries:
            picture.text(16, 56, clip(description(ledger), 580), "muted")
            return picture.finish(620, 74, description(ledger))
        if self.first:
            picture.text(self.width - 16, 26, f"{self.first} earlier events are not shown", "muted", anchor="end")
        picture.path(f"M{_LEFT - 8} {self.y(0):.1f}H{self.width - 52}", stroke="ink", line=1.0)
        for place_, index in enumerate(range(self.first, len(ledger.entries))):
            self._column(index, _LEFT + place_ * _COLUMN)
        self._warn()
        height = self._legend(_TOP + _PLOT + 72)
        return picture.finish(self.width, height, description(ledger))

    def _column(self, index: int, x: float) -> None:
        entry, picture = self.ledger.entries[index], self.picture
        middle = x + _BAR / 2
        picture.open(class_="ak-entry", data_key=f"entry-{index}", tabindex=0, role="img",
                     aria_label=sentence(self.ledger, index))  # fmt: skip
        picture.note(sentence(self.ledger, index))
        up = down = 0.0
        for number_, value in self.stacks[index]:
            low, high = (up, up + value) if value > 0 else (down + value, down)
            up, down = (high, down) if value > 0 else (up, low)
            self._slice(number_, value, x, self.y(high), self.y(low) - self.y(high), fresh=number_ == index)
        total = amount(entry.after, self.ledger.element)
        top = self.y(up) - 8
        if total is not None and down < 0 < up:  # slices of both signs: say where they come out
            picture.path(f"M{x - 5} {self.y(total):.1f}H{x + _BAR + 5}", stroke="ink", line=2.2)
        role = "error" if total is not None and not math.isfinite(total) else "muted" if total is None else "ink"
        picture.text(middle, top, _said(total), role, 13, anchor="middle", mono=True, bold=True)
        base = _TOP + _PLOT + 22
        words = ("⚠ " if entry.kept else "") + _WORDS.get(entry.what, entry.what)
        picture.text(middle, base, words, "error" if entry.kept else "ink", anchor="middle")
        if entry.where:
            picture.text(middle, base + 16, clip(entry.where, _COLUMN - 4, 11), "muted", 11, anchor="middle")
        picture.close()

    def _slice(self, number_: int, value: float, x: float, top: float, height: float, *, fresh: bool) -> None:
        role = self.roles.get(number_, "mark")
        self.picture.box(
            x,
            top,
            _BAR,
            height,
            radius=2,
            fill=role,
            stroke="ink" if fresh else "ground",
            line=1.8 if fresh else 1.0,
            data_slice=number_,
        )
        if height >= 18:
            label = ("+" if value > 0 else "") + number(value)
            plate = min(_BAR - 4, 8 + 7 * len(label))
            middle = x + _BAR / 2
            self.picture.box(middle - plate / 2, top + height / 2 - 8, plate, 16, radius=3, fill="ground", stroke=None)
            text = clip(label, _BAR - 8, 11, mono=True)
            self.picture.text(middle, top + height / 2 + 4, text, "ink", 11, anchor="middle", mono=True)

    def _warn(self) -> None:
        warning = uncleared(self.ledger)
        if warning is not None:
            self.picture.text(16, 46, clip(f"⚠ {warning}", self.width - 32), "error", bold=True)
        elif self.ledger.ended:
            self.picture.text(16, 46, "the tensor is gone; nothing more will be added", "muted")

    def _legend(self, y: float) -> float:
        """The learner's lines, each beside the colour of its slices. Returns where the picture ends."""
        for index in range(self.first, len(self.ledger.entries)):
            entry = self.ledger.entries[index]
            if entry.what != "backward" or not (entry.code or entry.where):
                continue
            self.picture.box(16, y - 10, 12, 12, radius=2, fill=self.roles[index], stroke=None)
            said = " · ".join(part for part in (entry.where, entry.code) if part)
            self.picture.text(36, y, clip(said, self.width - 60, 12, mono=True), "muted", mono=True)
            y += 18
        return y + 6


def rows(ledger: Ledger) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The table that says what the picture says, with whole gradients as they print."""
    header = ("event", "where", "added", f"{ledger.name}.grad afterwards")
    return header, [
        (
            _WORDS.get(entry.what, entry.what),
            " · ".join(part for part in (entry.where, entry.code) if part),
            entry.added.text if entry.what == "backward" and entry.added is not None else "",
            "None" if entry.after is None else entry.after.text,
        )
        for entry in ledger.entries
    ]
