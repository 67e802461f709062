"""Tensors in another dtype: `to`, `float()` and its kin, `type`, and `cpu()`, `cuda()`, which say where they are.

Rests on declare and copies.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import function, op
from autogradkit._ops.declare.kinds import Array, Device, DType, Layout, MemoryFormat, Object
from autogradkit._ops.declare.memory import real_part
from autogradkit._ops.making.constructors import TYPES, tensortype
from autogradkit._ops.making.options import format_of, moved, preserve_format, strides_like
from autogradkit.core import dtype as dtypes
from autogradkit.core.device import device as device_
from autogradkit.core.device import require_cpu
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.halves import convert
from autogradkit.core.tensor import Tensor


def _converted(self: Array, dtype: Dtype, memory_format: Any = None) -> Any:
    strides = strides_like(self, memory_format)
    return (self.shape, dtype.numpy) if strides is None else (self.shape, dtype.numpy, strides)


@op(
    name="to", variants="", node="ToCopyBackward0", meta=_converted, samples=lambda t: [(t(2, 3), dtypes.float64)],
    vjp={"self": lambda g: g},
)  # fmt: skip
def to_copy(self: Array, dtype: DType, memory_format: MemoryFormat | None = None, *, out: Array) -> None:
    """A copy in another dtype."""
    source = real_part(self) if self.dtype.kind == "c" and out.dtype.kind not in "cb" else self
    if source.dtype.kind in "fV" and out.dtype.kind in "iu" and out.dtype != np.uint64:
        # As C does on the usual machines, and PyTorch with it: by way of the machine's own integers.
        source = source.astype(np.int64 if out.dtype in (np.int64, np.uint32) else np.int32)
    convert(source, out)


@op(
    name="real",
    variants="",
    node="SelectBackward0",
    view=True,
    samples=lambda t: [(t(2, 3),)],
    vjp={"self": lambda g: g},
)
def real_view(self: Array) -> Array:
    """The real parts of a gradient of real numbers, as PyTorch takes them: without a warning."""
    return self.real


to = function("to", variants="method")


@to.overload(composition=True)
def _(
    self: Array,
    device: Device | None = None,
    dtype: DType | None = None,
    non_blocking: bool = False,
    copy: bool = False,
    *,
    memory_format: MemoryFormat | None = None,
) -> Any:
    """The tensor with another dtype (or as another tensor has it); itself if nothing changes and not `copy`.

    >>> import autogradkit as torch
    >>> torch.tensor([1, 2]).to(torch.float64)
    tensor([1., 2.], dtype=torch.float64)
    """
    return converted(moved(self, device), dtype, copy, memory_format)


@to.overload(composition=True)
def _(
    self: Array,
    dtype: DType,
    non_blocking: bool = False,
    copy: bool = False,
    *,
    memory_format: MemoryFormat | None = None,
) -> Any:
    return converted(self, dtype, copy, memory_format)


@to.overload(composition=True)
def _(
    self: Array,
    tensor: Array,
    non_blocking: bool = False,
    copy: bool = False,
    *,
    memory_format: MemoryFormat | None = None,
) -> Any:
    return _as_other(self, tensor, copy, memory_format)


def converted(tensor: Any, dtype: Dtype | None, copy: bool = False, format: Any = None) -> Tensor:
    """`tensor` in another dtype and memory format; itself where nothing changes, unless it is to be a copy."""
    wanted = dtype or tensor.dtype
    kept = format is None or format is preserve_format or format is format_of(tensor._array)
    return tensor if wanted is tensor.dtype and not copy and kept else to_copy(tensor, wanted, format)


@op(variants="", composition=True)
def _to_copy(
    self: Array,
    *,
    dtype: DType | None = None,
    layout: Layout | None = None,
    device: Device | None = None,
    pin_memory: bool | None = None,
    non_blocking: bool = False,
    memory_format: MemoryFormat | None = None,
) -> Any:
    """A copy in another dtype, or on the meta device: what `to` calls. There is one layout, and no memory is pinned."""
    placed: Any = moved(self, device)
    return to_copy(placed, dtype or placed.dtype, memory_format)


def _as_other(self: Any, other: Any, copy: bool = False, format: Any = None) -> Tensor:
    return converted(moved(self, other.device), other.dtype, copy, format)


def _declare_converter(name: str, wanted: Dtype) -> None:
    def _(self: Array, *, memory_format: MemoryFormat | None = None) -> Any:
        return converted(self, wanted, format=memory_format)

    _.__doc__ = f"The tensor as {wanted}; itself if it is that already."
    function(name, variants="method").overload(composition=True)(_)


for _name, _dtype in {
    "float": dtypes.float32, "double": dtypes.float64, "half": dtypes.float16, "bfloat16": dtypes.bfloat16,
    "int": dtypes.int32, "long": dtypes.int64, "short": dtypes.int16, "char": dtypes.int8, "byte": dtypes.uint8,
    "bool": dtypes.bool_, "cfloat": dtypes.complex64, "cdouble": dtypes.complex128,
}.items():  # fmt: skip
    _declare_converter(_name, _dtype)


@op(composition=True, variants="method")
def type_as(self: Array, other: Array) -> Any:
    """The tensor in `other`'s dtype."""
    return _as_other(self, other)


