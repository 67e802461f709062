"""Tables, as Markdown that also reads well in a terminal."""

from __future__ import annotations

from collections.abc import Sequence

NOTHING = "—"


def table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]], note: str = "") -> str:
    """A heading, the rows in columns of equal width (numbers to the right), and a note below them."""
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    right = [column > 0 for column in range(len(heads))]

    def line(cells: Sequence[str]) -> str:
        padded = (
            cell.rjust(width) if end else cell.ljust(width)
            for cell, width, end in zip(cells, widths, right, strict=True)
        )
        return f"| {' | '.join(padded)} |"

    rule = "|".join("-" * (width + 1) + (":" if end else "-") for width, end in zip(widths, right, strict=True))
    parts = [f"### {title}\n", line(heads), f"|{rule}|", *map(line, rows)]
    return "\n".join([*parts, *([f"\n{note}"] if note else [])]) + "\n"


def ratio(seconds: float, base: float) -> str:
    """Ours over theirs, below 1 is faster, with two digits after the point or three figures."""
    return f"{seconds / base:.2f}"
