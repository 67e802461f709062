"""Views: tensors that look at another tensor's memory, and what is remembered of that.

Rests on tensor and storage. A view shares its base's version counter; its `View` record names the base (never another
view) and the version at which its `grad_fn` was made, so that the engine can renew it after an in-place edit.
"""

from __future__ import annotations

from autogradkit.core.sparse import around
from autogradkit.core.storage import Array, VersionCounter
from autogradkit.core.tensor import Tensor, counter_of, wrap

# How a view came to be, which decides whether it may be edited in place.
PLAIN, MULTI_OUTPUT, NO_GRAD, INFERENCE, CUSTOM = "plain", "multi_output", "no_grad", "inference", "custom"


class View:
    """What a view remembers: its base, how it was made, and the version its `grad_fn` belongs to."""

    __slots__ = ("base", "creation", "version")

    base: Tensor
    creation: str
    version: int


_new = object.__new__


def view_of(tensor: Tensor, array: Array, creation: str) -> Tensor:
    """A view on `tensor` that looks through `array` (which shares its memory)."""
    view = wrap(array)
    counter = tensor._counter
    if counter is None:
        counter = VersionCounter()
        counter.value = 0
        tensor._counter = counter
    view._counter = counter
    record = view._view = _new(View)
    record.version = counter.value
    origin = tensor._view
    if origin is None:
        record.base = tensor
        record.creation = creation
    else:
        record.base = origin.base
        record.creation = origin.creation if creation == PLAIN and origin.creation != PLAIN else creation
    return view


def alias(tensor: Tensor, array: Array | None = None) -> Tensor:
    """A leaf on the same memory (through `array`) with the same version counter: what `detach()` and `view(dtype)` return."""
    other = around(tensor._array if array is None else array)
    other._counter = counter_of(tensor)
    return other
