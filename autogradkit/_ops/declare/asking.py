"""Public functions that PyTorch writes in Python, which ask for overrides while there is somebody to ask.

They are plain functions, and nobody pays for what no program wants: while a mode of a user's is on, and for good once a class of
a user's overrides functions, each of them is exchanged for one that asks first, in place, so that whoever holds it has the new
one. What wraps another function (`entry`) gets another to wrap; any other gets another body. Rests on overriding.
"""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager, suppress
from types import FunctionType
from typing import Any

from autogradkit._ops.declare.overriding import (
    DISABLED,
    OF_USERS,
    STATE,
    STRAIGHT,
    handled,
    overriding,
    straight_asking,
)
from autogradkit.core.frames import shorten
from autogradkit.core.homes import pytorchs_home
from autogradkit.core.own import is_own
from autogradkit.core.tensor import SUBCLASSED, Tensor

# What PyTorch does not ask about, for it takes no tensor or leaves that to the functions that it calls.
_UNASKED = frozenset(
    (
        "as_subclass", "broadcast_shapes", "from_dlpack", "get_rng_state", "initial_seed", "is_tensor", "manual_seed", "meshgrid",
        "record_stream", "reinforce", "seed", "set_default_tensor_type", "set_rng_state", "sigmoid", "tanh", "typename",
        "upsample", "upsample_bilinear", "upsample_nearest",
    )
)  # fmt: skip
_REFLECTED = frozenset(
    ("__rdiv__", "__rfloordiv__", "__rlshift__", "__rmatmul__", "__rmod__", "__rpow__", "__rrshift__", "__rsub__")
)
_KEPT = inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD


class _Overridable:
    """A function, as it is and as it asks."""

    def __init__(self, function: FunctionType) -> None:
        self.function: Any = function
        self.wraps = function.__code__.co_freevars == ("function",)
        if self.wraps:
            plain = self.plain = self._cell.cell_contents
        else:
            plain = self.plain = FunctionType(
                function.__code__, function.__globals__, function.__name__, function.__defaults__, function.__closure__
            )
            plain.__kwdefaults__ = function.__kwdefaults__
        self.asking = _asking(function, plain)

    @property
    def _cell(self) -> Any:
        return self.function.__closure__[0]

    def ask(self) -> None:
        if self.wraps:
            self._cell.cell_contents = self.asking
        else:
            self.function.__wrapped__ = self.plain  # where its signature is looked up
            self.function.__kwdefaults__ = {
                **(self.plain.__kwdefaults__ or {}),
                "_ask": self.asking,
                "_shorten": shorten,
            }
            self.function.__code__ = _through.__code__.replace(co_name=self.plain.__name__)

    def run(self) -> None:
        if self.wraps:
            self._cell.cell_contents = self.plain
        else:
            self.function.__code__ = self.plain.__code__
            self.function.__kwdefaults__ = self.plain.__kwdefaults__
            del self.function.__wrapped__


def _through(*args: Any, _ask: Any = None, _shorten: Any = None, **kwargs: Any) -> Any:
    """The body of a function that asks, which knows nothing of this module: it runs among the other's names."""
    try:
        return _ask(*args, **kwargs)
    except BaseException as error:
        _shorten(error)
        raise


def _asking(function: Any, plain: Any) -> Callable[..., Any]:
    signature = inspect.signature(plain)

    @functools.wraps(plain)
    def asking(*args: Any, **kwargs: Any) -> Any:
        found = overriding(args, kwargs)
        if not found and not STATE.modes:
            return plain(*args, **kwargs)
        bound = None
        with suppress(TypeError):
            bound = signature.bind(*args, **kwargs)
        if bound is None:
            return plain(*args, **kwargs)  # which refuses them
        by_place: list[Any] = []
        by_name: dict[str, Any] = {}
        bound.apply_defaults()
        for name, value in bound.arguments.items():  # what has a default goes by its name, as PyTorch's own text has it
            parameter = signature.parameters[name]
            if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
                by_place += value
            elif parameter.kind is inspect.Parameter.VAR_KEYWORD:
                by_name |= value
            elif parameter.default is parameter.empty:
                by_place.append(value)
            else:
                by_name[name] = value
        result = handled(function, found, by_place, by_name, (Tensor,))
        if result is NotImplemented:
            if function.__name__ in _REFLECTED:
                return result  # Python names both operands then
            raise no_override(function, found)
        return result

    return asking


def no_override(function: Any, overriders: Iterable[Any]) -> TypeError:
    """The error of a call of a function written in Python that nobody takes."""
    module = str(getattr(function, "__module__", None) or "torch").replace("autogradkit", "torch", 1)
    home = pytorchs_home(module, function.__name__)
    mode = f" nor in mode {STATE.modes[-1]}" if STATE.modes else ""
    return TypeError(
        f"no implementation found for '{home}.{function.__name__}' on types that implement __torch_function__: "
        f"{[type(each) for each in overriders]}{mode}"
    )


_FUNCTIONS: list[_Overridable | FunctionType] = []  # those that nobody has asked of yet, as they are
_LOCK = threading.Lock()
_reasons = 0  # modes that are on, and classes


def overridable(functions: Iterable[Any]) -> None:
    """Have these functions ask, too."""
    with _LOCK:
        for each in functions:
            if each.__name__ in _UNASKED:
                continue
            _FUNCTIONS.append(each)
            if _reasons:
                _ask_at(len(_FUNCTIONS) - 1)


def functions_that_ask() -> list[Callable[..., Any]]:
    """All of them, as they are published."""
    return [each.function if isinstance(each, _Overridable) else each for each in _FUNCTIONS]


def _ask_at(place: int) -> None:
    each = _FUNCTIONS[place]
    if not isinstance(each, _Overridable):
        each = _FUNCTIONS[place] = _Overridable(each)
    each.ask()


def begin_asking() -> None:
    """There is one more reason to ask."""
    global _reasons
    with _LOCK:
        _reasons += 1
        if _reasons == 1:
            for place in range(len(_FUNCTIONS)):
                _ask_at(place)


def end_asking() -> None:
    """There is one reason less."""
    global _reasons
    with _LOCK:
        _reasons -= 1
        if not _reasons:
            for each in _FUNCTIONS:
                each.run()


_modes = 0  # in how many blocks of modes threads are
_STRAIGHT: dict[str, Any] = {}  # while there are some: what plain tensors have otherwise


def begin_mode() -> None:
    """A mode begins: what plain tensors do on a straight line asks, too."""
    global _modes
    begin_asking()
    with _LOCK:
        _modes += 1
        if _modes == 1:
            for name in (*STRAIGHT, *OF_USERS):
                _STRAIGHT[name] = vars(Tensor)[name]
                setattr(Tensor, name, straight_asking(name))


def end_mode() -> None:
    """A mode has ended."""
    global _modes
    end_asking()
    with _LOCK:
        _modes -= 1
        if not _modes:
            for name, plain in _STRAIGHT.items():
                setattr(Tensor, name, plain)


@contextmanager
def asked_in() -> Generator[None]:
    """In this block all of them ask, for there may be objects that are no tensors and override them."""
    begin_asking()
    try:
        yield
    finally:
        end_asking()


def _ask_of_class(cls: type[Tensor]) -> None:
    if not is_own(cls) and cls.__torch_function__ is not DISABLED:  # pyright: ignore[reportAttributeAccessIssue]
        begin_asking()


SUBCLASSED.append(_ask_of_class)
