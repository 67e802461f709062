"""Memory for results: which dtype, sizes and strides a kernel's `out` has, and the kernel's call.

A declaration says by one word how its result is allocated, and this is the only place that allocates:

- `pointwise=`: operands are promoted and broadcast, the strides are those of PyTorch's iterator;
- `reduces=True`: the dimensions in `dim` go (or stay as ones), the result is contiguous; or the method of NumPy's function that
  does of float32 and float64 what the kernel does, and which straight lines call at once;
- `edits=True`: `out` begins as a copy of `self`, laid out like it (or, with "contiguous", not); in place it is `self`,
  unless the kernel writes at once (no `deferred=`), which only a copy may see;
- `meta=`: a function of the same arguments checks them and says (shape, dtype[, strides]) of each output;
- none of them: the kernel makes its result itself, which a captured program could not plan.

Rests on plans.py and core's geometry; overload.py and entries.py call it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from operator import setitem
from typing import TYPE_CHECKING, Any

import numpy as np

from autogradkit._ops.declare.plans import (
    BROKEN_WITH_GAPS,
    REDUCTIONS,
    TO_BOOL,
    PointwisePlan,
    Shape,
    pointwise_plan,
    reduction_plan,
)
from autogradkit._ops.declare.writing import require_castable, require_shape
from autogradkit.core.dtype import is_half
from autogradkit.core.halves import (
    MANY,
    MOST,
    before_rounding,
    by_float32,
    convert,
    converts,
    every,
    goes_by_float32,
    look_up,
    widened,
)
from autogradkit.core.integers import require_64_bits
from autogradkit.core.shapes import wrap_dim
from autogradkit.core.steps import Step
from autogradkit.core.storage import Array
from autogradkit.core.strides import dense_strides_like, element_strides, empty_array, empty_strided, may_overlap_itself
from autogradkit.core.warning import warn_once

if TYPE_CHECKING:
    from autogradkit._ops.declare.overload import Overload


def allocate(shape: Shape, numpy_dtype: np.dtype[Any], strides: Shape | None = None) -> Array:
    """Uninitialised memory; contiguous unless `strides` (in elements) say otherwise."""
    return empty_array(shape, numpy_dtype) if strides is None else empty_strided(shape, strides, numpy_dtype)


def like(array: Array, numpy_dtype: np.dtype[Any] | None = None) -> Array:
    """Uninitialised memory laid out as a dense copy of `array`."""
    strides = dense_strides_like(array.shape, element_strides(array))
    return empty_strided(array.shape, strides, array.dtype if numpy_dtype is None else numpy_dtype)


def as_array(value: Any, numpy_dtype: np.dtype[Any]) -> Array:
    """A Python number as an array of `numpy_dtype`; integers wrap around as in C. Raises OverflowError past 64 bits."""
    if isinstance(value, int):
        require_64_bits(value)
        if numpy_dtype.kind == "V":  # bfloat16, which takes no integers of more than 63 bits
            value = float(value)
    if numpy_dtype.kind in "iu" and isinstance(value, int):
        bits = 8 * numpy_dtype.itemsize
        value &= (1 << bits) - 1
        if numpy_dtype.kind == "i" and value >> (bits - 1):
            value -= 1 << bits
    if numpy_dtype.char == "e" and value.__class__ is float:
        value = np.float32(value)  # rounded twice, as in PyTorch
    return np.asarray(value, numpy_dtype)


def dense(shape: Shape, numpy_dtype: np.dtype[Any], strides: Shape) -> Array:
    """Uninitialised memory with exactly these strides, in bytes; they are those of a dense array with elements."""
    return np.ndarray(shape, numpy_dtype, np.empty(math.prod(shape), numpy_dtype), 0, strides)


def require_numbers(op: Overload, values: Sequence[Any]) -> None:
    """Raise OverflowError for operands past 64 bits, as PyTorch does before it looks at anything else."""
    for i in op.promotes:
        if values[i].__class__ is int:
            require_64_bits(values[i])


def require_promotable(op: Overload, values: Sequence[Any]) -> None:
    """Raise RuntimeError where a number of 64 bits without a sign meets bools, which PyTorch does not promote together."""
    if op.pointwise is None:
        return
    numbers = [values[i] for i in op.promotes if isinstance(values[i], int | float | complex)]
    if any(each.__class__ is not int for each in numbers):
        return
    others = [values[i] for i in op.promotes if values[i].__class__ is np.ndarray]
    if any(2**63 <= each < 2**64 for each in numbers) and others and all(each.dtype.kind == "b" for each in others):
        raise RuntimeError(
            "Promotion for uint16, uint32, uint64 types is not supported, attempted to promote Bool and UInt64"
        )


def _promote(op: Overload, values: list[Any], plan: PointwisePlan) -> None:
    common = plan.common
    require_promotable(op, values)
    for i in op.promotes:
        value = values[i]
        if value.__class__ is np.ndarray:
            if value.dtype is not common and value.dtype != common:
                values[i] = (
                    widened(value)
                    if value.size >= MANY and common.char == "f"
                    else before_rounding(value, common).astype(common)
                )
        elif value is not None:
            values[i] = as_array(value, common)


def is_wide(op: Overload, values: Sequence[Any], common: np.dtype[Any]) -> bool:
    """Whether a number, or a tensor without dimensions of another dtype, meets half precision in an op that keeps it exact."""
    if not op.wide_numbers or not is_half(common):
        return False
    last = values[op.promotes[-1]]
    return last.__class__ is not np.ndarray or (not last.ndim and last.dtype != common)


def fill_pointwise(op: Overload, values: list[Any], plan: PointwisePlan) -> Array:
    """A pointwise result in new memory, by its plan; `values` are promoted in place."""
    out = allocate(plan.shape, plan.result, plan.strides)
    if out.size >= MOST and (at := _alone(op, values)) is not None:
        given = [*values]
        given[at] = every(values[at].dtype)
        look_up(fill_pointwise(op, given, pointwise_plan(op, given)), values[at], out)
        return out
    if is_wide(op, values, plan.common):
        wide = plan._replace(common=np.dtype(np.float32), result=np.dtype(np.float32))
        _promote(op, values, wide)
        made = allocate(plan.shape, wide.result, plan.strides)
        op.run_kernel(values, made)
        convert(made, out)
        return out
    _promote(op, values, plan)
    ufunc = op.ufunc if out.size >= MANY and is_half(plan.common) else None
    if ufunc is not None and goes_by_float32(ufunc, plan.common) and op.is_by_ufunc(values, plan.common):
        by_float32(ufunc, _operands(op, values), out)
    else:
        op.run_kernel(values, out)
    return out


def _operands(op: Overload, values: Sequence[Any]) -> list[Any]:
    return [values[i] for i in op.operands]


def _alone(op: Overload, values: Sequence[Any]) -> int | None:
    """Where an operand of half precision stands, if all others are numbers and NumPy computes with its elements one by one."""
    spread = [i for i in op.operands if values[i].__class__ is np.ndarray and values[i].ndim]
    if len(spread) != 1 or op.kind == "random" or op.deferred:
        return None
    kind = values[spread[0]].dtype
    return spread[0] if is_half(kind) and converts(op.ufunc, kind) else None


def counted_dims(op: Overload, values: Sequence[Any]) -> list[Any]:
    """The values with single dimensions counted from the front."""
    values = list(values)
    for i in op.dims:
        ndim = values[op.first_tensor].ndim
        if values[i] is not None and not 0 <= values[i] < ndim:
            values[i] = wrap_dim(values[i], ndim)
    return values


def require_described(op: Overload, values: Sequence[Any]) -> bool:
    """Raise where sizes or dimensions do not fit, as `compute` would; whether the result has elements."""
    values = counted_dims(op, values)
    if op.pointwise is not None:
        return 0 not in pointwise_plan(op, values).shape
    if op.reduces:
        at = op.index.get("dim")
        reduction_plan(values[op.first_tensor].shape, None if at is None else values[at], False)
    elif op.meta is not None:
        spec = op.meta(*values[: op.positional], **op.named(values))
        return 0 not in (spec[0][0] if len(op.outputs) > 1 else spec[0])
    return bool(values[op.first_tensor].size)


def compute(op: Overload, values: Sequence[Any], kind: np.dtype[Any] | None = None, beside: Any = None) -> Any:
    """What the kernel makes of these arrays and plain values, in new memory; of a reduction, of dtype `kind` if it is given.

    What is drawn for a tensor `beside` it has that one's strides, which decide the order of drawing.
    """
    values = counted_dims(op, values)
    if op.pointwise is not None:
        return fill_pointwise(op, values, pointwise_plan(op, values))
    if op.reduces:
        self = values[op.first_tensor]
        result = op.result_of(self.dtype, values)
        at = op.index.get("dim")
        key = (self.shape, None if at is None else values[at], at is not None and op.keeps(values))
        axes, shape = REDUCTIONS.get(key) or reduction_plan(*key)
        if at is not None:
            values[at] = axes
        strides = None
    elif op.edits:
        base = values[op.first_tensor]
        out = allocate(base.shape, base.dtype) if op.edits == "contiguous" else like(base)
        np.copyto(out, base)
        op.run_kernel(values, out)
        return out
    elif op.meta is not None:
        spec = op.meta(*values[: op.positional], **op.named(values))
        if len(op.outputs) > 1:
            outs = tuple([allocate(*each) for each in spec])
            op.run_kernel(values, outs)
            return outs
        shape, result, *rest = spec
        strides = rest[0] if rest else None
        if beside is not None and beside._array.shape == shape:
            strides = element_strides(twin_of(beside._array)[2])
    else:
        return op.run_kernel(values)
    out = allocate(shape, kind or result, strides)
    op.run_kernel(values, out)
    return out


def writing(op: Overload, values: Sequence[Any], into: Array) -> Step:
    """The step that writes into `into` what the kernel makes of these arrays and plain values; all checks come here.

    It is one call into C, so an interrupt leaves `into` as it was or as it will be. NumPy's own functions and kernels that
    only prepare (`deferred=`) write by it where the result belongs; what others make is copied there.
    """
    values = counted_dims(op, values)
    if op.pointwise is not None:
        plan = pointwise_plan(op, values)
        if is_wide(op, values, plan.common):
            require_shape(into.shape, plan.shape)
            require_castable(plan.result, into.dtype)
            return setitem, into, ..., fill_pointwise(op, values, plan)
        _promote(op, values, plan)
        require_shape(into.shape, plan.shape)
        require_castable(plan.result, into.dtype)
        warn_of_casting(op, plan, into)
        if may_overlap_itself(into.shape, element_strides(into)):
            return _one_by_one(op, values, into, plan.result)
        if into.size >= MANY and is_half(plan.common) and not op.deferred:
            return setitem, into, ..., fill_pointwise(op, values, plan)
        if into.dtype == plan.result:
            broken = op.ufunc in BROKEN_WITH_GAPS and not into.flags.c_contiguous
            if op.ufunc is not None and op.is_by_ufunc(values, plan.common) and not broken:
                operands = _operands(op, values)
                if op.ufunc in (np.maximum, np.minimum):  # NumPy wants their `out` by name
                    return (partial(op.ufunc, *operands, out=into),)
                return op.ufunc, *operands, into
            if op.deferred and not _read_elsewhere(op, values, into):
                return op.prepared(values, into)
        made = allocate(plan.shape, plan.result, plan.strides)
        op.run_kernel(values, made)
    elif op.edits and into is values[op.first_tensor]:
        others = [v for i, v in enumerate(values) if i != op.first_tensor]
        if _read_elsewhere(op, others, into):
            values = [
                v.copy() if isinstance(v, np.ndarray) and i != op.first_tensor else v for i, v in enumerate(values)
            ]
        if op.deferred:
            return op.prepared(values, into)
        # Of the same strides: the order in which random numbers are drawn depends on them.
        made = np.empty(into.shape, into.dtype) if into.flags.c_contiguous else twin_of(into)[2]
        np.copyto(made, into)
        op.run_kernel(values, made)
    elif (
        op.meta is not None
        and into is values[op.first_tensor]
        and may_overlap_itself(into.shape, element_strides(into))
    ):
        # What stays as it was must not be written over what does not, where both are one element.
        shape, dtype, *_ = op.meta(*values[: op.positional], **op.named(values))
        require_shape(into.shape, shape)
        require_castable(dtype, into.dtype)
        memory, made, twin = twin_of(into)
        op.run_kernel([twin if each is into else each for each in values], twin)
        into = memory
    else:
        made = compute(op, values, into.dtype if op.into_any else None)
        require_shape(into.shape, made.shape)
        require_castable(made.dtype, into.dtype)
    return setitem, into, ..., before_rounding(made, into.dtype)


def require_structure(op: Overload, values: Sequence[Any], into: Array) -> None:
    """The checks that the in-place form of a structured op begins with: of sizes and dtypes, before it looks at memory."""
    assert op.meta is not None
    require_place(into, op.meta(*values[: op.positional], **op.named(values))[0])


def require_place(into: Any, shape: Sequence[int]) -> None:
    """Raise RuntimeError, as PyTorch's structured kernels, where a result of this shape is to be written into another."""
    if into.shape != shape:
        raise RuntimeError(
            f"Bad in-place call: input tensor size {list(into.shape)} and output tensor size {list(shape)} should match"
        )


