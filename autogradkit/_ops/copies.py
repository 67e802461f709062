"""Copies of tensors and changes of their dtype, and the views that autograd itself needs.

Rests on op. Here stand clone, copy_, to and its kin, zero_, fill_, as_strided, contiguous.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import k
from autogradkit._ops.in_place import require_writable
from autogradkit._ops.op import Array, Op, composite, op
from autogradkit._ops.scalars import scalar_array
from autogradkit.core import dtype as dtypes
from autogradkit.core.device import device as Device
from autogradkit.core.device import require_cpu
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.dtype import from_numpy_dtype
from autogradkit.core.recording import RECORDERS, observed
from autogradkit.core.storage import strided
from autogradkit.core.strides import (
    broadcast_shapes,
    contiguous_strides,
    dense_strides_like,
    element_strides,
    empty_strided,
)
from autogradkit.core.tensor import Tensor, bump_version, wrap
from autogradkit.engine.graph import check_in_place, rebase_history
from autogradkit.engine.modes import enable_grad


class memory_format:  # noqa: N801 - PyTorch's name
    """How dimensions lie in memory; compared by identity."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"torch.{self.name}"


contiguous_format = memory_format("contiguous_format")
preserve_format = memory_format("preserve_format")
channels_last = memory_format("channels_last")


def _laid_out(array: Array, format: Any) -> Array:
    """Uninitialised memory for a copy of `array` in the given memory format."""
    if format is channels_last:
        from autogradkit.core.strides import channels_last_strides

        if array.ndim != 4:
            raise RuntimeError("required rank 4 tensor to use channels_last format")
        strides = channels_last_strides(array.shape)
    elif format is contiguous_format:
        strides = contiguous_strides(array.shape)
    else:
        strides = dense_strides_like(array.shape, element_strides(array))
    return empty_strided(array.shape, strides, array.dtype)


@op(samples=lambda t: [(t(2, 3),), (t(),), (t(0, 2),)])
def clone(self: Array, *, memory_format: Any = preserve_format) -> Array:
    """A copy with memory of its own, in the graph.

    >>> import autogradkit as torch
    >>> torch.tensor([1.0, 2.0]).clone()
    tensor([1., 2.])
    """
    copy = _laid_out(self, memory_format)
    np.copyto(copy, self)
    return copy


clone.vjp(self=lambda g: g)


@op(
    name="_to_copy",
    public="to",
    node="ToCopyBackward0",
    method=False,
    function=False,
    samples=lambda t: [(t(2, 3), dtypes.float64)],
)
def to_copy(self: Array, dtype: Dtype, memory_format: Any = preserve_format) -> Array:
    """A copy in another dtype."""
    copy = _laid_out(self, memory_format)
    if copy.dtype == dtype.numpy:
        np.copyto(copy, self)
        return copy
    converted = empty_strided(copy.shape, element_strides(copy), dtype.numpy)
    source = self.real if self.dtype.kind == "c" and not dtype.is_complex else self
    if source.dtype.kind == "f" and dtype.category == dtypes.INTEGRAL:
        # As C does on the usual machines, and PyTorch with it: by way of int64.
        source = source.astype(np.int64)
    np.copyto(converted, source, casting="unsafe")
    return converted


to_copy.vjp(self=lambda g: g)


