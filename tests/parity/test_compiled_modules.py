"""What `compile` makes of a module, as scripts see it: the names of its parameters, what it prints, whose attributes it has."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch

import autogradkit


def model(m: Any) -> Any:
    """Two layers that know a number, in a wrapper."""
    m.manual_seed(3)
    layers = m.nn.Sequential(m.nn.Linear(2, 3), m.nn.Dropout())
    layers.steps = 5
    return m.compile(layers, backend="eager")


def facts(m: Any) -> list[Any]:
    """What scripts ask of it."""
    compiled = model(m)
    compiled.eval()
    compiled.steps, compiled.rate = 6, 0.5
    compiled.register_buffer("scale", m.ones(1))
    copied = copy.deepcopy(compiled)
    modes = [compiled.training, compiled._orig_mod[1].training]
    compiled.train()
    said = [repr(compiled), list(compiled.state_dict()), [name for name, _ in compiled.named_parameters()], *modes]
    said += [[name for name, _ in compiled.named_modules()], compiled.training, compiled._orig_mod.steps, compiled.rate]
    del compiled.rate
    said += [hasattr(compiled, "rate"), copied.rate, copied._orig_mod is compiled._orig_mod, copied.training]
    return [*said, compiled._orig_mod[0].weight.tolist()]


def test_a_compiled_module_is_a_wrapper_that_leads_to_the_module() -> None:
    assert facts(autogradkit) == facts(torch)


def test_it_computes_what_the_module_computes_and_both_have_hooks() -> None:
    compiled = model(autogradkit).eval()
    heard: list[str] = []
    compiled.register_forward_hook(lambda *_: heard.append("wrapper"))
    compiled._orig_mod.register_forward_hook(lambda *_: heard.append("module"))
    x = autogradkit.tensor([[1.0, -2.0]])
    assert compiled(x).tolist() == compiled._orig_mod[0](x).tolist()
    assert heard == ["module", "wrapper"]


def test_what_a_compiled_module_refuses() -> None:
    for m in (autogradkit, torch):
        with pytest.raises(AttributeError, match="'Sequential' object has no attribute 'nope'"):
            getattr(model(m), "nope")  # noqa: B009
        with pytest.raises(
            RuntimeError, match=r'Missing key\(s\) in state_dict: "_orig_mod.0.weight", "_orig_mod.0.bias"'
        ):
            model(m).load_state_dict(model(m)._orig_mod.state_dict())
