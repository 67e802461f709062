"""PyTorch's `torch.overrides`: for functions of one's own that classes with `__torch_function__` may override, too.

Thin over `_ops/declare/overriding.py`, by which every op asks such classes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from autogradkit._ops.declare.names import METHODS as _METHODS
from autogradkit._ops.declare.overriding import handled as _handled
from autogradkit._ops.declare.overriding import overriding as _overriding
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.frames import entry as _entry
from autogradkit.core.tensor import Tensor as _Tensor


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
    return bool(_overriding(relevant_args, {}))


@_entry
def handle_torch_function(
    public_api: Callable[..., Any], relevant_args: Iterable[Any], *args: Any, **kwargs: Any
) -> Any:
    """What the first of the relevant arguments' classes that knows the function makes of a call with `args` and `kwargs`.

    Raises TypeError where none of them does.
    """
    given = list(relevant_args)
    found = _overriding(given, {})
    if not found and any(isinstance(each, _Tensor) for each in given):
        return public_api(*args, **kwargs)
    result = _handled(public_api, found, args, kwargs)
    if result is NotImplemented:
        home = str(getattr(public_api, "__module__", None) or "torch").replace("autogradkit", "torch", 1)
        raise TypeError(
            f"no implementation found for '{home}.{public_api.__name__}' on types that implement __torch_function__: "
            f"{[type(each) for each in found]}"
        )
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


def is_tensor_method_or_property(func: Callable[..., Any]) -> bool:
    """Whether a function is a tensor's method, or the `__get__` of one of its properties."""
    if getattr(func, "__name__", "") == "__get__":
        return True
    name = getattr(func, "__name__", "")
    return name in {*_METHODS, *vars(_Tensor)} and getattr(_Tensor, name, None) is func


__getattr__ = _absent_from("overrides")
