"""What is interrupted, 2: backward and `autograd.grad`. As in PyTorch each `.grad` by itself is the old one or the new one."""

from __future__ import annotations

import warnings
from typing import Any

import autogradkit as T
from tests.interrupts.states import state, state_of_grad
from tests.interrupts.sweep import Scenario

World = dict[str, Any]


class Doubled(T.autograd.Function):
    """A custom function."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x * 2

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (x,) = ctx.saved_tensors
        return g * 2 + x * 0


def _network() -> World:
    w = T.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    b = T.tensor([0.5, -0.5], requires_grad=True)
    u = T.tensor([1.0, 2.0], requires_grad=True)
    h = (w * w + b).relu()
    h.retain_grad()
    y = Doubled.apply(h @ u)
    return {"w": w, "b": b, "u": u, "h": h, "loss": (y * y).sum() + b.sum()}


def _with_grads() -> World:
    world = _network()
    for name in ("w", "b", "u"):
        world[name].grad = T.ones(world[name].shape)
    return world


def _hooked() -> World:
    world = _with_grads()
    world["w"].register_hook(lambda g: g * 2)
    world["h"].register_hook(lambda g: g + 1)
    world["b"].register_post_accumulate_grad_hook(lambda tensor: None)
    world["h"].grad_fn.register_hook(lambda sent, received: None)
    world["h"].grad_fn.register_prehook(lambda received: None)
    return world


def _edited() -> World:
    world = _network()
    h = world["h"] * 1
    h[0].mul_(3)
    return {**world, "loss": (h * world["u"]).sum()}


def _look(world: World) -> World:
    """Each `.grad` is a part."""
    return {name: state_of_grad(world[name].grad) for name in ("w", "b", "u", "h")}


def _contributions(build: Any) -> Any:
    """What one whole backward adds to each leaf."""
    world = build()
    before = [_numbers(world[name].grad) for name in ("w", "b", "u")]
    world["loss"].backward()
    return [_numbers(world[name].grad) - old for name, old in zip(("w", "b", "u"), before, strict=True)]


def _numbers(grad: Any) -> Any:
    return 0 if grad is None else grad.detach().clone().numpy()


def _second_backward(build: Any) -> Any:
    """Going on: another backward adds what it should, or PyTorch's error says that the graph was used."""

    def follow(world: World) -> None:
        wanted = _contributions(build)
        before = [_numbers(world[name].grad) for name in ("w", "b", "u")]
        try:
            world["loss"].backward()
        except RuntimeError as error:
            if not str(error).startswith("Trying to backward through the graph a second time"):
                raise
            return
        for name, old, more in zip(("w", "b", "u"), before, wanted, strict=True):
            assert abs(_numbers(world[name].grad) - (old + more)).max() < 1e-4, name

    return follow


def _backward(**options: Any) -> Any:
    def act(world: World) -> None:
        given = {**options}
        if "inputs" in given:
            given["inputs"] = [world[name] for name in given["inputs"]]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            world["loss"].backward(**given)

    return act


def _grad(**options: Any) -> Any:
    return lambda world: T.autograd.grad(world["loss"], [world["w"], world["b"]], **options)


def scenarios() -> list[Scenario]:
    """All of them."""
    made: list[Scenario] = []
    calls = {
        "backward()": _backward(),
        "backward(retain_graph)": _backward(retain_graph=True),
        "backward(create_graph)": _backward(create_graph=True),
        "backward(inputs)": _backward(inputs=["w", "h"], retain_graph=True),
        "grad()": _grad(),
        "grad(create_graph)": _grad(create_graph=True),
    }
    for build in (_network, _with_grads, _hooked, _edited):
        for name, act in calls.items():
            made.append(
                Scenario(f"{name} of {build.__name__[1:]}", build, act, _look, _second_backward(build), in_parts=True)
            )

    def anomaly(world: World) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with T.autograd.detect_anomaly():
                _network()["loss"].backward()

    made.append(
        Scenario("backward under detect_anomaly", _network, anomaly, _look, _second_backward(_network), in_parts=True)
    )
    made.append(
        Scenario(
            "a hook registered and removed",
            _network,
            lambda world: world["w"].register_hook(lambda g: None).remove(),
            lambda world: {name: state(world[name]) for name in ("w", "b", "u")},
            _second_backward(_network),
            in_parts=True,
        )
    )
    return made
