"""Storages as users hold them: `UntypedStorage`, the bytes behind tensors, and what they may do to all of these at once.

Rests on storage and tensor. No storage object stands behind a tensor; one is made when somebody asks, and two of the same memory
are equal. To give the memory another size, or a place that processes share, all tensors that look at it are found, and shown
the new one: it looks through all that is alive, but only where somebody does this by hand.
"""

from __future__ import annotations

import gc
import mmap
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from autogradkit.core.address import address_of
from autogradkit.core.device import CPU, require_cpu
from autogradkit.core.device import device as Device
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.errors import c_type_name
from autogradkit.core.frames import entry
from autogradkit.core.memory import too_large
from autogradkit.core.meta import NoNumbers
from autogradkit.core.sparse import SparseTensor
from autogradkit.core.steps import Step, at_once
from autogradkit.core.storage import NOT_RESIZABLE, Array, Borrowed, Bytes, Memory, borrow, is_borrowed
from autogradkit.core.tensor import Tensor

_BYTE = np.dtype(np.uint8)


class UntypedStorage(Bytes):
    """The bytes that one or several tensors look at; of a number new ones, not written yet, of a sequence of ints their copy.

    >>> import autogradkit as torch
    >>> x = torch.zeros(2, 3)
    >>> x.t().untyped_storage().data_ptr() == x.untyped_storage().data_ptr()
    True
    >>> x.untyped_storage().nbytes()
    24
    >>> torch.UntypedStorage([1, 2]).tolist()
    [1, 2]
    """

    __slots__ = ()

    is_cuda = is_sparse = is_sparse_csr = is_hpu = False
    filename = None

    def __sizeof__(self) -> int:
        return 48 + self.size()  # so that `sys.getsizeof` says what it says in PyTorch: 64 bytes and the memory

    @entry
    def __init__(self, *given: Any, device: Any = None, **more: Any) -> None:
        if len(given) > 1 or more:
            kinds = [c_type_name(each) for each in given]
            kinds += [f"{name}={c_type_name(value)}" for name, value in more.items()]
            raise TypeError(
                f"torch.UntypedStorage() received an invalid combination of arguments - got ({', '.join(kinds)}), but expected "
                "one of:\n * (*, int allocator = None, torch.device device = None)\n * (int size, *, int allocator = None, "
                "torch.device device = None)\n * (object sequence, *, int allocator = None, torch.device device = None)\n"
            )
        require_cpu(device)
        super().__init__(_bytes_of(given[0]) if given and not isinstance(given[0], int) else _allocated(*given))

    @classmethod
    def of(cls, array: Array) -> UntypedStorage:
        """The storage that an array looks at."""
        made = object.__new__(cls)
        Bytes.__init__(made, array)
        return made

    @classmethod
    def from_file(cls, filename: str, shared: bool = False, nbytes: int = 0) -> UntypedStorage:
        """The first bytes of a file, mapped: with `shared` what is written goes into it, and a shorter file grows.

        Raises RuntimeError where it cannot be opened, or is too short.
        """
        try:
            if shared and not os.path.exists(filename):
                open(filename, "xb").close()
            size = os.path.getsize(filename)
            if shared and size < nbytes:
                os.truncate(filename, nbytes)
            elif size < nbytes:
                raise RuntimeError(
                    f"file <{filename}> size <{size}> is smaller than the required mapping size <{nbytes}>"
                )
            if nbytes < 0:
                raise RuntimeError(f"unable to mmap {nbytes} bytes from file <{filename}>: Cannot allocate memory (12)")
            if not nbytes:
                return cls.of(_allocated())
            return cls.of(borrow(np.memmap(filename, _BYTE, "r+" if shared else "c", shape=(nbytes,)).view(np.ndarray)))
        except OSError as error:
            mode = "read-write" if shared else "read-only"
            raise RuntimeError(
                f"unable to open file <{filename}> in {mode} mode: {error.strerror} ({error.errno})"
            ) from None

    @property
    def _cdata(self) -> int:
        """What tells two storages apart."""
        return id(self._root)

    @property
    def device(self) -> Device:
        """Always the CPU."""
        return CPU

    def get_device(self) -> None:
        """None: it is on no numbered device."""

    size = Bytes.nbytes
    __len__ = Bytes.nbytes

    def element_size(self) -> int:
        """1: its elements are bytes."""
        return 1

    def type(self) -> str:
        """The name of its type."""
        return "torch.storage.UntypedStorage"

    def untyped(self) -> UntypedStorage:
        """Itself."""
        return self

    def resizable(self) -> bool:
        """Whether `resize_` may be called: not of memory that NumPy, a file or another process owns too."""
        return not is_borrowed(self._root)

    # -- its bytes --------------------------------------------------------------------------------------------------

    @entry
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            if index.step not in (None, 1):
                raise RuntimeError(f"Trying to slice with a step of {index.step}, but only a step of 1 is supported")
            return UntypedStorage.of(borrow(self.bytes()[index]))
        if not isinstance(index, int):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"can't index a torch.UntypedStorage with {c_type_name(index)}")
        if not -self._nbytes <= index < self._nbytes:
            raise IndexError(f"index {index} out of range for storage of size {self._nbytes}")
        return int(self.bytes()[index])

    @entry
    def __setitem__(self, index: int | slice, value: int) -> None:
        if not isinstance(value, int):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise RuntimeError(f"can only set storage content with a int types, but got {c_type_name(value)} instead")
        if isinstance(index, int) and not -self._nbytes <= index < self._nbytes:
            raise RuntimeError("out of bounds")
        self.bytes()[index] = value % 256

    def __iter__(self) -> Iterator[int]:
        return iter(self.tolist())

    def tolist(self) -> list[int]:
        """Every byte as an int."""
        return self.bytes().tolist()

    def fill_(self, value: int) -> UntypedStorage:
        """Write `value` into every byte."""
        self.bytes()[...] = value % 256
        return self

    @entry
    def copy_(self, source: UntypedStorage, non_blocking: bool | None = None) -> UntypedStorage:
        """Write the bytes of another storage of the same size. Raises RuntimeError for one of another size."""
        if source.nbytes() != self._nbytes:
            raise RuntimeError(
                f"size does not match, self was {self._nbytes} bytes but src was {source.nbytes()} bytes"
            )
        self.bytes()[...] = source.bytes()
        return self

    def clone(self) -> UntypedStorage:
        """A copy with memory of its own."""
        return UntypedStorage.of(self.bytes().copy())

    def cpu(self) -> UntypedStorage:
        """Itself: it is on the CPU."""
        return self

    @entry
    def byteswap(self, dtype: Dtype) -> None:
        """Turn the order of the bytes in each element of `dtype` around."""
        self.flat(dtype.numpy).byteswap(inplace=True)

    # -- where they are ---------------------------------------------------------------------------------------------

    @entry
    def resize_(self, size: int) -> UntypedStorage:
        """Give it as many bytes; what is new is not written yet, and all its tensors stay.

        Raises RuntimeError where a tensor looks at bytes that would be gone.
        """
        if not isinstance(size, int):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise RuntimeError(f"resize_ expects an int, but got {c_type_name(size)}")
        if not self.resizable():
            raise RuntimeError(NOT_RESIZABLE)
        if size != self._nbytes:
            self._move(_allocated(size))
        return self

    def share_memory_(self) -> UntypedStorage:
        """Move it into memory that processes which are forked from now on share with this one."""
        if not self.is_shared():
            self._move(borrow(np.frombuffer(mmap.mmap(-1, max(self._nbytes, 1)), _BYTE)[: self._nbytes]))
        return self

    def is_shared(self) -> bool:
        """Whether it is in memory that processes share."""
        owner: Any = self._root
        while owner is not None and type(owner) is not mmap.mmap:
            owner = _behind(owner)
        return owner is not None

    def is_pinned(self, device: Any = None) -> bool:
        """Always False: nothing is pinned without an accelerator."""
        return False

    def _move(self, new: Array) -> None:
        """Have everything that looks at these bytes look at `new`, which begins with them."""
        old, size = self.bytes(), new.nbytes
        kept = min(self._nbytes, size)
        new[:kept] = old[:kept]
        steps: list[Step] = []
        for tensor in [each for each in gc.get_objects() if issubclass(type(each), Tensor)]:
            if isinstance(tensor, (SparseTensor, NoNumbers)):
                continue
            array = tensor._memory
            if UntypedStorage.of(array) != self:
                continue
            place = address_of(array) - self._address
            if array.size and place + _reach(array) > size:
                raise RuntimeError(
                    f"a tensor of sizes {list(array.shape)} looks at bytes of the storage that would be gone with a size of "
                    f"{size} bytes"
                )
            seen = np.ndarray(array.shape, array.dtype, new, place if array.size else 0, array.strides)
            steps += [(setattr, tensor, "_layout", None), (setattr, tensor, "_array", seen)]
        moved = Bytes(new)
        at_once([*steps, *[(setattr, self, name, getattr(moved, name)) for name in Bytes.__slots__]])

    # -- copies and equality ----------------------------------------------------------------------------------------

    def __copy__(self) -> UntypedStorage:
        return self.clone()

    def __deepcopy__(self, memo: dict[int, Any]) -> UntypedStorage:
        return memo.setdefault(id(self), self.clone())

    def __reduce__(self) -> tuple[Callable[[list[int]], UntypedStorage], tuple[list[int]]]:
        return UntypedStorage, (self.tolist(),)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UntypedStorage) and self._address == other._address and self._nbytes == other._nbytes

    def __hash__(self) -> int:
        return hash((self._address, self._nbytes))

    def __repr__(self) -> str:
        lines = " " + "\n ".join(map(str, self.tolist()))
        return f"{lines}\n[torch.storage.UntypedStorage(device=cpu) of size {self._nbytes}]"


