"""Without the garbage collector: what a call has made is gone when nobody holds it, also where the call has failed."""

from __future__ import annotations

import contextlib
import gc
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import autogradkit as T
from tests.every_case import every_case

Track = Callable[..., None]


class Doubles(T.autograd.Function):
    """Saves its own output."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        y = x * 2
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return g * ctx.saved_tensors[0]


class FailsForward(Doubles):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x * 2)
        raise ZeroDivisionError


class FailsBackward(Doubles):
    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        raise ZeroDivisionError


class Edits(T.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.mark_dirty(x.mul_(2))
        ctx.save_for_backward(x)
        return x

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return g


class SomeFixed(T.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        a, b = x * 2, x * 3
        ctx.mark_non_differentiable(b)
        return a, b

    @staticmethod
    def backward(ctx: Any, g: Any, _: Any) -> Any:
        return g


class Legacy(T.autograd.Function):
    def forward(self, x: Any) -> Any:
        y = x * 2
        self.save_for_backward(y)
        return y

    def backward(self, g: Any) -> Any:
        return g * self.saved_tensors[0]


def leaf() -> Any:
    return T.ones(2, requires_grad=True)


def saves_its_output(track: Track) -> None:
    x = leaf()
    y = Doubles.apply(x)
    track(x, y, y.grad_fn)


def edits_its_input(track: Track) -> None:
    y = Edits.apply(leaf() * 1)
    track(y, y.grad_fn)


def has_a_fixed_output(track: Track) -> None:
    a, b = SomeFixed.apply(leaf())
    track(a, b, a.grad_fn)


def old_style(track: Track) -> None:
    x, function = leaf(), Legacy()
    y = function(x)
    track(x, y, y.grad_fn, function)
    y.sum().backward()
    assert x.grad.tolist() == [2, 2]


def fails_forward(track: Track) -> None:
    x = leaf()
    track(x)
    FailsForward.apply(x)


def fails_backward(track: Track) -> None:
    x = leaf()
    y = FailsBackward.apply(x)
    track(x, y, y.grad_fn)
    y.sum().backward()


def fails_second_backward(track: Track) -> None:
    x = leaf()
    y = (x * x).sum()
    track(x, y, y.grad_fn)
    y.backward()
    y.backward()


def fails_on_an_edit(track: Track) -> None:
    x = leaf()
    z = x.exp()
    y = z.sum()
    track(x, y, z, y.grad_fn)
    z.add_(1)
    T.autograd.grad(y, x, create_graph=True)


def fails_in_a_hook(track: Track) -> None:
    x = leaf()
    z = x.exp()
    track(x, z, z.grad_fn)
    z.register_hook(lambda g: g[:1])
    z.sum().backward()


def fails_in_a_layer_that_is_recorded(track: Track) -> None:
    layer, x = T.nn.Linear(2, 2), T.ones(3, 3)
    track(layer, x, layer.weight)
    with T.record():
        layer(x)


def fails_forward_recorded(track: Track) -> None:
    x = leaf()
    track(x)
    with T.record():
        FailsForward.apply(x)


def layer_with_hooks(track: Track) -> None:
    layer, x = T.nn.Linear(2, 2), T.ones(3, 2, requires_grad=True)
    layer.register_full_backward_hook(lambda module, gives, gets: None)
    y = layer(x)
    track(layer, x, y, y.grad_fn)
    y.sum().backward()


def asks_a_layer_for_what_it_has_not(track: Track) -> None:
    layer = T.nn.Linear(2, 2)
    track(layer, layer.weight)
    with contextlib.suppress(AttributeError):
        layer.wieght  # noqa: B018


def makes_a_parameter_of_a_number(track: Track) -> None:
    x = leaf()
    track(x)
    with contextlib.suppress(AttributeError):
        T.nn.Parameter(5)


def schedule(track: Track) -> None:
    optimizer = T.optim.SGD([leaf()], lr=0.1)
    plan = T.optim.lr_scheduler.StepLR(optimizer, 1)
    optimizer.step()
    plan.step()
    track(optimizer, plan)


CASES = [
    saves_its_output, edits_its_input, has_a_fixed_output, old_style, fails_forward, fails_backward, fails_second_backward,
    fails_on_an_edit, fails_in_a_hook, fails_in_a_layer_that_is_recorded, fails_forward_recorded, layer_with_hooks,
    asks_a_layer_for_what_it_has_not, makes_a_parameter_of_a_number, schedule,
]  # fmt: skip


@pytest.fixture
def without_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("without_collector")
@every_case("case", CASES)
def test_nothing_stays(case: Callable[[Track], None]) -> None:
    held: list[weakref.ref[Any]] = []

    def track(*values: Any) -> None:
        held.extend(weakref.ref(value) for value in values)

    with contextlib.suppress(RuntimeError, ZeroDivisionError):
        case(track)
    assert held
    assert [place for place, reference in enumerate(held) if reference() is not None] == []
