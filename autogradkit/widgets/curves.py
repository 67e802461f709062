"""The curves of a training view, each of bounded length, with a word on what their points are.

Rests on `tracing.render.training`, which draws them.
"""

from __future__ import annotations

from collections import deque

from ..tracing.render.training.curves import Line

LIMIT = 160  # points of a curve; a longer history is drawn by fewer points of its own
SMOOTH = 20  # batches that a point of the training accuracy is the mean of


class Curve:
    """One curve. When it has grown past `LIMIT`, neighbours become one point, from then on for new ones too.

    That point is their mean; where values are smoothed, it is the later one, which is a mean already.

    >>> curve = Curve("train")
    >>> for i in range(1000):
    ...     curve.add(i / 1000, 1.0)
    >>> len(curve.line().values) <= LIMIT
    True
    >>> curve.points("batch")
    'mean of every 8 batches'
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._epochs: list[float] = []
        self._values: list[float] = []
        self._together = 1  # how many values make a point
        self._waiting: list[tuple[float, float]] = []
        self._last: deque[float] = deque(maxlen=1)  # what a smoothed value is the mean of

    def add(self, epoch: float, value: float, smooth: int = 1) -> None:
        """Append a value measured at `epoch`, or the mean of the last `smooth` of them."""
        if self._last.maxlen != smooth:
            self._last = deque(self._last, smooth)
        self._last.append(value)
        self._waiting.append((epoch, sum(self._last) / len(self._last)))
        if len(self._waiting) == self._together:
            self._epochs.append(epoch)
            self._values.append(self._point())
            self._waiting = []
        if len(self._epochs) == LIMIT:
            self._epochs = self._epochs[1::2]
            pairs = zip(self._values[::2], self._values[1::2], strict=True)
            self._values = [b if self._smoothed else (a + b) / 2 for a, b in pairs]
            self._together *= 2

    @property
    def _smoothed(self) -> bool:
        return (self._last.maxlen or 1) > 1

    def _point(self) -> float:
        values = [value for _, value in self._waiting]
        return values[-1] if self._smoothed else sum(values) / len(values)

    def line(self) -> Line:
        """What is to be drawn; the last point may be the mean of fewer values than the others."""
        epochs, values = list(self._epochs), list(self._values)
        if self._waiting:
            epochs.append(self._waiting[-1][0])
            values.append(self._point())
        return Line(self.name, tuple(epochs), tuple(values))

    def points(self, unit: str) -> str:
        """What a point of it is, where a value is of one `unit`."""
        many = f"{unit}es" if unit.endswith("ch") else f"{unit}s"
        if self._smoothed:
            return f"mean of the last {self._last.maxlen} {many}"
        return f"each {unit}" if self._together == 1 else f"mean of every {self._together} {many}"


class Curves:
    """The curves of a view: loss and accuracy, of training and of testing."""

    def __init__(self) -> None:
        self.curves = {(kind, name): Curve(name) for kind in ("loss", "accuracy") for name in ("train", "test")}
        self.reach = 0.0  # the place of the last point
        self._unit = "epoch"

    def add(self, kind: str, name: str, at: float, value: float, unit: str) -> None:
        """Append `value`, measured at `at` on one "batch" or "epoch".

        The training accuracy of a batch is that of a few samples only: it is smoothed.
        """
        if name == "train":
            self._unit = unit
        smooth = SMOOTH if (kind, name, unit) == ("accuracy", "train", "batch") else 1
        self.curves[kind, name].add(at, value, smooth)
        self.reach = max(self.reach, at)

    def lines(self, kind: str) -> tuple[Line, ...]:
        """The lines of a chart that have points."""
        lines = [self.curves[kind, name].line() for name in ("train", "test")]
        return tuple(line for line in lines if line.values)

    def points(self, kind: str) -> str:
        """What a point of the training curve is."""
        return self.curves[kind, "train"].points(self._unit)
