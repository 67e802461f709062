"""What a training view remembers: curves of bounded length, and a row of means for each epoch.

Rests on `tracing.render.training`, which draws them.
"""

from __future__ import annotations

from collections import defaultdict

from ..tracing.render.training import Line, shown

LIMIT = 160  # points of a curve; a longer history is drawn by means of neighbours
ROWS = 200  # epochs that the table keeps


class Curve:
    """One curve. When it has grown past `LIMIT`, neighbours are replaced by their mean, from then on for new ones too.

    >>> curve = Curve("train")
    >>> for i in range(1000):
    ...     curve.add(i / 1000, 1.0)
    >>> len(curve.line().values) <= LIMIT
    True
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._epochs: list[float] = []
        self._values: list[float] = []
        self._together = 1  # how many values make a point
        self._waiting: list[tuple[float, float]] = []

    def add(self, epoch: float, value: float) -> None:
        """Append a value measured at `epoch`."""
        self._waiting.append((epoch, value))
        if len(self._waiting) == self._together:
            self._epochs.append(epoch)
            self._values.append(sum(v for _, v in self._waiting) / self._together)
            self._waiting = []
        if len(self._epochs) == LIMIT:
            self._epochs = self._epochs[1::2]
            self._values = [(a + b) / 2 for a, b in zip(self._values[::2], self._values[1::2], strict=True)]
            self._together *= 2

    def line(self) -> Line:
        """What is to be drawn; the last point may be the mean of fewer values than the others."""
        epochs, values = list(self._epochs), list(self._values)
        if self._waiting:
            epochs.append(self._waiting[-1][0])
            values.append(sum(v for _, v in self._waiting) / len(self._waiting))
        return Line(self.name, tuple(epochs), tuple(values))


class Curves:
    """The curves and rows of a view: loss and accuracy, of training and of testing."""

    def __init__(self) -> None:
        self.curves = {(kind, name): Curve(name) for kind in ("loss", "accuracy") for name in ("train", "test")}
        self.reach = 0.0  # the place of the last point
        self._sums: dict[int, dict[tuple[str, str], tuple[float, int]]] = defaultdict(dict)

    def add(self, kind: str, name: str, at: float, value: float | None, epoch: int) -> None:
        """Append `value`, measured at `at` in epoch number `epoch` (from 1). None, which is no measurement, is left out."""
        if value is None:
            return
        self.curves[kind, name].add(at, value)
        self.reach = max(self.reach, at)
        total, count = self._sums[epoch].get((kind, name), (0.0, 0))
        # A test measures the whole data at once: the last one counts. Batches are averaged.
        self._sums[epoch][kind, name] = (value, 1) if name == "test" else (total + value, count + 1)
        if len(self._sums) > ROWS:
            del self._sums[next(iter(self._sums))]

    def lines(self, kind: str) -> tuple[Line, ...]:
        """The lines of a chart that have points."""
        lines = [self.curves[kind, name].line() for name in ("train", "test")]
        return tuple(line for line in lines if line.values)

    def rows(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """The table: the means of every epoch, or of the part of it that is done."""
        columns = [key for key, curve in self.curves.items() if curve.line().values]
        header = ("epoch", *(f"{name} {kind}" for kind, name in columns))
        rows: list[tuple[str, ...]] = []
        for epoch, sums in self._sums.items():
            cells = [sums.get(key) for key in columns]
            rows.append(
                (
                    str(epoch),
                    *(
                        "" if cell is None else shown(kind, cell[0] / cell[1])
                        for (kind, _), cell in zip(columns, cells, strict=True)
                    ),
                )
            )
        return header, rows
