"""The log of gradients: what added to which `.grad`, from which line, from the moment it listens; bounded, and weak.

It hears every tensor that backward reaches, traced or not, and keeps of each event a few numbers and the place, never a
tensor. An edit in place is heard through the version counter: a `.grad` gets one that tells, and so do its views, its
`detach()` and its `.data`. What nobody tells, as a write through NumPy, is found by comparing.

Rests on the listening contract and `source`; `%load_ext` has it listen, the ledger widget asks it.
"""

from __future__ import annotations

import os
import sys
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np

from autogradkit.core.frames import PACKAGE
from autogradkit.core.recording import GRAD_LISTENERS, GradListener
from autogradkit.core.sparse import SparseArray
from autogradkit.core.storage import VersionCounter
from autogradkit.tracing.frames import Spot
from autogradkit.tracing.grad_history import Amounts, Entry, GradHistory, index_text
from autogradkit.tracing.source import SourceReader

Array = np.ndarray[Any, Any]

WHOLE = 64  # elements: a gradient of at most so many is kept whole
SAMPLE = 12  # elements kept of a larger one, spread evenly
MOST = 200  # events kept for one tensor, each with the clearing before it
FEWEST = 8  # and at least so many, however many tensors there are
ROOM = 20_000  # events kept altogether, but for FEWEST
MOST_TENSORS = 2_000

Place = tuple[str, CodeType, int]  # what happened there: "backward", "set" or "edited"; the line's code and instruction

# An event as it was heard: its head has where `.grad` was set to None before it, if it was, its place, and the numbers before
# a backward; then come those that it added, or those after anything else.
_Head = tuple[Place | None, Place, bytes | None]
_Note = tuple[_Head, bytes]
_PARTS = 2


class _Account:
    """What is kept of one tensor. `notes` has the parts of each note one after another: an event makes no object but the
    numbers, for leaves that are cleared together and reached together share the head.
    """

    __slots__ = ("before", "cleared", "heard", "log", "most", "notes", "places", "size", "tensor")

    def __init__(self, log: GradLog, tensor: Any, gone: Callable[[Any], object]) -> None:
        self.log = log
        self.tensor = weakref.ref(tensor, gone)
        self.size: int = tensor._array.size
        self.places = _places(self.size)
        self.most = log.most
        self.notes: deque[Any] = deque(maxlen=_PARTS * self.most)
        self.heard = 0  # notes, the fallen ones too
        self.before: bytes | None = None  # what a backward is about to add to
        self.cleared: Place | None = None  # where `.grad` became None, if nothing was heard since

    def bound(self, most: int) -> None:
        """Keep `most` events from now on."""
        self.most = most
        self.notes = deque(self.notes, _PARTS * most)


class _HeardCounter(VersionCounter):
    """The version counter of a `.grad`, which tells the log of each edit."""

    __slots__ = ("account",)

    account: _Account
    tells = True

    def edited(self) -> None:
        self.account.log.edited(self.account, self)

    def of_data(self) -> VersionCounter:
        counter = _HeardDataCounter()
        counter.account, counter.value, counter.own = self.account, 0, self
        return counter


class _HeardDataCounter(_HeardCounter):
    """That of its `.data`, which counts alone and tells of the same memory."""

    __slots__ = ("own",)

    own: VersionCounter  # of the `.grad` itself

    def edited(self) -> None:
        self.account.log.edited(self.account, self.own)

    def of_data(self) -> VersionCounter:
        counter = _HeardDataCounter()
        counter.account, counter.value, counter.own = self.account, 0, self.own
        return counter


