"""What a node saved, as an object: `node._raw_saved_self`, on which a pair of hooks may be set after the fact.

Rests on packing; the classes of nodes make one for each value they saved when somebody asks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Never

from autogradkit.core import errors
from autogradkit.core.frames import entry
from autogradkit.core.meta import wrap_either
from autogradkit.core.tensor import Tensor
from autogradkit.core.views import alias
from autogradkit.engine.history import edge_of
from autogradkit.engine.node import Node
from autogradkit.engine.packing import Packed
from autogradkit.engine.saved import FREED, SavedCast, SavedOutput, SavedResult

_FREED_HOOKS = (
    "Calling register_hooks on a saved tensor after it has been freed. Saved intermediate values of the graph are freed when you "
    "call .backward() or autograd.grad(). Specify retain_graph=True if you need to backward through the graph a second time or "
    "if you need to access saved variables after calling backward."
)
_ARGUMENTS = (
    "register_hooks(): incompatible function arguments. The following argument types are supported:\n"
    "    1. (self: torch._C._autograd.SavedTensor, arg0: collections.abc.Callable, arg1: collections.abc.Callable) -> None\n\n"
    "Invoked with: "
)


class SavedTensor:
    """One value that a node saved."""

    __slots__ = ("_attribute", "_element", "_node", "_place", "_unpacked")

    _node: Any
    _attribute: str  # of the node: all that it saved
    _place: int  # in that
    _element: int | None  # of a list of tensors
    _unpacked: Callable[[], Any]  # the value in the graph

    def __new__(cls) -> Never:
        raise RuntimeError("Trying to create a SavedTensor object from Python is forbidden.")

    @classmethod
    def of(
        cls, node: Node, attribute: str, place: int, element: int | None, unpacked: Callable[[], Any]
    ) -> SavedTensor:
        """What stands at `place` in the node's `attribute`."""
        made = object.__new__(cls)
        made._node, made._attribute, made._place, made._element = node, attribute, place, element
        made._unpacked = unpacked
        return made

    def _held(self) -> Any:
        saved = getattr(self._node, self._attribute)
        if saved is FREED:
            return FREED
        held = saved[self._place]
        return held if self._element is None else held[self._element]

    @property
    def data(self) -> Any:
        """What the pack hook gave; without hooks the tensor."""
        held = self._held()
        return held.packed if isinstance(held, Packed) else self.unpack()

    @property
    def unpack_hook(self) -> Any:
        """The hook that undoes the packing, or None."""
        held = self._held()
        return held.unpack_hook if isinstance(held, Packed) else None

    @entry
    def unpack(self) -> Tensor | None:
        """The saved tensor in its place in the graph. Raises RuntimeError where it was freed or edited."""
        if self._held() is FREED:
            raise errors.backward_twice(self._node)
        value = self._unpacked()
        return value if self._element is None else value[self._element]

    @entry
    def register_hooks(self, *hooks: Any) -> None:
        """Give what was saved to the first function, and have the second undo that when backward asks for it.

        Raises RuntimeError where it was freed, is None or has hooks already, TypeError for what is no pair of functions.
        """
        if len(hooks) != 2 or not all(map(callable, hooks)):
            raise TypeError(_ARGUMENTS + ", ".join(map(repr, (self, *hooks))))
        held = self._held()
        if held is FREED:
            raise RuntimeError(_FREED_HOOKS)
        if held is None:
            raise RuntimeError("Calling register_hooks on a saved tensor with value None is forbidden")
        if isinstance(held, Packed):
            raise RuntimeError(
                "Calling register_hooks on a saved tensor whose hooks have already been set. Hint: only one pair of hooks is "
                "allowed at a time."
            )
        if isinstance(held, SavedCast):
            packed = Packed(held.tensor, hooks, None, held.dtype)
        elif isinstance(held, Tensor):
            # Of a result the data alone, as in PyTorch
            seen = held if isinstance(edge_of(held)[0], Tensor) else alias(held)
            packed = Packed(held, hooks, None, None, seen)
        elif isinstance(held, (SavedOutput, SavedResult)):
            packed = Packed(self._node.output_tensor(held), hooks, held.number, None, wrap_either(held.array))
        else:  # a number
            packed = Packed(self._unpacked(), hooks, None, None)
        self._store(packed)

    def _store(self, packed: Packed) -> None:
        saved = [*getattr(self._node, self._attribute)]
        if self._element is None:
            saved[self._place] = packed
        else:
            several = [*saved[self._place]]
            several[self._element] = packed
            saved[self._place] = tuple(several)
        setattr(self._node, self._attribute, tuple(saved))

    def __repr__(self) -> str:
        return f"<torch._C._autograd.SavedTensor object at {id(self):#x}>"
