"""Attributes of a tensor that are set or deleted: what PyTorch refuses is refused, with its type and text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

import autogradkit
from tests.every_case import every_case

PROPERTIES = sorted(
    {
        name
        for cls in autogradkit.Tensor.__mro__
        for name, value in vars(cls).items()
        if isinstance(value, property) and not name.startswith("__") and hasattr(torch.Tensor, name)
    }
    - {"_backward_hooks"}  # PyTorch takes anything for it, and crashes in the next backward
)


def _refusal(change: Callable[[], None]) -> str:
    try:
        change()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "done"


def test_the_properties_are_found() -> None:
    assert {"T", "shape", "grad", "grad_fn", "is_leaf", "data", "device", "is_cuda"} <= set(PROPERTIES)


@every_case("name", PROPERTIES)
def test_setting_and_deleting(name: str) -> None:
    # No dtype of gradients but the tensor's own is here, nor None for any (PARITY.md).
    for value in (3, (4,), None) if name != "grad_dtype" else (3, (4,)):
        assert _refusal(lambda value=value: setattr(autogradkit.ones(2, 2), name, value)) == _refusal(
            lambda value=value: setattr(torch.ones(2, 2), name, value)
        )
    if name in ("real", "imag", "grad_dtype"):  # where PyTorch crashes
        assert _refusal(lambda: delattr(autogradkit.ones(2, 2), name)).startswith("AttributeError")
        return
    assert _refusal(lambda: delattr(autogradkit.ones(2, 2), name)) == _refusal(lambda: delattr(torch.ones(2, 2), name))


def test_the_flag_of_a_result_is_not_assigned() -> None:
    def refusal(m: Any, flag: bool) -> str:
        return _refusal(lambda: setattr(m.ones(2, requires_grad=True) * 2, "requires_grad", flag))

    for flag in (True, False):
        assert refusal(autogradkit, flag) == refusal(torch, flag)
    assert (autogradkit.ones(2, requires_grad=True) * 2).requires_grad_().requires_grad  # but this asks for nothing new
