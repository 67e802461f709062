"""What the widgets share: one picture that is static and live, its table, its text.

Rests on anywidget and `tracing.render.svg`. A subclass sets `_esm` and `_css` to its bundle (`static("graph.js")`),
implements the four abstract methods and calls `refresh()` when its state has changed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget
import traitlets

from ..tracing.render.svg import img_tag, table_html

STATIC = Path(__file__).parent / "_static"


def static(name: str) -> Path:
    """The path of a built front-end file."""
    return STATIC / name


class PictureWidget(anywidget.AnyWidget):
    """A widget around one SVG picture.

    In a notebook its output also carries the static picture with a table (`text/html`) and a text (`text/plain`), so
    that stored, untrusted and printed notebooks show the same picture without a kernel.
    """

    svg = traitlets.Unicode().tag(sync=True)
    description = traitlets.Unicode().tag(sync=True)
    table = traitlets.List(traitlets.List(traitlets.Unicode())).tag(sync=True)  # header first

    def static_svg(self) -> str:
        """The picture as an SVG string."""
        raise NotImplementedError

    def alt(self) -> str:
        """One sentence that stands for the picture."""
        raise NotImplementedError

    def table_rows(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """The header and the rows of the table that says what the picture says."""
        raise NotImplementedError

    def plain(self) -> str:
        """The picture in Unicode text."""
        raise NotImplementedError

    def refresh(self) -> None:
        """Draw anew and send what changed."""
        header, rows = self.table_rows()
        with self.hold_sync():
            self.svg = self.static_svg()
            self.description = self.alt()
            self.table = [list(header), *map(list, rows)]

    def static_html(self) -> str:
        """The static form: an image and, under it, a table."""
        header, rows = self.table_rows()
        return img_tag(self.static_svg(), self.alt()) + table_html(header, rows)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        static_form = {"text/html": self.static_html(), "text/plain": self.plain()}
        if bundle is None:
            return static_form
        data, metadata = bundle
        return {**data, **static_form}, metadata
