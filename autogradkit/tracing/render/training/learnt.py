"""Pictures of what a network has learnt: test pictures with the misread ones framed, filters, feature maps, confusions.

Pure functions from plain data and a width to SVG, as in `training`. Rests on `svg` and `raster`; `widgets.learnt` uses it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from autogradkit.tracing.render.marks.numbers import number
from autogradkit.tracing.render.marks.raster import ink, signed
from autogradkit.tracing.render.marks.svg import Picture
from autogradkit.tracing.render.marks.widths import clip, wrap_text
from autogradkit.tracing.render.training.curves import NARROWEST, WIDEST, heading

Array = np.ndarray

PAGE = 30  # test pictures on a page
WINDOWS = 32  # filters in a picture
MAPS = 40  # maps in a picture, of all layers together
LAYERS = 8  # of a network, in a picture of its maps
UNITS = 120  # of a linear layer, in a picture of its maps
OFTEN = 12  # confusions that are listed beside the table
WRITTEN = 12  # classes up to which confusions and scores are written as numbers


@dataclass(frozen=True)
class Digit:
    """A test picture, (H, W), with its label and what the network reads."""

    index: int  # in the test data
    pixels: Array
    label: int
    read: int
    chance: float  # that the network gives what it reads, by the softmax of its scores

    @property
    def wrong(self) -> bool:
        return self.read != self.label

    @property
    def caption(self) -> str:
        """What is written below it."""
        return f"{self.label} → {self.read}" if self.wrong else str(self.label)

    @property
    def sentence(self) -> str:
        """It in words."""
        right = "misread as" if self.wrong else "read as"
        return f"test picture {self.index + 1:,}: {self.label}, {right} {self.read} ({100 * self.chance:.1f} %)"


def digits_svg(title: str, sentence: str, digits: list[Digit], width: float) -> str:
    """Test pictures in rows, each above its label; what is misread is framed and says `label → read`."""
    width, picture = _new_picture(width)
    top = heading(picture, title, sentence, width)
    columns = math.ceil(len(digits) / math.ceil(len(digits) * 60 / (width - 8))) if digits else 1  # full rows
    across = min((width - 8) / columns, 100.0)
    side, down = across - 12, across + 16
    for place, digit in enumerate(digits):
        x, y = 8 + place % columns * across, top + 6 + place // columns * down
        picture.open(class_="ak-pick", data_key=f"digit-{digit.index}")
        picture.note(digit.sentence)
        picture.image(x + 4, y, side, side, ink(digit.pixels))
        if digit.wrong:
            picture.box(x + 3, y - 1, side + 2, side + 2, radius=3, fill=None, stroke="error", line=2.5)
        else:
            picture.box(x + 4, y, side, side, radius=2, fill=None, stroke="rule", line=1)
        role, bold = ("error", True) if digit.wrong else ("muted", False)
        picture.text(x + 4 + side / 2, y + side + 16, digit.caption, role, 12, anchor="middle", bold=bold)
        picture.close()
    rows = math.ceil(len(digits) / columns)
    return picture.finish(width, top + 6 + rows * down, f"{title}: {sentence}")


def filters_svg(title: str, name: str, windows: Array, width: float) -> str:
    """Windows (K, height, width) through which a first layer looks, on one scale of colours."""
    width, picture = _new_picture(width)
    shown = windows[:WINDOWS]
    sentence = f"{_layer(name)} looks through {_counted('window', windows)}"
    y = heading(picture, title, sentence, width)
    largest = _largest(shown)
    ends = f"-{number(largest, 3)}", "0", number(largest, 3)
    y = _legend(picture, y, ends, "ink counts against", "ink counts for")
    side = min(112.0, max(72.0, (width - 8) / len(shown) - 8))
    y = _sheet(picture, y + 6, width, shown, side, largest, "filter")
    return picture.finish(width, y + 4, f"{title}: {sentence}")


def maps_svg(title: str, digit: Digit, layers: list[tuple[str, Array]], width: float) -> str:
    """What each layer makes of one test picture: (C, H, W) as maps, (features,) as a strip, the last one as scores."""
    width, picture = _new_picture(width)
    sentence = digit.sentence
    y = heading(picture, title, sentence, width)
    picture.image(8, y + 4, 84, 84, ink(digit.pixels))
    picture.box(8, y + 4, 84, 84, radius=2, fill=None, stroke="error" if digit.wrong else "rule", line=2)
    _legend(picture, y + 4, ("-max", "0", "max"), "negative", "positive", x=108)
    picture.text(108, y + 72, clip("each layer has its own max", width - 116), "muted", 12)
    y += 100
    room = MAPS
    for place, (name, made) in enumerate(layers[:LAYERS]):
        last = place == len(layers) - 1
        largest = _largest(made)
        shape = "×".join(map(str, made.shape))
        rest = f", the first {room} maps" if made.ndim == 3 and len(made) > room else ""
        rest = f", the first {UNITS}" if made.ndim == 1 and len(made) > UNITS else rest
        caption = f"{_layer(name)} · {shape}{rest} · max {number(largest, 3)}"
        picture.text(8, y + 14, clip(caption, width - 16), "muted")
        if made.ndim == 3:
            least, most = (56.0, 84.0) if made.shape[1] > 14 else (40.0, 56.0)
            side = min(most, max(least, (width - 8) / min(len(made), room) - 8)) if room else least
            y = _sheet(picture, y + 22, width, made[:room], side, largest, _layer(name))
            room = max(0, room - len(made))
        elif last and len(made) <= WRITTEN:
            y = _scores(picture, y + 22, width, made, digit)
        else:
            y = _strip(picture, y + 22, width, made[:UNITS], largest, _layer(name))
    if len(layers) > LAYERS:
        picture.text(8, y + 14, f"{len(layers) - LAYERS} more layers are left out", "muted")
        y += 20
    return picture.finish(width, y + 4, f"{title}: {sentence}")


def confusion_svg(title: str, sentence: str, table: Array, width: float) -> str:
    """How often each class (row) was read as each class (column)."""
    width, picture = _new_picture(width)
    y = heading(picture, title, sentence, width) + 26
    count = len(table)
    side = min(44.0, (width - 64) / max(count, 1))
    left = 44.0
    picture.text(left + side * count / 2, y - 8, "read as", "muted", 12, anchor="middle")
    y += 14
    picture.text(8, y - 6, "label", "muted", 12)
    mistakes = table * (1 - np.eye(count, dtype=np.int64))
    most = max(1, int(mistakes.max(initial=0)))
    every = max(1, math.ceil(22 / side))
    for place in range(0, count, every):
        picture.text(left + (place + 0.5) * side, y - 6, str(place), "ink", 12, anchor="middle", mono=True)
        picture.text(left - 8, y + (place + 0.5) * side + 4, str(place), "ink", 12, anchor="end", mono=True)
    if count > WRITTEN:
        picture.image(left, y, side * count, side * count, signed(mistakes, most))
    else:
        for (row, column), times in np.ndenumerate(table):
            x, top = left + column * side, y + row * side
            if row == column:
                picture.box(x, top, side, side, radius=0, fill=None, stroke="mark", line=1)
            elif times:
                picture.box(x, top, side, side, radius=0, fill="warm", stroke=None,
                            fill_opacity=f"{0.08 + 0.42 * int(times) / most:.2f}")  # fmt: skip
            if times:
                bold = row != column
                picture.text(x + side / 2, top + side / 2 + 4, str(times), "ink", 12, anchor="middle", bold=bold)
    picture.box(left, y, side * count, side * count, radius=0, fill=None, stroke="mark", line=1)
    _worst(picture, left + side * count + 48, y, width, side * count, mistakes)
    return picture.finish(width, y + side * count + 8, f"{title}: {sentence}")


def _worst(picture: Picture, x: float, y: float, width: float, height: float, mistakes: Array) -> None:
    """The most frequent confusions, as many as fit beside the table, if any do."""
    order = np.argsort(-mistakes, axis=None, kind="stable")[: min(OFTEN, int(height // 30))]
    worst = [(*map(int, np.unravel_index(place, mistakes.shape)), int(mistakes.flat[place])) for place in order]
    worst = [each for each in worst if each[2]]
    room = min(width - 8 - x - 130, 220.0)
    if room < 40 or not worst:
        return
    picture.text(x, y - 6, "most often", "muted", 12)
    for place, (row, column, times) in enumerate(worst):
        top = y + 6 + place * 30
        picture.text(x, top + 15, f"{row} read as {column}", "ink", 12)
        long = room * times / worst[0][2]
        picture.box(x + 90, top, long, 22, radius=2, fill="warm", stroke=None, fill_opacity="0.35")
        picture.text(x + 98 + long, top + 15, str(times), "ink", 12, bold=True)


def message_svg(title: str, sentence: str, width: float) -> str:
    """Words, where there is nothing to draw."""
    width, picture = _new_picture(width)
    picture.text(8, 20, clip(title, width - 16, 14, bold=True), size=14, bold=True)
    lines = wrap_text(sentence, width - 16)
    for place, line in enumerate(lines):
        picture.text(8, 39 + 19 * place, line, "muted")
    return picture.finish(width, 34 + 19 * len(lines), f"{title}: {sentence}")


def _new_picture(width: float) -> tuple[float, Picture]:
    return min(max(width, NARROWEST), WIDEST), Picture()


def _layer(name: str) -> str:
    return name or "the layer"


def _counted(what: str, pictures: Array) -> str:
    count, height, width = pictures.shape
    rest = f", the first {WINDOWS} are shown" if count > WINDOWS else ""
    return f"{count} {what}{'' if count == 1 else 's'} of {height}×{width}{rest}"


def _largest(numbers: Array) -> float:
    finite = np.abs(numbers[np.isfinite(numbers)])
    return float(finite.max(initial=0.0))


def _legend(picture: Picture, y: float, ends: tuple[str, str, str], low: str, high: str, x: float = 8) -> float:
    """What the colours mean; the height below it."""
    picture.text(x, y + 13, f"− {low}", "muted", 12)
    picture.image(x, y + 20, 132, 12, signed(np.linspace(-1.0, 1.0, 11)[None], 1.0))
    picture.box(x, y + 20, 132, 12, radius=0, fill=None, stroke="mark", line=1)
    for place, anchor, text in zip((0, 66, 132), ("start", "middle", "end"), ends, strict=True):
        picture.text(x + place, y + 46, text, "muted", 11, anchor=anchor, mono=True)
    picture.text(x + 144, y + 30, f"+ {high}", "muted", 12)
    return y + 52


def _sheet(picture: Picture, y: float, width: float, windows: Array, side: float, largest: float, what: str) -> float:
    """Windows in rows; where the rows end."""
    across = side + 8
    columns = max(1, int((width - 8) // across))
    for place, window in enumerate(windows):
        x, top = 8 + place % columns * across, y + place // columns * across
        picture.open()
        picture.note(f"{what} {place}: from {number(float(window.min()), 3)} to {number(float(window.max()), 3)}")
        picture.image(x, top, side, side, signed(window, largest))
        picture.box(x, top, side, side, radius=0, fill=None, stroke="rule", line=1)
        picture.close()
    return y + math.ceil(len(windows) / columns) * across


def _strip(picture: Picture, y: float, width: float, units: Array, largest: float, what: str) -> float:
    """Features as cells in as few rows as hold them."""
    side = 10
    columns = max(1, int((width - 16) // side))
    rows = math.ceil(len(units) / columns)
    per_row = math.ceil(len(units) / rows)
    picture.open()
    picture.note(f"{what}: from {number(float(units.min()), 3)} to {number(float(units.max()), 3)}")
    for row in range(rows):
        part = units[row * per_row : (row + 1) * per_row]
        picture.image(8, y + row * 16, side * len(part), 14, signed(part[None], largest))
        picture.box(8, y + row * 16, side * len(part), 14, radius=0, fill=None, stroke="rule", line=1)
    picture.close()
    return y + rows * 16 + 6


def _scores(picture: Picture, y: float, width: float, scores: Array, digit: Digit) -> float:
    """The last layer: one score for each class, the largest one outlined."""
    across = min(68.0, (width - 16) / min(len(scores), 5 if width < 560 else 10))
    columns = max(1, int((width - 16 + 0.5) // across))
    for place, score in enumerate(scores):
        x, top = 8 + place % columns * across, y + place // columns * 40
        best = place == digit.read
        edge = ("error" if digit.wrong else "ink") if best else "rule"
        picture.box(x + 1, top, across - 4, 34, radius=4, fill="panel", stroke=edge, line=2.2 if best else 1)
        picture.text(x + across / 2 - 1, top + 14, str(place), "muted", 11, anchor="middle", bold=best)
        shown_score = f"{round(float(score), 1) + 0.0:.1f}"  # no minus before a zero
        picture.text(x + across / 2 - 1, top + 29, shown_score, "ink", 12, anchor="middle", mono=True, bold=best)
    return y + math.ceil(len(scores) / columns) * 40
