"""What the keywords of every factory do: `out`, `dtype`, `layout`, `device`, `pin_memory`, `requires_grad`.

A factory says the sizes and how memory is filled; `filled_tensor` finds the memory and makes the tensor. Rests on declare's
memory and writing; all modules of this room use it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np

from autogradkit._ops.declare.memory import allocate, twin_of
from autogradkit._ops.declare.overlaps import require_writable
from autogradkit._ops.declare.sparse import no_kernel
from autogradkit._ops.declare.writing import history_of, require_no_leaf, resized
from autogradkit.core.c_types import CType
from autogradkit.core.device import device as Device
from autogradkit.core.device import is_meta
from autogradkit.core.dtype import SCALAR_TYPE_NAMES, get_default_dtype
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.errors import WHOLE_NUMBERS
from autogradkit.core.layout import jagged, refuse_blocks, sparse_coo, strided
from autogradkit.core.meta import NO_DATA, emptied, hollow, wrap_meta
from autogradkit.core.pending import writing
from autogradkit.core.quiet import quietly
from autogradkit.core.sparse import around, empty_of
from autogradkit.core.storage import Array
from autogradkit.core.strides import (
    channels_last_strides,
    contiguous_strides,
    dense_strides_like,
    element_strides,
    suggests_channels_last,
)
from autogradkit.core.tensor import Tensor, wrap, write_at_once
from autogradkit.engine.history import requires_grad
from autogradkit.engine.reseating import reseating


class memory_format(metaclass=CType):  # noqa: N801 - PyTorch's name
    """How dimensions lie in memory; compared by identity."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"torch.{self.name}"


contiguous_format = memory_format("contiguous_format")
preserve_format = memory_format("preserve_format")
channels_last = memory_format("channels_last")
channels_last_3d = memory_format("channels_last_3d")
RANKS = {channels_last: 4, channels_last_3d: 5}


def format_of(array: Array) -> memory_format:
    """The memory format that an array's strides are those of."""
    if not suggests_channels_last(array.shape, element_strides(array)):
        return contiguous_format
    return channels_last if array.ndim == 4 else channels_last_3d


