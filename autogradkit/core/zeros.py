"""Zeros that are known to be zeros: PyTorch's zero tensors, which gradients through the sign of real numbers are.

Multiplied or divided they stay what they are, whatever by, where a zero in memory gives NaN beside an infinite slope. Rests on
NumPy; the formula of `sgn` makes them, `engine/validate.py` lets them go on from node to node and nowhere else. Under
`create_graph` a gradient is a tensor, and is known to be zeros while its array is one of these; whichever node gets it
makes it a usual one first (`engine/general.py`).
"""

from __future__ import annotations

from typing import Any

import numpy as np


class Zeros(np.ndarray[Any, Any]):
    """An array of one zero, expanded to a shape, that nobody writes; whatever else is done with it makes a usual array."""

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        plain = [np.asarray(each) if each.__class__ is Zeros else each for each in inputs]
        known = [each.__class__ is Zeros for each in inputs]
        if ufunc is np.add or ufunc is np.subtract:
            stays = all(known)
        else:
            stays = ufunc is np.multiply or (ufunc in (np.true_divide, np.conjugate) and known[0])
        if not stays or method != "__call__" or "out" in options:
            return getattr(ufunc, method)(*plain, **options)
        kinds = [each if isinstance(each, (int, float, complex)) else each.dtype for each in plain]
        # Whole numbers and truth values widen nothing, as in PyTorch.
        counted: list[Any] = [each for each in kinds if not isinstance(each, np.dtype) or each.kind in "fcV"]
        return zeros(np.broadcast_shapes(*map(np.shape, plain)), np.result_type(*counted))


def zeros(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
    """Zeros of a shape and NumPy dtype, known as such."""
    return np.broadcast_to(np.zeros((), dtype), shape).view(Zeros)


def is_known(tensor: Any) -> bool:
    """Whether a tensor is known to be zeros."""
    return tensor._array.__class__ is Zeros


def mark(tensor: Any) -> None:
    """Make a tensor that nobody else has yet one that is known to be zeros."""
    memory = tensor._array
    if memory.any():  # NaN
        np.copyto(memory, 0)
    tensor._array = memory.view(Zeros)


def settle(tensor: Any) -> None:
    """Make a tensor that is known to be zeros a usual one, of the same memory."""
    tensor._array = tensor._array.view(np.ndarray)
