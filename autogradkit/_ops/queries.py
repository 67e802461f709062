"""What may be asked of a tensor, and how it leaves for Python and NumPy: dim, size, numel, is_complex, item, numpy, detach.

Nothing is computed, and only a cut out of the graph is told to who watches; the bodies are compositions, so that wrong
arguments get PyTorch's texts. The generated functions begin with the short ones (`reads`), and look at the arguments only
where that fails.
Rests on declare, core and the engine's attributes.py, which has the bodies of what is about the graph.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from autogradkit._ops.declare import function, op, python_method
from autogradkit._ops.declare.call import Call
from autogradkit._ops.declare.kinds import DType, MemoryFormat, Object, Scalar
from autogradkit._ops.declare.refusals import common_dtype
from autogradkit._ops.declare.source import Source
from autogradkit._ops.making.options import RANKS, memory_format
from autogradkit.core import dtype as dtypes
from autogradkit.core.address import address_of
from autogradkit.core.pending import bits_of
from autogradkit.core.recording import RECORDERS, listeners, reported
from autogradkit.core.shapes import dim_of_size
from autogradkit.core.size import Size, as_size
from autogradkit.core.storage import offset_of, root_of
from autogradkit.core.strides import element_strides, is_channels_last, iteration_order
from autogradkit.core.tensor import Tensor
from autogradkit.core.views import alias
from autogradkit.engine import attributes, inference
from autogradkit.engine.modes import MODE

# -- geometry ----------------------------------------------------------------------------------------------------------


_SIZE = (
    "if {dim} is M: return as_size({self}._memory.shape)",
    "if {dim}.__class__ is int: return {self}._memory.shape[{dim}]",
)


@op(variants="method", composition=True, reads=_SIZE)
def size(self: Tensor, dim: int | None = None) -> Size | int:
    """The size of every dimension, or of dimension `dim`. Raises IndexError where there is none such.

    >>> import autogradkit as torch
    >>> torch.zeros(2, 3).size(), torch.zeros(2, 3).size(-1)
    (torch.Size([2, 3]), 3)
    """
    if dim is None:
        return as_size(self._memory.shape)
    return self._memory.shape[dim_of_size(dim, self._memory.ndim)]


_STRIDE = (
    "x = {self}._memory",
    "strides = STRIDES.get((x.shape, x.strides, x.itemsize)) or strides_of(x)",
    "if {dim} is M: return strides",
    "if {dim}.__class__ is int: return strides[{dim}]",
)


@op(variants="method", composition=True, reads=_STRIDE)
def stride(self: Tensor, dim: int | None = None) -> tuple[int, ...] | int:
    """How many elements of the storage one step along each dimension (or along `dim`) skips.

    >>> import autogradkit as torch
    >>> torch.zeros(2, 3).stride(), torch.zeros(2, 3).stride(0)
    ((3, 1), 3)
    """
    strides = element_strides(self._memory)
    return strides if dim is None else strides[dim_of_size(dim, self._memory.ndim)]


@op(variants="method", composition=True, reads=["if {self}._memory.base is None: return 0"])
def storage_offset(self: Tensor) -> int:
    """How many elements of the storage come before this tensor's first."""
    return offset_of(self._memory)


@op("ndimension", variants="method", composition=True, reads=["return {self}._memory.ndim"])
def dim(self: Tensor) -> int:
    """The number of dimensions."""
    return self._memory.ndim


@op("nelement", composition=True, reads=["return {self}._memory.size"])
def numel(self: Tensor) -> int:
    """The number of elements.

    >>> import autogradkit as torch
    >>> torch.numel(torch.zeros(2, 3))
    6
    """
    return self._memory.size


@op(variants="method", composition=True, reads=["return {self}._memory.itemsize"])
def element_size(self: Tensor) -> int:
    """Bytes per element."""
    return self._memory.itemsize


@op(variants="method", composition=True, reads=["if {memory_format} is M: return {self}._memory.flags.c_contiguous"])
def is_contiguous(self: Tensor, *, memory_format: MemoryFormat = None) -> bool:
    """Whether the elements lie in the storage in row-major order without gaps.

    `memory_format` may be `autogradkit.channels_last` for the N×C×H×W layout with channels innermost, or `channels_last_3d`.
    """
    if memory_format in RANKS:
        return is_channels_last(self._memory.shape, element_strides(self._memory), RANKS[memory_format])
    return self._memory.flags.c_contiguous


