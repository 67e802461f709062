"""Following one tensor's `.grad` from now on, cell after cell, whether a cell is traced or not.

A recorder that hears of that tensor only and copies within the trace's bounds. It holds the tensor weakly and takes
itself away when the tensor dies. Rests on the recording contract, `copying` and `source`; the ledger widget uses it.
"""

from __future__ import annotations

import sys
import weakref
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autogradkit.core.facts import Declaration
from autogradkit.core.recording import RECORDERS, Recorder
from autogradkit.core.tensor import wrap
from autogradkit.tracing.copying import FULL, Copier
from autogradkit.tracing.events import Accumulated, GradAssigned, Numbers, Position
from autogradkit.tracing.source import Site, SourceReader, site_of

Array = np.ndarray[Any, Any]


@dataclass(slots=True)
class _Heard:
    """An event as it was noted, and as it is told once somebody asks: copies are printed only then."""

    how: str  # "backward", or how `.grad` was set
    before: Array | Numbers | None
    added: Array | Numbers | None
    after: Array | Numbers | None
    site: Site
    event: Accumulated | GradAssigned | None = None


class GradWatcher(Recorder):
    """Notes every contribution to `tensor.grad`, and every time it is set, in this thread; the last `most` are kept.

    `heard` is called after each; `events()` tells them. `label` names a file for the learner; `ended` is called when the
    tensor is gone.

    >>> import autogradkit as torch
    >>> w = torch.ones(2, requires_grad=True)
    >>> watcher = GradWatcher(w)
    >>> (w * 3).sum().backward()
    >>> [event.after.text for event in watcher.events()]
    ['[3., 3.]']
    >>> watcher.stop()
    """

    def __init__(
        self,
        tensor: Any,
        heard: Callable[[], None] = lambda: None,
        *,
        label: Callable[[str], str] = lambda name: Path(name).name,
        ended: Callable[[], None] = lambda: None,
        most: int = 200,
    ) -> None:
        super().__init__()
        self._heard = heard
        self._label = label
        self._notes: deque[_Heard] = deque(maxlen=most)
        self._tensor = weakref.ref(tensor, lambda _: self._gone(ended))
        self._site = Site(())
        self._reader = SourceReader()
        RECORDERS.append(self)

    def events(self) -> tuple[Accumulated | GradAssigned, ...]:
        """What was heard, oldest first."""
        return tuple(note.event or self._told(note) for note in self._notes)

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

    def op(
        self, declaration: Declaration, kind: str, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any
    ) -> None:
        if kind != "inplace":
            return
        tensor = self._tensor()
        if tensor is not None and tensor.grad is not None and result is tensor.grad:  # such as w.grad.zero_()
            self._assigned(None, result, site_of(sys._getframe(1)))

    def backward_begin(self, call: int, roots: tuple[Any, ...], accumulate: bool, options: dict[str, bool]) -> None:
        self._site = site_of(sys._getframe(1))

    def accumulate(self, call: int, tensor: Any, before: Any, contribution: Any, after: Any) -> None:
        if tensor is self._tensor():
            self._note(_Heard("backward", _copied(before), _copied(contribution), _copied(after), self._site))

    def grad_assigned(self, tensor: Any, old: Any, new: Any) -> None:
        if tensor is self._tensor() and not (old is None and new is None):
            self._assigned(old, new, site_of(sys._getframe(1)))

    # -- noting and telling -------------------------------------------------------------------------------------------

    def _assigned(self, old: Any, new: Any, site: Site) -> None:
        how = "none" if new is None else "assigned" if new.numpy(force=True).any() else "zeros"
        self._note(_Heard(how, _copied(old), None, _copied(new), site))

    def _note(self, note: _Heard) -> None:
        self._notes.append(note)
        self._heard()

    def _told(self, note: _Heard) -> Accumulated | GradAssigned:
        before, after, position = _numbers(note.before), _numbers(note.after), self._position(note.site)
        if note.how == "backward":
            added = _numbers(note.added)
            assert added is not None
            assert after is not None
            note.event = Accumulated(0, 0, 0, None, None, before, added, after, position)
        else:
            note.event = GradAssigned(0, 0, None, note.how, before, after, position)
        note.before = note.added = note.after = None
        return note.event

    def _position(self, site: Site) -> Position | None:
        place = self._reader.place(site.frames[0]) if site.frames else None
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


def _copied(value: Any) -> Array | Numbers | None:
    """A copy of a small array, the summary of a large one. `value` is a tensor or an array."""
    if value is None:
        return None
    array: Array = value if isinstance(value, np.ndarray) else value.numpy(force=True)
    return array.copy() if array.size <= FULL else _numbers(array)


def _numbers(kept: Array | Numbers | None) -> Numbers | None:
    return Copier().copy(wrap(kept)) if isinstance(kept, np.ndarray) else kept
