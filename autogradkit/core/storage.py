"""The memory behind tensors: which bytes they share, and how often they were edited.

Rests on NumPy's ownership chain: the array at the root of `array.base` owns the buffer, and every tensor whose array
leads to the same root shares the storage. Nothing is kept for it on the tensor; `Bytes` are made when somebody asks, and
what users get is in `storages`. The version counter is separate from the memory because `.data` shares one and not the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import byte_bounds

from autogradkit.core.address import address_of
from autogradkit.core.strides import byte_strides

Array = np.ndarray[Any, Any]


class VersionCounter:
    """How many in-place edits a tensor, its views and its `detach()`es have seen together."""

    # No __init__: who makes one sets its value, which takes a third of the time.
    __slots__ = ("value",)

    value: int
    to_save: int  # the value, as a graph keeps it to compare later; what may not be kept refuses here
    shows_views = True  # whether what shares it may be seen to be a view
    tells = False  # whether `edited` is to be called after each edit

    def read(self) -> int:
        """The value for users, as `_version` gives it."""
        return int(self.value)

    def require_editable(self) -> None:
        """Asked before an edit by who `tells`; raises where the memory may not be written."""

    def edited(self) -> None:
        """The memory has just been written, and `value` says so."""

    def of_data(self) -> VersionCounter | None:
        """The counter that `.data` of such a tensor begins with: one of its own, None until somebody needs it."""
        return None


VersionCounter.to_save = VersionCounter.value  # one slot under two names


class CounterAfterDetach(VersionCounter):
    """The counter of a tensor that was cut off its graph in place: what it reads is no earlier reading, though it counts on.

    So the check of saved tensors, which compares readings, finds one that was detached in place, and costs nothing more.
    """

    __slots__ = ("counter",)

    def __init__(self, counter: VersionCounter) -> None:
        self.counter = counter

    @property
    def tells(self) -> bool:
        """As of the counter that it goes on with."""
        return self.counter.tells

    def require_editable(self) -> None:
        """As of the counter that it goes on with."""
        self.counter.require_editable()

    def edited(self) -> None:
        """As of the counter that it goes on with."""
        self.counter.edited()

    def of_data(self) -> VersionCounter | None:
        """As of the counter that it goes on with."""
        return self.counter.of_data()

    @property
    def value(self) -> int:
        """The version, which differs from what was read before."""
        return _ReadingAfterDetach(self.counter.value, self)

    @value.setter
    def value(self, version: int) -> None:  # pyright: ignore[reportIncompatibleVariableOverride]
        self.counter.value = int(version)

    @property
    def to_save(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        """As of the counter that it goes on with, if that may be kept."""
        return _ReadingAfterDetach(self.counter.to_save, self)

    def has_read(self, version: int) -> bool:
        """Whether this is what the counter read once, at any of its edits."""
        return getattr(version, "source", None) is self


class _ReadingAfterDetach(int):
    """A version that equals only what the same counter reads."""

    source: CounterAfterDetach

    def __new__(cls, version: int, source: CounterAfterDetach) -> _ReadingAfterDetach:
        made = super().__new__(cls, version)
        made.source = source
        return made

    def __add__(self, edits: int) -> _ReadingAfterDetach:
        return _ReadingAfterDetach(int(self) + edits, self.source)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ReadingAfterDetach) and other.source is self.source and int(self) == int(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = int.__hash__


class Memory:
    """Some bytes that `owner` keeps alive, for NumPy to wrap."""

    __slots__ = ("__array_interface__", "owner")

    def __init__(self, owner: Array, address: int, nbytes: int) -> None:
        self.owner = owner
        self.__array_interface__: dict[str, Any] = {
            "data": (address, not owner.flags.writeable),
            "shape": (nbytes,),
            "typestr": "|u1",
            "version": 3,
        }


class Borrowed:
    """Ends the ownership chain at memory that somebody else owns, such as an array given to `from_numpy`.

    Without it the storage of `from_numpy(a[2:])` would begin where `a` begins; PyTorch's begins at `a[2]`.
    """

    __slots__ = ("__array_interface__", "owner")

    def __init__(self, array: Array) -> None:
        self.owner = array
        # With strides, which NumPy itself leaves out of a contiguous array, and with them those of dimensions of one element.
        self.__array_interface__: dict[str, Any] = {
            "data": (address_of(array), not array.flags.writeable),
            "shape": array.shape,
            "strides": array.strides,
            "typestr": array.dtype.str,
            "version": 3,
        }


NOT_RESIZABLE = "Trying to resize storage that is not resizable"


def borrow(array: Array) -> Array:
    """The same memory as `array`, as the root of a storage of its own."""
    borrowed = np.asarray(Borrowed(array))
    return borrowed if borrowed.dtype == array.dtype else borrowed.view(array.dtype)  # the interface knows no bfloat16


def is_borrowed(array: Array) -> bool:
    """Whether the memory is somebody else's, so that it cannot grow."""
    return isinstance(root_of(array).base, Borrowed)


