"""Graphs of 100,000 nodes in a row that saved tensors: run, run again, differentiated twice and let go without a recursion."""

from __future__ import annotations

import copy
import gc
import weakref
from typing import Any

import pytest

import autogradkit as torch

LENGTH = 100_000


def _chain(length: int) -> tuple[torch.Tensor, torch.Tensor]:
    """(a leaf, what a chain of ops makes of it): alternately one that saves nothing and one that saves its operand."""
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y: Any = x
    for _ in range(length // 2):
        y = (y + 1).abs()
    return x, y


def test_a_chain_of_100_000_ops() -> None:
    x, y = _chain(LENGTH)
    y.sum().backward(retain_graph=True)
    y.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [2.0, 2.0]
    with pytest.raises(RuntimeError, match="Only Tensors created explicitly by the user"):
        copy.deepcopy(y)
    leaf = weakref.ref(x)
    del x, y  # the whole graph, which nobody ran last
    gc.collect()
    assert leaf() is None


def test_second_derivatives_of_a_chain_of_10_000_ops() -> None:
    x = torch.tensor([0.5, 1.0], requires_grad=True, dtype=torch.float64)
    y = x
    for _ in range(10_000):
        y = y.sin()
    (first,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x)
    # y' is the product of all cosines, and y'' / y' = −Σ tan(yᵢ) yᵢ'
    value, slope, ratio = x.detach(), torch.ones(2, dtype=torch.float64), torch.zeros(2, dtype=torch.float64)
    for _ in range(10_000):
        ratio -= value.tan() * slope
        slope, value = slope * value.cos(), value.sin()
    assert torch.allclose(first, slope)
    assert torch.allclose(second, slope * ratio)
