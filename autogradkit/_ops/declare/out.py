"""A call with `out=`: what it refuses, and the result in what was named, straight or resized.

Rests on writing (checks, and the step that writes), memory and plans; `Overload.run` sends calls here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autogradkit._ops.declare import memory, plans
from autogradkit._ops.declare.overlaps import require_apart, require_writable
from autogradkit._ops.declare.writing import (
    POINTWISE_COMPOSED,
    copied_into,
    history_of,
    into_out,
    is_at_first,
    is_checked_first,
    is_of_kernels,
    require_apart_resized,
    require_iterable,
    require_no_grad,
    require_no_leaf,
    warn_of_resizing,
    writer_of,
)
from autogradkit.core.quiet import quietly
from autogradkit.core.tensor import Tensor, write_at_once
from autogradkit.core.warning import warn

if TYPE_CHECKING:
    from autogradkit._ops.declare.overload import Overload


def require_undifferentiated(op: Overload, values: Sequence[Any], out: Any) -> None:
    """Raise RuntimeError where an operand or `out` requires a gradient that could not be given."""
    outs = (out if isinstance(out, (list, tuple)) else (out,))[op.differentiable_outputs]
    if op.written_as:  # what has no gradient may be written into what requires one
        for each in outs:
            require_no_leaf(op.written_as, each)
    else:
        assert op.recipe is not None
        inputs = [values[i] for i in op.recipe.differentiable]
        require_no_grad(op.owner.name, op.tensors_in((*inputs, *outs)))


def compose_into(op: Overload, values: Sequence[Any], asked: Sequence[Any], out: Any) -> Any:
    """The composition, written into what `out=` names; `asked` are the values without a dtype that `out` decides."""
    if op.out_warning:
        warn(op.out_warning)
    if op.refuse_out is not None:
        op.refuse_out(out, *asked)
    if op.into is not None:
        return op.into(*values, out)
    outs = out if isinstance(out, (list, tuple)) else (out,)
    tensors = op.tensors_in(values)
    name = op.written_by(*values) if callable(op.written_by) else op.written_by or writer_of(op.owner.name)
    if is_at_first(op.require_out_dtype):
        for each in outs:
            op.require_out_dtype(each._array.dtype, each._array.dtype)
    if name == "copy_":
        return copied_into(outs[0], op.composed(op.kernel, values), op.require_out_dtype)
    unimplemented = name if name.startswith("aten::") else ""

    def refuse_gradients() -> None:
        differentiated = outs[op.differentiable_outputs]
        if unimplemented:
            for each in differentiated:
                require_no_leaf(name, each)
        else:
            require_no_grad(name, (*tensors, *differentiated))

    has_checks = is_checked_first(op.owner.name) or (op.written_by and not is_of_kernels(op.require_out_dtype))
    if not has_checks:
        refuse_gradients()
    made = op.composed(op.kernel, values)
    results = [each._array for each in (made if isinstance(made, (list, tuple)) else (made,))]
    if op.written_by and has_checks:  # of the dtype, too
        for each, result in zip(outs, results, strict=True):
            op.require_out_dtype(result.dtype, each._array.dtype)
    refuse_gradients()
    for each, result in zip(outs, results, strict=True):
        if op.owner.name in POINTWISE_COMPOSED:
            require_iterable(each, result.shape, tensors)
        elif op.apart == "given":
            require_apart(each, each._array.shape, tensors)
        elif op.apart:
            require_apart_resized(each, result.shape, tensors)
    edits = 1 if op.written is None else 1 + op.written(*values)
    return _named(
        op,
        into_out(tensors, results, out, op.require_out_dtype, op.laid_out, unimplemented=unimplemented, edits=edits),
    )


def write_into(op: Overload, values: Sequence[Any], out: Any) -> Any:
    """The result in what `out=` names: straight into it where it has the right form, else copied and resized."""
    tensors = op.tensors_in(values)
    unimplemented = op.written_as
    if isinstance(out, Tensor) and (op.pointwise is not None or op.reduces):
        arrays = op.arrays_of(values)
        shape = _result_shape(op, arrays)
        if op.pointwise is not None:
            require_iterable(out, shape, tensors)
        if out._array.shape == shape:
            memory.require_promotable(op, arrays)
            op.require_out_dtype(_result_dtype(op, arrays), out._array.dtype)
            require_writable(out._array, [each._array for each in tensors])
            history = history_of(unimplemented, tensors, out, shape) if unimplemented else ()
            write_at_once(out, [quietly(memory.writing, op, arrays, out._array), *history])
            return out
        if op.pointwise is not None:
            memory.warn_of_casting(op, plans.pointwise_plan(op, arrays), out._array)
    outs = out if isinstance(out, (list, tuple)) else (out,)
    whole = op.tensors_in([values[op.index[name]] for name in op.apart_from]) if op.apart_from else tensors
    if op.apart == "given":
        for each in outs:
            require_apart(each, each._array.shape, tensors, whole)
    arrays = op.arrays_of(values)
    kind = out._array.dtype if op.into_any and isinstance(out, Tensor) else None
    if kind is not None:
        op.require_out_dtype(_result_dtype(op, arrays), kind)
    computed = quietly(memory.compute, op, arrays, kind, out if op.kind == "random" else None)
    if op.apart == "resized":
        for each, result in zip(outs, computed if outs is out else (computed,), strict=True):
            require_apart_resized(each, result.shape, tensors, whole)
    warns = op.warns_of_resizing
    if op.bare_out and isinstance(out, Tensor):
        warn_of_resizing(out._array.shape, computed.shape)
        warns = False
    elif callable(warns):
        warns(out, *arrays)
        warns = False
    written = into_out(tensors, computed, out, op.require_out_dtype, op.laid_out, unimplemented, warns)
    if op.several:
        return None
    return _named(op, written)


def _named(op: Overload, written: Any) -> Any:
    """What was written; of several results under their names, if they have any."""
    return written if isinstance(written, Tensor) else getattr(op.returns, "of_out", op.returns)(written)


def _result_dtype(op: Overload, arrays: Sequence[Any]) -> np.dtype[Any]:
    if op.pointwise is not None:
        return plans.pointwise_plan(op, arrays).result
    return op.result_of(arrays[op.first_tensor].dtype, arrays)


def _result_shape(op: Overload, arrays: Sequence[Any]) -> tuple[int, ...]:
    if op.pointwise is not None:
        return plans.pointwise_plan(op, arrays).shape
    dim = arrays[op.index["dim"]] if "dim" in op.index else None
    return plans.reduction_plan(arrays[op.first_tensor].shape, dim, op.keeps(arrays))[1]
