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
from collections.abc import Callable
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np

from autogradkit.core.frames import PACKAGE
from autogradkit.core.recording import GRAD_LISTENERS, GradListener
from autogradkit.core.storage import VersionCounter
from autogradkit.tracing.frames import Spot
from autogradkit.tracing.grad_history import Amounts, Entry, GradHistory, index_text
from autogradkit.tracing.source import SourceReader

Array = np.ndarray[Any, Any]

WHOLE = 64  # elements: a gradient of at most so many is kept whole
SAMPLE = 12  # elements kept of a larger one, spread evenly
MOST = 200  # events kept for one tensor
FEWEST = 8  # and at least so many, however many tensors there are
ROOM = 20_000  # events kept altogether, but for FEWEST
MOST_TENSORS = 2_000
RECENT = 6 * 2_000  # parts of events that wait to be told apart by tensors


# An event as it was heard: "backward", "set" or "edited"; the numbers before a backward, those that it added, or those
# after anything else; the line's code and instruction.
_Note = tuple[str, bytes | None, bytes | None, CodeType | None, int]


class _Account:
    """What is kept of one tensor."""

    __slots__ = ("before", "fallen", "followers", "log", "notes", "places", "size", "tensor")

    def __init__(self, log: GradLog, tensor: Any, gone: Callable[[Any], object]) -> None:
        self.log = log
        self.tensor = weakref.ref(tensor, gone)
        self.size: int = tensor._array.size
        self.places = _places(self.size)
        self.notes: deque[_Note] = deque()
        self.fallen = 0
        self.before: bytes | None = None  # what a backward is about to add to
        self.followers: tuple[Callable[[], None], ...] = ()


class _HeardCounter(VersionCounter):
    """The version counter of a `.grad`, which tells the log of each edit."""

    __slots__ = ("account", "own")

    account: _Account
    own: VersionCounter | None  # of a `.data`: the counter of the `.grad` itself
    tells = True

    def edited(self) -> None:
        self.account.log.edited(self.account, self.own or self)

    def of_data(self) -> VersionCounter:
        return _heard_counter(self.account, self.own or self)


