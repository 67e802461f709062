"""How hooks are registered around a module's calls, and the registries that scripts look into.

Rests on hooks, which has what a call with hooks does; `Module` (module.py) is built on it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autogradkit.core.frames import entry
from autogradkit.core.own import named_as
from autogradkit.engine.hooks import RemovableHandle
from autogradkit.nn.modules.hooks import EVERYWHERE, ModuleHooks, registry


class Hooked:
    """A module's hooks. Every instance is a `Module`, which alone subclasses it."""

    _hooks_of_module: ModuleHooks | None  # made when the first is registered

    def _has_hooks(self) -> bool:
        """Whether a call of it may run hooks."""
        return bool(EVERYWHERE) or (self._hooks_of_module is not None and self._hooks_of_module.any())

    def _made_hooks_of_module(self) -> ModuleHooks:
        own = self._hooks_of_module
        if own is None:
            own = self.__dict__["_hooks_of_module"] = ModuleHooks()
        return own

    _forward_pre_hooks = registry("_made_hooks_of_module", "before")
    _forward_pre_hooks_with_kwargs = registry("_made_hooks_of_module", "before_with_kwargs")
    _forward_hooks = registry("_made_hooks_of_module", "after")
    _forward_hooks_with_kwargs = registry("_made_hooks_of_module", "after_with_kwargs")
    _forward_hooks_always_called = registry("_made_hooks_of_module", "always")
    _backward_pre_hooks = registry("_made_hooks_of_module", "before_backward")
    _backward_hooks = registry("_made_hooks_of_module", "after_backward")
    _is_full_backward_hook = registry("_made_hooks_of_module", "full")

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args)` before `forward`; what it returns replaces the arguments."""
        return self._made_hooks_of_module().add("before", hook, prepend=prepend, before_with_kwargs=with_kwargs)

    def _before_forward(self) -> list[tuple[int, Callable[..., Any]]]:
        """The hooks before `forward`, with the numbers that they are removed by."""
        return [] if self._hooks_of_module is None else list(self._hooks_of_module.before.items())

    def _remove_before_forward(self, number: int) -> None:
        del self._made_hooks_of_module().before[number]

    def register_forward_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False, always_call: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args, output)` after `forward`; what it returns replaces the output.

        With `always_call` also where the call failed; the output is then None if there is none yet.
        """
        own = self._made_hooks_of_module()
        return own.add("after", hook, prepend=prepend, after_with_kwargs=with_kwargs, always=always_call)

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_output)` before the module's backward; what it returns replaces grad_output."""
        return self._made_hooks_of_module().add("before_backward", hook, prepend=prepend)

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_input, grad_output)` after the module's backward; it may replace grad_input."""
        self._made_hooks_of_module().require_one_sort(full=True)
        return self._made_hooks_of_module().add("after_backward", hook, prepend=prepend)

    @entry
    def register_backward_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, grad_input, grad_output)` with the gradients of the last node that the module made.

        `register_full_backward_hook` gives those of its inputs and outputs.
        """
        own = self._made_hooks_of_module()
        own.require_one_sort(full=False)
        return own.add("after_backward", hook)


named_as("Module", Hooked)
