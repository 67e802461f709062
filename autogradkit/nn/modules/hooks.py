"""A module's hooks, and what calling a module with hooks does.

Rests on custom functions: the backward hooks stand at two identities, one before and one after the module's own graph.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from autogradkit.autograd.function import Function
from autogradkit.core.tensor import Tensor
from autogradkit.engine.hooks import RemovableHandle
from autogradkit.engine.modes import is_grad_enabled

if TYPE_CHECKING:
    from autogradkit.nn.modules.module import Module

_NO_INPUT_GRADIENT = (
    "Full backward hook is firing when gradients are computed with respect to module outputs since no inputs require "
    "gradients. See https://docs.pytorch.org/docs/main/generated/torch.nn.Module.html#torch.nn.Module.register_full_"
    "backward_hook for more details."
)
Hooks = dict[int, tuple[Callable[..., Any], bool]]


class ModuleHooks:
    """The hooks of one module, in the order in which they run; each with whether it takes keyword arguments."""

    def __init__(self) -> None:
        self.before: Hooks = {}
        self.after: Hooks = {}
        self.before_backward: Hooks = {}
        self.after_backward: Hooks = {}

    def add(self, kind: str, hook: Callable[..., Any], prepend: bool, with_kwargs: bool) -> RemovableHandle:
        """Put a hook at the end of its kind, or at the beginning."""
        registered: Hooks = getattr(self, kind)
        handle = RemovableHandle(registered)  # type: ignore[arg-type]
        others = dict(registered)
        if prepend:
            registered.clear()
        registered[handle.id] = (hook, with_kwargs)
        registered.update(others)
        return handle


class BackwardHookFunction(Function):
    """The identity, whose node the backward hooks of a module are registered on."""

    @staticmethod
    def forward(ctx: Any, *tensors: Tensor) -> Any:
        """Give every tensor back as a view of itself."""
        return tuple(each.view_as(each) for each in tensors)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        """Pass every gradient on."""
        return gradients


def call(module: Module, hooks: ModuleHooks, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run the module's `forward` between its hooks."""
    for hook, with_kwargs in list(hooks.before.values()):
        if with_kwargs:
            replaced = hook(module, args, kwargs)
            if replaced is None:
                continue
            if not isinstance(replaced, tuple) or len(replaced) != 2:
                raise RuntimeError(
                    f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {replaced}."
                )
            args, kwargs = replaced
        else:
            replaced = hook(module, args)
            if replaced is not None:
                args = replaced if isinstance(replaced, tuple) else (replaced,)
    backward = None
    if (hooks.before_backward or hooks.after_backward) and is_grad_enabled():
        backward = _Backward(module, hooks)
        args = backward.around_inputs(args)
    result = module.forward(*args, **kwargs)
    for hook, with_kwargs in list(hooks.after.values()):
        replaced = hook(module, args, kwargs, result) if with_kwargs else hook(module, args, result)
        if replaced is not None:
            result = replaced
    return result if backward is None else backward.around_outputs(result)


class _Backward:
    """The backward hooks of one call: what arrived at its outputs, until what leaves at its inputs is known."""

    def __init__(self, module: Module, hooks: ModuleHooks) -> None:
        self.module = module
        self.before = [hook for hook, _ in hooks.before_backward.values()]
        self.after = [hook for hook, _ in hooks.after_backward.values()]
        self.inputs = 0
        self.input_indices: list[int] = []
        self.grad_output: tuple[Any, ...] | None = None

    def around_inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        self.inputs = len(args)
        passed, indices, node = _through(args)
        if node is not None:
            self.input_indices = indices
            node.register_hook(self._leaving)
        return passed

    def around_outputs(self, result: Any) -> Any:
        single = isinstance(result, Tensor)
        outputs = (result,) if single else result
        if not isinstance(outputs, tuple):
            return result
        passed, indices, node = _through(outputs)
        if node is not None:
            node.register_prehook(lambda gradients: self._arriving(gradients, indices, len(outputs)))
        return passed[0] if single else passed

    def _arriving(self, gradients: tuple[Any, ...], indices: list[int], count: int) -> Any:
        full = _spread(gradients, indices, count)
        replaced_any = False
        for hook in self.before:
            replaced = hook(self.module, full)
            if replaced is not None:
                full = replaced if isinstance(replaced, tuple) else (replaced,)
                replaced_any = True
        self.grad_output = full
        if not self.input_indices:
            # Nothing flows on to the inputs, so this is the last word about the module's backward.
            if self.after:
                warnings.warn(_NO_INPUT_GRADIENT, UserWarning, stacklevel=5)
            for hook in self.after:
                if hook(self.module, (None,) * self.inputs, full) is not None:
                    raise RuntimeError(
                        "Backward hook for Modules where no input requires gradient should always return None or None for "
                        "all gradients."
                    )
        return tuple(full[i] for i in indices) if replaced_any else None

    def _leaving(self, gradients: tuple[Any, ...], _: Any) -> Any:
        full = _spread(gradients, self.input_indices, self.inputs)
        for hook in self.after:
            replaced = hook(self.module, full, self.grad_output)
            if replaced is not None:
                full = replaced if isinstance(replaced, tuple) else (replaced,)
        self.grad_output = None
        return tuple(full[i] for i in self.input_indices)


def _through(values: tuple[Any, ...]) -> tuple[tuple[Any, ...], list[int], Any]:
    """The values with all tensors passed through one identity node, which tensors those were, and the node."""
    indices = [i for i, value in enumerate(values) if isinstance(value, Tensor)]
    if not any(values[i].requires_grad for i in indices):
        return values, [], None
    passed = list(values)
    for i, tensor in zip(indices, BackwardHookFunction.apply(*[values[i] for i in indices]), strict=True):
        passed[i] = tensor
    nodes = [passed[i].grad_fn for i in indices if passed[i].grad_fn is not None]
    return tuple(passed), indices, nodes[0]


def _spread(gradients: tuple[Any, ...], indices: list[int], count: int) -> tuple[Any, ...]:
    full: list[Any] = [None] * count
    for i, gradient in zip(indices, gradients, strict=True):
        full[i] = gradient
    return tuple(full)
