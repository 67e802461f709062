"""Public names that PyTorch, too, writes in Python over other ops: functions, methods, reflected operators.

They have no schema; what is wrong with a call Python says, or the ops that they call. Rests on core; the tables of
ops use it, and the package publishes what stands in `PYTHON_FUNCTIONS`.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

from autogradkit._ops.declare.asking import overridable
from autogradkit._ops.declare.kinds import NUMBERS
from autogradkit._ops.declare.unloaded import attach
from autogradkit.core.frames import entry, shorten
from autogradkit.core.tensor import Tensor

PYTHON_FUNCTIONS: dict[str, Callable[..., Any]] = {}  # what the package offers as functions, aliases included


def python_function(*aliases: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Publish a function that PyTorch, too, writes in Python over other ops, such as one that takes any number of tensors."""

    def declare(composed: Callable[..., Any]) -> Callable[..., Any]:
        composed.__module__ = "autogradkit"
        short = entry(composed)
        overridable((short,))
        for name in (composed.__name__, *aliases):
            PYTHON_FUNCTIONS[name] = short
        return composed

    return declare


def reflected(name: str) -> Callable[[Callable[[Tensor, Any], Any]], Callable[[Tensor, Any], Any]]:
    """Put an operator that PyTorch, too, writes in Python over other ops into Tensor: `__rpow__` gets the left operand.

    What is neither a tensor nor a number is left to Python, which names both operands in its refusal.
    """

    def declare(function: Callable[[Tensor, Any], Any]) -> Callable[[Tensor, Any], Any]:
        def apply(self: Any, other: Any) -> Any:
            if not isinstance(self, Tensor) or not isinstance(other, (Tensor, *NUMBERS)):
                return NotImplemented
            try:
                return function(self, other)
            except BaseException as error:
                shorten(error)
                raise

        apply.__name__ = apply.__qualname__ = name
        attach(name, apply)
        overridable((apply,))
        return function

    return declare


def python_method(name: str) -> Callable[[Any], Callable[..., Any]]:
    """Make a method of what PyTorch, too, writes in Python: its refusals are Python's, and those of the ops that it calls.

    The method is a function of its own, as Python's refusals name it: "Tensor.stft() got an unexpected keyword argument".
    """

    def declare(composed: FunctionType) -> Callable[..., Any]:
        method = FunctionType(
            composed.__code__, composed.__globals__, name, composed.__defaults__, composed.__closure__
        )
        method.__kwdefaults__, method.__annotations__ = composed.__kwdefaults__, composed.__annotations__
        method.__doc__, method.__qualname__, method.__module__ = composed.__doc__, f"Tensor.{name}", "autogradkit"
        short = entry(method)
        attach(name, short)
        overridable((short,))
        return composed

    return declare
