"""Hooks on saved tensors beside PyTorch: what is packed and unpacked, in which order, what comes of it, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import torch

import autogradkit
from tests.every_case import every_case


def _shown(tensor: Any) -> str:
    return re.sub(r"grad_fn=<(\w+)>", r"\1", " ".join(repr(tensor).split()))


def _hook_log(m: Any, build: Callable[..., Any]) -> list[Any]:
    """What the hooks were given while `build` ran and while its result was differentiated, and the gradients."""
    a = m.tensor([1.0, 2.0], requires_grad=True)
    b = m.tensor([3.0, 5.0], requires_grad=True) * 2
    told: list[Any] = []

    def pack(tensor: Any) -> Any:
        told.append(("pack", _shown(tensor), tensor is a, tensor is b, m.is_grad_enabled()))
        return "packed", tensor.detach().clone()

    def unpack(packed: Any) -> Any:
        told.append(("unpack", packed[0], _shown(packed[1]), m.is_grad_enabled()))
        return packed[1]

    with m.autograd.graph.saved_tensors_hooks(pack, unpack):
        y = build(m, a, b)
    a.data.add_(100)  # which no packed tensor shows
    told.append("backward")
    if y.requires_grad:
        y.sum().backward()
    return [*told, None if a.grad is None else [f"{each:.4g}" for each in a.grad.tolist()]]


def _double(m: Any) -> Any:
    class Double(m.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            y = x * 2
            ctx.save_for_backward(x, y, None)
            return y

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            x, y, nothing = ctx.saved_tensors
            assert nothing is None
            return g * y + x

    return Double


def _in_no_grad(m: Any, a: Any, b: Any) -> Any:
    with m.no_grad():
        return a * b


BUILDS: dict[str, Callable[..., Any]] = {
    "mul": lambda m, a, b: a * b,
    "a square": lambda m, a, b: a * a,
    "results": lambda m, a, b: a.exp().tanh(),
    "a constant": lambda m, a, b: m.ones(2) * a,
    "nothing saved": lambda m, a, b: a + b,
    "no grad": _in_no_grad,
    "positions": lambda m, a, b: m.max(a, 0).values,
    "matmul": lambda m, a, b: m.outer(a, b) @ a,
    "linear": lambda m, a, b: m.nn.functional.linear(a, m.ones(3, 2, requires_grad=True)),
    "relu": lambda m, a, b: m.relu(a - 1.5),
    "another dtype": lambda m, a, b: a * m.tensor([2, 3]),
    "a custom function": lambda m, a, b: _double(m).apply(a),
    "an edit": lambda m, a, b: (a * 1).mul_(b),
    "softmax": lambda m, a, b: m.softmax(a, 0) * b,
}


@every_case("name", BUILDS)
def test_what_is_packed_and_unpacked(name: str) -> None:
    assert _hook_log(autogradkit, BUILDS[name]) == _hook_log(torch, BUILDS[name])


LINES = """
hooks(lambda x: x, lambda x: 3 * x); hooks(lambda x: x, lambda x: 3); hooks(lambda x: x.add_(1), lambda x: x)
hooks(lambda x: x.tolist(), m.tensor); hooks(1, 2); graph.save_on_cpu(); graph.save_on_cpu(pin_memory=True)
"""


def _gradients(m: Any, line: str) -> Any:
    a = m.tensor([1.0, 2.0], requires_grad=True)
    try:
        with eval(line, {"m": m, "graph": m.autograd.graph, "hooks": m.autograd.graph.saved_tensors_hooks}):
            y = (a * a).exp()
        (first,) = m.autograd.grad(y.sum(), a, create_graph=True)
        (second,) = m.autograd.grad(first.sum(), a)
        return [*first.tolist(), *second.tolist()]
    except (RuntimeError, TypeError) as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0]}"


@pytest.mark.parametrize("line", re.split(r"; |\n", LINES.strip()))
def test_gradients_through_hooks(line: str) -> None:
    ours, theirs = _gradients(autogradkit, line), _gradients(torch, line)
    assert ours == (theirs if isinstance(theirs, str) else pytest.approx(theirs, rel=1e-6))


def _modes(m: Any) -> list[str]:
    graph = m.autograd.graph
    said: list[str] = []

    def attempt(context: Any) -> None:
        try:
            with context:
                said.append("entered")
        except RuntimeError as error:
            said.append(str(error))

    a = m.ones(2, requires_grad=True)
    hooks = graph.saved_tensors_hooks(lambda x: (said.append("outer"), x)[1], lambda x: x)
    with graph.disable_saved_tensors_hooks("not here"):
        attempt(hooks)
        attempt(graph.disable_saved_tensors_hooks("nor here"))
        attempt(graph.save_on_cpu())
    with hooks:
        attempt(graph.disable_saved_tensors_hooks("too late"))
        with graph.saved_tensors_hooks(lambda x: (said.append("inner"), x)[1], lambda x: x):
            a * a
        a * a
    a * a
    return said


def test_the_innermost_hooks_are_asked_and_hooks_may_be_forbidden() -> None:
    assert _modes(autogradkit) == _modes(torch)


def test_what_a_node_saved_can_be_looked_at() -> None:
    def looked(m: Any) -> list[str]:
        a = m.tensor([1.0, 2.0], requires_grad=True)
        with m.autograd.graph.saved_tensors_hooks(lambda x: x.tolist(), lambda x: m.tensor(x) + 1):
            y = (a * 3).exp() * a
            z = a**2
        with m.autograd.graph.saved_tensors_hooks(lambda x: x, lambda x: x):
            w = a**2
        node = y.grad_fn
        of_leaves = [z.grad_fn._saved_self, w.grad_fn._saved_self]
        found = [_shown(each) for each in (node._saved_self, node.next_functions[0][0]._saved_result, *of_leaves)]
        return [*found, str([(each is a, each.is_leaf) for each in of_leaves])]

    assert looked(autogradkit) == looked(torch)


def test_what_hooks_packed_can_be_drawn() -> None:
    a = autogradkit.tensor([1.0, 2.0], requires_grad=True)
    with (
        autogradkit.record() as trace,
        autogradkit.autograd.graph.saved_tensors_hooks(lambda x: x.tolist(), autogradkit.tensor),
    ):
        (a * a).sum().backward()
    assert a.grad is not None
    assert a.grad.tolist() == [2, 4]
    assert "mul" in str(trace)
