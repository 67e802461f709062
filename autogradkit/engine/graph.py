"""The graph: nodes, their edges, what they saved, and how in-place edits and views rewrite it.

Rests on `core`. An edge leads to a (target, output number) pair, kept flat in `Node.edges`; the target is the node that
made the input, or the leaf tensor itself (its AccumulateGrad node is made when somebody asks for it), or None. Declared
ops subclass `OpNode` (see `_ops/op.py`), custom functions `Node`.
"""

# pyright: reportPrivateUsage=false
# The slots of a tensor are shared by core, engine and _ops.

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np

from autogradkit.core import errors
from autogradkit.core.dtype import bool_, complex64, complex128, dtype, from_numpy_dtype
from autogradkit.core.size import Size
from autogradkit.core.storage import Array, VersionCounter, strided
from autogradkit.core.strides import element_strides, empty_strided
from autogradkit.core.tensor import Tensor, counter_of, wrap
from autogradkit.core.views import CUSTOM, MULTI_OUTPUT, NO_GRAD, PLAIN
from autogradkit.engine.hooks import NodeHooks, RemovableHandle
from autogradkit.engine.modes import MODE
from autogradkit.engine.required import OPS

Gradients = Sequence[
    Any
]  # one per output (or input edge): an array in plain backward, a Tensor in create_graph, or None

next_sequence_number = itertools.count().__next__


class InputMetadata(NamedTuple):
    """What a gradient that comes into a node must look like."""

    shape: Size
    dtype: dtype


class Node:
    """One step of the backward pass: takes the gradients of its outputs, gives those of its inputs."""

    __slots__ = ("__weakref__", "edges", "hooks", "outputs", "sequence")

    edges: tuple[Any, ...]  # target, output number, target, output number, ...
    outputs: tuple[Any, ...]  # shape, NumPy dtype of each output, flat
    sequence: int
    hooks: NodeHooks | None

    def apply(self, gradients: Gradients, create_graph: bool) -> Gradients:
        """The gradient for each edge, None where the edge leads nowhere."""
        raise NotImplementedError

    def release(self) -> None:
        """Let go of the saved tensors."""

    def name(self) -> str:
        """The name PyTorch gives it, such as "MulBackward0"."""
        return type(self).__name__

    @property
    def next_functions(self) -> tuple[tuple[Node | None, int], ...]:
        """The edges: (node, number of its output) for each input, (None, 0) for one that needs no gradient."""
        return tuple(
            (accumulator_of(target) if isinstance(target, Tensor) else target, number)
            for target, number in zip(self.edges[::2], self.edges[1::2], strict=True)
        )

    @property
    def metadata(self) -> dict[Any, Any]:
        """A dict for whatever the user wants to note on this node."""
        return self.ensure_hooks().metadata

    @property
    def _input_metadata(self) -> list[InputMetadata]:
        """Shape and dtype of each output of the op: what its gradient must look like."""
        pairs = zip(self.outputs[::2], self.outputs[1::2], strict=True)
        return [InputMetadata(Size(shape), from_numpy_dtype(kind)) for shape, kind in pairs]

    def _sequence_nr(self) -> int:
        return self.sequence

    def ensure_hooks(self) -> NodeHooks:
        """The node's hooks, made if it has none yet."""
        if self.hooks is None:
            self.hooks = NodeHooks()
        return self.hooks

    def register_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(grad_inputs, grad_outputs)` after the node ran; what it returns replaces grad_inputs."""
        return RemovableHandle.add(self.ensure_hooks().after, hook)

    def register_prehook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(grad_outputs)` before the node runs; what it returns replaces grad_outputs."""
        return RemovableHandle.add(self.ensure_hooks().before, hook)

    def __repr__(self) -> str:
        return f"<{self.name()} object at {id(self):#x}>"


class AccumulateGrad(Node):
    """The end of an edge at a leaf: adds what arrives to `variable.grad`. Made when asked for, never kept alive."""

    __slots__ = ("variable",)

    def __init__(self, variable: Tensor) -> None:
        self.variable = variable
        self.edges = ()
        self.outputs = (variable._array.shape, variable._array.dtype)
        self.sequence = 2**64 - 1
        self.hooks = None


_ACCUMULATORS: weakref.WeakValueDictionary[int, AccumulateGrad] = weakref.WeakValueDictionary()


def accumulator_of(leaf: Tensor) -> AccumulateGrad:
    """The leaf's AccumulateGrad node: the same one for as long as somebody holds it."""
    node = _ACCUMULATORS.get(id(leaf))
    if node is None or node.variable is not leaf:
        node = _ACCUMULATORS[id(leaf)] = AccumulateGrad(leaf)
    return node


