"""Following one tensor's `.grad` from now on, cell after cell, whether a cell is traced or not.

A recorder that hears of that tensor only and copies within the trace's bounds. It holds the tensor weakly and takes
itself away when the tensor dies. Rests on the recording contract, `copying` and `source`; the ledger widget uses it.
"""

from __future__ import annotations

import sys
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import autogradkit
from autogradkit.core.recording import RECORDERS
from autogradkit.tracing.copying import Copier
from autogradkit.tracing.events import Accumulated, GradAssigned, Position
from autogradkit.tracing.source import Site, SourceReader, site_of


class GradWatcher:
    """Tells `heard` of every contribution to `tensor.grad` and of every time it is set, in this thread.

    `label` names a file for the learner; `ended` is called when the tensor is gone.

    >>> import autogradkit as torch
    >>> w = torch.ones(2, requires_grad=True)
    >>> watcher = GradWatcher(w, lambda event: print(type(event).__name__, event.after.text))
    >>> (w * 3).sum().backward()
    Accumulated [3., 3.]
    >>> watcher.stop()
    """

    def __init__(
        self,
        tensor: Any,
        heard: Callable[[Accumulated | GradAssigned], None],
        label: Callable[[str], str] = lambda name: Path(name).name,
        ended: Callable[[], None] = lambda: None,
    ) -> None:
        self.thread = threading.get_ident()
        self.depth = 0
        self._heard = heard
        self._label = label
        self._copier = Copier()
        self._tensor = weakref.ref(tensor, lambda _: self._gone(ended))
        self._site = Site(())
        self._calls = 0
        RECORDERS.append(self)

    def stop(self) -> None:
        """Listen no more. May be called again."""
        if self in RECORDERS:
            RECORDERS.remove(self)

    def follows(self, tensor: Any) -> bool:
        """Whether this is the tensor, and it still listens."""
        return self._tensor() is tensor and self in RECORDERS

    def _gone(self, ended: Callable[[], None]) -> None:
        self.stop()
        ended()

    # -- the contract -------------------------------------------------------------------------------------------------

    def op(self, name: str, kind: str, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        if kind != "inplace":
            return
        tensor = self._tensor()
        if tensor is not None and tensor.grad is not None and result is tensor.grad:  # such as w.grad.zero_()
            self._assigned(None, result, site_of(sys._getframe(1)))

    def op_failed(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], error: BaseException) -> None:
        pass

    def backward_begin(self, call: int, roots: tuple[Any, ...], accumulate: bool, options: dict[str, bool]) -> None:
        self._site = site_of(sys._getframe(1))
        self._calls += 1

    def node(self, call: int, node: Any, received: tuple[Any, ...], sent: tuple[Any, ...]) -> None:
        pass

    def accumulate(self, call: int, tensor: Any, before: Any, contribution: Any, after: Any) -> None:
        if tensor is not self._tensor():
            return
        copy = self._copier.copy
        self._heard(
            Accumulated(
                step=0,
                call=self._calls,
                tensor=0,
                node=None,
                name=None,
                before=None if before is None else copy(autogradkit.from_numpy(before)),
                contribution=copy(contribution),
                after=copy(after),
                position=self._position(self._site),
            )
        )

    def backward_end(self, call: int, error: BaseException | None) -> None:
        pass

    def grad_assigned(self, tensor: Any, old: Any, new: Any) -> None:
        if tensor is self._tensor() and not (old is None and new is None):
            self._assigned(old, new, site_of(sys._getframe(1)))

    def module_enter(self, module: Any) -> None:
        pass

    def module_exit(self, module: Any) -> None:
        pass

    def _assigned(self, old: Any, new: Any, site: Site) -> None:
        after = None if new is None else self._copier.copy(new)
        self._heard(
            GradAssigned(
                step=0,
                tensor=0,
                name=None,
                how="none" if after is None else "zeros" if after.low == after.high == 0 else "assigned",
                before=None if old is None else self._copier.copy(old),
                after=after,
                position=self._position(site),
            )
        )

    def _position(self, site: Site) -> Position | None:
        place = SourceReader().place(*site.frames[0]) if site.frames else None
        if place is None:
            return None
        return Position(
            self._label(place.filename),
            place.line,
            place.column,
            place.end_line,
            place.end_column,
            place.code,
            place.function,
        )
