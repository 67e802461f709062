"""Elements picked or written by a mask, and where elements are nonzero: masked_fill, masked_scatter, masked_select, nonzero.

Rests on declare; the sizes of the last three depend on what the tensor holds, so their kernels allocate.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autogradkit._ops.declare import function, k, op
from autogradkit._ops.declare.kinds import Array, Object, Scalar, SymInt
from autogradkit._ops.declare.overlaps import SHARED, expanded_with_warning, require_once
from autogradkit._ops.declare.writing import C_NAMES, require_shape, saying
from autogradkit._ops.making.scalars import scalar_array
from autogradkit.core.dtype import SCALAR_TYPE_NAMES, from_numpy_dtype
from autogradkit.core.shapes import broadcast_shapes
from autogradkit.core.strides import empty_strided, partial_overlap
from autogradkit.core.tensor import Tensor, wrap

# -- by masks ----------------------------------------------------------------------------------------------------------


def _require_kinds(mask: Array, value: Any) -> None:
    if isinstance(value, np.ndarray) and value.ndim:
        raise RuntimeError(
            f"masked_fill_ only supports a 0-dimensional value tensor, but got tensor with {value.ndim} dimension(s)."
        )
    if mask.dtype != np.bool_:
        raise RuntimeError(
            f"masked_fill_ only supports boolean masks, but got mask with dtype {C_NAMES[mask.dtype.name]}"
        )


def _refuse_edit(self: Any, mask: Any, value: Any) -> None:
    """In place the mask is looked at before its size, which is then compared from the other side."""
    _require_kinds(mask._array, value._array if isinstance(value, Tensor) else value)
    shape = broadcast_shapes(self._array.shape, mask._array.shape)
    require_shape(self._array.shape, shape)


def _fill_meta(self: Array, mask: Array, value: Any) -> Any:
    shape = broadcast_shapes(mask.shape, self.shape)
    _require_kinds(mask, value)
    if isinstance(value, np.ndarray) and value.dtype.kind == "c" and self.dtype.kind != "c":
        scalar_array(value.item(), from_numpy_dtype(self.dtype))
    return shape, self.dtype


def _mask(last: Any) -> Any:
    return lambda t: [(t(2, 3), wrap(np.array([True, False, True])), last(t))]


_EXPANDED = expanded_with_warning("masked_fill_", "tensor[mask] = scalar", apart=False)


def _overlaps(target: Array, others: Sequence[Any]) -> None:
    """The mask may be the very memory that is written, not a part of it; of the value one number is read."""
    _EXPANDED(target, [])
    if partial_overlap(target, others[0]):
        raise RuntimeError(SHARED)


masked_fill = function("masked_fill", in_place=True)


@masked_fill.overload(
    node="MaskedFillBackward1",
    refuses_complex=True,
    rule="∂self = ∂ where not mask, else 0\n∂value = ∂ where mask, else 0",
    meta=_fill_meta,
    edit_refuse=_refuse_edit,
    out=False,
    overlaps=_overlaps,
    samples=_mask(lambda t: t()),
    vjp={
        "self": lambda g, mask: k.masked_fill_number(g, mask, 0.0),
        "value": lambda g, mask: k.where(mask, g, k.zeros_like(g)),
    },
)
def _(self: Array, mask: Array, value: Array, *, out: Array) -> None:
    """A copy of `input` with `value` where `mask` is true; both broadcast.

    >>> import autogradkit as torch
    >>> torch.tensor([1.0, 2.0]).masked_fill(torch.tensor([True, False]), 0.0)
    tensor([0., 2.])
    """
    masked_fill_number.kernel(self, mask, value.item(), out=out)  # as in PyTorch, which refuses what does not fit


@masked_fill.overload(
    meta=_fill_meta,
    edit_refuse=_refuse_edit,
    out=False,
    overlaps=_overlaps,
    samples=_mask(lambda t: 1.5),
    vjp={"self": lambda g, mask: k.masked_fill_number(g, mask, 0.0)},
    rule="∂self = ∂ where not mask, else 0",
)
def masked_fill_number(self: Array, mask: Array, value: Scalar, *, out: Array) -> None:
    element = scalar_array(value, from_numpy_dtype(self.dtype))
    np.copyto(out, self)
    np.copyto(out, element, where=mask, casting="unsafe")


def _masked_select_backward(g: Any, self: Any, mask: Any) -> Any:
    shape = broadcast_shapes(tuple(self.shape), tuple(mask.shape))
    whole = k.index_put(k.new_zeros(g, shape or (1,)), (k.expand(mask, shape or (1,)),), g)
    return k.reshape(whole, shape)


@op(
    apart="given",
    out_dtype=saying("masked_select(): self and result must have the same scalar type"),
    samples=lambda t: [(t(2, 3), wrap(np.array([True, False, True])))],
    gradient_version=1,
    vjp={"self": _masked_select_backward},
    rule="∂self = ∂ where mask, 0 elsewhere",
)
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


def _require_source(self: Array, mask: Array, source: Array) -> None:
    if self.dtype != source.dtype:
        own, given = (SCALAR_TYPE_NAMES[from_numpy_dtype(each.dtype)] for each in (self, source))
        raise RuntimeError(f"masked_scatter: expected self and source to have same dtypes but got{own} and {given}")
    if mask.dtype != np.bool_:
        name = SCALAR_TYPE_NAMES[from_numpy_dtype(mask.dtype)]
        raise RuntimeError(f"masked_scatter_ only supports boolean masks, but got mask with dtype {name}")


def _scatter_meta(self: Array, mask: Array, source: Array) -> Any:
    shape = broadcast_shapes(mask.shape, self.shape)
    _require_source(self, mask, source)
    return shape, self.dtype


def _refuse_scatter_edit(self: Any, mask: Any, source: Any) -> None:
    _require_source(self._array, mask._array, source._array)
    shape, wanted = self._array.shape, mask._array.shape
    if len(wanted) > len(shape):
        raise RuntimeError(
            f"expand(CPUBoolType{{{list(wanted)}}}, size={list(shape)}): the number of sizes provided ({len(shape)}) must be "
            f"greater or equal to the number of dimensions in the tensor ({len(wanted)})"
        )
    require_shape(shape, broadcast_shapes(shape, wanted))


def _masked_source(g: Any, mask: Any, source_sym_sizes: tuple[int, ...]) -> Any:
    """The gradients where the mask is true, in row-major order; elements of the source that were not used get 0."""
    picked = k.masked_select(g, mask)
    left = math.prod(source_sym_sizes) - picked.shape[0]
    return k.reshape(k.cat([picked, k.new_zeros(g, (left,))], 0) if left > 0 else picked, source_sym_sizes)


@op(
    in_place=True,
    meta=_scatter_meta,
    edit_refuse=_refuse_scatter_edit,
    overlaps=require_once,
    out=False,
    samples=lambda t: [
        (t(2, 3), wrap(np.array([True, False, True])), t(5)),
        (t(3), wrap(np.array([[True, False, True], [False, False, True]])), t(3, 1)),
    ],
    vjp={"self": lambda g, mask: k.masked_fill_number(g, mask, 0.0), "source": _masked_source},
    rule="∂self = ∂ where not mask, else 0\n∂source = ∂ where mask, in its order",
)
def masked_scatter(self: Array, mask: Array, source: Array, *, out: Array) -> None:
    """A copy with the elements of `source`, in their order, where `mask` is true; `input` and `mask` broadcast.

    >>> import autogradkit as torch
    >>> torch.zeros(3).masked_scatter(torch.tensor([True, False, True]), torch.tensor([5.0, 7.0, 9.0]))
    tensor([5., 0., 7.])
    """
    np.copyto(out, self)
    places = np.broadcast_to(mask, out.shape)
    count = np.count_nonzero(places)
    if source.size < count:
        raise RuntimeError("Number of elements of source < number of ones in mask")
    out[places] = source.reshape(-1)[:count]


# -- where elements are nonzero ----------------------------------------------------------------------------------------

nonzero = function("nonzero")


@op(
    name="nonzero",
    variants="",
    apart="given",
    laid_out=True,
    out_dtype=saying("nonzero: Expected out tensor to have scalar type {result} but got scalar type{out}"),
)
def nonzero_positions(self: Array) -> Array:
    """The positions of nonzero elements, one a row."""
    found = np.argwhere(self)
    result = empty_strided(found.shape, (1, len(found)), np.dtype(np.int64))
    result[...] = found
    return result


@nonzero.overload(composition=True, variants="function")
def _(self: Tensor, *, as_tuple: bool = False, out: Tensor | None = None) -> Object:
    """The positions of nonzero elements, (how many, dimensions), or as a tuple with a vector for each dimension.

    >>> import autogradkit as torch
    >>> torch.nonzero(torch.tensor([[0, 1], [2, 0]]))
    tensor([[0, 1],
            [1, 0]])
    """
    if as_tuple and out is not None:
        raise RuntimeError("nonzero does not support the out kwarg when as_tuple is True")
    return _columns(self) if as_tuple else nonzero_positions.owner(self, out=out)


@nonzero.overload(composition=True, variants="method")
def _(self: Tensor) -> Object:
    return nonzero_positions(self)


@nonzero.overload(composition=True, variants="method")
def _(self: Tensor, *, as_tuple: bool) -> Object:
    return _columns(self) if as_tuple else nonzero_positions(self)


def _columns(tensor: Any) -> tuple[Tensor, ...]:
    return nonzero_positions(tensor if tensor.ndim else tensor.unsqueeze(0)).unbind(1)


def _static_meta(self: Array, *, size: int, fill_value: int) -> Any:
    if size < 0:
        raise RuntimeError("nonzero_static: 'size' must be an non-negative integer")
    return (size, self.ndim), np.dtype(np.int64)


@op(
    meta=_static_meta,
    out_dtype=saying("nonzero_static: Expected out tensor to have scalar type {result} but got scalar type{out}"),
)
def nonzero_static(self: Array, *, size: SymInt, fill_value: int = -1, out: Array) -> None:
    """The positions of the first `size` nonzero elements, one a row; where there are fewer, rows of `fill_value`.

    >>> import autogradkit as torch
    >>> torch.nonzero_static(torch.tensor([[0, 1], [2, 0]]), size=3)
    tensor([[ 0,  1],
            [ 1,  0],
            [-1, -1]])
    """
    found = np.argwhere(self)[:size]
    out[: len(found)] = found
    out[len(found) :] = fill_value


@op(composition=True)
def argwhere(self: Tensor) -> Any:
    """The positions of nonzero elements, one a row.

    >>> import autogradkit as torch
    >>> torch.argwhere(torch.tensor([0, 3, 5]))
    tensor([[1],
            [2]])
    """
    return nonzero_positions(self)
