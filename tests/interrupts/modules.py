"""What is interrupted, 5: changes of what a module consists of, and gradients that are made smaller together."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import autogradkit as T
from autogradkit.nn import utils
from autogradkit.nn.utils import parametrizations, parametrize, prune
from tests.interrupts.sweep import Scenario

World = dict[str, Any]


class _Double(T.nn.Module):
    def forward(self, x: Any) -> Any:
        return x * 2

    def right_inverse(self, x: Any) -> Any:
        return x / 2


def _layer(*changes: Callable[[Any], Any]) -> Callable[[], World]:
    def build() -> World:
        T.manual_seed(0)
        layer = T.nn.Linear(2, 2)
        for change in changes:
            change(layer)
        return {"layer": layer}

    return build


def _look(world: World) -> World:
    """What it consists of, and what it says. Memory that was given back counts as an edit, so versions are left out."""
    layer = world["layer"]
    parts = [
        (name, type(each).__name__, each.tolist(), each.requires_grad)
        for name, each in (*layer.named_parameters(), *layer.named_buffers())
    ]
    hooks = [len(layer._forward_pre_hooks), len(layer._state_dict_hooks), len(layer._load_state_dict_pre_hooks)]
    return {"parts": parts, "class": type(layer).__name__, "hooks": hooks, "result": layer(T.ones(2)).tolist()}


def _quiet(change: Callable[..., Any]) -> Callable[[Any], Any]:
    def changed(layer: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return change(layer)

    return changed


def _pruned(layer: Any) -> Any:
    return prune.l1_unstructured(layer, "weight", 1)


def _doubled(layer: Any) -> Any:
    return parametrize.register_parametrization(layer, "weight", _Double())


_normed = _quiet(utils.weight_norm)
_spectral = _quiet(utils.spectral_norm)

# What is done to a layer that these have changed before.
CHANGES: dict[str, tuple[tuple[Callable[[Any], Any], ...], Callable[[Any], Any]]] = {
    "register_parametrization": ((), _doubled),
    "register_parametrization, a second": ((_doubled,), _doubled),
    "remove_parametrizations": ((_doubled,), lambda m: parametrize.remove_parametrizations(m, "weight")),
    "remove_parametrizations, the original": (
        (_doubled,),
        lambda m: parametrize.remove_parametrizations(m, "weight", leave_parametrized=False),
    ),
    "spectral_norm": ((), parametrizations.spectral_norm),
    "weight_norm as a hook": ((), _normed),
    "remove_weight_norm": ((_normed,), utils.remove_weight_norm),
    "spectral_norm as a hook": ((), _spectral),
    "remove_spectral_norm": ((_spectral,), utils.remove_spectral_norm),
    "prune": ((), _pruned),
    "prune again": ((_pruned,), _pruned),
    "prune.remove": ((_pruned,), lambda m: prune.remove(m, "weight")),
}


def _gradients() -> World:
    world = {name: T.zeros(2, requires_grad=True) for name in "ab"}
    for number, each in enumerate(world.values()):
        each.grad = T.tensor([3.0, -4.0]) + number
    return world


def _numbers(world: World) -> World:
    return {name: each.grad.tolist() for name, each in world.items()}


def _sequence() -> World:
    return {"layers": T.nn.Sequential(T.nn.Linear(1, 1), T.nn.ReLU(), T.nn.Tanh())}


def _kinds(world: World) -> World:
    return {"kinds": [(name, type(each).__name__) for name, each in world["layers"].named_children()]}


def scenarios() -> list[Scenario]:
    """All of them."""
    made = [
        Scenario(name, _layer(*before), lambda world, change=change: change(world["layer"]), _look)
        for name, (before, change) in CHANGES.items()
    ]
    made.append(Scenario("clip_grad_norm_", _gradients, lambda world: utils.clip_grad_norm_(world.values(), 1.0)))
    made.append(
        Scenario("clip_grad_value_", _gradients, lambda world: utils.clip_grad_value_(world.values(), 1.0), _numbers)
    )
    for name, change in {
        "insert": lambda layers: layers.insert(0, T.nn.ELU()),
        "delete": lambda layers: layers.__delitem__(1),
    }.items():
        made.append(Scenario(f"Sequential: {name}", _sequence, lambda world, c=change: c(world["layers"]), _kinds))
    return made
