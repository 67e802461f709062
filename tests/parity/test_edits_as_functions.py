"""`F.relu_` and its kin ask classes and modes of a user's, as PyTorch's do: what these are told, and the refusal."""

from __future__ import annotations

from typing import Any

import torch

import autogradkit
from tests.every_case import every_case

NAMES = ("relu_", "leaky_relu_", "hardtanh_", "elu_", "selu_", "celu_", "rrelu_", "threshold_")


def _told(m: Any, name: str) -> Any:
    told: list[Any] = []

    class Logged(m.Tensor):
        @classmethod
        def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            told.append((func.__name__, len(args), kwargs))
            return super().__torch_function__(func, types, args, kwargs or {})

    class Refusing(m.Tensor):
        @classmethod
        def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            return NotImplemented

    class Mode(m.overrides.TorchFunctionMode):
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            told.append((func.__name__, types, kwargs))
            return func(*args, **(kwargs or {}))

    edit = getattr(m.nn.functional, name)
    more = (0.1, 1.0) if name == "threshold_" else ()
    x = m.tensor([-1.0, 2.0]).as_subclass(Logged)
    result = edit(x, *more)
    with Mode():
        edit(m.zeros(1), *more)
    try:
        edit(m.ones(1).as_subclass(Refusing), *more)
    except TypeError as error:
        told.append(str(error).splitlines()[0])
    return told, result is x, type(result) is Logged


@every_case("name", NAMES)
def test_they_ask(name: str) -> None:
    assert _told(autogradkit, name) == _told(torch, name)
