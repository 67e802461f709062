"""What a training view shows: curves, looks at what was learnt, progress, learning rate; and what of it can be chosen.

Nothing trains here, and no cell is known: `widgets.training` adds the loops. Rests on `Progress`, the looks of `learnt` and
the picture.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import traitlets

from ..nn import Module
from ..tracing.render.marks.html import img_tag, table_html
from ..tracing.render.training.curves import NARROWEST, WIDEST, WIDTH, Line, description, shown, training_svg
from ..tracing.render.training.curves import Training as Picture
from .base import PictureWidget
from .learnt import TABS, Learnt, Look
from .progress import Progress

_SPARKS = "▁▂▃▄▅▆▇█"


class TrainingPicture(PictureWidget):
    """A run as far as it has come. The tab, the page, the axis, the width and the rate are set by the reader's clicks."""

    state = traitlets.Enum(
        ("ready", "running", "paused", "stopped", "interrupted", "failed", "finished"), default_value="ready"
    ).tag(sync=True)
    progress = traitlets.Float(0.0).tag(sync=True)  # from 0 to 1 over all epochs
    tabs = traitlets.List(traitlets.Enum(("curves", *TABS)), ["curves"]).tag(sync=True)  # what there is to look at
    tab = traitlets.Enum(("curves", *TABS), default_value="curves").tag(sync=True)
    which = traitlets.Unicode().tag(sync=True)  # of the pages or pictures of this tab, where one can choose
    log_axis = traitlets.Bool(False).tag(sync=True)  # of the loss
    rate = traitlets.Unicode().tag(sync=True)  # the optimizer's learning rate; empty where none is known

    def __init__(self, title: str, model: Any, optimizer: Any, test: Iterable[Any] | None) -> None:
        super().__init__()
        self.title = title
        self._optimizer = optimizer
        self._learnt: Learnt | None = None
        self._progress = Progress()
        self._width: float = WIDTH
        self._look_at(model, test)
        self.refresh()

    def _look_at(self, model: Any, test: Iterable[Any] | None) -> None:
        self._learnt = Learnt(model, test) if isinstance(model, Module) else None
        self.tabs = ["curves"] if self._learnt is None else ["curves", *self._learnt.tabs]
        if self.tab not in self.tabs:
            self.tab = "curves"

    def _rates(self) -> list[float]:
        """The optimizer's learning rates, those of its groups that differ."""
        groups = [] if self._optimizer is None else self._optimizer.param_groups
        return list(dict.fromkeys(float(group["lr"]) for group in groups))

    def _answer(self, message: dict[str, Any]) -> bool:
        """Do what a message asks for. False where it asks for nothing, or for nothing that there is."""
        match message:
            case {"kind": "look", "tab": str(tab)} if tab in self.tabs:
                self.tab = tab
            case {"kind": "turn", "by": int(by)} if self._learnt is not None:
                self._learnt.turn(self.tab, by)
            case {"kind": "choose", "picture": int(index)} if self._learnt is not None and self._learnt.choose(index):
                self.tab = "maps"
            case {"kind": "scale", "log": bool(log)}:
                self.log_axis = log
            case {"kind": "rate", "lr": int(lr) | float(lr)} if self._rates() and 0 <= lr < math.inf:
                for group in self._optimizer.param_groups:
                    group["lr"] = float(lr)
            case {"kind": "width", "width": int(width) | float(width)} if width != self._width and math.isfinite(width):
                self._width = min(max(width, NARROWEST), WIDEST)
            case _:
                return False
        return True

    def _draw_tab(self, width: float) -> Look:
        """What the chosen tab shows, so wide."""
        if self.tab == "curves" or self._learnt is None:
            picture = self._picture()
            return Look(training_svg(picture, width), description(picture), *self._progress.record.rows())
        return self._learnt.look(self.tab, self.title, width)

    def refresh(self) -> None:
        """Draw anew, as wide as the column is, and send what changed."""
        look = self._draw_tab(self._width)
        with self.hold_sync():
            self.svg, self.description, self.which = look.svg, look.alt, look.which
            self.table = [list(look.header), *map(list, look.rows)]
            self.rate = ", ".join(_rate(rate) for rate in self._rates())

    def static_svg(self) -> str:
        return self._draw_tab(WIDTH).svg

    def alt(self) -> str:
        return self._draw_tab(WIDTH).alt

    def table_rows(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        look = self._draw_tab(WIDTH)
        return look.header, look.rows

    def static_html(self) -> str:
        look = self._draw_tab(WIDTH)  # once, where the base class asks for each part
        return img_tag(look.svg, look.alt) + table_html(look.header, look.rows)

    def plain(self) -> str:
        picture = self._picture()
        lines = [f"{picture.title}: {picture.sentence}"]
        for kind, curves in (("loss", picture.loss), ("accuracy", picture.accuracy)):
            lines += [f"{kind:<9} {line.name:<5} {_sparks(line)} {shown(kind, line.values[-1])}" for line in curves]
        return "\n".join(lines)

    def _picture(self) -> Picture:
        curves = self._progress.curves
        loss, accuracy = (curves.lines(kind) for kind in ("loss", "accuracy"))
        points = curves.points("loss"), curves.points("accuracy")
        return Picture(self.title, self._sentence(), self._progress.reach, loss, accuracy, self.log_axis, points)

    def _sentence(self) -> str:
        if self.state == "ready":
            return "not begun"
        parts = [self.state, self._progress.place]
        if self.state == "running":  # what is stored of a cell that never ends is its first picture
            parts = parts[1:] if self._progress.measured else ["just begun"]
        if self._rates():
            parts.append("lr " + ", ".join(_rate(rate) for rate in self._rates()))
        return " · ".join(parts)


def _rate(rate: float) -> str:
    """A learning rate with three significant digits.

    >>> [_rate(rate) for rate in (100.0, 0.000214748, 0.0, 1e-9)]
    ['100', '0.000215', '0', '1e-09']
    """
    return f"{float(f'{rate:.3g}'):g}"


def _sparks(line: Line) -> str:
    """A curve of at most 24 characters."""
    values = [value for value in line.values if math.isfinite(value)]
    every = max(1, math.ceil(len(values) / 24))
    means = [sum(values[i : i + every]) / len(values[i : i + every]) for i in range(0, len(values), every)]
    low, high = min(means, default=0.0), max(means, default=0.0)
    return "".join(_SPARKS[round(7 * (mean - low) / (high - low or 1.0))] for mean in means)
