"""What all optimizers share, against PyTorch: hooks, names, saving, copying, precisions, and steps that are differentiated."""

from __future__ import annotations

import copy
import importlib
import math
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import autogradkit
from tests.every_case import every_case

BOTH = (autogradkit, torch)
FORMULAS = ["ASGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "RMSprop", "Rprop", "SGD"]
NAMES = [*FORMULAS, "Adafactor"]
OPTIONS: dict[str, dict[str, Any]] = {
    "ASGD": {"t0": 2, "lambd": 0.1},
    "Adam": {"amsgrad": True, "weight_decay": 0.1},
    "NAdam": {"weight_decay": 0.1, "decoupled_weight_decay": True},
    "RMSprop": {"momentum": 0.9, "centered": True},
    "SGD": {"momentum": 0.9, "nesterov": True, "lr": 0.1},
}


def leaf(m: Any, dtype: str = "float32") -> Any:
    return m.nn.Parameter(m.tensor([[1.0, -2.0, 0.5], [3.0, 0.25, -0.125]], dtype=getattr(m, dtype)))


def step(optimizer: Any, m: Any, parameter: Any, turn: int) -> None:
    slopes = m.tensor([[0.5, -1.5, 0.75], [2.0, -0.75, 0.25]], dtype=parameter.dtype)
    parameter.grad = slopes * (turn + 1) * (-1) ** turn
    optimizer.step()


def optimizer_module(m: Any) -> Any:
    """`torch.optim.optimizer`, which is no attribute of PyTorch's package."""
    return importlib.import_module(f"{m.__name__}.optim.optimizer")


def outcome(run: Callable[[Any], Any], m: Any) -> Any:
    try:
        return run(m)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


@every_case("shape", [(64, 50), (3, 1001), (600, 500)])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"momentum": 0.9},
        {"momentum": 0.9, "dampening": 0.1, "weight_decay": 0.1},
        {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1, "maximize": True},
    ],
    ids=str,
)
def test_sgd_moves_many_numbers_as_pytorch_does_to_the_bit(options: dict[str, Any], shape: tuple[int, ...]) -> None:
    stream = np.random.default_rng(math.prod(shape))
    start, *slopes = (stream.standard_normal(shape, np.float32) for _ in range(5))
    found = []
    for m in BOTH:
        parameter = m.nn.Parameter(m.tensor(start))
        optimizer = m.optim.SGD([parameter], 0.03, **options)
        for slope in slopes:
            parameter.grad = m.tensor(slope)
            optimizer.step()
        found.append(parameter.detach().numpy())
    np.testing.assert_array_equal(*found)


@every_case("name", NAMES)
def test_float32_errs_at_most_twice_as_much_as_pytorch(name: str) -> None:
    """Against the same steps in float64."""
    found = []
    for m, dtype in ((autogradkit, "float32"), (torch, "float32"), (torch, "float64")):
        p = leaf(m, dtype)
        optimizer = getattr(m.optim, name)([p], **OPTIONS.get(name, {}))
        for turn in range(10):
            step(optimizer, m, p, turn)
        found.append(p.detach().numpy().astype(np.float64))
    mine, theirs = (np.abs(each - found[2]).max() for each in found[:2])
    assert mine <= 2 * max(theirs, np.finfo(np.float32).eps)


@every_case("dtype", ["float16", "bfloat16"])
@every_case("name", NAMES)
def test_halves_are_computed_in_float32(name: str, dtype: str) -> None:
    found = []
    for m in BOTH:
        p = leaf(m, dtype)
        optimizer = getattr(m.optim, name)([p], **OPTIONS.get(name, {}))
        for turn in range(5):
            step(optimizer, m, p, turn)
        assert p.dtype == getattr(m, dtype)
        found.append(p.detach().float().numpy())
    np.testing.assert_allclose(*found, rtol=2e-2, atol=2e-2)