_DISCARDS = "Casting complex values to real discards the imaginary part"


def real_part(array: Array, into: Array | None = None) -> Array:
    """The real part of complex numbers that become real, with PyTorch's warning where there are any, and places for them."""
    if array.size and (into is None or into.size):
        warn_once(_DISCARDS)
    return array.real


def warn_of_casting(op: Overload, plan: PointwisePlan, into: Array) -> None:
    """Warn where complex numbers are compared into real ones: PyTorch's answer has the operands' dtype first."""
    compared = op.pointwise is TO_BOOL and len(op.operands) > 1 and plan.common.kind == "c"
    if compared and into.dtype.kind not in "cb" and math.prod(plan.shape):
        warn_once(_DISCARDS)


def _one_by_one(op: Overload, values: list[Any], into: Array, result: np.dtype[Any]) -> Step:
    """An edit of memory that overlaps itself: each element sees what the ones before it wrote, as in PyTorch's loop.

    It goes on in a copy of the memory from the first to the last element, which is then written back.
    """
    memory, copy, twin = twin_of(into)
    values = [twin if each is into else each for each in values]
    into = twin
    spread = [np.broadcast_to(v, into.shape) if i in op.operands and v is not None else v for i, v in enumerate(values)]
    inwards = sorted(range(into.ndim), key=lambda dim: -into.strides[dim])
    for places in np.ndindex(*[into.shape[dim] for dim in inwards]):
        place = dict(zip(inwards, places, strict=True))
        one = tuple([slice(place[dim], place[dim] + 1) for dim in range(into.ndim)])
        each = [v[one] if i in op.operands and v is not None else v for i, v in enumerate(spread)]
        found = np.empty((1,) * into.ndim, result)  # apart, for a kernel may write before it has read all
        op.run_kernel(each, found)
        np.copyto(into[one], found, casting="unsafe")
    return setitem, memory, ..., copy


def twin_of(array: Array) -> tuple[Array, Array, Array]:
    """(the memory from an array's first to its last element, a copy of that, the array in the copy)."""
    extent = 1 + sum((n - 1) * s for n, s in zip(array.shape, array.strides, strict=True)) // array.itemsize
    memory = np.lib.stride_tricks.as_strided(array, (extent if array.size else 0,), (array.itemsize,))
    copy = memory.copy()
    return memory, copy, np.lib.stride_tricks.as_strided(copy, array.shape, array.strides)


def _read_elsewhere(op: Overload, values: Sequence[Any], into: Array) -> bool:
    """Whether a kernel that writes more than once could still read, through an operand, what it has written.

    A pointwise kernel may write into its first operand, in place; NumPy's own functions take any overlap.
    """
    first = 0 if op.pointwise is None else 1
    return any(
        isinstance(each, np.ndarray) and np.may_share_memory(each, into)
        for value in values[first:]
        for each in (value if isinstance(value, (list, tuple)) else (value,))
    )
