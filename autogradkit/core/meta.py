"""Tensors on the device "meta": they have sizes, strides and a dtype, and no numbers.

Rests on tensor and parameter. The `_array` of one is a `MetaArray`: it has a shape and a dtype as an ndarray has, and keeps a
hollow array, over addresses that nobody writes and that take no memory, however many they are, so that views and strides are what
they are elsewhere. As with sparse tensors (sparse.py) the classes are their own, so that the straight lines of ops never see one:
it comes to the general way of calls, where `_ops/declare/meta.py` finds what a result would look like. `META` is empty until
the first one is made; tensors with numbers pay for nothing.
"""

from __future__ import annotations

import math
import mmap
from collections.abc import Sequence
from typing import Any, Never, cast

import numpy as np

from autogradkit.core.device import META as DEVICE
from autogradkit.core.errors import NoArrayError
from autogradkit.core.memory import Array, too_large
from autogradkit.core.parameter import WITHOUT_NUMBERS, Parameter
from autogradkit.core.sparse import OTHER_CLASSES
from autogradkit.core.storage import offset_of
from autogradkit.core.strides import contiguous_strides, dense_strides_like, element_strides
from autogradkit.core.tensor import Tensor, read_only, wrap

META: list[bool] = []  # empty until there is a tensor without numbers

NO_DATA = "Cannot copy out of meta tensor; no data!"
NO_ITEM = "Tensor.item() cannot be called on meta tensors"
_NO_ARRAY = "can't convert meta device type tensor to numpy. Use Tensor.cpu() to copy the tensor to host memory first."
_FLAGS = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | getattr(mmap, "MAP_NORESERVE", 0)


def hollow(shape: Sequence[int], dtype: np.dtype[Any], strides: Sequence[int] | None = None) -> Array:
    """An array of these sizes and strides, in elements, whose memory is never there. Raises RuntimeError past all addresses."""
    strides = contiguous_strides(tuple(shape)) if strides is None else strides
    in_bytes = tuple([each * dtype.itemsize for each in strides])
    if not math.prod(shape):
        return np.ndarray(shape, dtype, np.empty(1, dtype), 0, in_bytes)
    extent = dtype.itemsize + sum((n - 1) * step for n, step in zip(shape, in_bytes, strict=True))
    try:
        addresses = mmap.mmap(-1, extent, flags=_FLAGS, prot=mmap.PROT_READ)
    except (OSError, OverflowError):
        raise too_large(tuple(shape), dtype.itemsize) from None
    return np.ndarray(shape, dtype, addresses, 0, in_bytes)


class NoMemoryError(NoArrayError):
    """Raised where elements are asked for that are not there."""

    def __init__(self) -> None:
        super().__init__(NO_DATA)


class MetaArray:
    """What stands for the array of a tensor without numbers."""

    __slots__ = ("__weakref__", "hollow")

    hollow: Array  # shape and strides are its; nobody reads it

    def __init__(self, array: Array) -> None:
        self.hollow = array

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes."""
        return self.hollow.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """NumPy's dtype."""
        return self.hollow.dtype

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return self.hollow.ndim

    @property
    def size(self) -> int:
        """The number of elements."""
        return self.hollow.size

    @property
    def itemsize(self) -> int:
        """Bytes of an element."""
        return self.hollow.itemsize

    @property
    def strides(self) -> tuple[int, ...]:
        """Bytes between neighbours."""
        return self.hollow.strides

    @property
    def flags(self) -> Any:
        """Whether its elements would lie one after the other, and the like."""
        return self.hollow.flags

    def _lies_nowhere(self, *_: Any, **__: Any) -> Never:
        raise NoMemoryError

    def __getattr__(self, name: str) -> Never:
        raise NoMemoryError

    __getitem__ = __setitem__ = __array__ = __array_ufunc__ = _lies_nowhere


