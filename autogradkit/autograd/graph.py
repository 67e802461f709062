"""PyTorch's `torch.autograd.graph`: the class of which every node is an instance, and hooks on what nodes save."""

from __future__ import annotations

import abc
from collections.abc import Callable
from typing import Any

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.engine.hooks import RemovableHandle
from autogradkit.engine.node import Node as _EngineNode
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


__getattr__ = _absent_from("autograd.graph")