class GradLog(GradListener):
    """Listens to every `.grad` between `listen()` and `stop()`, and tells what it heard.

    >>> import autogradkit as torch
    >>> log = GradLog()
    >>> log.listen()
    >>> w = torch.ones(2, requires_grad=True)
    >>> (w * 3).sum().backward()
    >>> w.grad = None
    >>> [(entry.what, entry.added) for entry in log.history(w).entries]
    [('backward', (3.0, 3.0)), ('none', None)]
    >>> log.stop()
    """

    def __init__(self) -> None:
        self._accounts: dict[int, _Account] = {}  # by the tensor's id
        self.most = MOST  # events that are kept for each tensor, as there are so many
        self._followers: dict[int, tuple[Callable[[], None], ...]] = {}  # by the tensor's id
        self._called: tuple[int, Place | None] = (-1, None)  # the call of backward that was heard last, and its place

    def listen(self) -> None:
        """Hear from now on. Called again it changes nothing."""
        if self not in GRAD_LISTENERS:
            GRAD_LISTENERS.append(self)

    def stop(self) -> None:
        """Hear no more, and forget what was heard. May be called again."""
        if self in GRAD_LISTENERS:
            GRAD_LISTENERS.remove(self)
        self._accounts.clear()
        self._followers.clear()

    def follow(self, tensor: Any, heard: Callable[[], None]) -> Callable[[], None]:
        """Have `heard` called after each event of this tensor; what is returned ends it."""
        key, followers = id(tensor), self._followers
        if key not in self._accounts:
            self._opened(tensor)
        followers[key] = (*followers.get(key, ()), heard)

        def end() -> None:
            if heard in followers.get(key, ()):
                followers[key] = tuple(each for each in followers[key] if each != heard)

        return end

    def history(self, tensor: Any, label: Callable[[str], str] = lambda name: Path(name).name) -> GradHistory:
        """What was heard of this tensor, and what its `.grad` is now. `label` names a file for the learner."""
        account = self._accounts.get(id(tensor)) or self._opened(tensor)
        if account.size != tensor._array.size:
            account = self._opened(tensor)
        notes = list(zip(*[iter(account.notes.copy())] * _PARTS, strict=True))
        dtype = tensor._array.dtype
        now = None if tensor._grad is None else _array(_snapshot(tensor._grad._array, account.places), dtype)
        return GradHistory(
            tuple(tensor._array.shape),
            str(dtype),
            tensor._array.size,
            _elements(tensor._array, account.places),
            _entries(notes, account.cleared, dtype, now, label),
            account.heard - len(notes),
        )

    # -- the contract -------------------------------------------------------------------------------------------------
    # Every tensor of every step passes here, while the processor's caches hold the network: few objects are touched, and
    # none is made to be kept but the numbers. Where backward was called is looked up once for all that it reaches.

    def will_accumulate(self, tensor: Any) -> None:
        account = self._accounts.get(id(tensor)) or self._opened(tensor)
        account.before = _snapshot(tensor._grad._array, account.places)

    def grads_taken(self, call: int, tensors: Sequence[Any]) -> None:
        # The usual case, written out: a call of a method for each tensor would cost as much again.
        accounts, most = self._accounts, self.most
        place = _here("backward", 4)
        cleared, head = None, (None, place, None)
        for tensor in tensors:
            grad = tensor._grad
            array = grad._array
            account = accounts.get(id(tensor))
            if account is None or account.size != array.size:
                account = self._opened(tensor)
            if grad._counter is None:
                counter = _HeardCounter()
                counter.account, counter.value = account, 0
                grad._counter = counter
            else:
                self._hear_edits(account, grad)
            if account.cleared is not cleared:
                cleared = account.cleared
                head = cleared, place, None
            places = account.places
            told = array.tobytes() if places is None else _sample(array, places)
            account.cleared = None  # no interrupt comes between this and the note
            account.notes.extend((head, told))
            account.heard += 1
            if account.most != most:
                account.bound(most)
        if self._followers:
            for tensor in tensors:
                self._tell(id(tensor))

    def accumulated(self, call: int, tensor: Any, gradient: Array) -> None:
        account = self._accounts.get(id(tensor))
        if account is None or account.size != gradient.size:
            account = self._opened(tensor)
        before = account.before
        if before is None or tensor._grad._counter is None:
            self._hear_edits(account, tensor._grad)
        last, place = self._called
        if last != call or place is None:
            place = _here("backward", 2)
            self._called = call, place
        self._note(account, tensor, place, before, _snapshot(gradient, account.places))

    def grad_assigned(self, tensor: Any, new: Any) -> None:
        account = self._accounts.get(id(tensor)) or self._opened(tensor)
        self._hear_edits(account, new)
        self._note(account, tensor, _here("set", 2), None, _snapshot(new._array, account.places))

    def grads_cleared(self, tensors: Sequence[Any]) -> None:
        place = _here("set", 2)
        accounts = self._accounts
        for tensor in tensors:
            account = accounts.get(id(tensor)) or self._opened(tensor)
            account.cleared = place
        if self._followers:
            for tensor in tensors:
                self._tell(id(tensor))

    def edited(self, account: _Account, counter: VersionCounter) -> None:
        """What this counter counts was edited; that is an event if it is still the tensor's `.grad`."""
        tensor = account.tensor()
        edited = None if tensor is None else tensor._grad
        if edited is None or edited._counter is not counter:
            return
        if self._accounts.get(id(tensor)) is not account:  # it stopped listening, or keeps another account by now
            return
        self._note(account, tensor, _here("edited", 2), None, _snapshot(edited._array, account.places))

    # -- keeping ------------------------------------------------------------------------------------------------------

    def _opened(self, tensor: Any) -> _Account:
        """A new account of a tensor."""
        accounts = self._accounts
        key = id(tensor)
        if len(accounts) >= MOST_TENSORS:
            self._forget(next(iter(accounts)))
        account = accounts[key] = _Account(self, tensor, lambda _: self._forget(key))
        self.most = min(MOST, max(FEWEST, ROOM // len(accounts)))
        return account

    def _forget(self, key: int) -> None:
        for kept in (self._accounts, self._followers):
            kept.pop(key, None)

    def _note(self, account: _Account, tensor: Any, place: Place, before: bytes | None, told: bytes) -> None:
        cleared = account.cleared
        head = cleared, place, None if cleared else before  # numbers before an interrupted backward are over
        account.before = account.cleared = None
        account.notes.extend((head, told))
        account.heard += 1
        if account.most != self.most:
            account.bound(self.most)
        if self._followers:
            self._tell(id(tensor))

    def _tell(self, key: int) -> None:
        for heard in self._followers.get(key, ()):
            heard()

    def _hear_edits(self, account: _Account, grad: Any) -> None:
        """Give a `.grad` the counter that tells. One that others share already stays: its edits are found by comparing."""
        counter = grad._counter
        if counter is None:
            counter = _HeardCounter()
            counter.account, counter.value = account, 0
            grad._counter = counter
        elif counter.__class__ is _HeardCounter and counter.account.tensor is account.tensor:
            counter.account = account


GRADS = GradLog()


# -- which numbers, and from where ------------------------------------------------------------------------------------


def _places(size: int) -> slice | None:
    """The elements kept of a tensor, in row-major order; None where all are."""
    if size <= WHOLE:
        return None
    step = (size // SAMPLE - 1) | 1  # odd, or a sample of a matrix would keep to a few columns
    return slice(step // 2, step // 2 + step * (SAMPLE - 1) + 1, step)


def _snapshot(array: Any, places: slice | None) -> bytes:
    if array.__class__ is SparseArray:
        return (
            array.dense() if places is None else array.at(np.arange(places.start, places.stop, places.step))
        ).tobytes()
    return array.tobytes() if places is None else _sample(array, places)


def _sample(array: Array, places: slice) -> bytes:
    if array.flags.c_contiguous:  # else the whole would be copied
        return array.ravel()[places].tobytes()
    return array.flat[places].tobytes()


def _elements(array: Array, places: slice | None) -> tuple[str, ...]:
    flat = range(array.size) if places is None else range(array.size)[places]
    names = [index_text(each, array.shape) for each in flat]
    if array.dtype.kind == "c":
        return tuple(name + part for name in names for part in (".real", ".imag"))
    return tuple(names)


_NUMPY = os.path.dirname(np.__file__) + os.sep


def _here(what: str, ours: int) -> Place:
    """Where the learner's code calls this package. So many frames below this function's are our own."""
    frame: Any = sys._getframe(1 + ours)
    while _is_ours(frame.f_code.co_filename):
        frame = frame.f_back
    return what, frame.f_code, frame.f_lasti


@cache
def _is_ours(name: str) -> bool:
    return name.startswith((PACKAGE, _NUMPY))  # NumPy's files stand between the parts of ours


# -- telling ----------------------------------------------------------------------------------------------------------


def _entries(
    notes: list[_Note], cleared: Place | None, dtype: np.dtype[Any], now: Array | None, label: Callable[[str], str]
) -> tuple[Entry, ...]:
    reader = SourceReader()
    made: list[Entry] = []
    after: Array | None = None
    for (cleared_before, place, before_bytes), told in notes:
        if cleared_before is not None:
            after = None
            made.append(Entry("none", *_where(cleared_before, reader, label), None, None))
        what = place[0]
        where, line = _where(place, reader, label)
        if what == "backward":
            before, added = _array(before_bytes, dtype), _array(told, dtype)
            if not _same(after, before):
                after = before
                made.append(Entry("unseen" if made else "before", "", "", None, _amounts(after)))
            if added is None or (after is not None and after.shape != added.shape):
                continue  # the tensor had another size by then: what it is now is found below
            kept = after is not None and bool(after.any())
            with np.errstate(all="ignore"):
                after = added if after is None else after + added  # as the engine did, in the same dtype
            made.append(Entry("backward", where, line, _amounts(added), _amounts(after), kept))
            continue
        after = _array(told, dtype)
        assert after is not None
        how = "zeros" if not after.any() else "assigned" if what == "set" else "edited"
        made.append(Entry(how, where, line, None, _amounts(after)))
    if cleared is not None:
        after = None
        made.append(Entry("none", *_where(cleared, reader, label), None, None))
    if not _same(after, now):
        made.append(Entry("unseen" if made else "before", "", "", None, _amounts(now)))
    return tuple(made)


def _array(kept: bytes | None, dtype: np.dtype[Any]) -> Array | None:
    return None if kept is None else np.frombuffer(kept, dtype)


def _same(one: Array | None, other: Array | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.shape == other.shape and np.array_equal(one, other, equal_nan=True)


def _amounts(array: Array | None) -> Amounts | None:
    if array is None:
        return None
    real = array.view(array.real.dtype) if array.dtype.kind == "c" else array
    return tuple(real.astype(np.float64).tolist())


def _where(place: Place, reader: SourceReader, label: Callable[[str], str]) -> tuple[str, str]:
    _, code, instruction = place
    found = reader.place(Spot(code, instruction))
    return ("", "") if found is None else (f"{label(found.filename)} line {found.line}", found.code)
