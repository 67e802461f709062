"""The functional forms of the optimizers, `torch.optim._functional`, beside PyTorch's."""

import importlib
import inspect
from typing import Any

import numpy as np
import pytest
import torch

import autogradkit
from tests.every_case import every_case

NAMES = [
    "adadelta",
    "adagrad",
    "adam",
    "adamax",
    "adamw",
    "asgd",
    "nadam",
    "radam",
    "rmsprop",
    "rprop",
    "sgd",
    "sparse_adam",
]
ADAM = {"amsgrad": True, "beta1": 0.9, "beta2": 0.99, "lr": 0.1, "weight_decay": 0.01, "eps": 1e-8, "maximize": False}
PAIR = {"beta1": 0.9, "beta2": 0.99, "lr": 0.1, "weight_decay": 0.01, "eps": 1e-8}
# How many lists like the parameters each takes, what else it remembers, and its options.
FORMS: dict[str, tuple[int, list[float], dict[str, Any]]] = {
    "adadelta": (2, [], {"lr": 1.0, "rho": 0.9, "eps": 1e-6, "weight_decay": 0.01, "maximize": True}),
    "adagrad": (1, [], {"lr": 0.1, "lr_decay": 0.1, "eps": 1e-6, "weight_decay": 0.01, "maximize": False}),
    "adam": (3, [], ADAM),
    "adamax": (2, [], PAIR),
    "adamw": (3, [], ADAM),
    "asgd": (1, [1.0, 0.1], {"lambd": 1e-2, "lr": 0.1, "t0": 1, "alpha": 0.75, "weight_decay": 0.1}),
    "nadam": (2, [1.0], {**PAIR, "momentum_decay": 0.004}),
    "radam": (2, [], PAIR),
    "rmsprop": (3, [], {"lr": 0.1, "alpha": 0.9, "eps": 1e-8, "weight_decay": 0.1, "momentum": 0.5, "centered": True}),
    "rprop": (2, [], {"step_size_min": 1e-6, "step_size_max": 50, "etaminus": 0.5, "etaplus": 1.2}),
}


def form(m: Any, name: str) -> Any:
    """The form of one library."""
    return getattr(importlib.import_module(f"{m.__name__}.optim._functional"), name)


def numbers(tensors: list[Any]) -> list[Any]:
    """What tensors hold."""
    return [each.detach().to_dense().tolist() for each in tensors]


def two_steps(m: Any, name: str) -> list[Any]:
    """Parameters and all that is remembered, after two steps of two parameters."""
    like, others, options = FORMS[name]
    generator = np.random.default_rng(3)
    parameters = [m.tensor(generator.normal(size=size)) for size in ((3,), (2, 2))]
    lists = [[m.full_like(each, 0.3) for each in parameters] for _ in range(like)]
    lists += [[m.tensor(value) for _ in parameters] for value in others]
    lists.append([m.tensor(4.0) for _ in parameters])
    for _ in range(2):
        gradients = [m.tensor(generator.normal(size=tuple(each.shape))) for each in parameters]
        assert form(m, name)(parameters, gradients, *lists, **options) is None
    return [numbers(given) for given in (parameters, *lists)]


@every_case("name", FORMS)
def test_a_step_on_lists_is_pytorchs(name: str) -> None:
    for ours, theirs in zip(two_steps(autogradkit, name), two_steps(torch, name), strict=True):
        for one, other in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12)


@every_case("name", NAMES)
def test_it_is_called_as_pytorchs_is_and_found_where_pytorchs_is(name: str) -> None:
    assert [
        (each.name, each.kind, each.default) for each in inspect.signature(form(autogradkit, name)).parameters.values()
    ] == [(each.name, each.kind, each.default) for each in inspect.signature(form(torch, name)).parameters.values()]
    if name != "sparse_adam":
        module = importlib.import_module(f"autogradkit.optim.{name}")
        assert getattr(module, name) is form(autogradkit, name)


def test_momentum_that_begins_is_put_into_its_list() -> None:
    def steps(m: Any) -> list[Any]:
        parameter, momentum = m.tensor([1.0, 2.0]), [None]
        options = {"weight_decay": 0.1, "momentum": 0.9, "lr": 0.1, "dampening": 0.5, "nesterov": False}
        for gradient in ([3.0, -1.0], [0.5, 0.5]):
            form(m, "sgd")([parameter], [m.tensor(gradient)], momentum, **options, maximize=True)
        return numbers([parameter, *momentum])

    np.testing.assert_allclose(steps(autogradkit), steps(torch), rtol=1e-6)


def test_sparse_gradients() -> None:
    def steps(m: Any) -> list[Any]:
        parameter = m.ones(3)
        averages = [m.zeros(3), m.zeros(3)]
        with m.sparse.check_sparse_tensor_invariants():
            gradient = m.sparse_coo_tensor([[0, 2]], [1.0, 2.0], (3,))
        for step in (1, 2):
            form(m, "sparse_adam")(
                [parameter], [gradient], averages[:1], averages[1:], [step],
                eps=1e-8, beta1=0.9, beta2=0.99, lr=0.1, maximize=False,
            )  # fmt: skip
        return numbers([parameter, *averages])

    np.testing.assert_allclose(steps(autogradkit), steps(torch), rtol=1e-6)


def test_a_step_is_differentiated_where_tensors_require_gradients() -> None:
    def gradients(m: Any) -> list[Any]:
        start = m.tensor([1.0, 2.0], dtype=m.float64, requires_grad=True)
        slope = m.tensor([0.3, -0.2], dtype=m.float64, requires_grad=True)
        moved = start * 2
        state = [[m.full((2,), 0.1, dtype=m.float64)], [m.full((2,), 0.2, dtype=m.float64)], [], [m.tensor(1.0)]]
        form(m, "adam")([moved], [slope * 3], *state, differentiable=True, **{**ADAM, "amsgrad": False})
        (moved**2).sum().backward()
        return [moved.tolist(), start.grad.tolist(), slope.grad.tolist()]

    np.testing.assert_allclose(gradients(autogradkit), gradients(torch), rtol=1e-6)


def test_refusals_are_pytorchs() -> None:
    def refusal(m: Any, leaf: bool) -> str:
        parameter = m.ones(2, requires_grad=leaf)
        steps = [m.tensor(1.0)] if leaf else [1]
        with pytest.raises(RuntimeError) as caught:
            form(m, "adam")(
                [parameter], [m.ones(2)], [m.zeros(2)], [m.zeros(2)], [], steps, **{**ADAM, "amsgrad": False}
            )
        return str(caught.value)

    for leaf in (True, False):
        assert refusal(autogradkit, leaf) == refusal(torch, leaf)


def test_scaled_gradients_are_refused() -> None:
    one = autogradkit.ones(1)
    with pytest.raises(RuntimeError, match="scaled back"):
        form(autogradkit, "adam")([one], [one], [one], [one], [one], [one], grad_scale=one, **ADAM)
