"""`TypedStorage`, a storage that knows its elements' dtype, and the older names for one: `FloatStorage`, `LongStorage` ...

PyTorch deprecates them in favour of `UntypedStorage`, on which they rest here too; old scripts read `x.storage()`. The first use
says so, once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from autogradkit.core import dtype as dtypes
from autogradkit.core.device import device as Device
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.dtype import get_default_dtype
from autogradkit.core.frames import entry
from autogradkit.core.storage import Array
from autogradkit.core.storages import UntypedStorage
from autogradkit.core.warning import warn

_DEPRECATED = (
    "TypedStorage is deprecated. It will be removed in the future and UntypedStorage will be the only storage class. This "
    "should only matter to you if you are using storages directly.  To access UntypedStorage directly, use "
    "tensor.untyped_storage() instead of tensor.storage()"
)
_said: list[str] = []


def warn_of_typed_storages() -> None:
    """Say, the first time, that they are deprecated."""
    if not _said:
        _said.append(_DEPRECATED)
        warn(_DEPRECATED)


_FORMS = """ received an invalid combination of arguments. Expected one of:
 * {}
 * (int size{})
 * (Sequence data{})
 * (*, UntypedStorage wrap_storage{})
"""


class TypedStorage:
    """The memory of tensors as elements of one dtype: of a number new ones, of a sequence their copy.

    >>> import warnings, autogradkit as torch
    >>> with warnings.catch_warnings(action="ignore"):  # it is deprecated
    ...     torch.FloatStorage([1, 2]).tolist()
    [1.0, 2.0]
    """

    __slots__ = ("_untyped_storage", "dtype")

    dtype: Dtype
    is_cuda = is_sparse = is_hpu = False
    filename = None
    _says = "TypedStorage.__init__" + _FORMS.format(
        "(*, torch.device device, torch.dtype dtype)", *[", *, torch.device device, torch.dtype dtype"] * 2, ", torch.dtype dtype"
    )  # fmt: skip

    @entry
    def __init__(
        self, *args: Any, device: Any = None, dtype: Dtype | None = None, wrap_storage: UntypedStorage | None = None
    ) -> None:
        warn_of_typed_storages()
        if wrap_storage is not None:
            if args:
                raise RuntimeError(f"{self._says}\nNo positional arguments should be given when using 'wrap_storage'")
            if dtype is None:
                raise RuntimeError(f"{self._says}\nArgument 'dtype' must be specified")
            if not isinstance(wrap_storage, UntypedStorage):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise TypeError(
                    f"{self._says}\nArgument 'wrap_storage' must be UntypedStorage, but got {type(wrap_storage)}"
                )
            self.dtype, self._untyped_storage = dtype, wrap_storage
            return
        if len(args) > 1:
            raise RuntimeError(f"{self._says}\nToo many positional arguments")
        self.dtype = get_default_dtype() if dtype is None else dtype
        size: Any = args[0] if args else 0
        if isinstance(size, int):
            self._untyped_storage = UntypedStorage(size * self.dtype.itemsize, device=device)
        elif isinstance(size, Sequence):
            self._untyped_storage = UntypedStorage.of(CONTENTS[0](size, self.dtype))
        else:
            raise TypeError(f"{self._says}\nArgument type not recognized: {type(size)}")

    def _typed(self, storage: UntypedStorage) -> TypedStorage:
        return typed(storage, self.dtype)

    def _elements(self) -> Array:
        return self._untyped_storage.flat(self.dtype.numpy)

    def untyped(self) -> UntypedStorage:
        """Its bytes."""
        return self._untyped_storage

    @property
    def device(self) -> Device:
        """Always the CPU."""
        return self._untyped_storage.device

    def get_device(self) -> None:
        """None: it is on no numbered device."""

    @property
    def _cdata(self) -> int:
        return self._untyped_storage._cdata  # pyright: ignore[reportPrivateUsage]

    def data_ptr(self) -> int:
        """Address of the first element; 0 where there is none."""
        return self._untyped_storage.data_ptr() if self._untyped_storage.nbytes() else 0

    def __sizeof__(self) -> int:
        return 40 + self.nbytes()  # `sys.getsizeof` says 56 bytes and the memory, as in PyTorch

    def element_size(self) -> int:
        """Bytes per element."""
        return self.dtype.itemsize

    def nbytes(self) -> int:
        """Size in bytes."""
        return self._untyped_storage.nbytes()

    def size(self) -> int:
        """The number of elements."""
        return self._untyped_storage.nbytes() // self.dtype.itemsize

    __len__ = size

    def pickle_storage_type(self) -> str:
        """The older name of a storage of this dtype."""
        if self.dtype in dtypes.WIDE_UNSIGNED:
            raise KeyError(f"dtype {self.dtype} is not recognized")
        return f"{self.dtype.tensor_type[6:-6]}Storage"

    def type(self) -> str:
        """The name of its type."""
        name = "storage.TypedStorage" if self.dtype in dtypes.WIDE_UNSIGNED else self.pickle_storage_type()
        return f"torch.{name}"

    def resizable(self) -> bool:
        """Whether `resize_` may be called."""
        return self._untyped_storage.resizable()

    # -- its elements -----------------------------------------------------------------------------------------------

    @entry
    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            raise RuntimeError("slices are only supported in UntypedStorage.__getitem__")
        if not isinstance(index, int):
            raise RuntimeError(f"can't index a {_class_text(type(self))} with {type(index)}")
        if not -self.size() <= index < self.size():
            raise IndexError(f"index {index} out of range for storage of size {self.size()}")
        return self._elements()[index].item()

    @entry
    def __setitem__(self, index: int | slice, value: Any) -> None:
        if not isinstance(index, (int, slice)):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise RuntimeError(f"can't index a {_class_text(type(self))} with {type(index)}")
        if isinstance(value, (TypedStorage, UntypedStorage)):
            raise RuntimeError(f"cannot set item with value type {_class_text(type(value))}")
        elements = self._elements()
        if isinstance(index, int) and not -len(elements) <= index < len(elements):
            raise IndexError(f"index {index} is out of bounds for dimension 0 with size {len(elements)}")
        elements[index] = value

    def __iter__(self) -> Iterator[Any]:
        return iter(self.tolist())

    def tolist(self) -> list[Any]:
        """Every element as a Python number."""
        return self._elements().tolist()

    def fill_(self, value: Any) -> TypedStorage:
        """Write `value` into every element."""
        self[:] = value
        return self

    @entry
    def copy_(self, source: TypedStorage | UntypedStorage, non_blocking: bool | None = None) -> TypedStorage:
        """Write the bytes of another storage of the same size. Raises RuntimeError for one of another size."""
        self._untyped_storage.copy_(source.untyped())
        return self

    def clone(self) -> TypedStorage:
        """A copy with memory of its own."""
        return self._typed(self._untyped_storage.clone())

    def cpu(self) -> TypedStorage:
        """Itself, on the same memory: it is on the CPU."""
        return self._typed(self._untyped_storage)

    # -- where they are ---------------------------------------------------------------------------------------------

    @entry
    def resize_(self, size: int) -> None:
        """Give it as many elements; see `UntypedStorage.resize_`."""
        self._untyped_storage.resize_(size * self.dtype.itemsize)

    def share_memory_(self) -> TypedStorage:
        """Move it into memory that processes share; see `UntypedStorage.share_memory_`."""
        self._untyped_storage.share_memory_()
        return self

    def is_shared(self) -> bool:
        """Whether it is in memory that processes share."""
        return self._untyped_storage.is_shared()

    def is_pinned(self, device: Any = None) -> bool:
        """Always False: nothing is pinned without an accelerator."""
        return False

    # -- copies -----------------------------------------------------------------------------------------------------

    __copy__ = clone

    def __deepcopy__(self, memo: dict[int, Any]) -> TypedStorage:
        return self._typed(self._untyped_storage.__deepcopy__(memo))

    def __reduce__(self) -> tuple[Callable[..., TypedStorage], tuple[UntypedStorage, Dtype]]:
        return typed, (self._untyped_storage, self.dtype)

    def __repr__(self) -> str:
        lines = " " + "\n ".join(map(str, self.tolist()))
        return f"{lines}\n[torch.storage.TypedStorage(dtype={self.dtype}, device=cpu) of size {self.size()}]"


# The floor above reads nested sequences: the creation ops fill this in.
CONTENTS: list[Callable[[Any, Dtype], Array]] = []


def typed(storage: UntypedStorage, kind: Dtype) -> TypedStorage:
    """A storage of that dtype on these bytes."""
    made = object.__new__(TypedStorage)
    made.dtype = kind
    made._untyped_storage = storage  # pyright: ignore[reportPrivateUsage]
    return made


def _class_text(cls: type) -> str:
    return f"<class 'torch.storage.{cls.__name__}'>"


class _Legacy(type):
    """The class of `FloatStorage` and its kin: what they make, and what is one of them, is a `TypedStorage` of their dtype."""

    dtype: Dtype

    def __instancecheck__(cls, instance: object) -> bool:
        return type(instance) is TypedStorage and instance.dtype is cls.dtype

    @entry
    def __call__(cls, *args: Any, device: Any = None, dtype: Any = None, wrap_storage: Any = None) -> TypedStorage:
        says = f"{cls!r}.__new__" + _FORMS.format("no arguments", "", "", "").rstrip("\n")
        for name, value in (("device", device), ("dtype", dtype)):
            if value is not None:
                raise RuntimeError(f"{says}\nKeyword argument '{name}' cannot be specified")
        if wrap_storage is None and len(args) > 1:
            raise RuntimeError(f"{says}\nToo many positional arguments")
        if args and not isinstance(args[0], (int, Sequence)):
            raise TypeError(f"{says}\nArgument type not recognized: {_shown_type(args[0])}")
        return TypedStorage(*args, dtype=cls.dtype, wrap_storage=wrap_storage)

    def __repr__(cls) -> str:
        return f"<class 'torch.{cls.__name__}'>"


def _shown_type(value: Any) -> str:
    return str(value.__class__).replace("autogradkit.core.tensor", "torch")


def _legacy(kind: Dtype) -> Any:
    return _Legacy(f"{kind.tensor_type[6:-6]}Storage", (TypedStorage,), {"__slots__": (), "dtype": kind})


HalfStorage, BFloat16Storage = _legacy(dtypes.float16), _legacy(dtypes.bfloat16)
FloatStorage, DoubleStorage = _legacy(dtypes.float32), _legacy(dtypes.float64)
ComplexFloatStorage, ComplexDoubleStorage = _legacy(dtypes.complex64), _legacy(dtypes.complex128)
ByteStorage, CharStorage, BoolStorage = _legacy(dtypes.uint8), _legacy(dtypes.int8), _legacy(dtypes.bool_)
ShortStorage, IntStorage, LongStorage = _legacy(dtypes.int16), _legacy(dtypes.int32), _legacy(dtypes.int64)
LEGACY = {
    each.dtype: each
    for each in (
        HalfStorage, BFloat16Storage, FloatStorage, DoubleStorage, ComplexFloatStorage, ComplexDoubleStorage, ByteStorage,
        CharStorage, BoolStorage, ShortStorage, IntStorage, LongStorage,
    )
}  # fmt: skip


def _converting(kind: Dtype) -> Callable[[Any], TypedStorage]:
    def convert(self: TypedStorage | UntypedStorage) -> TypedStorage:
        held = self.dtype if isinstance(self, TypedStorage) else dtypes.uint8
        elements = self.untyped().flat(held.numpy)
        return typed(UntypedStorage.of(elements.astype(kind.numpy)), kind)

    convert.__doc__ = f"Its elements as {kind}, in memory of their own."
    return convert


for _name, _kind in {
    "half": dtypes.float16, "bfloat16": dtypes.bfloat16, "float": dtypes.float32, "double": dtypes.float64,
    "complex_float": dtypes.complex64, "complex_double": dtypes.complex128, "byte": dtypes.uint8, "char": dtypes.int8,
    "short": dtypes.int16, "int": dtypes.int32, "long": dtypes.int64, "bool": dtypes.bool_,
}.items():  # fmt: skip
    setattr(TypedStorage, _name, _converting(_kind))
    setattr(UntypedStorage, _name, _converting(_kind))


def is_storage(obj: Any, /) -> bool:
    """Whether `obj` is a storage.

    >>> import autogradkit as torch
    >>> torch.is_storage(torch.ones(1).untyped_storage()), torch.is_storage(torch.ones(1))
    (True, False)
    """
    return isinstance(obj, (TypedStorage, UntypedStorage))
