"""The calls of `nn.init` with which a network fills its parameters; for tests of networks too large to be filled each time."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

INITS = (
    "xavier_uniform_",
    "kaiming_uniform_",
    "kaiming_normal_",
    "uniform_",
    "normal_",
    "trunc_normal_",
    "constant_",
    "zeros_",
    "ones_",
)


@contextmanager
def initial_calls(init: Any) -> Iterator[list[tuple[Any, ...]]]:
    """The calls of a library's `nn.init` in the block, which fill nothing: (function, the parameter, arguments)."""
    calls: list[tuple[Any, ...]] = []
    before = {name: getattr(init, name) for name in INITS}

    def logged(name: str) -> Callable[..., None]:
        arguments = inspect.signature(before[name]).bind

        def tell(*args: Any, **kwargs: Any) -> None:
            bound = arguments(*args, **kwargs)
            bound.apply_defaults()
            parameter, *rest = bound.arguments.items()
            calls.append((name, parameter[1], {key: value for key, value in rest if key != "generator"}))

        return tell

    for name in INITS:
        setattr(init, name, logged(name))
    try:
        yield calls
    finally:
        for name, function in before.items():
            setattr(init, name, function)
