"""Which cell is running, and which views an earlier run of it has shown.

Running a cell anew takes its old output from the page. A view that was shown there and nowhere else is closed then: ipywidgets
would keep it for ever, and with it the trace, or the model, its optimizer and its data. Rests on IPython; `base.py` and
`training.py` use it.
"""

from __future__ import annotations

import weakref
from typing import Any

import ipywidgets
from IPython.core.getipython import get_ipython


def current_run() -> int | None:
    """The number of the run at hand, as in `In [3]`; None outside of IPython."""
    shell = get_ipython()
    return None if shell is None else shell.execution_count


def _current_cell() -> str | None:
    """The notebook's own name for the running cell, where the notebook application tells it."""
    ask = getattr(getattr(get_ipython(), "kernel", None), "get_parent", None)
    request: dict[str, Any] = {} if ask is None else ask()
    return request.get("metadata", {}).get("cellId")


class Shown:
    """The views that each cell shows."""

    def __init__(self) -> None:
        self._cells: dict[str, tuple[int | None, weakref.WeakSet[ipywidgets.Widget]]] = {}

    def add(self, view: ipywidgets.Widget) -> None:
        """`view` is shown in the running cell; what only an earlier run of this cell has shown is closed."""
        cell, run = _current_cell(), current_run()
        if cell is None:
            return
        before, views = self._cells.get(cell, (None, weakref.WeakSet()))
        if before != run:
            old, views = views, weakref.WeakSet()
            self._cells[cell] = run, views
            elsewhere = [each for _, others in self._cells.values() for each in others]
            for each in old:
                if each is not view and each not in elsewhere:
                    each.close()
        views.add(view)


SHOWN = Shown()
