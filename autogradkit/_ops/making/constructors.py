"""PyTorch's oldest constructors, which take sizes or data: `Tensor(2, 3)`, `Tensor([1.0])`, `FloatTensor`, `LongTensor`.

Rests on contents; core's `Tensor.__new__` calls what is handed up here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autogradkit._ops.declare import python_function
from autogradkit._ops.declare.kinds import is_index
from autogradkit._ops.making.contents import array_from
from autogradkit._ops.making.options import require_sizes
from autogradkit.core.device import device as Device
from autogradkit.core.dtype import ALL, get_default_dtype
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.size import Size
from autogradkit.core.storage import Array
from autogradkit.core.tensor import CONSTRUCTOR, Tensor, empty_array, wrap


def new(cls: type[Tensor], *args: Any, device: Any = None) -> Tensor:
    """`Tensor(2, 3)`: uninitialised memory; `Tensor([1, 2])`: the data in the default dtype; `Tensor(t)`: a new alias."""
    if device is not None and Device(device).type != "cpu":
        raise RuntimeError(
            f"legacy constructor expects device type: cpu but device type: {Device(device).type} was passed"
        )
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
            raise TypeError(f"new(): data must be a sequence (got {type(data).__name__})")
        return array_from(data, kind)
    sizes = args[0] if args and isinstance(args[0], Size) else args or (0,)
    shape = tuple([int(each) for each in sizes])
    require_sizes(shape)
    return empty_array(shape, kind.numpy)


CONSTRUCTOR.append(new)


def _typed(kind: Dtype) -> Callable[..., Tensor]:
    def make(*args: Any) -> Tensor:
        if len(args) == 1 and isinstance(args[0], Tensor):
            if args[0].dtype is not kind:
                raise TypeError(f"{make.__name__} takes tensors of {kind}, but this one is of {args[0].dtype}")
            return wrap(args[0]._array)
        return wrap(_sized_or_filled(args, kind))

    make.__name__ = make.__qualname__ = kind.tensor_type.removeprefix("torch.")
    make.__doc__ = f"A tensor of {kind}: of the given sizes, or with the given data."
    return make


for _kind in ALL:
    python_function()(_typed(_kind))