def test_an_average_in_bfloat16_forgets() -> None:
    """0.999 is 1 in bfloat16, in which the average of squares would only grow."""
    found = []
    for m in BOTH:
        p = leaf(m, "bfloat16")
        optimizer = m.optim.Adam([p], betas=(0.9, 0.99))
        for size in (1.0, *[0.0] * 30):
            p.grad = m.full_like(p, size)
            optimizer.step()
        found.append(optimizer.state[p]["exp_avg_sq"].float().numpy())
    np.testing.assert_allclose(*found, rtol=0.05)
    assert (found[0] < 0.009).all()


@every_case("name", FORMULAS)
def test_a_step_can_be_differentiated(name: str) -> None:
    """By the values that the parameter began with, through the step and through its gradient."""
    found = []
    for m in BOTH:
        start = m.tensor([1.0, -2.0, 0.5], dtype=m.float64, requires_grad=True)
        p = start.clone()
        optimizer = getattr(m.optim, name)([p], differentiable=True, **OPTIONS.get(name, {}))
        if name == "RMSprop":
            optimizer.param_groups[0]["centered"] = False
        p.grad = start**2 * 0.1
        optimizer.step()
        (p**2).sum().backward()
        found.append((p.detach().numpy(), start.grad.numpy()))
    np.testing.assert_allclose(found[0][0], found[1][0], rtol=1e-7)
    np.testing.assert_allclose(found[0][1], found[1][1], rtol=1e-7)


def test_a_rate_can_be_learnt() -> None:
    found = []
    for m in BOTH:
        rate = m.tensor(0.1, dtype=m.float64, requires_grad=True)
        start = m.tensor([1.0, -2.0], dtype=m.float64, requires_grad=True)
        p = start.clone()
        optimizer = m.optim.SGD([p], lr=rate, weight_decay=0.1, differentiable=True)
        for _ in range(3):
            p.grad = p.detach() * 2
            optimizer.step()
        (p**2).sum().backward()
        found.append([rate.grad.item(), *start.grad.tolist()])
    assert found[0] == pytest.approx(found[1])


def test_what_cannot_be_differentiated_or_captured_says_so() -> None:
    for name in FORMULAS:
        for options in (
            {"capturable": True},
            {"capturable": True, "foreach": True},
            {"differentiable": True, "foreach": True},
        ):
            if "capturable" in options and name in ("Adagrad", "SGD"):
                continue

            def run(m: Any, name: str = name, options: dict[str, Any] = options) -> None:
                p = leaf(m)
                step(getattr(m.optim, name)([p], **options), m, p, 1)

            assert outcome(run, autogradkit) == outcome(run, torch) != ""


@every_case("name", NAMES)
def test_saved_and_loaded_into_another_dtype_it_goes_on_alike(name: str) -> None:
    found = []
    for m in BOTH:
        p = leaf(m)
        optimizer = getattr(m.optim, name)([p], **OPTIONS.get(name, {}))
        for turn in range(3):
            step(optimizer, m, p, turn)
        saved = copy.deepcopy(optimizer.state_dict())
        other = leaf(m, "float64")
        again = getattr(m.optim, name)([other])
        again.load_state_dict(saved)
        step(again, m, other, 1)
        kinds = {key: str(each.dtype) for key, each in again.state[other].items()}
        found.append((other.detach().numpy(), kinds, repr(again), list(again.state_dict()["param_groups"][0])))
    np.testing.assert_allclose(found[0][0], found[1][0], rtol=1e-5)
    assert found[0][1:] == found[1][1:]


@every_case("copied", [copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))])
@every_case("name", ["Adagrad", "NAdam", "SGD", "ASGD", "RMSprop"])
def test_a_copy_goes_on_by_itself(name: str, copied: Callable[[Any], Any]) -> None:
    found = []
    for m in BOTH:
        p = leaf(m)
        optimizer = getattr(m.optim, name)([p], **OPTIONS.get(name, {}))
        step(optimizer, m, p, 0)
        twin = copied(optimizer)
        other = twin.param_groups[0]["params"][0]
        before = p.tolist()
        step(twin, m, other, 1)
        assert p.tolist() == before
        step(optimizer, m, p, 1)
        np.testing.assert_array_equal(p.detach().numpy(), other.detach().numpy())
        found.append((repr(twin), sorted(twin.__dict__)))
    assert found[0][0] == found[1][0]