def strides_in(format: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The strides, in elements, of new memory in a memory format. Raises RuntimeError where the sizes do not fit it."""
    if format is preserve_format:
        raise RuntimeError("unsupported memory format Preserve")
    if format not in RANKS:
        return contiguous_strides(shape)
    if len(shape) != RANKS[format]:
        raise RuntimeError(f"required rank {RANKS[format]} tensor to use {format.name} format")
    return channels_last_strides(shape)


def strides_like(array: Array, format: Any) -> tuple[int, ...] | None:
    """The strides, in elements, of a dense copy of `array` in a memory format; None for contiguous ones."""
    if format is None or format is preserve_format:
        if array.flags.c_contiguous and array.size and 1 not in array.shape:
            return None
        return dense_strides_like(array.shape, element_strides(array))  # those of dimensions of one element are kept
    return strides_in(format, array.shape)


def require_sizes(shape: tuple[int, ...]) -> None:
    """Raise RuntimeError for sizes below zero."""
    for size in shape:
        if size < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {size}: {list(shape)}")


def dtype_in(options: dict[str, Any], default: Dtype | None = None) -> Dtype:
    """The dtype that a factory's keywords ask for; `default`, or that of Python floats, where they ask for none."""
    dtype, out = options.get("dtype"), options.get("out")
    if out is not None:
        if dtype is not None and dtype is not out.dtype:
            raise RuntimeError(
                f"dtype {SCALAR_TYPE_NAMES[dtype]} does not match dtype of out parameter ({SCALAR_TYPE_NAMES[out.dtype]})"
            )
        return out.dtype
    return dtype or default or get_default_dtype()


# Jagged is of nested tensors: a factory of dense ones takes it for strided, as in PyTorch.
_DENSE = (None, strided, jagged)
# What PyTorch makes by `arange` or `linspace`, which leave the sizes of an `out=` that holds as many numbers.
_KEEPING_SIZES = ("arange", "range", "linspace", "fft_fftfreq", "fft_rfftfreq")


def filled_tensor(
    shape: tuple[int, ...],
    fill: Callable[[Array], object],
    options: dict[str, Any],
    default: Dtype | None = None,
    strides: tuple[int, ...] | None = None,
    *,
    name: str = "",
    resizes: bool = False,
    given: Sequence[Any] = (),
) -> Tensor:
    """A tensor of these sizes whose memory `fill` writes, as the factory's keywords ask for it.

    `default` is the dtype where they ask for none; `name` is that of a factory which takes `out`; `resizes`: PyTorch composes
    it of `resize_`, which is an edit of its own, and a fill. `given` are the tensors that it is computed from.
    """
    kind = dtype_in(options, default).numpy
    out: Tensor | None = options.get("out")
    if options.get("layout") not in _DENSE:
        return _made_sparse(shape, fill, options, kind, name)
    if out is None:
        meta = require_place(options)
        require_sizes(shape)
        if meta:
            return _without_numbers(hollow(shape, kind, strides), options)
        array = allocate(shape, kind, strides)
        quietly(fill, array)
        tensor = wrap(array)
        if options.get("requires_grad"):
            _require_grad(tensor)
        return tensor
    _require_place_of_out(options)
    if resizes and requires_grad(out):
        raise RuntimeError("cannot resize variables that require grad")
    require_no_leaf(f"aten::{name}", out)
    if min(shape, default=0) < 0 and 0 not in shape:  # which PyTorch resizes it to
        raise RuntimeError("numel: integer multiplication overflow")
    require_sizes(shape)
    operands = [each for each in given if isinstance(each, Tensor)]
    edits = 1
    if out._array.shape == shape:
        require_writable(out._array, ())
        _, _, array = twin_of(out._array)
        quietly(fill, array)
        steps = writing(out, out._memory, array)
    elif name in _KEEPING_SIZES and out._array.size == shape[0]:  # whatever its sizes
        require_writable(out._array, ())
        array = allocate(shape, out._array.dtype)
        quietly(fill, array)
        steps = writing(out, out._memory, array.reshape(out._array.shape))
    else:
        array = allocate(shape, kind)
        quietly(fill, array)  # which may refuse
        memory = resized(out._memory, shape, contiguous_strides(shape))
        steps = [*writing(out, memory, array), *reseating(out, memory)]
        edits = 2 if resizes and fill is not nothing_in else 1
    write_at_once(out, [*steps, *history_of(f"aten::{name}", operands, out, shape, edits)], edits)
    if options.get("requires_grad"):
        _require_grad(out)
    elif out._node is None:
        out._requires_grad = False
    return out


def _made_sparse(
    shape: tuple[int, ...], fill: Callable[[Array], object], options: dict[str, Any], kind: np.dtype[Any], name: str
) -> Tensor:
    """What a factory makes of a sparse layout: nothing, and thereby zeros."""
    if options["layout"] is not sparse_coo and len(shape) < 2:
        if fill is not zeros_in:
            require_sizes(shape)
        refuse_vector("zeros" if fill is zeros_in else "empty", shape)
    refuse_blocks(options["layout"])
    if name in ("full", "ones"):
        raise RuntimeError("full(...) is not implemented for sparse layout")
    if fill is not zeros_in and fill is not nothing_in:
        raise no_kernel(name or "fill_.Scalar", "SparseCPU")
    require_sizes(shape)
    if options["layout"] is not sparse_coo and len(shape) != 2:
        raise NotImplementedError(f"zeros of {options['layout']} are matrices here, without batches")
    return finished(empty_of(shape, len(shape), kind).laid(options["layout"]), options)


def refuse_vector(name: str, shape: tuple[int, ...]) -> NoReturn:
    """What a factory says of a compressed layout with fewer than two dimensions."""
    sizes = str(list(shape))
    raise RuntimeError(
        f"torch.{name}: Only batched sparse compressed (non-block) tensors are supported, but got size {sizes}"
    )


def finished(array: Any, options: dict[str, Any]) -> Tensor:
    """A new leaf around `array`. Raises RuntimeError for another device, pinned memory, or gradients of whole numbers."""
    if require_place(options) and isinstance(array, np.ndarray):
        return _without_numbers(hollow(array.shape, array.dtype, element_strides(array)), options)
    layout = options.get("layout")
    if layout not in _DENSE and isinstance(array, np.ndarray):
        raise NotImplementedError(f"layout={layout} is not available here: make the tensor, and use to_sparse()")
    tensor = around(array)
    if options.get("requires_grad"):
        _require_grad(tensor)
    return tensor


def _without_numbers(array: Array, options: dict[str, Any]) -> Tensor:
    tensor = wrap_meta(array)
    if options.get("requires_grad"):
        _require_grad(tensor)
    return tensor


def require_place(options: dict[str, Any]) -> bool:
    """Whether it is to be on the meta device. Raises for others than that and the processor, and for pinned memory."""
    meta = is_meta(options["device"])
    require_unpinned(options)
    return meta


def require_unpinned(options: dict[str, Any]) -> None:
    """Raise RuntimeError for pinned memory, before a factory's own numbers are looked at."""
    if options.get("pin_memory"):
        raise RuntimeError(
            "pin_memory=True requires a CUDA or other accelerator backend; no pinned memory allocator is available on this "
            "system."
        )


def moved(tensor: Any, device: Any) -> Any:
    """`tensor` on a device; itself where it is there, or none is named. Raises NotImplementedError where it has no numbers."""
    if device is None or is_meta(device) is tensor.is_meta:
        return tensor
    if tensor.is_meta:
        raise NotImplementedError(NO_DATA)
    return emptied(tensor._array)


def _require_place_of_out(options: dict[str, Any]) -> None:
    wanted = options["device"]
    if isinstance(wanted, (str, Device)) and Device(wanted).type != "cpu":
        raise RuntimeError(f"device type {Device(wanted).type} does not match device type of out parameter (cpu)")


def _require_grad(tensor: Tensor) -> None:
    if tensor._array.dtype.kind in "biu":
        raise RuntimeError(WHOLE_NUMBERS)
    tensor._requires_grad = True


def zeros_in(array: Array) -> None:
    """Fill memory with zeros."""
    array.fill(0)


def ones_in(array: Array) -> None:
    """Fill memory with ones."""
    array.fill(1)


def nothing_in(array: Array) -> None:
    """Leave memory as it is."""
