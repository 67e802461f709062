"""What a training view shows beside its curves: misread test pictures, filters, feature maps, confusions.

A look costs one pass over at most `MOST` test pictures, and none while the weights are as they were. Rests on
`vision.learnt` for the numbers and `tracing.render.training.learnt` for the pictures; `widgets.training_picture` uses it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sized
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._ops.making.seed import get_rng_state, set_rng_state
from ..core.tensor import Tensor, version_of, wrap
from ..nn import Module
from ..tracing.render.marks.numbers import number
from ..tracing.render.training import learnt as render
from ..utils.data import DataLoader, Dataset, IterableDataset, default_collate
from ..vision import learnt

MOST = 1000  # test pictures that are looked at
TABS = ("pictures", "filters", "maps", "confusion")


@dataclass(frozen=True)
class Look:
    """One picture: as SVG, in one sentence, as a table; and which of how many things it shows, where one can choose."""

    svg: str
    alt: str
    header: tuple[str, ...]
    rows: list[tuple[str, ...]]
    which: str = ""


class Learnt:
    """A model, and the pictures that it is tested on: a loader, a data set, or any iterable of (inputs, labels) batches."""

    def __init__(self, model: Module, test: Iterable[Any] | None) -> None:
        self.model = model
        self.page = 0
        self.chosen = 0  # its place in the order of the pages
        self._test = None if hasattr(test, "__next__") else test  # what can be walked once only is not ours to walk
        self._data: tuple[Tensor, np.ndarray, np.ndarray] | None = None
        self._weights: tuple[Any, ...] = ()
        self._digits: list[render.Digit] = []
        self._classes = 0

    @property
    def tabs(self) -> tuple[str, ...]:
        """What can be looked at."""
        return ("filters",) if self._test is None else TABS

    def look(self, tab: str, title: str, width: float) -> Look:
        """The picture of a tab. What cannot be drawn is said in it: a look never stops a training."""
        try:
            return getattr(self, f"_{tab}")(title, width)
        except Exception as error:  # the learner's model and data ran, where anything can happen
            text = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
            return Look(render.message_svg(title, text, width), f"{title}: {text}", (tab,), [(text,)])

    def turn(self, tab: str, by: int) -> None:
        """Go on by so many pages, or by so many pictures where one is shown."""
        if tab == "pictures":
            last = max(0, math.ceil(len(self._digits) / render.PAGE) - 1)
            self.page = min(max(self.page + by, 0), last)
        elif tab == "maps":
            self.chosen = min(max(self.chosen + by, 0), max(0, len(self._digits) - 1))

    def choose(self, index: int) -> bool:
        """Choose the test picture of this index. False where it is not shown."""
        places = [place for place, digit in enumerate(self._digits) if digit.index == index]
        self.chosen = places[0] if places else self.chosen
        return bool(places)

    # -- the tabs ----------------------------------------------------------------------------------------------------

    def _pictures(self, title: str, width: float) -> Look:
        digits = self._read()
        pages = math.ceil(len(digits) / render.PAGE)
        self.page = min(self.page, pages - 1)
        first = self.page * render.PAGE
        shown = digits[first : first + render.PAGE]
        sentence = f"{self._score()}: they come first, framed"
        rows = [(str(d.index + 1), str(d.label), str(d.read), f"{100 * d.chance:.1f} %") for d in shown]
        header = ("picture", "label", "read as", "chance")
        which = f"{first + 1:,}–{first + len(shown):,} of {len(digits):,}" if pages > 1 else ""
        svg = render.digits_svg(title, sentence, shown, width)
        return Look(svg, f"{title}: {sentence}", header, rows, which)

    def _filters(self, title: str, width: float) -> Look:
        name, windows = learnt.filters(self.model)
        rows = [(str(i), *_range(window)) for i, window in enumerate(windows[: render.WINDOWS])]
        svg = render.filters_svg(title, name, windows, width)
        return Look(svg, f"{title}: {len(windows)} filters of {name}", ("filter", "smallest", "largest"), rows)

    def _maps(self, title: str, width: float) -> Look:
        digits = self._read()
        self.chosen = min(self.chosen, len(digits) - 1)
        digit = digits[self.chosen]
        layers = learnt.activations(self.model, self._loaded()[0][digit.index])
        rows = [(name, "×".join(map(str, made.shape)), *_range(made)) for name, made in layers]
        header = ("layer", "shape", "smallest", "largest")
        svg = render.maps_svg(title, digit, layers, width)
        return Look(svg, f"{title}: {digit.sentence}", header, rows, f"{self.chosen + 1:,} of {len(digits):,}")

    def _confusion(self, title: str, width: float) -> Look:
        digits = self._read()
        labels, read = (np.array([getattr(d, field) for d in digits]) for field in ("label", "read"))
        table = learnt.confusion(labels, read, max(self._classes, int(labels.max()) + 1))
        rows = [(str(label), *map(str, row)) for label, row in enumerate(table.tolist())]
        header = ("label, read as:", *map(str, range(len(table))))
        sentence = self._score()
        return Look(render.confusion_svg(title, sentence, table, width), f"{title}: {sentence}", header, rows)

    def _score(self) -> str:
        wrong = sum(digit.wrong for digit in self._digits)
        return f"{wrong:,} of {len(self._digits):,} test pictures misread"

    # -- what they show ----------------------------------------------------------------------------------------------

    def _read(self) -> list[render.Digit]:
        """The test pictures as the model reads them now, the misread ones first."""
        weights = tuple((id(p), version_of(p)) for p in self.model.parameters())
        if self._digits and weights == self._weights:
            return self._digits
        images, pixels, labels = self._loaded()
        scores = learnt.scores(self.model, images).astype(float)
        lost = int((~np.isfinite(scores)).any(1).sum())
        if lost:
            raise ValueError(f"{lost:,} of {len(scores):,} test pictures get scores that are not finite numbers")
        chances = np.exp(scores - scores.max(1, keepdims=True))
        chances /= chances.sum(1, keepdims=True)
        read = scores.argmax(1)
        digits = [
            render.Digit(i, pixels[i], int(labels[i]), int(read[i]), float(chances[i, read[i]]))
            for i in range(len(labels))
        ]
        self._digits = sorted(digits, key=lambda digit: not digit.wrong)
        self._classes, self._weights = scores.shape[1], weights
        return self._digits

    def _loaded(self) -> tuple[Tensor, np.ndarray, np.ndarray]:
        """The first test pictures: as the model takes them, as pixels (N, H, W), and their labels."""
        if self._data is None:
            assert self._test is not None
            state = get_rng_state()  # a data set may draw
            try:
                images, labels = _first(self._test)
            finally:
                set_rng_state(state)
            self._data = images, _pixels(images), _labels(labels, len(images))
        return self._data


def _first(test: Any) -> tuple[Tensor, Any]:
    """The first inputs and labels of a data set, or of batches. A loader's data set is asked, since a loader may draw."""
    source = test.dataset if isinstance(test, DataLoader) else test
    if isinstance(source, Dataset) and isinstance(source, Sized) and not isinstance(source, IterableDataset):
        images, labels, *_ = default_collate([source[i] for i in range(min(len(source), MOST))])
        return images, labels
    parts, count = [], 0
    for batch in test:
        parts.append(batch)
        count += len(batch[1])
        if count >= MOST:
            break
    if not parts:
        raise ValueError("there are no test pictures")
    images, labels = (np.concatenate([np.asarray(part[place]) for part in parts])[:MOST] for place in (0, 1))
    return wrap(images), labels


def _pixels(images: Tensor) -> np.ndarray:
    """What is drawn of the inputs, (N, H, W), 0 being paper: channels become their mean, flat pictures square."""
    pixels = np.asarray(images.numpy(force=True), float)
    if pixels.ndim == 4:
        pixels = pixels.mean(1)
    elif pixels.ndim == 2 and math.isqrt(pixels.shape[1]) ** 2 == pixels.shape[1]:
        side = math.isqrt(pixels.shape[1])
        pixels = pixels.reshape(-1, side, side)
    if pixels.ndim != 3 or not pixels.size:
        raise ValueError(
            f"the test data are no pictures: (N, C, H, W), (N, H, W) or squares laid flat, not {images.shape}"
        )
    return pixels - pixels.min()


def _labels(labels: Any, count: int) -> np.ndarray:
    found = np.asarray(labels)
    if found.shape != (count,) or found.dtype.kind not in "iu":
        raise ValueError(f"the labels are no classes: integers of shape ({count},), not {found.dtype} {found.shape}")
    return found


def _range(numbers: np.ndarray) -> tuple[str, str]:
    return number(float(numbers.min()), 3), number(float(numbers.max()), 3)