def test_hooks_run_in_order_and_may_change_arguments() -> None:
    def run(m: Any) -> Any:
        told: list[str] = []
        p = leaf(m)
        optimizer = m.optim.SGD([p], lr=0.1)
        handles = [
            optimizer_module(m).register_optimizer_step_pre_hook(lambda o, a, k: told.append("all before")),
            optimizer_module(m).register_optimizer_step_post_hook(lambda o, a, k: told.append("all after")),
            optimizer.register_step_post_hook(lambda o, a, k: told.append(f"after {len(a)} {sorted(k)}")),
            optimizer.register_step_pre_hook(lambda o, a, k: ((*a, lambda: told.append("closure")), {})),
            optimizer.register_state_dict_pre_hook(lambda o: told.append("saves")),
            optimizer.register_state_dict_pre_hook(lambda o: told.append("saves first"), prepend=True),
            optimizer.register_state_dict_post_hook(lambda o, d: {**d, "more": 1}),
            optimizer.register_load_state_dict_pre_hook(lambda o, d: told.append(f"loads {sorted(d)}")),
            optimizer.register_load_state_dict_post_hook(lambda o: told.append("loaded")),
        ]
        step(optimizer, m, p, 1)
        optimizer.load_state_dict(optimizer.state_dict())
        for handle in handles:
            handle.remove()
        step(optimizer, m, p, 1)
        return told

    assert run(autogradkit) == run(torch)


def test_a_hook_that_returns_something_else_is_refused() -> None:
    def run(m: Any) -> None:
        optimizer = m.optim.SGD([leaf(m)], lr=0.1)
        optimizer.register_step_pre_hook(lambda o, a, k: 3)
        optimizer.step()

    said = [outcome(run, m).split(" must ")[1] for m in BOTH]
    assert said[0] == said[1] == "return None or a tuple of (new_args, new_kwargs), but got 3."


def test_names_of_parameters_are_kept_and_saved() -> None:
    def run(m: Any) -> Any:
        model = m.nn.Sequential(m.nn.Linear(2, 3), m.nn.Linear(3, 1))
        optimizer = m.optim.Adam(model.named_parameters())
        saved = optimizer.state_dict()["param_groups"]
        loaded = m.optim.Adam([{"params": [(f"new.{n}", p) for n, p in model.named_parameters()]}])
        plain = copy.deepcopy(saved)
        del plain[0]["param_names"]
        loaded.load_state_dict({"state": {}, "param_groups": plain})
        kept = loaded.param_groups[0]["param_names"]
        loaded.load_state_dict({"state": {}, "param_groups": saved})
        return saved, kept, loaded.param_groups[0]["param_names"], repr(optimizer)

    assert run(autogradkit) == run(torch)


def searched(m: Any, how: str) -> None:
    p = leaf(m)

    def closure() -> Any:
        loss = (p**2).sum()
        loss.backward()
        return loss

    m.optim.LBFGS([p], line_search_fn=how).step(closure)


