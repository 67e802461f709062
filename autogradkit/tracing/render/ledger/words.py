"""The ledger of a gradient in words: which elements are shown and why, a sentence for each column, a table, a warning.

Rests on `ledger_columns` and `numbers`; the ledger's picture and its widget use it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from autogradkit.tracing.grad_history import Amounts, GradHistory
from autogradkit.tracing.render.ledger.columns import Column
from autogradkit.tracing.render.marks.numbers import number

SHOWN = 6  # elements drawn side by side
WORDS = {
    "none": "set to None",
    "zeros": "zeroed",
    "assigned": "set",
    "edited": "edited",
    "unseen": "changed",
    "before": "before",
}


@dataclass(frozen=True)
class Page:
    """Elements that are shown together: their places among those kept, a name for the choice, and why these."""

    elements: tuple[int, ...]
    label: str
    why: str


def pages(history: GradHistory) -> list[Page]:
    """What can be chosen: all elements of a small tensor, the rows of a larger one, a sample of a large one."""
    kept = len(history.elements)
    if kept <= SHOWN:
        return [Page(tuple(range(kept)), "all elements", "")]
    whole = kept >= history.size
    count = -(-kept // SHOWN)
    if whole:
        return [
            Page(
                tuple(range(first, min(first + SHOWN, kept))),
                f"{first + 1} to {min(first + SHOWN, kept)} of {kept}",
                f"{min(first + SHOWN, kept) - first} of {kept} elements are drawn; the live picture shows the others too",
            )
            for first in range(0, kept, SHOWN)
        ]
    why = f"{SHOWN} of {history.size:,} elements, spread evenly: of a tensor this large the log keeps {kept}"
    return [Page(tuple(range(kept))[part::count], f"sample {part + 1} of {count}", why) for part in range(count)]


def subject(name: str, history: GradHistory, page: Page) -> str:
    """What is drawn: "w.grad", or "w.grad, where it is drawn,"."""
    if len(page.elements) == len(history.elements) >= history.size:
        return f"{name}.grad"
    return f"{name}.grad, where it is drawn,"


def values(amounts: Amounts | None, history: GradHistory, page: Page) -> str:
    """Numbers of the elements shown, nested as the tensor is where all are shown."""
    if amounts is None:
        return "None"
    texts = [number(amounts[each]) for each in page.elements]
    whole = len(texts) == math.prod(history.shape)
    if whole and not history.shape:
        return texts[0]
    for size in reversed(history.shape[1:] if whole and texts else ()):
        texts = [f"[{', '.join(texts[at : at + size])}]" for at in range(0, len(texts), size)]
    return f"[{', '.join(texts)}]"


def added(history: GradHistory, column: Column) -> Amounts:
    """What the backward calls of a column added, all together."""
    parts = [entry.added for entry in history.entries[column.first : column.last + 1] if entry.added is not None]
    return tuple(map(sum, zip(*parts, strict=True))) if parts else (0.0,) * len(history.elements)


def sentence(name: str, history: GradHistory, page: Page, column: Column) -> str:
    """One column in words."""
    entry = history.entries[column.last]
    what = subject(name, history, page)
    now = "None" if entry.after is None else values(entry.after, history, page)
    at = f" at {entry.where}" if entry.where else ""
    if column.turns:
        lines = dict.fromkeys(
            f"{each.what if each.what == 'backward' else WORDS[each.what]}"
            + (f" at {each.where}" if each.where else "")
            for each in history.entries[column.first : column.last + 1]
        )
        sums = values(added(history, column), history, page)
        return _ended(f"{column.turns} turns of: {', '.join(lines)}. They added {sums} in all; then {what} is {now}")
    if entry.what == "backward":
        first = history.entries[column.first]
        calls = "backward" if column.count == 1 else f"{column.count} backward calls"
        sums = values(added(history, column), history, page)
        kept = " to what was there" if first.kept else ""
        in_all = " in all" if column.count > 1 else ""
        return _ended(f"{calls}{at} added {sums}{in_all}{kept}: {what} is now {now}")
    if entry.what == "before":
        fallen = (
            f"{history.fallen:,} earlier events had left" if history.fallen else "the first event that was heard found"
        )
        return _ended(f"{what} was {now}: that is what {fallen}")
    if entry.what == "unseen":
        return _ended(f".grad was changed by what no line is known of, such as NumPy: {what} is now {now}")
    if entry.what == "none":
        return f".grad was set to None{at}: the next backward starts afresh."
    if entry.what == "zeros":
        return f".grad was filled with zeros{at}: the next backward starts from 0."
    how = "set to another tensor" if entry.what == "assigned" else "edited in place, not by backward,"
    return _ended(f".grad was {how}{at}: {what} is now {now}")


def uncleared(history: GradHistory) -> str | None:
    """The warning where `.grad` holds what several backward calls added; None where it was cleared in between."""
    since, warning = "", None
    for entry in history.entries:
        if entry.what == "backward":
            if entry.kept:
                warning = (
                    f"grad was not cleared since {since}" if since else "grad was not cleared before this backward"
                )
            since = since or entry.where
        elif entry.what in ("none", "zeros", "assigned"):
            since, warning = "", None
    return warning


def description(name: str, history: GradHistory, page: Page) -> str:
    """One sentence that stands for the picture."""
    if not history.entries:
        return f"{name}.grad is None: no backward has reached {name} yet."
    calls = sum(entry.what == "backward" for entry in history.entries)
    more = f" and {history.fallen:,} earlier events" if history.fallen else ""
    warning = uncleared(history)
    return (
        f"{subject(name, history, page)} after {calls} backward call{'s' * (calls != 1)}{more}: "
        f"{values(history.entries[-1].after, history, page)}" + (f"; {warning}" if warning else "")
    )


def rows(name: str, history: GradHistory, page: Page) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The table that says what the picture says, event by event."""
    shown = ", ".join(history.elements[each] for each in page.elements) if len(history.elements) > SHOWN else ""
    header = ("event", "where", "added", f"{name}.grad afterwards" + (f" at {shown}" if shown else ""))
    return header, [
        (
            WORDS.get(entry.what, entry.what),
            " · ".join(part for part in (entry.where, entry.code) if part),
            values(entry.added, history, page) if entry.added is not None else "",
            values(entry.after, history, page),
        )
        for entry in history.entries
    ]


def _ended(text: str) -> str:
    """A sentence with its full stop; a whole float such as `2.` brings its own."""
    return text if text.endswith(".") else text + "."
