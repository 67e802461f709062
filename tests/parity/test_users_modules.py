"""Modules of users' beside PyTorch's: whichever names they give their own attributes, and in which order members stand."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch

import autogradkit as ak

BOTH = (ak, torch)
# Names that users may give to attributes and methods: all of ours but those that Python or PyTorch keeps for itself.
OURS = sorted(
    name
    for name in {*dir(ak.nn.Module), *vars(ak.nn.Module())} - set(dir(torch.nn.Module())) - {"_samples", "_shown"}
    if "__" not in name and not name.endswith("_of_module")
)


def used(module: Any) -> None:
    """Do with a module what training does."""
    repr(module)
    module.register_forward_hook(lambda *_: None)
    module.register_full_backward_hook(lambda *_: None)
    module.register_state_dict_pre_hook(lambda *_: None)
    module(ak.ones(2, requires_grad=True)).sum().backward()
    module.zero_grad()
    module.load_state_dict(module.state_dict())
    module.double().float().to(ak.float64)
    module.layer = ak.nn.ReLU()
    module.register_parameter("empty", None)
    del module.layer
    copy.deepcopy(module)


class Small(ak.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = ak.nn.Linear(2, 2)
        self.register_buffer("shift", ak.ones(2))

    def forward(self, x: Any) -> Any:
        return self.layer(x) + self.shift


def test_attributes_of_any_name() -> None:
    module = Small()
    values = {
        name: {name: 3}
        for name in [*OURS, "_hooks", "_state_hooks", "_defaults", "_persistent", "_cast", "_check_name"]
    }
    for name, value in values.items():
        setattr(module, name, value)
    used(module)
    assert {name: getattr(module, name) for name in values} == values


def test_methods_of_any_name() -> None:
    names = ["_applied", "_cast", "_check_name", "_forget", "_persistent", "_take"]
    used(type("Other", (Small,), dict.fromkeys(names, lambda self: 3))())


@pytest.mark.parametrize("m", BOTH)
def test_what_is_assigned_again_keeps_its_place(m: Any) -> None:
    class Net(m.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = m.nn.Identity()
            self.weight = m.nn.Parameter(m.ones(1))
            self.second = m.nn.Linear(1, 1)
            self.bias = m.nn.Parameter(m.ones(1))
            self.first = m.nn.Linear(2, 1)
            self.weight = m.nn.Parameter(m.zeros(1))

    names = [name for name, _ in Net().named_parameters()]
    assert names == ["weight", "bias", "first.weight", "first.bias", "second.weight", "second.bias"]


@pytest.mark.parametrize("m", BOTH)
@pytest.mark.parametrize("kind", ["ModuleDict", "ModuleList", "ParameterList"])
def test_a_container_of_a_users_is_filled_when_it_is_given_something(m: Any, kind: str) -> None:
    base = getattr(m.nn, kind)

    class Own(base):
        def update(self, *given: Any) -> None:
            raise AssertionError("called before the class was ready")

        extend = update

    assert len(Own()) == 0
    with pytest.raises(AssertionError, match="before"):
        Own({"a": m.nn.ReLU()} if kind == "ModuleDict" else [m.nn.Parameter(m.ones(1))])
