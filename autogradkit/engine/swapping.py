"""`utils.swap_tensors`: two tensors exchange everything that they are, and stay the objects that programs hold."""

from __future__ import annotations

import copyreg
import weakref
from typing import Any

from autogradkit.core.frames import entry
from autogradkit.core.steps import Step, at_once
from autogradkit.core.tensor import Tensor

_MISSING = object()


@entry
def swap_tensors(t1: Tensor, t2: Tensor) -> None:
    """Exchange the contents of two tensors: numbers, class, gradient, place in the graph and attributes.

    Raises RuntimeError where one has weak references, or the slots of their classes differ.

    >>> import autogradkit as torch
    >>> a, b = torch.ones(2), torch.zeros(3)
    >>> torch.utils.swap_tensors(a, b)
    >>> a, b
    (tensor([0., 0., 0.]), tensor([1., 1.]))
    """
    for name, tensor in (("t1", t1), ("t2", t2)):
        if weakref.getweakrefs(tensor):
            raise RuntimeError(f"Cannot swap {name} because it has weakref associated with it")
    slots: set[str] = set(copyreg._slotnames(type(t1)))  # type: ignore[attr-defined]
    if slots != set(copyreg._slotnames(type(t2))):  # type: ignore[attr-defined]
        raise RuntimeError("Cannot swap t1 and t2 if they have different slots")
    steps: list[Step] = []
    for name in ("__class__", "__dict__", *sorted(slots)):
        steps += [
            *_restoring_steps(t1, name, getattr(t2, name, _MISSING)),
            *_restoring_steps(t2, name, getattr(t1, name, _MISSING)),
        ]
    at_once(steps)


def _restoring_steps(tensor: Tensor, name: str, value: Any) -> list[Step]:
    if value is not _MISSING:
        return [(setattr, tensor, name, value)]
    return [(delattr, tensor, name)] if hasattr(tensor, name) else []