def _behind(owner: Any) -> Any:
    """Whose memory that is which `owner` looks at."""
    if type(owner) is memoryview:
        return owner.obj
    return owner.owner if type(owner) in (Memory, Borrowed) else getattr(owner, "base", None)


def _bytes_of(given: Any) -> Array:
    if not isinstance(given, (Sequence, np.ndarray)):
        raise RuntimeError(f"torch.UntypedStorage(): Expected a sequence type, but got {c_type_name(given)}")
    values: Any = given  # pyright: ignore[reportUnknownVariableType]
    for each in values:
        if not isinstance(each, int):
            raise RuntimeError(
                f"torch.UntypedStorage(): tried to construct a storage from a sequence ({c_type_name(values)}), but one of the "
                f"items was of type {c_type_name(each)} instead of int"
            )
    return np.array([each % 256 for each in values], _BYTE)


def _allocated(size: int = 0) -> Array:
    if size < 0:
        raise RuntimeError(
            "[enforce fail at alloc_cpu.cpp:98] ((ptrdiff_t)nbytes) >= 0. alloc_cpu() seems to have been called with negative "
            f"number: {size % 2**64}"
        )
    try:
        return np.empty(size, _BYTE)
    except (MemoryError, ValueError):
        raise too_large((size,), 1) from None


def _reach(array: Array) -> int:
    """How many bytes lie between an array's first byte and its last."""
    return array.itemsize + sum((n - 1) * step for n, step in zip(array.shape, array.strides, strict=True))
