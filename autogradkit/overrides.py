"""PyTorch's `torch.overrides`: for functions of one's own that classes with `__torch_function__` may override, too.

Thin over `_ops/declare/overriding.py`, by which every op asks such classes, and `TorchFunctionMode`s, which hear all functions.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from inspect import getattr_static
from types import TracebackType
from typing import Any

import autogradkit as _autogradkit
from autogradkit._ops.declare.asking import begin_mode as _begin_mode
from autogradkit._ops.declare.asking import end_mode as _end_mode
from autogradkit._ops.declare.asking import functions_that_ask as _functions_that_ask
from autogradkit._ops.declare.asking import no_override as _no_override
from autogradkit._ops.declare.names import METHODS as _METHODS
from autogradkit._ops.declare.names import SETS as _SETS
from autogradkit._ops.declare.names import _VariableFunctionsClass
from autogradkit._ops.declare.overriding import STATE as _STATE
from autogradkit._ops.declare.overriding import handled as _handled
from autogradkit._ops.declare.overriding import overriding as _overriding
from autogradkit._ops.declare.overriding import set_modes as _set_modes
from autogradkit._ops.declare.unloaded import load_all as _load_all
from autogradkit._ops.operators.overloads import OpOverload as _OpOverload
from autogradkit._ops.operators.overloads import OpOverloadPacket as _OpOverloadPacket
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.frames import entry as _entry
from autogradkit.core.tensor import Tensor as _Tensor
from autogradkit.core.warning import warn as _warn


def is_tensor_like(inp: Any) -> bool:
    """Whether an object is a tensor, or its class has `__torch_function__`.

    >>> import autogradkit as torch
    >>> torch.overrides.is_tensor_like(torch.ones(1)), torch.overrides.is_tensor_like(3)
    (True, False)
    """
    return type(inp) is _Tensor or hasattr(inp, "__torch_function__")


def has_torch_function(relevant_args: Sequence[Any], /) -> bool:
    """Whether some of these arguments override what a function does with them. Raises TypeError for no sequence."""
    if not isinstance(relevant_args, Sequence):
        raise TypeError("expected a sequence")
    return bool(_STATE.modes or _overriding(relevant_args, {}))


def has_torch_function_unary(obj: Any, /) -> bool:
    """Whether this argument overrides what a function does with it."""
    return has_torch_function((obj,))


def has_torch_function_variadic(*args: Any) -> bool:
    """Whether some of these arguments override what a function does with them."""
    return has_torch_function(args)


@_entry
def handle_torch_function(
    public_api: Callable[..., Any], relevant_args: Iterable[Any], *args: Any, **kwargs: Any
) -> Any:
    """What the first of the relevant arguments' classes that knows the function makes of a call with `args` and `kwargs`.

    Raises TypeError where none of them does.
    """
    given = list(relevant_args)
    found = _overriding(given, {})
    tensors = tuple(dict.fromkeys(type(each) for each in given if isinstance(each, _Tensor)))
    if not found and not _STATE.modes and tensors:
        return public_api(*args, **kwargs)
    result = _handled(public_api, found, args, kwargs, tensors)
    if result is NotImplemented:
        raise _no_override(public_api, found)
    return result


def wrap_torch_function(dispatcher: Callable[..., Iterable[Any]]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate a function that may be overridden by what `dispatcher`, called as the function is, says is relevant.

    >>> import autogradkit as torch
    >>> @torch.overrides.wrap_torch_function(lambda a, b: (a, b))
    ... def both(a, b):
    ...     return a + b
    >>> both(1, 2)
    3
    """

    def inner(func: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(func)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            relevant = tuple(dispatcher(*args, **kwargs))
            if has_torch_function(relevant):
                return handle_torch_function(wrapped, relevant, *args, **kwargs)
            return func(*args, **kwargs)

        return wrapped

    return inner


class TorchFunctionMode:
    """In its block, `__torch_function__` hears every public function that this thread calls, and makes what it gives.

    What it calls itself, the modes around it hear, not it.

    >>> import autogradkit as torch
    >>> class Names(torch.overrides.TorchFunctionMode):
    ...     def __torch_function__(self, func, types, args=(), kwargs=None):
    ...         print(func.__name__)
    ...         return func(*args, **(kwargs or {}))
    >>> with Names():
    ...     y = torch.nn.functional.relu(torch.ones(2)) + 1
    ones
    relu
    add
    """

    inner: TorchFunctionMode

    def __init__(self) -> None:
        pass

    def __torch_function__(self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Raises NotImplementedError: a class that is derived from this one says what becomes of a call."""
        raise NotImplementedError

    def __enter__(self) -> TorchFunctionMode:
        _begin_mode()
        _set_modes((*_STATE.modes, self))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        _set_modes(_STATE.modes[:-1])
        _end_mode()

    @classmethod
    def push(cls, *args: Any, **kwargs: Any) -> TorchFunctionMode:
        """A mode; the name is an old one."""
        _warn("`Mode.push()` is no longer necessary and can be replaced with just `with Mode()`")
        return cls(*args, **kwargs)


class BaseTorchFunctionMode(TorchFunctionMode):
    """A mode that changes nothing."""

    def __torch_function__(self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """What the function gives."""
        return func(*args, **({} if kwargs is None else kwargs))


def _get_current_function_mode_stack() -> list[TorchFunctionMode]:
    return list(_STATE.modes)


def _get_current_function_mode() -> TorchFunctionMode | None:
    return _STATE.modes[-1] if _STATE.modes else None


@contextmanager
def enable_reentrant_dispatch() -> Generator[None]:
    """Nothing: what a mode's function calls is never below it."""
    yield


def is_tensor_method_or_property(func: Callable[..., Any]) -> bool:
    """Whether a function is a tensor's method, or the `__get__` of one of its properties."""
    if getattr(func, "__name__", "") == "__get__":
        return True
    name = getattr(func, "__name__", "")
    return name in {*_METHODS, *vars(_Tensor)} and getattr(_Tensor, name, None) is func


# The namespaces of functions that ask classes, by their paths from `torch`.
_ASKING = ("", "functional", "nn.functional", "nn.init", "Tensor", "linalg", "fft", "special")


@functools.cache
def _public_functions() -> tuple[dict[Any, list[Callable[..., Any]]], set[Callable[..., Any]]]:
    """The public functions that ask, by their namespace, of a property by that; and those that do not."""
    _load_all()
    homes = [functools.reduce(getattr, filter(None, path.split(".")), _autogradkit) for path in _ASKING]
    asking = set(map(id, _functions_that_ask()))  # those of the namespaces that were just loaded among them
    asked: dict[Any, list[Callable[..., Any]]] = {}
    ignored: set[Callable[..., Any]] = set()
    for home in homes:
        for name in dir(home):
            value = getattr_static(home, name, None) if home is _Tensor else getattr(home, name, None)
            if isinstance(value, property) and not name.startswith("__"):
                asked.setdefault(value, []).append(value.__get__)
                continue
            value = getattr(home, name, None)
            hidden = (name.startswith("_") or name.endswith("_") or not name[0].islower()) and home is not _Tensor
            if (
                hidden
                or not callable(value)
                or isinstance(value, type)
                or value in (getattr(object, name, None), print)
            ):
                continue
            if id(value) in asking or _takes_tensors(value, home is _Tensor):
                asked.setdefault(home, []).append(value)
            elif _is_own_function(value):
                ignored.add(value)
    return asked, ignored


def _takes_tensors(function: Any, as_method: bool) -> bool:
    """Whether it is a declared function, of some tensors."""
    name = getattr(function, "__name__", "")
    if as_method and name in _METHODS:
        owners = [_METHODS[name][0]]
    elif getattr(function, "__self__", None) is _VariableFunctionsClass:
        owners = [each for each in _SETS if name in (each.name, *each.aliases)]
    else:
        return False
    forms = [form for owner in owners for form in owner.overloads]
    takes = any(form.tensors_at and not (form.factory and "self" not in form.index) for form in forms)
    return takes or not owners  # as of those that `special` has under names of its own


def _is_own_function(function: Any) -> bool:
    """Whether a function is this package's."""
    return str(getattr(function, "__module__", "")).partition(".")[0] in ("autogradkit", "torch")


def get_overridable_functions() -> dict[Any, list[Callable[..., Any]]]:
    """The public functions that ask classes with `__torch_function__`, by their namespace; of properties `__get__`.

    >>> import autogradkit as torch
    >>> torch.add in torch.overrides.get_overridable_functions()[torch]
    True
    """
    return {home: list(several) for home, several in _public_functions()[0].items()}


def get_ignored_functions() -> set[Callable[..., Any]]:
    """The public functions that ask nobody, for they take no tensors: those that make some, modes and the like.

    >>> import autogradkit as torch
    >>> torch.zeros in torch.overrides.get_ignored_functions()
    True
    """
    return set(_public_functions()[1])


def get_default_nowrap_functions() -> set[Callable[..., Any]]:
    """What reads a tensor that another one keeps, which is to stay the same object: no class makes one of its own of it.

    >>> import autogradkit as torch
    >>> torch.Tensor.grad.__get__ in torch.overrides.get_default_nowrap_functions()
    True
    """
    return {getattr_static(_Tensor, name).__get__ for name in ("_base", "grad", "_grad")}


def get_testing_overrides() -> dict[Callable[..., Any], Callable[..., Any]]:
    """For each function that asks one with its signature, which gives -1.

    >>> import autogradkit as torch
    >>> torch.overrides.get_testing_overrides()[torch.add](1, 2)
    -1
    """
    return {each: _standing_for(each) for several in _public_functions()[0].values() for each in several}


def _standing_for(function: Callable[..., Any]) -> Callable[..., Any]:
    try:
        signature = inspect.signature(function)
    except ValueError:  # of `__get__`, which is written in C
        return lambda self: -1

    def stands_for(*args: Any, **kwargs: Any) -> int:
        signature.bind(*args, **kwargs)
        return -1

    stands_for.__signature__ = signature
    return stands_for


# Where a function may stand that `resolve_name` is asked for; of several the first is PyTorch's answer.
_NAMESPACES = ("special", "fft", "linalg", "Tensor", "nn.init", "nn.functional", "functional", "")


def resolve_name(f: Any) -> str | None:
    """What a function is called from `torch` on, "torch.Tensor.add"; of an operator its own name; None of anything else.

    >>> import autogradkit as torch
    >>> torch.overrides.resolve_name(torch.Tensor.add), torch.overrides.resolve_name(torch.nn.functional.relu)
    ('torch.Tensor.add', 'torch.nn.functional.relu')
    """
    if isinstance(f, _OpOverload | _OpOverloadPacket):
        return str(f)
    if isinstance(f, type) or not callable(f):
        return None
    name = getattr(f, "__name__", "")
    if name == "__get__":
        attribute = f.__self__
        found = next((each for each in dir(_Tensor) if getattr_static(_Tensor, each) is attribute), None)
        return None if found is None else f"torch.Tensor.{found}.__get__"
    for path in _NAMESPACES:
        home = functools.reduce(getattr, filter(None, path.split(".")), _autogradkit)
        for each in (name, name.removeprefix(f"{path}_"), name.removeprefix("_")):
            if getattr(home, each, None) is f and (each[0] != "_" or path == "Tensor"):
                return ".".join(filter(None, ("torch", path, each)))
    return None


__getattr__ = _absent_from("overrides")
