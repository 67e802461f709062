"""The graph's nodes and edges: one node for each recorded op, an `AccumulateGrad` where an edge ends at a leaf.

Rests on `core` and hooks. An edge leads to a (target, output number) pair, kept flat in `Node.edges`; the target is the
node that made the input, or the leaf tensor itself, or None. A leaf's AccumulateGrad node is made when somebody asks for it,
or when the leaf becomes unlike it (reseating.py); from then on the edges keep it, in the place of the number, which is 0 else.
Declared ops subclass `OpNode` (saved.py), custom functions `Node`.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Literal, NamedTuple, Never

from autogradkit.core.device import CPU, device
from autogradkit.core.dtype import dtype, from_numpy_dtype
from autogradkit.core.quiet import quietly
from autogradkit.core.shapes import unfit
from autogradkit.core.tensor import Tensor
from autogradkit.engine.hooks import NodeHooks, RemovableHandle, TensorHooks

# One per output (or input edge): an array in plain backward, a Tensor under create_graph, or None.
Gradients = Sequence[Any]

SEQUENCE = itertools.count()


class InputMetadata(NamedTuple):
    """What a gradient that comes into a node must look like."""

    shape: list[int]
    dtype: dtype
    device: device = CPU
    is_nested_tensor: bool = False
    is_cpp_nested_tensor: bool = False


class GradientEdge(NamedTuple):
    """Where a gradient arrives: the node, and which of its outputs the gradient is of."""

    node: Node
    output_nr: int
    ownership_token: Node | None = None


def read_only(getter: Callable[[Any], Any], name: str = "") -> Any:
    """A property of nodes that is neither set nor deleted, which PyTorch's words say."""
    name = name or getter.__name__

    def refuse(self: Node, *value: Never) -> None:
        raise AttributeError(f"attribute '{name}' of '{self.c_name()}' objects is not writable")

    return property(getter, refuse, refuse, getter.__doc__)


class Node:
    """One step of the backward pass: takes the gradients of its outputs, gives those of its inputs."""

    __slots__ = ("__weakref__", "edges", "hooks", "outputs", "sequence")

    namespace: ClassVar[str] = ""
    # Whether `apply` runs code of the user's, who sees their own NumPy settings then.
    calls_user: ClassVar[bool] = False
    # Whether it is a custom function's, and tensors went through it whose class hears ops (`dispatching.py`).
    is_heard: bool = False
    is_end: ClassVar[bool] = False  # whether it is a leaf's AccumulateGrad node
    refuses_complex: bool = False  # whether a complex gradient that it gives for a real input is an error
    # How often PyTorch edits the gradient that it gives for each input.
    gradient_versions: tuple[int, ...] = ()

    # Target, output number (of a leaf 0, or its AccumulateGrad node), target, output number, ...
    edges: tuple[Any, ...]
    outputs: tuple[Any, ...]  # shape, NumPy dtype of each output, flat
    sequence: int
    hooks: NodeHooks | None

    def c_name(self) -> str:
        """What PyTorch's refusals call the class."""
        return type(self).__name__

    def __reduce_ex__(self, protocol: Any) -> Never:
        raise TypeError(f"cannot pickle '{type(self).__name__}' object")

    def __dir__(self) -> list[str]:
        return [name for name in object.__dir__(self) if name[0] == "_" or name in _PUBLIC]

    def apply(self, gradients: Gradients, create_graph: bool) -> Gradients:
        """The gradient for each edge, None where the edge leads nowhere."""
        raise NotImplementedError

    def release(self) -> None:
        """Let go of the saved tensors."""

    def name(self) -> str:
        """The name PyTorch gives it, such as "MulBackward0"; some have their C++ namespace before it."""
        return self.namespace + type(self).__name__

    @read_only
    def next_functions(self) -> tuple[tuple[Node | None, int], ...]:
        """The edges: (node, number of its output) for each input, (None, 0) for one that needs no gradient."""
        edges = list(self.edges)
        for at in range(0, len(edges), 2):
            if isinstance(edges[at], Tensor):
                edges[at + 1] = edges[at + 1] or accumulator_of(edges[at])
        self.edges = tuple(edges)
        pairs = zip(edges[::2], edges[1::2], strict=True)
        return tuple((number, 0) if isinstance(target, Tensor) else (target, number) for target, number in pairs)

    @read_only
    def metadata(self) -> dict[Any, Any]:
        """A dict for whatever the user wants to note on this node."""
        return self.ensure_hooks().metadata

    @read_only
    def requires_grad(self) -> bool:
        """Always True."""
        return True

    @read_only
    def _input_metadata(self) -> tuple[InputMetadata, ...]:
        """Shape and dtype of each output of the op: what its gradient must look like."""
        pairs = zip(self.outputs[::2], self.outputs[1::2], strict=True)
        return tuple([InputMetadata(list(shape), from_numpy_dtype(kind)) for shape, kind in pairs])

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
        return f"<{type(self).__name__} object at {id(self):#x}>"


# What a node shows: the rest is the engine's.
_PUBLIC = {"metadata", "name", "next_functions", "register_hook", "register_prehook", "requires_grad", "variable"}


def applied(node: Node, gradients: Gradients, create_graph: bool, *served: Any) -> Gradients:
    """What a node gives; formulas on arrays run where NumPy is silent. An op's node may get the edges to be served."""
    if node.calls_user or create_graph:  # ops see to it themselves
        return node.apply(gradients, create_graph, *served)
    try:
        return quietly(node.apply, gradients, False, *served)
    except ValueError as error:  # a saved leaf has other sizes by now
        raise unfit(error) from None


class AccumulateGrad(Node):
    """The end of an edge at a leaf: adds what arrives to `variable.grad`. Made when asked for, kept alive by edges alone."""

    __slots__ = ("leaf",)
    __module__ = "builtins"
    namespace = "torch::autograd::"
    calls_user = True  # hooks
    is_end = True

    leaf: Tensor

    def __new__(cls) -> AccumulateGrad:
        raise RuntimeError("Cannot construct")

    @classmethod
    def of(cls, leaf: Tensor) -> AccumulateGrad:
        """A new node at the end of an edge to `leaf`."""
        node = object.__new__(cls)
        node.leaf = leaf
        node.edges = ()
        node.outputs = (leaf._array.shape, leaf._array.dtype)
        node.sequence = 2**64 - 1
        node.hooks = None
        return node

    @read_only
    def variable(self) -> Tensor:
        """The leaf."""
        return self.leaf


def accumulator_of(leaf: Tensor) -> AccumulateGrad:
    """The leaf's AccumulateGrad node: the same one for as long as somebody holds it."""
    node = number_of(leaf)
    if node == 0:
        node = AccumulateGrad.of(leaf)
        if leaf._hooks is None:
            leaf._hooks = TensorHooks()
        leaf._hooks.accumulator = weakref.ref(node)
    return node


def number_of(leaf: Tensor) -> AccumulateGrad | Literal[0]:
    """What an edge to `leaf` has in the place of the output's number: its AccumulateGrad node, if that lives, or 0."""
    hooks: TensorHooks | None = leaf._hooks
    return (hooks and hooks.accumulator and hooks.accumulator()) or 0