def live_accumulator(leaf: Tensor) -> AccumulateGrad | None:
    """The leaf's AccumulateGrad node if somebody holds it: only then can it have hooks."""
    return _ACCUMULATORS.get(id(leaf)) if _ACCUMULATORS else None


class SavedOutput:
    """A node's own result, saved without the tensor: the tensor owns the node, so the node must not own the tensor."""

    __slots__ = ("array", "counter", "maker", "number")

    def __init__(self, tensor: Tensor, number: int) -> None:
        self.array = tensor._array
        self.counter: VersionCounter = counter_of(tensor)
        self.number = number
        # A view that was edited in place comes, while that is known, from its base and not from the edit's own node.
        node = None if tensor._view is None else tensor._node
        self.maker = None if node is None else weakref.ref(node)

    def maker_or(self, node: Node) -> Node:
        """The node that this result comes from: `node`, which saved it, or the one that replaced it since."""
        return (self.maker and self.maker()) or node


FREED: Any = "freed"


class OpNode(Node):
    """The node of a declared op. Subclasses are made by the declaration and carry its formulas."""

    __slots__ = ("saved", "settings", "versions")

    saved: Any  # tensors, SavedOutputs, numbers or None, one per name in `saved_names`; FREED after backward
    versions: tuple[Any, ...]  # what each saved tensor's counter read; a tuple of them where several were saved
    settings: tuple[Any, ...]  # what is no tensor, one per name in `setting_names`

    saved_names: ClassVar[tuple[str, ...]] = ()
    setting_names: ClassVar[tuple[str, ...]] = ()
    differentiate: ClassVar[Callable[..., Gradients]]

    def apply(self, gradients: Gradients, create_graph: bool) -> Gradients:
        if gradients[0] is None and all(gradient is None for gradient in gradients):
            return (None,) * (len(self.edges) // 2)
        return self.differentiate(gradients, self.unpack(create_graph))

    def unpack(self, as_tensors: bool) -> list[Any]:
        """The saved values in order of `saved_names`, as arrays or as tensors of the graph.

        Raises RuntimeError, with PyTorch's text, where one was edited since or all were freed.
        """
        saved = self.saved
        if saved is FREED:
            raise RuntimeError(errors.BACKWARD_TWICE)
        values: list[Any] = []
        for index, value in enumerate(saved):
            if value.__class__ is Tensor or isinstance(value, Tensor):
                counter = value._counter
                if counter is not None and counter.value != self.versions[index]:
                    raise self._edited(index, value._array, counter.value)
                values.append(value if as_tensors else value._array)
            elif value.__class__ is SavedOutput:
                if value.counter.value != self.versions[index]:
                    raise self._edited(index, value.array, value.counter.value)
                values.append(self._output(value) if as_tensors else value.array)
            elif value.__class__ is tuple:
                for each, version in zip(value, self.versions[index], strict=True):
                    if each is not None and each._version != version:
                        maker = grad_fn(each)
                        raise saved_was_edited(each._array, maker, each._output_nr, each._version, version)
                values.append(value if as_tensors else tuple(each if each is None else each._array for each in value))
            else:
                values.append(value)
        return values

    def _output(self, value: SavedOutput) -> Tensor:
        tensor = wrap(value.array)
        tensor._counter = value.counter
        if 2 * value.number >= len(self.outputs):
            return tensor  # such as the positions of a pooling: no gradient flows through them
        tensor._node = value.maker_or(self)
        tensor._output_nr = value.number
        tensor._requires_grad = True
        return tensor

    def _edited(self, index: int, array: Array, version: int) -> RuntimeError:
        value = self.saved[index]
        if value.__class__ is SavedOutput:
            maker, number = value.maker_or(self), value.number
        else:
            maker, number = grad_fn(value), value._output_nr
        return saved_was_edited(array, maker, number, version, self.versions[index])

    def release(self) -> None:
        for value in self.saved:
            if value is not None and (value.__class__ is SavedOutput or isinstance(value, Tensor | tuple)):
                self.saved = FREED
                return


# PyTorch's message names bool and complex tensors in its own way.
_KINDS_WITHOUT_A_TENSOR_TYPE = {
    bool_: "CPUBoolType",
    complex64: "CPUComplexFloatType",
    complex128: "CPUComplexDoubleType",
}


def saved_was_edited(array: Array, maker: Node | None, number: int, version: int, expected: int) -> RuntimeError:
    """The error for a saved tensor whose memory was edited after it was saved; `maker` is the node that made it."""
    output = "" if maker is None else f", which is output {number} of {short_name(maker)},"
    hint = (
        "Hint: the backtrace further above shows the operation that failed to compute its gradient. The variable in "
        "question was changed in there or anywhere later. Good luck!"
        if MODE.anomaly
        else "Hint: enable anomaly detection to find the operation that failed to compute its gradient, with "
        "torch.autograd.set_detect_anomaly(True, check_nan=False)."
    )
    saved_dtype = from_numpy_dtype(array.dtype)
    kind = _KINDS_WITHOUT_A_TENSOR_TYPE.get(saved_dtype, saved_dtype.tensor_type)
    return RuntimeError(errors.modified_in_place(kind, array.shape, output, version, expected, hint))


def short_name(node: Node) -> str:
    """A node's name as PyTorch's messages shorten it: "Exp" for ExpBackward0, "Sum1" for SumBackward1."""
    if node.name() in ("CopySlices", "CopyBackwards"):
        return f"torch::autograd::{node.name()}"
    return node.name().replace("Backward0", "").replace("Backward", "")


def edge_of(tensor: Tensor) -> tuple[Any, int]:
    """Where a gradient of `tensor` goes: (node, output number), (the leaf, 0) or (None, 0)."""
    view = tensor._view
    if view is None:
        if tensor._node is not None:
            return tensor._node, tensor._output_nr
        return (tensor, 0) if tensor._requires_grad else (None, 0)
    if not requires_grad(tensor):
        return None, 0
    node = grad_fn(tensor)
    return (tensor, 0) if node is None else (node, tensor._output_nr)


def requires_grad(tensor: Tensor) -> bool:
    """Whether gradients are to be computed for it. A view requires grad where its base does, however it was made."""
    return tensor._requires_grad or (tensor._view is not None and requires_grad(tensor._view.base))


def is_settled(tensor: Tensor) -> bool:
    """Whether a view's own node and flag say all there is to say: nothing was edited since it was made."""
    view = tensor._view
    if view is None:
        return True
    if tensor._node is None:
        return not requires_grad(view.base)
    return view.version == counter_of(tensor).value


def grad_fn(tensor: Tensor) -> Node | None:
    """The node that made `tensor`; for a view whose memory was edited since, a new one from its base.

    Raises RuntimeError for a view that may not follow its base.
    """
    view = tensor._view
    if view is None or view.version == counter_of(tensor).value:
        return tensor._node
    if tensor._node is None and not requires_grad(view.base):
        return None
    if view.creation != PLAIN:
        raise _refusal(tensor, view.creation, "its base or another view of its base has been")
    array = tensor._array
    fresh = OPS.as_strided(view.base, array.shape, element_strides(array), tensor.storage_offset())
    tensor._node = fresh._node
    tensor._output_nr = 0
    tensor._requires_grad = fresh._node is not None
    view.version = counter_of(tensor).value
    return tensor._node


_NO_GRAD_VIEW = (
    "Given that this use case is ambiguous and error-prone, it is forbidden. You can clarify your code by moving both the "
    "view and the inplace either both inside the no_grad block (if you don't want the inplace to be tracked) or both outside "
    "(if you want the inplace to be tracked)."
)
_ADVICE = {
    MULTI_OUTPUT: "This view is the output of a function that returns multiple views. Such functions do not allow the output "
    "views to be modified inplace. You should replace the inplace operation by an out-of-place one.",
    NO_GRAD: _NO_GRAD_VIEW,
    CUSTOM: "This view was created inside a custom Function (or because an input was returned as-is) and the autograd logic "
    "to handle view+inplace would override the custom backward associated with the custom Function, leading to incorrect "
    "gradients. This behavior is forbidden. You can fix this by cloning the output of the custom Function.",
}


def _refusal(view: Tensor, creation: str, edited: str) -> RuntimeError:
    """The error for an edit of a view, or of its base, that autograd cannot follow."""
    node = view._node
    subject = "" if node is None else f"Output {view._output_nr} of {short_name(node)} is a view"
    if creation == NO_GRAD or node is None:
        made = f"{subject} of a view which was created in" if subject else "A view was created in"
        what = f"{made} no_grad mode and {edited} modified inplace with grad mode enabled."
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
            raise RuntimeError(errors.VIEW_OF_LEAF_IN_PLACE)
    if requires_grad(tensor) and grad_fn(tensor) is None:
        raise RuntimeError(errors.LEAF_IN_PLACE)


def rebase_history(tensor: Tensor, node: Node) -> None:
    """Make `node`, which edited `tensor` in place, the maker of it; for a view, of its base too."""
    view = tensor._view
    if view is None:
        _adopt(tensor, node)
        return
    _adopt(view.base, CopySlices(view.base, tensor, node))
    grad_fn(tensor)


def _adopt(tensor: Tensor, node: Node) -> None:
    old = tensor._node
    retained = old.hooks.retained.pop(tensor._output_nr, None) if old is not None and old.hooks is not None else None
    tensor._node = node
    tensor._output_nr = 0
    tensor._requires_grad = True
    if retained is not None:
        node.ensure_hooks().retained[0] = retained


class CopySlices(Node):
    """An in-place edit of part of a tensor, seen from the whole: `function` differentiates the edited part."""

    __slots__ = ("base_geometry", "function", "view_geometry")

    def __init__(self, base: Tensor, view: Tensor, function: Node) -> None:
        array = base._array
        offset = view.storage_offset() - base.storage_offset()
        self.base_geometry = (array.shape, element_strides(array), array.dtype)
        self.view_geometry = (view._array.shape, element_strides(view._array), offset)
        self.function: Node | None = function
        self.edges = (*edge_of(base), *function.edges[2:])
        self.outputs = (array.shape, array.dtype)
        self.sequence = next_sequence_number()
        self.hooks = None

    def apply(self, gradients: Gradients, create_graph: bool) -> Gradients:
        if self.function is None:
            raise RuntimeError(errors.BACKWARD_TWICE)
        gradient = gradients[0]
        if gradient is None:
            return (None,) * (len(self.edges) // 2)
        shape, strides, numpy_dtype = self.base_geometry
        whole = empty_strided(shape, strides, numpy_dtype)
        if not create_graph:
            np.copyto(whole, gradient)
            part = strided(whole, *self.view_geometry)
            first, *others = self.function.apply((part.copy(),), False)
            part[...] = 0 if first is None else OPS.sum_array(first, part.shape)
            return (whole, *others)
        result = wrap(whole)
        OPS.copy_(result, gradient)
        piece = OPS.as_strided(result, *self.view_geometry)
        first, *others = self.function.apply((OPS.clone(piece),), True)
        if first is None:
            OPS.zero_(piece)
        else:
            OPS.copy_(piece, first)
        return (result, *others)

    def release(self) -> None:
        self.function = None
