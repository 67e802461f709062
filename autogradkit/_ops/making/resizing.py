"""A tensor given other sizes in its own storage: resize_, resize_as_.

Rests on declare and options. What the storage holds stays; what is larger than it gets memory of its own, since NumPy's arrays
do not grow, and shares no more with other tensors.
"""

from __future__ import annotations

import math
from typing import Any

from autogradkit._ops.declare import function
from autogradkit._ops.declare.kinds import MemoryFormat, Sizes
from autogradkit._ops.making.options import format_of, preserve_format, strides_in
from autogradkit.core.memory import empty, too_large
from autogradkit.core.recording import reported
from autogradkit.core.storage import NOT_RESIZABLE, Array, Bytes, is_borrowed, offset_of, strided
from autogradkit.core.strides import element_strides
from autogradkit.core.tensor import Tensor, write_at_once
from autogradkit.engine.history import requires_grad
from autogradkit.engine.inference import is_inference
from autogradkit.engine.reseating import reseating


def _resized(tensor: Any, size: tuple[int, ...], strides: tuple[int, ...]) -> Any:
    array: Array = tensor._memory
    if (array.shape, element_strides(array)) == (size, strides):
        return tensor
    offset, storage = offset_of(array), Bytes(array).flat(array.dtype)
    extent = offset + (0 if 0 in size else 1 + sum((n - 1) * step for n, step in zip(size, strides, strict=True)))
    if extent > storage.size:
        if is_borrowed(array):
            raise RuntimeError(NOT_RESIZABLE)
        try:
            grown = empty((extent,), array.dtype)
        except RuntimeError:
            raise too_large(size, array.itemsize) from None
        grown[: storage.size] = storage
        array = grown

    def move(tensor: Tensor, *size: int) -> Tensor:
        edits = int(size != tensor._array.shape)  # other strides alone do not count
        write_at_once(tensor, reseating(tensor, strided(array, size, strides, offset)), edits)
        return tensor

    return reported("resize", "inplace", move, tensor, *size)


def _require_resizable(tensor: Tensor) -> None:
    if requires_grad(tensor) and not is_inference(tensor):
        raise RuntimeError("cannot resize variables that require grad")


resize_ = function("resize_", variants="method")


@resize_.overload(composition=True)
def _(self: Tensor, size: Sizes, *, memory_format: MemoryFormat | None = None) -> Any:
    """The tensor itself with other sizes, showing its storage from its first element on; more elements hold anything.

    >>> import autogradkit as torch
    >>> torch.tensor([[1, 2], [3, 4]]).resize_(3)
    tensor([1, 2, 3])
    """
    _require_resizable(self)
    if memory_format is preserve_format:
        raise RuntimeError("Unsupported memory formatPreserve")
    if any(each < 0 for each in size) or math.prod(each or 1 for each in size) >= 2**63:
        raise RuntimeError("numel: integer multiplication overflow")
    if size == self._array.shape and memory_format is None:
        return self
    return _resized(self, size, strides_in(memory_format, size))


resize_as_ = function("resize_as_", variants="method")


@resize_as_.overload(composition=True)
def _(self: Tensor, the_template: Tensor, *, memory_format: MemoryFormat | None = None) -> Any:
    """The tensor itself with the sizes of another one; see `resize_`.

    >>> import autogradkit as torch
    >>> torch.tensor([[1, 2], [3, 4]]).resize_as_(torch.zeros(3))
    tensor([1, 2, 3])
    """
    _require_resizable(self)
    size = the_template._array.shape
    if memory_format is preserve_format:
        memory_format = format_of(the_template._array)
    if size == self._array.shape and memory_format is None:
        return self
    return _resized(self, size, strides_in(memory_format, size))
