"""A module's state as PyTorch pickles it, so that whole modules are saved here and loaded there, and the other way round.

Rests on hooks. The attributes are the same but for hooks, of which PyTorch keeps a dict for each kind, and empty ones too.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from autogradkit.nn.modules.hooks import Hooks, ModuleHooks

_CALLS = (
    "_forward_pre_hooks",
    "_forward_pre_hooks_with_kwargs",
    "_forward_hooks",
    "_forward_hooks_with_kwargs",
    "_forward_hooks_always_called",
    "_backward_pre_hooks",
    "_backward_hooks",
)
_STATES = ("_state_dict_hooks", "_state_dict_pre_hooks", "_load_state_dict_pre_hooks", "_load_state_dict_post_hooks")
_SORT = "_is_full_backward_hook"


class Pickled:
    """The part of `Module` that pickling and copying ask."""

    def __getstate__(self) -> dict[str, Any]:
        # Hooks of this package stay as they are, for copies of their handles; a file with them is for this package.
        state = {name: value for name, value in self.__dict__.items() if name not in _OWN or _has_any(value)}
        return {**{name: OrderedDict() for name in (*_CALLS, *_STATES)}, _SORT: None, **state}

    def __setstate__(self, state: dict[str, Any]) -> None:
        own = self.__dict__
        own.update({name: value for name, value in state.items() if name not in (*_CALLS, *_STATES, _SORT)})
        for name in _OWN:
            own.setdefault(name, None)
        if any(state.get(name) for name in _STATES):
            raise NotImplementedError("modules that PyTorch saved with hooks of their state dict are not loaded")
        if any(state.get(name) for name in _CALLS):
            own["_hooks"] = _hooks_in(state)


_OWN = ("_hooks", "_state_hooks")


def _has_any(hooks: Any) -> bool:
    return hooks is not None and any(value for kind, value in vars(hooks).items() if kind not in ("always", "flagged"))


def _hooks_in(state: dict[str, Any]) -> ModuleHooks:
    """The hooks of calls that PyTorch saved."""
    hooks = ModuleHooks()

    def of(kind: str) -> Hooks:
        hooks.flagged.update(state.get(f"{kind}_with_kwargs", ()))
        return OrderedDict(state.get(kind, {}))

    hooks.before, hooks.after = of("_forward_pre_hooks"), of("_forward_hooks")
    hooks.before_backward, hooks.after_backward = of("_backward_pre_hooks"), of("_backward_hooks")
    hooks.always = set(state.get("_forward_hooks_always_called", ()))
    hooks.full = state.get(_SORT)
    if hooks.full:
        hooks.flagged.update(hooks.after_backward)
    return hooks