@op(
    composition=True,
    variants="method",
    name="type",
    reads=["if {dtype} is M and {non_blocking} is M: return {self}.dtype.tensor_type"],
)
def _(self: Array, dtype: Object | None = None, non_blocking: bool = False) -> Any:
    """The name of the tensor's type, such as "torch.FloatTensor"; given a dtype, a type or its name, the tensor as that."""
    return _typed(self, dtype)


_NO_CUDA = (
    "Cannot initialize CUDA without ATen_cuda library. PyTorch splits its backend into two shared libraries: a CPU library and a "
    "CUDA library; this error has occurred because you are trying to use some CUDA functionality, but the CUDA library has not "
    "been loaded by the dynamic linker for some reason.  The CUDA library MUST be loaded, EVEN IF you don't directly use any "
    "symbols from the CUDA library! One common culprit is a lack of -Wl,--no-as-needed in your link arguments; many dynamic "
    "linkers will delete dynamic library dependencies if you don't depend on any of their symbols.  You can check if this has "
    "occurred by using ldd on your binary to see if there is a dependency on *_cuda.so library."
)


def _typed(self: Any, wanted: Any) -> Any:
    if wanted is None:
        return self.dtype.tensor_type
    if isinstance(wanted, Dtype):
        return converted(self, wanted)
    if isinstance(wanted, tensortype):
        wanted = wanted.full_name
    if not isinstance(wanted, (str, type)):
        raise TypeError("dtype must be a type, str, or dtype object")
    if wanted is Tensor or wanted == "torch.Tensor":
        return converted(self, dtypes.get_default_dtype())
    name = wanted if isinstance(wanted, str) else wanted.__name__
    name = name.replace("torch.sparse.", "torch.")  # the layout stays
    named = [each for each in dtypes.ALL if each.tensor_type == name]
    if name in {f"torch.cuda.{each.__name__}" for each in TYPES}:
        raise RuntimeError(_NO_CUDA)
    if not named:
        raise ValueError(f"invalid type: '{name}'")
    return converted(self, named[0])


@op(composition=True, variants="method", reads=["if {memory_format} is M and {self}._array is not None: return {self}"])
def cpu(self: Array, *, memory_format: MemoryFormat | None = None) -> Any:
    """Itself: every tensor is on the CPU."""
    return converted(self, None, format=memory_format)


@op(composition=True, variants="method")
def cuda(
    self: Array,
    device: Device | None = None,
    non_blocking: bool = False,
    *,
    memory_format: MemoryFormat | None = None,
) -> Any:
    """Raises AssertionError, as PyTorch without CUDA does; for a device by its number RuntimeError."""
    if isinstance(device, (str, device_)) and device_(device).type != "cuda":
        raise RuntimeError("Invalid device, must be cuda device")
    require_cpu(device if isinstance(device, int) else "cuda")
