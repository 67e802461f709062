"""Running code: the learner's frames of a call, and call stacks kept as code and offset.

Rests on `core.frames`, which knows whose code a frame runs. A frame is held nowhere: what is kept of it is a `Spot`, which
`source` resolves afterwards.
"""

from __future__ import annotations

import functools
import sys
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from inspect import CO_OPTIMIZED
from types import CodeType, FrameType
from typing import Any, TypeVar

from autogradkit.core.frames import PACKAGE, is_library, is_ours

_MOST_FRAMES = 8
_WARNS = sys.version_info[:2] == (3, 12)
T = TypeVar("T")


def variables_of(frame: FrameType) -> Mapping[str, Any]:
    """The variables of a running frame.

    Python 3.12 has the variables of comprehensions in the code around them, and warns of a traced module whose variables were
    asked for meanwhile. There the globals do, which a module's variables are.
    """
    module = _WARNS and frame.f_code.co_nlocals and not frame.f_code.co_flags & CO_OPTIMIZED
    return frame.f_globals if module else frame.f_locals


class Spot:
    """A running instruction."""

    __slots__ = ("code", "offset")

    def __init__(self, code: CodeType, offset: int) -> None:
        self.code = code
        self.offset = offset


class Site:
    """A call stack of the learner's frames, innermost first. `Sites` makes each once: they are told apart by identity."""

    __slots__ = ("frames",)

    def __init__(self, frames: tuple[Spot, ...]) -> None:
        self.frames = frames


NOWHERE = Site(())


class Sites:
    """The call stacks of one trace. Codes are told apart by identity, for to hash one, all of it is read."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, ...], Site] = {(): NOWHERE}

    def at(self, spots: Iterable[tuple[CodeType, int]]) -> Site:
        """The site with these codes and offsets of instructions, innermost first."""
        found = list(spots)
        key = tuple([part for code, offset in found for part in (id(code), offset)])
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = Site(tuple(Spot(*each) for each in found))
        return known

    def of(self, frames: Sequence[FrameType]) -> Site:
        """Where these frames are, innermost first: of as many as a trace keeps of a call."""
        return self.at([(frame.f_code, frame.f_lasti) for frame in frames[:_MOST_FRAMES]])


def once_per_code(find: Callable[[CodeType], T]) -> Callable[[CodeType], T]:
    """`find`, which asks each code object once while that lives. `functools.cache` would hash it, and so read all of it."""
    known: dict[int, tuple[weakref.ref[CodeType], T]] = {}

    @functools.wraps(find)
    def found(code: CodeType) -> T:
        key = id(code)
        entry = known.get(key)
        if entry is None or entry[0]() is not code:
            entry = known[key] = weakref.ref(code, lambda _: known.pop(key, None)), find(code)
        return entry[1]

    return found


@once_per_code
def is_learners(code: CodeType) -> bool:
    """Whether code is the learner's: neither of this package nor of a library."""
    return not (is_ours(code) or is_library(code))


def entry_frame(frame: FrameType, known: FrameType | None = None) -> FrameType:
    """The outermost frame of this package below the learner's code: the call that the learner made. `known` is one that it
    was found to be."""
    above = frame.f_back
    while frame is not known and above is not None and above.f_code.co_filename.startswith(PACKAGE):  # `is_ours`
        frame, above = above, above.f_back
    return frame


def learner_frames(frame: FrameType | None) -> Iterator[FrameType]:
    """The learner's frames, innermost first, from the one that called into this package up to the cell or script.

    Libraries in between are left out, as `copy.deepcopy` is: names and lines are the learner's. Where libraries are all
    there is, they stand for the learner.
    """
    outside, found = frame, False
    while frame is not None:
        code = frame.f_code
        if is_learners(code):
            found = True
            yield frame
            if code.co_name == "<module>" or code.co_name.startswith("<cell line"):
                return
        frame = frame.f_back
    while outside is not None and not found:
        if not is_ours(outside.f_code):
            yield outside
        outside = outside.f_back
