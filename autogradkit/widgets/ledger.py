"""`GradLedger`: how a tensor's `.grad` grew, up to the end of its cell, or for as long as it is followed.

Rests on the ledger's picture and the log of gradients. `%ledger w` makes one; the front end steps through the columns,
opens those that stand for several events, and chooses the elements that are drawn.
"""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import traitlets
from IPython.core.getipython import get_ipython
from IPython.display import DisplayHandle, display

from ..core.tensor import Tensor
from ..tracing.foreign import INSTEAD, is_pytorchs_tensor
from ..tracing.labels import file_label, running_cell, with_article
from ..tracing.namespace import parameters_of
from ..tracing.render.ledger.columns import column_of, columns
from ..tracing.render.ledger.picture import Ledger, ledger_svg
from ..tracing.render.ledger.words import pages, rows
from ..tracing.watch import GRADS
from .base import PagePicture, static

BEAT = 0.1  # seconds between two pictures while a cell runs, at least
SHARE = 8  # and this many times what drawing one takes


class GradLedger(PagePicture):
    """The ledger of one tensor's gradient. Make it with `grad_ledger`."""

    _esm = static("ledger.js")
    _css = static("ledger.css")

    columns = traitlets.List(traitlets.Dict()).tag(sync=True)  # all of them, the drawn ones among them
    selected = traitlets.Unicode("").tag(sync=True)  # the column that is looked at; the last one if empty
    opened = traitlets.List(traitlets.Unicode()).tag(sync=True)  # columns of several events that are drawn one by one
    pages = traitlets.List(traitlets.Unicode()).tag(sync=True)
    sheet = traitlets.Int(0).tag(sync=True)  # which elements are drawn

    # Known before it is made: Python closes what could not be made, too.
    _shell: Any = None
    _unfollow: Callable[[], None] | None = None

    def __init__(self, name: str, tensor: Tensor, follow: bool) -> None:
        super().__init__()
        self.name = name
        self.follow = follow
        self._shell = get_ipython()
        cell = running_cell()
        self._cell = f" at the end of {cell}" if cell else ""
        self._tensor = weakref.ref(tensor, self._gone)
        self._history = GRADS.history(tensor, file_label)
        self._ended = False
        self._pending = False  # something was heard that is not drawn yet
        self._outdated = False  # nor is it in what is stored of the display
        self._due = 0.0
        self._drawn_from: int | None = None  # the first column drawn; None for the last ones
        self._handle: DisplayHandle | None = None
        if follow or self._shell is not None:
            self._unfollow = GRADS.follow(tensor, self._hear)
        if self._shell is not None:
            self._shell.events.register("post_run_cell", self._cell_ended)
        self.observe(lambda _: self.refresh(), ["selected", "opened", "sheet"])
        self.refresh()

    def show(self) -> None:
        """Display it; what is stored of the display grows with it."""
        self._handle = display(self, display_id=True)

    def close(self) -> None:
        """Hear no more."""
        self._freeze()
        super().close()

    def follows(self, tensor: Any) -> bool:
        """Whether it listens to this tensor from now on."""
        return self.follow and self._unfollow is not None and self._tensor() is tensor

    def _freeze(self) -> None:
        if self._unfollow is not None:
            self._unfollow()
            self._unfollow = None
        if self._shell is not None and self._cell_ended in self._shell.events.callbacks["post_run_cell"]:
            self._shell.events.unregister("post_run_cell", self._cell_ended)

    def _gone(self, _: Any) -> None:
        self._ended = self._pending = self._outdated = True

    def _hear(self) -> None:
        self._pending = self._outdated = True
        if self.follow and time.monotonic() >= self._due:
            self._redraw()

    def _cell_ended(self, result: Any) -> None:
        if self._pending:
            self._redraw()
        if self._outdated and self._handle is not None:
            data, metadata = self._output()
            self._handle.update(data, raw=True, metadata=metadata)
        self._outdated = False
        if not self.follow:
            self._freeze()

    def _redraw(self) -> None:
        began = time.monotonic()
        self._pending = False
        tensor = self._tensor()
        if tensor is not None:
            self._history = GRADS.history(tensor, file_label)
        self.refresh()
        self._due = time.monotonic() + max(BEAT, SHARE * (time.monotonic() - began))

    # -- the picture --------------------------------------------------------------------------------------------------

    def _state(self) -> str:
        if self._ended:
            return "the tensor is gone; nothing more will be added"
        if self.follow:
            return "followed: later cells add to this picture"
        return f"frozen{self._cell}: it does not show what comes later"

    def _ledger(self) -> Ledger:
        return Ledger(self.name, self._history, self._state(), self.sheet, frozenset(self.opened), self._drawn_from)

    def _live_ledger(self) -> Ledger:
        return replace(self._ledger(), page=self.page or None)

    def _choose(self) -> None:
        """Find the chosen column among those that there are now, and have it drawn; what is drawn moves no further."""
        found = columns(self._history, frozenset(self.opened))
        at = column_of(found, self.selected, self._history)
        self.selected = "" if at >= len(found) - 1 else found[at].key
        if not self.selected:
            self._drawn_from = None
            return
        most = self._live_ledger().most
        first = max(0, len(found) - most) if self._drawn_from is None else self._drawn_from
        self._drawn_from = min(max(first, at - most + 1), at)

    def refresh(self) -> None:
        with self.hold_sync():
            self._choose()
            ledger = self._ledger()
            self.pages = [page.label for page in pages(self._history)]
            self.columns = [
                {
                    "key": column.key,
                    "sentence": ledger.sentence(column),
                    "opens": column.key if column.count > 1 else "",
                    "closes": column.group,
                }
                for column in ledger.columns
            ]
            super().refresh()

    def static_svg(self) -> str:
        return ledger_svg(self._ledger())

    def live_svg(self) -> str:
        return ledger_svg(self._live_ledger())

    def alt(self) -> str:
        return self._ledger().description

    def table_rows(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        return rows(self.name, self._history, self._ledger().shown)

    def plain(self) -> str:
        ledger = self._ledger()
        return "\n".join([ledger.description, *(f"  {ledger.sentence(column)}" for column in ledger.columns)])


def grad_ledger(name: str, tensor: Any, *, follow: bool = False) -> GradLedger:
    """The ledger of `tensor`, which the learner calls `name`: what became of its `.grad` since the log listens.

    It listens from `%load_ext autogradkit` on, or else from the first ledger. In a notebook a ledger is complete at the end
    of its cell, and frozen then; with `follow` it goes on through every cell to come, and asked for again it is the same
    ledger. Raises TypeError for what is no tensor of autogradkit and ValueError for a tensor that no backward reaches.

    >>> import autogradkit as torch
    >>> GRADS.listen()
    >>> w = torch.tensor(2.0, requires_grad=True)
    >>> (w * 3).backward()
    >>> (w * 5).backward()
    >>> print(grad_ledger("w", w).plain())  # doctest: +ELLIPSIS
    w.grad after 2 backward calls: 8.; grad was not cleared since...
    >>> GRADS.stop()
    """
    if not isinstance(tensor, Tensor):
        raise TypeError(_no_tensor(name, tensor))
    if not tensor.requires_grad:
        raise ValueError(_without_grad(name))
    if not tensor.is_leaf and not tensor.retains_grad:
        raise ValueError(
            f"'{name}' is computed from other tensors, and backward keeps no .grad for it. "
            f"Call {name}.retain_grad() before backward, or look at the leaves that it comes from."
        )
    GRADS.listen()
    known = _FOLLOWING.get(id(tensor)) if follow else None
    if known is None or known.name != name or not known.follows(tensor):
        known = GradLedger(name, tensor, follow)
        if follow:
            _FOLLOWING[id(tensor)] = known
    return known


def _no_tensor(name: str, value: Any) -> str:
    if is_pytorchs_tensor(value):
        return f"'{name}' is a tensor of PyTorch itself, which tells nobody when backward adds to .grad. {INSTEAD}"
    found = [f"{name}.{each}" for each, _ in parameters_of(value)][:3]
    hint = f" Name one of its parameters: {', '.join(found)}." if found else ""
    return f"'{name}' is {with_article(type(value).__name__)}, not a tensor.{hint}"


def _without_grad(name: str) -> str:
    if name.endswith(".grad"):
        owner = name.removesuffix(".grad")
        return f"'{name}' is a gradient itself. Name the tensor whose gradient it is: {owner}"
    return (
        f"'{name}' does not require grad, so that no backward adds to its .grad. Make it with requires_grad=True, or call "
        f"{name}.requires_grad_()."
    )


_FOLLOWING: weakref.WeakValueDictionary[int, GradLedger] = weakref.WeakValueDictionary()  # by the id of the tensor
