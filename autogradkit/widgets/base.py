"""What the widgets share: an output that is still and living, and for most a picture with its table and its text.

What an output stores is the static form alone, in an element that names the widget's model: the live model, while it is in
the page, draws itself in that element (`widgets/src/shared/live.ts`). So a picture outlives its kernel, and a notebook that
was saved, exported or never trusted shows it; a stored widget view would show an error there.

Rests on anywidget, `tracing.render.svg` and `cells.py`. A subclass sets `_esm` and `_css` to its bundle (`static("graph.js")`)
and implements the abstract methods; a `PictureWidget` calls `refresh()` when its state has changed.
"""

from __future__ import annotations

import sys
import uuid
from pathlib import Path
from typing import Any, ClassVar

import anywidget
import traitlets
from IPython.core.getipython import get_ipython

from ..tracing.render.marks.html import img_tag, table_html
from .cells import SHOWN

STATIC = Path(__file__).parent / "_static"


def static(name: str) -> str:
    """A built front-end file, as text: of a path anywidget would keep every widget alive, to tell it of changes."""
    return (STATIC / name).read_text(encoding="utf-8")


class StillWidget(anywidget.AnyWidget):
    """A widget whose output is still: HTML (`text/html`) that its live model draws over, and a text (`text/plain`).

    See the module. Inside another widget, as in `VBox([view])`, only the live view is there, and nothing of it is stored.
    """

    picture_id = traitlets.Unicode().tag(sync=True)  # ties the static pictures in the page to the live model

    @traitlets.default("picture_id")
    def _new_picture_id(self) -> str:
        return uuid.uuid4().hex

    def __init__(self, **kwargs: Any) -> None:
        # One ID for both: by it the front end finds the model that anywidget hides (widgets/src/shared/hearing.ts).
        super().__init__(**{"model_id": self.picture_id} | kwargs)

    def open(self) -> None:
        """Bring the live view into the page, also once it was closed."""
        layout = self._trait_values.get("layout")
        if layout is not None and layout.comm is None:
            layout.open()
        super().open()

    def close(self) -> None:
        """Take the live view away, and its layout, a model of its own that ipywidgets would keep for ever."""
        layout = self._trait_values.get("layout")  # there is none yet where it could not be made
        super().close()
        vars(self).pop("_repr_mimebundle_", None)  # ipywidgets shows nothing more of what was closed once
        if layout is not None:
            layout.close()

    def static_html(self) -> str:
        """The static form, as HTML that needs neither script nor style."""
        raise NotImplementedError

    def plain(self) -> str:
        """The static form in Unicode text."""
        raise NotImplementedError

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        if self.comm is None and _somebody_looks_on():  # closed, as the cell that had shown it was run anew
            self.open()
        SHOWN.add(self)
        return self._output(**kwargs)

    def _output(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """What is stored of it, and the metadata."""
        live = super()._repr_mimebundle_(**kwargs)
        html = self.static_html()
        data = {"text/html": html, "text/plain": self.plain()}
        if live is None or not _somebody_looks_on():
            return data, {}
        if _needs_a_view():
            return {**live[0], **data}, live[1]
        data["text/html"] = f'<autogradkit-picture model="{self.picture_id}">{html}</autogradkit-picture>'
        return data, {}


class PictureWidget(StillWidget):
    """A widget around one SVG picture. Its static form is the picture with a table."""

    svg = traitlets.Unicode().tag(sync=True)
    description = traitlets.Unicode().tag(sync=True)
    table = traitlets.List(traitlets.List(traitlets.Unicode())).tag(sync=True)  # header first

    def static_svg(self) -> str:
        """The picture as an SVG string, as it is stored."""
        raise NotImplementedError

    def live_svg(self) -> str:
        """The picture as the page shows it now."""
        return self.static_svg()

    def alt(self) -> str:
        """One sentence that stands for the picture."""
        raise NotImplementedError

    def table_rows(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """The header and the rows of the table that says what the picture says."""
        raise NotImplementedError

    def refresh(self) -> None:
        """Draw anew and send what changed."""
        header, rows = self.table_rows()
        with self.hold_sync():
            self.svg = self.live_svg()
            self.description = self.alt()
            self.table = [list(header), *map(list, rows)]

    def static_html(self) -> str:
        """The static form: an image and, under it, a table."""
        header, rows = self.table_rows()
        return img_tag(self.static_svg(), self.alt()) + table_html(header, rows)


class PagePicture(PictureWidget):
    """A picture that is drawn for the width of the column that shows it; what is stored is for columns of any width.

    `page` is that width in pixels, which the page tells, or 0 where it is not known. A new picture begins with what the page
    told last, so that it need not be drawn anew before the reader's eyes.
    """

    page = traitlets.Int().tag(sync=True)
    _told: ClassVar[int] = 0

    @traitlets.default("page")
    def _last_page(self) -> int:
        return PagePicture._told

    @traitlets.observe("page")
    def _fit_page(self, change: Any) -> None:
        PagePicture._told = self.page
        self.refresh()


def _somebody_looks_on() -> bool:
    """Whether the cell that runs was sent by a notebook application: they name it; nbconvert, nbval and papermill do not.

    What is run for nobody stays the same to the byte, every time. Anything unclear counts as somebody.
    """
    kernel = getattr(get_ipython(), "kernel", None)
    ask = getattr(kernel, "get_parent", None)
    request = {} if ask is None else ask()
    if request.get("header", {}).get("msg_type") != "execute_request":
        return True
    return "cellId" in request.get("metadata", {})


def _needs_a_view() -> bool:
    """Colab and VS Code bring a model into the page only when an output asks for its view; they show stored views well."""
    shell = get_ipython()
    return "google.colab" in sys.modules or (shell is not None and "__vsc_ipynb_file__" in shell.user_ns)
