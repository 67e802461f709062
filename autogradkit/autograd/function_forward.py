"""A custom function's forward: called without gradients, its outputs made views where they are some, and tied to the node.

Rests on the engine and on `function_node.py`; `function.py` calls it for the new style and the old one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from autogradkit._ops.declare.overriding import overriding
from autogradkit.autograd.function_ctx import FunctionCtx
from autogradkit.autograd.function_jvp import push_forward
from autogradkit.autograd.function_node import BackwardCFunction, Template
from autogradkit.core.frames import learners_stack
from autogradkit.core.steps import at_once
from autogradkit.core.storage import offset_of, strided
from autogradkit.core.strides import element_strides, view_strides
from autogradkit.core.tensor import Tensor, as_class, bump_version, counter_of, reading_to_save
from autogradkit.core.views import CUSTOM, MULTI_OUTPUT, alias, view_of
from autogradkit.core.warning import warn
from autogradkit.engine.dispatching import DISPATCHING, dispatched_among
from autogradkit.engine.dual import DualLevel
from autogradkit.engine.history import check_in_place, edge_of, rebased_history, requires_grad
from autogradkit.engine.modes import DUAL_LEVELS, MODE, forward_grad, no_grad
from autogradkit.engine.packing import packed
from autogradkit.engine.saved import SavedOutput


def run_forward(
    node: BackwardCFunction, context: FunctionCtx, args: tuple[Any, ...], forward: Callable[[], Any]
) -> Any:
    """Call the user's forward, and tie its outputs to `node` if any argument requires grad."""
    edges: list[Any] = []
    for value in args:
        edges += edge_of(value) if isinstance(value, Tensor) else ()
    context.needs_input_grad = tuple(isinstance(value, Tensor) and requires_grad(value) for value in args)
    node.edges = tuple(edges)
    node._given = tuple(isinstance(value, Tensor) for value in args)
    records = MODE.grad and any(context.needs_input_grad)
    level: DualLevel | None = DUAL_LEVELS[0] if DUAL_LEVELS and MODE.forward else None
    tangents = [level.tangent_of(each) if level and isinstance(each, Tensor) else None for each in args]
    with no_grad(), forward_grad(False):
        given = forward()
    outputs: tuple[Any, ...] = given if isinstance(given, tuple) else (given,)
    context._checked_marks()
    for dirty in context.dirty_tensors or ():
        bump_version(dirty)
    results: list[Any] = []
    templates: list[Any] = []
    for output in outputs:
        tensor = _output(output, args, context, records, len(outputs) > 1) if isinstance(output, Tensor) else output
        results.append(tensor)
        templates += (tensor._array.shape, tensor._array.dtype) if isinstance(tensor, Tensor) else ((), None)
    if any(all(dirty is not output for output in outputs) for dirty in context.dirty_tensors or ()):
        raise RuntimeError(
            "Some elements marked as dirty during the forward method were not returned as output. The inputs that are "
            "modified inplace must all be outputs of the Function."
        )
    node.outputs = tuple(templates)
    if records:
        context._checked_saved()
        if MODE.anomaly:
            node.ensure_hooks().traceback = learners_stack(sys._getframe())
        _tie(node, context, args, outputs, results)
        if DISPATCHING:
            node.is_heard = bool(dispatched_among((*args, *results)))
    node._materialize = context._materialize
    if level is not None and any(each is not None for each in tangents):
        push_forward(level, node._jvp, context, args, tangents, outputs, results)
    if MODE.transforms and isinstance(node._function, type) and node._function._has_jvp():
        node._kept_forward = context.saved_for_forward
        node.arguments = tuple([Template(x.shape, x.dtype) if isinstance(x, Tensor) else None for x in args])
    context._forget()
    return tuple(results) if isinstance(given, tuple) else results[0]


_SEVERAL_BESIDE_AN_EDITED_VIEW = (
    "If your Function modifies inplace an input that is a view of another Tensor, your Function cannot return more than one "
    "Tensor. This is not supported by the current autograd engine. You should either make sure the input is not a view (using "
    ".clone() for example) or make your Function only return one Tensor (potentially splitting it into two Functions: one "
    "doing the inplace that returns a single Tensor and a second one that does the other operations). You can ask on the forum "
    "https://discuss.pytorch.org/ if you need help to do this change."
)