@composite(function=False)
def to(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """The tensor with another dtype (or as another tensor has it); itself if nothing changes and not `copy`.

    >>> import autogradkit as torch
    >>> torch.tensor([1, 2]).to(torch.float64)
    tensor([1., 2.], dtype=torch.float64)
    """
    wanted: Dtype = kwargs.pop("dtype", None) or self.dtype
    copy = kwargs.pop("copy", False)
    format = kwargs.pop("memory_format", preserve_format)
    kwargs.pop("non_blocking", None)
    require_cpu(kwargs.pop("device", None))
    other = kwargs.pop("other", None)
    flags = [value for value in args if isinstance(value, bool)]  # non_blocking, copy
    copy = copy or flags[1:2] == [True]
    if kwargs:
        raise TypeError(f"to() got an unexpected keyword argument '{next(iter(kwargs))}'")
    for value in (*args, other):
        if isinstance(value, Dtype):
            wanted = value
        elif isinstance(value, Tensor):
            wanted = value.dtype
        elif isinstance(value, str | Device):
            require_cpu(value)
    if wanted is self.dtype and not copy and (format is preserve_format or self.is_contiguous(memory_format=format)):
        return self
    return to_copy(self, wanted, format)


def _converter(name: str, wanted: Dtype) -> Any:
    def convert(self: Tensor, memory_format: Any = preserve_format) -> Tensor:
        return to(self, wanted, memory_format=memory_format)

    convert.__name__ = convert.__qualname__ = name
    convert.__doc__ = f"The tensor as {wanted}; itself if it is that already."
    return convert


for _name, _dtype in {
    "float": dtypes.float32,
    "double": dtypes.float64,
    "half": dtypes.float16,
    "bfloat16": dtypes.bfloat16,
    "int": dtypes.int32,
    "long": dtypes.int64,
    "short": dtypes.int16,
    "char": dtypes.int8,
    "byte": dtypes.uint8,
    "bool": dtypes.bool_,
    "cfloat": dtypes.complex64,
    "cdouble": dtypes.complex128,
}.items():
    setattr(Tensor, _name, _converter(_name, _dtype))


@composite(function=False)
def type_as(self: Tensor, other: Tensor) -> Tensor:
    """The tensor in `other`'s dtype."""
    return to(self, other.dtype)


def type_(self: Tensor, dtype: Any = None) -> Any:
    """The name of the tensor's type, such as "torch.FloatTensor"; given a dtype or such a name, the tensor as that."""
    if dtype is None:
        return self.dtype.tensor_type
    if isinstance(dtype, str):
        named = [each for each in dtypes.ALL if each.tensor_type == dtype]
        if not named:
            raise ValueError(f"invalid type: '{dtype}'")
        [dtype] = named
    return to(self, dtype)


@composite(function=False)
def cpu(self: Tensor) -> Tensor:
    """Itself: every tensor is on the CPU."""
    return self


@composite(function=False)
def cuda(self: Tensor, device: Any = None) -> Tensor:
    """Raises AssertionError, as PyTorch without CUDA does."""
    require_cpu("cuda")
    return self


@composite(function=False)
def contiguous(self: Tensor, memory_format: Any = contiguous_format) -> Tensor:
    """Itself if it is contiguous, else a contiguous copy.

    >>> import autogradkit as torch
    >>> torch.ones(2, 3).t().contiguous().stride()
    (2, 1)
    """
    return self if self.is_contiguous(memory_format=memory_format) else clone(self, memory_format=memory_format)


@op(
    view=True,
    samples=lambda t: [(t(2, 3), (2, 2), (1, 2), 1), (t(6), (2, 2), (1, 1), 2)],
)
def as_strided(self: Array, size: tuple[int, ...], stride: tuple[int, ...], storage_offset: int | None = None) -> Array:
    """A view on the tensor's storage with any sizes, strides and offset (in elements).

    >>> import autogradkit as torch
    >>> torch.as_strided(torch.arange(6), (3, 2), (1, 3))
    tensor([[0, 3],
            [1, 4],
            [2, 5]])
    """
    size, stride = tuple(size), tuple(stride)
    start = Tensor.storage_offset(wrap(self)) if storage_offset is None else storage_offset
    if len(size) != len(stride):
        raise RuntimeError("mismatch in length of strides and shape")
    if any(each < 0 for each in stride):
        raise RuntimeError(f"as_strided: Negative strides are not supported at the moment, got strides: {list(stride)}")
    extent = 0 if 0 in size else start + 1 + sum((n - 1) * s for n, s in zip(size, stride, strict=True))
    available = wrap(self).untyped_storage().nbytes()
    if extent * self.itemsize > available:
        raise RuntimeError(
            f"setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {start}, and itemsize "
            f"{self.itemsize} requiring a storage size of {extent * self.itemsize} are out of bounds for storage of size "
            f"{available}"
        )
    return strided(self, size, stride, start)


def renewed_view(base: Tensor, size: tuple[int, ...], stride: tuple[int, ...], storage_offset: int) -> Tensor:
    """The view that replaces a stale one after an in-place edit: always in the graph, never reported."""
    with enable_grad():
        return as_strided.op.run(base, size, stride, storage_offset)


@op(
    name="as_strided_backward", node="AsStridedBackwardBackward0", method=False, function=False,
    samples=lambda t: [(t(2, 2), np.array([[0, 3], [3, 5]]), (2, 3)), (t(3), np.array([1, -1, 0]), (2,))],
)  # fmt: skip
def as_strided_gradient(g: Array, indices: Any, self_sym_sizes: tuple[int, ...]) -> Array:
    """Adds each element of `g` to the element of the base that it came from."""
    # One place more than there are elements, the last, takes what came from memory that the base does not show.
    total = np.zeros(int(np.prod(self_sym_sizes)) + 1, g.dtype)
    np.add.at(total, indices, g)
    return total[:-1].reshape(self_sym_sizes)


as_strided_gradient.vjp(g=lambda g, indices: k.pick_flat(g, indices))


@op(
    name="pick_flat", method=False, function=False,
    samples=lambda t: [(t(2, 3), np.array([[0, 5], [5, -1]])), (t(3, 2).detach().T.requires_grad_(), np.array([4, 1]))],
)  # fmt: skip
def pick_flat(self: Array, indices: Any) -> Array:
    """The elements at these positions of the row-major order."""
    return np.append(self.reshape(-1), self.dtype.type(0))[indices]


pick_flat.vjp(self=lambda g, indices, self_sym_sizes: k.as_strided_backward(g, indices, self_sym_sizes))


def _positions(geometry: Any, size: tuple[int, ...], stride: tuple[int, ...], start: int | None) -> Array:
    """For each element of the strided view, the row-major position in the base of the element it shows; else −1."""
    shape, strides, offset = geometry
    addresses = _addresses(shape, strides, offset)
    wanted = _addresses(tuple(size), tuple(stride), offset if start is None else start)
    highest = max(addresses.max(initial=0), wanted.max(initial=0))
    position = np.full(int(highest) + 1, -1, np.int64)
    position[addresses.reshape(-1)] = np.arange(addresses.size)
    return position[wanted]


def _addresses(shape: tuple[int, ...], strides: tuple[int, ...], offset: int) -> Array:
    steps = [np.arange(n) * s for n, s in zip(shape, strides, strict=True)]
    return sum(np.ix_(*steps), start=np.array(offset)) if steps else np.array(offset)


as_strided.vjp(
    self=lambda g, size, stride, storage_offset, self_geometry: k.as_strided_backward(
        g, _positions(self_geometry, size, stride, storage_offset), self_geometry[0]
    )
)


@op(
    in_place=True, method=False, function=False, node="CopyBackwards",
    samples=lambda t: [(t(2, 3), t(2, 3)), (t(2, 3), t(3)), (t(2, 3), t(2, 1)), (t(2), t())],
)  # fmt: skip
def copy(self: Array, src: Array) -> Array:
    """The elements of `src` with the shape of `self`."""
    return np.broadcast_to(src, self.shape)


copy.vjp(self=lambda g: g * 0, src=lambda g: g)


@composite(function=False)
def copy_(self: Tensor, src: Any, non_blocking: bool = False) -> Tensor:
    """Write `src`, broadcast and converted, into the tensor.

    >>> import autogradkit as torch
    >>> torch.zeros(2).copy_(torch.tensor([1, 2]))
    tensor([1., 2.])
    """
    if not isinstance(src, Tensor):
        raise TypeError(f"copy_(): argument 'other' (position 1) must be Tensor, not {type(src).__name__}")
    if RECORDERS:
        return observed("copy_", "inplace", _copy_into, (self, src), {})
    return _copy_into(self, src)


def _copy_into(self: Tensor, src: Tensor) -> Tensor:
    declared: Op = copy.op
    values = [self, src]
    records = declared.records(values)
    check_in_place(self, records)
    require_writable(self._array, (src._array,))
    if broadcast_shapes(self._array.shape, src._array.shape) != self._array.shape:
        raise RuntimeError(
            f"output with shape {list(self._array.shape)} doesn't match the broadcast shape "
            f"{list(broadcast_shapes(self._array.shape, src._array.shape))}"
        )
    node = None
    if records:
        needs, edges = declared.needs_and_edges(values)
        node = declared.make_node(values, needs, edges)
        node.outputs = (self._array.shape, self._array.dtype)
    source = src._array
    np.copyto(
        self._array, source.real if source.dtype.kind == "c" and not self.is_complex() else source, casting="unsafe"
    )
    bump_version(self)
    if node is not None:
        rebase_history(self, node)
    return self


def _full(self: Array, value: Any) -> Array:
    filled = empty_strided(self.shape, dense_strides_like(self.shape, element_strides(self)), self.dtype)
    np.copyto(filled, value, casting="unsafe")
    return filled


@op(
    name="fill_by_number", public="fill", node="FillBackward0", in_place=True, in_place_node="FillBackward2",
    overlaps=True, method=False, function=False,
    samples=lambda t: [(t(2, 3), 1.5)],
)  # fmt: skip
def fill_by_number(self: Array, value: float) -> Array:
    """A tensor of this shape with every element the number `value`."""
    return _full(self, scalar_array(value, from_numpy_dtype(self.dtype)))


@op(
    name="fill_by_tensor", public="fill", node="FillBackward1", in_place=True, in_place_node="FillBackward3",
    method=False, function=False,
    samples=lambda t: [(t(2, 3), t())],
)  # fmt: skip
def fill_by_tensor(self: Array, value: Array) -> Array:
    """A tensor of this shape with every element the only one of `value`."""
    if value.ndim:
        raise RuntimeError(f"fill_ only supports 0-dimension value tensor but got tensor with {value.ndim} dimensions.")
    return _full(self, value)


fill_by_number.vjp(self=lambda g: g * 0)
fill_by_tensor.vjp(self=lambda g: g * 0, value=lambda g: g)


@composite(method=False)
def fill(input: Tensor, value: Any) -> Tensor:
    """A tensor like `input` with every element `value`.

    >>> import autogradkit as torch
    >>> torch.fill(torch.zeros(2), 3)
    tensor([3., 3.])
    """
    return fill_by_tensor(input, value) if isinstance(value, Tensor) else fill_by_number(input, value)


@composite(function=False)
def fill_(self: Tensor, value: Any) -> Tensor:
    """Write `value`, a number or a tensor without dimensions, into every element.

    >>> import autogradkit as torch
    >>> torch.zeros(2).fill_(3)
    tensor([3., 3.])
    """
    declared = fill_by_tensor if isinstance(value, Tensor) else fill_by_number
    return declared.in_place(self, value)


@op(
    name="zero", in_place=True, overlaps=True, method=False, function=False, node="ZeroBackward0",
    samples=lambda t: [(t(2, 3),), (t(),)],
)  # fmt: skip
def zero(self: Array) -> Array:
    """Zeros of this shape."""
    return np.zeros(self.shape, self.dtype)


zero.vjp(self=lambda g: g * 0)

Tensor.zero_ = zero.in_place

Tensor.type = type_
