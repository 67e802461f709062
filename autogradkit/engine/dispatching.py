"""Who hears ops below autograd: classes of users' with a `__torch_dispatch__`, and modes of that kind.

Rests on core. `DISPATCHING` is empty until there is one, and nobody asks further while it is. Ops come to a class or mode from
`_ops/declare/dispatching.py`; the engine asks here whether a backward goes through something that is heard, for then formulas run
on tensors, by ops, as under `create_graph`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from autogradkit.core.tensor import SUBCLASSED, Tensor
from autogradkit.engine.node import Node

DISPATCHING: list[Any] = []  # classes, for good, and the modes that are on in some thread


class _Modes(threading.local):
    """The modes of this thread, the innermost last, and whether its classes are asked."""

    stack: tuple[Any, ...] = ()
    classes: bool = True


MODES = _Modes()
_CLASSES: set[type] = set()  # of tensors, those that are asked


def has_own_dispatch(kind: type) -> bool:
    """Whether a class of tensors says what becomes of ops on its instances."""
    return kind in _CLASSES


def dispatched_among(values: Iterable[Any]) -> list[Tensor]:
    """The tensors of classes that are asked, also in lists."""
    if not MODES.classes:
        return []
    found: list[Tensor] = []
    for each in values:
        if each.__class__ in _CLASSES:
            found.append(each)
        elif each.__class__ in (list, tuple):
            found += dispatched_among(each)
    return found


def is_heard(values: Sequence[Any]) -> bool:
    """Whether a mode or a class is to be told of an op on these values."""
    return bool(MODES.stack or dispatched_among(values))


def goes_through_heard(roots: Iterable[Any], gradients: Sequence[Any]) -> bool:
    """Whether a backward from these nodes, with these gradients, runs ops on tensors that are heard."""
    if is_heard(gradients):
        return True
    seen = set(roots)
    waiting = list(seen)
    for target in waiting:  # which grow meanwhile
        if not isinstance(target, Node):
            if target.__class__ in _CLASSES:
                return True
            continue
        if target.is_heard:
            return True
        for each in target.edges[::2]:
            if each is not None and each not in seen:
                seen.add(each)
                waiting.append(each)
    return False


def _disabled(cls: Any, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
    """Run the op as if the tensors were plain."""
    before = MODES.classes
    try:
        try:
            MODES.classes = False
            return func(*args, **(kwargs or {}))
        finally:
            MODES.classes = before
    except BaseException:  # an interrupt may have come in these lines
        MODES.classes = before
        raise


class DisableTorchDispatch:
    """In its block neither modes nor classes hear ops of this thread."""

    def __enter__(self) -> None:
        self._before = MODES.stack, MODES.classes
        MODES.stack, MODES.classes = (), False

    def __exit__(self, *_error: object) -> None:
        MODES.stack, MODES.classes = self._before


Tensor.__torch_dispatch__ = classmethod(_disabled)  # pyright: ignore[reportAttributeAccessIssue]


def _note(cls: Any) -> None:
    asked = cls.__torch_dispatch__
    if getattr(asked, "__func__", asked) is _disabled:
        return
    _CLASSES.add(cls)
    DISPATCHING.append(cls)
    for name, kind in _NUMBERS.items():
        if getattr(cls, name) is getattr(Tensor, name):
            setattr(cls, name, _number(name, kind))


_NUMBERS = {"__bool__": bool, "__float__": float, "__int__": int, "__complex__": complex}


def _number(name: str, kind: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A conversion to a number of Python's by `item`, which the class is told of."""
    plain = getattr(Tensor, name)
    return lambda self: kind(self.item()) if self.numel() == 1 else plain(self)


SUBCLASSED.append(_note)
