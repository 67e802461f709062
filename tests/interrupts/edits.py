"""What is interrupted, 1: edits in place of every kind of tensor, `out=`, `.data`, flags, random fills."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import autogradkit as T
from tests.interrupts.sweep import Scenario

World = dict[str, Any]


def _leaf() -> World:
    return {"x": T.arange(6.0).reshape(2, 3) + 1}


def _result() -> World:
    w = T.arange(6.0).reshape(2, 3).add_(1).requires_grad_()
    return {"w": w, "x": w * 1}


def _saved() -> World:
    """A result whose values a backward needs."""
    world = _result()
    return {**world, "y": world["x"].exp()}


def _view() -> World:
    world = _result()
    return {**world, "base": world["x"], "x": world["x"][:, 1:]}


def _view_of_view() -> World:
    world = _result()
    base = world["x"]
    middle = base.t()
    return {**world, "base": base, "middle": middle, "other": base[0], "x": middle[1:]}


def _base_of_views() -> World:
    world = _result()
    return {**world, "view": world["x"][0], "column": world["x"][:, 2]}


def _retained() -> World:
    world = _view()
    world["base"].retain_grad()
    world["x"].retain_grad()
    return world


def _fresh_view() -> World:
    """A view of what requires no grad, to be edited by what does."""
    base = T.arange(6.0).reshape(2, 3) + 1
    return {"w": T.full((2, 2), 2.0, requires_grad=True), "base": base, "x": base[:, 1:]}


TARGETS = [_leaf, _result, _saved, _view, _view_of_view, _base_of_views, _retained, _fresh_view]


def _like(x: Any, low: float = 1.0) -> Any:
    return T.linspace(low, low + 1, max(x.numel(), 1)).reshape(x.shape)


def _needing(x: Any) -> Any:
    return _like(x).requires_grad_()


def _set(index: Any, value: Any) -> Callable[[Any], Any]:
    def assign(x: Any) -> None:
        x[index(x) if callable(index) else index] = value(x) if callable(value) else value

    return assign


EDITS: dict[str, Callable[[Any], Any]] = {
    "mul_(3)": lambda x: x.mul_(3),
    "mul_(tensor)": lambda x: x.mul_(_like(x)),
    "mul_(needing grad)": lambda x: x.mul_(_needing(x)),
    "+= with alpha": lambda x: x.add_(_like(x), alpha=2),
    "exp_": lambda x: x.exp_(),
    "pow_(2)": lambda x: x.pow_(2),
    "sigmoid_": lambda x: x.sigmoid_(),
    "relu_": lambda x: x.relu_(),
    "clamp_": lambda x: x.clamp_(2, 4),
    "copy_(needing grad)": lambda x: x.copy_(_needing(x)),
    "fill_": lambda x: x.fill_(7),
    "zero_": lambda x: x.zero_(),
    "x[0] = 5": _set(0, 5.0),
    "x[...] = needing grad": _set(..., _needing),
    "x[index] = 1": _set(lambda x: T.tensor([0]), 1.0),
    "x[mask] = 0": _set(lambda x: x > 2, 0.0),
    "masked_fill_": lambda x: x.masked_fill_(x > 2, 9.0),
    "index_add_": lambda x: x.index_add_(0, T.tensor([0]), _like(x[:1])),
    "index_copy_": lambda x: x.index_copy_(0, T.tensor([1]), _like(x[:1])),
    "scatter_": lambda x: x.scatter_(0, T.zeros(1, x.shape[1], dtype=T.int64), 4.0),
    "scatter_add_": lambda x: x.scatter_add_(0, T.zeros(1, x.shape[1], dtype=T.int64), _like(x)),
    "cumsum_": lambda x: x.cumsum_(0),
    "tril_": lambda x: x.tril_(),
    "lt_": lambda x: x.lt_(3),
    "square_": lambda x: x.square_(),
    "normal_": lambda x: x.normal_(generator=T.Generator().manual_seed(1)),
    "uniform_": lambda x: x.uniform_(generator=T.Generator().manual_seed(1)),
}  # fmt: skip

# What changes a tensor without writing its elements.
CHANGES: dict[str, Callable[[Any], Any]] = {
    "t_": lambda x: x.t_(),
    "unsqueeze_": lambda x: x.unsqueeze_(0),
    "squeeze_": lambda x: x.squeeze_(),
    "requires_grad_": lambda x: x.requires_grad_(),
    "detach_": lambda x: x.detach_(),
    "data =": lambda x: setattr(x, "data", T.zeros(5)),
    "data.mul_": lambda x: x.data.mul_(2),
    "retain_grad": lambda x: x.retain_grad(),
    "grad_fn of a stale view": lambda x: x.grad_fn,
    "grad =": lambda x: setattr(x, "grad", _like(x)),
}


def backward_of_all(world: World) -> Any:
    """The leaf's gradient, through everything that was built."""
    total: Any = 0
    for name, each in world.items():
        if name != "w":
            total = total + (each * T.linspace(1, 2, each.numel()).reshape(each.shape)).sum()
    total = total + world["x"].sum() * 3
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        total.backward()
        return [each.grad for each in world.values()]


def _in_no_grad(edit: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def run(x: Any) -> None:
        with T.no_grad():
            edit(x)

    return run


def _possible(build: Callable[[], World], act: Callable[[Any], Any]) -> bool:
    """Whether PyTorch's rules let this be done at all."""
    try:
        act(build()["x"])
    except RuntimeError:
        return False
    return True


def _scenario(name: str, build: Callable[[], World], act: Callable[[Any], Any]) -> Scenario:
    return Scenario(name, build, lambda world: act(world["x"]), follow=backward_of_all)


def _leaf_with_grad() -> World:
    w = T.arange(6.0).reshape(2, 3).add_(1).requires_grad_()
    (w * 2).sum().backward()
    return {"x": w}


def _out() -> World:
    return {
        "a": _like(T.empty(2, 3)),
        "x": T.zeros(2, 3),
        "small": T.empty(0),
        "y": T.zeros(3),
        "i": T.zeros(3, dtype=T.int64),
    }


OUTS: dict[str, Callable[[World], Any]] = {
    "add(out=)": lambda w: T.add(w["a"], 2, out=w["x"]),
    "exp(out= of another size)": lambda w: T.exp(w["a"], out=w["small"]),
    "sum(out=)": lambda w: T.sum(w["a"], 0, out=w["y"]),
    "max(out=(values, indices))": lambda w: T.max(w["a"], 0, out=(w["y"], w["i"])),
    "matmul(out=)": lambda w: T.matmul(w["a"], w["a"].t(), out=w["small"]),
    "zeros(out=)": lambda w: T.ones(2, 3, out=w["x"]),
    "arange(out=)": lambda w: T.arange(3.0, out=w["y"]),
    "randn(out=)": lambda w: T.randn(3, generator=T.Generator().manual_seed(2), out=w["y"]),
}


def scenarios() -> list[Scenario]:
    """All of them."""
    made = [
        _scenario(f"{name} of {build.__name__[1:]}", build, act)
        for name, act in [*EDITS.items(), *CHANGES.items()]
        for build in TARGETS
        if _possible(build, act)
    ]
    made += [_scenario(f"{name} under no_grad", _leaf_with_grad, _in_no_grad(act)) for name, act in EDITS.items()]
    made += [Scenario(name, _out, act) for name, act in OUTS.items()]
    return made
