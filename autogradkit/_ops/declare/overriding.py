"""Classes of tensors that users make: what their `__torch_function__` makes of a call, and the class of what comes out.

`class Logged(torch.Tensor)` gets an instance of itself from every op on one, as in PyTorch: the default of `__torch_function__`
here runs the op and shows each result as one of that class. Straight lines know the exact classes of their operands, so who
has no such class pays nothing; what they do not take asks here (`names.py`). A few attributes take no general way: a class
that is made gets these as ones that ask, too. A mode of a user's hears every public function of its thread before such classes
do; while one is on, `ATTENTION` sends all ops the general way. What PyTorch writes in Python asks by `asking.py`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from autogradkit._ops.declare.kinds import CLASSES
from autogradkit.core.batched import BatchedTensor
from autogradkit.core.meta import MetaTensor
from autogradkit.core.own import is_own
from autogradkit.core.parameter import Parameter
from autogradkit.core.pending import PendingTensor
from autogradkit.core.recording import RECORDERS
from autogradkit.core.sparse import SparseTensor
from autogradkit.core.steps import Step, at_once
from autogradkit.core.tensor import SUBCLASSED, Tensor, as_class
from autogradkit.engine.attributes import GRAD
from autogradkit.engine.dispatching import MODES
from autogradkit.engine.modes import ATTENTION
from autogradkit.engine.required import OPS

_PLAIN = frozenset({*CLASSES, int, float, bool, str, type(None), complex})


class _State(threading.local):
    """What asks in this thread: classes, though not while one of them runs the op itself, and modes, the innermost last."""

    asked = True
    modes: tuple[Any, ...] = ()


STATE = _State()
ALIAS: list[
    Callable[[Tensor], Tensor]
] = []  # the op that makes a view of all of a tensor; the floor of views fills it in


def modes_hear() -> bool:
    """Whether modes of a user's hear what this thread calls, or the ops that it runs."""
    return bool(STATE.modes or MODES.stack)


def overriding(args: Sequence[Any], kwargs: dict[str, Any]) -> list[Any]:
    """The arguments, also in lists, whose classes override what an op does: of each class the first, subclasses before others."""
    found: list[Any] = []
    for each in _flattened(args, kwargs):
        kind = type(each)
        override = getattr(kind, "__torch_function__", None)
        if override is None or override is DISABLED or any(type(other) is kind for other in found):
            continue
        place = next((at for at, other in enumerate(found) if issubclass(kind, type(other))), len(found))
        found.insert(place, each)
    return found if found and STATE.asked else []


def _flattened(args: Sequence[Any], kwargs: dict[str, Any]) -> Iterator[Any]:
    for each in (*args, *kwargs.values()):
        if type(each) in (list, tuple):
            yield from (inner for inner in each if type(inner) not in _PLAIN)
        elif type(each) not in _PLAIN:
            yield each


def set_modes(modes: tuple[Any, ...]) -> None:
    """Let these modes hear the functions that this thread calls."""
    steps: list[Step] = []
    if modes and not STATE.modes:
        steps = [(RECORDERS.append, ATTENTION)]
    elif STATE.modes and not modes:
        steps = [(RECORDERS.remove, ATTENTION)]
    at_once([*steps, (setattr, STATE, "modes", modes)])


def handled(
    function: Callable[..., Any],
    overriders: Sequence[Any],
    args: Sequence[Any],
    kwargs: dict[str, Any] | None,
    plain: tuple[type, ...] = (),
) -> Any:
    """What the innermost mode, or else the first override that knows the call, makes of it; NotImplemented where none does.

    `plain` are the classes that they are told of where no class overrides the call.
    """
    types = tuple(type(each) for each in overriders) or plain
    modes = STATE.modes
    if modes:
        try:
            try:
                set_modes(modes[:-1])  # what the mode itself calls, those around it hear
                result = _call_override(modes[-1], function, types, args, kwargs)
            finally:
                set_modes(modes)
        except BaseException:  # an interrupt may have come in these lines
            set_modes(modes)
            raise
        if result is not NotImplemented:
            return result
    for each in overriders:
        result = _call_override(type(each), function, types, args, kwargs)
        if result is not NotImplemented:
            return result
    return NotImplemented


def _call_override(
    who: Any, function: Callable[..., Any], types: tuple[type, ...], args: Sequence[Any], kwargs: Any
) -> Any:
    if kwargs is None:  # PyTorch's functions in C leave it out
        return who.__torch_function__(function, types, tuple(args))
    return who.__torch_function__(function, types, tuple(args), kwargs)


