"""What stands in one column of a ledger: an event, several of one line, or the turns of a loop; and what is stacked there.

Rests on the gradient's history; the ledger's picture and its words use it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from autogradkit.tracing.grad_history import Entry, GradHistory

GROUPED = 3  # so many events of one line in a row, or turns of the same lines, are one column
_LONGEST_TURN = 6  # lines

Line = tuple[str, str]  # where, and what is written there


@dataclass(frozen=True)
class Column:
    """Entries `first` to `last` of a history. A column of several may be opened, into one for each entry or line."""

    key: str
    first: int
    last: int
    turns: int = 0  # how often the same lines came round; 0 for one event, or for those of one line
    group: str = ""  # the opened column that it is part of

    @property
    def count(self) -> int:
        """How many events it stands for."""
        return self.last - self.first + 1


@dataclass
class Slice:
    """A part of one element of a gradient: what one line added within one column, or what was there as it was set."""

    column: int
    line: Line | None  # None for what no backward added
    parts: list[float] = field(default_factory=list)

    @property
    def amount(self) -> float:
        """What its parts come to."""
        return sum(self.parts)


def columns(history: GradHistory, opened: frozenset[str]) -> list[Column]:
    """The columns of a history, oldest first."""
    runs = list(_runs(history.entries))
    made: list[Column] = []
    at = 0
    while at < len(runs):
        length, turns = _cycle(history.entries, runs, at)
        if turns < GROUPED:
            made += _run(history, *runs[at], opened)
            at += 1
            continue
        rest = at + length * (turns - 1)  # the last turn is shown line by line
        first, last = runs[at][0], runs[rest - 1][1]
        key = f"t{first + history.fallen}"
        if key in opened:
            for run in runs[at:rest]:
                made += _run(history, *run, opened, key)
        else:
            made.append(Column(key, first, last, turns - 1))
        for run in runs[rest : rest + length]:
            made += _run(history, *run, opened)
        at = rest + length
    return made


def column_of(found: list[Column], key: str, history: GradHistory) -> int:
    """Which column `key` means now, also where it was opened or closed since; the last one for an empty key."""
    for number, column in enumerate(found):
        if column.key == key:
            return number
    event = int(key[1:]) - history.fallen if key[1:].isdecimal() else -1
    holding = [number for number, column in enumerate(found) if column.first <= event <= column.last]
    return holding[0] if holding else len(found) - 1


def stacks(history: GradHistory, found: list[Column], element: int) -> list[list[Slice]]:
    """After each column, the slices that make up one element of `.grad`."""
    made: list[list[Slice]] = []
    stack: list[Slice] = []
    for number, column in enumerate(found):
        for entry in history.entries[column.first : column.last + 1]:
            if entry.what == "backward":
                assert entry.added is not None
                line = line_of(entry)
                own = stack[-1] if stack and (stack[-1].column, stack[-1].line) == (number, line) else None
                if own is None:
                    own = Slice(number, line)
                    stack = [*stack, own]
                own.parts.append(entry.added[element])
            else:
                stack = [] if entry.after is None else [Slice(number, None, [entry.after[element]])]
        made.append(stack)
    return made


def line_of(entry: Entry) -> Line:
    """The learner's line that an entry came from."""
    return entry.where, entry.code


def lines(history: GradHistory) -> list[Line]:
    """Every line that added something, in the order in which they came."""
    return list(dict.fromkeys(line_of(entry) for entry in history.entries if entry.what == "backward"))


def _same_line(entry: Entry) -> tuple[str, str, str]:
    return entry.what, entry.where, entry.code


def _runs(entries: tuple[Entry, ...]) -> Iterator[tuple[int, int]]:
    """First and last of the entries in a row that come from one line."""
    first = 0
    for at in range(1, len(entries) + 1):
        if at == len(entries) or _same_line(entries[at]) != _same_line(entries[first]):
            yield first, at - 1
            first = at


def _cycle(entries: tuple[Entry, ...], runs: list[tuple[int, int]], at: int) -> tuple[int, int]:
    """The length of the turn that begins at a run, in runs, and how often it comes round."""
    names = [_same_line(entries[first]) for first, _ in runs[at:]]
    for length in range(2, _LONGEST_TURN + 1):
        turns = 1
        while names[turns * length : (turns + 1) * length] == names[:length]:
            turns += 1
        if turns >= GROUPED:
            return length, turns
    return 1, 1


def _run(history: GradHistory, first: int, last: int, opened: frozenset[str], group: str = "") -> Iterator[Column]:
    key = f"g{first + history.fallen}"
    several = last - first + 1 >= GROUPED
    if several and key not in opened:
        yield Column(key, first, last, group=group)
        return
    for at in range(first, last + 1):
        yield Column(f"e{at + history.fallen}", at, at, group=key if several else group)
