"""Whether tensors agree: equal, isclose, allclose.

Rests on op.
"""

from __future__ import annotations

import numpy as np

from autogradkit._ops.op import composite, type_name
from autogradkit.core.dtype import SCALAR_TYPE_NAMES
from autogradkit.core.strides import broadcast_shapes, element_strides, empty_strided, output_strides
from autogradkit.core.tensor import Tensor, wrap


@composite()
def equal(input: Tensor, other: Tensor) -> bool:
    """Whether both have the same shape and the same elements. NaN equals nothing.

    >>> import autogradkit as torch
    >>> torch.equal(torch.tensor([1, 2]), torch.tensor([1, 2]))
    True
    """
    if not isinstance(other, Tensor):
        raise TypeError(f"equal(): argument 'other' (position 1) must be Tensor, not {type_name(other)}")
    return bool(input._array.shape == other._array.shape and np.array_equal(input._array, other._array))


@composite()
def isclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Tensor:
    """Where |input − other| ≤ atol + rtol · |other|, as bools.

    >>> import autogradkit as torch
    >>> torch.isclose(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.1]))
    tensor([ True, False])
    """
    if input.dtype is not other.dtype:
        ours, theirs = (SCALAR_TYPE_NAMES[each.dtype] for each in (input, other))
        raise RuntimeError(f"{ours} did not match {theirs}")
    for name, value in (("rtol", rtol), ("atol", atol)):
        if value < 0:
            raise RuntimeError(f"{name} must be greater than or equal to zero, but got {value}")
    a, b = input._array, other._array
    shape = broadcast_shapes(a.shape, b.shape)
    strides = output_strides([(each.shape, element_strides(each)) for each in (a, b)], shape)
    result = empty_strided(shape, strides, np.dtype(np.bool_))
    with np.errstate(invalid="ignore"):
        near = a == b
        if a.dtype.kind in "fc" or rtol or atol:
            distance = np.abs(a.astype(np.float64) - b) if a.dtype.kind in "biu" else np.abs(a - b)
            near = near | (np.isfinite(distance) & (distance <= atol + np.abs(rtol * b)))
        if equal_nan and a.dtype.kind in "fc":
            near = near | (np.isnan(a) & np.isnan(b))
    result[...] = near
    return wrap(result)


@composite()
def allclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """Whether |input − other| ≤ atol + rtol · |other| everywhere.

    >>> import autogradkit as torch
    >>> torch.allclose(torch.tensor([1.0]), torch.tensor([1.0 + 1e-7]))
    True
    """
    return bool(isclose(input, other, rtol, atol, equal_nan)._array.all())