def root_of(array: Array) -> Array:
    """The array that owns `array`'s memory."""
    base: Any = array.base
    while base.__class__ is np.ndarray:
        array = base
        base = array.base
    return array


class Bytes:
    """The bytes that an array looks at together with whatever else shares them: from where to where they go."""

    __slots__ = ("_address", "_nbytes", "_root")

    def __init__(self, array: Array) -> None:
        self._root = root_of(array)
        if self._root.flags.c_contiguous:
            self._address, self._nbytes = address_of(self._root), self._root.nbytes
            return
        low, high = byte_bounds(self._root)
        self._address = low
        self._nbytes = high - low

    def data_ptr(self) -> int:
        """Address of the first byte."""
        return self._address

    def nbytes(self) -> int:
        """Size in bytes."""
        return self._nbytes

    def bytes(self) -> Array:
        """All of them as an array, sharing the memory."""
        return np.asarray(Memory(self._root, self._address, self._nbytes))

    def flat(self, dtype: np.dtype[Any]) -> Array:
        """The storage from its first byte as a one-dimensional array of `dtype`, sharing the memory."""
        usable = self._nbytes - self._nbytes % dtype.itemsize
        return self.bytes()[:usable].view(dtype)


def strided(array: Array, shape: tuple[int, ...], strides: tuple[int, ...], offset: int) -> Array:
    """A view on `array`'s storage with these sizes, strides and offset, all in elements of `array`'s dtype."""
    itemsize = array.itemsize
    storage = Bytes(array)
    in_bytes = byte_strides(shape, strides, itemsize)
    if 0 in shape:  # nothing is read: it may lie behind the end
        memory = Memory(root_of(array), storage.data_ptr(), max(storage.nbytes(), offset * itemsize))
        view = np.ndarray(shape, array.dtype, np.asarray(memory), offset * itemsize, in_bytes)
    else:
        view = np.ndarray(shape, array.dtype, storage.flat(array.dtype), offset * itemsize, in_bytes)
    view.flags.writeable = array.flags.writeable
    return view


def require_extent(array: Array, shape: Sequence[int], strides: Sequence[int], offset: int) -> None:
    """Raise RuntimeError where sizes, strides and offset, in elements, reach beyond `array`'s storage."""
    extent = 0 if 0 in shape else offset + 1 + sum((n - 1) * s for n, s in zip(shape, strides, strict=True))
    needed, available = extent * array.itemsize, Bytes(array).nbytes()
    if needed > available:
        raise RuntimeError(
            f"setStorage: sizes {list(shape)}, strides {list(strides)}, storage offset {offset}, and itemsize "
            f"{array.itemsize} requiring a storage size of {needed} are out of bounds for storage of size {available}"
        )


def offset_of(array: Array) -> int:
    """How many elements of the storage come before the array's first."""
    root = root_of(array)
    if not root.flags.c_contiguous:
        return (address_of(array) - Bytes(root).data_ptr()) // array.itemsize
    return 0 if array is root else (address_of(array) - address_of(root)) // array.itemsize
