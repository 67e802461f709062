"""Tensors from what is there already: numbers, nested sequences, arrays; copied, or sharing their memory.

Rests on declare and options; contents.py reads nested sequences.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import op, python_function
from autogradkit._ops.declare.kinds import Array, Device, DType, Object, type_name
from autogradkit._ops.making.contents import array_from, require_layout
from autogradkit._ops.making.options import finished, moved
from autogradkit.core.device import is_meta, require_cpu
from autogradkit.core.dtype import SCALAR_TYPE_NAMES, from_numpy_dtype, get_default_dtype, int64
from autogradkit.core.memory import noted
from autogradkit.core.storage import borrow
from autogradkit.core.storages import UntypedStorage
from autogradkit.core.strides import empty_strided
from autogradkit.core.tensor import Tensor, wrap
from autogradkit.core.warning import warn, warn_once
from autogradkit.engine.attributes import requiring_grad


@op(factory=True, variants="function")
def tensor(
    data: Object,
    *,
    dtype: DType | None = None,
    device: Device | None = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Any:
    """A new leaf with a copy of `data`: numbers, nested sequences, arrays.

    The dtype is inferred: Python floats give the default dtype, ints int64, bools bool.
    Raises ValueError for ragged sequences, RuntimeError if it is to require grad and is not floating-point.

    >>> import autogradkit as torch
    >>> torch.tensor([[1, 2], [3, 4]])
    tensor([[1, 2],
            [3, 4]])
    """
    _warn_of_tensors(data, "torch.tensor")
    if isinstance(data, Tensor) and data.is_quantized:
        return data.to(dtype) if dtype else data.clone()  # of its whole numbers alone nothing could be made
    options = {"device": device, "pin_memory": pin_memory, "requires_grad": requires_grad}
    return finished(array_from(data, dtype), options)


def _warn_of_tensors(data: Any, made_by: str) -> None:
    if isinstance(data, Tensor):
        warn(
            "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
            f"sourceTensor.detach().clone().requires_grad_(True), rather than {made_by}(sourceTensor)."
        )


@op(factory=True, variants="method")
def new_tensor(
    self: Array,
    data: Object,
    *,
    dtype: DType | None = None,
    device: Device | None = None,
    requires_grad: bool = False,
) -> Any:
    """As `autogradkit.tensor`, with this tensor's dtype unless another is given."""
    _warn_of_tensors(data, "tensor.new_tensor")
    kind: Any = dtype or self.dtype
    return finished(array_from(data, kind), {"device": device, "requires_grad": requires_grad})


@op(composition=True, variants="function")
def as_tensor(data: Object, *, dtype: DType | None = None, device: Device | None = None) -> Any:
    """`data` as a tensor, sharing memory where it is a tensor or array of that dtype already.

    >>> import autogradkit as torch
    >>> torch.as_tensor([1.0, 2.0])
    tensor([1., 2.])
    """
    if is_meta(device) or (isinstance(data, Tensor) and data.is_meta):
        made: Any = data if isinstance(data, Tensor) else tensor(data, dtype)
        return moved(made, device).to(dtype or made.dtype)
    if isinstance(data, Tensor):
        return data if dtype is None or dtype is data.dtype else data.to(dtype)
    if not isinstance(data, np.ndarray) and hasattr(data, "__dlpack__"):
        data = np.from_dlpack(data)
    if isinstance(data, np.ndarray) and (dtype is None or data.dtype == dtype.numpy):
        return from_numpy(data)
    return tensor(data, dtype)


