"""The engine against PyTorch: hooks of every kind, when they run, what they see, and what they may return."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

import autogradkit
from tests.every_case import every_case

from .outcomes import Case, assert_same, case_of, leaf


def with_hook(returned: Callable[[Any, Any], Any], kind: str) -> Callable[[Any], Any]:
    """A case: a hook of this kind gives `returned(torch, what it was called with)`."""

    def code(t: Any) -> Any:
        x = leaf(t)
        middle = x * 3
        y = middle * 2
        if kind == "tensor":
            y.register_hook(lambda g: returned(t, g))
        elif kind == "leaf":
            x.register_hook(lambda g: returned(t, g))
        elif kind == "before":
            y.grad_fn.register_prehook(lambda g: returned(t, g))
        elif kind == "after":
            y.grad_fn.register_hook(lambda given, received: returned(t, given))
        else:
            node = middle.grad_fn.next_functions[0][0]
            if kind == "before accumulation":
                node.register_prehook(lambda g: returned(t, g))
            else:
                node.register_hook(lambda given, received: returned(t, received))
        y.sum().backward()
        return x.grad

    return code


KINDS = ("tensor", "leaf", "before", "after", "before accumulation", "after accumulation")
RETURNS: dict[str, Callable[[Any, Any], Any]] = {
    "nothing": lambda t, g: None,
    "a number": lambda t, g: 3,
    "a list": lambda t, g: [t.ones(2)],
    "a tensor": lambda t, g: t.full((2,), 5.0),
    "a tuple of one": lambda t, g: (t.full((2,), 5.0),),
    "a tuple of two": lambda t, g: (t.full((2,), 5.0), None),
    "two tensors": lambda t, g: (t.ones(2), t.ones(2)),
    "two None": lambda t, g: (None, None),
    "one None": lambda t, g: (None,),
    "another shape": lambda t, g: t.ones(3),
    "another shape in a tuple": lambda t, g: (t.ones(3),),
    "another shape in a pair": lambda t, g: (t.ones(3), None),
    "another dtype": lambda t, g: t.ones(2, dtype=t.float64),
    "another dtype in a tuple": lambda t, g: (t.ones(2, dtype=t.float64),),
    "another dtype in a pair": lambda t, g: (t.ones(2, dtype=t.complex64), None),
    "a number in a tuple": lambda t, g: (3,),
}


@every_case("returned", RETURNS)
@every_case("kind", KINDS)
def test_what_a_hook_returns_goes_on_or_is_refused(kind: str, returned: str) -> None:
    assert_same(with_hook(RETURNS[returned], kind))


CASES: dict[str, Case] = {}
case = case_of(CASES)


@case
def hooks_in_order(t: Any) -> Any:
    log: list[Any] = []
    x = leaf(t)
    y = x * 2
    y.register_hook(lambda g: log.append("tensor 1"))
    y.grad_fn.register_prehook(lambda g: log.append("before"))
    y.register_hook(lambda g: log.append("tensor 2"))
    y.grad_fn.register_hook(lambda a, b: log.append("after"))
    x.register_hook(lambda g: log.append("leaf"))
    x.register_post_accumulate_grad_hook(lambda leaf: log.append(("accumulated", leaf.grad.tolist())))
    node = y.grad_fn.next_functions[0][0]
    node.register_prehook(lambda g: log.append("before accumulation"))
    node.register_hook(lambda a, b: log.append(("after accumulation", len(a), len(b))))
    y.sum().backward()
    return log


@case
def the_end_of_an_edge_at_a_leaf(t: Any) -> Any:
    node = (leaf(t) * 2).grad_fn.next_functions[0][0]
    return node.name(), type(node).__name__, repr(node).partition(" object at ")[0]


@case
def a_retained_gradient_is_the_one_before_the_nodes_prehooks(t: Any) -> Any:
    x = leaf(t)
    y = x * 2
    y.retain_grad()
    y.grad_fn.register_prehook(lambda g: (g[0] * 10,))
    y.register_hook(lambda g: g * 3)
    y.sum().backward()
    return y.grad, x.grad


@case
def grad_of_a_node_that_does_not_run_is_the_one_that_tensor_hooks_left(t: Any) -> Any:
    x = leaf(t)
    y = x * 2
    y.register_hook(lambda g: g * 3)
    y.grad_fn.register_prehook(lambda g: (g[0] * 10,))
    return t.autograd.grad(y.sum(), y)


@case
def grad_of_a_node_that_runs_is_the_one_that_came(t: Any) -> Any:
    x = leaf(t)
    y = x * 2
    y.register_hook(lambda g: g * 3)
    y.retain_grad()
    found = t.autograd.grad(y.sum(), (y, x))
    return found, y.grad, x.grad


@case
def grad_of_a_leaf_runs_its_hooks_but_does_not_accumulate(t: Any) -> Any:
    log: list[Any] = []
    x = leaf(t)
    y = x * 2
    x.register_hook(lambda g: g * 3)
    x.register_post_accumulate_grad_hook(lambda leaf: log.append("accumulated"))
    node = y.grad_fn.next_functions[0][0]
    node.register_prehook(lambda g: (g[0] * 10,))
    node.register_hook(lambda a, b: log.append("after"))
    return t.autograd.grad(y.sum(), x), x.grad, log


@case
def inputs_with_hooks(t: Any) -> Any:
    x, w = leaf(t), leaf(t)
    y = x * w
    x.register_hook(lambda g: g * 3)
    y.register_hook(lambda g: g * 5)
    y.grad_fn.register_prehook(lambda g: (g[0] * 7,))
    y.sum().backward(inputs=[x, y])
    return x.grad, y.grad, w.grad


@case
def a_prehook_sees_none_for_what_did_not_arrive(t: Any) -> Any:
    log: list[Any] = []
    x = t.ones(2, 3, requires_grad=True)
    first, _ = x.unbind()
    first.grad_fn.register_prehook(lambda g: log.append(g))
    first.sum().backward()
    return log, x.grad


@case
def a_hook_removed_by_another_still_runs_once(t: Any) -> Any:
    log: list[Any] = []
    y = leaf(t) * 2
    handles: list[Any] = []
    y.register_hook(lambda g: handles[0].remove())
    handles.append(y.register_hook(lambda g: log.append("second")))
    z = y.sum()
    z.backward(retain_graph=True)
    z.backward()
    return log


@case
def grad_mode_in_hooks(t: Any) -> Any:
    log: list[Any] = []
    x = leaf(t)
    x.register_hook(lambda g: log.append(t.is_grad_enabled()))
    (x * 2).sum().backward()
    (x * 2).sum().backward(create_graph=True)
    with t.no_grad():
        t.autograd.backward(x.detach().requires_grad_(), t.ones(2))
    return log, t.is_grad_enabled()


@case
def an_edit_in_a_hook_of_a_scalar_root(t: Any) -> Any:
    x = t.tensor(1.0, requires_grad=True)
    y = x * 2
    y.register_hook(lambda g: g.mul_(3))
    y.backward(retain_graph=True)
    y.backward()
    return x.grad


@case
def a_post_hook_sees_gradients_in_the_shape_of_the_inputs(t: Any) -> Any:
    log: list[Any] = []
    x, w = leaf(t), t.ones(3, 1, requires_grad=True)
    y = x * w
    y.grad_fn.register_hook(lambda given, received: log.append((given, received)))
    (y * t.arange(6.0).reshape(3, 2)).sum().backward()
    return log, x.grad, w.grad


@case
def an_error_in_a_hook_leaves_things_usable(t: Any) -> Any:
    x, w = leaf(t), leaf(t)
    y = x * w
    fail = y.register_hook(lambda g: [][0])
    z = (y * 2).sum()
    with pytest.raises(IndexError):
        z.backward(retain_graph=True)
    state = (x.grad, w.grad, t.is_grad_enabled(), (x * 2).requires_grad)
    fail.remove()
    y.sum().backward()
    return state, x.grad, w.grad


@case
def backward_within_a_hook(t: Any) -> Any:
    x, w = leaf(t), leaf(t)
    (w * w).sum().backward()
    other = (w**3).sum()
    y = x * 2
    y.register_hook(lambda g: other.backward())
    (y * x).sum().backward()
    return x.grad, w.grad, t.is_grad_enabled()


@every_case("name", CASES)
def test_the_same_as_in_pytorch(name: str) -> None:
    assert_same(CASES[name])


@pytest.mark.parametrize("returned", [None, 5, "the gradient"])
def test_what_a_hook_after_accumulation_may_return(returned):
    def outcome(m):
        x = m.ones(2, requires_grad=True)
        x.register_post_accumulate_grad_hook(lambda leaf: leaf.grad.mul_(2) if returned == "the gradient" else returned)
        try:
            (x * 3).sum().backward()
        except (RuntimeError, TypeError) as error:
            return type(error), str(error), x.grad.tolist()
        return None, None, x.grad.tolist()

    assert outcome(autogradkit) == outcome(torch)


def test_a_view_that_nobody_asked_for_its_node_is_a_leaf_and_retains_nothing() -> None:
    for m in (torch, autogradkit):
        base = m.ones(2, 3)
        with m.no_grad():
            view = base[...]
        base.add_(m.ones(2, 3, requires_grad=True))
        assert view.retain_grad() is None  # though its node, which it may not have, is refused
        with pytest.raises(RuntimeError, match="A view was created in no_grad mode"):
            view.grad_fn  # noqa: B018


def test_a_retained_gradient_in_the_graph_is_contiguous() -> None:
    for m in (torch, autogradkit):
        y = m.ones(2, 3, requires_grad=True).t()
        y.retain_grad()
        for _ in range(2):
            (first,) = m.autograd.grad(y, y, m.ones(2, 3).t(), create_graph=True, retain_graph=True)
            assert first.stride() == (1, 3)
            assert y.grad.stride() == (2, 1)
