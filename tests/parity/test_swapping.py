"""`utils.swap_tensors`, and the switches of `torch.__future__` by which modules are converted, beside PyTorch."""

from __future__ import annotations

import weakref
from collections.abc import Generator
from typing import Any

import pytest
import torch

import autogradkit

BOTH = pytest.mark.parametrize("m", [autogradkit, torch], ids=["autogradkit", "torch"])


@pytest.fixture(autouse=True)
def _as_at_first() -> Generator[None]:
    yield
    for m in (autogradkit, torch):
        m.__future__.set_swap_module_params_on_conversion(False)
        m.__future__.set_overwrite_module_params_on_conversion(False)


@BOTH
def test_two_tensors_exchange_what_they_are(m: Any) -> None:
    a, b = m.tensor([1.0, 2.0]), m.nn.Parameter(m.tensor([[3]]), requires_grad=False)
    a.told = "a"
    m.utils.swap_tensors(a, b)
    assert type(a).__name__ == "Parameter"
    assert a.tolist() == [[3]]
    assert not hasattr(a, "told")
    assert type(b).__name__ == "Tensor"
    assert b.tolist() == [1.0, 2.0]
    assert b.told == "a"


@BOTH
def test_what_somebody_refers_to_weakly_is_not_swapped(m: Any) -> None:
    a, b = m.ones(2), m.zeros(2)
    known = weakref.ref(b)
    with pytest.raises(RuntimeError, match="Cannot swap t2 because it has weakref associated with it"):
        m.utils.swap_tensors(a, b)
    assert known() is b


def _converted(m: Any, switch: str | None) -> list[Any]:
    if switch is not None:
        getattr(m.__future__, f"set_{switch}_module_params_on_conversion")(True)
        assert getattr(m.__future__, f"get_{switch}_module_params_on_conversion")() is True
    m.manual_seed(3)
    layer = m.nn.Linear(2, 1)
    layer(m.ones(1, 2)).sum().backward()
    names = ["weight", "bias"]
    before = [getattr(layer, name) for name in names]
    if switch == "swap":  # which PyTorch refuses while a graph may hold the gradients
        layer.zero_grad()
    same = [id(each) for each in before]
    del before
    layer.double()
    after = [getattr(layer, name) for name in names]
    told = [[str(each.dtype), each.detach().tolist(), each.requires_grad, each.is_leaf] for each in after]
    grads = [None if each.grad is None else (str(each.grad.dtype), each.grad.tolist()) for each in after]
    return [told, grads, [id(each) for each in after] == same]


@pytest.mark.parametrize("switch", [None, "swap", "overwrite"])
def test_modules_are_converted_as_the_switches_say(switch: str | None) -> None:
    ours, theirs = _converted(autogradkit, switch), _converted(torch, switch)
    assert ours == theirs
    assert ours[2] is (switch != "overwrite")


def test_a_subclass_of_an_optimizer_may_call_its_methods_as_it_likes() -> None:
    class Kept(autogradkit.optim.SGD):
        def _saved(self) -> str:
            return "mine"

        def _load(self) -> str:
            return "mine, too"

    x = autogradkit.nn.Parameter(autogradkit.ones(1))
    kept = Kept([x], lr=0.5)
    kept.load_state_dict(kept.state_dict() | {"state": {0: {"momentum_buffer": None}}})
    assert kept.state[x] == {"momentum_buffer": None}
