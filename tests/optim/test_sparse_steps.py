"""Steps by sparse gradients beside PyTorch's: SGD, Adagrad and SparseAdam in all their forms, the refusals of others."""

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
    ("Adagrad", {}),
    ("Adagrad", {"lr_decay": 0.1, "eps": 0.01, "initial_accumulator_value": 0.5}),
    ("Adagrad", {"maximize": True}),
    ("Adagrad", {"weight_decay": 0.1}),
    ("Adam", {}),
    ("AdamW", {}),
]


def outcome(module: Any, name: str, options: dict[str, Any]) -> Any:
    """What three steps make of a table and of a dense weight, or what is refused."""
    table = module.arange(8.0, dtype=module.float64).reshape(4, 2).requires_grad_()
    weight = module.ones(2, dtype=module.float64, requires_grad=True)
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


@pytest.mark.parametrize(
    "options",
    [{}, {"betas": (0.7, 0.9), "eps": 0.01}, {"maximize": True}, {"lr": 0.3}],
    ids=["plain", "betas", "up", "quick"],
)
def test_sparse_adam_leaves_alone_what_no_gradient_names(options: dict[str, Any]) -> None:
    def stepped(m: Any) -> Any:
        table = m.nn.Embedding.from_pretrained(m.arange(8.0).reshape(4, 2), freeze=False, sparse=True)
        optimizer = m.optim.SparseAdam(table.parameters(), **options)
        for rows in ([0, 2, 0], [2], [], [0, 2]):
            optimizer.zero_grad()
            table(m.tensor(rows, dtype=m.int64)).pow(2).sum().backward()
            optimizer.step()
        state = {name: repr(each) for name, each in optimizer.state_dict()["state"][0].items()}
        return repr(table.weight), table.weight._version, state

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sparse invariant checks")
        assert stepped(autogradkit) == stepped(torch)


def test_sparse_adam_refuses_what_is_dense() -> None:
    for m in (autogradkit, torch):
        weight = m.ones(2, requires_grad=True)
        weight.sum().backward()
        with pytest.raises(
            RuntimeError, match=r"^SparseAdam does not support dense gradients, please consider Adam instead$"
        ):
            m.optim.SparseAdam([weight]).step()
