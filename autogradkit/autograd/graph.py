"""PyTorch's `torch.autograd.graph`: the class of which every node is an instance, edges, hooks on several gradients.

Rests on the engine, and on mutation.py. Hooks on what nodes save are the engine's own (`engine/packing.py`).
"""

from __future__ import annotations

import abc
import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal
from weakref import WeakKeyDictionary

from autogradkit.autograd.mutation import allow_mutation_on_saved_tensors as allow_mutation_on_saved_tensors
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor, bump_version
from autogradkit.engine.history import edge_of
from autogradkit.engine.hooks import RemovableHandle
from autogradkit.engine.inference import is_inference
from autogradkit.engine.modes import MODE
from autogradkit.engine.node import GradientEdge as GradientEdge
from autogradkit.engine.node import Node as _EngineNode
from autogradkit.engine.node import accumulator_of
from autogradkit.engine.packing import disable_saved_tensors_hooks as disable_saved_tensors_hooks
from autogradkit.engine.packing import save_on_cpu as save_on_cpu
from autogradkit.engine.packing import saved_tensors_hooks as saved_tensors_hooks


class Node(abc.ABC):
    """What every node of the graph has.

    >>> import autogradkit as torch
    >>> y = torch.ones(2, requires_grad=True) * 2
    >>> isinstance(y.grad_fn, torch.autograd.graph.Node)
    True
    """

    @abc.abstractmethod
    def name(self) -> str:
        """The name PyTorch gives it, such as "MulBackward0"."""

    @property
    @abc.abstractmethod
    def next_functions(self) -> tuple[tuple[Node | None, int], ...]:
        """The edges: (node, number of its output) for each input."""

    @abc.abstractmethod
    def metadata(self) -> dict[Any, Any]:
        """A dict for whatever the user wants to note on this node."""

    @property
    @abc.abstractmethod
    def _input_metadata(self) -> tuple[Any, ...]: ...

    @abc.abstractmethod
    def register_hook(self, fn: Callable[..., Any]) -> RemovableHandle:
        """Call `fn(grad_inputs, grad_outputs)` after the node ran."""

    @abc.abstractmethod
    def register_prehook(self, fn: Callable[..., Any]) -> RemovableHandle:
        """Call `fn(grad_outputs)` before the node runs."""

    @classmethod
    def __subclasshook__(cls, subclass: type) -> bool:
        return issubclass(subclass, _EngineNode) if cls is Node else NotImplemented


def _node_of(tensor: Tensor | GradientEdge) -> _EngineNode:
    """The node that made a tensor; of a leaf its AccumulateGrad node."""
    if isinstance(tensor, GradientEdge):
        return tensor.node
    target, _ = edge_of(tensor)
    if target is None:
        raise AssertionError("Expected gradient function to be set")
    return accumulator_of(target) if isinstance(target, Tensor) else target


@entry
def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """Where the gradient of a tensor arrives, which `backward` and `grad` take in its place.

    Raises RuntimeError for a tensor that requires none.

    >>> import autogradkit as torch
    >>> x = torch.tensor([2.0], requires_grad=True)
    >>> y = x * 3
    >>> torch.autograd.grad(y, torch.autograd.graph.get_gradient_edge(x))
    (tensor([3.]),)
    """
    if not tensor.requires_grad:
        raise RuntimeError(
            "It is not possible to get the gradient edge for a Tensor that does not require gradients",
        )
    return GradientEdge(_node_of(tensor), tensor.output_nr)


@entry
def increment_version(tensor: Tensor | Iterable[Tensor]) -> None:
    """Say that the memory of a tensor, or of each of several, was edited by something that does not count edits itself.

    What was made in inference mode has no version. Raises RuntimeError for anything else than tensors.
    """
    if not isinstance(tensor, (Tensor, Iterable)):
        raise RuntimeError("increment_version expect a Iterable[Tensor] as input")
    for each in [tensor] if isinstance(tensor, Tensor) else tensor:
        if not isinstance(each, Tensor):
            raise RuntimeError("increment_version expects each element of the iterable to be a tensor")
        if not is_inference(each):
            bump_version(each)


class _MultiHandle(RemovableHandle):
    """Takes several hooks away."""

    def __init__(self, handles: tuple[RemovableHandle, ...]) -> None:
        self.handles = handles

    def remove(self) -> None:
        for handle in self.handles:
            handle.remove()


@entry
def register_multi_grad_hook(
    tensors: Sequence[Tensor],
    fn: Callable[..., None],  # of all gradients, or of the one
    *,
    mode: Literal["all", "any"] = "all",
) -> RemovableHandle:
    """Call `fn` once in each backward: with all gradients of the `tensors` it will come to (the others None), or "any" first one.

    >>> import autogradkit as torch
    >>> x, y = torch.ones(1, requires_grad=True), torch.ones(1, requires_grad=True)
    >>> handle = torch.autograd.graph.register_multi_grad_hook((x, y), print)
    >>> (x * 2 + y * 3).backward()
    [tensor([2.]), tensor([3.])]
    """
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of {('all', 'any')} but got {mode}")
    # Runs may go on in several threads, or within one another: what came is kept by run.
    came: WeakKeyDictionary[Any, list[Any]] = WeakKeyDictionary()
    if mode == "any":

        @functools.wraps(fn)
        def first(gradient: Tensor) -> None:
            if MODE.run not in came:
                came[MODE.run] = [gradient]
                fn(gradient)

        return _MultiHandle(tuple([each.register_hook(first) for each in tensors if each.requires_grad]))
    nodes = [_node_of(each) for each in tensors]

    def hook_at(place: int) -> Callable[[Tensor], None]:
        def one(gradient: Tensor) -> None:
            run = MODE.run
            if run not in came:
                expected = sum([run.will_reach(getattr(node, "leaf", node)) for node in nodes])
                came[run] = [expected, [None] * len(nodes)]
            pending = came[run]
            pending[0] -= 1
            pending[1][place] = gradient
            if not pending[0]:
                del came[run]
                fn(pending[1])

        return one

    return _MultiHandle(tuple([each.register_hook(hook_at(place)) for place, each in enumerate(tensors)]))


__getattr__ = _absent_from("autograd.graph")
