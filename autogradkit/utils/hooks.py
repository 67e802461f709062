"""PyTorch's `torch.utils.hooks`: the handle of a hook, and what is said of hooks that a copy or a file leaves behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.warning import warn as _warn
from autogradkit.engine.hooks import RemovableHandle as RemovableHandle

_F = TypeVar("_F", bound=Callable[..., Any])


def unserializable_hook(f: _F) -> _F:
    """Mark a hook as one that nobody need be warned of."""
    f.__torch_unserializable__ = True
    return f


def warn_if_has_hooks(tensor: Any) -> None:
    """Warn of each hook on a tensor's gradient that would not go into a file with it."""
    hooks = tensor._hooks
    for hook in [] if hooks is None else hooks.on_gradient.values():
        if not hasattr(hook, "__torch_unserializable__"):
            _warn(
                f"backward hook {hook!r} on tensor will not be serialized.  If this is expected, you can decorate the function "
                "with @torch.utils.hooks.unserializable_hook to suppress this warning"
            )


__getattr__ = _absent_from("utils.hooks")
