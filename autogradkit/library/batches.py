"""Registered operators within `vmap`: by the rule that was registered, or for each sample.

Rests on what custom functions have for it (`autograd/function_batched.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autogradkit.autograd.function_batched import by_rule, by_samples
from autogradkit.core.batched import innermost


def one_by_one(op: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """What an operator without a rule gives for each sample."""
    batch = innermost((*args, *kwargs.values()))
    assert batch is not None
    return by_samples(op, batch, args, kwargs)


def kernel_of(rule: Callable[..., Any]) -> Callable[..., Any]:
    """The kernel that applies a user's rule, `rule(info, in_dims, *args, **kwargs) -> (output, out_dims)`."""

    def kernel(*args: Any, **kwargs: Any) -> Any:
        batch = innermost((*args, *kwargs.values()))
        assert batch is not None
        return by_rule(lambda info, dims, *given: rule(info, dims, *given, **kwargs), batch, args)

    return kernel
