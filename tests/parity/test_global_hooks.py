"""Hooks of all modules at once beside PyTorch: their order, what they replace, what they say; and `Module.compile`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch

import autogradkit
from autogradkit.nn.modules import hooks
from tests.every_case import every_case

from .layer_cases import assert_alike
from .outcomes import Case, case_of

CASES: dict[str, Case] = {}
case = case_of(CASES)


@pytest.fixture(autouse=True)
def of_no_sort() -> Iterator[None]:
    """Which sort of backward hooks there was last is remembered, in both libraries, for good."""
    yield
    hooks.OF_ALL.full = None
    torch.nn.modules.module._global_is_full_backward_hook = None


def net(m: Any) -> Any:
    return m.nn.Sequential(m.nn.Linear(3, 2), m.nn.Tanh(), m.nn.Linear(2, 1))


def there(m: Any) -> Any:
    return m.nn.modules.module


@case
def forward_hooks(m: Any) -> Any:
    heard: list[Any] = []
    layers, x = net(m), m.ones(4, 3)
    layers[0].register_forward_hook(lambda module, args, y: heard.append("own"))
    layers[0].register_forward_pre_hook(lambda module, args: heard.append("own before"))
    before = there(m).register_module_forward_pre_hook(
        lambda module, args: heard.append((type(module).__name__, len(args)))
    )
    after = there(m).register_module_forward_hook(
        lambda module, args, y: heard.append((type(module).__name__, tuple(y.shape)))
    )
    y = layers(x)
    before.remove()
    after.remove()
    after.remove()
    count = len(heard)
    layers[1:](m.ones(1, 2))
    return heard, count, y


@case
def replaced_values(m: Any) -> Any:
    with (
        there(m).register_module_forward_pre_hook(lambda module, args: args[0] * 2),
        there(m).register_module_forward_hook(lambda module, args, y: y + 1),
    ):
        return m.nn.Tanh()(m.tensor([0.5, -1.0])), net(m)(m.ones(2, 3))


@case
def keyword_arguments(m: Any) -> Any:
    heard: list[Any] = []

    def look(module: Any, args: Any, kwargs: Any, y: Any) -> None:
        heard.append((len(args), sorted(kwargs)))

    with there(m).register_module_forward_hook(look, with_kwargs=True):
        m.nn.Tanh()(input=m.ones(1))
    return heard


@case
def always_called(m: Any) -> Any:
    heard: list[Any] = []
    layer = m.nn.Linear(3, 2)
    layer.register_forward_hook(lambda module, args, y: heard.append(("own", y)), always_call=True)

    def fails(module: Any, args: Any, y: Any) -> None:
        heard.append(("all", y))
        raise ValueError("of its own")

    with there(m).register_module_forward_hook(fails, always_call=True):
        try:
            layer(m.ones(4))
        except RuntimeError as error:
            heard.append(str(error))
    return heard


@case
def backward_hooks(m: Any) -> Any:
    heard: list[Any] = []
    layers, x = net(m), m.ones(4, 3, requires_grad=True)
    layers[1].register_full_backward_hook(lambda module, inside, outside: heard.append("own"))
    layers[1].register_full_backward_pre_hook(lambda module, outside: heard.append("own before"))
    kinds = there(m)
    with (
        kinds.register_module_full_backward_pre_hook(
            lambda module, outside: heard.append(("before", type(module).__name__))
        ),
        kinds.register_module_full_backward_hook(
            lambda module, inside, outside: heard.append((type(module).__name__, inside[0].shape, outside[0].shape))
        ),
    ):
        y = layers(x)
    y.sum().backward()
    return heard, x.grad


@case
def replaced_gradients(m: Any) -> Any:
    x = m.ones(3, requires_grad=True)
    with (
        there(m).register_module_full_backward_pre_hook(lambda module, outside: (outside[0] * 3,)),
        there(m).register_module_full_backward_hook(lambda module, inside, outside: (inside[0] + 1,)),
    ):
        m.nn.Tanh()(x).sum().backward()
    return x.grad


@case
def older_backward_hooks(m: Any) -> Any:
    heard: list[Any] = []
    x = m.ones(3, requires_grad=True)
    layer = m.nn.Tanh()
    layer.register_full_backward_hook(lambda module, inside, outside: heard.append("full"))
    with there(m).register_module_backward_hook(lambda module, inside, outside: heard.append(outside[0])):
        layer(x).sum().backward()
    return heard, x.grad


@case
def both_sorts(m: Any) -> Any:
    there(m).register_module_backward_hook(print).remove()
    return there(m).register_module_full_backward_hook(print)


@case
def both_sorts_the_other_way(m: Any) -> Any:
    there(m).register_module_full_backward_hook(print).remove()
    return there(m).register_module_backward_hook(print)


@case
def registration(m: Any) -> Any:
    heard: list[Any] = []

    def look(module: Any, name: str, value: Any) -> None:
        heard.append((type(module).__name__, name, type(value).__name__))

    kinds = there(m)
    with (
        kinds.register_module_parameter_registration_hook(look),
        kinds.register_module_buffer_registration_hook(look),
        kinds.register_module_module_registration_hook(look),
    ):
        layers = m.nn.Sequential(m.nn.Linear(2, 1, bias=False), m.nn.BatchNorm1d(1))
        layers.extra = m.nn.Tanh()
        layers.extra = None
        layers[1].running_mean = m.ones(1)
        layers.register_buffer("none", None)
        layers[0].bias = m.nn.Parameter(m.ones(1))
    m.nn.Linear(1, 1)
    return heard, layers


@case
def replaced_members(m: Any) -> Any:
    with (
        there(m).register_module_parameter_registration_hook(
            lambda module, name, p: m.nn.Parameter(p.detach() * 0 + 7)
        ),
        there(m).register_module_module_registration_hook(lambda module, name, each: m.nn.Identity()),
    ):
        layer = m.nn.Linear(2, 1, bias=False)
        layer.under = m.nn.Tanh()
    return layer


@case
def compiled_by_no_mode(m: Any) -> Any:
    return m.nn.Tanh().compile(mode="quick")


@every_case("name", CASES)
def test_it_is_as_in_pytorch(name: str) -> None:
    assert_alike(CASES[name])


def test_without_hooks_calls_look_for_none() -> None:
    handles = [autogradkit.nn.modules.module.register_module_forward_hook(lambda *_: None) for _ in range(2)]
    handles[0].remove()
    assert hooks.EVERYWHERE
    handles[1].remove()
    assert not hooks.EVERYWHERE


def test_compiling_a_module_changes_nothing_of_it() -> None:
    layer = autogradkit.nn.Tanh()
    assert layer.compile(dynamic=True) is None
    assert layer(autogradkit.ones(1)).item() == autogradkit.ones(1).tanh().item()
