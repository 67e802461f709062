"""Elements picked or filled by a mask, and where elements are nonzero: masked_fill, masked_select, nonzero, argwhere.

Rests on op and indexing.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import k
from autogradkit._ops.in_place import accepts_out
from autogradkit._ops.making.scalars import scalar_array
from autogradkit._ops.op import Array, composite, op
from autogradkit.core.dtype import from_numpy_dtype
from autogradkit.core.strides import broadcast_shapes, empty_strided
from autogradkit.core.tensor import Tensor, empty_array, wrap

# -- by masks ----------------------------------------------------------------------------------------------------------


def _filled(self: Array, mask: Array, value: Any) -> Array:
    if mask.dtype != np.bool_:
        broadcast_shapes(mask.shape, self.shape)
        c_names = {
            "int64": "long int",
            "int32": "int",
            "uint8": "unsigned char",
            "float32": "float",
            "float64": "double",
        }
        raise RuntimeError(
            "masked_fill_ only supports boolean masks, but got mask with dtype "
            f"{c_names.get(mask.dtype.name, mask.dtype.name)}"
        )
    shape = broadcast_shapes(mask.shape, self.shape)
    result = empty_array(shape, self.dtype)
    result[...] = self
    np.copyto(result, value, where=mask, casting="unsafe")
    return result


@op(
    name="masked_fill_number", public="masked_fill", node="MaskedFillBackward0", in_place=True, method=False, function=False,
    samples=lambda t: [(t(2, 3), wrap(np.array([True, False, True])), 1.5)],
)  # fmt: skip
def masked_fill_number(self: Array, mask: Array, value: float) -> Array:
    """A copy of `self` with the number `value` where `mask` is true."""
    return _filled(self, mask, scalar_array(value, from_numpy_dtype(self.dtype)))


@op(
    name="masked_fill_tensor", public="masked_fill", node="MaskedFillBackward1", in_place=True, method=False, function=False,
    samples=lambda t: [(t(2, 3), wrap(np.array([True, False, True])), t())],
)  # fmt: skip
def masked_fill_tensor(self: Array, mask: Array, value: Array) -> Array:
    """A copy of `self` with the only element of `value` where `mask` is true."""
    if value.ndim:
        raise RuntimeError(
            f"masked_fill_ only supports a 0-dimensional value tensor, but got tensor with {value.ndim} dimension(s)."
        )
    return _filled(self, mask, value)


masked_fill_number.vjp(self=lambda g, mask: k.masked_fill_number(g, mask, 0.0))
masked_fill_tensor.vjp(
    self=lambda g, mask: k.masked_fill_number(g, mask, 0.0), value=lambda g, mask: k.where(mask, g, g * 0)
)


@composite()
def masked_fill(input: Tensor, mask: Tensor, value: Any) -> Tensor:
    """A copy of `input` with `value` where `mask` is true; both broadcast.

    >>> import autogradkit as torch
    >>> torch.tensor([1.0, 2.0]).masked_fill(torch.tensor([True, False]), 0.0)
    tensor([0., 2.])
    """
    return (
        masked_fill_tensor(input, mask, value) if isinstance(value, Tensor) else masked_fill_number(input, mask, value)
    )


@composite(function=False)
def masked_fill_(self: Tensor, mask: Tensor, value: Any) -> Tensor:
    """Write `value` where `mask`, broadcast, is true, in place.

    >>> import autogradkit as torch
    >>> torch.zeros(2).masked_fill_(torch.tensor([True, False]), 3)
    tensor([3., 0.])
    """
    declared = masked_fill_tensor if isinstance(value, Tensor) else masked_fill_number
    return declared.in_place(self, mask, value)


@op(samples=lambda t: [(t(2, 3), wrap(np.array([True, False, True])))])
def masked_select(self: Array, mask: Array) -> Array:
    """The elements where `mask` is true, in row-major order, in one dimension.

    >>> import autogradkit as torch
    >>> torch.masked_select(torch.tensor([1, 2, 3]), torch.tensor([True, False, True]))
    tensor([1, 3])
    """
    if mask.dtype != np.bool_:
        raise RuntimeError("masked_select: expected BoolTensor for mask")
    shape = broadcast_shapes(mask.shape, self.shape)
    return np.broadcast_to(self, shape)[np.broadcast_to(mask, shape)]


def _masked_select_backward(g: Any, self: Any, mask: Any) -> Any:
    shape = broadcast_shapes(tuple(self.shape), tuple(mask.shape))
    whole = k.index_put(k.new_zeros(g, shape or (1,)), (k.expand(mask, shape or (1,)),), g)
    return k.reshape(whole, shape)


masked_select.vjp(self=_masked_select_backward)


# -- where elements are nonzero ----------------------------------------------------------------------------------------


@op(name="nonzero_positions", public="nonzero", method=False, function=False)
def nonzero_positions(self: Array) -> Array:
    """The positions of nonzero elements, one a row, in row-major order."""
    found = np.argwhere(self)
    result = empty_strided(found.shape, (1, len(found)), np.dtype(np.int64))
    result[...] = found
    return result


@composite()
@accepts_out
def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """The positions of nonzero elements, (how many, dimensions), or as a tuple with a vector for each dimension.

    >>> import autogradkit as torch
    >>> torch.nonzero(torch.tensor([[0, 1], [2, 0]]))
    tensor([[0, 1],
            [1, 0]])
    """
    if not as_tuple:
        return nonzero_positions(input)
    return nonzero_positions(input if input._array.ndim else input.unsqueeze(0)).unbind(1)  # type: ignore[attr-defined]


@composite()
def argwhere(input: Tensor) -> Tensor:
    """The positions of nonzero elements, one a row.

    >>> import autogradkit as torch
    >>> torch.argwhere(torch.tensor([0, 3, 5]))
    tensor([[1],
            [2]])
    """
    return nonzero_positions(input)
