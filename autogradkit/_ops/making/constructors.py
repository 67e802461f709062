"""PyTorch's oldest constructors, which take sizes or data: `Tensor(2, 3)`, `Tensor([1.0])`, `FloatTensor`, `LongTensor`.

Rests on contents; core's `Tensor.__new__` calls what is handed up here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autogradkit._ops.declare import python_function
from autogradkit._ops.declare.kinds import KINDS, Array, Device, Object, Sizes, Storage, is_index, type_name
from autogradkit._ops.declare.signature import Signature, parameters_of, refusal
from autogradkit._ops.making.contents import array_from
from autogradkit._ops.making.options import require_sizes
from autogradkit.core.device import device as device_
from autogradkit.core.dtype import (
    ALL,
    bfloat16,
    bool_,
    complex64,
    complex128,
    float16,
    float32,
    float64,
    get_default_dtype,
    int8,
    int16,
    int32,
    int64,
    uint8,
)  # fmt: skip
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.frames import entry
from autogradkit.core.size import Size
from autogradkit.core.tensor import CONSTRUCTOR, Tensor, empty_array, wrap


def _is_device(value: Any) -> bool:
    return value is None or KINDS["Device"].fits(value)


def _require_cpu(device: Any) -> None:
    if device is not None and device_(device).type != "cpu":
        raise RuntimeError(
            f"legacy constructor expects device type: cpu but device type: {device_(device).type} was passed"
        )


@entry
def new(cls: type[Tensor], *args: Any, device: Any = None) -> Tensor:
    """`Tensor(2, 3)`: uninitialised memory; `Tensor([1, 2])`: the data in the default dtype; `Tensor(t)`: a new alias."""
    _require_cpu(device)
    if len(args) == 1 and isinstance(args[0], Tensor):
        return wrap(args[0]._array, cls)
    return wrap(_sized_or_filled(args, get_default_dtype()), cls)


def _is_size(value: Any) -> bool:
    return not isinstance(value, Tensor) and (is_index(value) or isinstance(value, Size))


def _sized_or_filled(args: tuple[Any, ...], kind: Dtype) -> Array:
    if len(args) == 1 and not _is_size(args[0]):
        [data] = args
        if isinstance(data, str):
            raise TypeError("new(): invalid data type 'str'")
        if not isinstance(data, (Sequence, np.ndarray)):
            raise TypeError(f"new(): data must be a sequence (got {type_name(data)})")
        return array_from(data, kind)
    sizes = args[0] if args and isinstance(args[0], Size) else args or (0,)
    shape = tuple([int(each) for each in sizes])
    require_sizes(shape)
    return empty_array(shape, kind.numpy)


CONSTRUCTOR.append(new)


def _of_storage(storage: Storage) -> None: ...
def _of_tensor(other: Array) -> None: ...
def _of_nothing(*, device: Device | None = None) -> None: ...
def _of_sizes(size: Sizes, *, device: Device | None = None) -> None: ...
def _of_data(data: Object, *, device: Device | None = None) -> None: ...


_FORMS = [Signature("new", parameters_of(form)) for form in (_of_nothing, _of_storage, _of_tensor, _of_sizes, _of_data)]
# How PyTorch's message names dtypes: as C++ does.
CPP_NAMES = {
    bool_: "bool", uint8: "unsigned char", int8: "signed char", int16: "short int", int32: "int", int64: "long int",
    float16: "c10::Half", bfloat16: "c10::BFloat16", float32: "float", float64: "double",
    complex64: "c10::complex<float>", complex128: "c10::complex<double>",
}  # fmt: skip
_OPTIONS = (
    "TensorOptions(dtype={}, device=cpu, layout=Strided, requires_grad=false (default), pinned_memory=false (default), "
    "memory_format=(nullopt))"
)


def _typed(kind: Dtype) -> Callable[..., Tensor]:
    @entry
    def make(*args: Any, **kwargs: Any) -> Tensor:
        sized = bool(args) and is_index(args[0])
        if kwargs.keys() - {"device"} or not _is_device(kwargs.get("device")) or (len(args) > 1 and not sized):
            raise refusal("new", _FORMS, args, kwargs)
        _require_cpu(kwargs.get("device"))
        if sized:
            _FORMS[3].match(args, {}, True)
        if len(args) == 1 and isinstance(args[0], Tensor):
            if args[0].dtype is not kind:
                wanted, given = (_OPTIONS.format(CPP_NAMES[each]) for each in (kind, args[0].dtype))
                raise TypeError(f"expected {wanted} (got {given})")
            return wrap(args[0]._array)
        return wrap(_sized_or_filled(args, kind))

    make.__name__ = make.__qualname__ = kind.tensor_type.removeprefix("torch.")
    make.__doc__ = f"A tensor of {kind}: of the given sizes, or with the given data."
    return make


for _kind in ALL:
    python_function()(_typed(_kind))
