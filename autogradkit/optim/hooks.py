"""What runs before and after an optimizer's step, or its saving and loading, on the user's behalf.

Rests on handles and on the profiler's named blocks. `Hooked` is a base of `Optimizer`, and `hooked` wraps the `step` of each of
its classes, the user's own too.
"""

from __future__ import annotations

import functools
from collections import OrderedDict
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from autogradkit.autograd.profiler import record_function
from autogradkit.core.frames import shorten
from autogradkit.core.own import named_as
from autogradkit.core.recording import RECORDERS
from autogradkit.engine.hooks import RemovableHandle

Hook = Callable[..., Any]
Hooks = OrderedDict[int, Hook]

_global_optimizer_pre_hooks: Hooks = OrderedDict()
_global_optimizer_post_hooks: Hooks = OrderedDict()


def register_optimizer_step_pre_hook(hook: Hook) -> RemovableHandle:
    """Call `hook(optimizer, args, kwargs)` before each step of any optimizer; what it returns are the step's arguments."""
    return RemovableHandle.add(_global_optimizer_pre_hooks, hook)


def register_optimizer_step_post_hook(hook: Hook) -> RemovableHandle:
    """Call `hook(optimizer, args, kwargs)` after each step of any optimizer."""
    return RemovableHandle.add(_global_optimizer_post_hooks, hook)


class Hooked:
    """The hooks of one optimizer, in the order in which they run."""

    _optimizer_step_pre_hooks: Hooks
    _optimizer_step_post_hooks: Hooks
    _optimizer_state_dict_pre_hooks: Hooks
    _optimizer_state_dict_post_hooks: Hooks
    _optimizer_load_state_dict_pre_hooks: Hooks
    _optimizer_load_state_dict_post_hooks: Hooks

    def _prepare_hooks(self) -> None:
        for moment in ("step", "state_dict", "load_state_dict"):
            for side in ("pre", "post"):
                self.__dict__.setdefault(f"_optimizer_{moment}_{side}_hooks", OrderedDict())
        self._patch_step_function()

    def _patch_step_function(self) -> None:
        """Have the class's `step`, whoever wrote it, run the hooks."""
        kind: Any = type(self)
        self._zero_grad_profile_name = f"Optimizer.zero_grad#{kind.__name__}.zero_grad"
        if not getattr(kind.step, "hooked", None):
            kind.step = self.profile_hook_step(kind.step)
            kind.step.hooked = True

    @staticmethod
    def profile_hook_step(func: Callable[..., Any]) -> Callable[..., Any]:
        """A `step` between the hooks of all optimizers and of this one, which a profiler knows by the optimizer's class."""

        @functools.wraps(func)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            self = args[0]
            try:
                with record_function(f"Optimizer.step#{type(self).__name__}.step") if RECORDERS else nullcontext():
                    for hook in (*_global_optimizer_pre_hooks.values(), *self._optimizer_step_pre_hooks.values()):
                        changed = hook(self, args, kwargs)
                        if changed is None:
                            continue
                        if not (isinstance(changed, tuple) and len(changed) == 2):
                            raise RuntimeError(
                                f"{func} must return None or a tuple of (new_args, new_kwargs), but got {changed}."
                            )
                        args, kwargs = changed
                    result = func(*args, **kwargs)
                    for hook in (*self._optimizer_step_post_hooks.values(), *_global_optimizer_post_hooks.values()):
                        hook(self, args, kwargs)
                    return result
            except BaseException as error:
                shorten(error)
                raise

        return wrapper

    def register_step_pre_hook(self, hook: Hook) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` before each step; what it returns are the step's arguments."""
        return RemovableHandle.add(self._optimizer_step_pre_hooks, hook)

    def register_step_post_hook(self, hook: Hook) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` after each step."""
        return RemovableHandle.add(self._optimizer_step_post_hooks, hook)

    def register_state_dict_pre_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call `hook(optimizer)` before `state_dict()`; with `prepend` before the hooks that are there."""
        return _placed(self._optimizer_state_dict_pre_hooks, hook, prepend)

    def register_state_dict_post_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call `hook(optimizer, state_dict)` after `state_dict()`; what it returns is returned instead."""
        return _placed(self._optimizer_state_dict_post_hooks, hook, prepend)

    def register_load_state_dict_pre_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call `hook(optimizer, state_dict)` before `load_state_dict`; what it returns is loaded instead."""
        return _placed(self._optimizer_load_state_dict_pre_hooks, hook, prepend)

    def register_load_state_dict_post_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call `hook(optimizer)` after `load_state_dict`."""
        return _placed(self._optimizer_load_state_dict_post_hooks, hook, prepend)


def _placed(hooks: Hooks, hook: Hook, prepend: bool) -> RemovableHandle:
    handle = RemovableHandle.add(hooks, hook)
    if prepend:
        hooks.move_to_end(handle.id, last=False)
    return handle


named_as("Optimizer", Hooked)
