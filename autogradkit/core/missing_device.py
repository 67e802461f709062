"""Functions of devices that a build for the processor has not: each raises what PyTorch's says.

Rests on frames; the rooms of the devices (`cuda`, `xpu`, `mps`, `accelerator`) publish them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from autogradkit.core.frames import entry


def refusing(namespace: str, name: str, error: type[Exception], message: str) -> Callable[..., Any]:
    """The function `name` of `autogradkit.<namespace>`: whatever it is given, it raises `error` with that text."""

    @entry
    def refuse(*args: Any, **kwargs: Any) -> NoReturn:
        raise error(message)

    refuse.__name__ = refuse.__qualname__ = name
    refuse.__module__ = f"autogradkit.{namespace}"
    refuse.__doc__ = f"Raises {error.__name__}: there is no such device."
    return refuse
