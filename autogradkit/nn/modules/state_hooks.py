"""The hooks of one module around its state dict, as PyTorch keeps and pickles them. Rests on nothing; state.py calls them."""

from __future__ import annotations

import functools
import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from autogradkit.engine.hooks import Hooks


class StateHooks:
    """Made when the first hook is registered."""

    def __init__(self) -> None:
        self.before_saving: Hooks = OrderedDict()
        self.after_saving: Hooks = OrderedDict()
        self.before_loading: Hooks = OrderedDict()  # each wrapped
        self.after_loading: Hooks = OrderedDict()


class _WrappedHook:
    """A hook before loading; with a module, which it keeps nothing alive of, that is its first argument."""

    def __init__(self, hook: Callable[..., Any], module: Any = None) -> None:
        self.hook = hook
        functools.update_wrapper(self, hook)
        self.with_module = module is not None
        if self.with_module:
            self.module = weakref.ref(module)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not self.with_module:
            return self.hook(*args, **kwargs)
        module = self.module()
        if module is None:
            raise RuntimeError("You are trying to call the hook of a dead Module!")
        return self.hook(module, *args, **kwargs)

    def __getstate__(self) -> dict[str, Any]:
        state = {"hook": self.hook, "with_module": self.with_module}
        return {**state, "module": self.module()} if self.with_module else state

    def __setstate__(self, state: dict[str, Any]) -> None:
        if state["with_module"] and state["module"] is None:
            raise RuntimeError("You are trying to revive the hook of a dead Module!")
        self.hook = state["hook"]
        self.with_module = state["with_module"]
        if self.with_module:
            self.module = weakref.ref(state["module"])
