"""Hooks on nodes and tensors, and the handle that removes one.

Rests on nothing. Nodes and tensors carry None until the first hook is registered.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable
from typing import Any

Hooks = dict[int, Callable[..., Any]]


class RemovableHandle:
    """What registering a hook returns: `handle.remove()` takes the hook away; in a `with`, at its end."""

    _numbers = itertools.count()

    def __init__(self, hooks: Hooks, *marks: dict[int, Any]) -> None:
        self._hooks = hooks
        self._marks = marks  # what else is kept of the hook, by its number
        self.id = next(self._numbers)

    @classmethod
    def add(cls, hooks: Hooks, hook: Callable[..., Any]) -> RemovableHandle:
        """Put `hook` among `hooks`."""
        handle = cls(hooks)
        hooks[handle.id] = hook
        return handle

    def remove(self) -> None:
        """Take the hook away; nothing happens if that was done already."""
        self._hooks.pop(self.id, None)
        for each in self._marks:
            each.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *error: object) -> None:
        self.remove()


def retained_before() -> None:
    """Stands for a tensor whose `.grad` is kept, with other sizes, by the node that made it before."""


class NodeHooks:
    """A node's hooks, those of the tensors it made, and what it remembers on the user's behalf."""

    __slots__ = ("after", "before", "metadata", "of_tensors", "retained", "traceback")

    def __init__(self) -> None:
        self.before: Hooks = {}
        self.after: Hooks = {}
        self.of_tensors: dict[int, Hooks] = {}  # output number -> hooks on that tensor's gradient
        self.retained: dict[int, Callable[[], Any]] = {}  # output number -> tensor whose .grad is kept
        self.metadata: dict[Any, Any] = {}
        self.traceback: str | None = None  # where the node was made, in anomaly mode


class TensorHooks:
    """A leaf's hooks: on its gradient, and after `.grad` took it; and its AccumulateGrad node, which can have some too."""

    __slots__ = ("accumulator", "after_accumulate", "on_gradient")

    def __init__(self) -> None:
        self.accumulator: weakref.ref[Any] | None = None  # made when somebody asks for it, never kept alive
        self.on_gradient: Hooks = {}
        self.after_accumulate: Hooks = {}

    def is_idle(self) -> bool:
        """Whether all hooks were removed and nobody holds the node."""
        node_is_held = self.accumulator is not None and self.accumulator() is not None
        return not (self.on_gradient or self.after_accumulate or node_is_held)
