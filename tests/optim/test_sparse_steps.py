"""Steps by sparse gradients beside PyTorch's: SGD in all its forms, Adam's refusal."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch

import autogradkit

OPTIONS: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {}),
    ("SGD", {"momentum": 0.9}),
    ("SGD", {"momentum": 0.9, "nesterov": True}),
    ("SGD", {"momentum": 0.9, "dampening": 0.5}),
    ("SGD", {"maximize": True}),
    ("SGD", {"weight_decay": 0.1}),
    ("Adam", {}),
    ("AdamW", {}),
]


def outcome(module: Any, name: str, options: dict[str, Any]) -> Any:
    """What three steps make of a table and of a dense weight, or what is refused."""
    table = module.arange(8.0).reshape(4, 2).requires_grad_()
    weight = module.ones(2, requires_grad=True)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sparse invariant checks")
        try:
            optimizer = getattr(module.optim, name)([table, weight], lr=0.01, **options)
            for _ in range(3):
                optimizer.zero_grad()
                rows = module.nn.functional.embedding(module.tensor([0, 2, 0]), table, sparse=True)
                (rows * weight).pow(2).sum().backward()
                optimizer.step()
            optimizer.zero_grad(set_to_none=False)
        except RuntimeError as error:
            return str(error), repr(table), repr(weight)
        state = {key: repr(value) for each in optimizer.state.values() for key, value in each.items()}
        return repr(table), repr(weight), repr(table.grad), table._version, state


@pytest.mark.parametrize(("name", "options"), OPTIONS)
def test_a_step_by_a_sparse_gradient_is_pytorchs(name: str, options: dict[str, Any]) -> None:
    assert outcome(autogradkit, name, options) == outcome(torch, name, options)
