"""What views and in-place edits do to history: who made a tensor now, and which edits autograd can follow.

Rests on node. A view whose memory was edited renews its node when somebody asks (`grad_fn`); an edit through a view
becomes part of its base's history as `CopySlices`. Every op asks here where a gradient of its input goes (`edge_of`).
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import setitem
from typing import Any

import numpy as np

from autogradkit.core import errors
from autogradkit.core.pending import same_memory, writing
from autogradkit.core.quiet import quietly
from autogradkit.core.steps import Step, at_once
from autogradkit.core.storage import Array, offset_of, strided
from autogradkit.core.strides import contiguous_strides, element_strides, empty_strided, has_internal_overlap
from autogradkit.core.tensor import Tensor, counter_of, wrap
from autogradkit.core.views import CUSTOM, INFERENCE, MULTI_OUTPUT, NO_GRAD, PLAIN, ChainedView, steps_in
from autogradkit.engine.hooks import retained_before
from autogradkit.engine.modes import DUAL_LEVELS, MODE
from autogradkit.engine.naming import short_name
from autogradkit.engine.node import SEQUENCE, Gradients, Node, applied, number_of
from autogradkit.engine.required import OPS


def edge_of(tensor: Tensor) -> tuple[Any, Any]:
    """Where a gradient of `tensor` goes: (node, output number), (the leaf, 0 or its AccumulateGrad node) or (None, 0).

    A view that was made without history requires grad as its base does, but its gradient goes nowhere.
    """
    view = tensor._view
    if view is None:
        if tensor._node is not None:
            return tensor._node, tensor._output_nr
    elif not requires_grad(tensor):
        return None, 0
    elif (node := grad_fn(tensor)) is not None:
        return node, tensor._output_nr
    return (tensor, number_of(tensor)) if tensor._requires_grad else (None, 0)


def requires_grad(tensor: Tensor) -> bool:
    """Whether gradients are to be computed for it. A view requires grad where its base does, unless inference mode made them."""
    return tensor._requires_grad or (
        tensor._view is not None and counter_of(tensor).shows_views and requires_grad(tensor._view.base)
    )


def is_differentiated(tensor: Tensor) -> bool:
    """Whether what is computed of a tensor now is differentiated, backward or forward."""
    return bool(MODE.grad and requires_grad(tensor)) or (
        MODE.forward and any(level.tangent_of(tensor) is not None for level in DUAL_LEVELS)
    )


def grad_fn(tensor: Tensor) -> Node | None:
    """The node that made `tensor`; for a view whose memory was edited since, a new one from its base.

    Raises RuntimeError for a view that may not follow its base.
    """
    view = tensor._view
    if view is None or view.version == counter_of(tensor).value or not counter_of(tensor).shows_views:
        return tensor._node
    if tensor._node is None and not requires_grad(view.base):
        return None
    if view.creation != PLAIN:
        raise _refusal(tensor, view.creation, "its base or another view of its base has been")
    at_once([*_adopted(tensor, _renewed(tensor, view.base)), (setattr, view, "version", counter_of(tensor).value)])
    return tensor._node


def _renewed(view: Tensor, base: Tensor) -> Node:
    """The node that makes `view` of what `base` is now."""
    return OPS.renewal(base, view)


_NO_GRAD_VIEW = (
    "Given that this use case is ambiguous and error-prone, it is forbidden. You can clarify your code by moving both the "
    "view and the inplace either both inside the no_grad block (if you don't want the inplace to be tracked) or both outside "
    "(if you want the inplace to be tracked)."
)
_INFERENCE_VIEW = (
    "Given that this use case is ambiguous and error-prone, it is forbidden. You can clarify your code by moving both the "
    "view and the inplace either both inside the inference_mode block (if you don't want the inplace to be tracked) or both "
    "outside (if you want the inplace to be tracked)."
)
_ADVICE = {
    MULTI_OUTPUT: "This view is the output of a function that returns multiple views. Such functions do not allow the output "
    "views to be modified inplace. You should replace the inplace operation by an out-of-place one.",
    NO_GRAD: _NO_GRAD_VIEW,
    INFERENCE: _INFERENCE_VIEW,
    CUSTOM: "This view was created inside a custom Function (or because an input was returned as-is) and the autograd logic "
    "to handle view+inplace would override the custom backward associated with the custom Function, leading to incorrect "
    "gradients. This behavior is forbidden. You can fix this by cloning the output of the custom Function.",
}


_NO_GRAD_MODES = "no_grad mode and {} modified inplace with grad mode enabled"


def _refusal(view: Tensor, creation: str, edited: str) -> RuntimeError:
    """The error for an edit of a view, or of its base, that autograd cannot follow."""
    node = view._node
    subject = "" if node is None else f"Output {view._output_nr} of {short_name(node.name())} is a view"
    if creation in (NO_GRAD, INFERENCE) or node is None:
        made = f"{subject} of a view which was created in" if subject else "A view was created in"
        modes = "inference mode and {} modified inplace in normal mode" if creation == INFERENCE else _NO_GRAD_MODES
        what = f"{made} {modes.format(edited)}."
    else:
        what = f"{subject} and {edited} modified inplace."
    return RuntimeError(f"{what} {_ADVICE[creation]}")


def check_in_place(tensor: Tensor, records: bool) -> None:
    """Refuse an in-place edit that autograd could not follow; memory is still untouched.

    `records` says whether the edit will be recorded (grad mode on and an operand requires grad).
    """
    if not records:
        return
    view = tensor._view
    if view is not None:
        if view.creation != PLAIN:
            raise _refusal(tensor, view.creation, "is being")
        if requires_grad(tensor) and view.base._node is None:
            raise errors.leaf_in_place(errors.VIEW_OF_LEAF_IN_PLACE)
    # Not `grad_fn`: until somebody asks a view for its node, it is a leaf, as in PyTorch, whatever became of its base.
    if requires_grad(tensor) and tensor._node is None:
        raise errors.leaf_in_place(errors.LEAF_IN_PLACE)


def rebased_history(tensor: Tensor, node: Node, edits: int = 1) -> tuple[list[Step], Node]:
    """(the steps that make `node`, which edits `tensor` in place, the maker of it; the maker); for a view, of its base too.

    `edits` are still to be counted.
    """
    view = tensor._view
    if view is None:
        return _adopted(tensor, node), node
    base = view.base
    slices = CopySlices(base, tensor, node)
    edited = same_memory(base)  # what the base will be
    edited._node, edited._requires_grad = slices, True
    maker = _renewed(tensor, edited)
    return [*_adopted(base, slices), *_adopted(tensor, maker), _renewal(tensor, edits)], maker


def reshaped(tensor: Tensor, node: Node) -> list[Step]:
    """The steps that make `node`, which only gives a tensor or a view other sizes, the maker of it.

    A base and its other views stay as they are, and a gradient that is retained keeps the sizes from before.
    """
    if tensor._node is not None and (hooks := tensor._node.hooks) and tensor._output_nr in hooks.retained:
        node.ensure_hooks().retained[0] = retained_before
    return _made_by(node, tensor) if tensor._view is None else [*_made_by(node, tensor), _renewal(tensor, 1)]


def _adopted(tensor: Tensor, node: Node) -> list[Step]:
    """The steps that make `node` the maker of a tensor; a gradient that was retained is retained there."""
    steps = _made_by(node, tensor)
    old = tensor._node
    if old is not None and old.hooks is not None and tensor._output_nr in old.hooks.retained:
        node.ensure_hooks().retained[0] = old.hooks.retained[tensor._output_nr]
        steps.append((old.hooks.retained.pop, tensor._output_nr))
    return steps


def _made_by(node: Node, tensor: Tensor) -> list[Step]:
    return [
        (setattr, tensor, "_node", node),
        (setattr, tensor, "_output_nr", 0),
        (setattr, tensor, "_requires_grad", True),
    ]


def _renewal(view: Tensor, edits: int) -> Step:
    """The step after which a view is no longer stale, once the `edits` are counted."""
    return (setattr, view._view, "version", counter_of(view).value + edits)


class CopySlices(Node):
    """An in-place edit of part of a tensor, seen from the whole: `function` differentiates the edited part."""

    __slots__ = (
        "base_geometry",
        "function",
        "gradient_versions",
        "refuses_complex",
        "steps",
        "view_dtype",
        "view_geometry",
    )
    __module__ = "builtins"
    namespace = "torch::autograd::"
    calls_user = True  # where `function` is the user's

    def __init__(self, base: Tensor, view: Tensor, function: Node) -> None:
        array, seen, record = base._memory, view._memory, view._view
        self.steps = steps_in(record.steps, array) if isinstance(record, ChainedView) else None
        self.view_dtype = seen.dtype  # real, where the base is complex, or the other way around
        before = offset_of(array) * array.itemsize // self.view_dtype.itemsize
        self.base_geometry = (array.shape, element_strides(array), array.dtype)
        self.view_geometry = (seen.shape, element_strides(seen), offset_of(seen) - before)
        self.function: Node | None = function
        self.refuses_complex = function.refuses_complex
        self.edges = (*edge_of(base), *function.edges[2:])
        others = function.gradient_versions[1:] or (0,) * (len(function.edges) // 2 - 1)
        self.gradient_versions = (2, *others)  # the gradient is copied, and its part written
        self.outputs = (array.shape, array.dtype)
        self.sequence = next(SEQUENCE)
        self.hooks = None

    def apply(self, gradients: Gradients, create_graph: bool, edges: tuple[Any, ...] | None = None) -> Gradients:
        if self.function is None:
            raise errors.backward_twice(self)
        gradient = gradients[0]
        if gradient is None:
            return (None,) * (len(self.edges) // 2)
        sent = self._applied(self.function, gradient, create_graph)
        targets = (self.edges if edges is None else edges)[::2]
        return tuple([None if target is None else each for each, target in zip(sent, targets, strict=True)])

    def _applied(self, function: Node, gradient: Any, create_graph: bool) -> Gradients:
        """The gradients of the base and of what was written, whoever wants them."""
        shape, strides, numpy_dtype = self.base_geometry
        if has_internal_overlap(shape, strides):
            raise RuntimeError(errors.WRITTEN_TWICE)
        if not create_graph:
            whole, part, seen = self._memory()
            quietly(setitem, whole, ..., gradient)
            first, *others = applied(function, ((part if seen is None else seen._array).copy(),), False)
            if first is not None and has_internal_overlap(part.shape, part.strides):
                raise RuntimeError(errors.WRITTEN_TWICE)
            if first is not None and first.shape != part.shape:
                first = quietly(OPS.sum_array, first, part.shape)
            written = 0 if first is None else first
            if seen is None:
                quietly(setitem, part, ..., written)
            else:
                at_once(writing(seen, part, written))
            return (whole, *others)
        result = wrap(empty_strided(shape, strides, numpy_dtype))
        OPS.copy_(result, gradient)
        if self.steps is None:
            piece = OPS.as_strided(result, self.view_dtype, *self.view_geometry)
        else:
            piece = OPS.replay_view_steps(result, self.steps)
        first, *others = applied(function, (OPS.clone(piece),), True)
        if first is None:
            OPS.zero_(piece)
        else:
            OPS.copy_(piece, first)
        return (result, *others)

    def _memory(self) -> tuple[Array, Array, Tensor | None]:
        """Memory for a gradient of the whole, what the view shows of it, and the view if its numbers are others."""
        shape, strides, numpy_dtype = self.base_geometry
        sizes, steps, offset = self.view_geometry
        if (
            self.steps is None
            and self.view_dtype == numpy_dtype
            and strides == contiguous_strides(shape)
            and 0 not in sizes
        ):
            whole = np.empty(shape, numpy_dtype)
            size = numpy_dtype.itemsize
            return whole, np.ndarray(sizes, numpy_dtype, whole, offset * size, [size * each for each in steps]), None
        whole = empty_strided(shape, strides, numpy_dtype)
        if self.steps is None:
            seen = wrap(strided(OPS.view_as_kind(whole, self.view_dtype), *self.view_geometry))
        else:
            seen = OPS.replay_view_steps(wrap(whole), self.steps)
        return whole, seen._memory, seen

    def release(self) -> None:
        self.function = None


class Unimplemented(Node):
    """The node of what PyTorch writes into `out=` though it is not differentiated: it is there, and refuses when it runs."""

    __slots__ = ("op",)
    namespace = "torch::autograd::"

    def __init__(self, op: str, operands: Sequence[Tensor], out: Tensor, shape: tuple[int, ...]) -> None:
        self.op = op
        edges: list[Any] = []
        for each in (*operands, out):
            if requires_grad(each):
                edges += edge_of(each)
        self.edges = tuple(edges)
        self.outputs = (shape, out._array.dtype)
        self.sequence = next(SEQUENCE)
        self.hooks = None

    def apply(self, gradients: Gradients, create_graph: bool, *_: Any) -> Gradients:
        raise RuntimeError(f"derivative for {self.op} is not implemented")


Unimplemented.__name__ = "NotImplemented"