@op(variants="method", composition=True)
def is_set_to(self: Tensor, tensor: Tensor) -> bool:
    """Whether both look at the same elements of the same storage in the same way."""
    return (
        bits_of(self) == bits_of(tensor) == (False, False)  # else PyTorch compares copies
        and address_of(root_of(self._memory)) == address_of(root_of(tensor._memory))
        and self.storage_offset() == tensor.storage_offset()
        and self._memory.shape == tensor._memory.shape
        and element_strides(self._memory) == element_strides(tensor._memory)
    )


@op(
    variants="method",
    composition=True,
    reads=["if {self}._memory.size: return address_of({self}._memory)"],
)
def data_ptr(self: Tensor) -> int:
    """Address of the first element; 0 for a tensor without elements."""
    return address_of(self._memory) if self._memory.size else 0


# -- the dtype ---------------------------------------------------------------------------------------------------------


@op(composition=True, reads=["if {self}._memory.dtype.kind == 'f': return True"])
def is_floating_point(self: Tensor) -> bool:
    """Whether the dtype is a real floating-point one.

    >>> import autogradkit as torch
    >>> torch.is_floating_point(torch.tensor([1.0])), torch.is_floating_point(torch.tensor([1]))
    (True, False)
    """
    return self._memory.dtype.kind in "fV" or self.dtype.is_floating_point


@op(composition=True, reads=["return {self}._memory.dtype.kind == 'c'"])
def is_complex(self: Tensor) -> bool:
    """Whether the dtype is complex.

    >>> import autogradkit as torch
    >>> torch.tensor([1j]).is_complex()
    True
    """
    return self._memory.dtype.kind == "c"


@op(composition=True, reads=["if {self}._memory.dtype.kind in 'fic': return True"])
def is_signed(self: Tensor) -> bool:
    """Whether the dtype can hold negative numbers.

    >>> import autogradkit as torch
    >>> torch.tensor([1], dtype=torch.uint8).is_signed()
    False
    """
    return self.dtype.is_signed


@op(composition=True, reads=["if {self}._counter is None: return False"])
def is_inference(self: Tensor) -> bool:
    """Whether it was made in inference mode, or is a view of what was.

    >>> import autogradkit as torch
    >>> torch.tensor([1.0]).is_inference()
    False
    """
    return inference.is_inference(self)


@op(composition=True)
def is_nonzero(self: Tensor) -> bool:
    """Whether the only element is not 0. Raises RuntimeError where there is not exactly one.

    >>> import autogradkit as torch
    >>> torch.is_nonzero(torch.tensor([2.5]))
    True
    """
    return bool(self)


@op(composition=True)
def is_same_size(self: Tensor, other: Tensor) -> bool:
    """Whether both have the same sizes.

    >>> import autogradkit as torch
    >>> torch.ones(2, 1).is_same_size(torch.ones(2))
    False
    """
    return self._memory.shape == other._memory.shape


@op(variants="function", composition=True)
def _has_compatible_shallow_copy_type(self: Tensor, from_: Tensor) -> bool:
    """Whether `self.data = from_` may be: both are of one layout, and both or neither on the meta device.

    >>> import autogradkit as torch
    >>> torch._has_compatible_shallow_copy_type(torch.ones(2), torch.ones(3, dtype=torch.int64))
    True
    """
    return self.layout is from_.layout and self.is_meta is from_.is_meta


@python_method("dim_order")
def _dim_order(self: Tensor, *, ambiguity_check: bool | list[memory_format] = False) -> tuple[int, ...]:
    """The dimensions from the one with the largest steps in memory to that with the smallest.

    `ambiguity_check`: raise RuntimeError where another order would do as well; of formats, unless exactly one of them fits.

    >>> import autogradkit as torch
    >>> torch.ones(2, 3).t().dim_order()
    (1, 0)
    """
    formats: list[Any] = ambiguity_check if isinstance(ambiguity_check, list) else []
    if not isinstance(ambiguity_check, (bool, list)) or any(type(each) is not memory_format for each in formats):
        raise TypeError("The ambiguity_check argument must be a bool or a list of memory formats.")
    strides = element_strides(self._memory)
    shape = self._memory.shape
    order = tuple(range(len(shape)) if self.is_contiguous() else reversed(iteration_order([strides], shape)))
    several = 1 in shape or any(a == b for a, b in pairwise(strides))
    if (
        ambiguity_check is not False
        and several
        and sum(self.is_contiguous(memory_format=each) for each in formats) != 1
    ):
        raise RuntimeError(
            "The tensor does not have unique dim order, or cannot map to exact one of the given memory formats."
        )
    if ambiguity_check and 0 in strides:
        raise RuntimeError("The tensor does not have unique dim order.")
    return order


