"""A module's state as PyTorch pickles it, so that whole modules are saved here and loaded there, and the other way round.

Rests on hooks. The attributes are the same but for hooks, of which PyTorch keeps a dict for each kind, and empty ones too.
"""

from __future__ import annotations

from typing import Any

from autogradkit.nn.modules.hooks import ModuleHooks
from autogradkit.nn.modules.state_hooks import StateHooks

# What PyTorch calls the hooks, in the order in which they stand in its modules: the attribute that holds them here, their kind.
_PLACES = {
    "_backward_pre_hooks": ("_hooks_of_module", "before_backward"),
    "_backward_hooks": ("_hooks_of_module", "after_backward"),
    "_is_full_backward_hook": ("_hooks_of_module", "full"),
    "_forward_hooks": ("_hooks_of_module", "after"),
    "_forward_hooks_with_kwargs": ("_hooks_of_module", "after_with_kwargs"),
    "_forward_hooks_always_called": ("_hooks_of_module", "always"),
    "_forward_pre_hooks": ("_hooks_of_module", "before"),
    "_forward_pre_hooks_with_kwargs": ("_hooks_of_module", "before_with_kwargs"),
    "_state_dict_hooks": ("_state_hooks_of_module", "after_saving"),
    "_state_dict_pre_hooks": ("_state_hooks_of_module", "before_saving"),
    "_load_state_dict_pre_hooks": ("_state_hooks_of_module", "before_loading"),
    "_load_state_dict_post_hooks": ("_state_hooks_of_module", "after_loading"),
}
_KINDS = {"_hooks_of_module": ModuleHooks, "_state_hooks_of_module": StateHooks}


class Pickled:
    """The part of `Module` that pickling and copying ask."""

    def __getstate__(self) -> dict[str, Any]:
        # The dicts themselves, which a copied handle then finds in the copied module.
        held = {own: vars(self.__dict__.get(own) or kind()) for own, kind in _KINDS.items()}
        hooks = {name: held[own][kind] for name, (own, kind) in _PLACES.items()}
        state: dict[str, Any] = {}
        for name, value in self.__dict__.items():
            if name == "_modules":
                state |= hooks
            if name not in _KINDS:
                state[name] = value
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        given: dict[str, dict[str, Any]] = {own: {} for own in _KINDS}
        for name, (own, kind) in _PLACES.items():
            if name in state:
                given[own][kind] = state.pop(name)
        for own, kinds in given.items():
            hooks = None
            if any(kinds.values()):
                hooks = _KINDS[own]()
                vars(hooks).update(kinds)
            self.__dict__[own] = hooks
        self.__dict__.update(state)