@op(composition=True, variants="function")
def asarray(
    obj: Object,
    *,
    dtype: DType | None = None,
    device: Device | None = None,
    copy: bool | None = None,
    requires_grad: bool | None = None,
) -> Any:
    """`obj` as a tensor: with `copy=True` always a copy, with `copy=False` never one, else where it must be one.

    It requires grad where `obj` does, with a warning, unless `requires_grad` says whether: a leaf is told so itself, of a result
    comes a detached tensor. Raises ValueError where memory cannot be shared and `copy` is False.

    >>> import autogradkit as torch
    >>> torch.asarray([1.0, 2.0])
    tensor([1., 2.])
    """
    require_cpu(device)
    if not isinstance(obj, (Tensor, np.ndarray, np.generic, UntypedStorage)) and _is_buffer(obj):
        obj = frombuffer(obj, dtype=dtype or get_default_dtype())
    shares = isinstance(obj, (Tensor, np.ndarray))
    if copy is False:
        if isinstance(obj, np.generic):
            raise RuntimeError("can't alias NumPy scalars. Either remove copy=False or transform it in a ndarray. ")
        if not shares:
            raise ValueError("can't alias arbitrary sequence into a tensor.")
        held = obj.dtype if isinstance(obj, Tensor) else from_numpy_dtype(obj.dtype)
        if dtype is not None and dtype is not held:
            raise ValueError(
                f"can't alias tensor with dtype '{SCALAR_TYPE_NAMES[held]}' into dtype '{SCALAR_TYPE_NAMES[dtype]}'."
            )
    if isinstance(obj, UntypedStorage):
        return finished(obj.flat((dtype or int64).numpy), {"device": "cpu", "requires_grad": bool(requires_grad)})
    made: Any = as_tensor(obj, dtype=dtype)
    if copy and shares and _is_same_memory(made, obj):
        made = made.clone()
    if requires_grad is None and isinstance(obj, Tensor) and obj.requires_grad:
        warn_once(
            "torch.asarray: unspecified requires_grad now defaults to obj.requires_grad instead of False. Pass "
            "requires_grad=False explicitly to get the old behavior and silence this warning."
        )
    if requires_grad is False and made.requires_grad:
        return requiring_grad(made, False) if made.is_leaf else made.detach()
    return requiring_grad(made) if requires_grad else made


def _is_buffer(obj: Any) -> bool:
    try:
        memoryview(obj).release()
    except TypeError:
        return False
    return True


def _is_same_memory(made: Tensor, obj: Any) -> bool:
    return np.may_share_memory(made._memory, obj._memory if isinstance(obj, Tensor) else obj)


@op(factory=True, variants="function")
def from_numpy(ndarray: Object, /) -> Any:
    """The tensor that shares an array's memory: an edit of either shows in the other.

    >>> import numpy as np
    >>> import autogradkit as torch
    >>> a = np.zeros(2)
    >>> t = torch.from_numpy(a)
    >>> a[0] = 5
    >>> t
    tensor([5., 0.], dtype=torch.float64)
    """
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type_name(ndarray)})")
    if not ndarray.flags.writeable:
        warn_once(
            "The given NumPy array is not writable, and PyTorch does not support non-writable tensors. This means writing to "
            "this tensor will result in undefined behavior. You may want to copy the array to protect its data or make it "
            "writable before converting it to a tensor. This type of warning will be suppressed for the rest of this program."
        )
    require_layout(ndarray)
    if not ndarray.size:
        return wrap(empty_strided(ndarray.shape, (0,) * ndarray.ndim, ndarray.dtype))
    return wrap(borrow(noted(ndarray)))


