"""Calls with a tensor on the meta device: what a result would look like, which the declaration says, and no computing.

Rests on core's meta tensors and on plans. A view runs, as it reads no numbers; of what is pointwise, a reduction, an edit or has
a `meta=` sizes, strides and dtype are known before its kernel runs; a composition runs as it is. What makes its result itself, as
sizes depend on numbers, is refused. Nodes are the op's own; backward goes through them on tensors, as under `create_graph`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Never

from autogradkit._ops.declare.memory import counted_dims
from autogradkit._ops.declare.plans import pointwise_plan, reduction_plan
from autogradkit._ops.declare.writing import require_castable, require_no_grad, require_shape, warn_of_resizing
from autogradkit.core.device import META as DEVICE
from autogradkit.core.meta import CLASSES, NO_DATA, NO_ITEM, MetaArray, MetaTensor, hollow, hollow_of, wrap_meta
from autogradkit.core.strides import dense_strides_like, element_strides
from autogradkit.core.tensor import Tensor, wrap, write_at_once
from autogradkit.engine.history import check_in_place
from autogradkit.engine.modes import MODE, no_grad
from autogradkit.engine.reseating import reseating

if TYPE_CHECKING:
    from autogradkit._ops.declare.overload import Overload

# Whose result has the sizes of an operand, or of what is cut out of it: they may run, on zeros that nobody keeps.
_RUN = frozenset((
    "_unsafe_view", "index", "split_copy", "split_with_sizes_copy", "unbind_copy", "unsafe_split", "unsafe_split_with_sizes",
    "select_scatter", "slice_scatter", "diagonal_scatter", "as_strided_scatter",
))  # fmt: skip


def _refuse_allclose(one: Tensor, other: Tensor, *_: Any) -> Never:
    raise _of_devices(other, one) if one.is_meta is not other.is_meta else RuntimeError(NO_ITEM)


def _of_devices(tensor: Tensor, expected: Tensor) -> RuntimeError:
    return RuntimeError(f"Tensor on device {tensor.device} is not on the expected device {expected.device}!")


def _refuse_equal(*values: Any) -> Never:
    raise _dependent("equal")


# What stands for compositions that read numbers.
_STANDING_IN: dict[str, Callable[..., Any]] = {
    "allclose": _refuse_allclose,
    "equal": _refuse_equal,
}


def run_meta(op: Overload, values: Sequence[Any], out: Any) -> Any:
    """The op on bound values of which some have no numbers."""
    if out is not None:
        return _into(op, values, out)
    name = op.owner.name
    if op.composition:
        values = list(values)
        at = op.index.get("device")
        if at is not None and values[at] is None:
            values[at] = DEVICE
        if op.factory:  # of which only the geometry of a tensor is asked
            values = [wrap(hollow_of(each)) if each.__class__ in CLASSES else each for each in values]
        body = _STANDING_IN.get(name, op.kernel)
        return body(*values[: op.positional], **op.named(values))
    _require_one_device(op, values)
    if name == "index" and _has_mask(values[1]):
        raise _dependent(name)
    for check in (*op.checks[0], *op.checks[1]):
        check(*values)
    arrays = counted_dims(op, _opened(op.arrays_of(values)))
    if op.view:
        made = op.run_kernel(arrays)
        several = isinstance(made, (list, tuple))
        results = op.wrapped(values, made if several else (made,), several)
        for each in results:
            each._array = MetaArray(each._array)  # pyright: ignore[reportAttributeAccessIssue]
            each.__class__ = MetaTensor
    else:
        specs = _described(op, arrays)
        several = op.several or len(op.outputs) > 1
        results = [wrap_meta(hollow(*spec)) for spec in specs]
    op.record_results(values, results)
    return op.returns(results) if several else results[0]


def _into(op: Overload, values: Sequence[Any], out: Any) -> Any:
    """What `out=` names takes the sizes of the result; nobody computes one. Raises RuntimeError where some have numbers."""
    if op.recipe is not None or op.composition:
        require_no_grad(op.owner.name, op.tensors_in((*values, out)))
    outs = out if isinstance(out, (list, tuple)) else (out,)
    tensors = op.tensors_in(values)
    for each in outs:
        if any(one.is_meta is not each.is_meta for one in tensors if one._array.ndim or one.is_meta):
            ways = ("meta", "cpu") if each.__class__ not in CLASSES else ("cpu", "meta")
            raise RuntimeError(
                f"Attempting to copy from device {ways[0]} to device {ways[1]}, but cross-device copies are not allowed!"
            )
    with no_grad():
        made = op.run(values)
    for each, result in zip(outs, made if isinstance(made, (list, tuple)) else (made,), strict=True):
        wanted, given = result._array, each._array
        op.require_out_dtype(wanted.dtype, given.dtype)
        warn_of_resizing(given.shape, wanted.shape)
        new: Any = MetaArray(hollow(wanted.shape, given.dtype))
        write_at_once(each, reseating(each, new) if given.shape != wanted.shape else ())
    return out if isinstance(out, Tensor) else getattr(op.returns, "of_out", op.returns)(out)


def _opened(values: Sequence[Any]) -> list[Any]:
    """The values with hollow arrays in the place of those that stand for them."""
    return [_opened_one(each) for each in values]


def _opened_one(value: Any) -> Any:
    if value.__class__ in (list, tuple) and any(each.__class__ is MetaArray for each in value):
        return _opened(value)
    return value.hollow if value.__class__ is MetaArray else value


def _described(op: Overload, values: list[Any]) -> list[tuple[Any, ...]]:
    """(sizes, dtype[, strides]) of each result."""
    if op.pointwise is not None:
        plan = pointwise_plan(op, values)
        return [(plan.shape, plan.result, plan.strides)]
    first = values[op.first_tensor]
    if op.reduces:
        at = op.index.get("dim")
        _, shape = reduction_plan(first.shape, None if at is None else values[at], at is not None and op.keeps(values))
        return [(shape, op.result_of(first.dtype, values))]
    if op.edits:
        strides = None if op.edits == "contiguous" else dense_strides_like(first.shape, element_strides(first))
        return [(first.shape, first.dtype, strides)]
    if op.meta is not None:
        spec = op.meta(*values[: op.positional], **op.named(values))
        return list(spec) if len(op.outputs) > 1 else [spec]
    if op.owner.name in _RUN:
        made = op.run_kernel(values)
        arrays = made if isinstance(made, (list, tuple)) else (made,)
        return [(each.shape, each.dtype, element_strides(each)) for each in arrays]
    raise _dependent(op.owner.name)


def _dependent(name: str) -> NotImplementedError:
    return NotImplementedError(
        f"aten::{name}: attempted to run this operator with Meta tensors, but there was no fake impl or Meta kernel registered: "
        "what it gives depends on numbers."
    )


def _has_mask(indices: Sequence[Any]) -> bool:
    return any(each is not None and each._array.dtype.kind == "b" for each in indices)


def _require_one_device(op: Overload, values: Sequence[Any]) -> None:
    """Raise RuntimeError where tensors with numbers meet those without: a single number may, and positions may."""
    tensors = op.tensors_in(values)
    expected = next((each for each in tensors if each._array.ndim or each.is_meta), tensors[0])
    for each in tensors:
        if each.is_meta is expected.is_meta or (not each._array.ndim and not each.is_meta):
            continue
        if op.pointwise is None and not each.is_meta and each._array.dtype.kind in "iu":
            continue
        raise _of_devices(each, expected)


def edit_meta(op: Overload, values: Sequence[Any]) -> Tensor:
    """The in-place form on bound values of which some have no numbers: the version and the history of the tensor go on."""
    if op.composition:
        body = op.composed_edit or op.kernel
        return body(*values[: op.positional], **op.named(values))
    values = list(values)
    target: Tensor = values[op.first_tensor]
    if target.__class__ not in CLASSES:
        raise NotImplementedError(NO_DATA)
    recipe = op.edit_recipe
    if recipe is not None and not (MODE.grad and recipe.asked_for(values)):
        recipe = None
    check_in_place(target, recipe is not None)
    for check in (*op.edit_checks[0], *op.edit_checks[1]):
        check(*values)
    if op.view:
        array: Any = MetaArray(op.run_kernel(counted_dims(op, _opened(op.arrays_of(values)))))
        return op._reseat(target, values, array, recipe)
    if op.pointwise is not None:
        plan = pointwise_plan(op, _opened(op.arrays_of(values)))
        require_shape(target._array.shape, plan.shape)
        require_castable(plan.result, target._array.dtype)
    history = () if recipe is None else recipe.prepare_edit(values, values)
    write_at_once(target, history)
    return target
