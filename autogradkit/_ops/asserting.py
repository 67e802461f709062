"""PyTorch's `torch._assert` and `torch._assert_async`, with which published packages check what a tracer should see."""

from __future__ import annotations

from typing import Any

from autogradkit._ops.declare.overriding import STATE, handled, overriding
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor


@entry
def _assert(condition: Any, message: str) -> Any:
    """Raise AssertionError unless the condition holds. Classes with `__torch_function__` may override it."""
    if type(condition) is not Tensor or STATE.modes:
        found = overriding((condition,), {})
        if found or STATE.modes:
            return handled(_assert, found, (condition, message), {})
    if not condition:
        raise AssertionError(message)
    return None


@entry
def _assert_async(input: Tensor, assert_msg: str = "Expected Tensor with single nonzero value, but got zero") -> None:
    """Raise RuntimeError where the one element of a tensor is zero: at once, for there is no device that would be waited for.

    >>> import autogradkit as torch
    >>> torch._assert_async(torch.tensor([1.0, 2.0]).sum() < 4, "too much")
    """
    for name, place, given, kind in (("input", 1, input, Tensor), ("assert_msg", 2, assert_msg, str)):
        if not isinstance(given, kind):
            raise TypeError(
                f"_assert_async(): argument '{name}' (position {place}) must be {kind.__name__}, not {type(given).__name__}"
            )
    if not bool(input):
        raise RuntimeError(assert_msg)