@op(factory=True, variants="function")
def frombuffer(buffer: Object, *, dtype: DType, count: int = -1, offset: int = 0, requires_grad: bool = False) -> Any:
    """`count` elements, or all, of any object's bytes from `offset` on, sharing its memory.

    Raises ValueError where the bytes do not go up, or there are none.

    >>> import autogradkit as torch
    >>> torch.frombuffer(bytearray([1, 2, 3]), dtype=torch.uint8, offset=1)
    tensor([2, 3], dtype=torch.uint8)
    """
    try:
        view = memoryview(buffer)
    except TypeError:
        raise ValueError("object does not implement Python buffer protocol.") from None
    length, size = view.nbytes, dtype.itemsize
    if view.readonly:
        warn_once(
            "The given buffer is not writable, and PyTorch does not support non-writable tensors. This means you can write to "
            "the underlying (supposedly non-writable) buffer using the tensor. You may want to copy the buffer to protect its "
            "data or make it writable before converting it to a tensor. This type of warning will be suppressed for the rest of "
            "this program."
        )
    if not length or not count:
        raise ValueError(f"both buffer length ({length}) and count ({count}) must not be 0")
    if not 0 <= offset < length:
        raise ValueError(
            f"offset ({offset} bytes) must be non-negative and no greater than buffer length ({length} bytes) minus 1"
        )
    if count > 0 and offset + count * size > length:
        raise ValueError(
            f"requested buffer length ({count} * {size} bytes) after offset ({offset} bytes) must not be greater than actual "
            f"buffer length ({length} bytes)"
        )
    if count < 0 and (length - offset) % size:
        raise ValueError(
            f"buffer length ({length - offset} bytes) after offset ({offset} bytes) must be a multiple of element size ({size})"
        )
    array = np.frombuffer(buffer, dtype.numpy, count, offset)
    return finished(borrow(array), {"device": "cpu", "requires_grad": requires_grad})


@python_function()
def from_dlpack(ext_tensor: Any, *, device: Any = None, copy: bool | None = None) -> Tensor:
    """The tensor that shares the memory of any object with `__dlpack__`, or of a capsule, or has a copy of it.

    A capsule serves once: RuntimeError if it was taken, and for what is none.

    >>> import numpy as np
    >>> import autogradkit as torch
    >>> torch.from_dlpack(np.arange(3))
    tensor([0, 1, 2])
    """
    require_cpu(device)
    # Also of dtypes that NumPy's capsules do not know
    if isinstance(ext_tensor, Tensor) and not ext_tensor.requires_grad:
        return ext_tensor.detach().clone() if copy else ext_tensor.detach()
    if hasattr(ext_tensor, "__dlpack__"):
        return wrap(np.from_dlpack(ext_tensor, copy=copy))
    if type(ext_tensor).__name__ != "PyCapsule" or '"dltensor"' not in repr(ext_tensor):
        raise RuntimeError(
            "from_dlpack received an invalid capsule. Note that DLTensor capsules can be consumed only once, so you might have "
            "already constructed a tensor from it once."
        )
    return wrap(np.asarray(_Writable(np.from_dlpack(_Capsule(ext_tensor), copy=copy))))


class _Capsule:
    """A capsule as an object that hands it out, which is what NumPy takes."""

    def __init__(self, capsule: Any) -> None:
        self._capsule = capsule

    def __dlpack__(self, **options: Any) -> Any:
        return self._capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return 1, 0  # the processor


class _Writable:
    """The memory of an array that NumPy takes for read-only, as the older capsules do not say whether it is."""

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        self._array = array  # which keeps the memory
        interface = array.__array_interface__
        self.__array_interface__ = {**interface, "strides": array.strides, "data": (interface["data"][0], False)}


@python_function()
def is_tensor(obj: Any, /) -> bool:
    """Whether `obj` is a tensor.

    >>> import autogradkit as torch
    >>> torch.is_tensor(torch.ones(1)), torch.is_tensor([1])
    (True, False)
    """
    return isinstance(obj, Tensor)


@python_function()
def typename(obj: Any, /) -> str:
    """What an object is, in words: of a tensor its type, of anything else the name of its class, or its own.

    >>> import autogradkit as torch
    >>> torch.typename(torch.ones(1)), torch.typename(3)
    ('torch.FloatTensor', 'int')
    """
    if isinstance(obj, Tensor):
        return obj.dtype.tensor_type
    named = obj if hasattr(obj, "__qualname__") or hasattr(obj, "__name__") else type(obj)
    module, name = getattr(obj, "__module__", "") or "", getattr(named, "__qualname__", "") or named.__name__
    return name if module in ("", "builtins") else f"{module}.{name}"
