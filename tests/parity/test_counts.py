"""Poisson draws beside PyTorch: for a seed the same counts, as many words drawn, and no gradient but zeros."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import autogradkit
from tests.every_case import every_case
from tests.parity.one_line import check


@pytest.mark.parametrize("kind", ["float32", "float64", "float16"])
def test_a_seed_gives_the_same_counts(kind: str) -> None:
    made: list[Any] = []
    for module in (torch, autogradkit):
        module.manual_seed(11)
        rates = module.linspace(0, 60, 120, dtype=module.float64).to(getattr(module, kind)).reshape(30, 4)
        rates[::7, 1] = module.inf
        made.append((module.poisson(rates).tolist(), module.poisson(rates.t()).tolist(), module.rand(1).item()))
    assert made[1] == made[0]


def test_a_generator_is_drawn_from_instead() -> None:
    made: list[Any] = []
    for module in (torch, autogradkit):
        generator = module.Generator().manual_seed(5)
        drawn = module.poisson(module.full((20,), 3.5), generator=generator)
        made.append((drawn.tolist(), module.rand(2, generator=generator).tolist()))
    assert made[1] == made[0]


@every_case(
    "line",
    [
        "torch.poisson(torch.tensor([-1.0]))",
        "torch.poisson(torch.tensor([float('nan')]))",
        "torch.poisson(torch.tensor([1]))",
        "torch.poisson(torch.tensor([1j]))",
        "torch.poisson(3)",
        "torch.poisson(torch.empty(0, 2))",
        "torch.poisson(torch.ones(2, 3).t() * 4).stride()",
        "torch.poisson(torch.ones(2, requires_grad=True)).grad_fn",
        "x = torch.ones(2, requires_grad=True); torch.poisson(x).sum().backward(); x.grad",
        "x = torch.zeros(3); torch.poisson(torch.full((3,), 2.0), out=x), x",
    ],
)
def test_a_line_says_the_same(line: str) -> None:
    check(line)
