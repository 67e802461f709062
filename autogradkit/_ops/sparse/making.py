"""`sparse_coo_tensor`: a sparse tensor of coordinates and values.

Rests on declare, making and core's sparse arrays; `sparse.check_sparse_tensor_invariants` sets what is checked.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import function, k, op
from autogradkit._ops.declare.kinds import Array, Device, DType, Ints, Object, Sizes
from autogradkit._ops.declare.memory import real_part
from autogradkit._ops.making.contents import array_from
from autogradkit._ops.making.options import require_place
from autogradkit._ops.sparse.layouts import generally
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.dtype import get_default_dtype, int64
from autogradkit.core.errors import WHOLE_NUMBERS
from autogradkit.core.quiet import quietly
from autogradkit.core.sparse import INVARIANTS, SparseArray, empty_of, wrap_sparse
from autogradkit.core.tensor import Tensor, wrap
from autogradkit.engine.attributes import requiring_grad


@op(
    label="sparse_coo_tensor",
    node="SparseCooTensorWithDimsAndTensorsBackward0",
    variants="",
    out=False,
    lane=generally,
    vjp={"values": lambda g, result: k.values_at(g, result)},
    rule="∂values = ∂ at the indices",
)
def coordinates(indices: Array, values: Array, size: Sizes, *, is_coalesced: bool | None = None) -> Any:
    """A sparse tensor around indices and values, which it shares."""
    return SparseArray(indices, values, size, bool(is_coalesced))


sparse_coo_tensor = function("sparse_coo_tensor", variants="function")


@sparse_coo_tensor.overload(composition=True)
def _(
    indices: Object,
    values: Object,
    *,
    dtype: DType | None = None,
    device: Device | None = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
    check_invariants: bool | None = None,
    is_coalesced: bool | None = None,
) -> Any:
    """A sparse tensor with `values` at `indices`, zeros elsewhere.

    `indices` are (sparse dimensions, n), `values` (n, *dense dimensions); `size` is as small as it may be where it is not given.
    Values at one place count together. `check_invariants`: refuse indices that do not fit, else nobody looks.
    Raises RuntimeError where shapes do not fit.

    >>> import autogradkit as torch
    >>> torch.sparse_coo_tensor([[0, 1], [2, 0]], [3.0, 4.0], (2, 3))
    tensor(indices=tensor([[0, 1],
                           [2, 0]]),
           values=tensor([3., 4.]),
           size=(2, 3), nnz=2, layout=torch.sparse_coo)
    """
    require_place({"device": device, "pin_memory": pin_memory})
    places, kept = _indices_and_values(indices, values, dtype)
    array = places._array
    _require_matrix(array)
    sizes = kept._array.shape[1:]
    if array.size:
        _require_not_negative(array)
        sizes = (*[int(each) + 1 for each in array.max(1)], *sizes)
    else:
        sizes = ((0,) * array.shape[0]) + sizes
    return _new_sparse(sizes, places, kept, requires_grad, check_invariants, is_coalesced)


@sparse_coo_tensor.overload(composition=True)
def _(
    indices: Object,
    values: Object,
    size: Ints,
    *,
    dtype: DType | None = None,
    device: Device | None = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
    check_invariants: bool | None = None,
    is_coalesced: bool | None = None,
) -> Any:
    require_place({"device": device, "pin_memory": pin_memory})
    places, kept = _indices_and_values(indices, values, dtype)
    return _new_sparse(size, places, kept, requires_grad, check_invariants, is_coalesced)


@sparse_coo_tensor.overload(composition=True)
def _(
    size: Ints,
    *,
    dtype: DType | None = None,
    device: Device | None = None,
    requires_grad: bool = False,
    check_invariants: bool | None = None,
) -> Any:
    require_place({"device": device})
    kind: Dtype = dtype or get_default_dtype()
    return requiring(wrap_sparse(empty_of(size, len(size), kind.numpy)), requires_grad)


def _indices_and_values(indices: Any, values: Any, dtype: Dtype | None) -> tuple[Tensor, Tensor]:
    """Indices and values as tensors, the indices as int64; what is one already keeps its memory and its graph."""
    places = indices if isinstance(indices, Tensor) else wrap(array_from(indices, int64))
    if places._array.dtype != np.int64:
        array = places._array
        places = wrap(quietly((real_part(array) if array.dtype.kind == "c" else array).astype, np.int64))
    kept: Any = values if isinstance(values, Tensor) else wrap(array_from(values, dtype))
    if not kept._array.ndim:
        kept = kept.reshape(1)
    return places, kept if dtype is None else kept.to(dtype)


def _new_sparse(
    size: Any, places: Tensor, kept: Tensor, requires_grad: bool, checks: bool | None, is_coalesced: bool | None
) -> Tensor:
    indices, values = places._array, kept._array
    _require_matrix(indices)
    if min(size, default=0) < 0:
        raise RuntimeError("numel: integer multiplication overflow")
    sparse_dim, dense_dim = indices.shape[0], values.ndim - 1
    if len(size) != sparse_dim + dense_dim:
        raise RuntimeError(
            "'len(size) == sparse_dim + dense_dim' is not satisfied: "
            f"len(size) = {len(size)}, sparse_dim = {sparse_dim}, dense_dim = {dense_dim}"
        )
    if values.shape[0] != indices.shape[1]:
        raise RuntimeError(
            f"indices and values must have same nnz, but got nnz from indices: {indices.shape[1]}, "
            f"nnz from values: {values.shape[0]}"
        )
    expected = (indices.shape[1], *size[sparse_dim:])
    if values.shape != expected:
        raise RuntimeError(f"values has incorrect size, expected {list(expected)}, got {list(values.shape)}")
    if INVARIANTS.checked if checks is None else checks:
        _require_within(indices, size)
        if is_coalesced and not _is_in_order(indices, tuple(size)):
            raise RuntimeError("cannot set is_coalesced to true if indices correspond to uncoalesced COO tensor")
    return requiring(coordinates(places, kept, tuple(size), is_coalesced=is_coalesced), requires_grad)


def requiring(tensor: Tensor, requires_grad: bool) -> Tensor:
    """The tensor, which asks for a gradient if it is told to. Raises RuntimeError where it holds whole numbers."""
    if requires_grad:
        if tensor._array.dtype.kind in "biu":
            raise RuntimeError(WHOLE_NUMBERS)
        requiring_grad(tensor)
    return tensor


def _require_matrix(indices: Array) -> None:
    if indices.ndim != 2:
        raise RuntimeError(f"indices must be sparse_dim x nnz, but got: {list(indices.shape)}")


def _require_not_negative(indices: Array) -> None:
    for dim, least in enumerate(indices.min(1) if indices.size else ()):
        if least < 0:
            raise RuntimeError(f"found negative index {least} for dim {dim}")


def _require_within(indices: Array, size: Any) -> None:
    _require_not_negative(indices)
    for dim, greatest in enumerate(indices.max(1) if indices.size else ()):
        if greatest >= size[dim]:
            raise RuntimeError(
                f"size is inconsistent with indices: for dim {dim}, size is {size[dim]} but found index {greatest}"
            )


def _is_in_order(indices: Array, size: tuple[int, ...]) -> bool:
    places = SparseArray(indices, np.zeros(indices.shape[1]), size).places()
    return bool((np.diff(places) > 0).all())
