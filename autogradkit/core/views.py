"""Views: tensors that look at another tensor's memory, and what is remembered of that.

Rests on tensor and storage. A view shares its base's version counter; its `View` record names the base (never another
view) and the version at which its `grad_fn` was made, so that the engine can renew it after an in-place edit.
"""

from __future__ import annotations

from autogradkit.core.storage import Array
from autogradkit.core.tensor import Tensor, counter_of, wrap

# How a view came to be, which decides whether it may be edited in place.
PLAIN, MULTI_OUTPUT, NO_GRAD, CUSTOM = "plain", "multi_output", "no_grad", "custom"


class View:
    """What a view remembers: its base, how it was made, and the version its `grad_fn` belongs to."""

    __slots__ = ("base", "creation", "version")

    def __init__(self, base: Tensor, creation: str, version: int) -> None:
        self.base = base
        self.creation = creation
        self.version = version


def view_of(tensor: Tensor, array: Array, creation: str) -> Tensor:
    """A view on `tensor` that looks through `array` (which shares its memory)."""
    view = wrap(array)
    counter = view._counter = counter_of(tensor)
    origin = tensor._view
    if origin is None:
        view._view = View(tensor, creation, counter.value)
    else:
        inherited = origin.creation if creation == PLAIN and origin.creation != PLAIN else creation
        view._view = View(origin.base, inherited, counter.value)
    return view


def alias(tensor: Tensor) -> Tensor:
    """A leaf on the same memory with the same version counter: what `detach()` returns."""
    other = wrap(tensor._array)
    other._counter = counter_of(tensor)
    return other
