"""PyTorch's oldest constructors, which take sizes or data: `Tensor(2, 3)`, `Tensor([1.0])`, `FloatTensor`, `x.new(...)`.

Rests on contents and storing; core's `Tensor.__new__` calls what is handed up here. `FloatTensor` and its kin are types without
instances of their own: what they make is a `Tensor`, and a tensor of their dtype is an instance of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autogradkit._ops.declare import python_method
from autogradkit._ops.declare.kinds import Array, Device, Object, Sizes, Storage, type_name
from autogradkit._ops.declare.signature import MisfitError, Signature, parameters_of, refusal
from autogradkit._ops.making.contents import array_from, is_users_sequence
from autogradkit._ops.making.options import require_sizes
from autogradkit._ops.making.storing import all_elements
from autogradkit._ops.views.sizes import alias
from autogradkit.core import dtype as dtypes
from autogradkit.core.c_types import CType
from autogradkit.core.device import device as device_
from autogradkit.core.device import require_cpu
from autogradkit.core.dtype import CPP_NAMES, SCALAR_TYPE_NAMES, get_default_dtype
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.errors import WHOLE_NUMBERS
from autogradkit.core.frames import entry
from autogradkit.core.layout import layout, strided
from autogradkit.core.size import Size
from autogradkit.core.strides import empty_array
from autogradkit.core.tensor import CONSTRUCTOR, Tensor, as_class, bump_version, wrap
from autogradkit.core.typed_storages import CONTENTS, TypedStorage


def _of_nothing(*, device: Device | None = None) -> None: ...
def _of_storage(storage: Storage) -> None: ...
def _of_tensor(other: Array) -> None: ...
def _of_tensor_there(other: Array, *, device: Device | None = None) -> None: ...
def _of_sizes(size: Sizes, *, device: Device | None = None) -> None: ...
def _of_data(data: Object, *, device: Device | None = None) -> None: ...


_KERNELS = (_of_nothing, _of_storage, _of_tensor, _of_tensor_there, _of_sizes, _of_data)
_FORMS = {kernel: Signature("new", parameters_of(kernel), deprecated=kernel is _of_tensor_there) for kernel in _KERNELS}
_OPTIONS = (
    "TensorOptions(dtype={}, device=cpu, layout=Strided, requires_grad=false (default), pinned_memory=false (default), "
    "memory_format=(nullopt))"
)


def _require_cpu(device: Any) -> None:
    if device is None:
        return
    if isinstance(device, int):
        require_cpu(device)  # which refuses each
    elif device_(device).type != "cpu":
        raise RuntimeError(
            f"legacy constructor expects device type: cpu but device type: {device_(device).type} was passed"
        )


_CONSTRUCTOR = (
    "constructor of the form torch.Tensor(tensor, device=device) is not supported.  Use torch.tensor(...) or "
    "torch.as_tensor(...) instead."
)
_METHOD = "new of the form tensor.new(tensor, device=device) is not supported.  Use torch.as_tensor(...) instead."


def _new(
    args: tuple[Any, ...], kwargs: dict[str, Any], kind: Dtype, of_any: bool = False, form_of: str = _CONSTRUCTOR
) -> Tensor:
    """What a legacy constructor of a dtype makes; `of_any`: another tensor may be of any dtype."""
    for kernel, form in _FORMS.items():
        if kernel is _of_sizes and len(args) == 1 and isinstance(args[0], Sequence) and not isinstance(args[0], Size):
            continue  # numbers, not sizes, though they may all be whole; as its keyword they are sizes
        try:
            found, *rest = form.match(args, kwargs, False)
        except MisfitError:
            continue
        if kernel is _of_storage:
            made = wrap(_in_storage(found, kind))
            bump_version(made)  # as in PyTorch, where setting the storage counts as an edit
            return made
        if kernel is _of_tensor:
            return _other(found, kind, of_any)
        if kernel is _of_tensor_there:
            raise RuntimeError(f"Legacy tensor {form_of}")
        if kernel is _of_nothing:
            found, rest = (0,), [found]
        _require_cpu(rest[0])
        if kernel is _of_data:
            return wrap(_filled(found, kind))
        require_sizes(found)
        return wrap(empty_array(found, kind.numpy))
    raise refusal("new", list(_FORMS.values()), args, kwargs)


def _in_storage(storage: Any, kind: Dtype) -> Array:
    if isinstance(storage, TypedStorage) and storage.dtype is not kind:
        raise RuntimeError(
            f"Expected a Storage of type {SCALAR_TYPE_NAMES[kind]} or an UntypedStorage, but got type "
            f"{SCALAR_TYPE_NAMES[storage.dtype]} for argument 1 'storage'"
        )
    return all_elements(storage, kind.numpy)


def _other(other: Any, kind: Dtype, of_any: bool) -> Tensor:
    if other.dtype is not kind and not of_any:
        wanted, given = (_OPTIONS.format(CPP_NAMES[each]) for each in (kind, other.dtype))
        raise TypeError(f"expected {wanted} (got {given})")
    return alias(other)


def _filled(data: Any, kind: Dtype) -> Array:
    if isinstance(data, str):
        raise TypeError("new(): invalid data type 'str'")
    if not (isinstance(data, (Sequence, np.ndarray)) or is_users_sequence(data)):
        raise TypeError(f"new(): data must be a sequence (got {type_name(data)})")
    return array_from(data, kind)


@entry
def _new_tensor(cls: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor:
    """`Tensor(2, 3)`: uninitialised memory; `Tensor([1, 2])`: the data in the default dtype; `Tensor(t)`: a view of all of it."""
    if not isinstance(cls, type):
        raise TypeError(f"torch._C.TensorBase.__new__(X): X is not a type object ({type_name(cls)})")
    if not issubclass(cls, Tensor):
        name = f"torch.{cls.__name__}" if isinstance(cls, tensortype) else cls.__name__
        raise TypeError(f"torch._C.TensorBase.__new__({name}): {name} is not a subtype of torch._C.TensorBase")
    made = _new(args, kwargs, get_default_dtype(), of_any=True)
    return made if cls is Tensor else as_class(made, cls)


CONSTRUCTOR.append(_new_tensor)
CONTENTS.append(array_from)


@python_method("new")
def _new_like(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """A tensor of this dtype, made as `FloatTensor(...)` makes one: of sizes, of data, of another tensor or a storage.

    >>> import autogradkit as torch
    >>> torch.tensor([1, 2]).new([3.5, 4])
    tensor([3, 4])
    """
    return _new(args, kwargs, self.dtype, form_of=_METHOD)


class tensortype(CType):  # noqa: N801 - PyTorch's name
    """The class of `FloatTensor` and its kin, and of those that `torch.cuda` has, of which nothing can be made.

    They have what `Tensor` has, as attributes.
    """

    dtype: Dtype
    layout: layout
    is_cuda: bool
    is_sparse: bool

    def __new__(cls, name: str, bases: tuple[type, ...], space: dict[str, Any]) -> tensortype:
        if bases:
            raise TypeError(f"type 'torch.{bases[0].__name__}' is not an acceptable base type")
        return super().__new__(cls, name, bases, space)

    def __instancecheck__(self, instance: object) -> bool:
        kind = isinstance(instance, Tensor) and not self.is_cuda and (instance.dtype, instance.layout)
        return kind == (self.dtype, self.layout)

    @entry
    def __call__(self, *args: Any, **kwargs: Any) -> Tensor:
        if self.is_cuda:
            raise TypeError(f"type {self.full_name} not available. Torch not compiled with CUDA enabled.")
        return _new(args, kwargs, self.dtype)

    def __getattr__(self, name: str) -> Any:
        try:
            return getattr(Tensor, name)
        except AttributeError:
            raise AttributeError(f"type object '{self.full_name}' has no attribute '{name}'") from None

    @property
    def full_name(self) -> str:
        """Such as "torch.FloatTensor" and "torch.cuda.FloatTensor"."""
        return f"torch.cuda.{self.__name__}" if self.is_cuda else f"torch.{self.__name__}"

    def __repr__(self) -> str:
        return f"<class '{self.full_name}'>"


def typed(kind: Dtype, is_cuda: bool = False) -> tensortype:
    """The type of tensors of that dtype."""
    space = {"__slots__": (), "dtype": kind, "layout": strided, "is_cuda": is_cuda, "is_sparse": False}
    return tensortype(kind.tensor_type.removeprefix("torch."), (), space)


HalfTensor, BFloat16Tensor = typed(dtypes.float16), typed(dtypes.bfloat16)
FloatTensor, DoubleTensor = typed(dtypes.float32), typed(dtypes.float64)
ByteTensor, CharTensor, BoolTensor = typed(dtypes.uint8), typed(dtypes.int8), typed(dtypes.bool_)
ShortTensor, IntTensor, LongTensor = typed(dtypes.int16), typed(dtypes.int32), typed(dtypes.int64)
TYPES = (
    HalfTensor, BFloat16Tensor, FloatTensor, DoubleTensor, ByteTensor, CharTensor, BoolTensor, ShortTensor, IntTensor, LongTensor,
)  # fmt: skip


@entry
def _make_subclass(cls: type[Tensor], data: Tensor, require_grad: bool = False) -> Tensor:
    """A leaf of class `cls` on the memory of `data`, outside its graph."""
    made = as_class(data.detach(), cls)
    if require_grad:
        if data._array.dtype.kind in "biu":
            raise RuntimeError(WHOLE_NUMBERS)
        made._requires_grad = True
    return made


Tensor._make_subclass = staticmethod(_make_subclass)  # pyright: ignore[reportAttributeAccessIssue]


@python_method("as_subclass")
def _as_subclass(self: Tensor, cls: Any) -> Tensor:
    """All of the tensor seen as one of class `cls`, in its graph.

    >>> import autogradkit as torch
    >>> type(torch.ones(2).as_subclass(torch.nn.Parameter))
    <class 'autogradkit.core.parameter.Parameter'>
    """
    if not isinstance(cls, type):
        raise TypeError(f"cls must be a type (got {type_name(cls)})")
    if not issubclass(cls, Tensor):
        raise TypeError(
            "Creating a Tensor subclass from a class that does not inherit from Tensor is not possible. Make sure your class "
            "inherits from Tensor."
        )
    return as_class(alias(self), cls)
