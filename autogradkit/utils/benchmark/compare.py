"""`Compare`: measurements in tables, one for each label: what was timed in rows, descriptions in columns. Rests on them."""

from __future__ import annotations

import enum
import math
from collections.abc import Iterable

from autogradkit.core.frames import entry
from autogradkit.utils.benchmark.measurement import Measurement, select_unit

_BOLD, _END = "\033[1m", "\033[0m"
_ENGLISH = {"ns": "nanosecond", "us": "microsecond", "ms": "millisecond", "s": "second"}

Grid = list[list[Measurement | None]]


class Colorize(enum.Enum):
    """Among which times the best are coloured."""

    NONE = "none"
    COLUMNWISE = "columnwise"
    ROWWISE = "rowwise"


class Compare:
    """Tables of measurements; those of one task are merged. Raises ValueError for what is no Measurement.

    >>> from autogradkit.utils.benchmark import Compare, Timer
    >>> table = Compare([Timer("x * 2", "x = 1", label="products", description="ints").timeit(10)])
    >>> print(table)  # doctest: +ELLIPSIS
    [...- products -...]
    ...
    """

    @entry
    def __init__(self, results: Iterable[Measurement]) -> None:
        self._results: list[Measurement] = []
        self._trims = False
        self._colours = Colorize.NONE
        self._highlights = False
        self.extend_results(results)

    @entry
    def extend_results(self, results: Iterable[Measurement]) -> None:
        """Add more of them."""
        results = list(results)
        for each in results:
            if not isinstance(each, Measurement):
                raise ValueError(f"Expected an instance of `Measurement`, got {type(each)} instead.")
        self._results += results

    def trim_significant_figures(self) -> None:
        """Show no more figures than the measurements let one trust."""
        self._trims = True

    def colorize(self, rowwise: bool = False) -> None:
        """Colour the best times of each column, or of each row."""
        self._colours = Colorize.ROWWISE if rowwise else Colorize.COLUMNWISE

    def highlight_warnings(self) -> None:
        """Say where times lie far apart."""
        self._highlights = True

    def print(self) -> None:
        """Print the tables."""
        print(self)

    def __str__(self) -> str:
        groups: dict[str | None, list[Measurement]] = {}
        for each in Measurement.merge(self._results):
            groups.setdefault(each.task_spec.label, []).append(each)
        return "\n".join(
            _Table(group, self._trims, self._colours, self._highlights).text() for group in groups.values()
        )


class _Table:
    """The measurements of one label: a row for each number of threads, environment and name, a column for each description."""

    def __init__(self, results: list[Measurement], trims: bool, colours: Colorize, highlights: bool) -> None:
        self._label = results[0].task_spec.label or ""
        self._colours = colours
        self._trims = trims
        self._unit, self._scale = select_unit(min(each.median for each in results))
        self._warns = highlights and any(each.has_warnings for each in results)
        specs = [each.task_spec for each in results]
        keys = [(spec.num_threads, spec.env, each.as_row_name) for each, spec in zip(results, specs, strict=True)]
        self._rows = sorted(dict.fromkeys(keys), key=lambda key: (key[0], key[1] or ""))
        self._columns = list(dict.fromkeys(spec.description for spec in specs))
        placed = dict(
            zip(((key, spec.description) for key, spec in zip(keys, specs, strict=True)), results, strict=True)
        )
        self._grid: Grid = [[placed.get((row, column)) for column in self._columns] for row in self._rows]

    def text(self) -> str:
        """The whole table."""
        cells = [[self._name(place), *(self._cell(place, column) for column in range(len(self._columns)))]
                 for place in range(len(self._rows))]  # fmt: skip
        head = ["", *(column or "" for column in self._columns)]
        widths = [max(map(len, column)) for column in zip(head, *cells, strict=True)]
        lines = ["  |  ".join(name.center(width) for name, width in zip(head, widths, strict=True))]
        whole = len(lines[0])
        for place, (first, *others) in enumerate(cells):
            threads = self._rows[place][0]
            if place == 0 or threads != self._rows[place - 1][0]:
                lines.append(f"{threads} threads: ".ljust(whole, "-"))
            coloured = [
                self._coloured(each.center(width), place, column)
                for column, (each, width) in enumerate(zip(others, widths[1:], strict=True))
            ]
            lines.append("  |  ".join([first.ljust(widths[0]), *coloured]))
        title = f" {self._label} ".center(whole - 2, "-")
        more = "(! XX%) Measurement has high variance, where XX is the IQR / median * 100.\n" if self._warns else ""
        rows = "\n".join(lines)
        return f"[{title}]\n{rows}\n\nTimes are in {_ENGLISH[self._unit]}s ({self._unit}).\n{more}"

    def _name(self, place: int) -> str:
        threads, env, name = self._rows[place]
        environments = {env for _, env, _ in self._rows}
        if len(environments) == 1:
            return f"      {name}"
        is_new = place == 0 or self._rows[place - 1][:2] != (threads, env)
        width = max(len(each or "") for each in environments) + 4
        return f"  {(f'({env})' if is_new else '').ljust(width)}{name}"

    def _cell(self, place: int, column: int) -> str:
        measured = [row[column] for row in self._grid if row[column] is not None]
        digits = [(each, math.ceil(math.log10(each.median / self._scale))) for each in measured if each is not None]
        decimals = min(max(each.significant_figures - n, 0) for each, n in digits) if self._trims else 1
        length = max(n for _, n in digits) + decimals + (1 if decimals else 0)
        spreads = self._warns and any(each.has_warnings for each, _ in digits)
        shown = self._grid[place][column]
        value = 1.0 if shown is None else shown.median / self._scale
        if self._trims:
            value = _trimmed(value, 1 if shown is None else shown.significant_figures)
        spread = f" (! {shown.iqr / shown.median * 100:.0f}%)" if spreads and shown and shown.has_warnings else ""
        text = f"{value:>{length}.{decimals}f}{spread:>{7 if spreads else 0}}"
        return " " * len(text) if shown is None else text

    def _coloured(self, text: str, place: int, column: int) -> str:
        shown = self._grid[place][column]
        if self._colours is Colorize.NONE or shown is None:
            return text
        threads = self._rows[place][0]
        alike = (
            self._grid[place]
            if self._colours is Colorize.ROWWISE
            else [row[column] for row, key in zip(self._grid, self._rows, strict=True) if key[0] == threads]
        )
        best = min(each.median for each in alike if each is not None)
        value = shown.median
        if value <= best * 1.01 or value <= best + 100e-9:
            return f"\033[92m{_BOLD}{text}{_END}{_END}"
        if value <= best * 1.1:
            return f"\033[34m{_BOLD}{text}{_END}{_END}"
        if value >= best * 5:
            return f"\033[31m{_BOLD}{text}{_END}{_END}"
        return f"\033[2m\033[91m{text}{_END}{_END}" if value >= best * 2 else text


def _trimmed(value: float, figures: int) -> float:
    """The value with so many figures: 3.14159 with 2 is 3.1."""
    scale = 10 ** (math.ceil(math.log10(abs(value))) - figures)
    return round(value / scale) * scale
