"""PyTorch's `torch._check` and its siblings: an error of a certain class unless a condition holds. Rests on tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autogradkit.core.dtype import bool_
from autogradkit.core.frames import entry
from autogradkit.core.symbols import SymBool
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn

Message = Callable[[], Any] | None
_NOTHING_SAID = (
    "Expected cond to be True, but got False. (Could this error message be improved? If so, please report an enhancement request "
    "to PyTorch.)"
)


@entry
def _check_with(error_type: type[Exception], cond: bool | SymBool, message: Message) -> None:
    """Raise `error_type`, with the text that `message()` gives, unless the condition holds."""
    if isinstance(cond, Tensor):
        raise TypeError(
            "cond must be a bool, but got a Tensor. For tensor conditions, use torch._check_tensor_all() to assert that all "
            "elements are true."
        )
    if not isinstance(cond, (bool, SymBool)):
        raise TypeError(f"cond must be a bool, but got {type(cond)}")
    if cond:
        return
    if not issubclass(error_type, Exception) or issubclass(error_type, Warning):
        raise AssertionError(f"error_type must be a subclass of Exception but not Warning, got {error_type}")
    if not (message is None or callable(message)):
        raise TypeError("message must be a callable")
    raise error_type(_NOTHING_SAID if message is None else str(message()))


def _check(cond: bool | SymBool, message: Message = None) -> None:
    """Raise RuntimeError unless the condition holds.

    >>> import autogradkit as torch
    >>> torch._check(2 > 3, lambda: "2 is no more than 3")
    Traceback (most recent call last):
    RuntimeError: 2 is no more than 3
    """
    _check_with(RuntimeError, cond, message)


def _check_index(cond: bool | SymBool, message: Message = None) -> None:
    """Raise IndexError unless the condition holds."""
    _check_with(IndexError, cond, message)


def _check_value(cond: bool | SymBool, message: Message = None) -> None:
    """Raise ValueError unless the condition holds."""
    _check_with(ValueError, cond, message)


def _check_type(cond: bool | SymBool, message: Message = None) -> None:
    """Raise TypeError unless the condition holds."""
    _check_with(TypeError, cond, message)


def _check_not_implemented(cond: bool | SymBool, message: Message = None) -> None:
    """Raise NotImplementedError unless the condition holds."""
    _check_with(NotImplementedError, cond, message)


@entry
def _check_tensor_all_with(error_type: type[Exception], cond: Tensor, message: Message = None) -> None:
    """Raise `error_type` unless all elements of a tensor of bools are True."""
    if not isinstance(cond, Tensor):
        raise TypeError(f"cond must be a tensor, but got {type(cond)}")
    if cond.dtype is not bool_:
        raise TypeError(f"cond tensor must have dtype torch.bool, but got {cond.dtype}")
    every: Any = cond
    _check_with(error_type, every.all().item(), message)


def _check_tensor_all(cond: Tensor, message: Message = None) -> None:
    """Raise RuntimeError unless all elements of a tensor of bools are True.

    >>> import autogradkit as torch
    >>> torch._check_tensor_all(torch.tensor([1, 2]) < 3)
    """
    _check_tensor_all_with(RuntimeError, cond, message)


@entry
def _check_is_size(i: Any, message: Message = None, *, max: Any = None) -> None:
    """Raise RuntimeError unless 0 ≤ i (≤ `max`). PyTorch gives it up for `_check`, and warns of that."""
    warn(
        "_check_is_size will be removed in a future PyTorch release along with guard_size_oblivious.     "
        "Use _check(i >= 0) instead.",
        FutureWarning,
    )
    _check(i >= 0, message)
    if max is not None:
        _check(i <= max, message)
