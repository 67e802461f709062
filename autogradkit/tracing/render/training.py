"""The picture of a training run: loss and accuracy over epochs, train and test, each line named where it ends.

A pure function from plain data to SVG; the live view inlines the same string several times a second. Train and test
differ by marks and names, not by colour alone. Rests on `svg`; `widgets.training` uses it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from .numbers import number
from .svg import Picture, clip

WIDTH, HEIGHT = 760, 292
_TOP, _BOTTOM = 56, 40  # above the plot: title and heading; below: the epochs
_LEFT, _RIGHT = 46, 96  # beside the plot: the scale; the names of the lines


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


def training_svg(training: Training) -> str:
    """The picture as an SVG string.

    >>> line = Line("train", (0.5, 1.0), (2.0, 1.0))
    >>> training_svg(Training("MLP", "epoch 1 of 1", 1, (line,))).count("<polyline")
    1
    """
    picture = Picture()
    picture.text(8, 20, clip(training.title, 420, 14, bold=True), size=14, bold=True)
    picture.text(WIDTH - 8, 20, clip(training.sentence, 310), "muted", anchor="end")
    charts = [("loss", training.loss)] + ([("accuracy", training.accuracy)] if training.accuracy else [])
    room = WIDTH / len(charts)
    for place, (name, lines) in enumerate(charts):
        _Chart(picture, name, lines, place * room, room, training.epochs).draw()
    return picture.finish(WIDTH, HEIGHT, description(training))


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
        self, picture: Picture, name: str, lines: tuple[Line, ...], x: float, width: float, epochs: float
    ) -> None:
        self.picture, self.name, self.lines, self.epochs = picture, name, lines, max(epochs, 1e-9)
        self.left, self.right = x + _LEFT, x + width - _RIGHT
        self.low, self.high, self.step = self._scale()

    def _scale(self) -> tuple[float, float, float]:
        if self.name == "accuracy":
            return 0.0, 1.0, 0.25
        finite = [value for line in self.lines for value in line.values if math.isfinite(value)]
        high, low = max(finite, default=1.0), min([0.0, *finite])
        step = _nice((high - low) / 4 or 0.25)
        return math.floor(low / step) * step, math.ceil(high / step or 1) * step, step

    def x_of(self, epoch: float) -> float:
        return self.left + (self.right - self.left) * epoch / self.epochs

    def y_of(self, value: float) -> float:
        height = HEIGHT - _TOP - _BOTTOM
        return HEIGHT - _BOTTOM - height * (value - self.low) / (self.high - self.low)

    def draw(self) -> None:
        picture = self.picture
        picture.open(class_="ak-chart", data_key=self.name, data_left=self.left, data_right=self.right,
                     data_top=_TOP, data_bottom=HEIGHT - _BOTTOM, tabindex=0, role="group",
                     aria_label=f"{self.name}, by epoch")  # fmt: skip
        picture.text(self.left, _TOP - 12, self.name, "muted", bold=True)
        self._axes()
        for line in self.lines:
            self._line(line)
        self._names()
        picture.close()

    def _axes(self) -> None:
        picture = self.picture
        for index in range(round((self.high - self.low) / self.step) + 1):
            value = self.low + index * self.step
            y = self.y_of(value)
            picture.path(f"M{self.left:.1f} {y:.1f}H{self.right:.1f}", stroke="rule", line=1.0)
            label = f"{100 * value:.0f} %" if self.name == "accuracy" else number(round(value, 6)).rstrip(".")
            picture.text(self.left - 7, y + 4, label, "muted", 11, anchor="end", mono=True)
        step = max(1.0, _nice(self.epochs / 5))
        epochs = [index * step for index in range(int(self.epochs / step + 1e-9) + 1)]
        for epoch in epochs:
            label = number(float(epoch)).rstrip(".")
            picture.text(self.x_of(epoch), HEIGHT - _BOTTOM + 16, label, "muted", 11, anchor="middle", mono=True)
        picture.text((self.left + self.right) / 2, HEIGHT - 8, "epoch", "muted", 11, anchor="middle")

    def _line(self, line: Line) -> None:
        test = line.name == "test"
        role = "alias1" if test else "alias0"
        for epochs, values in _finite_runs(line):
            points = [(self.x_of(epoch), self.y_of(value)) for epoch, value in zip(epochs, values, strict=True)]
            self.picture.polyline(
                points,
                stroke=role,
                line=2.2 if test else 1.5,
                data_name=line.name,
                data_epochs=" ".join(f"{epoch:.4g}" for epoch in epochs),
                data_shown="|".join(shown(self.name, value) for value in values),
            )
            for x, y in points if test else points[:1] if len(points) == 1 else ():
                self.picture.ellipse(x, y, 3.4, 3.4, fill="ground", stroke=role, line=1.8)
        broken = next((e for e, v in zip(line.epochs, line.values, strict=True) if not math.isfinite(v)), None)
        if broken is not None:
            x = min(self.x_of(broken), self.right - 4)
            self.picture.path(f"M{x:.1f} {_TOP}V{HEIGHT - _BOTTOM}", stroke="error", line=1.2, dashed=True)
            bad = next(v for v in line.values if not math.isfinite(v))
            anchor = "end" if x > (self.left + self.right) / 2 else "start"
            self.picture.text(x + (-4 if anchor == "end" else 4), _TOP + 12, f"✕ {line.name} {self.name} is {bad}",
                              "error", 11, anchor=anchor)  # fmt: skip

    def _names(self) -> None:
        """Each line's name and last value beside its end, pushed apart where they would meet."""
        ends = sorted((self.y_of(values[-1]), line.name, values[-1]) for line in self.lines for _, values in
                      list(_finite_runs(line))[-1:])  # fmt: skip
        below = -math.inf
        for y, name, value in ends:
            below = max(y + 4, below + 15, _TOP + 4)
            mark, role = ("○", "alias1") if name == "test" else ("—", "alias0")
            self.picture.text(self.right + 8, below, mark, role, 11, bold=True)
            said = clip(f"{name} {shown(self.name, value)}", _RIGHT - 24, 11)
            self.picture.text(self.right + 22, below, said, "ink", 11)


def _finite_runs(line: Line) -> list[tuple[list[float], list[float]]]:
    """The stretches of a line between values that cannot be drawn."""
    runs: list[tuple[list[float], list[float]]] = []
    drawing = False
    for epoch, value in zip(line.epochs, line.values, strict=True):
        if not math.isfinite(value):
            drawing = False
            continue
        if not drawing:
            runs.append(([], []))
            drawing = True
        runs[-1][0].append(epoch)
        runs[-1][1].append(value)
    return runs


def _nice(step: float) -> float:
    """The next of 1, 2, 5 times a power of ten.

    >>> _nice(0.3), _nice(1.2), _nice(70)
    (0.5, 2.0, 100.0)
    """
    power = 10.0 ** math.floor(math.log10(step))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= step * (1 - 1e-9))
