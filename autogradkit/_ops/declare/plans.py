"""Plans: which dtype, sizes and strides a pointwise op or a reduction gives, remembered by those of its operands.

- pointwise: operands are promoted and broadcast, the strides are those of PyTorch's iterator;
- reductions: the dimensions in `dim` go, or stay as ones; the result is contiguous.

Rests on core's geometry and dtypes; memory.py allocates by them, and the lanes of entries ask for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from autogradkit._ops.declare.unsigned import require_kernel
from autogradkit.core.dtype import (
    FLOATING,
    bool_,
    dtype_of_number,
    from_numpy_dtype,
    get_default_dtype,
    is_half,
    result_type,
)
from autogradkit.core.halves import MANY
from autogradkit.core.shapes import broadcast_shapes, wrap_dim
from autogradkit.core.storage import Array
from autogradkit.core.strides import (
    contiguous_strides,
    dense_strides_like,
    element_strides,
    may_overlap_itself,
    output_strides,
)

if TYPE_CHECKING:
    from autogradkit._ops.declare.overload import Overload

# What a pointwise result's dtype is, given what the operands promote to.
SAME, INT_TO_FLOAT, TO_BOOL, TO_REAL = "same", "int_to_float", "to_bool", "to_real"
FLOAT_TO_REAL = "float_to_real"  # both: integers become floats, and complex numbers real

Shape = tuple[int, ...]
_PLAIN = (np.dtype(np.float32), np.dtype(np.float64))  # dtypes that no declaration wants to look at
# NumPy 2.4's loops of these read the wrong elements where operand and result have certain strides (16 bytes for float32).
BROKEN_WITH_GAPS = (np.negative, np.isfinite, np.signbit)
_MOST = 4096  # plans that are remembered; endlessly many shapes begin anew


class PointwisePlan(NamedTuple):
    """How a pointwise op runs over operands of certain dtypes, sizes and strides."""

    common: np.dtype[Any]  # what the kernel computes in
    result: np.dtype[Any]
    shape: Shape
    strides: Shape | None  # in elements; None for contiguous


def pointwise_plan(op: Overload, values: Sequence[Any]) -> PointwisePlan:
    """How a pointwise op runs over these operands; remembered by their dtypes, sizes and strides."""
    key = [get_default_dtype()]
    for i in op.operands:
        value = values[i]
        if value.__class__ is np.ndarray:
            key += (value.dtype, value.shape, value.strides)
        else:
            key.append(value.__class__)
    found = op.plans.get(remembered := tuple(key))
    if found is None:
        found = _plan_pointwise(op, values)
        if len(op.plans) > _MOST:
            op.plans.clear()
        op.plans[remembered] = found
    return found


def lane_plan(
    op: Overload, arrays: Sequence[Array | None], key: tuple[Any, ...], *numbers: Any
) -> tuple[Any, ...] | None:
    """(dtype, sizes, strides in bytes or None, what is to be cast to or None) of a pointwise result, for lanes.

    None where half precision has ways of its own, and where the default dtype decides. Remembered in `op.lane_plans` by `key`:
    the arrays' dtypes, sizes and strides, and beside whole numbers the class of each of the `numbers`, the other operands, of
    which nothing else matters.
    """
    places = sorted(op.operands, key=lambda i: not op.parameters[i].kind.is_tensor)
    given = {i: array for i, array in zip(places, arrays, strict=False) if array is not None}
    beside = dict(zip(places[len(arrays) :], numbers or [0] * len(op.operands), strict=False))
    if len(op.lane_plans) > _MOST:
        op.lane_plans.clear()
    plan = _plan_pointwise(op, [given.get(i, beside.get(i)) for i in range(len(op.parameters))])
    promoted = [given[i].dtype for i in op.promotes if i in given]
    cast = any(kind != plan.common for kind in promoted)
    halves = any(map(is_half, (plan.common, *promoted))) and (
        cast or bool(numbers) or any(array.size >= MANY for array in given.values())  # which go through float32
    )
    by_default = plan.common.kind in "fc" and all(kind.kind in "biu" for kind in promoted)
    if halves or by_default or 0 in plan.shape:
        op.lane_plans[key] = None
    else:
        itemsize = plan.result.itemsize
        strides = None if plan.strides is None else tuple([stride * itemsize for stride in plan.strides])
        op.lane_plans[key] = plan.result, plan.shape, strides, plan.common if cast else None
    return op.lane_plans[key]


def edits_plainly(op: Overload, arrays: Sequence[Array], key: tuple[Any, ...]) -> bool:
    """Whether an edit of the first array, by the others and numbers, casts nothing, fits, and writes each element once.

    Remembered in `op.edit_plans` by `key`, the arrays' dtypes, sizes and strides.
    """
    target = arrays[0]
    if len(op.edit_plans) > _MOST:
        op.edit_plans.clear()
    op.edit_plans[key] = found = (
        target.dtype in _PLAIN
        and target.size > 0
        and all(each.dtype == target.dtype for each in arrays)
        and all(each.ndim <= target.ndim for each in arrays)
        and all(n in (1, m) for each in arrays for n, m in zip(each.shape[::-1], target.shape[::-1], strict=False))
        and not may_overlap_itself(target.shape, element_strides(target))
        and (op.ufunc not in BROKEN_WITH_GAPS or target.flags.c_contiguous)
    )
    return found


def _plan_pointwise(op: Overload, values: Sequence[Any]) -> PointwisePlan:
    kinds: list[tuple[Any, int]] = []
    geometry: list[tuple[Shape, Shape]] = []
    dtypes: list[np.dtype[Any] | None] = []  # of the arrays that are promoted
    for i in op.operands:
        value = values[i]
        if value is None:
            continue
        array = isinstance(value, np.ndarray)
        if array or not op.unary:
            geometry.append((value.shape, element_strides(value)) if array else ((), ()))
            dtypes.append(value.dtype if array and i in op.promotes else None)
        if i in op.promotes:
            kinds.append(
                (from_numpy_dtype(value.dtype), 2 if value.ndim else 1) if array else (dtype_of_number(value), 0)
            )
    common = result_type(kinds)
    if op.pointwise not in (INT_TO_FLOAT, FLOAT_TO_REAL):
        require_kernel(op.owner.name, common)
    if op.pointwise in (INT_TO_FLOAT, FLOAT_TO_REAL) and common.category < FLOATING:
        common = get_default_dtype()
    result = (
        bool_ if op.pointwise is TO_BOOL else common.to_real() if op.pointwise in (TO_REAL, FLOAT_TO_REAL) else common
    )
    for at, (kind, (shape, strides)) in enumerate(zip(dtypes, geometry, strict=True)):
        if kind is not None and kind != common.numpy:  # it is cast first, to memory without gaps
            geometry[at] = shape, dense_strides_like(shape, strides)
    if op.other_first:
        geometry.reverse()
    shape = broadcast_shapes(*[each for each, _ in geometry])
    strides = contiguous_strides(shape) if op.contiguous else output_strides(geometry, shape)
    return PointwisePlan(common.numpy, result.numpy, shape, None if strides == contiguous_strides(shape) else strides)


def wrapped_dims(dim: int | Sequence[int] | None, ndim: int) -> Shape:
    """The dimensions to reduce, counted from the front; all of them for None or an empty sequence."""
    if dim is None:
        return tuple(range(ndim))
    if isinstance(dim, int):
        return (wrap_dim(dim, ndim),)[: ndim or 0]
    wrapped = tuple([wrap_dim(each, ndim) for each in dim])
    for position, each in enumerate(wrapped):
        if each in wrapped[:position]:
            raise RuntimeError(f"dim {each} appears multiple times in the list of dims")
    return wrapped if wrapped and ndim else tuple(range(ndim))


REDUCTIONS: dict[tuple[Shape, Any, bool], tuple[Shape, Shape]] = {}


def reduction_plan(shape: Shape, dim: Any, keepdim: bool) -> tuple[Shape, Shape]:
    """(axes, sizes of the result) of a reduction; remembered."""
    axes = wrapped_dims(dim, len(shape))
    left = tuple([1 if i in axes else n for i, n in enumerate(shape) if keepdim or i not in axes])
    if len(REDUCTIONS) > _MOST:
        REDUCTIONS.clear()
    REDUCTIONS[shape, dim, keepdim] = axes, left
    return axes, left
