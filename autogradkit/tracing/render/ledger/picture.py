"""The ledger of a gradient: how `.grad` grew, one slice for each line that added to it, until it was cleared.

A pure function from plain data to SVG: a row for each element, a column for each step. Rests on `ledger_columns`,
`ledger_words`, `svg` and `numbers`; `widgets.ledger` uses it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from autogradkit.tracing.grad_history import GradHistory
from autogradkit.tracing.render.ledger.columns import Column, Line, Slice, columns, line_of, lines, stacks
from autogradkit.tracing.render.ledger.words import WORDS, Page, description, pages, sentence, uncleared
from autogradkit.tracing.render.marks.colours import alias_role
from autogradkit.tracing.render.marks.numbers import number
from autogradkit.tracing.render.marks.svg import Picture
from autogradkit.tracing.render.marks.widths import COLUMN, LEGIBLE, clip, text_width

MOST = 7  # columns drawn at a time, of what is stored or in a narrow page
MOST_IF_WIDE = 14  # more are not read one by one
_COLUMN, _BAR = 80, 54
_SMALLEST = 11  # of its texts
_WIDEST = COLUMN * _SMALLEST / LEGIBLE
_MARGIN = 16  # right of the last column
_NAME = 130.0  # room for an element's
_HEIGHTS = {1: 160, 2: 116, 3: 92}  # of a row, by how many there are
_LOW = 76
_ABOVE = 18  # room for the total over a bar
_WIDTH = 480


@dataclass(frozen=True)
class Ledger:
    """What the picture shows."""

    name: str
    history: GradHistory
    state: str = ""  # that it is frozen, and where
    sheet: int = 0  # which elements
    opened: frozenset[str] = frozenset()
    first: int | None = None  # the column that is drawn first; None for the last ones
    page: float | None = None  # px of the column of the page that shows it; None for what is stored

    @property
    def shown(self) -> Page:
        """The elements that are drawn."""
        found = pages(self.history)
        return found[min(self.sheet, len(found) - 1)]

    @property
    def columns(self) -> list[Column]:
        """All columns, those that are not drawn too."""
        return columns(self.history, self.opened)

    @property
    def names(self) -> list[str]:
        """What stands before the rows."""
        return [_fitting(self.history.elements[each]) for each in self.shown.elements]

    @property
    def gutter(self) -> float:
        """How much room the names take."""
        return max([30.0, *(28 + text_width(each, 12, mono=True) for each in self.names)])

    @property
    def most(self) -> int:
        """How many columns are drawn at a time: a wide page has room for more."""
        if self.page is None:
            return MOST
        return max(MOST, min(MOST_IF_WIDE, int((self.page - self.gutter - _MARGIN) / _COLUMN)))

    def sentence(self, column: Column) -> str:
        """One column in words."""
        return sentence(self.name, self.history, self.shown, column)

    @property
    def description(self) -> str:
        """One sentence that stands for the picture."""
        return description(self.name, self.history, self.shown)


def ledger_svg(ledger: Ledger) -> str:
    """The picture as an SVG string.

    >>> ledger_svg(Ledger("w", GradHistory((2,), "float32", 2, ("[0]", "[1]"), ()))).count("<rect")
    1
    """
    return _Drawing(ledger).finish()


class _Drawing:
    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.history = ledger.history
        self.page = ledger.shown
        self.picture = Picture()
        self.columns = ledger.columns
        last = max(0, len(self.columns) - ledger.most)
        self.first = last if ledger.first is None else min(ledger.first, last)
        self.drawn = self.columns[self.first : self.first + ledger.most]
        self.roles: dict[Line, str] = {line: alias_role(at) for at, line in enumerate(lines(self.history))}
        self.names, self.gutter = ledger.names, ledger.gutter
        widest = _WIDEST if ledger.page is None else max(_WIDEST, ledger.page)
        self.step = min(float(_COLUMN), (widest - _MARGIN - self.gutter) / ledger.most)  # from column to column
        self.width = max(float(_WIDTH), self.gutter + self.step * len(self.drawn) + _MARGIN)

    def finish(self) -> str:
        sentence, picture = self.ledger.description, self.picture
        if not self.history.entries:
            picture.text(16, 26, clip(sentence, _WIDTH - 32, 14), size=14)
            if self.ledger.state:
                picture.text(16, 48, clip(self.ledger.state, _WIDTH - 32), "muted")
            return picture.finish(_WIDTH, 64, sentence)
        picture.text(
            16, 26, clip(f"{self.ledger.name}.grad after each step", _WIDTH - 32, 14, bold=True), size=14, bold=True
        )
        y = self._notes(48.0)
        rows = len(self.page.elements)
        height = float(_HEIGHTS.get(rows, _LOW))
        tops = [y + height * row for row in range(rows)]
        slices = [stacks(self.history, self.columns, each) for each in self.page.elements]
        scales = [_Scale(found[self.first : self.first + len(self.drawn)]) for found in slices]
        for scale, name, top in zip(scales, self.names, tops, strict=True):
            scale.place(top + _ABOVE, height - _ABOVE - 8)
            picture.text(12, scale.y(0) + 4, name, mono=True)
            if top > y:
                picture.path(f"M12 {top:.1f}H{self.width - 16:.1f}", stroke="rule", line=0.8)
            picture.path(f"M{self.gutter - 6:.1f} {scale.y(0):.1f}H{self.width - 16:.1f}", stroke="ink", line=1.0)
        base = y + height * rows + 14
        for place, column in enumerate(self.drawn):
            self._column(column, self.gutter + place * self.step, y, base, slices, scales)
        self._brackets(base + 40)
        return picture.finish(self.width, self._legend(base + 70), sentence)

    def _notes(self, y: float) -> float:
        """What is to be said above the picture, line by line; returns where the rows begin."""
        warning = uncleared(self.history)
        later = len(self.columns) - self.first - len(self.drawn)
        elsewhere = [f"{count} {word}" for count, word in ((self.first, "earlier"), (later, "later")) if count]
        notes = [
            (f"⚠ {warning}" if warning else "", "error"),
            (self.ledger.state, "muted"),
            (self.page.why, "muted"),
            (f"{' and '.join(elsewhere)}: step to see them" if elsewhere else "", "muted"),
            (self._fallen(), "muted"),
        ]
        for text, role in notes:
            if text:
                bold = role == "error"
                self.picture.text(16, y, clip(text, self.width - 32, bold=bold), role, bold=bold)
                y += 18
        return y

    def _fallen(self) -> str:
        fallen = self.history.fallen
        return f"{fallen:,} events before these are kept no more" if fallen else ""

    def _column(
        self,
        column: Column,
        x: float,
        top: float,
        base: float,
        slices: list[list[list[Slice]]],
        scales: list[_Scale],
    ) -> None:
        picture = self.picture
        at = self.columns.index(column)
        sentence = self.ledger.sentence(column)
        picture.open(class_="ak-entry", data_key=column.key, tabindex=0, role="img", aria_label=sentence)
        picture.note(sentence)
        picture.box(x - 12, top, self.step - 2, base + 34 - top, radius=4, fill=None, stroke=None, class_="ak-hit")
        entry = self.history.entries[column.last]
        for row, element in enumerate(self.page.elements):
            after = None if entry.after is None else entry.after[element]
            text = "None" if after is None else number(after)
            if column.turns and not slices[row][at]:  # they ended with a clearing: say what they had added
                turns = self.history.entries[column.first : column.last + 1]
                text = f"Σ {number(sum(each.added[element] for each in turns if each.added is not None), 3)}"
            self._stack(slices[row][at], at, x, scales[row], after, text)
        self._label(column, x + _BAR / 2, base)
        picture.close()

    def _stack(self, stack: list[Slice], column: int, x: float, scale: _Scale, after: float | None, text: str) -> None:
        up = down = 0.0
        for each in stack:
            amount = each.amount
            if not math.isfinite(amount) or not amount:
                continue
            low, high = (up, up + amount) if amount > 0 else (down + amount, down)
            up, down = (high, down) if amount > 0 else (up, low)
            self._slice(each, x, scale, low, high, fresh=each.column == column)
        # Slices of both signs: say where they come out
        if after is not None and math.isfinite(after) and down < 0 < up:
            y = scale.y(after)
            self.picture.path(f"M{x - 8:.1f} {y:.1f}h12M{x + _BAR - 4:.1f} {y:.1f}h12", stroke="ink", line=2.2)
        role = "muted" if after is None else "ink" if math.isfinite(after) else "error"
        text = clip(text, self.step - 4, 12, mono=True)
        self.picture.text(x + _BAR / 2, scale.y(up) - 5, text, role, anchor="middle", mono=True, bold=True)

    def _slice(self, each: Slice, x: float, scale: _Scale, low: float, high: float, *, fresh: bool) -> None:
        top, height = scale.y(high), scale.y(low) - scale.y(high)
        role = "rule" if each.line is None else self.roles[each.line]
        edge = "ink" if fresh else "ground"
        self.picture.box(x, top, _BAR, height, radius=2, fill=role, stroke=edge, line=1.6 if fresh else 1.0)
        parts = each.parts
        share = height / len(parts)
        if len(parts) > 1 and share >= 3 and (min(parts) > 0 or max(parts) < 0):  # each of them, within their sum
            edges, reached = "", 0.0
            for part in parts[:-1]:
                reached += part
                y = scale.y(low) - abs(reached) / (high - low) * height
                edges += f"M{x + 1:.1f} {y:.1f}H{x + _BAR - 1:.1f}"
            self.picture.path(edges, stroke="ground", line=0.8)
        if height >= 18:
            amount = each.amount
            sign = "+" if amount > 0 and each.line is not None else ""
            text = clip(sign + number(amount, 3), _BAR - 6, 11, mono=True)
            plate = min(_BAR - 4, 8 + text_width(text, 11, mono=True))
            middle = x + _BAR / 2
            self.picture.box(middle - plate / 2, top + height / 2 - 8, plate, 16, radius=3, fill="ground", stroke=None)
            self.picture.text(middle, top + height / 2 + 4, text, "ink", 11, anchor="middle", mono=True)

    def _label(self, column: Column, x: float, base: float) -> None:
        entry = self.history.entries[column.last]
        if column.turns:
            words, count, where = f"{column.turns} turns", f"×{column.count} ▸", "several lines"
        else:
            warned = any(each.kept for each in self.history.entries[column.first : column.last + 1])
            words = ("⚠ " if warned else "") + WORDS.get(entry.what, entry.what)
            count, where = f"×{column.count} ▸" if column.count > 1 else "", entry.where
        role = "error" if words.startswith("⚠") else "ink"
        self.picture.text(x, base, clip(words, self.step - 2), role, anchor="middle")
        room = self.step - 4
        if text_width(where, 11) > room:
            where = where[where.rfind("line ") :]  # the whole of it stands beside the colour
        self.picture.text(x, base + 16, clip(where, room, 11), "muted", 11, anchor="middle")
        self.picture.text(x, base + 32, count, "ink", anchor="middle", bold=True)

    def _brackets(self, y: float) -> None:
        """Under the columns of a group that was opened: what closes it."""
        at = 0
        while at < len(self.drawn):
            group = self.drawn[at].group
            last = at
            while last + 1 < len(self.drawn) and self.drawn[last + 1].group == group:
                last += 1
            if group:
                x, width = self.gutter + at * self.step - 8, (last - at + 1) * self.step - 10
                inside = sum(column.count for column in self.columns if column.group == group)
                self.picture.open(
                    class_="ak-fold", data_key=f"close-{group}", data_group=group, tabindex=0, role="img",
                    aria_label=f"Close these {inside} events"
                )  # fmt: skip
                self.picture.box(x, y - 18, width, 24, radius=4, fill="panel", stroke="mark", line=1.0)
                text = clip(f"▾ close ×{inside}", width - 6, 12, bold=True)
                self.picture.text(x + width / 2, y - 2, text, anchor="middle", bold=True)
                self.picture.close()
            at = last + 1

    def _legend(self, y: float) -> float:
        """The learner's lines, each beside the colour of its slices. Returns where the picture ends."""
        added = [line_of(entry) for entry in self.history.entries if entry.what == "backward"]
        drawn = self.history.entries[self.drawn[0].first : self.drawn[-1].last + 1]
        for line in dict.fromkeys(line_of(entry) for entry in drawn if entry.what == "backward"):
            count = added.count(line)
            self.picture.box(16, y - 10, 12, 12, radius=2, fill=self.roles[line], stroke=None)
            sentence = " · ".join(part for part in line if part) + (f"  ×{count}" if count > 1 else "")
            self.picture.text(36, y, clip(sentence, self.width - 60, 12, mono=True), "muted", mono=True)
            y += 18
        return y + 6