REFUSED: list[Callable[[Any], Any]] = [
    lambda m: m.optim.Adam([("w", leaf(m))]).add_param_group({"params": [leaf(m)]}),
    lambda m: m.optim.Adam([leaf(m)]).add_param_group({"params": [("w", leaf(m))]}),
    lambda m: m.optim.Adam([leaf(m)]).add_param_group([leaf(m)]),
    lambda m: optimizer_module(m).Optimizer([leaf(m)], {"lr": optimizer_module(m).required}),
    lambda m: m.optim.Optimizer([leaf(m)], {}).step(),
    lambda m: m.optim.LBFGS([{"params": [leaf(m)]}, {"params": [leaf(m)]}]),
    lambda m: searched(m, "armijo"),
    lambda m: m.optim.Muon([m.nn.Parameter(m.ones(3))]),
    lambda m: m.optim.Muon([leaf(m)], adjust_lr_fn="mine"),
    lambda m: step(m.optim.Muon([leaf(m)], ns_steps=100), m, m.ones(1), 0),
    lambda m: m.optim.Adafactor([leaf(m)], eps=(-1, 1e-3)),
    lambda m: m.optim.Rprop([leaf(m)], etas=(1.5, 2)),
    lambda m: m.optim.Adadelta([leaf(m)], rho=1.5),
    lambda m: m.optim.SparseAdam([leaf(m)], lr=0.0),
    lambda m: m.optim.SparseAdam([m.nn.Parameter(m.ones(1, dtype=m.complex64))]),
    lambda m: m.optim.SparseAdam([m.zeros(3).to_sparse().requires_grad_()]),
    lambda m: m.optim.Adagrad([leaf(m)], fused=True, foreach=True),
    lambda m: m.optim.Adam([leaf(m)]).load_state_dict({"state": {}, "param_groups": [{"params": [1, 2]}]}),
]


@every_case("index", range(len(REFUSED)))
def test_refusals(index: int) -> None:
    mine, theirs = (outcome(REFUSED[index], m) for m in BOTH)
    assert mine == theirs


@pytest.mark.parametrize("index", [0, 1])
def test_older_states_get_what_they_lack(index: int) -> None:
    """Counts were numbers once, and options fewer."""
    name = ("Adamax", "NAdam")[index]
    found = []
    for m in BOTH:
        p = leaf(m)
        optimizer = getattr(m.optim, name)([p])
        step(optimizer, m, p, 0)
        saved = optimizer.state_dict()
        for key in ("foreach", "maximize", "capturable", "differentiable"):
            del saved["param_groups"][0][key]
        saved["state"][0]["step"] = 1
        optimizer.load_state_dict(saved)
        step(optimizer, m, p, 1)
        found.append((optimizer.state[p]["step"].item(), set(optimizer.param_groups[0]), p.detach().numpy()))
    assert found[0][:2] == found[1][:2]
    np.testing.assert_allclose(found[0][2], found[1][2], rtol=1e-6)


@pytest.mark.parametrize(
    "options", [{}, {"line_search_fn": "strong_wolfe"}, {"history_size": 2, "max_iter": 4}, {"max_eval": 3}], ids=str
)
def test_lbfgs_goes_pytorchs_way_through_rosenbrocks_valley(options: dict[str, Any]) -> None:
    found = []
    for m in BOTH:
        x, y = (m.nn.Parameter(m.tensor([start], dtype=m.float64)) for start in (-0.5, 0.75))
        optimizer = m.optim.LBFGS([x, y], lr=0.5, **options)
        calls = [0]

        def closure(calls: list[int] = calls, optimizer: Any = optimizer, x: Any = x, y: Any = y) -> Any:
            calls[0] += 1
            optimizer.zero_grad()
            loss = ((1 - x) ** 2 + 10 * (y - x**2) ** 2).sum()
            loss.backward()
            return loss

        losses = [optimizer.step(closure).detach().item() for _ in range(3)]
        state = optimizer.state_dict()["state"][0]
        found.append((losses, [x.item(), y.item()], calls, {key: type(each).__name__ for key, each in state.items()}))
    assert found[0][0] == pytest.approx(found[1][0], rel=1e-6)
    assert found[0][1] == pytest.approx(found[1][1], rel=1e-6)
    assert found[0][2:] == found[1][2:]


def test_a_profile_names_the_optimizers() -> None:
    names = []
    for m in BOTH:
        p = leaf(m)
        optimizer = m.optim.RMSprop([p])
        with m.autograd.profiler.profile() as times:
            step(optimizer, m, p, 0)
            optimizer.zero_grad()
        names.append([each.name for each in times.function_events if each.name.startswith("Optimizer.")])
    assert names[0] == names[1] == ["Optimizer.step#RMSprop.step", "Optimizer.zero_grad#RMSprop.zero_grad"]
