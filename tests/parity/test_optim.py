"""Optimizers and schedules against PyTorch: many steps, saved state, versions, texts and errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import autogradkit
from tests.every_case import every_case

BOTH = (autogradkit, torch)

OPTIMIZERS = {
    "sgd": lambda o, p: o.SGD(p, 0.05),
    "momentum": lambda o, p: o.SGD(p, 0.05, momentum=0.9),
    "dampening and decay": lambda o, p: o.SGD(p, 0.05, momentum=0.8, dampening=0.3, weight_decay=0.1),
    "nesterov": lambda o, p: o.SGD(p, 0.05, momentum=0.9, nesterov=True, weight_decay=0.01),
    "sgd uphill": lambda o, p: o.SGD(p, 0.001, maximize=True),
    "adam": lambda o, p: o.Adam(p, 0.05),
    "adam with decay": lambda o, p: o.Adam(p, 0.05, (0.8, 0.95), 1e-6, weight_decay=0.1),
    "amsgrad": lambda o, p: o.Adam(p, 0.05, amsgrad=True),
    "adam uphill": lambda o, p: o.Adam(p, 0.01, maximize=True),
    "adamw": lambda o, p: o.AdamW(p, 0.05, weight_decay=0.2),
    "adamw amsgrad": lambda o, p: o.AdamW(p, 0.05, amsgrad=True),
}


def run(m: Any, make: Callable[..., Any], steps: int, dtype: str) -> tuple[list[Any], Any]:
    """Fit two parameters to fixed targets; the third never gets a gradient."""
    stream = np.random.default_rng(3)
    kind = getattr(m, dtype)
    values = [m.tensor(stream.standard_normal(shape).tolist(), dtype=kind) for shape in ((3, 4), (4,), (2,))]
    weight, bias, unused = (m.nn.Parameter(value) for value in values)
    data = m.tensor(stream.standard_normal((6, 3)).tolist(), dtype=kind)
    optimizer = make(m.optim, [weight, bias, unused])
    for _ in range(steps):
        optimizer.zero_grad()
        ((data @ weight + bias).sin() ** 2).mean().backward()
        optimizer.step()
    return [weight, bias, unused], optimizer


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 2e-4)])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_two_hundred_steps(name: str, dtype: str, tolerance: float) -> None:
    (ours, our_optimizer), (theirs, their_optimizer) = (run(m, OPTIMIZERS[name], 200, dtype) for m in BOTH)
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine.detach().numpy(), other.detach().numpy(), rtol=tolerance, atol=tolerance)
        assert mine._version == other._version
    assert repr(our_optimizer) == repr(their_optimizer)
    mine, other = our_optimizer.state_dict(), their_optimizer.state_dict()
    assert mine["param_groups"] == other["param_groups"]
    assert mine["state"].keys() == other["state"].keys()
    for number, values in other["state"].items():
        assert mine["state"][number].keys() == values.keys()
        for key, value in values.items():
            assert mine["state"][number][key].dtype.__repr__() == value.dtype.__repr__()
            np.testing.assert_allclose(mine["state"][number][key].numpy(), value.numpy(), tolerance, tolerance)


def test_a_restored_optimizer_goes_on_as_if_nothing_had_happened() -> None:
    parameters, optimizer = run(autogradkit, OPTIMIZERS["adam"], 5, "float64")
    copies = [autogradkit.nn.Parameter(p.detach().clone()) for p in parameters]
    restored = autogradkit.optim.Adam(copies, lr=7.0)
    state = optimizer.state_dict()
    state["state"] = {n: {k: v.clone() for k, v in values.items()} for n, values in state["state"].items()}
    restored.load_state_dict(state)
    assert restored.param_groups[0]["lr"] == 0.05
    for chosen, each in ((optimizer, parameters), (restored, copies)):
        for parameter in each:
            parameter.grad = autogradkit.ones_like(parameter)
        chosen.step()
    # The unused parameter had no moments before, and begins with them in both.
    for mine, copy in zip(parameters, copies, strict=True):
        np.testing.assert_array_equal(mine.detach().numpy(), copy.detach().numpy())


def test_groups_keep_their_own_options_and_a_closure_gives_the_loss() -> None:
    found = []
    for m in BOTH:
        a, b = m.nn.Parameter(m.ones(2)), m.nn.Parameter(m.ones(2))
        optimizer = m.optim.SGD([{"params": [a]}, {"params": b, "lr": 1.0}], lr=0.1)

        def closure(optimizer: Any = optimizer, a: Any = a, b: Any = b) -> Any:
            optimizer.zero_grad()
            loss = (a * 2 + b * 3).sum()
            loss.backward()
            return loss

        with m.no_grad():
            loss = optimizer.step(closure)
        optimizer.add_param_group({"params": [m.nn.Parameter(m.zeros(1))], "momentum": 0.5})
        found.append((loss.item(), a.tolist(), b.tolist(), repr(optimizer)))
    assert found[0] == found[1]


def test_zero_grad_to_none_and_to_zeros() -> None:
    for m in BOTH:
        p = m.nn.Parameter(m.ones(2))
        optimizer = m.optim.SGD([p], 0.1)
        p.sum().backward()
        gradient = p.grad
        optimizer.zero_grad(set_to_none=False)
        assert p.grad is gradient
        assert p.grad.tolist() == [0.0, 0.0]
        optimizer.zero_grad()
        assert p.grad is None


def outcome(run: Callable[[Any], Any], m: Any) -> str:
    try:
        return repr(run(m))
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def leaf(m: Any) -> Any:
    return m.nn.Parameter(m.ones(2))


ERRORS: list[Callable[[Any], Any]] = [
    lambda m: m.optim.SGD([], 0.1),
    lambda m: m.optim.SGD(m.ones(2), 0.1),
    lambda m: m.optim.SGD([leaf(m)], -1),
    lambda m: m.optim.SGD([leaf(m)], 0.1, momentum=-1),
    lambda m: m.optim.SGD([leaf(m)], 0.1, weight_decay=-1),
    lambda m: m.optim.SGD([leaf(m)], 0.1, nesterov=True),
    lambda m: m.optim.SGD([leaf(m) * 2], 0.1),
    lambda m: m.optim.SGD([3], 0.1),
    lambda m: m.optim.SGD([{"params": {leaf(m)}}], 0.1),
    lambda m: m.optim.SGD([{"a": [leaf(m)]}], 0.1),
    lambda m: m.optim.SGD([{"params": [p := leaf(m)]}, {"params": [p]}], 0.1),
    lambda m: m.optim.SGD([("w", leaf(m))], 0.1).state_dict(),
    lambda m: m.optim.Adam([leaf(m)], -1),
    lambda m: m.optim.Adam([leaf(m)], eps=-1),
    lambda m: m.optim.Adam([leaf(m)], betas=(1.0, 0.9)),
    lambda m: m.optim.Adam([leaf(m)], betas=(0.1, 9.0)),
    lambda m: m.optim.Adam([leaf(m)], weight_decay=-1),
    lambda m: m.optim.SGD([leaf(m)]).load_state_dict({"param_groups": [{"params": [0, 1]}], "state": {}}),
    lambda m: m.optim.SGD([leaf(m)]).load_state_dict({"param_groups": [], "state": {}}),
    lambda m: (m.optim.SGD([leaf(m)]).defaults, m.optim.Adam([leaf(m)]).defaults, m.optim.AdamW([leaf(m)]).defaults),
]


@every_case("index", range(len(ERRORS)))
def test_errors_and_texts(index: int) -> None:
    assert outcome(ERRORS[index], autogradkit) == outcome(ERRORS[index], torch)


@pytest.mark.parametrize(
    "make",
    [
        lambda s, o: s.LambdaLR(o, lambda epoch: 0.9**epoch),
        lambda s, o: s.StepLR(o, 3, 0.5),
        lambda s, o: s.MultiStepLR(o, [2, 2, 5], 0.5),
        lambda s, o: s.ExponentialLR(o, 0.7),
        lambda s, o: s.CosineAnnealingLR(o, 8, 0.01),
    ],
)
def test_schedules(make: Callable[..., Any]) -> None:
    rates, kept = [], []
    for m in BOTH:
        p = leaf(m)
        optimizer = m.optim.SGD([{"params": [p]}, {"params": [leaf(m)], "lr": 0.3}], lr=0.1)
        schedule = make(m.optim.lr_scheduler, optimizer)
        seen = []
        for _ in range(9):
            p.grad = m.ones(2)
            optimizer.step()
            schedule.step()
            seen.append(list(schedule.get_last_lr()))
        rates.append(seen)
        kept.append({name: value for name, value in schedule.state_dict().items() if name != "_last_lr"})
    assert kept[0] == kept[1]
    np.testing.assert_allclose(rates[0], rates[1], rtol=1e-9)


@every_case(
    "options",
    [
        {},
        {"amsgrad": True},
        {"weight_decay": 0.1},
        {"fused": True},
        {"foreach": True},
        {"amsgrad": True, "fused": True},
    ],
)
@every_case("name", ["Adam", "AdamW"])
def test_edits_of_what_adam_remembers_are_counted(name: str, options: dict[str, Any]) -> None:
    assert _versions(autogradkit, name, options) == _versions(torch, name, options)


@pytest.mark.parametrize("options", [{}, {"nesterov": True}, {"dampening": 0.1}, {"fused": True}], ids=str)
def test_edits_of_a_momentum_are_counted(options: dict[str, Any]) -> None:
    options = {"momentum": 0.9, **options}
    assert _versions(autogradkit, "SGD", options) == _versions(torch, "SGD", options)


def _versions(m: Any, name: str, options: dict[str, Any]) -> list[Any]:
    """The version counters of a parameter and of what is remembered of it, after each of three steps."""
    p = leaf(m)
    optimizer = getattr(m.optim, name)([p], lr=0.1, **options)
    seen = []
    for _ in range(3):
        p.grad = m.ones(2)
        optimizer.step()
        seen.append((p._version, {key: each._version for key, each in optimizer.state[p].items()}))
    return seen
