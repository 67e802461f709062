"""A module's state as PyTorch pickles it, so that whole modules are saved here and loaded there, and the other way round.

Rests on hooks. The attributes are the same but for hooks, of which PyTorch keeps a dict for each kind, and empty ones too.
"""

from __future__ import annotations

from typing import Any

from autogradkit.nn.modules.hooks import ModuleHooks
from autogradkit.nn.modules.state_hooks import StateHooks

# What PyTorch calls the hooks, by the attribute that holds them here and their kind.
_NAMES = {
    "_hooks_of_module": {
        "_forward_pre_hooks": "before",
        "_forward_pre_hooks_with_kwargs": "before_with_kwargs",
        "_forward_hooks": "after",
        "_forward_hooks_with_kwargs": "after_with_kwargs",
        "_forward_hooks_always_called": "always",
        "_backward_pre_hooks": "before_backward",
        "_backward_hooks": "after_backward",
        "_is_full_backward_hook": "full",
    },
    "_state_hooks_of_module": {
        "_state_dict_pre_hooks": "before_saving",
        "_state_dict_hooks": "after_saving",
        "_load_state_dict_pre_hooks": "before_loading",
        "_load_state_dict_post_hooks": "after_loading",
    },
}
_KINDS = {"_hooks_of_module": ModuleHooks, "_state_hooks_of_module": StateHooks}


class Pickled:
    """The part of `Module` that pickling and copying ask."""

    def __getstate__(self) -> dict[str, Any]:
        # The dicts themselves, which a copied handle then finds in the copied module.
        state = {name: value for name, value in self.__dict__.items() if name not in _NAMES}
        for own, names in _NAMES.items():
            hooks = vars(self.__dict__.get(own) or _KINDS[own]())
            state |= {name: hooks[kind] for name, kind in names.items()}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        for own, names in _NAMES.items():
            given = {kind: state.pop(name) for name, kind in names.items() if name in state}
            hooks = None
            if any(given.values()):
                hooks = _KINDS[own]()
                vars(hooks).update(given)
            self.__dict__[own] = hooks
        self.__dict__.update(state)
