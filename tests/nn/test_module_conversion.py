"""A module that is converted to another dtype: all its parameters at once, also where a graph leads to some of them."""

from __future__ import annotations

import gc
from typing import Any

import pytest

import autogradkit as torch
from autogradkit import nn


def test_graphs_are_searched_once_for_all_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    net = nn.Sequential(*[nn.Sequential(nn.Linear(2, 2), nn.ReLU()) for _ in range(20)])
    find, searches = gc.get_referrers, []

    def counted(*objects: Any) -> list[Any]:
        searches.append(len(objects))
        return find(*objects)

    monkeypatch.setattr(gc, "get_referrers", counted)
    net.double()
    assert {p.dtype for p in net.parameters()} == {torch.float64}
    assert searches[0] == 40
    assert len(searches) <= 2  # for the tuples that hold them, and for the nodes that hold these


def test_a_graph_of_before_gives_gradients_as_the_parameters_were() -> None:
    first, second = nn.Linear(2, 3), nn.Linear(2, 3)
    loss = first(torch.ones(1, 2)).sum()
    nn.ModuleList([first, second]).double()
    loss.backward()
    assert first.weight.grad is not None
    assert first.weight.grad.dtype is torch.float32
    assert second.weight.grad is None
    second(torch.ones(1, 2, dtype=torch.float64)).sum().backward()
    assert second.weight.grad is not None
    assert second.weight.grad.dtype is torch.float64
