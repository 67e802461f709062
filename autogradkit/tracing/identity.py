"""What a trace knows of objects that it does not keep alive.

Rests on nothing. Numbering, naming and copying keep what they know here, weakly: a traced tensor dies when the learner drops it.
Ids are used again, so what is known of an object counts only while a weak reference gives this very object.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class ByIdentity(Generic[T]):
    """Values by the object that they belong to, which is held weakly and need not be hashable."""

    __slots__ = ("_entries",)

    def __init__(self, pairs: Iterable[tuple[Any, T]] = ()) -> None:
        self._entries: dict[int, tuple[weakref.ref[Any], T]] = {}
        self.update(pairs)

    def get(self, thing: Any) -> T | None:
        """What is known of this object; None if nothing is."""
        entry = self._entries.get(id(thing))
        return entry[1] if entry is not None and entry[0]() is thing else None

    def with_id(self, identity: int) -> T | None:
        """What is known of the living object with this id; None if nothing is."""
        entry = self._entries.get(identity)
        return entry[1] if entry is not None and entry[0]() is not None else None

    def __contains__(self, thing: Any) -> bool:
        entry = self._entries.get(id(thing))
        return entry is not None and entry[0]() is thing

    def __setitem__(self, thing: Any, value: T) -> None:
        self._entries[id(thing)] = weakref.ref(thing), value

    def update(self, pairs: Iterable[tuple[Any, T]]) -> None:
        """Know these values of these objects, too."""
        for thing, value in pairs:
            self[thing] = value

    def items(self) -> Iterator[tuple[Any, T]]:
        """The objects that live still, each with what is known of it, in the order in which they became known."""
        for identity, entry in list(self._entries.items()):
            thing = entry[0]()
            if thing is not None:
                yield thing, entry[1]
            elif self._entries.get(identity) is entry:
                del self._entries[identity]

    def any_lives(self) -> bool:
        """Whether one of the objects lives still. What has died is forgotten, so that nobody asks about it again."""
        entries = self._entries
        while entries:
            first = next(iter(entries))
            if entries[first][0]() is not None:
                return True
            del entries[first]
        return False

    def __len__(self) -> int:
        """How many objects are known; some of them may have died since."""
        return len(self._entries)

    def clear(self) -> None:
        """Know nothing."""
        self._entries.clear()
