"""What a tensor has to do with its storage: `storage()`, `set_`, and memory that processes share.

Rests on declare and on the storages of core.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autogradkit._ops.declare import function, op, python_method
from autogradkit._ops.declare.kinds import Object, Options, Sizes, Storage, SymInt
from autogradkit._ops.declare.writing import history_of
from autogradkit._ops.making.options import dtype_in, finished
from autogradkit.core.dtype import CPP_NAMES, SCALAR_TYPE_NAMES
from autogradkit.core.meta import MetaArray, hollow_of
from autogradkit.core.recording import reported
from autogradkit.core.storage import Array, offset_of, strided
from autogradkit.core.storages import UntypedStorage
from autogradkit.core.strides import contiguous_strides, element_strides
from autogradkit.core.tensor import Tensor, write_at_once
from autogradkit.core.typed_storages import LEGACY, TypedStorage, typed, warn_of_typed_storages
from autogradkit.engine.history import check_in_place, requires_grad
from autogradkit.engine.modes import MODE
from autogradkit.engine.reseating import reseating


def all_elements(storage: TypedStorage | UntypedStorage, kind: np.dtype[Any]) -> Array:
    """All elements that a storage has room for."""
    return storage.untyped().flat(kind)


@op(variants="method", composition=True)
def untyped_storage(self: Tensor) -> Object:
    """The bytes that it looks at."""
    return UntypedStorage.of(self._memory)


@python_method("_typed_storage")
def _typed_storage(self: Tensor) -> TypedStorage:
    """As `storage`, for code that knows that they are deprecated."""
    return typed(UntypedStorage.of(self._memory), self.dtype)


@python_method("storage")
def _storage(self: Tensor) -> TypedStorage:
    """The memory that it looks at, as elements of its dtype; `untyped_storage` is what PyTorch wants instead.

    >>> import warnings
    >>> import autogradkit as torch
    >>> with warnings.catch_warnings(action="ignore"):
    ...     print(torch.arange(6).reshape(2, 3)[1].storage().tolist())
    [0, 1, 2, 3, 4, 5]
    """
    warn_of_typed_storages()
    return typed(UntypedStorage.of(self._memory), self.dtype)


@python_method("storage_type")
def _storage_type(self: Tensor) -> Any:
    """The older class of its storage, such as `FloatStorage`."""
    return LEGACY[self.dtype]


@python_method("is_shared")
def _is_shared(self: Tensor) -> bool:
    """Whether its memory is one that processes share; see `share_memory_`."""
    return UntypedStorage.of(self._memory).is_shared()


@python_method("share_memory_")
def _share_memory_(self: Tensor) -> Tensor:
    """Move its memory to where processes that are forked from now on share it with this one, with all that look at it.

    >>> import autogradkit as torch
    >>> x = torch.zeros(4)
    >>> x[:2].share_memory_()
    tensor([0., 0.])
    >>> x.is_shared()
    True
    """
    UntypedStorage.of(self._memory).share_memory_()
    return self


@op(factory=True, variants="function")
def from_file(filename: str, shared: bool | None = None, size: int | None = 0, **options: Options) -> Any:
    """The first `size` elements that a file holds, in a vector; `shared`: what is written into it goes to the file.

    A shared file is made, and made longer, as it needs be. Raises RuntimeError for a file that is not there or too short.

    >>> import os, tempfile
    >>> import autogradkit as torch
    >>> path = os.path.join(tempfile.mkdtemp(), "numbers")
    >>> _ = torch.from_file(path, shared=True, size=3).copy_(torch.arange(3.0))
    >>> torch.from_file(path, size=2)
    tensor([0., 1.])
    """
    kind = dtype_in(options).numpy
    storage = UntypedStorage.from_file(filename, bool(shared), (size or 0) * kind.itemsize)
    return finished(all_elements(storage, kind)[: size or 0], options)


# -- another storage ---------------------------------------------------------------------------------------------------


def _require_type(self: Tensor, source: TypedStorage | UntypedStorage) -> None:
    if isinstance(source, TypedStorage) and source.dtype is not self.dtype:
        raise RuntimeError(
            f"Expected a Storage of type {CPP_NAMES[self.dtype]} or an UntypedStorage, but got type "
            f"{SCALAR_TYPE_NAMES[source.dtype]} for argument 1 'storage'"
        )


def _set(self: Tensor, array: Array, sources: Sequence[Tensor] = ()) -> Tensor:
    check_in_place(self, MODE.grad and any(map(requires_grad, (self, *sources))))

    def move(self: Tensor, *sources: Tensor) -> Tensor:
        write_at_once(self, [*reseating(self, array, apart=True), *history_of("set_", sources, self, array.shape)])
        return self

    return reported("set", "inplace", move, self, *sources)


def _part(
    self: Tensor, storage: UntypedStorage, storage_offset: int, size: Sequence[int], stride: Sequence[int]
) -> Array:
    """What sizes, strides and an offset show of a storage, which grows where they reach beyond it."""
    size, stride = tuple(size), tuple(stride) or contiguous_strides(tuple(size))
    if len(size) != len(stride):
        raise RuntimeError(f"unequal size length ({len(size)}) and stride length ({len(stride)})")
    if any(each < 0 for each in size):
        raise RuntimeError("numel: integer multiplication overflow")
    if storage_offset < 0:
        raise RuntimeError(f"Tensor: invalid storage offset {storage_offset}")
    check_in_place(self, MODE.grad and requires_grad(self))
    kind = self._memory.dtype
    extent = 0 if 0 in size else storage_offset + 1 + sum((n - 1) * s for n, s in zip(size, stride, strict=True))
    if extent * kind.itemsize > storage.nbytes():
        storage.resize_(extent * kind.itemsize)
    return strided(storage.flat(kind), size, stride, storage_offset)


def _require_dtype(self: Tensor, source: Tensor) -> None:
    if source.dtype is not self.dtype:
        raise RuntimeError(
            f"Could not set tensor of type {CPP_NAMES[source.dtype]} to a tensor of type {CPP_NAMES[self.dtype]}"
        )


set_ = function("set_", variants="method")


@set_.overload(composition=True)
def _(self: Tensor) -> Any:
    """The tensor itself on other memory: a storage, or what another tensor looks at; without arguments on none.

    >>> import autogradkit as torch
    >>> x, y = torch.zeros(2), torch.arange(4.0)
    >>> x.set_(y.untyped_storage(), 1, (3,)).mul_(2)
    tensor([2., 4., 6.])
    >>> y
    tensor([0., 2., 4., 6.])
    """
    return _set(self, np.empty(0, self._memory.dtype))


@set_.overload(composition=True)
def _(self: Tensor, source: Storage) -> Any:
    _require_type(self, source)
    return _set(self, all_elements(source, self._memory.dtype))


@set_.overload(composition=True)
def _(self: Tensor, source: Storage, storage_offset: SymInt, size: Sizes, stride: Sizes = ()) -> Any:
    _require_type(self, source)
    return _set(self, _part(self, source.untyped(), storage_offset, size, stride))


@set_.overload(composition=True)
def _(self: Tensor, source: Tensor) -> Any:
    _require_dtype(self, source)
    array = source._memory
    if self.is_meta and source.is_meta:
        without: Any = MetaArray(hollow_of(source)[...])
        return _set(self, without, [source])
    return _set(self, strided(array, array.shape, element_strides(array), offset_of(array)), [source])


@set_.overload(composition=True)
def _(self: Tensor, source: Tensor, storage_offset: SymInt, size: Sizes, stride: Sizes = ()) -> Any:
    _require_dtype(self, source)
    return _set(self, _part(self, UntypedStorage.of(source._memory), storage_offset, size, stride), [source])