def dispatch_failed(name: str, overriders: Sequence[Any]) -> TypeError:
    """The error of a call that no override takes."""
    listed = "".join(f"\n  - mode object {each!r}" for each in STATE.modes[-1:])
    listed += "".join(f"\n  - tensor subclass {type(each)}" for each in overriders)
    return TypeError(
        f"Multiple dispatch failed for '{name}'; all __torch_function__ handlers returned NotImplemented:\n{listed}\n\n"
        "For more information, try re-running with TORCH_LOGS=not_implemented"
    )


class DisableTorchFunctionSubclass:
    """In its block no class overrides what this thread calls."""

    def __enter__(self) -> None:
        self._asked, STATE.asked = STATE.asked, False

    def __exit__(self, *_error: object) -> None:
        STATE.asked = self._asked


class DisableTorchFunction(DisableTorchFunctionSubclass):
    """In its block no class overrides what this thread calls, and no mode hears it."""

    def __enter__(self) -> None:
        super().__enter__()
        self._modes = STATE.modes
        set_modes(())

    def __exit__(self, *_error: object) -> None:
        set_modes(self._modes)
        super().__exit__()


def _disabled(func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
    """Parameters override nothing: what an op makes of them is a plain tensor."""
    before, STATE.asked = STATE.asked, False
    try:
        return func(*args, **(kwargs or {}))
    finally:
        STATE.asked = before


def _torch_function(cls: type[Tensor], func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
    """Run the op, and give its results as tensors of this class; NotImplemented beside classes that are none of its bases."""
    if not all(issubclass(cls, each) for each in types):
        return NotImplemented
    before, STATE.asked = STATE.asked, False
    try:
        result = func(*args, **(kwargs or {}))
        return result if getattr(func, "__self__", None) is GRAD else _converted(result, cls)
    finally:
        STATE.asked = before


def _converted(result: Any, cls: type[Tensor]) -> Any:
    if isinstance(result, Tensor) and not isinstance(result, cls):
        if result.__class__ is PendingTensor:  # which a class of a user's cannot be
            return as_class(OPS.clone(result), cls)
        return as_class(ALIAS[0](result), cls)
    if isinstance(result, (tuple, list)):
        several = [_converted(each, cls) for each in result]
        return type(result)(*several) if hasattr(result, "_fields") else type(result)(several)
    return result


Tensor.__torch_function__ = classmethod(_torch_function)  # pyright: ignore[reportAttributeAccessIssue]
Parameter.__torch_function__ = DISABLED = staticmethod(_disabled).__func__  # pyright: ignore[reportAttributeAccessIssue]
for _own in (SparseTensor, BatchedTensor, MetaTensor, PendingTensor):  # classes of ours, not of a user's
    _own.__torch_function__ = DISABLED  # pyright: ignore[reportAttributeAccessIssue]

# What reads memory or makes views without a general way: methods, then properties.
STRAIGHT = ("__getitem__", "__setitem__", "T", "mT", "H", "mH", "data", "grad")
# What asks besides where the class is a user's.
OF_USERS = (
    "__len__", "__bool__", "__float__", "__int__", "__index__", "__complex__", "__contains__", "__reversed__", "__format__",
    "__repr__", "__array__",
)  # fmt: skip


def _ask_in(cls: type[Tensor]) -> None:
    """Have the attributes of a new class that take no general way ask for overrides."""
    if cls.__torch_function__ is DISABLED:  # pyright: ignore[reportAttributeAccessIssue]
        return
    for name in STRAIGHT if is_own(cls) else (*STRAIGHT, *OF_USERS):
        if not any(name in vars(each) for each in cls.__mro__[: cls.__mro__.index(Tensor)]):
            setattr(cls, name, straight_asking(name))


# What PyTorch's own text calls by keywords, of which there are none: others are functions in C, which leave them out.
_IN_PYTHON = frozenset(("__len__", "__contains__", "__reversed__", "__format__", "__repr__", "__array__"))


def straight_asking(name: str) -> Any:
    """One of these that asks before it does what Tensor's own does."""
    plain = vars(Tensor)[name]
    if isinstance(plain, property):
        write = plain.fset and _asking(plain.__set__, ())
        delete = plain.fdel and _asking(plain.__delete__, ())
        return property(_asking(plain.__get__, (Tensor,)), write, delete, plain.__doc__)
    items = name in ("__getitem__", "__setitem__")
    return _asking(plain, () if items else (Tensor,), {} if name in _IN_PYTHON else None)


def _asking(function: Callable[..., Any], plain: tuple[type, ...], kwargs: Any = None) -> Callable[..., Any]:
    def asked(self: Any, *args: Any) -> Any:
        found = overriding((self, *args), {})
        if found or STATE.modes:
            return handled(function, found, (self, *args), kwargs, plain)
        return function(self, *args)

    asked.__doc__ = function.__doc__
    return asked


SUBCLASSED.append(_ask_in)
