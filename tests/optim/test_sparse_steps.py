"""Steps by sparse gradients beside PyTorch's: SGD in all its forms, SparseAdam, Adagrad, and who refuses them."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch

import autogradkit
from tests.every_case import every_case

OPTIONS: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {}),
    ("SGD", {"momentum": 0.9}),
    ("SGD", {"momentum": 0.9, "nesterov": True}),
    ("SGD", {"momentum": 0.9, "dampening": 0.5}),
    ("SGD", {"maximize": True}),
    ("SGD", {"weight_decay": 0.1}),
    ("Adagrad", {"weight_decay": 0.1}),
    ("Adam", {}),
    ("AdamW", {}),
    ("RMSprop", {}),
    ("SparseAdam", {}),
]


def outcome(module: Any, name: str, options: dict[str, Any], only_table: bool = False) -> Any:
    """What three steps make of a table and of a dense weight, or what is refused."""
    table = module.arange(8.0).reshape(4, 2).requires_grad_()
    weight = module.ones(2, requires_grad=True)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sparse invariant checks")
        try:
            optimizer = getattr(module.optim, name)([table] if only_table else [table, weight], lr=0.01, **options)
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


@every_case("name options", OPTIONS)
def test_a_step_by_a_sparse_gradient_is_pytorchs(name: str, options: dict[str, Any]) -> None:
    assert outcome(autogradkit, name, options) == outcome(torch, name, options)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("Adagrad", {}),
        ("Adagrad", {"lr_decay": 0.5, "eps": 0.1, "initial_accumulator_value": 0.25, "maximize": True}),
        ("SparseAdam", {}),
        ("SparseAdam", {"betas": (0.5, 0.75), "eps": 0.1}),
        ("SparseAdam", {"maximize": True}),
    ],
)
def test_only_what_a_gradient_names_is_changed(name: str, options: dict[str, Any]) -> None:
    ours = outcome(autogradkit, name, options, only_table=True)
    assert ours == outcome(torch, name, options, only_table=True)
    assert "[2.0000, 3.0000]" in ours[0], "the second row was in no batch"


@pytest.mark.filterwarnings("ignore:Sparse invariant checks")  # PyTorch's, at the first such tensor of a process
@pytest.mark.parametrize("dtype", ["float64", "float16"])
def test_sparse_adam_in_other_precisions_and_by_nothing(dtype: str) -> None:
    def stepped(module: Any) -> Any:
        table = module.arange(6.0, dtype=getattr(module, dtype)).reshape(3, 2).requires_grad_()
        optimizer = module.optim.SparseAdam([table], lr=0.125)
        for rows in ([], [2, 2], [0]):
            indices = module.tensor([rows], dtype=module.int64)
            table.grad = module.sparse_coo_tensor(indices, table.detach()[rows] + 1, (3, 2))
            optimizer.step()
        return repr(table), [repr(each) for each in optimizer.state_dict()["state"][0].values()]

    assert stepped(autogradkit) == stepped(torch)


def test_sparse_adam_refuses_what_is_dense() -> None:
    for m in (autogradkit, torch):
        weight = m.ones(2, requires_grad=True)
        weight.sum().backward()
        with pytest.raises(
            RuntimeError, match=r"^SparseAdam does not support dense gradients, please consider Adam instead$"
        ):
            m.optim.SparseAdam([weight]).step()
