"""`torch.jit.fork` and `wait`: a call whose result comes as a `Future`. Outside of translated code PyTorch runs it at once, too.

Rests on `futures`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from autogradkit.core.frames import entry as _entry
from autogradkit.core.warning import warn_unseen as _warn_unseen
from autogradkit.futures import Future as _Future

T = TypeVar("T")


@_entry
def fork(func: Callable[..., T], *args: Any, **kwargs: Any) -> _Future[T]:
    """`func(*args, **kwargs)`, which runs at once, as a Future. Raises what it raises.

    >>> import warnings
    >>> import autogradkit as torch
    >>> with warnings.catch_warnings(action="ignore"):
    ...     print(torch.jit.wait(torch.jit.fork(torch.add, torch.ones(2), 1)))
    tensor([2., 2.])
    """
    _warn_unseen("`torch.jit.fork` is deprecated. Please use `torch.compile` instead.")
    later: _Future[T] = _Future()
    later.set_result(func(*args, **kwargs))
    return later


@_entry
def wait(future: _Future[T]) -> T:
    """The result in what `fork` gave."""
    _warn_unseen("`torch.jit.wait` is deprecated. Please use `torch.compile` instead.")
    return future.wait()