def _fitting(name: str) -> str:
    """An element's name, of one of many dimensions the last indices only.

    >>> _fitting("[0, 12, 0, 1]"), _fitting("[0, 0, 0, 0, 0, 10, 11]")
    ('[0, 12, 0, 1]', '[…, 0, 0, 10, 11]')
    """
    indices = name[1:-1].split(", ")
    while text_width(name, mono=True) > _NAME:
        indices = indices[1:]
        name = f"[…, {', '.join(indices)}]"
    return name


class _Scale:
    """From amounts to heights, for one element."""

    def __init__(self, stacks_: list[list[Slice]]) -> None:
        sums = [[each.amount for each in stack if math.isfinite(each.amount)] for stack in stacks_]
        self.high = max([0.0, *(sum(value for value in found if value > 0) for found in sums)])
        self.low = min([0.0, *(sum(value for value in found if value < 0) for found in sums)])
        if self.high == self.low or not math.isfinite(self.high - self.low):
            self.high, self.low = 1.0, 0.0
        self.top = self.height = 0.0

    def place(self, top: float, height: float) -> None:
        """Say where it is drawn."""
        self.top, self.height = top, height

    def y(self, amount: float) -> float:
        """Where an amount is drawn; what is out of reach, at the edge."""
        share = (self.high - min(max(amount, self.low), self.high)) / (self.high - self.low)
        return self.top + self.height * share if math.isfinite(share) else self.top + self.height
