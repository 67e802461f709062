"""Ops that a class or a mode of a user's hears below autograd, through its `__torch_dispatch__`.

Which it is (`aten.mul.Tensor`) follows from the declaration (`operators/`), and so do the arguments; what comes back is recorded
by the op's own node. A composition is not told, but the ops that it is made of, as in PyTorch. The room that does this
(`operators/dispatched.py`) is loaded by the first such call. Rests on the engine's list of who hears.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from autogradkit.core.tensor import Tensor
from autogradkit.engine.dispatching import is_heard

if TYPE_CHECKING:
    from autogradkit._ops.declare.overload import Overload

# Compositions that PyTorch's dispatcher has as ops of their own.
_OPS = frozenset((
    "_pin_memory", "_to_copy", "allclose", "dequantize", "detach", "equal", "int_repr", "is_pinned", "is_same_size", "is_set_to",
    "item", "nonzero", "numpy", "tolist",
))  # fmt: skip


class NotToldError(TypeError):
    """Raised where nobody who hears an op knows it. It is called TypeError, as in PyTorch."""


NotToldError.__name__ = NotToldError.__qualname__ = "TypeError"

UNLOADED: list[Callable[[], Any]] = []  # what loads the room that tells
_ROOM: list[Any] = []


def _room() -> Any:
    if not _ROOM:
        _ROOM.append(UNLOADED[0]())
    return _ROOM[0]


def is_told(op: Overload, values: Sequence[Any]) -> bool:
    """Whether somebody is to be told of the op on these values."""
    return is_heard(values) and (not op.composition or op.factory or op.owner.name in _OPS)


def run_told(op: Overload, values: Sequence[Any], out: Any) -> Any:
    """The op on bound values, as who hears it makes it."""
    return _room().run(op, values, out)


def edit_told(op: Overload, values: Sequence[Any]) -> Tensor:
    """The in-place form likewise."""
    return _room().edit(op, values)