def _heard_counter(account: _Account, own: VersionCounter | None = None) -> VersionCounter:
    counter = _HeardCounter()
    counter.account, counter.value, counter.own = account, 0, own
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
        self._recent: list[Any] = []  # what was heard of late: for each event the account and the parts of its note

    def listen(self) -> None:
        """Hear from now on. Called again it changes nothing."""
        if self not in GRAD_LISTENERS:
            GRAD_LISTENERS.append(self)

    def stop(self) -> None:
        """Hear no more, and forget what was heard. May be called again."""
        if self in GRAD_LISTENERS:
            GRAD_LISTENERS.remove(self)
        self._accounts.clear()
        self._recent.clear()

    def follow(self, tensor: Any, heard: Callable[[], None]) -> Callable[[], None]:
        """Have `heard` called after each event of this tensor; what is returned ends it."""
        account = self._accounts.get(id(tensor)) or self._opened(tensor)
        account.followers += (heard,)

        def end() -> None:
            account.followers = tuple(each for each in account.followers if each != heard)

        return end

    def history(self, tensor: Any, label: Callable[[str], str] = lambda name: Path(name).name) -> GradHistory:
        """What was heard of this tensor, and what its `.grad` is now. `label` names a file for the learner."""
        account = self._accounts.get(id(tensor)) or self._opened(tensor)
        if account.size != tensor._array.size:
            account = self._opened(tensor)
        self._settle()
        dtype = tensor._array.dtype
        now = None if tensor._grad is None else _array(_kept(tensor._grad._array, account.places), dtype)
        return GradHistory(
            tuple(tensor._array.shape),
            str(dtype),
            tensor._array.size,
            _elements(tensor._array, account.places),
            _told(list(account.notes), dtype, now, label),
            account.fallen,
        )

    # -- the contract -------------------------------------------------------------------------------------------------
    # Every tensor of every step passes here, while the processor's caches hold the network: few objects are touched, and
    # none is made to be kept but the numbers.

    def will_accumulate(self, tensor: Any) -> None:
        account = self._accounts.get(id(tensor)) or self._opened(tensor)
        account.before = _kept(tensor._grad._array, account.places)

    def accumulated(self, tensor: Any, gradient: Any) -> None:
        array = gradient if gradient.__class__ is np.ndarray else gradient._array
        account = self._accounts.get(id(tensor))
        if account is None or account.size != array.size:
            account = self._opened(tensor)
        before = account.before
        account.before = None
        grad = tensor._grad
        if grad._counter is None:
            grad._counter = _heard_counter(account)
        elif before is None:
            self._hear_edits(account, grad)
        frame: Any = sys._getframe(1)
        while _OURS[frame.f_code.co_filename]:
            frame = frame.f_back
        added = _kept(array, account.places)
        recent = self._recent
        recent.extend((account, "backward", before, added, frame.f_code, frame.f_lasti))
        if account.followers or len(recent) > RECENT:
            self._settle(account)

    def grad_assigned(self, tensor: Any, old: Any, new: Any) -> None:
        if old is None and new is None:
            return
        account = self._accounts.get(id(tensor)) or self._opened(tensor)
        account.before = None
        after = None
        if new is not None:
            self._hear_edits(account, new)
            after = _kept(new._array, account.places)
        frame: Any = sys._getframe(1)
        while _OURS[frame.f_code.co_filename]:
            frame = frame.f_back
        recent = self._recent
        recent.extend((account, "set", None, after, frame.f_code, frame.f_lasti))
        if account.followers or len(recent) > RECENT:
            self._settle(account)

    def edited(self, account: _Account, counter: VersionCounter) -> None:
        """What this counter counts was edited; that is an event if it is still the tensor's `.grad`."""
        tensor = account.tensor()
        edited = None if tensor is None else tensor._grad
        if edited is None or edited._counter is not counter:
            return
        if self._accounts.get(id(tensor)) is not account:  # it stopped listening, or keeps another account by now
            return
        frame: Any = sys._getframe(1)
        while _OURS[frame.f_code.co_filename]:
            frame = frame.f_back
        after = _kept(edited._array, account.places)
        self._recent.extend((account, "edited", None, after, frame.f_code, frame.f_lasti))
        self._settle(account)

    # -- keeping ------------------------------------------------------------------------------------------------------

    def _opened(self, tensor: Any) -> _Account:
        """A new account of a tensor."""
        accounts = self._accounts
        key = id(tensor)
        if len(accounts) >= MOST_TENSORS:
            accounts.pop(next(iter(accounts)), None)
        account = accounts[key] = _Account(self, tensor, lambda _: accounts.pop(key, None))
        return account

    def _settle(self, account: _Account | None = None) -> None:
        """Give each account what was heard of late, and let fall what is too much; tell the followers of `account`."""
        recent, self._recent = self._recent, []
        most = min(MOST, max(FEWEST, ROOM // (len(self._accounts) or 1)))
        parts = iter(recent)
        for noted, *note in zip(*[parts] * 6, strict=True):
            notes = noted.notes
            notes.append(note)
            while len(notes) > most:
                notes.popleft()
                noted.fallen += 1
        for heard in () if account is None else account.followers:
            heard()

    def _hear_edits(self, account: _Account, grad: Any) -> None:
        """Give a `.grad` the counter that tells. One that others share already stays: its edits are found by comparing."""
        counter = grad._counter
        if counter is None:
            grad._counter = _heard_counter(account)
        elif counter.__class__ is _HeardCounter and counter.account.tensor is account.tensor:
            counter.account = account


GRADS = GradLog()


# -- which numbers, and from where ------------------------------------------------------------------------------------


def _places(size: int) -> slice | None:
    """The elements kept of a tensor, in row-major order; None where all are."""
    if size <= WHOLE:
        return None
    step = (size // SAMPLE - 1) | 1  # odd, or a sample of a matrix would keep to a few columns
    first = step // 2
    return slice(first, first + step * SAMPLE, step)


def _kept(array: Array, places: slice | None) -> bytes:
    if places is None:
        return array.tobytes()
    flat = array.ravel() if array.flags.c_contiguous else array.flat  # a view is sliced in half the time
    return flat[places].tobytes()


def _elements(array: Array, places: slice | None) -> tuple[str, ...]:
    flat = range(array.size) if places is None else range(places.start, places.stop, places.step)
    names = [index_text(each, array.shape) for each in flat]
    if array.dtype.kind == "c":
        return tuple(name + part for name in names for part in (".real", ".imag"))
    return tuple(names)


class _Files(dict[str, bool]):
    """Whether a file is this package's own, or NumPy's, which stands between the parts of ours; else it is the learner's."""

    def __missing__(self, name: str) -> bool:
        self[name] = own = name.startswith((PACKAGE, _NUMPY))
        return own


_NUMPY = os.path.dirname(np.__file__) + os.sep


_OURS = _Files()


# -- telling ----------------------------------------------------------------------------------------------------------


def _told(
    notes: list[_Note], dtype: np.dtype[Any], now: Array | None, label: Callable[[str], str]
) -> tuple[Entry, ...]:
    reader = SourceReader()
    made: list[Entry] = []
    after: Array | None = None
    for what, before_bytes, told, code, instruction in notes:
        where, line = _place(code, instruction, reader, label)
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
        how = "none" if after is None else "zeros" if not after.any() else "assigned" if what == "set" else "edited"
        made.append(Entry(how, where, line, None, _amounts(after)))
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


def _place(
    code: CodeType | None, instruction: int | None, reader: SourceReader, label: Callable[[str], str]
) -> tuple[str, str]:
    place = None if code is None or instruction is None else reader.place(Spot(code, instruction))
    return ("", "") if place is None else (f"{label(place.filename)} line {place.line}", place.code)
