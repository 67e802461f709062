"""PyTorch's `torch.utils.weak`: dicts whose keys are told apart by what they are, and go when nobody else has them.

Rests on the standard library. What hashes by its value, or compares by elements as tensors do, can be no key of a
`weakref.WeakKeyDictionary`; these dicts are for such.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any


class WeakIdRef(weakref.ref[Any]):
    """A weak reference that is equal to another one of the same object, dead or alive.

    >>> import autogradkit as torch
    >>> x = torch.ones(2)
    >>> WeakIdRef(x) == WeakIdRef(x), WeakIdRef(x) == WeakIdRef(torch.ones(2))
    (True, False)
    """

    __slots__ = ("_id",)

    def __init__(self, key: Any, callback: Any = None) -> None:
        super().__init__(key, callback)  # pyright: ignore[reportCallIssue] - which it takes
        self._id = id(key)

    def __hash__(self) -> int:
        return self._id

    def __eq__(self, other: object) -> bool:
        mine, its = self(), other() if isinstance(other, WeakIdRef) else None
        return self is other if mine is None or its is None else mine is its


TensorWeakRef = weakref.ref


class WeakIdKeyDictionary(MutableMapping[Any, Any]):
    """A dict whose keys are told apart by what they are; an entry goes with its key. Raises TypeError for numbers and text.

    >>> import autogradkit as torch
    >>> names = WeakIdKeyDictionary()
    >>> x, y = torch.ones(2), torch.ones(2)
    >>> names[x], names[y] = "x", "y"
    >>> names[x], len(names)
    ('x', 2)
    >>> del x
    >>> list(names.values())
    ['y']
    """

    def __init__(self, dict: Mapping[Any, Any] | None = None, ref_type: type[WeakIdRef] = WeakIdRef) -> None:
        self.data: dict[Any, Any] = {}
        self.ref_type = ref_type
        data = self.data

        def forget(gone: Any) -> None:  # which knows nothing of the dict: an entry keeps only the entries alive
            data.pop(gone, None)

        self._forget = forget
        self.update(dict or {})

    def __getitem__(self, key: Any) -> Any:
        return self.data[self.ref_type(key)]

    def __setitem__(self, key: Any, value: Any) -> None:
        self.data[self.ref_type(key, self._forget)] = value

    def __delitem__(self, key: Any) -> None:
        del self.data[self.ref_type(key)]

    def __contains__(self, key: object) -> bool:
        try:
            return self.ref_type(key) in self.data
        except TypeError:  # of what has no weak references
            return False

    def __iter__(self) -> Iterator[Any]:
        for reference in list(self.data):
            key = reference()
            if key is not None:
                yield key

    def __len__(self) -> int:
        return len(self.data)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Mapping):
            return NotImplemented
        return {id(key): value for key, value in self.items()} == {id(key): value for key, value in other.items()}

    def __or__(self, other: Mapping[Any, Any]) -> WeakIdKeyDictionary:
        made = self.copy()
        made.update(other)
        return made

    def __ior__(self, other: Mapping[Any, Any]) -> WeakIdKeyDictionary:
        self.update(other)
        return self

    def copy(self) -> WeakIdKeyDictionary:
        """Another dict with the same keys and values."""
        return WeakIdKeyDictionary(self, self.ref_type)

    def keyrefs(self) -> list[WeakIdRef]:
        """The weak references to the keys."""
        return list(self.data)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} at {id(self):#x}>"


WeakTensorKeyDictionary = WeakIdKeyDictionary
