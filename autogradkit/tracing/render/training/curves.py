"""The picture of a training run: loss and accuracy over epochs, train and test, each line named where it ends.

A pure function from plain data and a width to SVG; the live view inlines the same string several times a second. Train and
test differ by marks and names, not by colour alone. Rests on `svg` and `scale`; `widgets.training_picture` uses it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from autogradkit.tracing.render.marks.numbers import number
from autogradkit.tracing.render.marks.scale import Linear, Logarithmic, nice
from autogradkit.tracing.render.marks.svg import Picture
from autogradkit.tracing.render.marks.widths import COLUMN, LEGIBLE, clip, text_width

_SMALLEST = 11  # of its texts
WIDTH = COLUMN * _SMALLEST / LEGIBLE  # where nothing says how wide the column is
NARROWEST, WIDEST = 320, 1600
_BESIDE = 680  # from this width on the charts stand beside one another
_HEAD, _CHART, _FOOT = 34, 236, 6  # the title; a chart, with its heading and its epochs
_TOP, _BOTTOM = 34, 38  # of a chart: above its plot, below it
_RINGS = 24  # on a line, at most; the last point has one
_LEFT, _RIGHT = 52, 100  # beside the plot: the scale; the names of the lines


@dataclass(frozen=True)
class Line:
    """One curve: epochs (fractions between whole ones) and values, which may be NaN or infinite."""

    name: str  # "train" or "test"
    epochs: tuple[float, ...]
    values: tuple[float, ...]


@dataclass(frozen=True)
class Training:
    """What the picture shows. `epochs` is how far the axis reaches; `accuracy` is empty where nothing was classified."""

    title: str
    sentence: str
    epochs: float
    loss: tuple[Line, ...]
    accuracy: tuple[Line, ...] = ()
    log: bool = False  # the loss on a logarithmic axis
    points: tuple[str, str] = ("", "")  # what a point of train's loss and accuracy is, such as "each batch"


def training_svg(training: Training, width: float = WIDTH) -> str:
    """The picture as an SVG string.

    >>> line = Line("train", (0.5, 1.0), (2.0, 1.0))
    >>> training_svg(Training("MLP", "epoch 1 of 1", 1, (line,))).count("<polyline")
    1
    """
    width = min(max(width, NARROWEST), WIDEST)
    picture = Picture()
    charts = [("loss", training.loss, training.log, training.points[0])]
    if training.accuracy:
        charts.append(("accuracy", training.accuracy, False, training.points[1]))
    head = heading(picture, training.title, training.sentence, width)
    beside = width >= _BESIDE
    room = width / len(charts) if beside else width
    for place, (name, lines, log, points) in enumerate(charts):
        x, y = (place * room, head) if beside else (0.0, head + place * _CHART)
        _Chart(picture, name, lines, x, y, room, training.epochs, log, points).draw()
    rows = 1 if beside else len(charts)
    return picture.finish(width, head + rows * _CHART + _FOOT, description(training))


def heading(picture: Picture, title: str, sentence: str, width: float) -> float:
    """Title and sentence, beside or below one another; the height that they take."""
    title = clip(title, width - 16, 14, bold=True)
    left = text_width(title, 14, bold=True) + 24
    picture.text(8, 20, title, size=14, bold=True)
    if left + text_width(sentence) <= width - 8:
        picture.text(width - 8, 20, sentence, "muted", anchor="end")
        return _HEAD
    picture.text(8, 39, clip(sentence, width - 16), "muted")
    return _HEAD + 19


def description(training: Training) -> str:
    """One sentence that says what the picture shows."""
    parts = [f"{training.title}: {training.sentence}"]
    for name, lines in (("loss", training.loss), ("accuracy", training.accuracy)):
        parts += [f"{line.name} {name} {shown(name, line.values[-1])}" for line in lines if line.values]
    return ", ".join(parts)


def shown(name: str, value: float) -> str:
    """A value as the picture prints it: losses as PyTorch does, accuracies in percent.

    >>> shown("loss", 0.25), shown("accuracy", 0.9725)
    ('0.25', '97.2 %')
    """
    if name == "accuracy" and math.isfinite(value):
        return f"{100 * value:.1f} %"
    return number(float(value))


class _Chart:
    def __init__(
        self,
        picture: Picture,
        name: str,
        lines: tuple[Line, ...],
        x: float,
        y: float,
        width: float,
        epochs: float,
        log: bool,
        points: str,
    ) -> None:
        self.picture, self.name, self.lines, self.epochs = picture, name, lines, max(epochs, 1e-9)
        self.left, self.right = x + _LEFT, x + width - _RIGHT
        self.top, self.bottom = y + _TOP, y + _CHART - _BOTTOM
        self.points, self.log = points, log
        values = [value for line in lines for value in line.values if math.isfinite(value)]
        if name == "accuracy":
            self.scale = Linear(0.0, 1.0, 0.25)
        else:
            self.scale = Logarithmic.around(values) if log else Linear.around(values)

    def x_of(self, epoch: float) -> float:
        return self.left + (self.right - self.left) * epoch / self.epochs

    def y_of(self, value: float) -> float:
        return self.bottom - (self.bottom - self.top) * self.scale.place(value)

    def draw(self) -> None:
        picture = self.picture
        picture.open(class_="ak-chart", data_key=self.name, data_left=self.left, data_right=self.right,
                     data_top=self.top, data_bottom=self.bottom, tabindex=0, role="group",
                     aria_label=f"{self.name}, by epoch")  # fmt: skip
        title = f"{self.name}, log axis" if self.log else self.name
        picture.text(self.left, self.top - 12, title, "muted", bold=True)
        start = self.left + text_width(title, bold=True) + 10
        if self.points and self.lines:
            points = clip(f"train: {self.points}", self.right + _RIGHT - 8 - start, 11)
            picture.text(start, self.top - 12, points, "muted", 11)
        self._axes()
        if not self.lines:
            middle = (self.left + self.right) / 2
            picture.text(middle, (self.top + self.bottom) / 2 - 14, "nothing measured yet", "muted", anchor="middle")
        for line in self.lines:
            self._line(line)
        self._names()
        picture.close()

    def _axes(self) -> None:
        picture = self.picture
        for value in self.scale.ticks():
            y = self.y_of(value)
            picture.path(f"M{self.left:.1f} {y:.1f}H{self.right:.1f}", stroke="rule", line=1.0)
            label = f"{100 * value:.0f} %" if self.name == "accuracy" else f"{float(f'{value:.3g}'):g}"
            picture.text(self.left - 7, y + 4, label, "muted", 11, anchor="end", mono=True)
        step = max(1.0, nice(self.epochs / 5))
        epochs = [index * step for index in range(int(self.epochs / step + 1e-9) + 1)]
        for epoch in epochs:
            label = number(float(epoch)).rstrip(".")
            picture.text(self.x_of(epoch), self.bottom + 16, label, "muted", 11, anchor="middle", mono=True)
        picture.text((self.left + self.right) / 2, self.bottom + 31, "epoch", "muted", 11, anchor="middle")

    def _line(self, line: Line) -> None:
        test = line.name == "test"
        role = "alias1" if test else "alias0"
        for epochs, values in self._runs(line):
            points = [(self.x_of(epoch), self.y_of(value)) for epoch, value in zip(epochs, values, strict=True)]
            self.picture.polyline(
                points,
                stroke=role,
                line=2.2 if test else 1.5,
                data_name=line.name,
                data_epochs=" ".join(f"{epoch:.4g}" for epoch in epochs),
                data_shown="|".join(shown(self.name, value) for value in values),
            )
            every = math.ceil(len(points) / _RINGS)
            for x, y in points[(len(points) - 1) % every :: every] if test or len(points) == 1 else ():
                self.picture.ellipse(x, y, 3.4, 3.4, fill="ground", stroke=role, line=1.8)
        broken = next((e for e, v in zip(line.epochs, line.values, strict=True) if not self.scale.has(v)), None)
        if broken is not None:
            x = min(self.x_of(broken), self.right - 4)
            self.picture.path(f"M{x:.1f} {self.top:.1f}V{self.bottom:.1f}", stroke="error", line=1.2, dashed=True)
            bad = next(v for v in line.values if not self.scale.has(v))
            why = f"is {bad}" if not math.isfinite(bad) else f"{shown(self.name, bad)} has no logarithm"
            anchor = "end" if x > (self.left + self.right) / 2 else "start"
            self.picture.text(x + (-4 if anchor == "end" else 4), self.top + 12, f"✕ {line.name} {self.name} {why}",
                              "error", 11, anchor=anchor)  # fmt: skip

    def _names(self) -> None:
        """Each line's name and last value beside its end, pushed apart where they would meet."""
        ends = sorted((self.y_of(values[-1]), line.name, values[-1]) for line in self.lines for _, values in
                      list(self._runs(line))[-1:])  # fmt: skip
        below = -math.inf
        for y, name, value in ends:
            below = max(y + 4, below + 15, self.top + 4)
            mark, role = ("○", "alias1") if name == "test" else ("—", "alias0")
            self.picture.text(self.right + 8, below, mark, role, 11, bold=True)
            caption = clip(f"{name} {shown(self.name, value)}", _RIGHT - 24, 11)
            self.picture.text(self.right + 22, below, caption, "ink", 11)

    def _runs(self, line: Line) -> list[tuple[list[float], list[float]]]:
        """The stretches of a line between values that cannot be drawn."""
        runs: list[tuple[list[float], list[float]]] = []
        drawing = False
        for epoch, value in zip(line.epochs, line.values, strict=True):
            if not self.scale.has(value):
                drawing = False
                continue
            if not drawing:
                runs.append(([], []))
                drawing = True
            runs[-1][0].append(epoch)
            runs[-1][1].append(value)
        return runs