def _output(output: Tensor, args: tuple[Any, ...], context: FunctionCtx, records: bool, several: bool) -> Tensor:
    """An output as the caller gets it: an input that was returned unedited comes back as a view of it.

    Where no gradient is recorded, one that requires grad comes back detached.
    """
    unmarked = all(output is not each for each in context.non_differentiable or ())
    if not (records and unmarked) and requires_grad(output) and any(output is each for each in args):
        return alias(output)
    if any(output is each for each in context.dirty_tensors or ()):
        if records:
            one_of_many = output._view is not None and output._view.creation == MULTI_OUTPUT
            if not one_of_many and requires_grad(output) and edge_of(output)[0] is output:
                raise RuntimeError("a leaf Variable that requires grad has been used in an in-place operation.")
            check_in_place(output, True)
            if several and output._view is not None:
                raise RuntimeError(_SEVERAL_BESIDE_AN_EDITED_VIEW)
        return output
    how = MULTI_OUTPUT if several else CUSTOM
    if any(value is output for value in args):  # though another may share its memory, as one that was detached does
        return _of_its_class(view_of(output, _viewed(output._memory), how), output)
    for value in args:
        if isinstance(value, Tensor) and _is_view_on(output, value):
            return _of_its_class(view_of(output, output._memory, how), output)
    return output


def _is_view_on(output: Tensor, value: Tensor) -> bool:
    """Whether an output is a view on an argument, or on what that is a view on: what was detached of it is none."""
    base = value if value._view is None else value._view.base
    return output._view is not None and output._view.base is base


def _of_its_class(view: Tensor, output: Tensor) -> Tensor:
    """The view, seen as one of the class that a user derived from Tensor, where `forward` returned such a one."""
    return as_class(view, type(output)) if overriding((output,), {}) else view


def _viewed(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The array with the strides of `view_as(itself)`, which are others in dimensions of size one."""
    strides = element_strides(array)
    return strided(array, array.shape, view_strides(array.shape, strides, array.shape) or strides, offset_of(array))


def _tie(
    node: BackwardCFunction,
    context: FunctionCtx,
    args: tuple[Any, ...],
    outputs: tuple[Any, ...],
    results: list[Any],
) -> None:
    for number, (output, result) in enumerate(zip(outputs, results, strict=True)):
        if not isinstance(result, Tensor) or any(output is each for each in context.non_differentiable or ()):
            continue
        if result._array.dtype.kind not in "fc" and not result.dtype.is_floating_point:
            continue
        if any(output is each for each in context.dirty_tensors or ()):
            if not any(output is each for each in args):
                warn(
                    "ctx.mark_dirty() received a tensor that was not an input. Only input Tensors that have been mutated "
                    "should be passed to ctx.mark_dirty()."
                )
            at_once([*rebased_history(result, node, 0)[0], (setattr, result, "_grad", None)])  # as in PyTorch
        else:
            result._node = node
            result._output_nr = number
            result._requires_grad = True
            if result._view is not None:
                result._view.creation = MULTI_OUTPUT if len(outputs) > 1 else CUSTOM
                result._view.version = counter_of(result).value
    saved: list[Any] = []
    versions: list[int] = []
    for tensor in context.to_save or ():
        value: Any = tensor
        for number, output in enumerate(outputs):
            # Its own output, unless that is an input too: saved without the tensor, which owns the node.
            if tensor is None or output is not tensor or results[number]._node is not node:
                continue
            if not any(tensor is each for each in args):
                counter_of(tensor)
                value = SavedOutput(tensor, number)
        if tensor is not None and any(tensor is each for each in context.dirty_tensors or ()):
            value = SavedOutput(tensor, next(i for i, output in enumerate(outputs) if output is tensor))
        versions.append(0 if tensor is None else reading_to_save(tensor))
        if MODE.packing is not None and tensor is not None:
            own = isinstance(value, SavedOutput)
            value = packed(node.output_tensor(value), value.number) if own else packed(tensor)
        saved.append(value)
    node._saved = tuple(saved)
    node._versions = tuple(versions)
