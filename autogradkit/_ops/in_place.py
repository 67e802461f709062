"""Writing results into memory that exists: in-place variants and `out=`.

Rests on op and the engine's graph. Every check comes before the first write, so that a refused call leaves memory as it
was. Serves all declared ops, pointwise ones included.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autogradkit.core.dtype import SCALAR_TYPE_NAMES, can_cast, from_numpy_dtype
from autogradkit.core.storage import Array
from autogradkit.core.strides import contiguous_strides, empty_strided, has_internal_overlap, partial_overlap
from autogradkit.core.tensor import Tensor, bump_version, reseat
from autogradkit.engine.graph import check_in_place, rebase_history, requires_grad
from autogradkit.engine.modes import MODE
from autogradkit.engine.required import OPS

if TYPE_CHECKING:
    from autogradkit._ops.op import Op


def edit(op: Op, values: list[Any]) -> Tensor:
    """Run the in-place variant of `op`: `values[0]` is written into, and returned."""
    target: Tensor = values[0]
    records = op.records(values)
    check_in_place(target, records)
    if not op.overlaps:
        require_writable(target._array, [value._array for value in values[1:] if isinstance(value, Tensor)])
    computed = None
    if op.writes is None:
        computed = op.call_kernel(values)
        require_fits(target._array, computed)
    write(op, values, target, records, computed)
    return target


def write(op: Op, values: list[Any], target: Tensor, records: bool, computed: Array | None) -> None:
    """Put `computed`, or what the op itself writes, into `target`, and record the op as what made it."""
    node = None
    if records:
        # What is saved of `target` is its old contents: they are about to be overwritten.
        saved = list(values)
        needs, edges = op.needs_and_edges(values)
        if _needs_old(op, needs):
            saved[0] = OPS.clone(target)
        node = op.make_node(saved, needs, edges)
        if op.in_place_node is not None:
            node.__class__ = op.in_place_node_class  # pyright: ignore[reportAttributeAccessIssue]
        node.outputs = (target._array.shape, target._array.dtype)
    if computed is None:
        op.call_kernel(values, op.writes)
    else:
        np.copyto(target._array, computed, casting="unsafe")
    bump_version(target)
    if node is not None:
        rebase_history(target, node)
        op.save_outputs(node, (target,), needs)


def _needs_old(op: Op, needs: Sequence[bool]) -> bool:
    assert op.node_class is not None
    return any(
        name == op.parameters[0] and any(needs[i] for i in needed_by)
        for name, needed_by in zip(op.node_class.saved_names, op.needed_by, strict=True)
    )


def require_writable(target: Array, others: Sequence[Any]) -> None:
    """Raise RuntimeError where writing into `target` would write an element twice or change an operand midway."""
    if has_internal_overlap(target.shape, target.strides):
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a single memory location. "
            "Please clone() the tensor before performing the operation."
        )
    for other in others:
        if isinstance(other, np.ndarray) and partial_overlap(target, other):
            raise RuntimeError(
                "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single "
                "memory location. Please clone() the tensor before performing the operation."
            )


def require_fits(target: Array, computed: Array) -> None:
    """Raise RuntimeError where a result has another shape than `target`, or a dtype it cannot hold."""
    require_castable(computed.dtype, target.dtype)
    if computed.shape != target.shape:
        raise RuntimeError(
            f"output with shape {list(target.shape)} doesn't match the broadcast shape {list(computed.shape)}"
        )


def require_castable(from_: np.dtype[Any], to: np.dtype[Any]) -> None:
    """Raise RuntimeError where a result's dtype cannot be written into a tensor of dtype `to`."""
    if from_ == to:
        return
    result, wanted = from_numpy_dtype(from_), from_numpy_dtype(to)
    if not can_cast(result, wanted):
        raise RuntimeError(
            f"result type {SCALAR_TYPE_NAMES[result]} can't be cast to the desired output type {SCALAR_TYPE_NAMES[wanted]}"
        )


def accepts_out(composed: Callable[..., Any]) -> Callable[..., Any]:
    """Let a function that composes declared ops take `out=`, a tensor (or tuple of them) for its result."""

    @functools.wraps(composed)
    def call(*args: Any, out: Any = None, **kwargs: Any) -> Any:
        result = composed(*args, **kwargs)
        if out is None:
            return result
        results = result if isinstance(result, tuple) else (result,)
        return into_out(composed.__name__, results, [each._array for each in results], out)

    return call


def into_out(name: str, values: Sequence[Any], computed: Any, out: Any) -> Any:
    """Write what `name` computed from `values` into the tensor (or tuple of tensors) `out`, resizing where shapes differ."""
    outs = out if isinstance(out, list | tuple) else (out,)
    results = computed if isinstance(computed, list | tuple) else (computed,)
    for each in outs:
        if not isinstance(each, Tensor):
            raise TypeError(f"{name}(): argument 'out' must be Tensor, not {type(each).__name__}")
    tensors = [value for value in values if isinstance(value, Tensor)]
    if MODE.grad and any(requires_grad(tensor) for tensor in (*tensors, *outs)):
        raise RuntimeError(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, but one of the "
            "arguments requires grad."
        )
    for each, result in zip(outs, results, strict=True):
        require_castable(np.asarray(result).dtype, each._array.dtype)
        if np.shape(result) == each._array.shape:  # else it gets memory of its own
            require_writable(each._array, [tensor._array for tensor in tensors])
    for each, result in zip(outs, results, strict=True):
        put(each, np.asarray(result))
    return out


def put(out: Tensor, result: Array) -> None:
    """Write `result` into `out`, which takes its shape."""
    if out._array.shape != result.shape:
        if out._array.size:
            warnings.warn(
                "An output with one or more elements was resized since it had shape "
                f"{list(out._array.shape)}, which does not match the required output shape {list(result.shape)}. This "
                "behavior is deprecated, and in a future PyTorch release outputs will not be resized unless they have "
                "zero elements. You can explicitly reuse an out tensor t by resizing it, inplace, to zero elements with "
                "t.resize_(0).",
                UserWarning,
                stacklevel=5,
            )
        reseat(out, empty_strided(result.shape, contiguous_strides(result.shape), out._array.dtype))
    np.copyto(out._array, result, casting="unsafe")
    bump_version(out)