class NoNumbers:
    """What a tensor on the meta device says of itself, and refuses. Its class is called Tensor, or Parameter, as in PyTorch."""

    __slots__ = ()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Never:
        raise TypeError(_NO_ARRAY)

    def numpy(self, *, force: bool = False) -> Never:
        """Refuses: there are no numbers."""
        raise TypeError(_NO_ARRAY)

    def tolist(self) -> Never:
        """Refuses: there are no numbers."""
        raise NotImplementedError(NO_DATA)

    def cpu(self, *, memory_format: Any = None) -> Never:
        """Refuses: there are no numbers."""
        raise NotImplementedError(NO_DATA)

    def item(self) -> Never:
        """Refuses: there is no number."""
        size = cast("Any", self)._array.size
        if size != 1:
            raise RuntimeError(f"a Tensor with {size} elements cannot be converted to Scalar")
        raise RuntimeError(NO_ITEM)

    def _to_number(self, name: str) -> Never:
        self.item()

    def __bool__(self) -> Never:
        self.item()

    def __index__(self) -> Never:
        self.item()

    def stride(self, dim: int | None = None) -> Any:
        """How many elements lie between neighbours of each dimension, or of one."""
        strides = element_strides(hollow_of(self))
        return strides if dim is None else strides[dim]

    def storage_offset(self) -> int:
        """Where its first element stands in the storage."""
        return offset_of(hollow_of(self))

    def is_contiguous(self, *, memory_format: Any = None) -> bool:
        """Whether its elements would lie one after the other."""
        return wrap(hollow_of(self)).is_contiguous(
            **({} if memory_format is None else {"memory_format": memory_format})
        )

    def __repr__(self) -> str:
        from autogradkit.core.printing import no_numbers_repr  # loaded when something is printed

        tensor = cast("Any", self)
        text = no_numbers_repr(tensor)
        return f"Parameter containing:\n{text}" if isinstance(self, Parameter) else text

    def type(self, dtype: Any = None, non_blocking: bool = False, **options: Any) -> Any:
        """The name of its type, "torch.meta.FloatTensor"; with `dtype` the tensor in that."""
        if dtype is None:
            return cast("Any", self).dtype.tensor_type.replace("torch.", "torch.meta.")
        return Tensor.type(cast("Any", self), dtype, non_blocking, **options)

    def data_ptr(self) -> int:
        """0: no memory is there."""
        return 0

    def __format__(self, spec: str) -> str:
        return object.__format__(self, spec)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        if id(self) not in memo:
            memo[id(self)] = _rebuilt(*self.__reduce_ex__(2)[1])
        return memo[id(self)]

    def __reduce_ex__(self, protocol: Any) -> Any:
        tensor = cast("Tensor", self)
        array = hollow_of(tensor)
        known = array.shape, array.dtype, element_strides(array), tensor._requires_grad
        return _rebuilt, (*known, isinstance(self, Parameter))


class MetaTensor(NoNumbers, Tensor):
    """A tensor without numbers."""

    __slots__ = ()


class MetaParameter(NoNumbers, Parameter):
    """A parameter without numbers."""

    __slots__ = ()


def _answer(name: str, value: Any, doc: str) -> None:
    def get(_: Any) -> Any:
        return value

    get.__doc__ = doc
    setattr(NoNumbers, name, read_only(name, get))


_answer("device", DEVICE, "Always meta.")
_answer("is_meta", True, "Always True.")
_answer("is_cpu", False, "Always False.")
for _class, _own in ((MetaTensor, Tensor), (MetaParameter, Parameter)):
    _class.__name__ = _class.__qualname__ = _own.__name__
    _class.__module__ = _own.__module__
CLASSES = frozenset({MetaTensor, MetaParameter})
OTHER_CLASSES[MetaArray] = MetaTensor
WITHOUT_NUMBERS.append(MetaParameter)


def wrap_meta(array: Array) -> Tensor:
    """A tensor around an array that is hollow."""
    if not META:
        META.append(True)
    return wrap(cast("Any", MetaArray(array)), MetaTensor)


def wrap_either(array: Any) -> Tensor:
    """A tensor around an array with numbers, or around what stands for one."""
    return wrap(array, MetaTensor) if array.__class__ is MetaArray else wrap(array)


def hollow_of(tensor: Any) -> Array:
    """The hollow array of a tensor without numbers."""
    return tensor._array.hollow


def emptied(array: Array) -> Tensor:
    """A tensor without numbers, laid out as a dense copy of `array`."""
    return wrap_meta(hollow(array.shape, array.dtype, dense_strides_like(array.shape, element_strides(array))))


def _rebuilt(
    shape: tuple[int, ...], dtype: np.dtype[Any], strides: tuple[int, ...], requires_grad: bool, is_parameter: bool
) -> Tensor:
    tensor = wrap_meta(hollow(shape, dtype, strides))
    if is_parameter:
        return Parameter(tensor, requires_grad)
    tensor._requires_grad = requires_grad
    return tensor


def has_meta(values: Sequence[Any]) -> bool:
    """Whether some of these values, or of those in lists among them, has no numbers."""
    for each in values:  # noqa: SIM110 - `any` would take three times as long, for every call
        if each.__class__ in CLASSES or (each.__class__ in (list, tuple) and has_meta(each)):
            return True
    return False
