"""`GradLedger`: how a tensor's `.grad` grew, from the cells that were traced and from every cell to come.

Rests on the ledger's picture and the watcher. `%ledger w` makes one; the front end chooses the element and steps through
the events.
"""

from __future__ import annotations

import math
import time
import weakref
from collections.abc import Iterable
from typing import Any

import traitlets
from IPython.core.getipython import get_ipython

from ..core.tensor import Tensor
from ..tracing.copying import Copier
from ..tracing.events import Accumulated, GradAssigned
from ..tracing.labels import file_label
from ..tracing.render.ledger import Entry, Ledger, description, entries, ledger_svg, rows, same, sentence
from ..tracing.watch import GradWatcher
from .base import PictureWidget, static

MOST = 200  # entries kept
BEAT = 0.1  # seconds between two pictures while a cell runs, at least
SHARE = 8  # and this many times what drawing one takes


class GradLedger(PictureWidget):
    """The ledger of one tensor's gradient. Make it with `grad_ledger`."""

    _esm = static("ledger.js")
    _css = static("ledger.css")

    elements = traitlets.Int(0).tag(sync=True)  # how many can be chosen; 0 where only the mean is known
    element = traitlets.Int(0).tag(sync=True)  # the chosen one in row-major order; -1 is the mean
    sentences = traitlets.List(traitlets.Unicode()).tag(sync=True)  # one for each event shown

    def __init__(self, name: str, tensor: Any, found: Iterable[Accumulated | GradAssigned] = ()) -> None:
        super().__init__()
        self.name = name
        self._shape = tuple(tensor.shape)
        self._first = entries(found)
        self._ended = False
        self._due = 0.0
        self._pending = False
        size = math.prod(self._shape)
        self.elements = size if size <= 1_000 else 0
        self.element = 0 if self.elements else -1
        self._note_untraced(tensor)
        self._watcher = None
        if isinstance(tensor, Tensor):
            self._watcher = GradWatcher(tensor, self._hear, label=file_label, ended=self._end, most=MOST)
        self._shell = (
            get_ipython()
        )  # kept, since at the interpreter's end, when close() may come, it cannot be asked for
        if self._shell is not None:
            self._shell.events.register("post_run_cell", self._cell_ended)
        self.observe(lambda _: self.refresh(), "element")
        self.refresh()

    def close(self) -> None:
        """Follow no more."""
        if self._watcher is not None:
            self._watcher.stop()
        if self._shell is not None and self._cell_ended in self._shell.events.callbacks["post_run_cell"]:
            self._shell.events.unregister("post_run_cell", self._cell_ended)
        super().close()

    def follows(self, tensor: Any) -> bool:
        """Whether this is the tensor that it listens to."""
        return self._watcher is not None and self._watcher.follows(tensor)

    def _note_untraced(self, tensor: Any) -> None:
        """If `.grad` is not what the traced cells left, say what it is now."""
        now = None if tensor.grad is None else Copier().copy(tensor.grad)
        if not same(self._first[-1].after if self._first else None, now):
            self._first += (Entry("unseen" if self._first else "before", "", "", now, now),)

    def _hear(self) -> None:
        self._pending = True
        if time.monotonic() >= self._due:
            self._redraw()

    def _end(self) -> None:
        self._ended = self._pending = True

    def _cell_ended(self, result: Any) -> None:
        if self._pending:
            self._redraw()

    def _redraw(self) -> None:
        began = time.monotonic()
        self._pending = False
        self.refresh()
        self._due = time.monotonic() + max(BEAT, SHARE * (time.monotonic() - began))

    # -- the picture --------------------------------------------------------------------------------------------------

    def _ledger(self) -> Ledger:
        since = () if self._watcher is None else entries(self._watcher.events())
        # The first entry of what was heard may say what `.grad` was before: that is known here.
        since = since[1:] if self._first and since and since[0].what == "before" else since
        return Ledger(
            self.name,
            self._shape,
            (*self._first, *since)[-MOST:],
            None if self.element < 0 else self.element,
            self._ended,
        )

    def refresh(self) -> None:
        ledger = self._ledger()
        with self.hold_sync():
            self.sentences = [sentence(ledger, index) for index in range(len(ledger.entries))]
            super().refresh()

    def static_svg(self) -> str:
        return ledger_svg(self._ledger())

    def alt(self) -> str:
        return description(self._ledger())

    def table_rows(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        return rows(self._ledger())

    def plain(self) -> str:
        ledger = self._ledger()
        return "\n".join([description(ledger), *(f"  {sentence(ledger, i)}" for i in range(len(ledger.entries)))])


def grad_ledger(name: str, tensor: Any, history: Iterable[Accumulated | GradAssigned] = ()) -> GradLedger:
    """The ledger of `tensor`, which the learner calls `name`; `history` is what traced cells know of its `.grad`.

    From now on it follows the tensor through every cell; asked for again, it is the same ledger. Raises TypeError for what
    is no tensor and ValueError for a tensor that no backward reaches.

    >>> import autogradkit as torch
    >>> w = torch.tensor(2.0, requires_grad=True)
    >>> ledger = grad_ledger("w", w)
    >>> (w * 3).backward()
    >>> (w * 5).backward()
    >>> print(ledger.plain())  # doctest: +ELLIPSIS
    w.grad after 2 backward calls: 8.; grad was not cleared since...
    """
    if not hasattr(tensor, "requires_grad") or not hasattr(tensor, "grad_fn"):
        raise TypeError(f"'{name}' is a {type(tensor).__name__}, not a tensor")
    if not tensor.requires_grad:
        raise ValueError(f"'{name}' does not require grad, so that no backward adds to its .grad")
    if not tensor.is_leaf and not tensor.retains_grad:
        raise ValueError(
            f"'{name}' is computed from other tensors, and backward keeps no .grad for it. "
            f"Call {name}.retain_grad() before backward, or look at the leaves that it comes from."
        )
    known = _LEDGERS.get(id(tensor))
    if known is None or known.name != name or not known.follows(tensor):
        known = _LEDGERS[id(tensor)] = GradLedger(name, tensor, history)
    known.refresh()
    return known


_LEDGERS: weakref.WeakValueDictionary[int, GradLedger] = weakref.WeakValueDictionary()  # by the id of the tensor
