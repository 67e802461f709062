"""In-place ops as functions: what `relu_` of PyTorch's namespace is.

Rests on declare; the activations call it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autogradkit._ops.declare.kinds import CLASSES
from autogradkit._ops.declare.overload import Overload
from autogradkit._ops.declare.overriding import STATE, dispatch_failed, handled, overriding
from autogradkit._ops.declare.signature import Signature
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor


def editing(op: Overload) -> Callable[..., Tensor]:
    """The function that runs an op in place on its first argument, and returns that."""
    signature = Signature(op.owner.edit_name, op.parameters)

    name = op.owner.edit_name
    home = "torch" if "function" in op.owner.variants else "torch.nn"

    def edit(*args: Any, **kwargs: Any) -> Tensor:
        if not args or args[0].__class__ not in CLASSES or STATE.modes:  # somebody may override it
            overriders = overriding(args, kwargs)
            if overriders or STATE.modes:
                result = handled(published, overriders, args, kwargs or None)
                if result is NotImplemented:
                    raise dispatch_failed(f"{home}.{name}", overriders)
                return result
        return op.in_place_call(*signature.match(args, kwargs, True))

    edit.__name__ = edit.__qualname__ = name
    edit.__module__ = __name__.rpartition(".")[0]  # where a pickle finds it
    edit.__doc__ = f"In-place version of `{op.owner.name}`: writes into the input, and returns it."
    published = entry(edit)
    return published