# Of dtypes alone.


@op(variants="function", composition=True)
def promote_types(type1: DType, type2: DType) -> Object:
    """The dtype that can hold values of both.

    >>> import autogradkit as torch
    >>> torch.promote_types(torch.int64, torch.float16)
    torch.float16
    """
    return dtypes.promote_types(type1, type2)


result_type = function("result_type", variants="function")


@result_type.overload(composition=True)
def _(tensor: Tensor, other: Tensor) -> Object:
    """The dtype that an operation on the two, tensors or numbers, computes in.

    >>> import autogradkit as torch
    >>> torch.result_type(torch.tensor([1, 2]), 1.5)
    torch.float32
    """
    return common_dtype((tensor, other))


@result_type.overload(composition=True)
def _(scalar: Scalar, tensor: Tensor) -> Object:
    return common_dtype((scalar, tensor))


@result_type.overload(composition=True)
def _(tensor: Tensor, other: Scalar) -> Object:
    return common_dtype((tensor, other))


@result_type.overload(composition=True)
def _(scalar1: Scalar, scalar2: Scalar) -> Object:
    return common_dtype((scalar1, scalar2))


@op(variants="function", composition=True)
def can_cast(from__: DType, to: DType) -> bool:  # `from_` to users
    """Whether a result of the first dtype may be written into a tensor of the second.

    >>> import autogradkit as torch
    >>> torch.can_cast(torch.float32, torch.int64)
    False
    """
    return dtypes.can_cast(from__, to)


# -- to Python and NumPy, and off the graph ----------------------------------------------------------------------------


@op(variants="method", composition=True, reads=["return {self}._array.item()"])
def item(self: Tensor) -> Object:
    """The only element, as a Python number. Raises RuntimeError where there is not exactly one.

    >>> import autogradkit as torch
    >>> torch.tensor([2.5]).item()
    2.5
    """
    if self._array.size != 1:
        raise RuntimeError(f"a Tensor with {self._array.size} elements cannot be converted to Scalar")
    return self._array.item()


@op(variants="method", composition=True, reads=["return {self}._array.tolist()"])
def tolist(self: Tensor) -> Object:
    """Nested lists of Python numbers; the number itself for a tensor without dimensions."""
    return self._array.tolist()


_NUMPY = (
    "if {force} is M or {force}.__class__ is bool:",
    " if {self}._view is None and not ({self}._requires_grad or RECORDERS) and {self}._array.size: return {self}._array.view()",
)


@op(variants="method", composition=True, reads=_NUMPY)
def numpy(self: Tensor, *, force: bool = False) -> Object:
    """A NumPy array that shares its memory; a shape, a dtype or a flag that is set of the array is the array's alone.

    Raises RuntimeError for a tensor that requires grad while gradients are on, unless `force` is true, which detaches first.

    >>> import autogradkit as torch
    >>> w = torch.ones(2, requires_grad=True)
    >>> with torch.no_grad():
    ...     w.numpy()
    array([1., 1.], dtype=float32)
    """
    if not force and MODE.grad and self.requires_grad:
        raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
    for recorder in listeners() if RECORDERS else ():
        recorder.memory_given(self)
    if not self._array.size:  # whose strides NumPy has as zeros, and we as the tensor's
        return np.lib.stride_tricks.as_strided(self._array, self._array.shape, (0,) * self._array.ndim)
    return self._array.view()


def _write_detach(s: Source, call: Call, depth: int) -> None:
    v = call.values["self"]
    s.new_tensor(depth, "o", f"{v}._array")
    s.emit(depth, f"o._counter = {v}._counter or counter_of({v})", "return o")


@op(composition=True, lane=_write_detach)
def detach(self: Tensor) -> Any:
    """A leaf on the same memory and version counter, outside the graph.

    >>> import autogradkit as torch
    >>> (torch.ones(2, requires_grad=True) * 2).detach()
    tensor([2., 2.])
    """
    return reported("detach", "detach", alias, self)


_IS_LEAF = "{self}._requires_grad and {self}._node is None and {self}._view is None"  # whose gradient is kept already

op(variants="method", composition=True)(attributes.detach_)
op(
    variants="method",
    composition=True,
    reads=[f"if {{requires_grad}} is M and {_IS_LEAF}: return {{self}}"],
)(attributes.requires_grad_)
op(variants="method", composition=True, reads=[f"if {_IS_LEAF}: return None"])(attributes.retain_grad)
